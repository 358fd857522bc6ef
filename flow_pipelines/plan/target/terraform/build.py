"""What is to be built in one cloud, as far as all clouds are alike.

Belongs here: accounts, networks, subnets and machines with their names and tags. Does not: how a cloud's provider
writes them (`aws.py`, `azure.py`, `google.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from flow_pipelines.plan.target.landing_zone import ACCOUNT, NETWORK, SUBNET
from flow_pipelines.plan.target.names import names_apart
from flow_pipelines.reference.block_storage import block_storage

# What an asset's column becomes as a tag.
TAGGED = {
    "owner": "owner",
    "cost_center": "cost-center",
    "business_unit": "business-unit",
    "criticality": "criticality",
}
# A volume of which operations are bought has 100 at least.
LEAST_BOUGHT_IOPS = 100
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """A part of the landing zone: `network` is the network of a subnet, `account` the account of all of them."""

    name: str
    account: str
    network: str
    address_range: str
    zone: int
    tags: Tags


@dataclass(frozen=True)
class Volumes:
    """The storage of a machine: so many volumes of this size each.

    Attributes:
        storage_class: As `block_storage.csv` names it.
        count: How many.
        gib: GiB of each, rounded up; where operations are bought, as many as they need.
        iops: Operations a second of each, where the class sells them; None where it does not.
    """

    storage_class: str
    count: int
    gib: int
    iops: int | None


@dataclass(frozen=True)
class Machine:
    """A server in the cloud: `name` is unique in the cloud, `volumes` is None where its storage is not known."""

    name: str
    instance_type: str
    is_windows: bool
    subnet: Place
    volumes: Volumes | None
    tags: Tags

    def root(self, largest_gib: int) -> Volumes | None:
        """Return its storage if one disk with the system may hold it all, of so many GiB at most."""
        fits = self.volumes and self.volumes.count == 1 and self.volumes.gib <= largest_gib
        return self.volumes if fits else None

    def attached(self, largest_gib: int) -> list[tuple[str, Volumes]]:
        """Return the volumes to be attached beside the disk of the image otherwise, by name."""
        if self.volumes is None or self.root(largest_gib):
            return []
        return [(f"{self.name}-volume-{number}", self.volumes) for number in range(1, self.volumes.count + 1)]


@dataclass(frozen=True)
class CloudBuild:
    """All that is to be built in one cloud, each in order of names."""

    provider: str
    region: str
    brings_windows: bool
    accounts: tuple[Place, ...]
    networks: tuple[Place, ...]
    subnets: tuple[Place, ...]
    machines: tuple[Machine, ...]


def builds(
    inventory: pd.DataFrame, targets: pd.DataFrame, storage: pd.DataFrame, zone: pd.DataFrame, *, brings_windows: bool
) -> list[CloudBuild]:
    """Return what is to be built in each cloud to which servers go, in order of the clouds.

    Args:
        inventory: The rows of `discovery/inventory`.
        targets: The rows of `plan/targets`.
        storage: The rows of `plan/storage_targets`.
        zone: The rows of `plan/landing_zone`.
        brings_windows: Whether licences of Windows are brought along.
    """
    chosen = targets[targets["is_chosen"].astype(bool)].merge(
        storage[["target_id", "storage_class", "volume_count", "needed_gib", "needed_iops"]], on="target_id", how="left"
    )
    told = inventory.set_index("asset_id").reindex(columns=list(TAGGED)).astype(object).to_dict("index")
    facts = {str(asset_id): row for asset_id, row in told.items()}
    found = []
    for provider, rows in chosen.groupby("provider"):
        places = {kind: _places(zone, str(provider), kind) for kind in (ACCOUNT, NETWORK, SUBNET)}
        machines = _machines(rows, facts, zone, {place.name: place for place in places[SUBNET]})
        found.append(
            CloudBuild(
                str(provider),
                min(rows["region"]),
                brings_windows,
                places[ACCOUNT],
                places[NETWORK],
                places[SUBNET],
                machines,
            )
        )
    return found


def _places(zone: pd.DataFrame, provider: str, kind: str) -> tuple[Place, ...]:
    there = zone[zone["provider"] == provider]
    networks = there[there["kind"] == NETWORK]
    accounts = dict(zip(networks["landing_zone_name"], networks["parent_name"], strict=True))
    places = []
    for row in there[there["kind"] == kind].sort_values("landing_zone_name").to_dict("records"):
        name, parent = str(row["landing_zone_name"]), str(row["parent_name"])
        account = {ACCOUNT: name, NETWORK: parent}.get(kind) or str(accounts.get(parent))
        zone_number = 1 if pd.isna(row["zone_number"]) else int(row["zone_number"])
        tags = dict(str(tag).split(":", 1) for tag in row["tags"])
        places.append(Place(name, account, parent, str(row["address_range"]), zone_number, tags))
    return tuple(places)


def _machines(
    rows: pd.DataFrame, facts: Mapping[str, Mapping[Any, Any]], zone: pd.DataFrame, subnets: Mapping[str, Place]
) -> tuple[Machine, ...]:
    names = names_apart(dict(zip(rows["asset_id"], rows["server_name"], strict=True)))
    in_subnets = zone.loc[zone["kind"] == SUBNET, ["landing_zone_name", "source_entity_ids"]]
    placed = in_subnets.explode("source_entity_ids").set_index("source_entity_ids")["landing_zone_name"].to_dict()
    machines = []
    for row in rows.to_dict("records"):
        asset_id = str(row["asset_id"])
        subnet = subnets[placed[asset_id]]
        told = {tag: facts[asset_id][column] for column, tag in TAGGED.items()}
        tags = {**subnet.tags, **{tag: str(value) for tag, value in told.items() if not pd.isna(value)}}
        tags |= {"name": str(row["server_name"]), "asset-id": asset_id}
        if not pd.isna(row["wave_number"]):
            tags["wave"] = str(int(row["wave_number"]))
        machines.append(
            Machine(names[asset_id], str(row["instance_type"]), bool(row["is_windows"]), subnet, _volumes(row), tags)
        )
    return tuple(sorted(machines, key=lambda machine: machine.name))


def _volumes(row: Mapping[Any, Any]) -> Volumes | None:
    if pd.isna(row["storage_class"]):
        return None
    count = int(row["volume_count"])
    gib, iops = float(row["needed_gib"]) / count, None
    sold = _where_sold(str(row["provider"]), str(row["storage_class"]))
    if sold is not None:
        included, most_per_gib = sold
        iops = math.ceil(max(float(row["needed_iops"]) / count, included, LEAST_BOUGHT_IOPS))
        gib = max(gib, iops / most_per_gib) if iops > included else gib
    return Volumes(str(row["storage_class"]), count, math.ceil(gib), iops)


@cache
def _where_sold(provider: str, storage_class: str) -> tuple[float, float] | None:
    """Return the operations that a class includes and the most for each GiB, None if it sells none beyond."""
    offers = block_storage()
    same = offers[(offers["provider"] == provider) & (offers["storage_class"] == storage_class)]
    is_sold = same["usd_iops_month"].notna().any()
    return (float(same["included_iops"].max()), float(same["most_iops_per_gib"].min())) if is_sold else None
