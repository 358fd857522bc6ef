"""Licences of SQL Server on machines: which edition runs on which server, and what it costs by the processors.

Belongs here: what is added to `plan/targets` for it. Does not: Windows, which is in the catalogue's prices
(`right_size.py`), and SQL Server as a managed service (`databases.py`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.plan.target.database_needs import database_editions, hosts_of
from flow_pipelines.plan.target.right_size import CENTS
from flow_pipelines.plan.target.targets import both_said, with_plain_texts
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.plan.target import targets as table

SQL_SERVER = "mssqlserver"
SELF_MANAGED = "self_managed"
# By what they cost, least first: a server with several is licensed for the dearest, which covers the others.
EDITIONS = ("express", "developer", "web", "standard", "enterprise")
FREE = ("express", "developer")
USUAL_EDITION = "standard"
# Microsoft sells licences for four processors of a virtual machine at least.
LEAST_LICENSED_VCPU = 4


def with_sql_server(
    targets: pd.DataFrame,
    components: pd.DataFrame,
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    settings: EngagementSettings,
) -> pd.DataFrame:
    """Add what SQL Server costs on each target.

    Args:
        targets: The rows of `plan/targets`.
        components: The rows of `assess/component_treatments`: a SQL Server counts that stays on machines in the cloud.
        inventory: The rows of `discovery/inventory`, whose databases state editions.
        dependencies: The rows of `discovery/dependencies`, which say on which server a database is.
        settings: Whether licences are brought along, and what they cost, in USD a month for each processor.

    Returns:
        The same rows with `sql_server_edition` and `sql_server_usd_month`; both are missing where none is known to run,
        the price also where the edition has none or the machine is not known. What is assumed is said.
    """
    editions = sql_server_editions(components, inventory, dependencies)
    found = targets["asset_id"].map(editions["edition"]).astype("string")
    is_assumed = targets["asset_id"].map(editions["is_assumed"]).eq(True)
    costs = settings.costs
    rates: dict[str, float] = {
        "standard": costs.sql_server_standard_usd_vcpu_month,
        "enterprise": costs.sql_server_enterprise_usd_vcpu_month,
        **dict.fromkeys(FREE, 0.0),
    }
    rate = found.map(dict.fromkeys(EDITIONS, 0.0) if settings.sizing.sql_server_licence == "own" else rates)
    licensed = targets["vcpu"].astype("Float64").clip(lower=LEAST_LICENSED_VCPU)
    words = pd.Series(pd.NA, index=targets.index, dtype="string")
    words = words.mask(is_assumed, f"edition of SQL Server not known, taken as {USUAL_EDITION}")
    words = words.mask(found.notna() & rate.isna(), "no price of SQL Server " + found + " is known")
    rows = targets.assign(
        sql_server_edition=found,
        sql_server_usd_month=(licensed * rate.astype("Float64")).round(CENTS),
        assumptions=both_said(targets["assumptions"], words),
    )
    return conform(with_plain_texts(rows), table)


def sql_server_editions(components: pd.DataFrame, inventory: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Return the edition of each server that SQL Server stays on: `edition` and `is_assumed`, by the server's id."""
    stays = components[(components["product"] == SQL_SERVER) & (components["component_treatment"] == SELF_MANAGED)]
    assets = pd.Series([str(ids[0]) for ids in stays["source_entity_ids"]], dtype=object)
    hosts = hosts_of(assets, inventory, dependencies)
    facts = inventory.set_index("asset_id").reindex(hosts["asset_id"]).reset_index(drop=True)
    stated: pd.Series[Any] = database_editions(facts)
    ranks = stated.fillna(USUAL_EDITION).map({name: rank for rank, name in enumerate(EDITIONS)})
    rows = pd.DataFrame(
        {"server_id": hosts["server_id"].to_numpy(), "rank": ranks.to_numpy(), "is_assumed": stated.isna().to_numpy()}
    )
    dearest = rows.sort_values(["server_id", "rank", "is_assumed"]).drop_duplicates("server_id", keep="last")
    dearest = dearest.set_index("server_id")
    return pd.DataFrame(
        {"edition": [EDITIONS[int(rank)] for rank in dearest["rank"]], "is_assumed": dearest["is_assumed"]},
        index=dearest.index,
    )
