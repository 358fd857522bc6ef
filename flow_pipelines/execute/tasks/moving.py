"""Which servers and databases move by which graph, with which workload, to which cloud.

Belongs here: one row per server and database that has a graph. Does not: its tasks (`build.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.plan.target.database_needs import hosts_of
from flow_pipelines.reference.execution_templates import execution_templates

SERVER, DATABASE = "server", "database"
TYPES = (DATABASE, SERVER)
OF_INVENTORY = [
    "asset_id",
    "asset_type",
    "name",
    "host_name",
    "fqdn",
    "database_size_gib",
    "storage_used_gib",
    "storage_allocated_gib",
]
OF_COMPONENT = ["component_id", "product", "component_treatment"]
# A name told apart from others alike ends in this many letters of its id.
TOLD_APART = 8


def moving_assets(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the servers and databases that have a graph.

    Each moves once, with the first of its workloads (by wave, then id) whose treatment has a graph for it.

    Args:
        frames: By key, the plan of record, inventory, dependencies, component treatments and both tables of targets.

    Returns:
        In order of workload, databases first, then name: asset_id, asset_type, asset_name (unique), workload_id,
        workload_name, wave_number, treatment, graph, others (its other workloads, in words; missing if none), provider
        and region (missing if no cloud is chosen), is_windows, host_name, dns_name, the sizes of the inventory, and of
        databases host_ids, product, component_treatment, component_id.
    """
    inventory, dependencies = frames["discovery/inventory"], frames["discovery/dependencies"]
    assets = inventory.loc[inventory["asset_type"].isin(TYPES), OF_INVENTORY]
    led = _led(frames["assess/plan_of_record"], assets)
    rows = assets.merge(led, on="asset_id").merge(
        _components(frames["assess/component_treatments"]), on="asset_id", how="left"
    )
    rows = rows.assign(graph=_graphs(rows))
    rows = rows[rows["graph"].notna()].reset_index(drop=True)
    hosts = hosts_of(rows.loc[rows["asset_type"] == DATABASE, "asset_id"], inventory, dependencies)
    host_ids = hosts.groupby("asset_id")["server_id"].agg(list)
    rows["host_ids"] = [one if isinstance(one, list) else [] for one in rows["asset_id"].map(host_ids)]
    rows = rows.merge(
        _clouds(rows, hosts, frames["plan/targets"], frames["plan/database_targets"]), on="asset_id", how="left"
    )
    rows = rows.assign(asset_name=unique_names(rows), dns_name=rows["fqdn"].fillna(rows["host_name"]))
    rows["is_windows"] = rows["is_windows"].astype("boolean").fillna(value=False).astype(bool)
    return rows.sort_values(["workload_id", "asset_type", "asset_name"], ignore_index=True)


def unique_names(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the names of assets, those that are alike told apart by their ids."""
    return told_apart(names_of(rows), rows["asset_id"])


def names_of(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return what people call assets, alike or not."""
    names = rows[["name", "host_name", "fqdn", "asset_id"]].astype(object).bfill(axis="columns").iloc[:, 0]
    return names.astype("string").str.strip()


def told_apart(names: pd.Series[Any], ids: pd.Series[Any]) -> pd.Series[Any]:
    """Return names, those that are alike told apart by the ids beside them."""
    texts = names.astype("string").str.strip()
    alike = texts.str.casefold().duplicated(keep=False)
    return texts.mask(alike, texts + " [" + ids.str[:TOLD_APART] + "]").astype(object)


def _led(plan: pd.DataFrame, assets: pd.DataFrame) -> pd.DataFrame:
    """Return for each asset the workload with which it moves, and its other ones in words."""
    columns = ["workload_id", "workload_name", "treatment", "wave_number", "source_entity_ids"]
    parts = plan[columns].explode("source_entity_ids").rename(columns={"source_entity_ids": "asset_id"})
    parts = parts.merge(assets[["asset_id", "asset_type"]], on="asset_id")
    templates = execution_templates()
    has_graph = pd.Series(data=False, index=parts.index)
    for asset_type in TYPES:
        is_meant = parts["treatment"].isin(templates.treatments_of(asset_type))
        has_graph |= (parts["asset_type"] == asset_type) & is_meant
    parts = parts.assign(is_without=~has_graph).sort_values(["asset_id", "is_without", "wave_number", "workload_id"])
    is_first = ~parts["asset_id"].duplicated()
    words = parts["workload_name"].astype("string") + " (" + parts["treatment"].astype("string") + ")"
    others = words[~is_first].groupby(parts["asset_id"]).agg(", ".join)
    led = parts.loc[is_first & ~parts["is_without"], ["asset_id", *columns[:4]]]
    return led.assign(others=led["asset_id"].map(others))


def _components(components: pd.DataFrame) -> pd.DataFrame:
    """Return what is decided of databases, by asset."""
    found = components.loc[components["component_type"] == DATABASE, [*OF_COMPONENT, "source_entity_ids"]]
    assets = pd.Series([str(ids[0]) for ids in found["source_entity_ids"]], index=found.index, dtype=object)
    return found.assign(asset_id=assets).drop(columns="source_entity_ids").drop_duplicates("asset_id")


def _graphs(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the graph of each asset, missing if it has none."""
    templates = execution_templates()
    named = {
        (graph.of, treatment): graph.graph for graph in templates.graphs for treatment in graph.treatments
    }  # fmt: skip
    keys = zip(rows["asset_type"], rows["treatment"], strict=True)
    graphs = pd.Series([named.get(key) for key in keys], index=rows.index, dtype=object)
    rule, decided = templates.databases, rows["component_treatment"]
    with_server = (decided == rule.self_managed) & rows["treatment"].isin(rule.with_server)
    is_without = decided.isna() | decided.isin(rule.staying) | with_server
    return graphs.mask((rows["asset_type"] == DATABASE) & is_without, None)


def _clouds(
    rows: pd.DataFrame, hosts: pd.DataFrame, targets: pd.DataFrame, database_targets: pd.DataFrame
) -> pd.DataFrame:
    """Return the cloud to which each asset goes: a database to that of its service, or else of its server."""
    columns = ["asset_id", "provider", "region", "is_windows"]
    servers = targets.loc[targets["is_chosen"].astype(bool), columns]
    chosen = database_targets.loc[database_targets["is_chosen"].astype(bool), ["component_id", "provider", "region"]]
    databases = rows.loc[rows["component_id"].notna(), ["asset_id", "component_id"]].merge(chosen, on="component_id")
    by_host = hosts.merge(servers.rename(columns={"asset_id": "server_id"}), on="server_id")
    of_hosts = by_host[by_host["asset_id"] != by_host["server_id"]].sort_values(["asset_id", "server_id"])
    found = pd.concat([servers, databases.assign(is_windows=False), of_hosts], ignore_index=True)
    return found[columns].drop_duplicates("asset_id")
