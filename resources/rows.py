"""The rows of a frame on their way into and out of PostgreSQL, and the hash of their content.

Belongs here: COPY's text form of each type. Does not: which table or snapshot the rows belong to.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, DateTime, Double, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from flow_pipelines.tables.contract import conform

NULL = r"\N"
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
ROW_HASH_BYTES = 16
MODULUS = 1 << (8 * ROW_HASH_BYTES)
# Rows are serialized in blocks so that a block's text, not the whole frame's, is in memory.
BLOCK_ROWS = 20_000


class ContentHash:
    """A hash of a multiset of rows: equal for the same rows in any order, different for any other rows."""

    def __init__(self, table: Table) -> None:
        self._identity = json.dumps([f"{table.schema}/{table.name}", [column.name for column in table.columns]])
        self._sum = 0
        self.row_count = 0

    def add(self, line: bytes) -> None:
        """Count one serialized row in."""
        digest = hashlib.blake2b(line, digest_size=ROW_HASH_BYTES).digest()
        self._sum = (self._sum + int.from_bytes(digest, "big")) % MODULUS
        self.row_count += 1

    @property
    def data_version(self) -> str:
        """32 hexadecimal digits."""
        content = f"{self._identity}\n{self.row_count}\n{self._sum:x}"
        return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def serialize(frame: pd.DataFrame, table: Table, content: ContentHash) -> Iterator[bytes]:
    r"""Yield a frame's rows in COPY's text form, a block at a time, counting each into a content hash.

    Args:
        frame: Rows that conform to the table.
        table: The declared table.
        content: The hash that the rows are counted into.
    """
    writers = [(column.name, _writer_of(column)) for column in table.columns]
    for start in range(0, len(frame), BLOCK_ROWS):
        block = frame.iloc[start : start + BLOCK_ROWS]
        columns = [_texts(block[name], write) for name, write in writers]
        lines = [("\t".join(cells) + "\n").encode() for cells in zip(*columns, strict=True)]
        for line in lines:
            content.add(line)
        yield b"".join(lines)


def data_version(frame: pd.DataFrame, table: Table) -> str:
    """Return the hash of a frame's rows, as a snapshot of it would carry."""
    content = ContentHash(table)
    for _ in serialize(frame, table, content):
        pass
    return content.data_version


def select_list(table: Table) -> str:
    """Return the columns as a COPY to CSV must select them for `parse` to read them."""
    return ", ".join(
        f"to_json({column.name}) AS {column.name}" if isinstance(column.type, ARRAY) else column.name
        for column in table.columns
    )


def parse(csv: bytes, table: Table) -> pd.DataFrame:
    """Return the frame of rows that PostgreSQL wrote as CSV with a header.

    Args:
        csv: Output of `COPY (SELECT <select_list>) TO STDOUT (FORMAT csv, HEADER)`.
        table: The declared table.
    """
    texts = pd.read_csv(io.BytesIO(csv), dtype=object, keep_default_na=False, na_values=[""], encoding="utf-8")
    # What is empty in all rows need not be read: in a small estate that is most of a wide table.
    there = set(texts.columns[texts.notna().any()]) | {column.name for column in table.columns if not column.nullable}
    return conform(
        pd.DataFrame(
            {column.name: _reader_of(column)(texts[column.name]) for column in table.columns if column.name in there}
        ),
        table,
    )


def _texts(values: pd.Series[Any], write: Callable[[Any], str]) -> list[str]:
    missing = values.isna().to_numpy()
    if missing.all():
        return [NULL] * len(values)
    return [NULL if gone else write(value) for value, gone in zip(values.tolist(), missing, strict=True)]


def _array(values: list[str]) -> str:
    quoted = ('"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return ("{" + ",".join(quoted) + "}").translate(ESCAPES)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).translate(ESCAPES)


def _writer_of(column: Column[Any]) -> Callable[[Any], str]:
    return next(write for kind, write, _ in FORMS if isinstance(column.type, kind))


def _reader_of(column: Column[Any]) -> Callable[[pd.Series[Any]], pd.Series[Any]]:
    return next(read for kind, _, read in FORMS if isinstance(column.type, kind))


# How each declared type is written for COPY, and read from CSV.
FORMS: tuple[tuple[type[TypeEngine[Any]], Callable[[Any], str], Callable[[pd.Series[Any]], pd.Series[Any]]], ...] = (
    (Text, lambda value: value.translate(ESCAPES), lambda texts: texts),
    (Uuid, str, lambda texts: texts),
    (BigInteger, str, lambda texts: pd.to_numeric(texts).astype("Int64")),
    (Double, lambda value: repr(float(value)), lambda texts: texts.map(float, na_action="ignore")),
    (Boolean, lambda value: "t" if value else "f", lambda texts: texts.map({"t": True, "f": False})),
    (Date, str, lambda texts: pd.to_datetime(texts, format="ISO8601").dt.date),
    (
        DateTime,
        lambda value: str(value.isoformat()),
        lambda texts: pd.to_datetime(texts, utc=True, format="ISO8601"),
    ),
    (ARRAY, _array, lambda texts: texts.map(json.loads, na_action="ignore")),
    (JSONB, _json, lambda texts: texts.map(json.loads, na_action="ignore")),
)
