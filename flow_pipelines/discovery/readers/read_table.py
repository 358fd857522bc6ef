"""Read tables: from the column names and the records of a table to the decision on each record.

Belongs here: what all readers of files share once they have records. Does not: parsing a kind of file (`text.py`,
`workbook.py`, `json_tables.py`, `parquet.py`) and the decision on a single row (`rows.py`, `connections.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, dropwhile, islice
from pathlib import Path

from flow_pipelines.discovery.readers.columns import Columns, is_column_name, recognised
from flow_pipelines.discovery.readers.connections import fold_connections
from flow_pipelines.discovery.readers.header import SEARCHED_ROWS
from flow_pipelines.discovery.readers.line_files import LineFile, write_line_file
from flow_pipelines.discovery.readers.rejections import Rejection, limited
from flow_pipelines.discovery.readers.rows import decide_rows
from flow_pipelines.discovery.readers.samples import fold_samples
from flow_pipelines.discovery.readers.secrets import without_secret_columns, without_secret_values
from flow_pipelines.discovery.readers.table import (
    HEAD_RECORDS,
    CountedRecords,
    DecidedRows,
    Record,
    read_head,
)
from flow_pipelines.reference.source_formats import Detection
from flow_pipelines.settings import EngagementSettings

# Exports have up to a thousand columns; a table with more has values where names should be.
MOST_COLUMNS = 4_096
NOTHING_DETECTED = Detection("unknown", None, None, 0.0)


@dataclass(frozen=True)
class ReadTable:
    """One table of a file after reading.

    Attributes:
        sheet: Name of the worksheet, the archive's member or the list of a JSON document; None for the only table of
            a file, or if it is about the file as a whole.
        detection: What the table was recognised as.
        rows: Number of its data rows, counted as they were read and before anything was decided on them.
        decided: The decision on them.
    """

    sheet: str | None
    detection: Detection
    rows: int
    decided: DecidedRows


def rejected_table(sheet: str | None, rejection: Rejection, detection: Detection = NOTHING_DETECTED) -> ReadTable:
    """Return a table, or a file, of which nothing can be used."""
    return ReadTable(sheet, detection, rejection.row_count, DecidedRows(rejections=[rejection]))


def read_cleaned(records: Iterator[Record], sheet: str | None, name: str, settings: EngagementSettings) -> ReadTable:
    """Read a table of which any of the first records may hold the column names.

    Args:
        records: Cleaned records from the table's start, without blank ones.
        sheet: Name of the table, None for the only one of a file.
        name: Name of the file.
        settings: The engagement's settings.
    """
    first = list(islice(records, HEAD_RECORDS))
    if not first:
        return ReadTable(sheet, NOTHING_DETECTED, 0, DecidedRows())
    head = read_head(first, sheet, is_column_name)
    if head is None:
        return rejected_table(sheet, no_header(len(first) + sum(1 for _ in records)))
    if len(head.header) > MOST_COLUMNS:
        return too_wide(sheet, len(first) + sum(1 for _ in records))
    data = dropwhile(lambda record: record.number <= head.header_number, chain(first, records))
    return read_data(data, recognised(head, name), settings)


def too_wide(sheet: str | None, rows: int) -> ReadTable:
    """Return a table that has more columns than are read."""
    return rejected_table(sheet, Rejection("too_many_columns", None, rows, details={"limit": MOST_COLUMNS}))


def no_header(rows: int) -> Rejection:
    """Return why a table without column names can't be used."""
    if not rows:
        return Rejection("empty_file", row_count=0)
    return Rejection("no_header", row_count=rows, details={"looked_at": min(rows, SEARCHED_ROWS)})


def read_data(
    data: Iterable[Record], columns: Columns, settings: EngagementSettings, *, delimiter: str = "\t"
) -> ReadTable:
    """Decide on the records below the column names.

    Args:
        data: The data records, cleaned, without blank ones.
        columns: The table's columns.
        settings: The engagement's settings.
        delimiter: What joins cells to the text of a rejected row.
    """
    data = without_secret_columns(data, columns.head.columns)
    if columns.detection.record_type == "server_tag":
        data = without_secret_values(data, *(_places(columns, name) for name in ("tag_key", "tag_value")))
    if columns.detection.record_type == "connection":
        return read_connections(data, columns, settings)
    counted = CountedRecords(data)
    if columns.detection.record_type == "server_performance":
        return _decided(columns, fold_samples(counted, columns, settings, delimiter), counted.count)
    unusable = _unusable(columns)
    if unusable:
        rows = sum(1 for _ in counted)
        return rejected_table(columns.head.sheet, replace(unusable, row_count=rows), columns.detection)
    return _decided(columns, decide_rows(list(counted), columns, delimiter), counted.count)


def _places(columns: Columns, attribute: str) -> list[int]:
    return [columns.head.columns.index(name) for name in columns.having(attribute)]


def read_connections(
    data: Iterable[Record], columns: Columns, settings: EngagementSettings, broken: Iterable[Rejection] = ()
) -> ReadTable:
    """Fold observed connections; their cells need no cleaning, that comes with writing them down for DuckDB."""
    with tempfile.TemporaryDirectory(prefix="flow-lines-") as folder:
        lines, unwritten = write_line_file(data, Path(folder) / "lines")
        return read_line_file(lines, columns, settings, chain(broken, unwritten))


def read_line_file(
    lines: LineFile, columns: Columns, settings: EngagementSettings, broken: Iterable[Rejection] = ()
) -> ReadTable:
    """Fold observed connections that are in a line file already; `broken` are the rows that did not get into it."""
    decided = fold_connections(lines, columns, settings)
    rejections = limited(broken)
    decided.rejections += rejections
    return _decided(columns, decided, lines.rows + sum(rejection.row_count for rejection in rejections))


def _unusable(columns: Columns) -> Rejection | None:
    head, detection = columns.head, columns.detection
    if detection.template and detection.is_unused:
        details: dict[str, object] = {"source_format": detection.source_format, "template": detection.template.sheet}
        return Rejection("sheet_not_used", details=details)
    if not detection.record_type and not columns.class_column:
        return Rejection("record_type_unknown", details={"headers": ", ".join(filter(None, head.header))})
    return None


def _decided(columns: Columns, decided: DecidedRows, rows: int) -> ReadTable:
    if not rows:
        decided.rejections.append(Rejection("no_rows", row_count=0))
    return ReadTable(columns.head.sheet, columns.detection, rows, decided)
