"""Any table as a file: CSV, a workbook or Parquet.

Belongs here: what values of each type become in each of them. Does not: workbooks for corrections (`edit_workbook.py`),
which tables there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import xlsxwriter
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, DateTime, Double, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from flow_pipelines.edit_values import plain
from flow_pipelines.edit_workbook import LONGEST_SHEET_NAME, MOST_ROWS, cell_of, write_cell
from flow_pipelines.errors import InputError
from flow_pipelines.exports.csv_text import csv_text, guarded


class FileType(StrEnum):
    """What a table can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


# What a column of each type is in Parquet, of the text or number that it travels as.
PARQUET: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (BigInteger, "CAST({} AS BIGINT)"),
    (Double, "CAST({} AS DOUBLE)"),
    (Boolean, "CAST({} AS BOOLEAN)"),
    (DateTime, "CAST({} AS TIMESTAMPTZ)"),
    (Date, "CAST({} AS DATE)"),
    (Uuid, "CAST({} AS VARCHAR)"),
    (ARRAY, "from_json({}, '[\"VARCHAR\"]')"),
    (JSONB, "CAST({} AS VARCHAR)"),
    (Text, "CAST({} AS VARCHAR)"),
)


def table_csv(frame: pd.DataFrame, table: Table) -> bytes:
    """Return a table's rows as CSV, UTF-8 with a byte order mark, with names of columns as header.

    Without the mark a spreadsheet that opens the file takes it for the code page of its country.
    Texts that a spreadsheet would compute are guarded by an apostrophe; lists and JSON are JSON, times ISO 8601.
    """
    return csv_text([column.name for column in table.columns], _texts(frame, table)).encode("utf-8-sig")


def table_workbook(frame: pd.DataFrame, table: Table) -> bytes:
    """Return a table's rows as a workbook; nothing of it is a formula or a link.

    Raises:
        InputError: There are more rows than a worksheet holds.
    """
    if len(frame) > MOST_ROWS:
        raise InputError(
            f"A worksheet holds {MOST_ROWS:,} rows; {table.name} has {len(frame):,}.", remedy="Use: --as parquet"
        )
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": True}) as book:
        sheet = book.add_worksheet(table.name[:LONGEST_SHEET_NAME])
        head, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
        formats = [day if isinstance(column.type, Date) else None for column in table.columns]
        for number, column in enumerate(table.columns):
            sheet.write_string(0, number, column.name, head)
            sheet.write_comment(0, number, column.comment or "", {"x_scale": 2})
        for row, values in enumerate(frame.itertuples(index=False, name=None), start=1):
            for number, value in enumerate(values):
                write_cell(sheet, row, number, cell_of(value), formats[number])
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(frame), 1), len(table.columns) - 1)
    return buffer.getvalue()


def table_parquet(frame: pd.DataFrame, table: Table, folder: Path) -> bytes:
    """Return a table's rows as Parquet with the types of its declaration; JSON stays text.

    Args:
        frame: Rows that conform to the table.
        table: The declared table.
        folder: A folder of the caller's, in which it is written on its way.
    """
    path = folder / "table.parquet"
    rows = pd.DataFrame({column.name: _travelling(frame[column.name], column) for column in table.columns})
    selected = ", ".join(
        f'{_parquet_type(column).format(chr(34) + column.name + chr(34))} AS "{column.name}"'
        for column in table.columns
    )
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("rows", rows)
        database.execute(f"COPY (SELECT {selected} FROM rows) TO ? (FORMAT parquet)", [str(path)])  # noqa: S608
    return path.read_bytes()


TABLE_FILES: Mapping[FileType, Callable[[pd.DataFrame, Table, Path], bytes]] = {
    FileType.CSV: lambda frame, table, _folder: table_csv(frame, table),
    FileType.XLSX: lambda frame, table, _folder: table_workbook(frame, table),
    FileType.PARQUET: table_parquet,
}


def _texts(frame: pd.DataFrame, table: Table) -> Iterator[list[str]]:
    is_text = [isinstance(column.type, Text) for column in table.columns]
    for values in frame.itertuples(index=False, name=None):
        cells = [_text(value) for value in values]
        yield [guarded(cell) if text else cell for cell, text in zip(cells, is_text, strict=True)]


def _text(value: object) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _travelling(values: pd.Series[Any], column: Column[Any]) -> pd.Series[Any]:
    """Return a column as the engine takes it without guessing what it holds."""
    if values.dtype != object:
        return values
    texts = [None if plain(value) is None else _text(value) for value in values]
    return pd.Series(texts, index=values.index, dtype="string", name=column.name)


def _parquet_type(column: Column[Any]) -> str:
    return next(form for kind, form in PARQUET if isinstance(column.type, kind))
