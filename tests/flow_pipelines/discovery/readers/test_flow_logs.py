from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.flow_pipelines.discovery.readers.importing import import_text, rejections, rows

FLOW = "2 123456789010 eni-1235b8ca123456789 {} {} {} {} 6 20 {} 1418530010 1418530070 {} {}"
VPC = [
    FLOW.format("10.0.0.5", "10.0.0.9", 50123, 443, 100, "ACCEPT", "OK"),
    FLOW.format("10.0.0.9", "10.0.0.5", 443, 50123, 900, "ACCEPT", "OK"),
    FLOW.format("10.0.0.5", "10.0.0.9", 50124, 443, 7, "REJECT", "OK"),
    FLOW.format("10.0.0.5", "10.0.0.9", 50125, 22, 7, "REJECT", "OK"),
    "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
]
HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
ZEEK_FIELDS = [
    "ts",
    "uid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
]
ZEEK = [
    ["1258531221.5", "Ca", "10.0.0.1", "50001", "10.0.0.2", "443", "tcp", "301", "300", "SF"],
    ["1258531222.5", "Cb", "10.0.0.1", "50002", "10.0.0.2", "443", "tcp", "-", "7", "SF"],
    ["1258531223.5", "Cc", "10.0.0.1", "50003", "10.0.0.2", "22", "tcp", "-", "-", "REJ"],
    ["1258531224.5", "Cd", "10.0.0.1", "50003", "10.0.0.2", "514", "udp", "9", "-", "S0"],
]


def zeek(fields: list[str], table: list[list[str]]) -> str:
    lines = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn"]
    lines += ["#fields\t" + "\t".join(fields), "#types\t" + "\t".join("string" for _ in fields)]
    return "\n".join([*lines, *("\t".join(row) for row in table), "#close\t2014-05-23-18-02-35\n"])


@pytest.mark.parametrize(
    "text", ["\n".join(VPC), "\n".join([HEADER, *VPC]), "\n".join(f"2025-01-01T00:00:00.000Z {one}" for one in VPC)]
)
def test_vpc_flow_logs_name_the_opening_side_first_and_leave_out_what_is_no_connection(
    tmp_path: Path, text: str
) -> None:
    result = import_text(tmp_path, text, "log")
    assert (result.sheets[0].source_format, result.sheets[0].rows) == ("aws_vpc_flow_logs", 5)
    ((_, values),) = rows(result)
    ends = [values[name] for name in ("srcaddr", "dstaddr", "dstport", "bytes")]
    assert ends == ["10.0.0.5", "10.0.0.9", "443", "1000"]
    assert result.imported_records["row_count"].tolist() == [2]
    assert result.imported_records["observed_from"].iloc[0] == pd.Timestamp(1418530010, unit="s", tz="UTC")
    counted = dict(zip(result.rejected_records["reason_code"], result.rejected_records["row_count"], strict=True))
    assert counted == {"refused_connection": 2, "nothing_recorded": 1}


def test_vpc_flow_logs_of_any_field_order_are_read_and_the_packets_own_address_is_turned_too(tmp_path: Path) -> None:
    text = (
        "vpc-id dstaddr srcaddr dstport srcport protocol pkt-srcaddr pkt-dstaddr bytes log-status\n"
        "vpc-1 10.0.0.9 10.0.0.5 443 50123 6 10.9.9.9 10.0.0.9 1 OK\n"
        "vpc-1 10.0.0.5 10.0.0.9 50123 443 6 10.0.0.9 10.9.9.9 2 OK\n"
    )
    ((_, values),) = rows(import_text(tmp_path, text, "log"))
    assert values["pkt-srcaddr"] == "10.9.9.9"
    assert (values["srcaddr"], values["dstport"], values["bytes"]) == ("10.0.0.5", "443", "3")


def test_vpc_flow_logs_with_renamed_columns_are_turned_too(tmp_path: Path) -> None:
    text = (
        "interface-id,log-status,source_ip,dstaddr,srcport,dstport,protocol,bytes\n"
        "eni-1,OK,10.0.0.5,10.0.0.9,50123,443,6,1\neni-1,OK,10.0.0.9,10.0.0.5,443,50123,6,2\n"
    )
    ((_, values),) = rows(import_text(tmp_path, text, "log"))
    assert (values["source_ip"], values["dstport"], values["bytes"]) == ("10.0.0.5", "443", "3")


def test_zeek_logs_are_read_by_their_fields_whether_in_columns_or_in_json(tmp_path: Path) -> None:
    lines = [json.dumps({k: v for k, v in zip(ZEEK_FIELDS, row, strict=True) if v != "-"}) for row in ZEEK]
    for text in (zeek(ZEEK_FIELDS, ZEEK), "\n".join(lines)):
        result = import_text(tmp_path, text, "log")
        assert (result.sheets[0].source_format, result.sheets[0].rows) == ("zeek", 4)
        found = [
            (values["id.resp_p"], values.get("orig_bytes"), values.get("resp_bytes")) for _, values in rows(result)
        ]
        assert found == [("443", "301", "307"), ("514", "9", None)]
        assert [code for _, code in rejections(result)] == ["refused_connection"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_zeek_logs_saved_by_an_editor_lose_no_row(tmp_path: Path, encoding: str) -> None:
    result = import_text(tmp_path, zeek(ZEEK_FIELDS, ZEEK).encode(encoding), "log")
    assert result.sheets[0].rows == 4


def test_zeek_logs_of_two_days_in_one_file_may_have_different_columns(tmp_path: Path) -> None:
    order = [4, 5, 2, 3, 0, 1, 6, 7, 8, 9]
    second = zeek([ZEEK_FIELDS[place] for place in order], [[row[place] for place in order] for row in ZEEK])
    result = import_text(tmp_path, zeek(ZEEK_FIELDS, ZEEK) + second, "log")
    assert result.imported_records["row_count"].sum() == 6
    assert {values["id.orig_h"] for _, values in rows(result)} == {"10.0.0.1"}
    assert len(rows(result)) == 2


def test_flow_logs_whose_ports_have_other_names_are_turned_too(tmp_path: Path) -> None:
    header = HEADER.replace("srcport dstport", "sport dport").replace(" ", ",")
    text = "\n".join([header, *(one.replace(" ", ",") for one in VPC[:2])])
    records = import_text(tmp_path, text, "flows.csv").imported_records
    assert records["row_count"].tolist() == [2]
    cells = records["raw_values"].iloc[0]
    assert (cells["srcaddr"], cells["dstaddr"], cells["dport"]) == ("10.0.0.5", "10.0.0.9", "443")
