from __future__ import annotations

import pytest

from flow_pipelines.discovery.identity.applications import abbreviates
from tests.flow_pipelines.discovery.identity.sources import BIOS, Sources


@pytest.fixture
def sources() -> Sources:
    return Sources()


def test_a_server_belongs_to_all_applications_that_any_source_names(sources: Sources) -> None:
    claims = sources.application("Claims Portal")
    billing = sources.application("Billing")
    vm = sources.vm("web01", bios_uuid=BIOS, application_names=["claims-portal"])
    sources.agent("web01", bios_uuid=BIOS, application_names=["Billing", "Claims Portal"])
    outcome = sources.resolve()
    expected = sorted(str(outcome.of(one)["asset_id"]) for one in (claims, billing))
    assert outcome.of(vm)["application_ids"] == expected
    assert outcome.of(vm)["application_names"] == ["Billing", "Claims Portal"]


def test_an_application_that_only_servers_name_is_an_asset_resting_on_their_records(sources: Sources) -> None:
    first = sources.vm("web01", application_names=["Fleet Hub"])
    second = sources.agent("web02", application_names=["FLEET HUB"])
    third = sources.agent("web03", application_names=["Fleet Hub"])
    outcome = sources.resolve()
    application = outcome.named("Fleet Hub")
    assert application["asset_type"] == "application"
    assert application["source_entity_ids"] == sorted([first, second, third])
    assert application["source_formats"] == ["aws_migration_hub", "rvtools"]
    assert application["resolution_method"] == "name"
    assert outcome.of(second)["application_ids"] == [application["asset_id"]]
    assert application["application_ids"] == []


def test_an_application_entered_twice_is_one(sources: Sources) -> None:
    first = sources.application("Claims Portal", owner="Ann", business_unit="Retail")
    second = sources.application("CLAIMS  PORTAL ", owner="Bob", business_unit="Retail")
    assert sources.resolve().are_one(first, second)


def test_applications_of_one_name_that_others_own_elsewhere_are_two(sources: Sources) -> None:
    first = sources.application("Portal", owner="Ann", business_unit="Retail")
    second = sources.application("Portal", owner="Bob", business_unit="Logistics")
    assert not sources.resolve().are_one(first, second)


def test_a_misspelt_application_is_known_by_its_description(sources: Sources) -> None:
    first = sources.application("Claims Portal", description="Claims Portal for Retail")
    second = sources.application("Clams Portal", description="Claims Portal for Retail")
    outcome = sources.resolve()
    assert outcome.are_one(first, second)
    assert outcome.of(first)["resolution_method"] == "close_name"


@pytest.mark.parametrize("pair", [("Payroll A", "Payroll B"), ("Claims 1", "Claims 2"), ("Claims Hub", "Claims App")])
def test_applications_with_like_names_are_two_in_spite_of_one_owner(sources: Sources, pair: tuple[str, str]) -> None:
    records = [sources.application(name, owner="Ann", business_unit="Retail", description="HR") for name in pair]
    assert not sources.resolve().are_one(*records)


def test_a_server_that_misspells_its_application_belongs_to_it(sources: Sources) -> None:
    claims = sources.application("Claims Portal")
    vm = sources.vm("web01", application_names=["Claims Portl"])
    outcome = sources.resolve()
    assert outcome.of(vm)["application_ids"] == [outcome.of(claims)["asset_id"]]
    assert outcome.conflicts("name") == [("Claims Portal", "Claims Portl")]


def test_of_two_spellings_without_a_record_the_frequent_one_is_right(sources: Sources) -> None:
    for number, name in enumerate(["Claims Portal", "Claims Portal", "Claims Portall"]):
        sources.vm(f"web{number:02d}", application_names=[name])
    outcome = sources.resolve()
    assert outcome.inventory.loc[outcome.inventory["asset_type"] == "application", "name"].tolist() == ["Claims Portal"]


def test_an_abbreviation_is_known_where_another_source_says_the_name(sources: Sources) -> None:
    claims = sources.application("Claims Portal")
    vm = sources.vm("web01", bios_uuid=BIOS, application_names=["CLPO"])
    sources.agent("web01", bios_uuid=BIOS, application_names=["Claims Portal"])
    other = sources.vm("web02", application_names=["CLPO"])
    outcome = sources.resolve()
    for one in (vm, other):
        assert outcome.of(one)["application_ids"] == [outcome.of(claims)["asset_id"]]
    assert outcome.conflicts("name") == [("Claims Portal", "CLPO"), ("Claims Portal", "CLPO")]


def test_an_abbreviation_that_nobody_spells_out_stays_an_application(sources: Sources) -> None:
    sources.application("Claims Portal")
    vm = sources.vm("web01", application_names=["CLPO"])
    outcome = sources.resolve()
    assert outcome.of(vm)["application_names"] == ["CLPO"]


@pytest.mark.parametrize(
    ("short", "full", "expected"),
    [
        ("clpo", "Claims Portal", True),
        ("clpo", "EMEA Claims Portal", True),
        ("sape", "SAP ERP", True),
        ("cl02", "Claims Portal", True),
        ("poc", "Claims Portal", False),
        ("02", "Claims Portal", False),
        ("portal", "Portal", False),
    ],
)
def test_what_abbreviates_a_name(short: str, full: str, expected: bool) -> None:
    assert abbreviates(short, full) is expected


# Relations


@pytest.mark.parametrize(
    "kind", ["Runs on::Runs", "Depends on::Used by", "contains :: contained by", "Hosted on::Hosts"]
)
def test_relations_make_servers_and_databases_parts_of_applications(sources: Sources, kind: str) -> None:
    claims = sources.application("Claims Portal", external_id="ab" * 16)
    server = sources.item("web01")
    database = sources.database("CLPO@db01", external_id="cd" * 16)
    sources.relation("Claims Portal", kind, "WEB01")
    sources.relation("cd" * 16, kind, "AB" * 16)
    outcome = sources.resolve()
    expected = [outcome.of(claims)["asset_id"]]
    assert outcome.of(server)["application_ids"] == expected
    assert outcome.of(database)["application_ids"] == expected
    assert outcome.of(database)["application_names"] == ["Claims Portal"]


def test_other_relations_and_unknown_ends_make_nothing_a_part(sources: Sources) -> None:
    sources.application("Claims Portal")
    server = sources.item("web01")
    sources.relation("Claims Portal", "Connects to::Connected by", "web01")
    sources.relation("Claims Portal", "Runs on::Runs", "decom-77")
    outcome = sources.resolve()
    assert outcome.of(server)["application_ids"] == []
    assert len(outcome.inventory) == 2


def test_a_relation_with_a_name_of_two_servers_states_nothing(sources: Sources) -> None:
    sources.application("Claims Portal")
    servers = [sources.item("web01", serial_number=serial) for serial in ("CZJ1", "CZJ2")]
    sources.relation("Claims Portal", "Runs on::Runs", "web01")
    outcome = sources.resolve()
    assert [outcome.of(one)["application_ids"] for one in servers] == [[], []]


def test_an_application_list_may_name_its_rows_in_the_column_of_applications(sources: Sources) -> None:
    listed = sources.record("generic", "application", application_names=["Claims Portal"], owner="Ann")
    vm = sources.vm("web01", application_names=["Claims Portal"])
    outcome = sources.resolve()
    assert outcome.of(listed)["name"] == "Claims Portal"
    assert outcome.of(vm)["application_ids"] == [outcome.of(listed)["asset_id"]]
