"""The targets of databases that go to a managed service: the size of least price that fits, in each cloud.

Belongs here: choosing a size, and the rows of `plan/database_targets`. Does not: what a database needs
(`database_needs.py`), prices (`reference/managed_databases.csv`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.plan.target.database_needs import database_needs
from flow_pipelines.plan.target.right_size import CENTS, HOURS_PER_MONTH
from flow_pipelines.reference.managed_databases import managed_databases
from flow_pipelines.reference.managed_services import managed_services
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.settings_target import ProviderTarget
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.databases import database_targets

DATABASE_TARGETS = f"{database_targets.schema}/{database_targets.name}"
SIZES = {"vcpu": "needed_vcpu", "memory_gib": "needed_memory_gib"}
UNITS = {"vcpu": "vCPU", "memory_gib": "GiB"}
Row = dict[str, Any]


def build_database_targets(
    components: pd.DataFrame,
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
) -> pd.DataFrame:
    """Find the managed service and its size for every database whose treatment is one, in each cloud.

    Args:
        components: The rows of `assess/component_treatments`.
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`, which say on which server a database is.
        targets: The rows of `plan/targets`.
        scope: The engagement.
        settings: Its settings: the sizing, and the clouds to move to.

    Returns:
        The rows of `plan/database_targets`, one per database and cloud, prices in USD a month of 730 hours. Where no
        price is known there is none, and the reason says so. `is_chosen` marks at most one cloud of each: the one to
        which its server goes if that runs the product, else the first of the engagement's clouds that does.
    """
    needs = database_needs(components, inventory, dependencies, settings.sizing)
    if needs.empty:
        return empty(database_targets)
    clouds = settings.sizing.clouds
    rows = [
        {**need, **_in_cloud(need, cloud, settings.sizing.sql_server_licence)}
        for need in needs.to_dict("records")
        for cloud in clouds
    ]
    frame = pd.DataFrame(rows)
    frame = frame.assign(
        database_target_id=scope.ids_of("database_target", zip(frame["component_id"], frame["provider"], strict=True)),
        database_target_name=frame["component_name"] + " in " + frame["provider"],
        is_chosen=_is_chosen(frame, targets, settings.targets or tuple(cloud.provider for cloud in clouds)),
    )
    return conform(frame, database_targets)


def _in_cloud(need: Mapping[Any, Any], cloud: ProviderTarget, licence: str) -> Row:
    """Return the size of a database in one cloud, or why there is none."""
    product = managed_services().products.get(str(need["product"]))
    service = product.clouds.get(cloud.provider) if product else None
    row: Row = {"provider": cloud.provider, "region": cloud.region, "service": service}
    if service is None:
        return row | {"reason": f"{cloud.provider} runs no {product.title if product else 'such product'} as a service"}
    edition = None if pd.isna(need["edition"]) else str(need["edition"])
    offers, borrowed = _offers(cloud, service, edition)
    if offers.empty:
        of_edition = f" ({edition})" if edition else ""
        return row | {"reason": f"no price of {service}{of_edition} is known; its size is what is needed"}
    if pd.isna(need["needed_vcpu"]) or pd.isna(need["needed_memory_gib"]):
        return row | {"reason": "the processors or the memory of its server are not known"}
    offers = _priced(offers, licence)
    fitting = offers[(offers["vcpu"] >= need["needed_vcpu"]) & (offers["memory_gib"] >= need["needed_memory_gib"])]
    words = f"{need['needed_vcpu']:g} vCPU and {need['needed_memory_gib']:g} GiB"
    if fitting.empty:
        return row | {"reason": f"no size of {service} with a known price has {words}"}
    said = "; ".join(one for one in (need["assumptions"], borrowed, _licence_words(offers, licence)) if one)
    return row | _best(fitting.to_dict("records"), need, words) | {"assumptions": said or None}


def _offers(cloud: ProviderTarget, service: str, edition: str | None) -> tuple[pd.DataFrame, str | None]:
    """Return the sizes of a service in a region, or in the one region of which prices are known, which is then said."""
    known = managed_databases()
    offers = known[(known["provider"] == cloud.provider) & (known["service"] == service)]
    if edition:
        offers = offers[offers["edition"] == edition]
    there = offers[offers["region"] == cloud.region]
    if len(there) or offers.empty:
        return there, None
    other = str(offers["region"].min())
    return offers[offers["region"] == other], f"priced as in {other}, no price of {cloud.region} is known"


def _priced(offers: pd.DataFrame, licence: str) -> pd.DataFrame:
    """Return sizes with `usd_month`, cheapest first; without the licence if it is brought along and known apart."""
    hourly = offers["usd_hour"]
    if licence == "own":
        hourly = hourly - offers["licence_usd_hour"].fillna(0)
    priced = offers.assign(usd_month=(hourly * HOURS_PER_MONTH).round(CENTS))
    return priced.sort_values(["usd_month", "offer"], ignore_index=True)


def _licence_words(offers: pd.DataFrame, licence: str) -> str | None:
    if licence == "own" and offers["licence_usd_hour"].isna().all():
        return "the service is sold with its licence only"
    return None


def _best(fitting: list[Row], need: Mapping[Any, Any], words: str) -> Row:
    best = fitting[0]
    second = fitting[1] if len(fitting) > 1 else None
    # The first of equals, as in right_size.
    binding = max(SIZES, key=lambda size: need[SIZES[size]] / best[size])
    reason = f"{best['offer']} is the least known price for {words}; {UNITS[binding]} leaves the least room"
    if second:
        reason += f"; next is {second['offer']} at {second['usd_month']:,.2f} USD a month"
    gib = need["needed_storage_gib"]
    stored = None if pd.isna(gib) else round(gib * best["storage_usd_gib_month"], CENTS)
    return {
        "offer": best["offer"],
        "vcpu": best["vcpu"],
        "memory_gib": best["memory_gib"],
        "binding_dimension": binding,
        "runner_up_offer": second["offer"] if second else None,
        "runner_up_usd_month": second["usd_month"] if second else None,
        "instance_usd_month": best["usd_month"],
        "storage_usd_month": stored,
        "price_origin": best["origin"],
        "price_as_of": best["as_of"],
        "reason": reason if stored is not None else f"{reason}; its storage is not known and not priced",
    }


def _is_chosen(rows: pd.DataFrame, targets: pd.DataFrame, clouds: tuple[str, ...]) -> list[bool]:
    """Mark the cloud of each database: where its server goes if it is run there, else the first that runs it."""
    going = targets.loc[targets["is_chosen"].astype(bool)].set_index("asset_id")["provider"].to_dict()
    chosen: dict[object, str] = {}
    for component, group in rows[rows["service"].notna()].groupby("component_id"):
        run_by = set(group["provider"])
        near = [going[server] for server in group["server_ids"].iloc[0] if server in going]
        found = [cloud for cloud in (*near, *clouds) if cloud in run_by]
        if found:
            chosen[component] = found[0]
    return [
        chosen.get(component) == provider
        for component, provider in zip(rows["component_id"], rows["provider"], strict=True)
    ]
