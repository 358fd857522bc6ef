from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook

from flow_pipelines.discovery.readers import workbook as reader
from tests.flow_pipelines.discovery.readers.importing import import_paths, import_text, rejections, rows

HERE = Path(__file__).parent
HEADER = ["Server name", "IP address", "CPUs", "Installed", "Virtual", "Load", "Note"]


def workbook(folder: Path, fill: Callable[[Workbook], None]) -> Path:
    path = folder / "servers.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        fill(book)
    return path


def servers(book: Workbook, name: str = "Servers") -> None:
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["web01", "10.0.0.1"])


def test_cells_become_the_text_that_a_person_would_write(tmp_path: Path) -> None:
    def fill(book: Workbook) -> None:
        sheet = book.add_worksheet("Servers")
        sheet.write_row(0, 0, [*HEADER, "When", "At", "Sum"])
        day, moment, hour = (
            book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm")
        )
        sheet.write_row(1, 0, ["web01", "10.0.0.1", 4])
        sheet.write_datetime(1, 3, datetime(2024, 5, 1, tzinfo=UTC).replace(tzinfo=None), day)
        sheet.write_boolean(1, 4, True)
        sheet.write_number(1, 5, 0.25)
        sheet.write_string(1, 6, "  007 ")
        sheet.write_datetime(1, 7, datetime(2024, 5, 1, 13, 30, tzinfo=UTC).replace(tzinfo=None), moment)
        sheet.write_datetime(1, 8, time(13, 30), hour)
        sheet.write_formula(1, 9, "=2*21", None, 42)

    assert rows(import_paths(workbook(tmp_path, fill))) == [
        (
            2,
            {
                "Server name": "web01",
                "IP address": "10.0.0.1",
                "CPUs": "4",
                "Installed": date(2024, 5, 1).isoformat(),
                "Virtual": "True",
                "Load": "0.25",
                "Note": "007",
                "When": "2024-05-01T13:30:00",
                "At": "13:30:00",
                "Sum": "42",
            },
        )
    ]


def test_row_numbers_are_those_of_the_sheet_below_titles_and_beside_empty_columns(tmp_path: Path) -> None:
    def fill(book: Workbook) -> None:
        sheet = book.add_worksheet("Servers")
        sheet.write(1, 1, "Servers of Acme")
        sheet.write_row(4, 1, HEADER)
        sheet.write_row(6, 1, ["web01", "10.0.0.1"])
        sheet.write(8, 1, "Total: 1")

    result = import_paths(workbook(tmp_path, fill))
    assert rows(result) == [(7, {"Server name": "web01", "IP address": "10.0.0.1"})]
    assert rejections(result) == [(9, "footer")]


def test_hidden_sheets_count_and_empty_sheets_and_charts_do_not(tmp_path: Path) -> None:
    def fill(book: Workbook) -> None:
        servers(book)
        servers(book, "More")
        book.get_worksheet_by_name("More").hide()
        book.add_worksheet("Empty")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Servers!$C$2:$C$3"})
        book.add_chartsheet("Chart").set_chart(chart)

    result = import_paths(workbook(tmp_path, fill))
    assert [(sheet.sheet, sheet.rows) for sheet in result.sheets] == [("Servers", 1), ("More", 1), ("Empty", 0)]
    assert result.rejected_records.empty


def test_a_sheet_that_holds_no_table_does_not_stop_the_others(tmp_path: Path) -> None:
    def fill(book: Workbook) -> None:
        book.add_worksheet("Read me").write_column(0, 0, ["Please read", "Made by Ann", "Thank you"])
        servers(book)

    result = import_paths(workbook(tmp_path, fill))
    assert rejections(result) == [(None, "no_header")]
    assert result.rejected_records.iloc[0]["row_count"] == 3
    assert len(result.imported_records) == 1


def test_a_workbook_of_empty_sheets_is_an_empty_file(tmp_path: Path) -> None:
    path = workbook(tmp_path, lambda book: book.add_worksheet("Empty"))
    assert rejections(import_paths(path)) == [(None, "empty_file")]


def test_a_workbook_protected_by_a_password_is_rejected_as_such() -> None:
    result = import_paths(HERE / "password_protected.xlsx")
    assert rejections(result) == [(None, "password_protected")]
    assert "password" in result.rejected_records.iloc[0]["remedy"]


def test_a_broken_workbook_is_rejected_and_other_files_are_read(tmp_path: Path) -> None:
    good = workbook(tmp_path, servers)
    cut, torn = tmp_path / "cut.xlsx", tmp_path / "torn.xlsx"
    cut.write_bytes(good.read_bytes()[:2000])
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(torn, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            target.writestr(member, content[: len(content) // 2] if "sheet1" in member else content)
    result = import_paths(cut, good, torn)
    broken = result.rejected_records
    assert set(broken["reason_code"]) == {"broken_workbook"}
    assert sorted(broken["source_file"]) == ["cut.xlsx", "torn.xlsx"]
    assert len(result.imported_records) == 1


def test_one_stray_value_in_the_last_cell_does_not_take_all_memory(tmp_path: Path) -> None:
    def fill(book: Workbook) -> None:
        servers(book)
        book.get_worksheet_by_name("Servers").write(1_048_575, 16_383, "x")

    path = workbook(tmp_path, fill)
    assert rejections(import_paths(path)) == [(None, "sheet_too_large")]
    without_dimension = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(without_dimension, "w") as target:
        for member in source.namelist():
            target.writestr(member, re.sub(rb"<dimension [^>]*>", b"", source.read(member)))
    assert rejections(import_paths(without_dimension)) == [(None, "sheet_too_large")]


def test_formatting_down_to_the_last_cell_is_no_size(tmp_path: Path) -> None:
    def fill(book: Workbook) -> None:
        servers(book)
        bold = book.add_format({"bold": True})
        book.get_worksheet_by_name("Servers").write_blank(1_048_575, 16_383, None, bold)

    assert len(import_paths(workbook(tmp_path, fill)).imported_records) == 1


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_UNPACKED_GIGABYTES", 0.000001)
    assert rejections(import_paths(workbook(tmp_path, servers))) == [(None, "workbook_too_large")]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"<!DOCTYPE html><html><body><table>", "an HTML or XML document"),
        (bytes(range(256)) * 8, "in a binary format"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    result = import_text(tmp_path, content, "servers.csv")
    assert rejections(result) == [(None, "unsupported_type")]
    assert kind in result.rejected_records.iloc[0]["reason"]


def test_a_file_that_is_not_there_or_empty_stops_nothing(tmp_path: Path) -> None:
    good, empty = workbook(tmp_path, servers), tmp_path / "empty.csv"
    empty.write_text(" \n\n", encoding="utf-8")
    result = import_paths(good, empty, tmp_path / "missing.csv")
    assert rejections(result) == [(None, "empty_file"), (None, "unreadable_file")]
    assert len(result.imported_records) == 1
