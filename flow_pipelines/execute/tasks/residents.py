"""What runs on servers that move: it stops with them, and is on them until it has moved itself.

Belongs here: who is on which server, and who leaves it last. Does not: what is done about it (`build.py`,
`cutover/sections.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.execute.tasks.moving import DATABASE, names_of
from flow_pipelines.execute.tasks.placement import cutover_parts
from flow_pipelines.plan.target.database_needs import hosts_of

COLUMNS = ["server_id", "asset_id", "asset_type", "name"]


def residents_of(frames: Mapping[str, pd.DataFrame], servers: pd.Series[Any]) -> pd.DataFrame:
    """Return what runs on servers.

    Args:
        frames: By key, inventory and dependencies.
        servers: Ids of the servers.

    Returns:
        One row per server and asset on it, sorted by name: server_id, asset_id, asset_type and name.
    """
    inventory = frames["discovery/inventory"]
    hosts = hosts_of(inventory["asset_id"], inventory, frames["discovery/dependencies"])
    hosts = hosts[(hosts["asset_id"] != hosts["server_id"]) & hosts["server_id"].isin(set(servers))]
    known = inventory[["asset_id", "asset_type"]].assign(name=names_of(inventory))
    found = hosts.merge(known, on="asset_id")
    return found.sort_values(["server_id", "name", "asset_id"], ignore_index=True)[COLUMNS]


def last_to_leave(assets: pd.DataFrame, timeline: pd.DataFrame) -> pd.DataFrame:
    """Return the databases that are switched last of those on each server.

    Args:
        assets: What `moving` says of all that moves.
        timeline: The rows of `plan/timeline`.

    Returns:
        By server_id: name, and moved_at (when its cutover ends). Servers on which no database moves by itself are left
        out.
    """
    ends = cutover_parts(timeline).merge(timeline[["task_id", "planned_end"]], on="task_id")
    databases = assets.loc[assets["asset_type"] == DATABASE, ["asset_name", "workload_id", "part", "host_ids"]]
    rows = databases.merge(ends, on=["workload_id", "part"]).explode("host_ids").dropna(subset=["host_ids"])
    rows = rows.sort_values(["host_ids", "planned_end", "asset_name"]).drop_duplicates("host_ids", keep="last")
    columns = {"host_ids": "server_id", "asset_name": "name", "planned_end": "moved_at"}
    return rows.rename(columns=columns).set_index("server_id")[["name", "moved_at"]]
