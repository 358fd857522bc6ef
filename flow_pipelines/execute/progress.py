"""What has really happened to tasks: their planned rows, with what was told of them.

Belongs here: filling the columns of `tables/execute/progress.py`. Does not: judging what was told
(`updates/`), what it means for a wave (`overview.py`) or for the rest of the plan (`reports/`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

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


def known_at(updates: pd.DataFrame, as_of: datetime) -> datetime:
    """Return as of when things are known: the last thing that was told of a task, or `as_of` if that is later.

    Nobody sets a date anew for every update, and nothing depends on a clock.
    """
    real = updates.loc[~updates["is_rehearsal"].astype(bool), "happened_at"]
    return as_of if real.empty else max(as_of, real.max().to_pydatetime())
