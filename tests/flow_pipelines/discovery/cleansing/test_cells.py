"""Single cells of every family: what a cell comes to in its column's light."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.discovery.cleansing.cells import Cleansed
from flow_pipelines.discovery.cleansing.columns import cleanse_column
from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.vocabularies import vocabularies
from flow_pipelines.settings import EngagementSettings

SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))
MAPPABLE = [attribute.name for attribute in ATTRIBUTES if not attribute.derived]


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
        ("1,024", "memory_mib", "MiB", 1024.0),
        ("4.0", "cpu_count", None, 4),
        ("-1", "memory_mib", "MB", None),
        ("1e9999", "cpu_count", None, None),
        ("16 parsec", "memory_mib", "MB", None),
        ("16", "memory_mib", "parsec", None),
        ("8", "network_in_kib_per_second_average", "Mbit/s", 976.5625),
        ("150", "cpu_usage_percent_peak", None, None),
        ("eight", "cpu_count", None, None),
        ("70000", "destination_port", None, None),
        ("10.1.2.3", "ip_addresses", None, ["10.1.2.3"]),
        ("10.1.2.4; 10.1.2.3,10.1.2.4", "ip_addresses", None, ["10.1.2.3", "10.1.2.4"]),
        ("10.1.2.3/24", "ip_addresses", None, ["10.1.2.3"]),
        ("2001:DB8:0::1", "ip_addresses", None, ["2001:db8::1"]),
        ("127.0.0.1, fe80::1, 0.0.0.0", "ip_addresses", None, None),
        ("10.1.2.999", "ip_addresses", None, None),
        ("00-50-56-AB-CD-EF", "mac_addresses", None, ["00:50:56:ab:cd:ef"]),
        ("0050.56ab.cdef", "mac_addresses", None, ["00:50:56:ab:cd:ef"]),
        ("00:00:00:00:00:00", "mac_addresses", None, None),
        ("{420A1B2C-0000-1111-2222-333344445555}", "vm_uuid", None, "420a1b2c-0000-1111-2222-333344445555"),
        ("00000000-0000-0000-0000-000000000000", "bios_uuid", None, None),
        ("To Be Filled By O.E.M.", "serial_number", None, None),
        ("vmware-42 1a", "serial_number", None, "VMWARE-42 1A"),
        ("WEB01.Corp.Example.COM.", "host_name", None, "web01"),
        ("WEB01.Corp.Example.COM.", "fqdn", None, "web01.corp.example.com"),
        ("web01", "fqdn", None, None),
        ("Produktion", "environment", None, "production"),
        ("PROD", "environment", None, "production"),
        ("pré-production", "environment", None, "staging"),
        ("Desarrollo", "environment", None, "development"),
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
        ("perhaps", "is_virtual", None, None),
        ("CRM; Billing ,crm", "application_names", None, ["Billing", "CRM"]),
        ("zone:1, critical=yes", "tags", None, ["critical:yes", "zone:1"]),
        ("John Smith <J.Smith@x.example>", "owner", None, "John Smith"),
        ("John Smith <J.Smith@x.example>", "owner_email", None, "j.smith@x.example"),
        ("  two   words ", "location", None, "two words"),
        ("#REF!", "location", None, None),
        ("unbekannt", "owner", None, None),
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
        ("45322", (), date(2024, 1, 31)),
        ("1706702400", (), date(2024, 1, 31)),
        ("1706702400000", (), date(2024, 1, 31)),
        ("00/00/0000", (), None),
        ("2023-13-45", (), None),
        ("soon", (), None),
    ],
)
def test_a_date_is_read_in_the_light_of_its_column(cell: str, others: tuple[str, ...], expected: date | None) -> None:
    assert cleansed(cell, "installed_date", None, *others).value == expected


def test_times_are_utc() -> None:
    value = cleansed("2024-01-31T12:00:00+02:00", "last_discovered").value
    assert str(value) == "2024-01-31 10:00:00+00:00"
    assert str(cleansed("1/31/2024 1:05 PM", "last_discovered").value) == "2024-01-31 13:05:00+00:00"


@pytest.mark.parametrize(("others", "expected"), [(("7,25", "0,5"), 1.5), (("1,024", "2,048.5"), None)])
def test_the_column_tells_the_decimal_mark(others: tuple[str, ...], expected: float | None) -> None:
    if expected is not None:
        assert cleansed("1,5", "storage_used_gib", "GB", *others).value == expected
    else:
        assert cleansed("1,536", "storage_used_gib", "GB", *others).value == 1536.0


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
    cell=st.text(min_size=1, max_size=40), attribute=st.sampled_from(MAPPABLE), unit=st.sampled_from([None, "GB", "%"])
)
def test_no_text_at_all_stops_the_run(cell: str, attribute: str, unit: str | None) -> None:
    result = cleansed(cell, attribute, unit)
    assert result.value is not None or result.rule is not None or not cell.strip()


@given(cell=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), attribute=st.sampled_from(MAPPABLE))
def test_cleansing_what_is_cleansed_changes_nothing(cell: str, attribute: str) -> None:
    first = cleansed(cell, attribute)
    if isinstance(first.value, str) and not vocabularies().is_missing(first.value):
        again = cleansed(first.value, attribute)
        assert again.value == first.value


def test_every_word_of_every_list_is_known_and_no_word_for_nothing_is_a_value() -> None:
    known = vocabularies()
    for name, words in known.values.items():
        for word, value in words.items():
            assert known.value(name, word.upper()) == value
    assert known.value("environment", "-") is None
    assert known.is_missing(" N/A ")
