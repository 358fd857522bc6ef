"""The rows of `execute/rehost_tasks` and `execute/replatform_tasks`.

Belongs here: putting assets, steps, times, commands and texts together. Does not: any of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.execute.progress import with_progress
from flow_pipelines.execute.tasks.commands import commands_of
from flow_pipelines.execute.tasks.connections import listed_by_asset, needed_connections
from flow_pipelines.execute.tasks.methods import allowed_downtime, database_methods
from flow_pipelines.execute.tasks.moving import DATABASE, moving_assets
from flow_pipelines.execute.tasks.placement import placed, step_slots, with_cutover_part
from flow_pipelines.execute.tasks.residents import last_to_leave
from flow_pipelines.reference.execution_templates import METHOD, execution_templates
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.execute.tasks import rehost_tasks, replatform_tasks
from flow_pipelines.tables.execute.updates import task_updates

REHOST_TASKS, REPLATFORM_TASKS = (f"{table.schema}/{table.name}" for table in (rehost_tasks, replatform_tasks))
TABLE_OF = {REHOST_TASKS: rehost_tasks, REPLATFORM_TASKS: replatform_tasks}
NAME_OF = {REHOST_TASKS: "rehost", REPLATFORM_TASKS: "replatform"}
# What the builders read.
READS = (
    "assess/plan_of_record",
    "assess/component_treatments",
    "assess/questionnaire_answers",
    "discovery/inventory",
    "discovery/dependencies",
    "plan/timeline",
    "plan/targets",
    "plan/database_targets",
    "plan/landing_zone",
)
CUTOVER, DECOMMISSION = "cutover", "decommission"
KEEP_IT = "Keep it until then"
Frames = Mapping[str, pd.DataFrame]


def build_rehost_tasks(frames: Frames, *, scope: Scope, settings: EngagementSettings) -> pd.DataFrame:
    """Make the tasks of every server that is moved as it is, of which nothing has happened yet.

    Args:
        frames: The tables of `READS`, by key.
        scope: The engagement.
        settings: Its settings.

    Returns:
        The rows of `execute/rehost_tasks`, all planned.
    """
    return _tasks_of(REHOST_TASKS, frames, scope, settings)


def build_replatform_tasks(frames: Frames, *, scope: Scope, settings: EngagementSettings) -> pd.DataFrame:
    """Make the tasks of every server that is made anew, and of every database that does not move with its server.

    Args:
        frames: See `build_rehost_tasks`.
        scope: See `build_rehost_tasks`.
        settings: See `build_rehost_tasks`.

    Returns:
        The rows of `execute/replatform_tasks`, all planned.
    """
    return _tasks_of(REPLATFORM_TASKS, frames, scope, settings)


def moving(frames: Frames) -> pd.DataFrame:
    """Return the servers and databases that have tasks, with the part of the cutover that they are in.

    Args:
        frames: See `build_rehost_tasks`.

    Returns:
        What `moving_assets` says, and part.
    """
    return with_cutover_part(moving_assets(frames), frames["plan/timeline"])


def _tasks_of(key: str, frames: Frames, scope: Scope, settings: EngagementSettings) -> pd.DataFrame:
    own = [graph.graph for graph in execution_templates().graphs if graph.table == NAME_OF[key]]
    all_moving = moving(frames)
    assets = all_moving[all_moving["graph"].isin(own)]
    if assets.empty:
        return empty(TABLE_OF[key])
    slots = step_slots(assets, frames["plan/timeline"])
    rows = assets.rename(columns={"part": "asset_part"}).merge(slots, on=["workload_id", "graph"])
    is_other_part = (rows["parent"] == CUTOVER) & (rows["part"] != rows["asset_part"])
    rows = rows[~is_other_part].sort_values(["asset_id", "step_number"], ignore_index=True)
    rows = placed(rows, settings).assign(
        task_id=scope.ids_of(key, zip(rows["asset_id"], rows["step"], strict=True)),
        task_name=rows["asset_name"] + ": " + rows["step"],
        table_key=key,
        source_entity_ids=rows["asset_id"].map(lambda one: [one]),
        command=commands_of(rows),
    )
    rows = _with_methods(rows, assets, frames, settings)
    rows = rows.assign(predecessor_ids=_predecessors(rows), details=_details(rows, frames))
    rows = rows.assign(reason=_reasons(rows, last_to_leave(all_moving, frames["plan/timeline"])))
    planned = with_progress(rows, empty(task_updates))
    table = TABLE_OF[key]
    return conform(planned[[column.name for column in table.columns if column.name in planned]], table)


def _with_methods(
    rows: pd.DataFrame, assets: pd.DataFrame, frames: Frames, settings: EngagementSettings
) -> pd.DataFrame:
    """Say how databases are moved: by name, and in words where a step is about it."""
    databases = assets[assets["asset_type"] == DATABASE].reset_index(drop=True)
    downtime = allowed_downtime(frames["assess/questionnaire_answers"])
    chosen = database_methods(databases, downtime, settings).set_index(databases["asset_id"])
    method, words = (rows["asset_id"].map(chosen[name]) for name in ("method", "reason"))
    return rows.assign(method=method, method_says=words.where(rows["says"] == METHOD.capitalize()))


def _predecessors(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the tasks that each row waits for; rows are in order of asset and step."""
    ids = rows["task_id"].to_numpy(dtype=object)
    number = rows["step_number"].to_numpy()
    starts = np.flatnonzero(number == 1)
    first = starts[np.cumsum(number == 1) - 1]
    waits: dict[tuple[str, int], list[int]] = {}
    for graph in execution_templates().graphs:
        place = {step.step: position for position, step in enumerate(graph.steps)}
        for position in place.values():
            waits[graph.graph, position + 1] = [place[one] for one in graph.predecessors(position)]
    keys = zip(rows["graph"], number.tolist(), strict=True)
    found = [[ids[begin + one] for one in waits[key]] for key, begin in zip(keys, first.tolist(), strict=True)]
    return pd.Series(found, index=rows.index, dtype=object)


def _details(rows: pd.DataFrame, frames: Frames) -> pd.Series[Any]:
    connections = needed_connections(
        frames["discovery/inventory"], frames["discovery/dependencies"], frames["plan/landing_zone"]
    )
    connections = connections[connections["asset_id"].isin(rows["asset_id"])]
    listed = {"rules": listed_by_asset(connections, "rule"), "checks": listed_by_asset(connections, "check")}
    cells = zip(rows["asset_id"], rows["details"].astype(object), strict=True)
    found = [listed[kind].get(asset, []) if isinstance(kind, str) else [] for asset, kind in cells]
    return pd.Series(found, index=rows.index, dtype=object)


def _reasons(rows: pd.DataFrame, leaving: pd.DataFrame) -> pd.Series[Any]:
    """Say why a step is there, and what is particular: another task, other workloads, what is still on it, no cloud."""
    words = rows["method_says"].astype("string").fillna(rows["says"]) + "."
    elsewhere = " The workload has no task " + rows["within"].map(lambda one: one[0]).astype("string")
    elsewhere += ": it is done in " + rows["parent"] + "."
    words += elsewhere.where(rows["choice"] > 0, "")
    others = " Also of " + rows["others"].astype("string") + ", for which it moves now."
    words += others.where(rows["step_number"] == 1).fillna("")
    words += _still_there(rows, leaving).fillna("")
    without = rows["provider"].isna() & rows["command"].isna() & rows["kind"].isin(["agent", "build"])
    return words.mask(without, words + " No cloud is chosen for it in plan/targets.").astype(object)


def _still_there(rows: pd.DataFrame, leaving: pd.DataFrame) -> pd.Series[Any]:
    """Say of servers that are to be switched off before the last database on them has moved that they must wait."""
    last = leaving.reindex(rows["asset_id"]).set_axis(rows.index)
    name, moved_at = last["name"].astype("string"), last["moved_at"]
    when = moved_at.dt.strftime("%Y-%m-%d %H:%M UTC").astype("string")
    words = " " + name + " runs on it and moves later, planned until " + when + f". {KEEP_IT}, or move both together."
    told: pd.Series[Any] = words.where((rows["kind"] == DECOMMISSION) & (moved_at > rows["planned_start"]))
    return told
