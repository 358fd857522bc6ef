"""Workbooks: the rows of their worksheets, as text.

Belongs here: opening XLSX, XLSM, XLSB, XLS and ODS files, refusing those that would exhaust memory, and telling why
one can't be read. Does not: which row is the header (`header.py`) and which rows are usable (`rows.py`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from flow_pipelines.discovery.readers.archives import BROKEN, MOST_EXPANSION, most_unpacked_bytes
from flow_pipelines.discovery.readers.cells import text_of
from flow_pipelines.discovery.readers.rejections import Rejection

GIGABYTE = 1 << 30
# RVTools of 100,000 machines unpacks to about 2 GB; beyond this a file is a bomb or belongs in several.
MOST_UNPACKED_GIGABYTES = 8
# Calamine holds a sheet as a dense rectangle, at 32 bytes a cell: 1.6 GB. One value in the last cell of an otherwise
# empty sheet would make it ask for 550 GB.
MOST_CELLS = 50_000_000
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
# A cell with a value; `<c r="XFD9" s="1"/>` is only formatted, and calamine leaves it out too.
FILLED_CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*\s)?r=["']([A-Z]+)(\d+)["'](?:[^>]*[^/])?>""")
# A cell without a place of its own stands after the one before it, in the row that its element says.
PLACELESS_CELL = re.compile(rb"""<(?:\w+:)?c(?:\s+(?!r=)[\w:]+=(?:"[^"]*"|'[^']*'))*\s*>""")
ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*\s)?r=["'](\d+)["']""")
CHUNK_BYTES = 1 << 20
# No row or column number has more; a million digits take minutes to read.
DIGITS = 12


class UnusableWorkbookError(Exception):
    """A workbook, or one of its sheets, can't be read; carries the rejection to record."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.rejection = Rejection(code, row_count=0, details=details)


def open_workbook(path: Path) -> CalamineWorkbook:
    """Open a workbook.

    Raises:
        UnusableWorkbookError: It is protected by a password, broken, or needs more memory than it should.
    """
    try:
        _refuse_what_exhausts_memory(path)
        return CalamineWorkbook.from_path(str(path))
    except PasswordError as error:
        raise UnusableWorkbookError("password_protected") from error
    except (CalamineError, *BROKEN) as error:
        raise UnusableWorkbookError("broken_workbook", error=error) from error


def sheet_names(workbook: CalamineWorkbook) -> list[str]:
    """Return the names of a workbook's worksheets in order: hidden ones too, charts and macros not."""
    return [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]


def sheet_rows(workbook: CalamineWorkbook, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Return the rows of a worksheet from its first one on, each with its number and its cells as text.

    Raises:
        UnusableWorkbookError: The sheet is broken.
    """
    try:
        rows = workbook.get_sheet_by_name(sheet).iter_rows()
    except CalamineError as error:
        raise UnusableWorkbookError("broken_workbook", error=error) from error
    return ((number, list(map(text_of, cells))) for number, cells in enumerate(rows, start=1))


def first_column(workbook: CalamineWorkbook, sheet: str) -> int:
    """Return the column, from 1, that the first cell of each row of a worksheet stands in."""
    start = workbook.get_sheet_by_name(sheet).start
    return start[1] + 1 if start else 1


def _refuse_what_exhausts_memory(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        gigabytes = unpacked / GIGABYTE
        if unpacked > most_unpacked_bytes(path.stat().st_size):
            raise UnusableWorkbookError("archive_too_large", expansion=MOST_EXPANSION)
        if gigabytes > MOST_UNPACKED_GIGABYTES:
            raise UnusableWorkbookError("workbook_too_large", gigabytes=gigabytes, limit=MOST_UNPACKED_GIGABYTES)
        for part in filter(SHEET_PART.fullmatch, archive.namelist()):
            with archive.open(part) as content:
                _refuse_sprawl(part, content)


def _refuse_sprawl(part: str, content: IO[bytes]) -> None:
    # What the sheet says of its own size is not relied on: a hostile one lies. Formatting a whole column is harmless.
    rows = columns = last_row = 0
    has_placeless = False
    rest = content.read(CHUNK_BYTES)
    while rest:
        for column, row in FILLED_CELL.findall(rest):
            rows, columns = max(rows, int(row[:DIGITS])), max(columns, column_number(column[:DIGITS]))
        has_placeless = has_placeless or PLACELESS_CELL.search(rest) is not None
        last_row = max(last_row, *(int(row[:DIGITS]) for row in ROW.findall(rest)), 0)
        unfinished = rest[rest.rfind(b"<") :][:CHUNK_BYTES]
        chunk = content.read(CHUNK_BYTES)
        rest = unfinished + chunk if chunk else b""
    rows = max(rows, last_row) if has_placeless else rows
    if rows * columns > MOST_CELLS:
        raise UnusableWorkbookError("sheet_too_large", part=part, rows=rows, columns=columns, limit=MOST_CELLS)


def column_number(letters: bytes) -> int:
    """Return the number of a column, from 1, by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
