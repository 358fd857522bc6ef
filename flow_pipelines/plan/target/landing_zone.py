"""The landing zone as data: accounts, networks and subnets for each environment of each cloud to which servers go.

Belongs here: which there are, how large they are, which addresses they get, and the rows of `plan/landing_zone`. Does
not: which ranges are in use (`address_space.py`), what collides (`address_conflicts.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pandas as pd

from flow_pipelines.plan.target.address_space import ADDRESS_BITS, AddressSpace, observed_networks
from flow_pipelines.plan.target.names import plain_name
from flow_pipelines.reference.landing_zone_model import CloudNetworks, landing_zone_model
from flow_pipelines.scope import Scope
from flow_pipelines.settings_landing_zone import LandingZoneSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.landing_zone import landing_zone

LANDING_ZONE = f"{landing_zone.schema}/{landing_zone.name}"
ACCOUNT, NETWORK, SUBNET = "account", "network", "subnet"
Row = dict[str, object]


@dataclass(frozen=True)
class _Site:
    """An environment in a region of a cloud, and the servers that go there, sorted."""

    provider: str
    region: str
    name: str
    environment: str
    servers: tuple[str, ...]

    @property
    def cloud(self) -> CloudNetworks:
        return landing_zone_model().clouds[self.provider]


@dataclass(frozen=True)
class _Network:
    """A network of a site: how large it is, and its servers by availability zone."""

    site: _Site
    name: str
    prefix: int
    subnet_prefix: int
    zones: tuple[tuple[str, ...], ...]

    @property
    def servers(self) -> list[str]:
        return sorted(server for zone in self.zones for server in zone)


def build_landing_zone(
    inventory: pd.DataFrame, targets: pd.DataFrame, *, scope: Scope, settings: LandingZoneSettings
) -> pd.DataFrame:
    """Plan the accounts, networks and subnets that the chosen targets need.

    Args:
        inventory: The rows of `discovery/inventory`.
        targets: The rows of `plan/targets`.
        scope: The engagement.
        settings: Pools of addresses, sizes and tags.

    Returns:
        The rows of `plan/landing_zone`. Networks do not overlap each other or a reserved range, nor, as long as the
        pools have other room, a range in which the inventory has addresses. A network for which the pools have no room
        at all has no `address_range`, nor have its subnets. Every server whose target is chosen is in one subnet.
    """
    sites = _sites(inventory, targets)
    if not sites:
        return empty(landing_zone)
    networks = [network for site in sites for network in _networks(site, settings)]
    ranges = _ranges(networks, inventory, settings)
    rows = [_account(site) for site in sites]
    rows += [row for network in networks for row in _rows(network, ranges[network.name], settings)]
    frame = pd.DataFrame([_with_ids_and_tags(row, scope, settings) for row in rows])
    return conform(frame, landing_zone)


def environments(inventory: pd.DataFrame, asset_ids: Iterable[str]) -> pd.Series[str]:
    """Return the environment of each asset, by its id; the one for what is not known where it states none."""
    stated = inventory.set_index("asset_id")["environment"].reindex(list(asset_ids)).astype("string").str.strip()
    return stated.mask(stated.eq("")).fillna(landing_zone_model().unknown_environment).astype(object)


def _sites(inventory: pd.DataFrame, targets: pd.DataFrame) -> list[_Site]:
    """Return where servers go, in order; environments whose names differ in spelling alone are one."""
    chosen = targets.loc[targets["is_chosen"].astype(bool), ["asset_id", "provider", "region"]]
    stated = environments(inventory, chosen["asset_id"]).to_numpy()
    chosen = chosen.assign(environment=stated, name=[plain_name(one) for one in stated])
    return [
        _Site(
            str(provider),
            str(region),
            f"{provider}-{name}",
            min(group["environment"]),
            tuple(sorted(group["asset_id"])),
        )
        for (provider, region, name), group in chosen.groupby(["provider", "region", "name"])
    ]


def _networks(site: _Site, settings: LandingZoneSettings) -> list[_Network]:
    """Return the networks of a site, one unless the largest that the cloud has is too small, servers spread evenly."""
    zones, cloud = settings.zones, site.cloud
    # A power of two of parts, of which one at least is left for what is not a server.
    part_bits = zones.bit_length()
    most = _most_servers(cloud.largest_network + part_bits, cloud, settings.headroom) * zones
    count = math.ceil(len(site.servers) / most)
    networks = []
    for number in range(count):
        servers = site.servers[number::count]
        by_zone = tuple(servers[zone::zones] for zone in range(zones))
        prefix = settings.network_prefix
        while _most_servers(prefix + part_bits, cloud, settings.headroom) < len(by_zone[0]):
            prefix -= 1
        name = f"{site.name}-network" + (f"-{number + 1}" if count > 1 else "")
        networks.append(_Network(site, name, prefix, prefix + part_bits, by_zone))
    return networks


def _most_servers(subnet_prefix: int, cloud: CloudNetworks, headroom: float) -> int:
    return int(usable_addresses(subnet_prefix, cloud) / headroom)


def usable_addresses(prefix: int, cloud: CloudNetworks) -> int:
    """Return how many addresses of a subnet the cloud does not keep for itself."""
    return max((1 << (ADDRESS_BITS - prefix)) - cloud.reserved_addresses, 0)


def _ranges(
    networks: Sequence[_Network], inventory: pd.DataFrame, settings: LandingZoneSettings
) -> dict[str, IPv4Network | None]:
    """Return the range of each network by name, the largest first; None if the pools have no room for it."""
    seen = observed_networks(inventory, settings.observed_prefix)["network"]
    clear = AddressSpace(settings.pools, [*settings.reserved_ranges, *seen])
    # Where all that is free is in use elsewhere, a network there is a conflict to be seen; no network is none.
    crowded = AddressSpace(settings.pools, settings.reserved_ranges)
    ranges: dict[str, IPv4Network | None] = {}
    for network in sorted(networks, key=lambda one: (one.prefix, one.name)):
        found = clear.first_free(network.prefix) or crowded.first_free(network.prefix)
        ranges[network.name] = found
        if found:
            clear.remove(found)
            crowded.remove(found)
    return ranges


def _rows(network: _Network, address_range: IPv4Network | None, settings: LandingZoneSettings) -> list[Row]:
    site, cloud = network.site, network.site.cloud
    usable = usable_addresses(network.subnet_prefix, cloud)
    no_room = f"the address pools have no room for a /{network.prefix}"
    room = (
        f"a /{network.prefix} has {len(network.zones)} subnets of {usable:,} usable addresses, {settings.headroom:g} "
    )
    room += "or more for each server, and leaves as much or half of it to spare"
    rows = [
        _row(
            site,
            NETWORK,
            network.name,
            network.servers,
            parent_name=site.name,
            region=site.region,
            address_range=str(address_range) if address_range else None,
            reason=room if address_range else no_room,
        )
    ]
    parts = list(address_range.subnets(new_prefix=network.subnet_prefix)) if address_range else []
    for number, servers in enumerate(network.zones, start=1):
        rows.append(
            _row(
                site,
                SUBNET,
                f"{network.name}-subnet-{number}",
                sorted(servers),
                parent_name=network.name,
                region=site.region,
                zone_number=number,
                address_range=str(parts[number - 1]) if parts else None,
                usable_address_count=usable,
                reason=f"{len(servers):,} of the {len(network.servers):,} servers of {network.name}",
            )
        )
    return rows


def _account(site: _Site) -> Row:
    """Return the account of a site: whoever may change one environment can't change another."""
    reason = f"keeps {site.environment} apart from other environments"
    return _row(site, ACCOUNT, site.name, site.servers, parent_name=None, reason=reason)


def _row(site: _Site, kind: str, name: str, servers: Sequence[str], **others: object) -> Row:
    return {
        "landing_zone_name": name,
        "kind": kind,
        "provider": site.provider,
        "provider_kind": getattr(site.cloud, kind),
        "environment": site.environment,
        "server_count": len(servers),
        "source_entity_ids": list(servers),
        **others,
    }


def _with_ids_and_tags(row: Row, scope: Scope, settings: LandingZoneSettings) -> Row:
    parent = row["parent_name"]
    parent_kind = NETWORK if row["kind"] == SUBNET else ACCOUNT
    tags = usual_tags(scope, str(row["environment"]), settings)
    return row | {
        "landing_zone_id": scope.id_of("landing_zone", row["kind"], row["landing_zone_name"]),
        "parent_id": scope.id_of("landing_zone", parent_kind, parent) if parent else None,
        "tags": sorted(f"{key}:{value}" for key, value in tags.items()),
    }


def usual_tags(scope: Scope, environment: str, settings: LandingZoneSettings) -> dict[str, str]:
    """Return the tags that everything in the clouds gets, by key."""
    usual = {
        "client": scope.client,
        "engagement": scope.engagement,
        "environment": environment,
        "managed-by": "terraform",
    }
    return usual | dict(tag.split(":", 1) for tag in settings.tags)
