"""All tasks that exist, of whatever table, in the one frame in which updates name them.

Belongs here: putting the frames together. Does not: making the tasks of a table, which each table's own builder does.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from flow_pipelines.execute.wave_gates import gate_tasks
from flow_pipelines.scope import Scope

TIMELINE = "plan/timeline"
# The tables of which tasks are made.
TASKS_READ = (TIMELINE,)
# What every task has, whatever table it is planned in.
COLUMNS = (
    "task_id", "task_name", "table_key", "wave_number", "workload_id", "asset_id", "kind", "role", "planned_start",
    "planned_end", "source_entity_ids",
)  # fmt: skip


def all_tasks(frames: Mapping[str, pd.DataFrame], *, scope: Scope) -> pd.DataFrame:
    """Return all tasks that exist.

    Args:
        frames: By key, the rows of the tables of `TASKS_READ`; others may be there too.
        scope: The engagement.

    Returns:
        One row per task, with the columns of `COLUMNS`: task_id and task_name (both unique), table_key (where it is
        planned), wave_number, workload_id, asset_id and role (each may be missing), kind, planned_start and planned_end
        (in UTC) and source_entity_ids; sorted by task_id.
    """
    timeline = frames[TIMELINE]
    parts = [timeline.assign(table_key=TIMELINE, asset_id=None), gate_tasks(timeline, scope=scope)]
    tasks = pd.concat([part.reindex(columns=list(COLUMNS)).astype({"asset_id": "object"}) for part in parts])
    return tasks.sort_values("task_id", ignore_index=True)
