"""Text tables: the one table of a text file.

Belongs here: reading delimited text, by lines where DuckDB can. Does not: encodings and dialects (`text.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.columns import is_column_name, recognised
from flow_pipelines.discovery.readers.flow_logs import FlowLog, detect_flow_log, flow_log_records, has_one_header
from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.discovery.readers.line_files import as_line_file
from flow_pipelines.discovery.readers.read_table import (
    MOST_COLUMNS,
    ReadTable,
    no_header,
    read_connections,
    read_data,
    read_line_file,
    rejected_table,
    too_wide,
)
from flow_pipelines.discovery.readers.table import HEAD_RECORDS, TableHead, cleaned, read_head
from flow_pipelines.discovery.readers.text import detect_layout, open_text, records, text_lines
from flow_pipelines.settings import EngagementSettings


def read_text(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    """Read a text file: its only table."""
    yield _read(path, name, settings)


def _read(path: Path, name: str, settings: EngagementSettings) -> ReadTable:
    log = detect_flow_log(path)
    if log:
        return _read_log(path, log, name, settings)
    layout = detect_layout(path, is_column_name)
    cells = CleanCells()
    with open_text(path, layout.encoding) as file:
        head = read_head(cleaned(records(text_lines(file), layout.delimiter), cells), None, is_column_name)
    if head is None:
        with open_text(path, layout.encoding) as file:
            rows = sum(1 for _ in cleaned(records(text_lines(file), layout.delimiter), cells))
        return rejected_table(None, no_header(rows))
    if len(head.header) > MOST_COLUMNS:
        with open_text(path, layout.encoding) as file:
            return too_wide(None, sum(1 for _ in cleaned(records(text_lines(file), layout.delimiter), cells)))
    columns = recognised(head, name)
    is_connections = columns.detection.record_type == "connection"
    lines = as_line_file(path, layout, head.header_number) if is_connections else None
    if lines:
        return read_line_file(lines, columns, settings)
    with open_text(path, layout.encoding) as file:
        width = (head.header_number, len(head.header))
        data = (
            record
            for record in records(text_lines(file), layout.delimiter, width_from=width)
            if record.number > head.header_number
        )
        if is_connections:
            return read_connections(data, columns, settings)
        return read_data(cleaned(data, cells), columns, settings, delimiter=layout.delimiter)


def _read_log(path: Path, log: FlowLog, name: str, settings: EngagementSettings) -> ReadTable:
    cells = CleanCells()
    first = [record.cells for record in islice(cleaned(flow_log_records(path, log), cells), HEAD_RECORDS)]
    columns = recognised(TableHead(None, log.header_number, log.header, column_names(log.header), first), name)
    if columns.detection.record_type != "connection":
        return read_data(cleaned(flow_log_records(path, log), cells), columns, settings, delimiter=log.layout.delimiter)
    lines = as_line_file(path, log.layout, log.header_number, comment=log.comment, unset=log.unset)
    if lines and has_one_header(path, log):
        return read_line_file(lines, columns, settings)
    return read_connections(flow_log_records(path, log), columns, settings)
