"""What must hold before targets are published: no server lost, none invented, each going to one cloud at most.

Belongs here: for each table of the phase, a function that lists what does not hold, in words. Does not: column
contracts.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.plan.target.database_needs import is_managed_database
from flow_pipelines.plan.target.landing_zone import NETWORK, SUBNET
from flow_pipelines.plan.target.right_size import ON_DEMAND
from flow_pipelines.reference.target_model import target_model


def target_problems(inventory: pd.DataFrame, plan: pd.DataFrame, targets: pd.DataFrame) -> list[str]:
    """List servers that move and have no target, or a target and do not move, and those that go to several clouds.

    A server goes where it has a price, unless a person chose its type: some of those have none.

    Args:
        inventory: The rows of `discovery/inventory`.
        plan: The rows of `assess/plan_of_record`.
        targets: The rows of `plan/targets`.
    """
    parts = plan.loc[~plan["treatment"].isin(target_model().without_server), "source_entity_ids"].explode()
    servers = inventory.loc[inventory["asset_type"] == "server", "asset_id"]
    moving = set(servers) & set(parts.dropna())
    sized = targets.groupby("asset_id")
    counts, clouds = sized.size(), targets["provider"].nunique()
    chosen = targets.loc[targets["is_chosen"].astype(bool)]
    problems = listed("servers {} move and have no target", moving - set(counts.index))
    problems += listed("servers {} have a target and do not move", set(counts.index) - moving)
    problems += listed("servers {} are not compared in every cloud once", counts.index[counts != clouds])
    problems += listed("servers {} go to several clouds", set(chosen.loc[chosen["asset_id"].duplicated(), "asset_id"]))
    # The difference in price is missing only where a person chose: what nobody chose has one, of 0.
    is_lost = chosen[ON_DEMAND].isna() & chosen["price_difference_usd_month"].notna()
    return problems + listed("servers {} go where they have no price", chosen.loc[is_lost, "asset_id"])


def storage_problems(targets: pd.DataFrame, storage: pd.DataFrame) -> list[str]:
    """List targets that have no row of storage, or several, and rows of no target.

    Args:
        targets: The rows of `plan/targets`.
        storage: The rows of `plan/storage_targets`.
    """
    expected, found = set(targets["target_id"]), storage["target_id"]
    problems = listed("targets {} have no storage", expected - set(found))
    problems += listed("storage is of targets {} that are not there", set(found) - expected)
    return problems + listed("targets {} have storage twice", set(found[found.duplicated()]))


def database_problems(components: pd.DataFrame, databases: pd.DataFrame) -> list[str]:
    """List databases that go to a managed service and have no target, or one and do not, and those in several clouds.

    Args:
        components: The rows of `assess/component_treatments`.
        databases: The rows of `plan/database_targets`.
    """
    expected, found = set(components.loc[is_managed_database(components), "component_id"]), databases["component_id"]
    chosen = databases.loc[databases["is_chosen"].astype(bool)]
    problems = listed("databases {} go to a managed service and have no target", expected - set(found))
    problems += listed("databases {} have a target and go to no managed service", set(found) - expected)
    problems += listed(
        "databases {} go to several clouds", set(chosen.loc[chosen["component_id"].duplicated(), "component_id"])
    )
    nowhere = chosen.loc[chosen["service"].isna(), "database_target_name"]
    return problems + listed("databases {} go where no service runs them", nowhere)


def landing_zone_problems(targets: pd.DataFrame, zone: pd.DataFrame) -> list[str]:
    """List servers that have no subnet in their cloud, or several, and subnets that have no range or no room.

    Args:
        targets: The rows of `plan/targets`.
        zone: The rows of `plan/landing_zone`.
    """
    chosen = targets.loc[targets["is_chosen"].astype(bool), ["asset_id", "provider"]]
    subnets = zone[zone["kind"] == SUBNET]
    placed = subnets[["provider", "source_entity_ids"]].explode("source_entity_ids").dropna()
    expected = set(chosen.itertuples(index=False, name=None))
    found = set(placed[["source_entity_ids", "provider"]].itertuples(index=False, name=None))
    without_range = zone.loc[zone["kind"].isin([NETWORK, SUBNET]) & zone["address_range"].isna(), "landing_zone_name"]
    full = subnets["server_count"] > subnets["usable_address_count"]
    problems = listed("servers {} have no subnet in their cloud", {asset for asset, _ in expected - found})
    problems += listed("servers {} have a subnet where they do not go", {asset for asset, _ in found - expected})
    twice = placed["source_entity_ids"].duplicated()
    problems += listed("servers {} have several subnets", set(placed.loc[twice, "source_entity_ids"]))
    problems += listed("{} have no range: landing_zone.address_pools of the settings has no room", without_range)
    problems += listed("{} have too little room for their servers", subnets.loc[full, "landing_zone_name"])
    return problems + _subnet_problems(zone)


def _subnet_problems(zone: pd.DataFrame) -> list[str]:
    """List subnets that are not in the range of their network, and those that overlap another one of it."""
    ranges = {
        row["landing_zone_id"]: IPv4Network(row["address_range"])
        for row in zone[zone["address_range"].notna()].to_dict("records")
    }
    subnets = zone[(zone["kind"] == SUBNET) & zone["landing_zone_id"].isin(ranges) & zone["parent_id"].isin(ranges)]
    rows = subnets.to_dict("records")
    outside = [
        row["landing_zone_name"]
        for row in rows
        if not ranges[row["landing_zone_id"]].subnet_of(ranges[row["parent_id"]])
    ]
    # In order of their begin, whatever overlaps any overlaps a neighbour.
    ordered = sorted(rows, key=lambda row: (row["parent_id"], ranges[row["landing_zone_id"]]))
    overlapping = [
        f"{one['landing_zone_name']} and {other['landing_zone_name']}"
        for one, other in pairwise(ordered)
        if one["parent_id"] == other["parent_id"]
        and ranges[one["landing_zone_id"]].overlaps(ranges[other["landing_zone_id"]])
    ]
    problems = listed("subnets {} are not in the range of their network", outside)
    return problems + listed("subnets {} overlap", overlapping)


def conflict_problems(conflicts: pd.DataFrame) -> list[str]:
    """List planned networks that overlap each other or a reserved range, which planning must never let happen.

    One that overlaps a range of the inventory is a row to be seen, and keeps Execute from starting until it is mended
    or waived.

    Args:
        conflicts: The rows of `plan/address_conflicts`.
    """
    return listed("{}", conflicts.loc[conflicts["other_kind"] != "observed", "reason"])
