from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.reference.aliases import (
    HeaderMatch,
    aliases,
    attribute_of_header,
    attributes_told_by_values,
    canonical_words,
    means_nothing_known,
)
from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.header_words import dimension_of, parse_header
from flow_pipelines.tables.discovery import RECORD_TYPES

MAPPABLE = {attribute.name: attribute for attribute in ATTRIBUTES if not attribute.derived}


def spelling(header: str) -> str:
    return "".join(parse_header(header).words)


@pytest.mark.parametrize("family", sorted(set(aliases().family_of.values())))
def test_no_alias_belongs_to_two_attributes_of_one_family(family: str) -> None:
    owners = defaultdict(set)
    for attribute, names in aliases().names[family].items():
        for name in names.names:
            owners[spelling(name), ""].add(attribute)
        for name in names.with_unit:
            owners[spelling(name), dimension_of(MAPPABLE[attribute].unit)].add(attribute)

    assert {alias: attributes for alias, attributes in owners.items() if len(attributes) > 1} == {}


def test_every_record_type_has_a_family_and_every_mappable_attribute_aliases() -> None:
    named = {attribute for names in aliases().names.values() for attribute in names}

    assert set(aliases().family_of) == set(RECORD_TYPES)
    assert named == set(MAPPABLE)


def test_what_values_may_tell_is_what_a_family_has_names_for() -> None:
    for family, headers in aliases().told_by_values.items():
        assert {attribute for told in headers.values() for attribute in told} <= set(aliases().names[family])


@pytest.mark.parametrize("record_type", sorted(aliases().family_of))
def test_finds_every_alias_under_its_attribute_however_it_is_written(record_type: str) -> None:
    for attribute, names in aliases().names[aliases().family_of[record_type]].items():
        for name in names.names:
            for written in (name, name.upper(), f"*{name.replace(' ', '_')}"):
                told = attributes_told_by_values(written, record_type=record_type)
                match = attribute_of_header(written, record_type=record_type)
                assert attribute in told or (match is not None and match.attribute == attribute), written


@pytest.mark.parametrize(
    ("header", "attribute", "unit"),
    [
        ("ram_gb", "memory_mib", "GB"),
        ("RamInGB", "memory_mib", "GB"),
        ("Memory [GB]", "memory_mib", "GB"),
        ("*Memory (In MB)", "memory_mib", "MB"),
        ("CPU %", "cpu_usage_percent_average", "percent"),
        ("CPU (MHz)", "cpu_speed_mhz", "MHz"),
        ("CPUs", "cpu_count", None),
        ("Disks", "disk_count", None),
        ("Disks (GB)", "storage_allocated_gib", "GB"),
        ("Memory usage (MB)", "memory_used_mib_average", "MB"),
        ("Memory usage %", "memory_usage_percent_average", "percent"),
        ("u_server_owner", "owner", None),
        ("tag:Environment", "environment", None),
        ("owned_by.name", "owner", None),
        ("IP Address 4", "ip_addresses", None),
        ("IP-Adresse", "ip_addresses", None),
        ("Numéro de série", "serial_number", None),
        ("Centro de Custo", "cost_center", None),
        ("Betriebssystem", "operating_system", None),
        ("src_ip", "source_address", None),
        ("DSTPORT", "destination_port", None),
    ],
)
def test_reads_the_headers_of_exports_and_spreadsheets(header: str, attribute: str, unit: str | None) -> None:
    assert attribute_of_header(header) == HeaderMatch(attribute, unit)


def test_a_header_means_what_it_means_for_the_records_of_its_sheet() -> None:
    def meaning(header: str, record_type: str) -> str | None:
        match = attribute_of_header(header, record_type=record_type)
        return match.attribute if match else None

    assert meaning("Application", "server") == "application_names"
    assert meaning("Application", "application") == "name"
    assert meaning("Capacity (GB)", "server") == "storage_allocated_gib"
    assert meaning("Capacity (GB)", "server_disk") == "disk_size_gib"
    assert meaning("Version", "database") == "database_version"
    assert meaning("Server", "connection") == "destination_name"
    assert meaning("Owner", "connection") is None


@pytest.mark.parametrize(
    "header", ["", "  ", "%", "Snapshots (GB)", "Project name", "Frobnication", "Serial number (MB)"]
)
def test_claims_nothing_about_headers_that_are_no_aliases(header: str) -> None:
    assert attribute_of_header(header) is None


def test_knows_well_known_headers_that_no_attribute_fits() -> None:
    assert means_nothing_known("sys_mod_count")
    assert means_nothing_known("Target instance type")
    assert not means_nothing_known("Server name")


def test_canonical_words_are_written_out_singular_and_without_unit() -> None:
    assert canonical_words("VM.RamInMB") == ("virtual", "machine", "memory")
    assert canonical_words("IP_Addrs") == ("ip", "address")


@given(st.text(max_size=60))
def test_looks_any_text_up_without_failing_and_alike_in_any_case_of_separators(header: str) -> None:
    match = attribute_of_header(header)

    assert match is None or match.attribute in MAPPABLE
    assert attribute_of_header(f"  {header}\ufeff ") == match
