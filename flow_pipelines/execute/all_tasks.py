"""All tasks that exist, of whatever table, in the one frame in which updates name them.

Belongs here: putting the frames together. Does not: making the tasks of a table, which each table's own builder does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from flow_pipelines.execute.cutover.runbook import build_runbook
from flow_pipelines.execute.tasks.build import READS as TASKS_REST_ON
from flow_pipelines.execute.tasks.build import build_rehost_tasks, build_replatform_tasks
from flow_pipelines.execute.wave_gates import gate_tasks
from flow_pipelines.modernize.backlog.items import find_items
from flow_pipelines.modernize.backlog.known import READS as ITEMS_REST_ON
from flow_pipelines.modernize.backlog.known import known_of
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

TIMELINE = "plan/timeline"
# The tables of which tasks are made.
TASKS_READ = tuple(dict.fromkeys([TIMELINE, *TASKS_REST_ON, *ITEMS_REST_ON]))
# What every task has, whatever table it is planned in.
COLUMNS = (
    "task_id", "task_name", "table_key", "wave_number", "workload_id", "asset_id", "kind", "role", "planned_start",
    "planned_end", "source_entity_ids",
)  # fmt: skip
MODERNIZATION = "modernization"
MOMENT = "datetime64[us, UTC]"
KINDS = {"asset_id": "object", "wave_number": "Int64", "planned_start": MOMENT, "planned_end": MOMENT}


def all_tasks(
    frames: Mapping[str, pd.DataFrame], findings: pd.DataFrame, *, scope: Scope, settings: EngagementSettings
) -> pd.DataFrame:
    """Return all tasks that exist: of the timeline, of gates, servers and databases, runbooks and backlogs.

    Args:
        frames: By key, the rows of the tables of `TASKS_READ`; others may be there too.
        findings: What analyses found in code, as rows of `modernize/code_findings`.
        scope: The engagement.
        settings: Its settings.

    Returns:
        See `together`.
    """
    builders = (build_rehost_tasks, build_replatform_tasks, build_runbook)
    made = [build(frames, scope=scope, settings=settings) for build in builders]
    items = find_items(known_of(frames, findings, settings.as_of), scope=scope)
    # Its wave is over when it begins.
    backlogs = items.assign(kind=MODERNIZATION, wave_number=None, source_entity_ids=items["asset_ids"])
    return together([*planned_tasks(frames[TIMELINE], scope=scope), *made, backlogs])


def planned_tasks(timeline: pd.DataFrame, *, scope: Scope) -> list[pd.DataFrame]:
    """Return the tasks of the timeline, and of the gates of its waves."""
    return [timeline.assign(table_key=TIMELINE, asset_id=None), gate_tasks(timeline, scope=scope)]


def together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return tasks of several tables in one frame.

    Returns:
        One row per task, with the columns of `COLUMNS`: task_id and task_name, table_key (where it is planned),
        wave_number, workload_id, asset_id and role (each may be missing), kind, planned_start and planned_end (in UTC;
        missing for backlogs) and source_entity_ids; sorted by task_id.
    """
    alike = [part.reindex(columns=list(COLUMNS)).astype(KINDS) for part in parts]
    return pd.concat(alike).sort_values("task_id", ignore_index=True)
