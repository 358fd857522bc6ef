"""Groups of assets that the graph of dependencies shows: applications that no source names, and cycles.

Belongs here: putting groups of all kinds together under one contract. Does not: how groups of one kind come about
(`grouping/`), edges (`dependencies.py`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.discovery.edges.directory import DISPLAY_COLUMNS
from flow_pipelines.discovery.grouping.applications import inferred_applications
from flow_pipelines.discovery.grouping.cycles import cycles
from flow_pipelines.scope import Scope
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import asset_groups

APPLICATION, CYCLE = "application", "cycle"


def group_assets(inventory: pd.DataFrame, dependencies: pd.DataFrame, *, scope: Scope) -> pd.DataFrame:
    """Find groups of assets.

    What a source states stays in the inventory's `application_ids`; here is what is inferred beside it.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        scope: The engagement, for the ids.

    Returns:
        The rows of `discovery/asset_groups`.
    """
    names = inventory[list(DISPLAY_COLUMNS)].bfill(axis="columns").iloc[:, 0].astype("str")
    labels = pd.Series(names.to_numpy(), index=inventory["asset_id"].astype("str"))
    members = pd.concat(
        [_applications(inventory, dependencies, labels), _cycles(dependencies, labels)], ignore_index=True
    )
    members["group_id"] = scope.ids_of("group", zip(members["group_kind"], members["group"], strict=True))
    members["membership_id"] = scope.ids_of("membership", zip(members["group_id"], members["asset_id"], strict=True))
    members["asset_name"] = members["asset_id"].map(labels)
    members["member_count"] = members.groupby("group_id")["asset_id"].transform("size").astype("Int64")
    return conform(members[[column.name for column in asset_groups.columns]], asset_groups)


def _applications(inventory: pd.DataFrame, dependencies: pd.DataFrame, labels: pd.Series[str]) -> pd.DataFrame:
    rows = inferred_applications(inventory, dependencies)
    name = rows["application_id"].map(labels).fillna(rows["group_name"])
    group = pd.Series(rows["group"].to_numpy(), index=rows["asset_id"])
    source, target = (dependencies[f"{end}_id"].map(group) for end in ("source", "target"))
    is_inner = (source == target) & source.notna() & ~dependencies["is_noise"].astype(bool)
    edges = dependencies[is_inner].sort_values("dependency_id").groupby("source_id")["dependency_id"].agg(list)
    return rows.assign(
        group_kind=APPLICATION,
        group_name=name,
        reason=rows["says"],
        dependency_ids=rows["asset_id"].map(lambda asset: edges.get(asset, [])),
    )


def _cycles(dependencies: pd.DataFrame, labels: pd.Series[str]) -> pd.DataFrame:
    rows = cycles(dependencies)
    sizes = rows.groupby("cycle")["asset_id"].transform("size")
    # Its first member by id names a cycle: there is nothing else by which it would be the same one tomorrow.
    first = rows.groupby("cycle")["asset_id"].transform("min")
    counts = rows["dependency_ids"].map(len)
    reason = "Each of the " + sizes.astype("str") + " needs every other one, directly or through others; "
    return rows.assign(
        group=first,
        group_kind=CYCLE,
        group_name="cycle of " + first.map(labels),
        application_id=None,
        evidence="cycle",
        confidence=rows["confidence"].astype(float).round(3),
        reason=reason + counts.map("{:,}".format) + " of its edges leave this asset.",
    )
