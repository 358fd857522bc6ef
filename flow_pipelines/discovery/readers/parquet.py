"""Parquet files: their rows as text.

Belongs here: from typed columns to text without loss, and why a file can't be read. Does not: nested values
(`nested.py`) and what the rows describe.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.columns import Columns, recognised
from flow_pipelines.discovery.readers.engine import fetched, identifier, open_engine, plain_path
from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.discovery.readers.json_documents import DECODER
from flow_pipelines.discovery.readers.line_files import write_selected
from flow_pipelines.discovery.readers.object_tables import ObjectTables
from flow_pipelines.discovery.readers.read_table import (
    MOST_COLUMNS,
    ReadTable,
    read_data,
    read_line_file,
    rejected_table,
    too_wide,
)
from flow_pipelines.discovery.readers.rejections import Rejection
from flow_pipelines.discovery.readers.table import Record, TableHead, cleaned
from flow_pipelines.settings import EngagementSettings

NESTED = ("STRUCT", "MAP", "UNION", "VARIANT", "JSON")
FLOATING = {"DOUBLE", "FLOAT"}


def read_parquet(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    """Read a Parquet file: its rows, and those of lists of objects in them."""
    try:
        with open_engine() as database, plain_path(path) as link:
            source = f"read_parquet({link}, binary_as_string = true, hive_partitioning = false)"
            described = database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
            types = {column: data_type for column, data_type, *_ in described}
            yield from _read(database, source, types, name, settings)
    except duckdb.Error as error:
        details: dict[str, object] = {"error": " ".join(str(error).split())}
        yield rejected_table(None, Rejection("broken_parquet", row_count=0, details=details))


def _read(
    database: duckdb.DuckDBPyConnection, source: str, types: dict[str, str], name: str, settings: EngagementSettings
) -> Iterator[ReadTable]:
    if len(types) > MOST_COLUMNS:
        rows = database.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]  # noqa: S608
        yield too_wide(None, rows)
        return
    nested = [column for column, data_type in types.items() if _is_nested(data_type)]
    columns = recognised(TableHead(None, 0, list(types), column_names(list(types)), []), name)
    cells = [_text_of(column, data_type) for column, data_type in types.items()]
    if nested:
        yield from _read_nested(database, f"SELECT {', '.join(cells)} FROM {source}", types, name, settings)  # noqa: S608
    elif columns.detection.record_type == "connection":
        with write_selected(database, source, cells) as (lines, broken):
            yield read_line_file(lines, columns, settings, broken)
    else:
        yield _read_flat(database, f"SELECT {', '.join(cells)} FROM {source}", columns, settings)  # noqa: S608


def _read_flat(
    database: duckdb.DuckDBPyConnection, statement: str, columns: Columns, settings: EngagementSettings
) -> ReadTable:
    rows = enumerate(fetched(database, statement), start=1)
    records = (Record(number, [cell or "" for cell in row]) for number, row in rows)
    return read_data(cleaned(records, CleanCells()), columns, settings)


def _read_nested(
    database: duckdb.DuckDBPyConnection, statement: str, types: dict[str, str], name: str, settings: EngagementSettings
) -> Iterator[ReadTable]:
    tables = ObjectTables()
    for number, row in enumerate(fetched(database, statement), start=1):
        cells = zip(types.items(), row, strict=True)
        tables.add(
            None,
            number,
            {column: DECODER.decode(cell) if cell and _is_nested(kind) else cell for (column, kind), cell in cells},
        )
    yield from tables.read(name, settings)


def _is_nested(data_type: str) -> bool:
    return data_type.startswith(NESTED) or data_type.endswith("]")


def _text_of(column: str, data_type: str) -> str:
    cell = identifier(column)
    if _is_nested(data_type):
        return f"to_json({cell})::VARCHAR"
    if data_type in FLOATING:
        # Whole numbers of a column with gaps are stored as floating ones: 443.0 is a port.
        is_whole = f"isfinite({cell}) AND {cell} = trunc({cell}) AND abs({cell}) < 1e15"
        return f"CASE WHEN {is_whole} THEN {cell}::BIGINT::VARCHAR ELSE {cell}::VARCHAR END"
    return f"{cell}::VARCHAR"
