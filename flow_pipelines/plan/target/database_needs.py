"""Which databases go to a managed service, and what they need of it.

Belongs here: processors, memory, storage and edition from what is known of a database and of the server it is on. Does
not: finding a size (`databases.py`).
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from flow_pipelines.plan.target.needs import known_number, server_needs
from flow_pipelines.plan.target.storage import storage_needs
from flow_pipelines.settings_target import TargetSettings

MANAGED = "managed_service"
HOSTING = ("runs_on", "hosted_on")
SERVER, DATABASE = "server", "database"
EDITIONS = re.compile(r"\b(enterprise|standard|web|express)\b", re.IGNORECASE)
NEEDED = ("needed_vcpu", "needed_memory_gib", "needed_gib")
# Products that are sold by edition.
SOLD_BY_EDITION = ("mssqlserver", "oracle-database")
USUAL_EDITION = "standard"


def database_needs(
    components: pd.DataFrame, inventory: pd.DataFrame, dependencies: pd.DataFrame, settings: TargetSettings
) -> pd.DataFrame:
    """Return what each database that goes to a managed service needs.

    Args:
        components: The rows of `assess/component_treatments`.
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        settings: How servers are sized; so are databases, by the server that they are on.

    Returns:
        One row per database, sorted by `component_id`: `component_name`, `product`, `workload_ids`,
        `source_entity_ids`, `edition` (missing where the product has none), `server_ids` (those that it is on,
        sorted), `needed_vcpu`, `needed_memory_gib` and `needed_storage_gib`, missing where nothing is known, and
        `assumptions` in words, missing if there are none.
    """
    managed = components[is_managed_database(components)]
    rows = managed[["component_id", "component_name", "product", "workload_ids", "source_entity_ids"]]
    rows = rows.sort_values("component_id", ignore_index=True)
    rows = rows.assign(asset_id=pd.Series([str(ids[0]) for ids in rows["source_entity_ids"]], dtype=object))
    hosts = hosts_of(rows["asset_id"], inventory, dependencies)
    by_host = _needs_of_servers(inventory, hosts["server_id"], settings)
    of_database = hosts.merge(by_host, on="server_id").groupby("asset_id")
    needs = of_database[[*NEEDED, "tenants"]].max().join(of_database["server_id"].agg(list))
    rows = rows.join(needs, on="asset_id").rename(columns={"server_id": "server_ids"})
    rows["server_ids"] = [ids if isinstance(ids, list) else [] for ids in rows["server_ids"]]
    facts = inventory.set_index("asset_id").reindex(rows["asset_id"]).reset_index(drop=True)
    own = known_number(facts, "database_size_gib")
    editions = database_editions(facts)
    is_sold = rows["product"].isin(SOLD_BY_EDITION)
    rows = rows.assign(
        needed_storage_gib=own.fillna(rows["needed_gib"].astype(float)),
        edition=editions.fillna(USUAL_EDITION).where(is_sold),
    )
    return rows.assign(assumptions=_assumptions(rows, own, editions.isna() & is_sold)).drop(
        columns=["needed_gib", "tenants", "asset_id"]
    )


def is_managed_database(components: pd.DataFrame) -> pd.Series[bool]:
    """Tell of each component whether it is a database that goes to a managed service."""
    return (components["component_treatment"] == MANAGED) & (components["component_type"] == DATABASE)


def hosts_of(asset_ids: pd.Series[str], inventory: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Return the servers that assets are on, themselves if they are servers: `asset_id` and `server_id`, sorted."""
    servers = set(inventory.loc[inventory["asset_type"] == SERVER, "asset_id"])
    runs = dependencies.loc[dependencies["kind"].isin(HOSTING), ["source_id", "target_id"]]
    runs = runs.rename(columns={"source_id": "asset_id", "target_id": "server_id"})
    itself = pd.DataFrame({"asset_id": asset_ids, "server_id": asset_ids})
    found = pd.concat([runs[runs["asset_id"].isin(set(asset_ids))], itself]).astype(object)
    return found[found["server_id"].isin(servers)].drop_duplicates().sort_values(["asset_id", "server_id"])


def database_editions(facts: pd.DataFrame) -> pd.Series[str]:
    """Return the edition that a database states, as prices name it; missing where it states none of them."""
    stated = facts.get("database_edition", pd.Series(None, index=facts.index, dtype=object)).astype("string")
    return stated.str.extract(EDITIONS)[0].str.lower()


def _needs_of_servers(inventory: pd.DataFrame, ids: pd.Series[str], settings: TargetSettings) -> pd.DataFrame:
    """Return what servers need, and how many of the databases are on each (`tenants`)."""
    servers = inventory[inventory["asset_id"].isin(set(ids))].reset_index(drop=True)
    needs = server_needs(servers, settings)[["needed_vcpu", "needed_memory_gib"]]
    stored = storage_needs(servers, settings)["needed_gib"]
    told = needs.assign(server_id=servers["asset_id"].astype(object), needed_gib=stored)
    return told.assign(tenants=told["server_id"].map(ids.value_counts()))


def _assumptions(rows: pd.DataFrame, own_size: pd.Series[float], without_edition: pd.Series[bool]) -> pd.Series[Any]:
    words = {
        "sized as the whole server, which other databases are on too": rows["tenants"].fillna(0) > 1,
        "its size is not known, taken as the storage of its server": own_size.isna() & rows["needed_gib"].notna(),
        f"edition not known, taken as {USUAL_EDITION}": without_edition,
    }
    said = [[text for text, holds in words.items() if holds[row]] for row in rows.index]
    return pd.Series(["; ".join(texts) or None for texts in said], index=rows.index, dtype=object)
