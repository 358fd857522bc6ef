from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.flow_pipelines.discovery.readers.importing import import_text, rejections, rows

HEADER = ["Server name", "IP address", "Operating system", "Remarks", "Ünknown"]
DELIMITERS = [",", ";", "\t", "|"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
PREAMBLES = ["", "Servers of Acme\r\n", "Export of servers, by Jane\r\n\r\nDate: 2025-01-31\r\n", "\r\n\r\n"]
# Windows-1252 letters of which no two make valid UTF-8, so that only one encoding is right.
CELLS_1252 = st.text(st.sampled_from("abcXYZ019 .,;:|\t'\"()\n-_äöüéèñßÄÖÜ"), max_size=12)
CELLS_UNICODE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\r\n\"',;|\x85"), max_size=12
)


def written(table: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(table)
    return out.getvalue()


@st.composite
def encoded_tables(draw: st.DrawFn) -> tuple[list[list[str]], bytes]:
    encoding = draw(st.sampled_from(ENCODINGS))
    cells = CELLS_1252 if encoding == "cp1252" else CELLS_UNICODE
    width = len(HEADER) - 1
    body = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8))
    # A value in the first column keeps every row an asset; the fourth column keeps it from being a footer.
    table = [[f"srv{number:03}", *row[:-2], f"note {number}", row[-1]] for number, row in enumerate(body)]
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} and draw(st.booleans()) else ""
    text = mark + draw(st.sampled_from(PREAMBLES)) + written([HEADER, *table], draw(st.sampled_from(DELIMITERS)))
    return table, text.encode(encoding)


@given(encoded_tables())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_comes_back_cell_for_cell_whatever_its_encoding_delimiter_and_preamble(
    tmp_path: Path, table_and_bytes: tuple[list[list[str]], bytes]
) -> None:
    table, content = table_and_bytes
    result = import_text(tmp_path, content)
    expected = [{name: cell.strip() for name, cell in zip(HEADER, row, strict=True) if cell.strip()} for row in table]
    assert [values for _, values in rows(result)] == expected


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_numbers_are_the_lines_at_which_rows_start(tmp_path: Path, encoding: str, delimiter: str) -> None:
    table = [HEADER, ["a", "10.0.0.1", "two\nlines", "x", "y"], ["b", "10.0.0.2", "", "", ""]]
    result = import_text(tmp_path, ("Title\r\n\r\n" + written(table, delimiter)).encode(encoding))
    assert [number for number, _ in rows(result)] == [4, 6]


def test_a_decimal_comma_does_not_make_the_comma_the_delimiter(tmp_path: Path) -> None:
    result = import_text(tmp_path, "Server name;RAM (GB)\nweb01;1,5\nweb02;2,5\nweb03;3,5\n")
    assert rows(result)[0] == (2, {"Server name": "web01", "RAM (GB)": "1,5"})


def test_a_separator_line_of_a_spreadsheet_tells_the_delimiter_and_is_no_data(tmp_path: Path) -> None:
    result = import_text(tmp_path, "sep=|\nServer name|IP address\nweb01|10.0.0.1\n")
    assert rows(result) == [(3, {"Server name": "web01", "IP address": "10.0.0.1"})]


def test_a_separator_line_that_names_what_no_line_has_is_not_believed(tmp_path: Path) -> None:
    result = import_text(tmp_path, "sep=;\nServer name\tIP address\nweb01\t10.0.0.1\n")
    assert rows(result) == [(3, {"Server name": "web01", "IP address": "10.0.0.1"})]


def test_a_stray_quote_costs_its_own_row_and_no_other(tmp_path: Path) -> None:
    body = [f'web{number:02},10.0.0.{number},"Debian 12"' for number in range(1, 60)]
    body[9] = 'web10,10.0.0.10,"Debian 12'
    result = import_text(tmp_path, "\n".join(["Server name,IP address,OS", *body]))
    assert rejections(result) == [(11, "unclosed_quote")]
    assert len(rows(result)) == 58
    assert rows(result)[9] == (12, {"Server name": "web11", "IP address": "10.0.0.11", "OS": "Debian 12"})


def test_a_quote_never_closed_at_the_end_swallows_nothing(tmp_path: Path) -> None:
    result = import_text(tmp_path, 'Server name,IP address,OS\nweb01,10.0.0.1,"Debian\nweb02,10.0.0.2,RHEL\n')
    assert rejections(result) == [(2, "unclosed_quote")]
    assert [values["Server name"] for _, values in rows(result)] == ["web02"]


def test_quotes_inside_a_cell_and_spaces_before_quotes_are_read_as_meant(tmp_path: Path) -> None:
    text = 'Server name,Description,OS\nweb01, "rack 4, ""left""" ,15" screen\n'
    assert rows(import_text(tmp_path, text))[0][1] == {
        "Server name": "web01",
        "Description": 'rack 4, "left"',
        "OS": '15" screen',
    }


def test_characters_that_the_database_cannot_hold_are_removed(tmp_path: Path) -> None:
    result = import_text(tmp_path, b"Server name,OS\nweb\x0001,Deb\x1fian\x00\n")
    assert rows(result)[0][1] == {"Server name": "web01", "OS": "Debian"}


def test_an_export_cut_off_inside_a_character_is_still_utf_8(tmp_path: Path) -> None:
    text = "Server name,Location\n" + "".join(f"web{number},Zürich\n" for number in range(20))
    result = import_text(tmp_path, text.encode() + b"web99,Z\xc3")
    assert rows(result)[0][1]["Location"] == "Zürich"


def test_bytes_that_windows_1252_leaves_undefined_are_read_as_latin_1(tmp_path: Path) -> None:
    result = import_text(tmp_path, b"Server name,Location\nweb01,Z\xfcrich\x81\n")
    assert rows(result)[0][1]["Location"] == "Zürich\x81"


def test_old_macintosh_line_ends_are_lines(tmp_path: Path) -> None:
    result = import_text(tmp_path, "Server name,OS\rweb01,AIX\rweb02,HP-UX\r")
    assert [number for number, _ in rows(result)] == [2, 3]


def test_a_cell_longer_than_the_limit_is_rejected_and_the_next_row_is_not(tmp_path: Path) -> None:
    result = import_text(tmp_path, f"Server name,OS\nweb01,{'x' * 200_000}\nweb02,AIX\n")
    assert rejections(result) == [(2, "cell_too_long")]
    assert [values["Server name"] for _, values in rows(result)] == ["web02"]
