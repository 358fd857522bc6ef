"""From workloads to the tasks of their treatments.

Belongs here: `expand_tasks`. Does not: how long a task takes (`reference/task_templates.yaml`), when it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import pandas as pd

from flow_pipelines.errors import ContractError
from flow_pipelines.reference.task_templates import TaskTemplates, task_templates

STREAMS = "replication streams"


@dataclass(frozen=True)
class Expansion:
    """Frames as `schedule` reads them, in hours; tasks also say workload_id and task."""

    tasks: pd.DataFrame
    precedences: pd.DataFrame
    demands: pd.DataFrame


def expand_tasks(workloads: pd.DataFrame, *, gigabytes_per_hour: float) -> Expansion:
    """Make the tasks of each workload's treatment, each after the one before it.

    Args:
        workloads: workload_id, treatment, server_count, data_gigabytes, complexity (low, medium, high).
        gigabytes_per_hour: What one replication stream moves; above 0.

    Raises:
        ContractError: A treatment or complexity is not known, a number is missing or negative, or a workload repeats.
    """
    model = task_templates()
    _check(workloads, model, gigabytes_per_hour)
    rows, links, needs = [], [], []
    for row in workloads.sort_values("workload_id").to_dict("records"):
        template = model.templates[row["treatment"]]
        names = [f"{row['workload_id']}/{step.task}" for step in template]
        links += [(first, second, 0) for first, second in pairwise(names)]
        for name, step in zip(names, template, strict=True):
            own = step.hours + step.per_server * row["server_count"]
            moving = row["data_gigabytes"] / gigabytes_per_hour if step.moves_data else 0
            hours = ceil(own * model.complexity_factors[row["complexity"]] + moving)
            rows.append((name, hours, 0, None, row["workload_id"], step.task))
            needs.append((name, step.role, step.units))
            needs += [(name, STREAMS, 1)] if step.moves_data and moving else []
    return Expansion(
        pd.DataFrame(rows, columns=["task_id", "duration", "release", "deadline", "workload_id", "task"]),
        pd.DataFrame(links, columns=["before", "after", "lag"]),
        pd.DataFrame(needs, columns=["task_id", "resource", "units"]),
    )


def _check(workloads: pd.DataFrame, model: TaskTemplates, gigabytes_per_hour: float) -> None:
    twice = workloads.loc[workloads["workload_id"].duplicated(), "workload_id"]
    problems = [f"workload {name!r} is there twice" for name in twice]
    for column, known in (("treatment", model.templates), ("complexity", model.complexity_factors)):
        wrong = workloads[~workloads[column].isin(list(known))]
        problems += [f"{column} {row[column]!r} of {row['workload_id']!r} is not known" for _, row in wrong.iterrows()]
    for column in ("server_count", "data_gigabytes"):
        wrong = workloads[~(workloads[column].astype("Float64") >= 0).fillna(value=False)]
        problems += [f"{column} of {name!r} is missing or negative" for name in wrong["workload_id"]]
    if gigabytes_per_hour <= 0:
        problems.append(f"a stream moves {gigabytes_per_hour} GB an hour")
    if problems:
        raise ContractError(f"No tasks can be made: {'; '.join(problems)}.", remedy="Correct these rows.")
