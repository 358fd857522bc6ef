"""Networks have room for every server, overlap nothing they need not, and what they do overlap is told."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.errors import SettingsError
from flow_pipelines.plan.target.address_conflicts import find_address_conflicts
from flow_pipelines.plan.target.address_space import observed_networks
from flow_pipelines.plan.target.gates import conflict_problems, landing_zone_problems
from flow_pipelines.plan.target.landing_zone import build_landing_zone
from flow_pipelines.scope import Scope
from flow_pipelines.settings import parse_settings
from flow_pipelines.settings_landing_zone import LandingZoneSettings

SCOPE = Scope("acme", "dc-exit")
ENVIRONMENTS = ("production", "test", "disaster recovery", None, "Prod A", "prod-a", "生产")
CLOUDS = ("aws", "azure", "google")


def asset_id(number: int) -> str:
    return SCOPE.id_of("asset", number)


def estate(
    servers: list[tuple[str | None, str]], addresses: list[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return an inventory and targets: servers by environment and cloud, the addresses dealt out among them."""
    dealt = addresses or []
    inventory = pd.DataFrame(
        {
            "asset_id": [asset_id(number) for number in range(len(servers))],
            "name": [f"server{number}" for number in range(len(servers))],
            "environment": pd.Series([environment for environment, _ in servers], dtype=object),
            "ip_addresses": [dealt[number :: len(servers)] for number in range(len(servers))],
            "network_name": None,
        }
    )
    targets = pd.DataFrame(
        [
            {"asset_id": asset_id(number), "provider": cloud, "region": f"{cloud}-1", "is_chosen": cloud == chosen}
            for number, (_, chosen) in enumerate(servers)
            for cloud in CLOUDS
        ]
    )
    return inventory, targets


def planned(
    inventory: pd.DataFrame, targets: pd.DataFrame, wanted: LandingZoneSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    zone = build_landing_zone(inventory, targets, scope=SCOPE, settings=wanted)
    return zone, find_address_conflicts(inventory, zone, scope=SCOPE, settings=wanted)


SERVERS = st.lists(st.tuples(st.sampled_from(ENVIRONMENTS), st.sampled_from(CLOUDS)), min_size=1, max_size=60)
ADDRESSES = st.lists(st.integers(int(IPv4Address("10.0.0.0")), int(IPv4Address("10.3.255.255"))), max_size=40)
WANTED = st.builds(
    LandingZoneSettings,
    address_pools=st.just((IPv4Network("10.0.0.0/14"), IPv4Network("172.16.0.0/12"))),
    reserved_ranges=st.sampled_from([(), (IPv4Network("10.1.0.0/16"),), (IPv4Network("10.0.5.0/25"),)]),
    network_prefix=st.integers(16, 24),
    zones=st.integers(1, 3),
    headroom=st.floats(1, 10),
)


@settings(max_examples=60)
@given(SERVERS, ADDRESSES, WANTED)
def test_every_server_has_a_subnet_with_room_and_no_range_overlaps_another(
    servers: list[tuple[str | None, str]], addresses: list[int], wanted: LandingZoneSettings
) -> None:
    in_use = [str(IPv4Address(one)) for one in addresses]
    inventory, targets = estate(servers, in_use)
    zone, conflicts = planned(inventory, targets, wanted)
    subnets = zone[zone["kind"] == "subnet"]
    assert sorted(subnets["source_entity_ids"].explode().dropna()) == sorted(inventory["asset_id"])
    assert (subnets["server_count"] * wanted.headroom <= subnets["usable_address_count"]).all()
    for kind in ("network", "subnet"):
        ranges = [IPv4Network(one) for one in zone.loc[zone["kind"] == kind, "address_range"]]
        assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))
        assert not any(one.overlaps(other) for one in ranges for other in wanted.reserved_ranges)
        assert not any(IPv4Address(one) in network for one in in_use for network in ranges)
    assert conflicts.empty
    assert landing_zone_problems(targets, zone) == []


@settings(max_examples=20)
@given(SERVERS, ADDRESSES)
def test_the_order_of_rows_does_not_matter(servers: list[tuple[str | None, str]], addresses: list[int]) -> None:
    inventory, targets = estate(servers, [str(IPv4Address(one)) for one in addresses])
    turned = inventory.sample(frac=1, random_state=1), targets.sample(frac=1, random_state=2)
    one, other = (planned(*frames, LandingZoneSettings()) for frames in ((inventory, targets), turned))
    assert one[0].equals(other[0])


def test_each_environment_of_each_cloud_has_an_account_and_a_network_of_its_own() -> None:
    servers = [("production", "aws"), ("production", "aws"), ("test", "aws"), ("test", "azure"), (None, "google")]
    zone, _ = planned(*estate(servers), LandingZoneSettings(tags=("owner:platform team",)))
    accounts = zone[zone["kind"] == "account"].set_index("landing_zone_name")
    assert accounts["server_count"].to_dict() == {
        "aws-production": 2,
        "aws-test": 1,
        "azure-test": 1,
        "google-unknown": 1,
    }
    assert accounts["provider_kind"].to_dict()["azure-test"] == "subscription"
    network = zone.set_index("landing_zone_name").loc["aws-production-network"]
    assert (network["parent_name"], network["address_range"]) == ("aws-production", "10.0.0.0/20")
    assert {"environment:production", "owner:platform team", "client:acme"} <= set(network["tags"])


def test_environments_that_differ_in_spelling_alone_are_one_and_foreign_ones_stay_apart() -> None:
    servers = [("Prod A", "aws"), ("prod-a", "aws"), ("生产", "aws"), ("测试", "aws")]
    zone, _ = planned(*estate(servers), LandingZoneSettings())
    assert sorted(zone.loc[zone["kind"] == "account", "server_count"]) == [1, 1, 2]


def test_an_environment_that_is_called_like_the_network_of_another_stays_apart() -> None:
    inventory, targets = estate([("prod", "aws"), ("prod network", "aws"), ("prod network subnet 1", "aws")])
    zone, _ = planned(inventory, targets, LandingZoneSettings())
    assert zone["landing_zone_id"].is_unique
    kinds = zone.set_index("landing_zone_id")["kind"]
    parents = zone.dropna(subset=["parent_id"])
    assert parents["kind"].map({"network": "account", "subnet": "network"}).tolist() == list(
        kinds[parents["parent_id"]]
    )
    assert landing_zone_problems(targets, zone) == []


def test_more_servers_than_the_largest_network_takes_have_several() -> None:
    zone, _ = planned(*estate([("production", "aws")] * 20_000), LandingZoneSettings())
    networks = zone[zone["kind"] == "network"]
    assert networks["server_count"].tolist() == [10_000, 10_000]
    assert networks["address_range"].tolist() == ["10.0.0.0/16", "10.1.0.0/16"]


def test_where_the_pool_is_in_use_everywhere_the_overlap_is_told_with_both_ranges() -> None:
    in_use = ["10.50.1.7", "10.50.9.9"]
    wanted = LandingZoneSettings(address_pools=(IPv4Network("10.50.0.0/20"),))
    inventory, targets = estate([("production", "aws"), ("production", "aws")], in_use)
    zone, conflicts = planned(inventory, targets, wanted)
    assert sorted(conflicts["other_range"]) == ["10.50.1.0/24", "10.50.9.0/24"]
    assert "10.50.0.0/20" in conflicts["reason"][0]
    assert conflicts["reason"].str.contains("server0").any()
    assert landing_zone_problems(targets, zone) == conflict_problems(conflicts) == []


def test_a_network_for_which_the_pools_have_no_room_is_refused() -> None:
    wanted = LandingZoneSettings(address_pools=(IPv4Network("10.50.0.0/20"),))
    _, targets = estate([("production", "aws"), ("test", "aws")])
    zone, _ = planned(*estate([("production", "aws"), ("test", "aws")]), wanted)
    assert any("aws-test-network" in problem for problem in landing_zone_problems(targets, zone))


def test_networks_that_were_moved_onto_each_other_or_a_reserved_range_are_refused() -> None:
    inventory, targets = estate([("production", "aws"), ("test", "aws")])
    wanted = LandingZoneSettings(reserved_ranges=(IPv4Network("10.9.0.0/16"),))
    zone, _ = planned(inventory, targets, wanted)
    for moved_to, words in (("10.0.0.0/20", "10.0.0.0/20, which is the range of"), ("10.9.0.0/20", "reserve")):
        moved = zone.assign(address_range=zone["address_range"].mask(zone["kind"] == "network", moved_to))
        found = find_address_conflicts(inventory, moved, scope=SCOPE, settings=wanted)
        assert any(words in problem for problem in conflict_problems(found))
    subnet = zone["landing_zone_name"] == "aws-test-network-subnet-1"
    outside = zone.assign(address_range=zone["address_range"].mask(subnet, "10.200.0.0/22"))
    assert any("not in the range" in problem for problem in landing_zone_problems(targets, outside))
    crowded = zone.assign(server_count=zone["server_count"].mask(subnet, 5000))
    assert any("too little room" in problem for problem in landing_zone_problems(targets, crowded))


def test_addresses_and_ranges_of_the_inventory_are_read_as_they_come() -> None:
    inventory = pd.DataFrame(
        {
            "asset_id": ["a", "b", "c"],
            "ip_addresses": [["10.1.2.3", "fe80::1", "127.0.0.1", "no address", "10.1.2.300"], ["10.2.0.9/20"], None],
            "network_name": ["VLAN 7 (192.168.7.0/24)", "0.0.0.0/0", "dvPortGroup 10.8.0.0/99"],
        }
    )
    seen = observed_networks(inventory, 24)
    found = {str(network): ids for network, ids in zip(seen["network"], seen["asset_ids"], strict=True)}
    assert found == {"10.1.2.0/24": ["a"], "10.2.0.0/20": ["b"], "192.168.7.0/24": ["a"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{address_pools: [10.0.0.0/8, 10.1.0.0/16]}", "overlap"),
        ("{address_pools: [10.0.0.1/8]}", "not a valid IPv4 network"),
        ("{address_pools: [127.0.0.0/8]}", "no range that a network can have"),
        ("{address_pools: [10.0.0.0/24]}", "smaller than a network"),
        ("{tags: [no key]}", "tags"),
    ],
)
def test_settings_that_can_not_be_are_refused(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse_settings(f"landing_zone: {text}", origin="my.yaml", today=date(2026, 6, 30))
