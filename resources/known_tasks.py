"""All tasks as the last run of Execute knew them, each as it stands.

Belongs here: reading what that run read, and files of analyses as the next one will. Does not: which tasks there are
(`flow_pipelines/execute/all_tasks.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from flow_pipelines.errors import InputError
from flow_pipelines.execute.all_tasks import TASKS_READ, all_tasks
from flow_pipelines.execute.progress import with_progress
from flow_pipelines.modernize.backlog.known import PLAN_OF_RECORD
from flow_pipelines.modernize.findings.read import read_findings
from flow_pipelines.scope import Scope
from flow_pipelines.tables.discovery import INVENTORY
from resources.database import Database
from resources.landing import Landing
from resources.snapshots import SnapshotStore, snapshots_by_id
from resources.tenancy import engagement_settings

TASK_UPDATES, REJECTED_UPDATES = "execute/task_updates", "execute/rejected_updates"


@dataclass(frozen=True)
class KnownTasks:
    """What the last run of Execute's overview read and made.

    Attributes:
        tasks: All tasks, with their progress.
        inventory: The rows of `discovery/inventory`, for the names of servers.
        updates: The rows of `execute/task_updates`.
        rejected: The rows of `execute/rejected_updates`.
    """

    tasks: pd.DataFrame
    inventory: pd.DataFrame
    updates: pd.DataFrame
    rejected: pd.DataFrame


def known_tasks(database: Database, landing: Landing, scope: Scope) -> KnownTasks:
    """Read all tasks as they stand.

    Raises:
        InputError: Execute has not run yet, so that no task can be told of.
    """
    store = SnapshotStore(database)
    current = store.current(scope, [TASK_UPDATES, REJECTED_UPDATES])
    if TASK_UPDATES not in current:
        raise InputError(f"Execute has not run yet for {scope}.", remedy=f"Run: flow run {scope} --flow execute")
    read = store.manifests(scope, [current[TASK_UPDATES]])[TASK_UPDATES]
    ids = [one for key in (*TASKS_READ, INVENTORY) if (one := read[key].snapshot_id)]
    with database.in_scope(scope) as connection:
        found = {one.table_key: one for one in snapshots_by_id(connection, ids).values()}
    frames = store.read_all(scope, found | current)
    findings = read_findings(landing.analysis_files(scope), frames[PLAN_OF_RECORD], scope=scope)
    tasks = all_tasks(frames, findings, scope=scope, settings=engagement_settings(database, scope))
    tasks = with_progress(tasks, frames[TASK_UPDATES])
    return KnownTasks(tasks, frames[INVENTORY], frames[TASK_UPDATES], frames[REJECTED_UPDATES])
