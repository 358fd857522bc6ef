from __future__ import annotations

import pandas as pd
import pytest

from flow_pipelines.settings import EngagementSettings
from tests.flow_pipelines.discovery.dependency_estates import SETTINGS, Estate, moment


@pytest.fixture
def estate() -> Estate:
    return Estate()


def test_an_estate_without_edges_has_none(estate: Estate) -> None:
    estate.asset("server", "web01", "10.0.0.1")
    assert estate.edges().empty


def test_connections_of_two_ends_on_one_port_are_one_edge_with_sums_and_time_range(estate: Estate) -> None:
    web = estate.asset("server", "web01", "10.0.0.1")
    database = estate.asset("server", "db01", "10.0.0.2")
    first = estate.connection(
        "10.0.0.1", "10.0.0.2", 1521, connection_count=4, bytes_sent=10, observed_from=moment(1), observed_to=moment(3)
    )
    second = estate.connection(
        "10.0.0.1", "10.0.0.2", 1521, row_count=3, bytes_received=5, observed_from=moment(2), observed_to=moment(9)
    )
    edge = estate.edge()
    assert (edge["source_id"], edge["target_id"]) == (web, database)
    assert (edge["source_name"], edge["target_name"]) == ("web01", "db01")
    assert (edge["kind"], edge["origin"]) == ("connects_to", "network")
    assert (edge["port"], edge["protocol"], edge["service"]) == (1521, "tcp", "Oracle Database")
    assert (edge["connection_count"], edge["bytes_total"]) == (7, 15)
    assert (edge["first_seen"], edge["last_seen"]) == (moment(1), moment(9))
    assert edge["source_entity_ids"] == sorted([first, second])
    assert not edge["is_noise"]
    assert "7 connections" in edge["reason"]


def test_ports_protocols_and_directions_are_kept_apart(estate: Estate) -> None:
    estate.asset("server", "a", "10.0.0.1")
    estate.asset("server", "b", "10.0.0.2")
    for source, target, port, protocol in (
        ("10.0.0.1", "10.0.0.2", 80, "tcp"),
        ("10.0.0.1", "10.0.0.2", 443, "tcp"),
        ("10.0.0.1", "10.0.0.2", 443, "udp"),
        ("10.0.0.2", "10.0.0.1", 443, "tcp"),
    ):
        estate.connection(source, target, port, protocol)
    assert len(estate.edges()) == 4


def test_an_unknown_end_is_an_external_node_that_says_whether_its_address_is_private(estate: Estate) -> None:
    estate.asset("server", "web01", "10.0.0.1")
    estate.connection("10.0.0.1", "10.99.0.7", 443)
    estate.connection("10.0.0.1", "52.95.110.1", 443)
    estate.connection("10.0.0.1", "2a00:1450::5", 443)
    edges = estate.edges_by("target_name")
    assert all(edge["target_is_external"] and not edge["source_is_external"] for edge in edges.values())
    assert "private address" in edges["10.99.0.7"]["reason"]
    assert "public address" in edges["52.95.110.1"]["reason"]
    assert "public address" in edges["2a00:1450::5"]["reason"]


def test_an_external_node_is_one_node_whether_its_name_is_given_or_not(estate: Estate) -> None:
    estate.asset("server", "web01", "10.0.0.1")
    estate.connection("10.0.0.1", "52.95.110.1", 443)
    estate.connection("10.0.0.1", "52.95.110.1", 25, destination_name="Mail.Example.com")
    edges = estate.edges()
    assert len(set(edges["target_id"])) == 1
    assert set(edges["target_name"]) == {"mail.example.com"}


def test_an_end_without_a_known_address_is_found_by_name_in_any_spelling(estate: Estate) -> None:
    web = estate.asset("server", "WEB01", host_name="web01", fqdn="web01.ad.corp.example")
    for name in ("web01", "WEB01.AD.Corp.Example.", "Web01 "):
        estate.connection(None, "10.9.9.9", 80, source_name=name)
    estate.connection("10.0.0.1", "10.9.9.9", 80, source_name="web01")
    assert estate.edge()["source_id"] == web


def test_a_name_in_another_domain_is_weaker_evidence_unless_the_domain_is_the_enterprises_own(estate: Estate) -> None:
    web = estate.asset("server", "web01", fqdn="web01.ad.corp.example")
    estate.connection(None, "10.9.9.9", 80, source_name="web01.dmz.corp.example")
    own_domains = EngagementSettings(as_of=SETTINGS.as_of, domains=("ad.corp.example", "dmz.corp.example"))
    elsewhere, own = estate.edge(), estate.edge(own_domains)
    assert elsewhere["source_id"] == own["source_id"] == web
    assert elsewhere["confidence"] < own["confidence"]
    assert "another domain" in elsewhere["reason"]


def test_the_name_decides_between_servers_that_share_an_address(estate: Estate) -> None:
    estate.asset("server", "node1", "10.0.0.50")
    second = estate.asset("server", "node2", "10.0.0.50")
    estate.connection("10.0.0.50", "10.9.9.9", 80, source_name="node2")
    assert estate.edge()["source_id"] == second


def test_names_given_in_other_connections_decide_too(estate: Estate) -> None:
    estate.asset("server", "node1", "10.0.0.50")
    second = estate.asset("server", "node2", "10.0.0.50")
    unlisted = estate.asset("server", "db01")
    estate.connection("10.0.0.50", "10.0.0.7", 80, source_name="node2", destination_name="db01")
    estate.connection("10.0.0.50", "10.0.0.7", 80)
    edge = estate.edge()
    assert (edge["source_id"], edge["target_id"]) == (second, unlisted)
    assert len(edge["source_entity_ids"]) == 2


def test_a_retired_server_does_not_keep_its_address_from_its_successor(estate: Estate) -> None:
    estate.asset("server", "old01", "10.0.0.50", lifecycle_status="retired")
    successor = estate.asset("server", "new01", "10.0.0.50", lifecycle_status="operational")
    estate.connection("10.0.0.50", "10.9.9.9", 80)
    edge = estate.edge()
    assert edge["source_id"] == successor
    assert "of several" not in edge["reason"]


def test_an_address_of_two_servers_that_nothing_tells_apart_costs_confidence(estate: Estate) -> None:
    estate.asset("server", "node1", "10.0.0.50")
    estate.asset("server", "node2", "10.0.0.50")
    estate.asset("server", "node3", "10.0.0.51")
    estate.connection("10.0.0.50", "10.9.9.9", 80)
    estate.connection("10.0.0.51", "10.9.9.9", 80)
    edges = estate.edges_by("source_name")
    sure = edges.pop("node3")
    (unsure,) = edges.values()
    assert unsure["confidence"] < sure["confidence"]
    assert "of several that it could be" in unsure["reason"]


def test_an_address_counts_more_than_a_name_that_is_another_servers(estate: Estate) -> None:
    by_address = estate.asset("server", "web01", "10.0.0.1")
    estate.asset("server", "web02", "10.0.0.2")
    estate.connection("10.0.0.1", "10.9.9.9", 80, source_name="web02")
    edge = estate.edge()
    assert edge["source_id"] == by_address
    assert "its name is another asset's" in edge["reason"]


def test_the_connection_is_the_servers_not_its_databases(estate: Estate) -> None:
    estate.asset("database", "ORCL@db01", "10.0.0.2")
    server = estate.asset("server", "db01", "10.0.0.2")
    estate.connection("10.9.9.9", "10.0.0.2", 1521)
    assert estate.edge()["target_id"] == server


def test_a_connection_to_itself_is_kept_as_noise(estate: Estate) -> None:
    web = estate.asset("server", "web01", "10.0.0.1", "10.1.0.1")
    estate.connection("10.0.0.1", "10.1.0.1", 80)
    estate.connection("127.0.0.1", "10.0.0.1", 80)
    estate.connection("10.0.0.1", None, 80, destination_name="localhost")
    edge = estate.edge()
    assert (edge["source_id"], edge["target_id"]) == (web, web)
    assert (edge["is_noise"], edge["noise_reason"]) == (True, "It connects to itself.")
    assert len(edge["source_entity_ids"]) == 3


def test_a_loopback_address_in_the_inventory_leads_nowhere(estate: Estate) -> None:
    estate.asset("server", "web01", "127.0.0.1")
    estate.connection("127.0.0.1", "10.9.9.9", 80)
    edge = estate.edge()
    assert edge["source_is_external"]
    assert edge["source_id"] == edge["target_id"]


@pytest.mark.parametrize(("source", "target"), [(None, "10.0.0.1"), ("10.0.0.1", None), ("0.0.0.0", "10.0.0.1")])  # noqa: S104
def test_a_connection_of_which_one_end_is_not_told_is_no_edge(
    estate: Estate, source: str | None, target: str | None
) -> None:
    estate.connection(source, target, 80)
    assert estate.edges().empty


# Direction


def test_answers_recorded_from_the_wrong_side_join_the_edge_that_they_answer(estate: Estate) -> None:
    web = estate.asset("server", "web01", "10.0.0.1")
    database = estate.asset("server", "db01", "10.0.0.2")
    estate.connection("10.0.0.1", "10.0.0.2", 5432, connection_count=10, bytes_sent=100)
    for port in (50112, 50113, 61004):
        estate.connection("10.0.0.2", "10.0.0.1", port, bytes_sent=7)
    edge = estate.edge()
    assert (edge["source_id"], edge["target_id"], edge["port"]) == (web, database, 5432)
    assert (edge["connection_count"], edge["bytes_total"]) == (13, 121)
    assert "3 of them were recorded from the answering side" in edge["reason"]


@pytest.mark.parametrize("ports", [(50112, 50113), (8444, 8445, 8446), (50000, 50001, 60000)])
def test_few_ports_low_ports_and_known_services_are_no_answers(estate: Estate, ports: tuple[int, ...]) -> None:
    estate.asset("server", "web01", "10.0.0.1")
    estate.asset("server", "db01", "10.0.0.2")
    estate.connection("10.0.0.1", "10.0.0.2", 5432)
    for port in ports:
        estate.connection("10.0.0.2", "10.0.0.1", port)
    assert len(estate.edges()) == 1 + len(ports)


def test_a_high_port_of_no_known_service_costs_confidence(estate: Estate) -> None:
    estate.asset("server", "web01", "10.0.0.1")
    estate.connection("10.0.0.1", "10.9.9.9", 50112)
    estate.connection("10.0.0.1", "10.9.9.9", 50000)
    edges = estate.edges_by("port")
    assert edges[50112]["confidence"] < edges[50000]["confidence"]
    assert "No service is known" in edges[50112]["reason"]


def test_one_connection_alone_is_weaker_evidence_than_many(estate: Estate) -> None:
    estate.asset("server", "web01", "10.0.0.1")
    estate.connection("10.0.0.1", "10.9.9.8", 80, connection_count=1)
    estate.connection("10.0.0.1", "10.9.9.9", 80, connection_count=2)
    edges = estate.edges_by("target_name")
    assert edges["10.9.9.8"]["confidence"] < edges["10.9.9.9"]["confidence"]


# Noise


def test_infrastructure_traffic_is_flagged_with_its_reason_and_kept(estate: Estate) -> None:
    expected = {
        (53, "udp"): "name resolution",
        (123, "udp"): "time synchronization",
        (389, "tcp"): "directory",
        (88, "tcp"): "directory",
        (1556, "tcp"): "backup",
        (161, "udp"): "monitoring",
        (514, "udp"): "logging",
        (3389, "tcp"): "administration",
        (53, None): "name resolution",
        (None, "icmp"): "ICMP",
    }
    for port, protocol in expected:
        estate.connection("10.0.0.1", "10.0.0.2", port, protocol)
    edges = estate.edges()
    assert len(edges) == len(expected)
    assert edges["is_noise"].all()
    for port, protocol, reason in edges[["port", "protocol", "noise_reason"]].itertuples(index=False):
        assert expected[None if pd.isna(port) else port, protocol] in reason


def test_traffic_that_may_be_an_applications_is_not_flagged(estate: Estate) -> None:
    for port in (22, 25, 443, 445, 1433, 8080, 50112):
        estate.connection("10.0.0.1", "10.0.0.2", port)
    edges = estate.edges()
    assert not edges["is_noise"].any()
    assert edges["noise_reason"].isna().all()


def test_the_engagement_adds_noise_ports_of_its_own(estate: Estate) -> None:
    estate.connection("10.0.0.1", "10.0.0.2", 8443)
    edge = estate.edge(EngagementSettings(as_of=SETTINGS.as_of, noise_ports=(8443,)))
    assert edge["is_noise"]
    assert "8443" in edge["noise_reason"]
    assert "settings" in edge["noise_reason"]


def test_multicast_is_noise(estate: Estate) -> None:
    estate.connection("10.0.0.1", "239.1.1.1", 9999, "udp")
    assert estate.edge()["is_noise"]


@pytest.mark.parametrize(("servers", "is_shared"), [(60, True), (40, False)])
@pytest.mark.parametrize("pulls", [False, True])
def test_what_serves_or_asks_most_of_all_servers_on_one_port_is_a_shared_service(
    estate: Estate, servers: int, is_shared: bool, pulls: bool
) -> None:
    estate.asset("server", "hub", "10.1.0.1")
    for number in range(servers):
        estate.asset("server", f"srv{number:02d}", f"10.0.0.{number}")
        ends = (f"10.0.0.{number}", "10.1.0.1")
        estate.connection(*(ends[::-1] if pulls else ends), 9100)
    estate.connection("10.0.0.1", "10.0.0.2", 9100)
    edges = estate.edges()
    at_the_hub = (edges["source_name"] == "hub") | (edges["target_name"] == "hub")
    assert edges.loc[at_the_hub, "is_noise"].eq(is_shared).all()
    assert not edges.loc[~at_the_hub, "is_noise"].any()


def test_what_is_stated_and_what_is_observed_are_two_edges(estate: Estate) -> None:
    estate.asset("server", "web01", "10.0.0.1")
    estate.asset("server", "db01", "10.0.0.2")
    estate.relation("web01", "db01", "Connects to::Connected by")
    estate.connection("10.0.0.1", "10.0.0.2", 5432)
    edges = estate.edges()
    assert set(edges["origin"]) == {"cmdb", "network"}
    assert edges["dependency_id"].is_unique


def test_noise_says_which_shared_service_it_is_who_provides_it_and_to_how_many(estate: Estate) -> None:
    names = estate.asset("server", "dns01", "10.0.0.1")
    backup = estate.asset("server", "bkp01", "10.0.0.2")
    for number in range(3):
        estate.asset("server", f"web{number}", f"10.0.1.{number}")
        estate.connection(f"10.0.1.{number}", "10.0.0.1", 53, "udp")
        estate.connection("10.0.0.2", f"10.0.1.{number}", 1556)
    estate.connection("10.0.1.0", "10.0.1.1", 8080)
    edges = estate.edges()
    columns = ["shared_service", "shared_service_provider_id", "shared_service_clients"]
    of_port = {port: rows[columns].drop_duplicates().to_numpy().tolist() for port, rows in edges.groupby("port")}
    assert of_port[53] == [["name resolution", names, 3]]
    assert of_port[1556] == [["backup", backup, 3]]
    assert edges.loc[edges["port"] == 8080, columns].isna().all(axis=None)
