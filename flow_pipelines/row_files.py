"""Rows of files that people fill or tools export for us, as they are: what was told of tasks, who there is.

Belongs here: from a file of any encoding, delimiter or kind of workbook to rows of cells, and why one can't be read.
Does not: which objects of a JSON document are rows (`row_documents.py`), what a row says (`execute/updates/`,
`plan/people_sheet.py`); inventories, and how text and workbooks are parsed (`discovery/readers/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice, zip_longest
from pathlib import Path

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.kinds import Kind, kind_of
from flow_pipelines.discovery.readers.percents import percent_cells
from flow_pipelines.discovery.readers.rejections import Rejection
from flow_pipelines.discovery.readers.secrets import without_secret_columns
from flow_pipelines.discovery.readers.table import HEAD_RECORDS, Record, TableHead, cleaned, read_head
from flow_pipelines.discovery.readers.text import detect_layout, open_text, records, text_lines
from flow_pipelines.discovery.readers.workbook import (
    UnusableWorkbookError,
    first_column,
    open_workbook,
    sheet_names,
    sheet_rows,
)
from flow_pipelines.reference.update_formats import fold_header
from flow_pipelines.row_documents import IsKnown, read_document_rows

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# 33.3333 %, however long the fraction that the cell holds.
SHARE_DIGITS = 4
NO_TABLE = "the file is {kind}, and no table."
SAVE_AS = "Save it as CSV or XLSX, with the names of its columns above its rows, and import it again."
OTHER_KINDS = {Kind.PARQUET: "Parquet", Kind.ZIP: "a ZIP archive", Kind.GZIP: "packed by gzip"}


@dataclass(frozen=True)
class Problem:
    """Why a row, a sheet or a file can't be read, and what to do about it."""

    code: str
    words: str
    remedy: str


@dataclass(frozen=True)
class FileRow:
    """One row of a file, as it was told.

    Attributes:
        source: The file's name, or `flow task`.
        cells: Column to cell, of each column that has a name or is filled.
        sheet: The sheet, of a workbook.
        row_number: The row in it, from 1; None for `flow task`, or if it is about a file or sheet as a whole.
        problem: Why it can't be read, if it can't.
    """

    source: str
    cells: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    row_number: int | None = None
    problem: Problem | None = None

    @property
    def place(self) -> str:
        """Where it is, in words: file, sheet and row."""
        sheet = f", sheet {self.sheet}" if self.sheet else ""
        return f"{self.source}{sheet}" + (f", row {self.row_number}" if self.row_number else "")


def read_rows(path: Path, name: str, is_known: IsKnown) -> Iterator[FileRow]:
    """Read the rows of a file.

    Args:
        path: Where it is.
        name: What it is called.
        is_known: Tells whether a header is one that is looked for.

    Returns:
        Its rows in order; a file or a sheet that can't be read is one row with a problem. Empty sheets are passed over.
    """
    try:
        kind = kind_of(path)
    except OSError as error:
        kind = Rejection("unreadable_file", row_count=0, details={"error": error.strerror})
    if isinstance(kind, Rejection):
        yield _refused(name, None, kind)
    elif kind is Kind.TEXT:
        yield from _read_text(path, name, is_known)
    elif kind is Kind.WORKBOOK:
        yield from _read_workbook(path, name, is_known)
    elif kind is Kind.JSON:
        yield from _read_document(path, name, is_known)
    else:
        words = f"{name}: {NO_TABLE.format(kind=OTHER_KINDS[kind])}"
        yield FileRow(name, problem=Problem("unsupported_type", words, SAVE_AS))


def _read_text(path: Path, name: str, is_known: IsKnown) -> Iterator[FileRow]:
    layout = detect_layout(path, is_known)
    cells = CleanCells()
    with open_text(path, layout.encoding) as file:
        head = read_head(cleaned(records(text_lines(file), layout.delimiter), cells), None, is_known)
    if head is None:
        yield _refused(name, None, Rejection("no_header", row_count=0, details={"looked_at": HEAD_RECORDS}))
        return
    with open_text(path, layout.encoding) as file:
        width = (head.header_number, len(head.header))
        parsed = records(text_lines(file), layout.delimiter, width_from=width)
        yield from _rows(cleaned(parsed, cells), head, name)


def _read_document(path: Path, name: str, is_known: IsKnown) -> Iterator[FileRow]:
    cells = CleanCells()
    for row in read_document_rows(path, is_known):
        if isinstance(row, Rejection):
            yield _refused(name, None, row, {"line": cells[row.raw_text]} if row.raw_text else None)
        else:
            yield FileRow(name, row.cells, None, row.number)


def _read_workbook(path: Path, name: str, is_known: IsKnown) -> Iterator[FileRow]:
    cells = CleanCells()
    is_empty = True
    try:
        workbook = open_workbook(path)
    except UnusableWorkbookError as error:
        yield _refused(name, None, error.rejection)
        return
    with workbook:
        for sheet in sheet_names(workbook):
            try:
                rows = cleaned((Record(*row) for row in sheet_rows(workbook, sheet)), cells)
                shares = percent_cells(path, sheet)
                rows = _with_percents(rows, shares, first_column(workbook, sheet)) if shares else rows
            except UnusableWorkbookError as error:
                is_empty = False
                yield _refused(name, sheet, error.rejection)
                continue
            told = _read_sheet(rows, sheet, name, is_known)
            for row in told if shares is not None else map(_without_unclear_share, told):
                is_empty = False
                yield row
    if is_empty:
        yield _refused(name, None, Rejection("empty_file", row_count=0))


def _with_percents(rows: Iterable[Record], shares: frozenset[tuple[int, int]], first: int) -> Iterator[Record]:
    """Write numbers that are shown as percents as they are shown: 1 as 100 %."""
    for record in rows:
        cells = [
            f"{float(cell) * 100:.{SHARE_DIGITS}f}".rstrip("0").rstrip(".") + " %"
            if (record.number, column) in shares and NUMBER.fullmatch(cell)
            else cell
            for column, cell in enumerate(record.cells, start=first)
        ]
        yield record._replace(cells=cells)


def _without_unclear_share(row: FileRow) -> FileRow:
    """Refuse a row of a workbook that does not tell 100 % from 1 %, if it has a 1 in a column of percents."""
    unclear = (column for column, cell in row.cells.items() if cell == "1" and "percent" in fold_header(column))
    column = next(unclear, None)
    if row.problem or column is None:
        return row
    words = f"{row.place}: {column!r} is 1, which may be 1 % as well as 100 %: this kind of workbook does not tell."
    return replace(row, problem=Problem("share_unclear", words, "Save it as XLSX or CSV, and import it again."))


def _read_sheet(rows: Iterator[Record], sheet: str, name: str, is_known: IsKnown) -> Iterator[FileRow]:
    first = list(islice(rows, HEAD_RECORDS))
    if not first:
        return
    head = read_head(first, sheet, is_known)
    if head is None:
        yield _refused(name, sheet, Rejection("no_header", row_count=0, details={"looked_at": len(first)}))
        return
    yield from _rows(chain(first, rows), head, name)


def _rows(parsed: Iterable[Record], head: TableHead, name: str) -> Iterator[FileRow]:
    data = (record for record in parsed if record.number > head.header_number)
    is_empty = True
    for number, cells, problem in without_secret_columns(data, head.columns):
        is_empty = False
        surplus = [cell for cell in cells[len(head.columns) :] if cell]
        told = _told(head, cells)
        if problem:
            yield _refused(name, head.sheet, Rejection(problem, number, details={"limit": 131_072}), {"line": cells[0]})
        elif surplus:
            details: dict[str, object] = {"cells": len(cells), "columns": len(head.columns)}
            yield _refused(name, head.sheet, Rejection("too_many_cells", number, details=details), told)
        elif cells[: len(head.header)] != head.header:
            yield FileRow(name, told, head.sheet, number)
    if is_empty:
        yield _refused(name, head.sheet, Rejection("no_rows", row_count=0))


def _told(head: TableHead, cells: list[str]) -> dict[str, str]:
    """Return the cells by column: all that have a name, since a column may tell what kind of row it is by its name."""
    row = zip_longest(head.columns[: max(head.width, len(cells))], cells[: len(head.columns)], fillvalue="")
    return {column: cell for (column, cell), name in zip(row, head.header, strict=False) if cell or name}


def _refused(name: str, sheet: str | None, rejection: Rejection, cells: Mapping[str, str] | None = None) -> FileRow:
    problem = Problem(rejection.code, rejection.reason(name, sheet), rejection.remedy)
    return FileRow(name, cells or {}, sheet, rejection.row_number, problem)
