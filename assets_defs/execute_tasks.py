"""The rehost and replatform phases of the Execute flow in Dagster.

Belongs here: one short function per phase. Does not: which tasks there are (`flow_pipelines/execute/tasks/`).
"""

from __future__ import annotations

from dagster import MetadataValue

from assets_defs.charts import bar_chart
from assets_defs.phase_assets import Descriptions, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.execute.progress import with_progress
from flow_pipelines.execute.tasks.build import (
    READS,
    REHOST_TASKS,
    REPLATFORM_TASKS,
    TABLE_OF,
    build_rehost_tasks,
    build_replatform_tasks,
)
from flow_pipelines.execute.tasks.gates import task_problems
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.execute.progress import UPDATES

BUILDER_OF = {REHOST_TASKS: build_rehost_tasks, REPLATFORM_TASKS: build_replatform_tasks}


def _tasks(key: str, phase: PhaseInputs) -> PhaseOutputs:
    planned = BUILDER_OF[key](phase.frames, scope=phase.scope, settings=phase.settings)
    rows = conform(with_progress(planned, phase.frames[UPDATES]), TABLE_OF[key])
    told = {"servers_and_databases": MetadataValue.int(int(rows["asset_id"].nunique()))}
    return PhaseOutputs({key: rows}, problems={key: task_problems(key, phase.frames, rows)}, metadata={key: told})


def rehost(phase: PhaseInputs) -> PhaseOutputs:
    """Make the tasks of every server that is moved as it is."""
    return _tasks(REHOST_TASKS, phase)


def replatform(phase: PhaseInputs) -> PhaseOutputs:
    """Make the tasks of every server that is made anew, and of every database that does not move with its server."""
    return _tasks(REPLATFORM_TASKS, phase)


def _charts(key: str, frames: Frames) -> Descriptions:
    rows = frames[key]
    pictures = {"state_of_tasks": bar_chart(rows["state"]), "kinds_of_tasks": bar_chart(rows["kind"])}
    if "method" in rows:
        pictures["methods_of_databases"] = bar_chart(rows.drop_duplicates("asset_id")["method"].dropna())
    return {key: pictures}


REHOST = PhaseShell(
    "rehost", (*READS, UPDATES), rehost, describe=lambda _, frames: _charts(REHOST_TASKS, frames)
)  # fmt: skip
REPLATFORM = PhaseShell(
    "replatform", (*READS, UPDATES), replatform, describe=lambda _, frames: _charts(REPLATFORM_TASKS, frames)
)
