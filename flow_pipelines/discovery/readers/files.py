"""Files: every table that a file holds, read and decided on, or the reason why there is none.

Belongs here: telling kinds of files apart and taking each to its reader. Does not: the rows of the two output tables
(`data_import.py`).
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, dropwhile, islice
from pathlib import Path

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.columns import Columns, is_column_name, recognised
from flow_pipelines.discovery.readers.connections import fold_connections
from flow_pipelines.discovery.readers.header import SEARCHED_ROWS
from flow_pipelines.discovery.readers.line_files import as_line_file, write_line_file
from flow_pipelines.discovery.readers.rejections import Rejection, limited
from flow_pipelines.discovery.readers.rows import decide_rows
from flow_pipelines.discovery.readers.samples import fold_samples
from flow_pipelines.discovery.readers.table import (
    HEAD_RECORDS,
    CountedRecords,
    DecidedRows,
    Record,
    TableHead,
    cleaned,
    read_head,
)
from flow_pipelines.discovery.readers.text import TextLayout, detect_layout, open_text, records
from flow_pipelines.discovery.readers.workbook import UnusableWorkbookError, open_workbook, sheet_names, sheet_rows
from flow_pipelines.reference.source_formats import Detection
from flow_pipelines.settings import EngagementSettings

ZIP, COMPOUND_FILE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
KIND_OF_START = {
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a SQLite database",
}
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?a-zA-Z]")
JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[\s*[\[{"])')
CONTROL_CHARACTERS = re.compile(r"[\x01-\x08\x0e-\x1b]")
MOST_CONTROL_SHARE = 0.05
START_BYTES = 4096
NOTHING_DETECTED = Detection("unknown", None, None, 0.0)


@dataclass(frozen=True)
class ReadTable:
    """One table of a file after reading.

    Attributes:
        sheet: Name of the worksheet; None for a text file, or if it is about the file as a whole.
        detection: What the table was recognised as.
        rows: Number of its data rows, counted as they were read and before anything was decided on them.
        decided: The decision on them.
    """

    sheet: str | None
    detection: Detection
    rows: int
    decided: DecidedRows


def read_file(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    """Read a file.

    Args:
        path: Where it is.
        name: What it is called; a hint at its format where the content leaves two choices.
        settings: The engagement's settings.

    Returns:
        Its tables: one of a text file, one for each worksheet of a workbook; of a file that can't be read one
        without rows that says why.
    """
    try:
        problem, is_workbook = _kind(path)
    except OSError as error:
        problem, is_workbook = Rejection("unreadable_file", row_count=0, details={"error": error.strerror}), False
    if problem:
        return iter([_rejected(None, problem)])
    return _read_workbook(path, name, settings) if is_workbook else iter([_read_text(path, name, settings)])


def _kind(path: Path) -> tuple[Rejection | None, bool]:
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    kind = next((kind for magic, kind in KIND_OF_START.items() if start.startswith(magic)), None)
    if start.startswith(ZIP) and not _may_be_workbook(path):
        kind = "a ZIP archive"
    elif start.startswith((ZIP, COMPOUND_FILE)):
        return None, True
    elif MARKUP.match(start):
        kind = "an HTML or XML document"
    elif JSON.match(start):
        kind = "a JSON document"
    return (_unsupported(kind) if kind else None), False


def _unsupported(kind: str) -> Rejection:
    return Rejection("unsupported_type", row_count=0, details={"kind": kind})


def _may_be_workbook(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return True  # It is broken; its reader says how.
    with zipfile.ZipFile(path) as archive:
        return any(member.startswith("xl/") or member == "content.xml" for member in archive.namelist())


def _rejected(sheet: str | None, rejection: Rejection, detection: Detection = NOTHING_DETECTED) -> ReadTable:
    return ReadTable(sheet, detection, rejection.row_count, DecidedRows(rejections=[rejection]))


def _read_text(path: Path, name: str, settings: EngagementSettings) -> ReadTable:
    layout = detect_layout(path, is_column_name)
    cells = CleanCells()
    with open_text(path, layout.encoding) as file:
        start = file.read(START_BYTES)
    if len(CONTROL_CHARACTERS.findall(start)) > MOST_CONTROL_SHARE * len(start):
        return _rejected(None, _unsupported("in a binary format"))
    with open_text(path, layout.encoding) as file:
        head = read_head(cleaned(records(file, layout.delimiter), cells), None, is_column_name)
    if head is None:
        with open_text(path, layout.encoding) as file:
            rows = sum(1 for _ in cleaned(records(file, layout.delimiter), cells))
        return _rejected(None, _no_header(rows))
    columns = recognised(head, name)
    with open_text(path, layout.encoding) as file:
        width = (head.header_number, len(head.header))
        data = (
            record for record in records(file, layout.delimiter, width_from=width) if record.number > head.header_number
        )
        if columns.detection.record_type == "connection":
            return _read_connections(data, columns, settings, text=(path, layout))
        if columns.detection.record_type == "server_performance":
            return _read_samples(data, columns, settings, layout.delimiter)
        return _read_rows(cleaned(data, cells), columns, layout.delimiter)


def _read_workbook(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    cells = CleanCells()
    try:
        workbook = open_workbook(path)
    except UnusableWorkbookError as error:
        yield _rejected(None, error.rejection)
        return
    is_empty = True
    with workbook:
        for sheet in sheet_names(workbook):
            try:
                rows = sheet_rows(workbook, sheet)
            except UnusableWorkbookError as error:
                table = _rejected(sheet, error.rejection)
            else:
                table = _read_sheet((Record(*row) for row in rows), sheet, name, settings, cells)
            is_empty = is_empty and not table.rows and not table.decided.rejections
            yield table
    if is_empty:
        yield _rejected(None, Rejection("empty_file", row_count=0))


def _read_sheet(
    rows: Iterator[Record], sheet: str, name: str, settings: EngagementSettings, cells: CleanCells
) -> ReadTable:
    filled = cleaned(rows, cells)
    first = list(islice(filled, HEAD_RECORDS))
    if not first:
        return ReadTable(sheet, NOTHING_DETECTED, 0, DecidedRows())
    head = read_head(first, sheet, is_column_name)
    if head is None:
        return _rejected(sheet, _no_header(len(first) + sum(1 for _ in filled)))
    columns = recognised(head, name)
    data = _below(head, chain(first, filled))
    if columns.detection.record_type == "connection":
        return _read_connections(data, columns, settings)
    if columns.detection.record_type == "server_performance":
        return _read_samples(data, columns, settings, "\t")
    return _read_rows(data, columns, "\t")


def _below(head: TableHead, rows: Iterable[Record]) -> Iterator[Record]:
    return dropwhile(lambda record: record.number <= head.header_number, rows)


def _no_header(rows: int) -> Rejection:
    if not rows:
        return Rejection("empty_file", row_count=0)
    return Rejection("no_header", row_count=rows, details={"looked_at": min(rows, SEARCHED_ROWS)})


def _read_rows(data: Iterable[Record], columns: Columns, delimiter: str) -> ReadTable:
    counted = CountedRecords(data)
    unusable = _unusable(columns)
    if unusable:
        rows = sum(1 for _ in counted)
        return _rejected(columns.head.sheet, replace(unusable, row_count=rows), columns.detection)
    return _decided(columns, decide_rows(list(counted), columns, delimiter), counted.count)


def _unusable(columns: Columns) -> Rejection | None:
    head, detection = columns.head, columns.detection
    if detection.template and detection.is_unused:
        details: dict[str, object] = {"source_format": detection.source_format, "template": detection.template.sheet}
        return Rejection("sheet_not_used", details=details)
    if not detection.record_type and not columns.class_column:
        return Rejection("record_type_unknown", details={"headers": ", ".join(filter(None, head.header))})
    return None


def _read_connections(
    data: Iterable[Record],
    columns: Columns,
    settings: EngagementSettings,
    text: tuple[Path, TextLayout] | None = None,
) -> ReadTable:
    lines = as_line_file(*text, columns.head.header_number) if text else None
    if lines:
        return _decided(columns, fold_connections(lines, columns, settings), lines.rows)
    with tempfile.TemporaryDirectory(prefix="flow-lines-") as folder:
        lines, broken = write_line_file(data, Path(folder) / "lines")
        decided = fold_connections(lines, columns, settings)
    decided.rejections += limited(broken)
    return _decided(columns, decided, lines.rows + len(broken))


def _read_samples(data: Iterable[Record], columns: Columns, settings: EngagementSettings, delimiter: str) -> ReadTable:
    counted = CountedRecords(record for record in data if any(map(str.strip, record.cells)))
    decided = fold_samples(counted, columns, settings, delimiter)
    return _decided(columns, decided, counted.count)


def _decided(columns: Columns, decided: DecidedRows, rows: int) -> ReadTable:
    if not rows:
        decided.rejections.append(Rejection("no_rows", row_count=0))
    return ReadTable(columns.head.sheet, columns.detection, rows, decided)
