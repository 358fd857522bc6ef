from __future__ import annotations

import pytest

from flow_pipelines.reference.relation_types import relation_types
from tests.flow_pipelines.discovery.dependency_estates import Estate


@pytest.fixture
def estate() -> Estate:
    return Estate()


@pytest.mark.parametrize(
    ("relation_type", "kind", "source"),
    [
        ("Depends on::Used by", "depends_on", "parent"),
        ("Used by::Depends on", "depends_on", "child"),
        ("Depends on", "depends_on", "parent"),
        ("used BY", "depends_on", "child"),
        ("Runs on::Runs", "runs_on", "parent"),
        ("runs on :: runs", "runs_on", "parent"),
        ("Runs::Runs on", "runs_on", "child"),
        ("Hosted on::Hosts", "hosted_on", "parent"),
        ("Hosts", "hosted_on", "child"),
        ("Contains::Contained by", "contains", "parent"),
        ("Contained by::Contains", "contains", "child"),
        ("Connects to::Connected by", "connects_to", "parent"),
        ("Sends data to::Receives data from", "depends_on", "child"),
        ("Receives data from::Sends data to", "depends_on", "parent"),
        ("Virtualized by::Virtualizes", "hosted_on", "parent"),
        ("Instantiates::Instantiated by", "hosted_on", "child"),
        ("Members::Member of", "contains", "parent"),
        ("Member of::Members", "contains", "child"),
        ("Cluster of::Cluster", "contains", "parent"),
        ("Managed by::Manages", "other", "parent"),
        ("Manages::Managed by", "other", "child"),
        ("DR provided by::Provides DR for", "other", "parent"),
        ("Uses::Used by", "depends_on", "parent"),
    ],
)
def test_each_relation_type_has_its_kind_and_direction(relation_type: str, kind: str, source: str) -> None:
    rule = relation_types().rule_of(relation_type)
    assert (rule.kind, rule.source, rule.is_known) == (kind, source, True)


def test_a_relation_is_an_edge_from_the_end_that_needs_to_the_end_that_is_needed(estate: Estate) -> None:
    one, two = estate.asset("server", "one"), estate.asset("server", "two")
    parent_needs = estate.relation("one", "two", "Depends on::Used by")
    child_needs = estate.relation("one", "two", "Hosts::Hosted on")
    edges = estate.edges_by("kind")
    assert {edge["origin"] for edge in edges.values()} == {"cmdb"}
    assert (edges["depends_on"]["source_id"], edges["depends_on"]["target_id"]) == (one, two)
    assert edges["depends_on"]["source_entity_ids"] == [parent_needs]
    assert "the parent needs the child" in edges["depends_on"]["reason"]
    assert (edges["hosted_on"]["source_id"], edges["hosted_on"]["target_id"]) == (two, one)
    assert edges["hosted_on"]["source_entity_ids"] == [child_needs]
    assert "the child needs the parent" in edges["hosted_on"]["reason"]
    assert not any(edge["is_noise"] for edge in edges.values())


@pytest.mark.parametrize("relation_type", ["Frobnicates::Frobnicated by", None, "::"])
def test_an_unknown_relation_type_is_kept_as_written_with_less_confidence(
    estate: Estate, relation_type: str | None
) -> None:
    estate.asset("application", "crm")
    estate.asset("application", "billing")
    estate.relation("crm", "billing", relation_type)
    unknown = estate.edge()
    assert (unknown["kind"], unknown["source_name"]) == ("other", "crm")
    assert "not known" in unknown["reason"]
    estate.relation("crm", "billing", "Depends on::Used by")
    assert estate.edges_by("kind")["depends_on"]["confidence"] > unknown["confidence"]


def test_both_ways_of_writing_a_relation_are_one_edge(estate: Estate) -> None:
    estate.asset("application", "crm")
    estate.asset("server", "db01")
    first = estate.relation("crm", "db01", "Depends on::Used by")
    second = estate.relation("db01", "crm", "Used by::Depends on")
    assert estate.edge()["source_entity_ids"] == sorted([first, second])


def test_a_relation_entered_the_wrong_way_round_is_turned(estate: Estate) -> None:
    application = estate.asset("application", "crm")
    server = estate.asset("server", "app01")
    estate.relation("app01", "crm", "Runs on::Runs")
    edge = estate.edge()
    assert (edge["source_id"], edge["target_id"]) == (application, server)
    assert "turned round" in edge["reason"]


def test_an_end_is_found_by_name_full_name_id_and_the_names_of_its_records(estate: Estate) -> None:
    other_record = estate.record("server", name="web01 (old name)")
    web = estate.asset("server", "web01", fqdn="web01.ad.corp.example", external_id="sys-4711")
    estate.assets[-1]["source_entity_ids"].append(other_record)
    for name in ("web01", "WEB01", "web01.ad.corp.example", "sys-4711", "web01 (old name)"):
        estate.relation("crm", name, "Runs on::Runs")
    edge = estate.edge()
    assert edge["target_id"] == web
    assert not edge["target_is_external"]
    assert len(edge["source_entity_ids"]) == 5


def test_an_unknown_item_is_an_external_node_whatever_its_spelling(estate: Estate) -> None:
    estate.asset("application", "crm")
    estate.relation("crm", "Decom-7", "Runs on::Runs")
    estate.relation("crm", "DECOM-7 ", "Runs on::Runs")
    edge = estate.edge()
    assert edge["target_is_external"]
    assert edge["target_name"] == "DECOM-7"


def test_the_relation_type_decides_between_an_application_and_a_server_of_one_name(estate: Estate) -> None:
    application = estate.asset("application", "crm")
    server = estate.asset("server", "crm")
    estate.relation("crm", "crm", "Runs on::Runs")
    edge = estate.edge()
    assert (edge["source_id"], edge["target_id"]) == (application, server)


def test_the_relations_own_source_decides_between_two_assets_of_one_name(estate: Estate) -> None:
    estate.asset("server", "web01", source_format="rvtools")
    own = estate.asset("server", "web01", source_format="servicenow")
    estate.asset("server", "web01", source_format="rvtools")
    estate.relation("crm", "web01", "Runs on::Runs")
    edge = estate.edge()
    assert edge["target_id"] == own
    assert "of several" not in edge["reason"]


def test_databases_of_one_name_are_told_apart_by_their_server_and_application(estate: Estate) -> None:
    crm = estate.asset("application", "crm")
    by_address = estate.asset("database", "MSSQLSERVER", "10.0.0.1")
    estate.asset("server", "db01", "10.0.0.1")
    by_host = estate.asset("database", "MSSQLSERVER", host_name="db02")
    estate.asset("server", "db02", "10.0.0.2")
    by_application = estate.asset("database", "MSSQLSERVER", application_ids=[crm])
    estate.relation("MSSQLSERVER", "db01", "Runs on::Runs")
    estate.relation("MSSQLSERVER", "db02", "Runs on::Runs")
    estate.relation("crm", "MSSQLSERVER", "Depends on::Used by")
    edges = estate.edges()
    found = set(edges[["source_id", "target_name"]].itertuples(index=False, name=None))
    assert {(by_address, "db01"), (by_host, "db02")} <= found
    assert by_application in set(edges["target_id"])
    assert edges["reason"].str.contains("belongs to the other end").all()


def test_a_name_that_nothing_tells_apart_costs_confidence(estate: Estate) -> None:
    estate.asset("application", "crm")
    estate.asset("database", "MSSQLSERVER")
    estate.relation("crm", "MSSQLSERVER", "Depends on::Used by")
    sure = estate.edge()["confidence"]
    estate.asset("database", "MSSQLSERVER")
    unsure = estate.edge()
    assert unsure["confidence"] < sure
    assert "of several" in unsure["reason"]


def test_an_application_that_only_servers_name_does_not_go_by_their_names(estate: Estate) -> None:
    server = estate.asset("server", "web01")
    estate.asset("application", "crm")
    estate.assets[-1]["source_entity_ids"] = estate.assets[-2]["source_entity_ids"]
    estate.relation("crm", "web01", "Depends on::Used by")
    assert estate.edge()["target_id"] == server


def test_a_relation_of_a_thing_with_itself_is_kept_as_noise(estate: Estate) -> None:
    estate.asset("server", "web01", fqdn="web01.corp.example")
    estate.relation("web01", "WEB01.corp.example", "Connects to::Connected by")
    assert estate.edge()["is_noise"]


def test_a_relation_without_one_end_is_no_edge(estate: Estate) -> None:
    estate.relation("crm", None, "Runs on::Runs")
    assert estate.edges().empty
