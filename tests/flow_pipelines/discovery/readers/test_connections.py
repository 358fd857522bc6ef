from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.data_import import ImportResult
from flow_pipelines.settings import EngagementSettings
from tests.flow_pipelines.discovery.readers.importing import import_paths, import_text, rejections, rows

HEADER = "timestamp,source_ip,source_port,destination_ip,destination_port,protocol,bytes_sent,packets"
COLUMNS = HEADER.split(",")
KEY = ["source_ip", "destination_ip", "destination_port", "protocol"]


def text_of(table: list[list[str]], *, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="\n").writerows([COLUMNS, *table])
    return out.getvalue()


def folded(result: ImportResult) -> list[tuple[Any, ...]]:
    """The records of a result as plain tuples that can be compared across files."""
    frame = result.imported_records.sort_values("row_number")
    columns = ["row_number", "row_count", "raw_values", "observed_from", "observed_to"]
    return [
        tuple(None if value is pd.NaT else value for value in row) for row in frame[columns].itertuples(index=False)
    ]


def test_a_hundred_thousand_rows_fold_to_what_pandas_folds_them_to(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    size = 100_000
    frame = pd.DataFrame(
        {
            "timestamp": pd.Timestamp("2025-03-01") + pd.to_timedelta(rng.integers(0, 2_000_000, size), unit="s"),
            "source_ip": [
                f"10.0.{a}.{b}" for a, b in zip(rng.integers(0, 9, size), rng.integers(1, 20, size), strict=True)
            ],
            "source_port": rng.integers(1024, 65535, size),
            "destination_ip": [f"10.1.0.{a}" for a in rng.integers(1, 10, size)],
            "destination_port": rng.choice([443, 1433, 53], size),
            "protocol": rng.choice(["tcp", "udp"], size),
            "bytes_sent": rng.integers(0, 10**12, size),
            "packets": rng.integers(1, 900, size),
        }
    )
    path = tmp_path / "connections.csv"
    frame.to_csv(path, index=False)
    result = import_paths(path)
    frame["row_number"] = frame.index + 2
    expected = frame.groupby(KEY, as_index=False).agg(
        row_number=("row_number", "min"),
        row_count=("row_number", "size"),
        bytes_sent=("bytes_sent", "sum"),
        packets=("packets", "sum"),
        observed_from=("timestamp", "min"),
        observed_to=("timestamp", "max"),
    )
    expected = expected.sort_values("row_number", ignore_index=True)
    actual = result.imported_records.sort_values("row_number", ignore_index=True)
    values = pd.DataFrame(actual["raw_values"].tolist())
    for column in [*KEY, "bytes_sent", "packets"]:
        assert values[column].tolist() == expected[column].astype(str).tolist()
    for column in ["row_number", "row_count"]:
        assert actual[column].tolist() == expected[column].tolist()
    for column in ["observed_from", "observed_to"]:
        assert actual[column].dt.tz_localize(None).tolist() == expected[column].tolist()
    assert result.sheets[0].rows == size


CELL = st.sampled_from(
    ["", " ", "10.0.0.1", "10.0.0.2", " 10.0.0.1 ", "443", "tcp", "x,y", 'say "hi"', "7", "7.5", "n-a", "a\nb", "é"]
)
ROW = st.tuples(
    st.sampled_from(["", "2025-01-31 10:00:00", "2025-02-01T11:30:00Z", "1735689600", "soon"]),
    st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.999", "-", ""]),
    st.sampled_from(["", "50000", "50001"]),
    st.sampled_from(["10.0.0.1", "fe80::1", "1.2.3", ""]),
    st.sampled_from(["443", "abc", ""]),
    CELL,
    st.sampled_from(["1", "2.5", "", "n/a", "1,000", "99999999999999999999"]),
    st.sampled_from(["1", "-"]),
).map(list)


@given(st.lists(ROW, min_size=1, max_size=12))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_fold_alike_whether_or_not_the_file_needs_rewriting_first(tmp_path: Path, table: list[list[str]]) -> None:
    in_one_line = [[cell.replace("\n", "~") for cell in row] for row in table]
    as_is = import_text(tmp_path, text_of(in_one_line), "connections.csv")
    for rewritten in (
        text_of(in_one_line, quoting=csv.QUOTE_ALL).encode(),
        text_of(in_one_line).encode("utf-16"),
        text_of([[f" {cell}\t" for cell in row] for row in in_one_line]).encode(),
    ):
        other = import_text(tmp_path, rewritten, "connections.csv")
        assert folded(other) == folded(as_is)
        assert rejections(other) == rejections(as_is)
    in_several_lines = import_text(tmp_path, text_of(table), "connections.csv")
    assert [values for _, values in rows(in_several_lines)] == [
        {column: cell.replace("~", "\n") for column, cell in values.items()} for _, values in rows(as_is)
    ]


@given(st.lists(ROW, min_size=1, max_size=30))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_changes_nothing_but_their_numbers(tmp_path: Path, table: list[list[str]]) -> None:
    shuffled = [table[index] for index in np.random.default_rng(len(table)).permutation(len(table))]

    def content(result: ImportResult) -> list[tuple[str, ...]]:
        return sorted(
            tuple(map(str, (count, sorted(values.items()), *span))) for _, count, values, *span in folded(result)
        )

    assert content(import_text(tmp_path, text_of(table), "c.csv")) == content(
        import_text(tmp_path, text_of(shuffled), "c.csv")
    )


def test_sums_ranges_and_what_all_rows_agree_on_are_kept_and_ephemeral_ports_vanish(tmp_path: Path) -> None:
    text = (
        "id,time,source_ip,source_port,destination_ip,destination_port,protocol,bytes,zone\n"
        "a1,2025-01-02 10:00:00,10.0.0.1,50001,10.0.0.2,443,tcp,100,dmz\n"
        "a2,2025-01-01 10:00:00,10.0.0.1,50002,10.0.0.2,443,tcp,50,dmz\n"
        "a3,2025-01-03 10:00:00,10.0.0.1,50003,10.0.0.2,1433,tcp,7,\n"
    )
    first, second = folded(import_text(tmp_path, text, "c.csv"))
    assert first[:2] == (2, 2)
    assert first[2] == {
        "source_ip": "10.0.0.1",
        "destination_ip": "10.0.0.2",
        "destination_port": "443",
        "protocol": "tcp",
        "bytes": "150",
        "zone": "dmz",
    }
    assert first[3:] == (pd.Timestamp("2025-01-01 10:00", tz="UTC"), pd.Timestamp("2025-01-02 10:00", tz="UTC"))
    assert second[1] == 1


def test_a_measure_that_is_no_number_keeps_its_text_in_a_record_of_its_own(tmp_path: Path) -> None:
    text = "source_ip,destination_ip,destination_port,bytes\n" + "".join(
        f"10.0.0.1,10.0.0.2,443,{cell}\n" for cell in ["10", "12 KB", "12 KB", "5"]
    )
    assert [(count, values["bytes"]) for _, count, values, *_ in folded(import_text(tmp_path, text, "c.csv"))] == [
        (2, "15"),
        (2, "12 KB"),
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2025-04-03T10:00:00+02:00", "2025-04-03 08:00"),
        ("1743674400", "2025-04-03 10:00"),
        ("1743674400000", "2025-04-03 10:00"),
        ("03/04/2025 10:00", "2025-04-03 10:00"),
        ("03.04.2025 10:00:00", "2025-04-03 10:00"),
        ("03/04/2025 10:00:00 AM", "2025-04-03 10:00"),
    ],
)
def test_times_are_read_in_the_forms_that_exports_use(tmp_path: Path, cell: str, expected: str) -> None:
    text = f"source_ip,destination_ip,destination_port,timestamp\n10.0.0.1,10.0.0.2,443,{cell}\n"
    record = import_text(tmp_path, text, "c.csv").imported_records.iloc[0]
    assert record["observed_from"] == record["observed_to"] == pd.Timestamp(expected, tz="UTC")


def test_the_order_of_day_and_month_comes_from_the_column_and_else_from_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    month_first = EngagementSettings(as_of=date(2025, 6, 1), date_order="month first")
    start = "source_ip,destination_ip,destination_port,timestamp\n10.0.0.1,10.0.0.2,443,03/04/2025 10:00\n"
    path.write_text(start, encoding="utf-8")
    assert folded(import_paths(path, settings=month_first))[0][3] == pd.Timestamp("2025-03-04 10:00", tz="UTC")
    path.write_text(start + "10.0.0.1,10.0.0.2,443,25/04/2025 10:00\n", encoding="utf-8")
    assert folded(import_paths(path, settings=month_first))[0][3] == pd.Timestamp("2025-04-03 10:00", tz="UTC")


def test_a_time_that_cannot_be_read_is_kept_as_it_is_and_gives_no_range(tmp_path: Path) -> None:
    text = "source_ip,destination_ip,destination_port,timestamp\n10.0.0.1,10.0.0.2,443,yesterday\n"
    record = import_text(tmp_path, text, "c.csv").imported_records.iloc[0]
    assert record["raw_values"]["timestamp"] == "yesterday"
    assert record["observed_from"] is pd.NaT


def test_a_connection_needs_two_ends_and_says_which_one_it_lacks(tmp_path: Path) -> None:
    text = (
        "source_ip,source_host,destination_ip,destination_port\n"
        "10.1.2.999,,10.0.0.2,443\n"
        "10.1.2.999,,10.0.0.2,443\n"
        "10.1.2.999,web01,10.0.0.2,443\n"
        "10.0.0.1,,-,443\n"
        "10.0.0.1,,10.0.0.2,abc\n"
    )
    result = import_text(tmp_path, text, "c.csv")
    assert rejections(result) == [(2, "malformed_address"), (5, "no_endpoint")]
    malformed = result.rejected_records.set_index("reason_code").loc["malformed_address"]
    assert (malformed["column_name"], malformed["row_count"]) == ("source_ip", 2)
    assert [values.get("source_host") or values["destination_port"] for _, values in rows(result)] == ["web01", "abc"]


def test_rows_that_do_not_fit_the_columns_are_rejected_one_by_one_with_their_lines(tmp_path: Path) -> None:
    text = HEADER + "\n" + "t,10.0.0.1,1,10.0.0.2,443,tcp,1,1,extra\n\n,,,,,,,\nt,10.0.0.1\n" + HEADER + "\nTotal: 7\n"
    result = import_text(tmp_path, text + "t,10.0.0.1,1,10.0.0.2,443,tcp,1,1\n", "c.csv")
    assert rejections(result) == [(2, "too_many_cells"), (5, "too_few_cells"), (6, "repeated_header"), (7, "footer")]
    assert [number for number, _ in rows(result)] == [8]


def test_a_connection_from_a_host_that_is_called_like_a_note_is_no_note(tmp_path: Path) -> None:
    text = "source_host,destination_host,destination_port\nsource-01,web01,\nsource,10.0.0.2,\nSource: NMS,,\n"
    for quoted in (text, text.replace("source-01", '"source-01"')):
        result = import_text(tmp_path, quoted, "c.csv")
        assert rejections(result) == [(4, "footer")]
        assert [values["source_host"] for _, values in rows(result)] == ["source-01", "source"]


def test_more_broken_rows_than_anyone_reads_are_counted_in_one_rejection(tmp_path: Path) -> None:
    text = "source_ip,destination_ip,destination_port\n" + "10.0.0.1,10.0.0.2,443,x\n" * 10_500
    result = import_text(tmp_path, text, "c.csv")
    assert len(result.rejected_records) == 10_001
    rest = result.rejected_records.set_index("reason_code").loc["further_rows"]
    assert (rest["row_number"], rest["row_count"]) == (10_002, 500)


def test_lines_end_alike_on_every_system(tmp_path: Path) -> None:
    text = HEADER + "\n" + "t,10.0.0.1,1,10.0.0.2,443,tcp,1,1\n" * 3
    unix = folded(import_text(tmp_path, text, "c.csv"))
    for other in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), text.replace("\n", "\r\n", 2), text.rstrip()):
        assert folded(import_text(tmp_path, other, "c.csv")) == unix
    assert unix[0][:2] == (2, 3)


def test_connections_in_a_workbook_are_folded_too(tmp_path: Path) -> None:
    path = tmp_path / "flows.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("flows")
        sheet.write_row(2, 0, ["Source IP", "Destination IP", "Destination port", "Bytes sent"])
        sheet.write_row(3, 0, ["10.0.0.1", "10.0.0.2", 443, 10])
        sheet.write_row(4, 0, ["10.0.0.1", "10.0.0.2", 443, 15])
    record = import_paths(path).imported_records.iloc[0]
    assert (record["row_number"], record["row_count"], record["sheet"]) == (4, 2, "flows")
    assert record["raw_values"] == {
        "Source IP": "10.0.0.1",
        "Destination IP": "10.0.0.2",
        "Destination port": "443",
        "Bytes sent": "25",
    }


def test_a_flow_log_of_a_cloud_is_read(tmp_path: Path) -> None:
    text = (
        "version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action\n"
        "2,123,eni-1,10.0.0.1,10.0.0.2,50000,443,6,10,840,1743674400,1743674460,ACCEPT\n"
    )
    record = import_text(tmp_path, text, "flow.csv").imported_records.iloc[0]
    assert record["record_type"] == "connection"
    assert record["observed_to"] - record["observed_from"] == pd.Timedelta(seconds=60)


def test_answers_join_the_connection_that_they_answer_where_both_ports_are_given(tmp_path: Path) -> None:
    text = (
        "source_ip,source_port,destination_ip,destination_port,protocol\n"
        "10.0.0.1,50001,10.0.0.2,443,tcp\n"
        "10.0.0.2,443,10.0.0.1,50001,tcp\n"
        "10.0.0.2,443,10.0.0.1,50002,tcp\n"
    )
    ((_, count, values, *_),) = folded(import_text(tmp_path, text, "c.csv"))
    assert count == 3
    assert (values["source_ip"], values["destination_ip"], values["destination_port"]) == (
        "10.0.0.1",
        "10.0.0.2",
        "443",
    )
