from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.discovery.identity.keys import read_serial, read_uuid, swap_bytes
from flow_pipelines.discovery.identity.names import are_close, base_name, compact, split_host

NAMES = st.text(st.sampled_from("abcw01289-_. "), max_size=12)


@pytest.mark.parametrize(
    ("text", "is_host", "expected"),
    [
        ("WEB01", False, ("web01", "")),
        ("web01.Corp.Example.", False, ("web01", "corp.example")),
        ("web01.corp", True, ("web01", "corp")),
        ("erp.prod", False, ("erp.prod", "")),
        ("erp.1.2", False, ("erp.1.2", "")),
        ("10.1.2.3", False, ("", "")),
        ("fe80::1", True, ("", "")),
        ("web01 (corp.example)", False, ("web01 (corp.example)", "")),
    ],
)
def test_host_and_domain(text: str, is_host: bool, expected: tuple[str, str]) -> None:
    assert split_host(text, is_host=is_host, domains=()) == expected


def test_a_domain_of_the_enterprise_may_be_one_word() -> None:
    assert split_host("web01.corp", is_host=False, domains={"corp"}) == ("web01", "corp")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web01 (do not reboot)", "web01"),
        ("WEB01-old", "web01"),
        ("web01_migrated-old", "web01"),
        ("web01.corp.example-new", "web01"),
        ("web01-clone", "web01-clone"),
        ("threshold", "threshold"),
        ("old", "old"),
    ],
)
def test_base_name(name: str, expected: str) -> None:
    assert base_name(name) == expected


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        ("lonwpclmaap01", "lonwpclmap01", True),
        ("lonwpclmaap01", "lonwpclamap01", True),
        ("srv-web01", "srvweb01", True),
        ("claims portal", "clams portal", True),
        ("web01", "web02", False),
        ("web01", "web1", False),
        ("srv-1-12", "srv-11-2", False),
        ("app-a01", "app-b01", False),
        ("claims portal", "clams protal", False),
        ("", "", False),
    ],
)
def test_close_names(name: str, other: str, expected: bool) -> None:
    assert are_close(name, other) is expected


@given(NAMES, NAMES)
def test_close_names_have_the_same_digits_either_way_round(name: str, other: str) -> None:
    assert are_close(name, other) is are_close(other, name)
    if are_close(name, other):
        assert [one for one in name if one.isdigit()] == [one for one in other if one.isdigit()]


@given(NAMES)
def test_reading_a_name_twice_reads_the_same(name: str) -> None:
    host, _ = split_host(name, is_host=True, domains=())
    assert compact(compact(name)) == compact(name)
    assert base_name(base_name(host)) == base_name(host)


@given(st.uuids())
def test_a_uuid_reads_the_same_in_both_byte_orders_and_out_of_a_serial_number(uuid: object) -> None:
    digits = str(uuid).replace("-", "")
    swapped = swap_bytes(digits)
    assert swap_bytes(swapped) == digits
    assert read_uuid(str(uuid).upper()) == read_uuid(swapped) == read_uuid(f"{{{uuid}}}")
    pairs = [digits[place : place + 2].upper() for place in range(0, 32, 2)]
    assert read_serial(f"VMware-{' '.join(pairs[:8])}-{' '.join(pairs[8:])}") == (read_uuid(digits), "")


@pytest.mark.parametrize("text", ["", "n/a", "1234", "00000000-0000-0000-0000-000000000000", "x" * 32])
def test_what_is_no_uuid(text: str) -> None:
    assert read_uuid(text) == ""


@pytest.mark.parametrize("text", ["None", "0", "System Serial Number", "Default string", "-"])
def test_what_is_no_serial_number(text: str) -> None:
    assert read_serial(text) == ("", "")
