from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.data_import import ImportResult
from tests.flow_pipelines.discovery.readers.importing import import_text, rejections, rows

SERVERS: list[dict[str, Any]] = [
    {"hostname": "web01", "ip": "10.0.0.1", "os": {"name": "RHEL", "version": "8.10"}, "ram_gb": 16},
    {"hostname": "web02", "ip": ["10.0.0.2", "10.0.0.3"], "virtual": True, "note": None},
]
EXPECTED = [
    {"hostname": "web01", "ip": "10.0.0.1", "os.name": "RHEL", "os.version": "8.10", "ram_gb": "16"},
    {"hostname": "web02", "ip": "10.0.0.2; 10.0.0.3", "virtual": "true"},
]


def by_sheet(result: ImportResult, sheet: str) -> list[tuple[str, dict[str, str]]]:
    chosen = result.imported_records[result.imported_records["sheet"] == sheet].sort_values("row_number")
    return list(zip(chosen["record_type"], chosen["raw_values"], strict=True))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SERVERS),
        json.dumps(SERVERS, indent=2),
        "\n".join(map(json.dumps, SERVERS)),
        "\r\n\r\n".join(map(json.dumps, SERVERS)) + "\r\n",
        "\n".join(json.dumps(server, indent=4) for server in SERVERS),
        json.dumps({"count": 2, "next": None, "results": SERVERS}),
        json.dumps({"data": {"page": 1, "servers": SERVERS}}),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_objects_are_rows_however_a_document_holds_them(tmp_path: Path, text: str, encoding: str) -> None:
    result = import_text(tmp_path, text.encode(encoding), "export")
    assert [values for _, values in rows(result)] == EXPECTED
    assert set(result.imported_records["record_type"]) == {"server"}


def test_lists_of_a_document_are_tables_of_their_own(tmp_path: Path) -> None:
    applications = [{"name": "shop", "owner": "Ann"}, {"name": "crm", "owner": "Bob"}]
    result = import_text(tmp_path, json.dumps({"servers": SERVERS, "applications": applications}))
    assert [(sheet.sheet, sheet.record_type) for sheet in result.sheets] == [
        ("servers", "server"),
        ("applications", "application"),
    ]


def test_disks_and_adapters_within_a_server_are_details_that_name_it(tmp_path: Path) -> None:
    server = {
        "hostname": "web01",
        "ip": "10.0.0.1",
        "disks": [{"name": "sda", "size_gb": 50}, {"name": "sdb", "size_gb": 100}],
        "hardware": {"networkInterfaces": [{"name": "eth0", "mac": "00:50:56:00:00:01"}]},
        "software": [{"name": "nginx", "version": "1.2"}],
    }
    result = import_text(tmp_path, json.dumps([server]))
    assert by_sheet(result, "disks") == [
        ("server_disk", {"hostname": "web01", "disks.name": "sda", "size_gb": "50"}),
        ("server_disk", {"hostname": "web01", "disks.name": "sdb", "size_gb": "100"}),
    ]
    assert by_sheet(result, "hardware.networkInterfaces") == [
        ("server_network", {"hostname": "web01", "networkInterfaces.name": "eth0", "mac": "00:50:56:00:00:01"})
    ]
    unused = result.rejected_records.iloc[0]
    assert (unused["sheet"], unused["reason_code"], unused["row_count"]) == ("software", "details_unknown", 1)


def test_instances_within_reservations_are_servers(tmp_path: Path) -> None:
    instance = {"InstanceId": "i-1", "PrivateIpAddress": "10.0.0.1", "Tags": [{"Key": "env", "Value": "prod"}]}
    result = import_text(tmp_path, json.dumps({"Reservations": [{"OwnerId": "12", "Instances": [instance]}]}))
    assert by_sheet(result, "Reservations.Instances") == [
        ("server", {"InstanceId": "i-1", "PrivateIpAddress": "10.0.0.1", "Tags": "env:prod"})
    ]


def test_a_map_of_names_and_a_table_of_lists_are_read_too(tmp_path: Path) -> None:
    facts = {"web01": {"ip": "10.0.0.1", "os": "AIX"}, "web02": {"ip": "10.0.0.2", "os": "AIX"}}
    assert [values["name"] for _, values in rows(import_text(tmp_path, json.dumps(facts)))] == ["web01", "web02"]
    split = {"columns": ["hostname", "ip"], "data": [["web01", "10.0.0.1"], ["web02", "10.0.0.2"]]}
    assert [values["hostname"] for _, values in rows(import_text(tmp_path, json.dumps(split)))] == ["web01", "web02"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_broken_object_costs_its_own_row_and_no_other(tmp_path: Path, indent: int | None) -> None:
    servers = [{"hostname": f"web{number:02}", "ip": f"10.0.0.{number}"} for number in range(1, 6)]
    text = ",\n".join(json.dumps(server, indent=indent) for server in servers)
    text = f"[\n{text}\n]".replace('"10.0.0.3"', '"10.0.0.3')
    result = import_text(tmp_path, text)
    assert rejections(result) == [(3, "broken_json")]
    assert [values["hostname"] for _, values in rows(result)] == ["web01", "web02", "web04", "web05"]


def test_numbers_keep_every_digit_and_plain_form(tmp_path: Path) -> None:
    numbers = '"id": 12345678901234567890123, "load": 0.10, "size": 1.5e3, "x": 1e99999'
    text = f'[{{"hostname": "a", "ip": "10.0.0.1", {numbers}}}]'
    assert rows(import_text(tmp_path, text))[0][1] == {
        "hostname": "a",
        "ip": "10.0.0.1",
        "id": "12345678901234567890123",
        "load": "0.10",
        "size": "1500",
        "x": "1e99999",
    }


def test_connections_in_json_fold_like_those_in_text(tmp_path: Path) -> None:
    table = [{"src_ip": f"10.0.0.{n % 3}", "dst_ip": "10.0.1.1", "dst_port": 443, "bytes": n} for n in range(9)]
    lines = "\n".join(map(json.dumps, table)) + "\n{broken\n"
    text = "src_ip,dst_ip,dst_port,bytes\n" + "\n".join(",".join(map(str, row.values())) for row in table)
    from_json, from_text = import_text(tmp_path, lines, "a.json"), import_text(tmp_path, text, "a.csv")
    assert [values for _, values in rows(from_json)] == [values for _, values in rows(from_text)]
    assert rejections(from_json) == [(10, "broken_json")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", "empty_file"),
        ("{}", "empty_file"),
        ('["web01", "web02"]', "not_an_object"),
        ("[" * 50_000 + "]" * 50_000, "nested_too_deep"),
        (json.dumps([{f"key {number}": 1} for number in range(5_000)]), "too_many_columns"),
    ],
)
def test_what_holds_no_rows_is_rejected_with_the_reason(tmp_path: Path, text: str, code: str) -> None:
    result = import_text(tmp_path, text)
    assert result.imported_records.empty
    assert set(result.rejected_records["reason_code"]) == {code}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_document_is_accounted_for(tmp_path: Path, value: object) -> None:
    result = import_text(tmp_path, json.dumps([value, {"hostname": "web01", "ip": "10.0.0.1"}]))
    assert len(result.imported_records) + len(result.rejected_records) > 0


def test_a_long_name_around_many_values_is_not_written_once_for_each(tmp_path: Path) -> None:
    around = {"x" * 5_000: {f"value {number}": number for number in range(2_000)}}
    [(_, row)] = rows(import_text(tmp_path, json.dumps([{"hostname": "web01", **around}]), "servers.json"))
    assert row["hostname"] == "web01"
    [inner] = [json.loads(cell) for name, cell in row.items() if name != "hostname"]
    assert len(inner) == 2_000
