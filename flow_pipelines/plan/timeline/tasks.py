"""From workloads to the tasks of their treatments.

Belongs here: `expand_tasks`. Does not: the templates (`reference/task_templates.yaml`), when a task is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

import pandas as pd

from flow_pipelines.errors import ContractError
from flow_pipelines.reference.task_templates import TaskTemplate, TaskTemplates, task_templates

STREAMS = "replication stream"
WINDOW = "change window"
DECISION = "decision to go"
GO = "go or no-go"
COLUMNS = ["task_id", "workload_id", "task", "kind", "role", "people", "skills", "duration", "needs_landing_zone"]
# Hours that differ by less are equal: shares of an effort are seldom exact.
DIGITS = 6


@dataclass(frozen=True)
class WorkRates:
    """What turns effort and data into hours of working time.

    Attributes:
        hours_per_day: Of a person day.
        gigabytes_per_hour: What one replication stream moves in a working hour; above 0.
        window_hours: The longest cutover that a change window has room for; a longer one goes on in the next.
        hypercare_hours: For how long a workload is watched before what it leaves behind is cleared.
        people: How many there are of each role, no task holds more; and of each role with a skill (`with_skill`), of
            the roles whose people are known.
    """

    hours_per_day: int
    gigabytes_per_hour: float
    window_hours: int
    hypercare_hours: int
    people: Mapping[str, int]


@dataclass(frozen=True)
class Expansion:
    """Frames of tasks and of what they wait for and hold.

    Attributes:
        tasks: task_id (workload and task, with a slash), workload_id, task, kind (work, transfer, decision, cutover),
            role and people (missing if nobody is held), skills (what at least one of them must know), duration (working
            hours), needs_landing_zone.
        precedences: As `schedule` reads them, like demands.
        demands: Roles, replication streams, change windows and decisions to go.
    """

    tasks: pd.DataFrame
    precedences: pd.DataFrame
    demands: pd.DataFrame


def with_skill(role: str, skill: str) -> str:
    """Return the name of the resource that people of a role are who have a skill."""
    return f"{role} with {skill}"


def expand_tasks(workloads: pd.DataFrame, rates: WorkRates) -> Expansion:
    """Make the tasks of each workload's treatment, each after the one before it.

    Args:
        workloads: workload_id, treatment, server_count, data_gigabytes, effort_days, and the skills that their
            operating systems and databases take (`operating_system`, `database`).
        rates: What turns effort and data into hours.

    Raises:
        ContractError: A treatment is not known, a number is missing or negative, or a workload repeats.
    """
    model = task_templates()
    _check(workloads, model, rates)
    rows: list[dict[str, Any]] = []
    links: list[tuple[str, str, int]] = []
    for workload in workloads.sort_values("workload_id").to_dict("records"):
        own = [task for step in _steps(workload, model, rates) for task in step]
        for task in own:
            known = {skill for knowledge in task.pop("knows") for skill in workload[knowledge] if task["role"]}
            task |= {
                "skills": sorted(known),
                "workload_id": workload["workload_id"],
                "task_id": f"{workload['workload_id']}/{task['task']}",
            }
        links += [(one["task_id"], other["task_id"], other["lag"]) for one, other in pairwise(own)]
        rows += own
    tasks = pd.DataFrame(rows, columns=[*COLUMNS, "lag"])[COLUMNS]
    return Expansion(tasks, pd.DataFrame(links, columns=["before", "after", "lag"]), _demands(tasks, rates))


def _steps(workload: Mapping[Any, Any], model: TaskTemplates, rates: WorkRates) -> list[list[dict[str, Any]]]:
    """Return each step of a workload's template as its tasks, the workload's effort divided among them."""
    template = model.templates[workload["treatment"]]
    shares = [step.hours + step.per_server * workload["server_count"] for step in template]
    total = sum(share * step.units for share, step in zip(shares, template, strict=True))
    effort = workload["effort_days"] * rates.hours_per_day
    moving = workload["data_gigabytes"] / rates.gigabytes_per_hour
    return [
        _transfer(step, moving) if step.kind == "transfer" else _work(step, share / total * effort, rates)
        for share, step in zip(shares, template, strict=True)
    ]


def _transfer(step: TaskTemplate, hours: float) -> list[dict[str, Any]]:
    return [_task(step.task, step, hours)] if hours else []


def _work(step: TaskTemplate, hours: float, rates: WorkRates) -> list[dict[str, Any]]:
    people = min(step.units, rates.people[str(step.role)])
    hours *= step.units / people
    lag = rates.hypercare_hours if step.after_hypercare else 0
    if step.kind == "work":
        return [_task(step.task, step, hours, people=people, lag=lag)]
    parts = max(1, ceil(round(hours / rates.window_hours, DIGITS)))
    names = [step.task if parts == 1 else f"{step.task} ({part} of {parts})" for part in range(1, parts + 1)]
    decision = _task(GO, step, 1) | {"kind": "decision", "role": None}
    return [decision, *(_task(name, step, hours / parts, people=people) for name in names)]


def _task(name: str, step: TaskTemplate, hours: float, *, people: int | None = None, lag: int = 0) -> dict[str, Any]:
    return {
        "task": name, "kind": step.kind, "role": step.role, "people": people,
        "duration": max(1, ceil(round(hours, DIGITS))), "needs_landing_zone": step.needs_landing_zone, "lag": lag,
        "knows": step.knows,
    }  # fmt: skip


def _demands(tasks: pd.DataFrame, rates: WorkRates) -> pd.DataFrame:
    """Return what each task holds: its people, one of them with each skill if anybody has it, what its kind takes."""
    of_kind = {"transfer": STREAMS, "decision": DECISION, "cutover": WINDOW}
    working = tasks.loc[tasks["people"].notna(), ["task_id", "role", "people"]]
    working = working.set_axis(["task_id", "resource", "units"], axis="columns")
    skilled = tasks.loc[tasks["people"].notna(), ["task_id", "role", "skills"]].explode("skills").dropna()
    names = [with_skill(*pair) for pair in zip(skilled["role"], skilled["skills"], strict=True)]
    skilled = skilled[["task_id"]].assign(resource=names, units=1)
    skilled = skilled[skilled["resource"].isin(list(rates.people))]
    special = tasks[["task_id"]].assign(resource=tasks["kind"].map(of_kind), units=1).dropna(subset=["resource"])
    return pd.concat([working, skilled, special], ignore_index=True).astype({"units": "int64"})


def _check(workloads: pd.DataFrame, model: TaskTemplates, rates: WorkRates) -> None:
    twice = workloads.loc[workloads["workload_id"].duplicated(), "workload_id"]
    problems = [f"workload {name!r} is there twice" for name in twice]
    wrong = workloads[~workloads["treatment"].isin(list(model.templates))]
    problems += [
        f"treatment {row['treatment']!r} of {row['workload_id']!r} is not known" for _, row in wrong.iterrows()
    ]
    for column in ("server_count", "data_gigabytes", "effort_days"):
        wrong = workloads[~(workloads[column].astype("Float64") >= 0).fillna(value=False)]
        problems += [f"{column} of {name!r} is missing or negative" for name in wrong["workload_id"]]
    if rates.gigabytes_per_hour <= 0:
        problems.append(f"a stream moves {rates.gigabytes_per_hour} GB an hour")
    if problems:
        raise ContractError(f"No tasks can be made: {'; '.join(problems)}.", remedy="Correct these rows.")
