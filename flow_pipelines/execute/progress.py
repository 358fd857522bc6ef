"""What has really happened to tasks: their planned rows, with what was told of them.

Belongs here: filling the columns of `tables/execute/progress.py`. Does not: judging what was told
(`updates/`), what it means for a wave (`overview.py`) or for the rest of the plan (`reports/`).
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from flow_pipelines.tables.execute.progress import DONE, IN_PROGRESS, PLANNED, SKIPPED

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
    real = updates[~updates["is_rehearsal"].astype(bool)].sort_values(["happened_at", "received_at", "update_id"])
    last = real.drop_duplicates("task_id", keep="last").set_index("task_id")
    begun = real[real["state"] == IN_PROGRESS].groupby("task_id")["happened_at"].last()
    ended = last.loc[last["state"].isin(OVER), "happened_at"]
    of_task = tasks["task_id"]
    moments = {"actual_start": begun, "actual_end": ended, "told_at": last["happened_at"]}
    return tasks.assign(
        state=of_task.map(last["state"]).fillna(PLANNED),
        told_by=of_task.map(last["told_by"]),
        note=of_task.map(last["note"]),
        **{name: pd.to_datetime(one.reindex(of_task).to_numpy(), utc=True) for name, one in moments.items()},
    )


def known_at(updates: pd.DataFrame, as_of: datetime) -> datetime:
    """Return as of when things are known: the last thing that was told of a task, or `as_of` if that is later.

    Nobody sets a date anew for every update, and nothing depends on a clock.
    """
    real = updates.loc[~updates["is_rehearsal"].astype(bool), "happened_at"]
    return as_of if real.empty else max(as_of, real.max().to_pydatetime())
