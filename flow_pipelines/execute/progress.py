"""What has really happened to tasks: their planned rows, with what was told of them.

Belongs here: filling the columns of `tables/execute/progress.py`. Does not: judging what was told
(`updates/`), what it means for a wave (`overview.py`) or for the rest of the plan (`reports/`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from flow_pipelines.plan.timeline.clock import midnight
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.execute.progress import DONE, IN_PROGRESS, PLANNED, SKIPPED, STATES

OVER = (DONE, SKIPPED)


def with_progress(tasks: pd.DataFrame, updates: pd.DataFrame) -> pd.DataFrame:
    """Add to planned tasks what has really happened to them.

    Args:
        tasks: One row per task, with a column `task_id`.
        updates: The rows of `execute/task_updates`.

    Returns:
        The tasks in their order, with the columns `state`, `actual_start`, `actual_end`, `told_at`, `told_by` and
        `note`. Dry runs change nothing.
    """
    real = updates[~updates["is_rehearsal"].astype(bool)]
    # Of one moment the states come in the order of a task's life, as `updates/replay.py` judges them.
    real = real.assign(place=real["state"].map(STATES.index)).sort_values(["happened_at", "place"])
    last = real.drop_duplicates("task_id", keep="last").set_index("task_id")
    begun = real[real["state"] == IN_PROGRESS].groupby("task_id")["happened_at"].last()
    ended = last.loc[last["state"].isin(OVER), "happened_at"]
    # Looked up by reindexing: a column can't be mapped by moments that are none, of an engagement just begun.
    told = last.reindex(tasks["task_id"])
    return tasks.assign(
        state=told["state"].fillna(PLANNED).to_numpy(dtype=object),
        actual_start=_moments(begun, tasks["task_id"]),
        actual_end=_moments(ended, tasks["task_id"]),
        told_at=_moments(last["happened_at"], tasks["task_id"]),
        told_by=told["told_by"].to_numpy(dtype=object),
        note=told["note"].to_numpy(dtype=object),
    )


def _moments(of_task: pd.Series[Any], tasks: pd.Series[Any]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(of_task.reindex(tasks), utc=True))


def with_parts(tasks: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Fill in what nobody told of the tasks of workloads from the tasks of their servers and databases.

    A task is done once all parts of it are over and any of them is done, and begun once any is; where all parts of a
    workload are over, so is what has no parts. What somebody told of a task itself stays.

    Args:
        tasks: The rows of `plan/timeline` with progress.
        parts: The rows of `execute/rehost_tasks` and `execute/replatform_tasks`.
    """
    untold = (tasks["state"] == PLANNED) & tasks["told_at"].isna()
    of_task, of_workload = (
        _summed(parts, column).reindex(tasks[name])
        for column, name in (("timeline_task_id", "task_id"), ("workload_id", "workload_id"))
    )
    is_done = untold & (of_task["is_over"].eq(True).to_numpy())
    is_begun = untold & ~is_done & (of_task["is_begun"].eq(True).to_numpy())
    follows = untold & of_task["is_over"].isna().to_numpy() & (of_workload["is_over"].eq(True).to_numpy())
    starts, ends, last = (
        pd.Series(frame[name].array, index=tasks.index)
        for frame, name in ((of_task, "start"), (of_task, "end"), (of_workload, "end"))
    )
    return tasks.assign(
        state=tasks["state"].mask(is_done | follows, DONE).mask(is_begun, IN_PROGRESS),
        actual_start=tasks["actual_start"].mask(is_done | is_begun, starts),
        actual_end=tasks["actual_end"].mask(is_done, ends).mask(follows, last),
    )


def _summed(parts: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return how far the parts of each task, or workload, are: is_over, is_begun, start and end."""
    rows = pd.DataFrame(
        {
            "of": parts[column],
            "over": parts["state"].isin(OVER),
            "done": parts["state"] == DONE,
            "begun": ~parts["state"].isin([PLANNED, SKIPPED]),
            "start": pd.to_datetime(parts["actual_start"].fillna(parts["actual_end"]), utc=True),
            "end": pd.to_datetime(parts["actual_end"], utc=True),
        }
    )
    found = rows.groupby("of").agg(
        over=("over", "all"),
        done=("done", "any"),
        is_begun=("begun", "any"),
        start=("start", "min"),
        end=("end", "max"),
    )
    return found.assign(is_over=found["over"] & found["done"])


def end_of_as_of(settings: EngagementSettings) -> datetime:
    """Return when the day is over as of which an engagement is looked at, by its clocks."""
    return midnight(settings.as_of + timedelta(days=1), settings.schedule.time_zone)


def known_at(updates: pd.DataFrame, settings: EngagementSettings) -> datetime:
    """Return as of when things are known: the last thing told of a task, or the end of `as_of` if that is later.

    Nobody sets a date anew for every update, and nothing depends on a clock.
    """
    real = updates.loc[~updates["is_rehearsal"].astype(bool), "happened_at"]
    end = end_of_as_of(settings)
    return end if real.empty else max(end, real.max().to_pydatetime())
