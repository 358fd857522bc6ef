"""How long the steps of a runbook really took, in dry runs and in the cutover itself.

Belongs here: the rows of `execute/runbook_timings`, from what was told. Does not: which of what was told counts
(`updates/`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.scope import Scope
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.execute.cutover import runbook_timings
from flow_pipelines.tables.execute.progress import BLOCKED, DONE, IN_PROGRESS, STATES

TIMINGS = f"{runbook_timings.schema}/{runbook_timings.name}"
DRY_RUN, REAL = "dry run", "cutover"
OF_RUNBOOK = ["task_id", "task_name", "section_name", "duration_minutes", "source_entity_ids"]
SECONDS = 60


def build_timings(runbook: pd.DataFrame, updates: pd.DataFrame, *, scope: Scope) -> pd.DataFrame:
    """Compare how long steps took with how long they were to take.

    Dry runs, and cutovers, of a section are told apart by their steps: when one is begun that was begun already and was
    over, all that is told from then on is of the next run. What was blocked and goes on is of the same run, and took
    from its first begin on.

    Args:
        runbook: The rows of `execute/cutover_runbook`.
        updates: The rows of `execute/task_updates`.
        scope: The engagement.

    Returns:
        The rows of `execute/runbook_timings`: one per step and run of which something was told.
    """
    told = updates[["task_id", "state", "happened_at", "update_id", "is_rehearsal"]]
    told = told.merge(runbook[OF_RUNBOOK], on="task_id")
    if told.empty:
        return empty(runbook_timings)
    # Of one moment the states come in the order of a task's life, as elsewhere.
    told = told.assign(place=told["state"].map(STATES.index))
    told = told.sort_values(["section_name", "is_rehearsal", "happened_at", "place", "update_id"])
    told = told.assign(run_number=_runs(told))
    keys = ["task_id", "is_rehearsal", "run_number"]
    found = told.drop_duplicates(keys, keep="last").set_index(keys).rename(columns={"state": "last_state"})
    begun = told[told["state"] == IN_PROGRESS].groupby(keys)["happened_at"].first()
    ended = told[told["state"] == DONE].groupby(keys)["happened_at"].last()
    found = found.assign(begun_at=begun.reindex(found.index), ended_at=ended.reindex(found.index)).reset_index()
    seconds = (found["ended_at"] - found["begun_at"]).dt.total_seconds()
    actual = (seconds / SECONDS).round().astype("Int64")
    kind = found["is_rehearsal"].astype(bool).map({True: DRY_RUN, False: REAL})
    names = kind + " " + found["run_number"].astype(str)
    rows = found.assign(
        timing_id=scope.ids_of("runbook_timing", zip(found["task_id"], names, strict=True)),
        timing_name=found["task_name"] + ", " + names,
        run_name=names,
        planned_minutes=found["duration_minutes"],
        actual_minutes=actual,
        difference_minutes=actual - found["duration_minutes"],
    )
    return conform(rows[[column.name for column in runbook_timings.columns]], runbook_timings)


def _runs(told: pd.DataFrame) -> list[int]:
    """Return the number of the run that each thing told is of; they are in order of section, kind of run and time."""
    numbers: list[int] = []
    current: tuple[Any, Any] | None = None
    begun: set[str] = set()
    blocked: set[str] = set()
    number = 1
    for section, is_rehearsal, task, state in told[["section_name", "is_rehearsal", "task_id", "state"]].itertuples(
        index=False, name=None
    ):
        if (section, is_rehearsal) != current:
            current, begun, blocked, number = (section, is_rehearsal), set(), set(), 1
        if state == IN_PROGRESS:
            if task in begun - blocked:
                begun, blocked, number = set(), set(), number + 1
            begun.add(task)
        # Until it goes on or is over: what is blocked has not ended.
        (blocked.add if state == BLOCKED else blocked.discard)(task)
        numbers.append(number)
    return numbers
