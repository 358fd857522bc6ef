"""Text tables: the one table of a text file.

Belongs here: reading delimited text, by lines where DuckDB can. Does not: encodings and dialects (`text.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.columns import is_column_name
from flow_pipelines.discovery.readers.line_files import as_line_file
from flow_pipelines.discovery.readers.read_table import (
    ReadTable,
    columns_of,
    no_header,
    read_connections,
    read_data,
    read_line_file,
    rejected_table,
)
from flow_pipelines.discovery.readers.table import cleaned, read_head
from flow_pipelines.discovery.readers.text import detect_layout, open_text, records
from flow_pipelines.settings import EngagementSettings


def read_text(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    """Read a text file: its only table."""
    yield _read(path, name, settings)


def _read(path: Path, name: str, settings: EngagementSettings) -> ReadTable:
    layout = detect_layout(path, is_column_name)
    cells = CleanCells()
    with open_text(path, layout.encoding) as file:
        head = read_head(cleaned(records(file, layout.delimiter), cells), None, is_column_name)
    if head is None:
        with open_text(path, layout.encoding) as file:
            rows = sum(1 for _ in cleaned(records(file, layout.delimiter), cells))
        return rejected_table(None, no_header(rows))
    columns = columns_of(head, name)
    is_connections = columns.detection.record_type == "connection"
    lines = as_line_file(path, layout, head.header_number) if is_connections else None
    if lines:
        return read_line_file(lines, columns, settings)
    with open_text(path, layout.encoding) as file:
        width = (head.header_number, len(head.header))
        data = (
            record for record in records(file, layout.delimiter, width_from=width) if record.number > head.header_number
        )
        if is_connections:
            return read_connections(data, columns, settings)
        return read_data(cleaned(data, cells), columns, settings, delimiter=layout.delimiter)
