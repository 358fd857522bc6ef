"""What has really happened to tasks: their planned rows, with what was told of them.

Belongs here: filling the columns of `tables/execute/progress.py`. Does not: judging what was told
(`updates/`), what it means for a wave (`overview.py`) or for the rest of the plan (`reports/`).
"""

from __future__ import annotations

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
    columns = {
        "state": last["state"],
        "actual_start": begun,
        "actual_end": last.loc[last["state"].isin(OVER), "happened_at"],
        "told_at": last["happened_at"],
        "told_by": last["told_by"],
        "note": last["note"],
    }
    told = {name: pd.Series(one.reindex(tasks["task_id"]).array, index=tasks.index) for name, one in columns.items()}
    return tasks.assign(**{**told, "state": told["state"].where(told["state"].notna(), PLANNED)})
