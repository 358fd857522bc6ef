"""Single cells of every family: what a cell comes to in its column's light."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.cleansing.cells import Cleansed
from flow_pipelines.discovery.cleansing.columns import NEVER_MISSING, cleanse_column
from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.vocabularies import vocabularies
from flow_pipelines.settings import EngagementSettings

SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))
LIKELY = st.from_regex(
    r"[0-9]{1,4}[ .,:/-]{0,2}[0-9a-f]{0,4}[ .,:/-]{0,2}[0-9]{0,4} ?(GB|%|MHz|PM|Jan|x)?", fullmatch=True
)
MAPPABLE = [attribute.name for attribute in ATTRIBUTES if not attribute.derived]


def rendered(value: object) -> str:
    """Write a value as its canonical text."""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:.17g}" if isinstance(value, float) else str(value)


def cleansed(cell: str, attribute: str, unit: str | None = None, *others: str) -> Cleansed:
    """Cleanse one cell of a column that holds others too."""
    return cleanse_column([cell, *others], attribute, unit, SETTINGS)[0]


@pytest.mark.parametrize(
    ("cell", "attribute", "unit", "expected"),
    [
        ("4096", "memory_mib", "MiB", 4096.0),
        ("16384", "memory_mib", "MB", 16384.0),
        ("16 GB", "memory_mib", "MB", 16384.0),
        ("16GiB", "memory_mib", None, 16384.0),
        ("61,2 GiB", "memory_mib", None, 62668.8),
        ("1.5 TB", "storage_allocated_gib", "GB", 1536.0),
        ("102400", "storage_used_gib", "MiB", 100.0),
        ("17179869184", "memory_mib", "bytes", 16384.0),
        ("2.4GHz", "cpu_speed_mhz", None, 2400.0),
        ("12.5%", "cpu_usage_percent_average", None, 12.5),
        ("61.2 GiB / 127 GiB", "memory_used_mib_average", None, 62668.8),
        ("61.2 GiB / 127 GiB", "memory_mib", None, 130048.0),
        ("61.2 / 127 GiB", "memory_used_mib_average", "MB", 62668.8),
        ("12 of 16 GB", "memory_mib", None, 16384.0),
        ("0", "memory_used_mib_average", "MiB", 0.0),
        ("16G", "memory_mib", "MB", 16384.0),
        ("8 Go", "memory_mib", None, 8192.0),
        ("1 PB", "storage_allocated_gib", None, 1048576.0),
        ("8", "network_in_kib_per_second_average", "Mbit/s", 976.5625),
        ("8 Mbps", "network_in_kib_per_second_average", None, 976.5625),
        ("8 MBps", "network_in_kib_per_second_average", None, 8192.0),
        ("120 IOPS", "disk_read_operations_per_second_average", None, 120.0),
        ("0.5", "cpu_usage_percent_average", "fraction", 50.0),
        ("0,125", "storage_used_gib", "GB", 0.125),
        ("1,024", "memory_mib", "MiB", 1024.0),
        ("1'234'567", "memory_mib", "MiB", 1234567.0),
        ("1\u202f024", "memory_mib", "MiB", 1024.0),
        ("1.234.567,5", "memory_mib", "MiB", 1234567.5),
        ("10,24,000", "memory_mib", "MiB", 1024000.0),
        ("1,234,567.25", "cost_per_year", None, 1234567.25),
        ("€ 1,200.50", "cost_per_year", None, 1200.5),
        ("1200 EUR", "cost_per_year", None, 1200.0),
        ("8 vCPU", "cpu_count", None, 8),
        ("2.6", "cpu_count", None, 3),
        ("3 GHz", "cpu_count", None, None),
        ("2/8", "cpu_count", None, None),
        ("10.1.2.3", "cpu_count", None, None),
        ("50 %", "memory_mib", None, None),
        ("4096", "memory_mib", "percent", None),
        ("4.0", "cpu_count", None, 4),
        ("-1", "memory_mib", "MB", None),
        ("1e9999", "cpu_count", None, None),
        ("16 parsec", "memory_mib", "MB", None),
        ("16", "memory_mib", "parsec", None),
        ("150", "cpu_usage_percent_peak", None, None),
        ("eight", "cpu_count", None, None),
        ("70000", "destination_port", None, None),
        ("10.1.2.3", "ip_addresses", None, ["10.1.2.3"]),
        ("10.1.2.4; 10.1.2.3,10.1.2.4", "ip_addresses", None, ["10.1.2.3", "10.1.2.4"]),
        ("10.1.2.3/24", "ip_addresses", None, ["10.1.2.3"]),
        ("2001:DB8:0::1", "ip_addresses", None, ["2001:db8::1"]),
        ("127.0.0.1, fe80::1, 0.0.0.0", "ip_addresses", None, None),
        ("fe80::1%eth0 10.1.2.3", "ip_addresses", None, ["10.1.2.3"]),
        ("[2001:db8::1]:443", "ip_addresses", None, ["2001:db8::1"]),
        ("::ffff:10.1.2.3", "ip_addresses", None, ["10.1.2.3"]),
        ("10.1.2.3, n/a", "ip_addresses", None, ["10.1.2.3"]),
        ("10.1.2.3:8080", "destination_address", None, "10.1.2.3"),
        ("everywhere", "default_gateway", None, None),
        ("10.1.2.999", "ip_addresses", None, None),
        ("00-50-56-AB-CD-EF", "mac_addresses", None, ["00:50:56:ab:cd:ef"]),
        ("0050.56ab.cdef", "mac_addresses", None, ["00:50:56:ab:cd:ef"]),
        ("0:14:4f:1:2:3", "mac_addresses", None, ["00:14:4f:01:02:03"]),
        ("005056ABCDEF", "mac_addresses", None, ["00:50:56:ab:cd:ef"]),
        ("00:50:56:ab:cd", "mac_addresses", None, None),
        ("00:00:00:00:00:00", "mac_addresses", None, None),
        ("{420A1B2C-0000-1111-2222-333344445555}", "vm_uuid", None, "420a1b2c-0000-1111-2222-333344445555"),
        ("00000000-0000-0000-0000-000000000000", "bios_uuid", None, None),
        ("To Be Filled By O.E.M.", "serial_number", None, None),
        ("vmware-42 1a", "serial_number", None, "VMWARE-42 1A"),
        ("WEB01.Corp.Example.COM.", "host_name", None, "web01"),
        ("WEB01.Corp.Example.COM.", "fqdn", None, "web01.corp.example.com"),
        ("web01", "fqdn", None, None),
        ("app v1.2", "fqdn", None, None),
        ("web01.2", "fqdn", None, None),
        ("10.1.2.3", "host_name", None, None),
        ("web 01 (old)", "host_name", None, None),
        ("localhost.localdomain", "fqdn", None, None),
        ("localhost", "host_name", None, None),
        (".Corp.Example.", "dns_domain", None, "corp.example"),
        ("Produktion", "environment", None, "production"),
        ("PROD", "environment", None, "production"),
        ("pré-production", "environment", None, "staging"),
        ("Desarrollo", "environment", None, "development"),
        ("Développement", "environment", None, "development"),
        ("Testumgebung", "environment", None, "test"),
        ("recette", "environment", None, "staging"),
        ("Recuperación", "environment", None, "disaster recovery"),
        ("produção", "environment", None, "production"),
        ("User Acceptance Testing", "environment", None, "staging"),
        ("homologação", "environment", None, "staging"),
        ("Dev/Test", "environment", None, None),
        ("1 - most critical", "criticality", None, "critical"),
        ("4 - not critical", "criticality", None, "low"),
        ("Gold", "criticality", None, "high"),
        ("poweredOn", "power_state", None, "on"),
        ("6", "lifecycle_status", None, "retired"),
        ("DR Standby", "lifecycle_status", None, "standby"),
        ("17", "protocol", None, "udp"),
        ("Ja", "is_virtual", None, True),
        ("False", "is_template", None, False),
        ("não", "is_template", None, False),
        ("vrai", "is_template", None, True),
        ("sí", "internet_facing", None, True),
        ("falsch", "internet_facing", None, False),
        ("Physical", "is_virtual", None, False),
        ("Virtual Machine", "is_virtual", None, True),
        ("Physical", "internet_facing", None, None),
        ("perhaps", "is_virtual", None, None),
        ("CRM; Billing ,crm", "application_names", None, ["Billing", "CRM"]),
        ("zone:1, critical=yes", "tags", None, ["critical:yes", "zone:1"]),
        ("John Smith <J.Smith@x.example>", "owner", None, "John Smith"),
        ("John Smith <J.Smith@x.example>", "owner_email", None, "j.smith@x.example"),
        ("  two   words ", "location", None, "two words"),
        ("#REF!", "location", None, None),
        ("unbekannt", "owner", None, None),
        ("-- None --", "environment", None, None),
        ("N / A", "criticality", None, None),
        ("...", "location", None, None),
        ("Depends on::Used by", "relation_type", None, "Depends on::Used by"),
        ("ops@x.example", "owner", None, "ops@x.example"),
        ("CRM, n/a", "application_names", None, ["CRM"]),
    ],
)
def test_a_cell_comes_to_its_canonical_value(cell: str, attribute: str, unit: str | None, expected: object) -> None:
    assert cleansed(cell, attribute, unit).value == expected


@pytest.mark.parametrize(
    ("cell", "others", "expected"),
    [
        ("2024-01-31", (), date(2024, 1, 31)),
        ("2024/01/31 12:00:00", (), date(2024, 1, 31)),
        ("31.01.2024", (), date(2024, 1, 31)),
        ("03/04/2024", (), date(2024, 4, 3)),
        ("03/04/2024", ("01/31/2024",), date(2024, 3, 4)),
        ("03/04/2024", ("31/01/2024",), date(2024, 4, 3)),
        ("31-Jan-2024", (), date(2024, 1, 31)),
        ("Jan 31, 2024 10:15 AM", (), date(2024, 1, 31)),
        ("5. März 2024", (), date(2024, 3, 5)),
        ("5 août 2024", (), date(2024, 8, 5)),
        ("5 de mayo de 2024", (), date(2024, 5, 5)),
        ("5 de Fevereiro de 2024", (), date(2024, 2, 5)),
        ("20240131", (), date(2024, 1, 31)),
        ("31/01/24", (), date(2024, 1, 31)),
        ("45322", (), date(2024, 1, 31)),
        ("1706702400", (), date(2024, 1, 31)),
        ("1706702400000", (), date(2024, 1, 31)),
        ("00/00/0000", (), None),
        ("2023-13-45", (), None),
        ("1/1/0001 12:00:00 AM", (), None),
        ("1970-01-01", (), None),
        ("9999-12-31", (), None),
        ("31 Brumaire 2024", (), None),
        ("soon", (), None),
    ],
)
def test_a_date_is_read_in_the_light_of_its_column(cell: str, others: tuple[str, ...], expected: date | None) -> None:
    assert cleansed(cell, "installed_date", None, *others).value == expected


def test_times_are_utc() -> None:
    value = cleansed("2024-01-31T12:00:00+02:00", "last_discovered").value
    assert str(value) == "2024-01-31 10:00:00+00:00"
    assert str(cleansed("1/31/2024 1:05 PM", "last_discovered").value) == "2024-01-31 13:05:00+00:00"


@pytest.mark.parametrize(
    ("cell", "others", "mark", "expected"),
    [
        ("1,500", ("7,25",), ".", 1.5),
        ("1,500", ("0,125",), ".", 1.5),
        ("1,500", ("2,048.5",), ",", 1500.0),
        ("1.500", ("7,25",), ".", 1500.0),
        ("1.500", ("7.25",), ",", 1.5),
        ("1,500", (), ".", 1500.0),
        ("1,500", (), ",", 1.5),
        ("1.500", (), ".", 1.5),
        ("1.500", (), ",", 1500.0),
        ("1.500 GB", ("0,5 GB",), ".", 1500.0),
    ],
)
def test_the_column_tells_the_decimal_mark_else_the_engagement(
    cell: str, others: tuple[str, ...], mark: Literal[".", ","], expected: float
) -> None:
    settings = SETTINGS.model_copy(update={"decimal_mark": mark})
    assert cleanse_column([cell, *others], "storage_used_gib", "GB", settings)[0].value == expected


def test_the_engagement_tells_the_order_of_dates_that_could_be_either() -> None:
    settings = SETTINGS.model_copy(update={"date_order": "month first"})
    assert cleanse_column(["03/04/2024"], "installed_date", None, settings)[0].value == date(2024, 3, 4)
    assert cleanse_column(["03/04/2024", "31/01/2024"], "installed_date", None, settings)[0].value == date(2024, 4, 3)


@pytest.mark.parametrize(
    ("cell", "attribute", "unit", "expected"),
    [
        ("16 GB", "memory_mib", None, "unit_to_mib@1"),
        ("16384 MB", "memory_mib", None, "unit_to_mib@1"),
        ("1,024", "memory_mib", "MiB", "number_format@1"),
        ("61.2 GiB / 127 GiB", "memory_mib", None, "used_of_total@1 + unit_to_mib@1"),
        ("2.6", "cpu_count", None, "number_format@1 + rounded@1"),
        ("1e9999", "memory_mib", None, "out_of_range@1"),
        ("3 GHz", "memory_mib", None, "unknown_unit@1"),
        ("-", "environment", None, "missing_word@1"),
        ("localhost", "host_name", None, "placeholder_host@1"),
    ],
)
def test_the_rule_says_what_was_done(cell: str, attribute: str, unit: str | None, expected: str) -> None:
    assert cleansed(cell, attribute, unit).rule == expected


@pytest.mark.parametrize("attribute", MAPPABLE)
def test_a_word_for_nothing_is_never_a_value(attribute: str) -> None:
    words = [*sorted(vocabularies().missing), "-- None --", "( unknown )", "…", "N.A"]
    results = cleanse_column(words, attribute, None, SETTINGS)
    if attribute not in NEVER_MISSING:
        assert {(result.value, result.rule, result.issue) for result in results} == {(None, "missing_word@1", None)}


def test_issues_quote_long_cells_in_part() -> None:
    issue = cleansed("very " * 5000, "cpu_count").issue
    assert issue is not None
    assert len(issue) < 100


@pytest.mark.parametrize("cell", ["10.1.2.999", "eight", "Dev/Test", "2023-13-45", "perhaps"])
def test_what_is_dropped_is_named_with_its_cell(cell: str) -> None:
    attribute = {"10.1.2.999": "ip_addresses", "eight": "cpu_count", "Dev/Test": "environment",
                 "2023-13-45": "installed_date", "perhaps": "is_virtual"}[cell]  # fmt: skip
    result = cleansed(cell, attribute)
    assert result.value is None
    assert result.rule is not None
    assert repr(cell) in (result.issue or "")


@pytest.mark.parametrize(
    ("cell", "attribute"),
    [("4096", "memory_mib"), ("4", "cpu_count"), ("web01", "host_name"), ("production", "environment"),
     ("10.1.2.3", "ip_addresses"), ("2024-01-31", "installed_date"), ("True", "is_virtual")],
)  # fmt: skip
def test_a_canonical_cell_is_no_change(cell: str, attribute: str) -> None:
    assert cleansed(cell, attribute).rule is None


@given(
    cell=st.one_of(st.text(min_size=1, max_size=40), LIKELY),
    attribute=st.sampled_from(MAPPABLE),
    unit=st.sampled_from([None, "GB", "percent", "Mbit/s", "no unit"]),
)
def test_no_text_at_all_stops_the_run_and_nothing_vanishes_without_a_rule(
    cell: str, attribute: str, unit: str | None
) -> None:
    result = cleansed(cell, attribute, unit)
    assert result.value is not None or result.rule is not None
    assert result.value not in ("", [])
    assert result.issue is None or result.rule is not None


@settings(max_examples=300)
@given(cell=st.one_of(st.text(min_size=1, max_size=30), LIKELY), attribute=st.sampled_from(MAPPABLE))
def test_cleansing_what_is_cleansed_changes_nothing(cell: str, attribute: str) -> None:
    first = cleansed(cell, attribute)
    if first.value is not None:
        again = cleansed(rendered(first.value), attribute)
        assert (again.value, again.rule, again.issue) == (first.value, None, None)


@given(order=st.permutations(["1,5", "2.5", "0,125", "3,14159", "1.234", "7,25", "12"]))
def test_a_column_tells_the_same_whatever_the_order_of_its_cells(order: list[str]) -> None:
    by_cell = dict(zip(order, cleanse_column(order, "storage_used_gib", "GB", SETTINGS), strict=True))
    assert by_cell["1.234"].value == 1234.0
    assert by_cell["2.5"].value == 2.5


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("https", 443), (" MS-SQL-S ", 1433), ("domain/udp", 53), ("no-such-service", None), ("http/https", None)],
)
def test_a_port_may_be_written_as_the_name_of_its_service(cell: str, expected: int | None) -> None:
    assert cleansed(cell, "destination_port").value == expected
