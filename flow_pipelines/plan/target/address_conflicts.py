"""Ranges of addresses that overlap: networks in the clouds against what is in use, and against each other.

Belongs here: finding overlaps, and the rows of `plan/address_conflicts`. Does not: choosing ranges that have none
(`landing_zone.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from itertools import combinations

import pandas as pd

from flow_pipelines.plan.target.address_space import observed_networks
from flow_pipelines.plan.target.landing_zone import NETWORK
from flow_pipelines.scope import Scope
from flow_pipelines.settings_landing_zone import LandingZoneSettings
from flow_pipelines.some_of import some_of
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.landing_zone import address_conflicts

ADDRESS_CONFLICTS = f"{address_conflicts.schema}/{address_conflicts.name}"
NAMED = 3
OWN_POOL = "Give landing_zone.address_pools of the settings a range that is free, or renumber what is there."
OVERLAP = "Give one of them another range."
Row = dict[str, object]


def find_address_conflicts(
    inventory: pd.DataFrame, zone: pd.DataFrame, *, scope: Scope, settings: LandingZoneSettings
) -> pd.DataFrame:
    """Find every overlap of a network with a range of the inventory, of the settings, or of another network.

    Args:
        inventory: The rows of `discovery/inventory`.
        zone: The rows of `plan/landing_zone`, however they came about.
        scope: The engagement.
        settings: Reserved ranges, and how large the network of an address is taken to be.

    Returns:
        The rows of `plan/address_conflicts`, none if nothing overlaps.
    """
    networks = zone[(zone["kind"] == NETWORK) & zone["address_range"].notna()].sort_values("landing_zone_name")
    planned = [
        (str(row["landing_zone_name"]), str(row["landing_zone_id"]), IPv4Network(row["address_range"]))
        for row in networks.to_dict("records")
    ]
    rows = [*_observed(planned, inventory, settings), *_reserved(planned, settings), *_each_other(planned)]
    if not rows:
        return empty(address_conflicts)
    frame = pd.DataFrame(rows)
    keys = frame[["network_name", "other_kind", "conflict_name"]].itertuples(index=False, name=None)
    return conform(frame.assign(conflict_id=scope.ids_of("address_conflict", keys)), address_conflicts)


Planned = Sequence[tuple[str, str, IPv4Network]]


def _observed(planned: Planned, inventory: pd.DataFrame, settings: LandingZoneSettings) -> Iterator[Row]:
    seen = observed_networks(inventory, settings.observed_prefix)
    named = inventory[[one for one in ("name", "host_name", "fqdn", "asset_id") if one in inventory]]
    names: Mapping[str, str] = dict(
        zip(inventory["asset_id"], named.astype(object).bfill(axis="columns").iloc[:, 0], strict=True)
    )
    for name, key, network in planned:
        for other, asset_ids in zip(seen["network"], seen["asset_ids"], strict=True):
            if network.overlaps(other):
                there = sorted(names[asset] for asset in asset_ids)
                words = f"in which the inventory has {some_of(there, NAMED)}"
                yield _row((name, key, network), "observed", other, words, OWN_POOL, str(other), asset_ids)


def _reserved(planned: Planned, settings: LandingZoneSettings) -> Iterator[Row]:
    for name, key, network in planned:
        for other in settings.reserved_ranges:
            if network.overlaps(other):
                words = "which the settings reserve"
                yield _row((name, key, network), "reserved", other, words, OWN_POOL, str(other))


def _each_other(planned: Planned) -> Iterator[Row]:
    for one, (other_name, _, other) in combinations(planned, 2):
        if one[2].overlaps(other):
            yield _row(one, "planned", other, f"which is the range of {other_name}", OVERLAP, other_name)


def _row(  # noqa: PLR0917  (both sides of a conflict, and what to say of them)
    planned: tuple[str, str, IPv4Network],
    kind: str,
    other: IPv4Network,
    words: str,
    remedy: str,
    other_name: str,
    asset_ids: Sequence[str] = (),
) -> Row:
    name, key, network = planned
    return {
        "conflict_name": f"{name} and {other_name}",
        "landing_zone_id": key,
        "network_name": name,
        "address_range": str(network),
        "other_kind": kind,
        "other_range": str(other),
        "reason": f"{name} has {network}, which overlaps {other}, {words}",
        "remedy": remedy,
        "source_entity_ids": list(asset_ids),
    }
