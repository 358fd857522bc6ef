"""Object tables: rows of named values, with lists of objects within them, made tables.

Belongs here: which lists are tables, what they describe, and which columns a list within an object takes from it. Does
not: where the objects come from (`json_tables.py`, `parquet.py`) and the cells of one object (`nested.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.columns import Columns, recognised
from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.discovery.readers.nested import flatten
from flow_pipelines.discovery.readers.read_table import (
    MOST_COLUMNS,
    NOTHING_DETECTED,
    ReadTable,
    read_data,
    rejected_table,
)
from flow_pipelines.discovery.readers.rejections import Rejection, limited
from flow_pipelines.discovery.readers.rows import WITHOUT_CLASSES
from flow_pipelines.discovery.readers.table import HEAD_RECORDS, DecidedRows, Record, TableHead
from flow_pipelines.discovery.readers.workbook import MOST_CELLS
from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.record_types import list_record_type
from flow_pipelines.settings import EngagementSettings

MOST_TABLES = 500
# 100,000 machines with 200 values each; they are held in memory.
MOST_VALUES = 20_000_000
# What a list's name says is worth more than what generic headers such as `name` and `version` do.
NAMED_CONFIDENCE = 0.85
# By what the rows of a list belong to the object that holds it.
KEYS = {"name", "external_id", "host_name", "fqdn", "vm_uuid", "bios_uuid", "serial_number", "asset_tag"}
DETAILS = WITHOUT_CLASSES - {"relation"}
EDGES = {"connection", "relation"}


@dataclass
class _Row:
    number: int
    cells: dict[str, str]
    parent: _Row | None


@dataclass
class _Table:
    """The rows of one list, of all the objects that hold it.

    Attributes:
        name: Its name within the file; None for the only list of it.
        key: The last part of its name.
        parent: The table whose rows hold it.
        rows: Its rows.
        header: Its column names so far, in order of appearance.
        broken: What could not be read.
        keys: The columns by which rows of lists within belong to their row.
        columns: Its columns, once it was read.
    """

    name: str | None
    key: str = ""
    parent: _Table | None = None
    rows: list[_Row] = field(default_factory=list)
    header: dict[str, None] = field(default_factory=dict)
    broken: list[Rejection] = field(default_factory=list)
    columns: Columns | None = None

    @property
    def record_type(self) -> str | None:
        return self.columns.detection.record_type if self.columns else None

    @property
    def keys(self) -> list[str]:
        return self.columns.having(*KEYS) if self.columns else []


class ObjectTables:
    """Tables in the making: objects are added to lists by name, then read."""

    def __init__(self) -> None:
        self._tables: dict[str | None, _Table] = {}
        self._further_rows = 0
        self._values = 0

    def add(self, name: str | None, number: int, value: dict[str, Any]) -> None:
        """Add an object to a list."""
        self._add(self._table(name), number, value, None)

    def has(self, name: str | None) -> bool:
        """Tell whether a list has objects."""
        return name in self._tables

    def reject(self, name: str | None, rejection: Rejection) -> None:
        """Add to a list something that is no object."""
        table = self._table(name)
        if table:
            table.broken.append(rejection)

    def read(self, file_name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
        """Read all tables, in order of appearance; a list within objects comes after them."""
        for table in self._tables.values():
            if table.broken or any(any(row.cells.values()) for row in table.rows):
                yield _read(table, file_name, settings)
            # Rows of lists within still need the cells of this one's rows, but no longer its list of them.
            table.rows.clear()
        if self._further_rows:
            details: dict[str, object] = {"rows": self._further_rows, "lists": MOST_TABLES, "values": MOST_VALUES}
            yield rejected_table(
                "further rows", Rejection("too_many_values", None, self._further_rows, details=details)
            )

    def _table(self, name: str | None, key: str = "", parent: _Table | None = None) -> _Table | None:
        if name not in self._tables:
            if len(self._tables) >= MOST_TABLES:
                return None
            self._tables[name] = _Table(name, key or (name or "").rpartition(".")[2], parent)
        return self._tables[name]

    def _add(self, table: _Table | None, number: int, value: dict[str, Any], parent: _Row | None) -> None:
        if table is None or self._values > MOST_VALUES:
            self._further_rows += 1
            return
        try:
            cells, lists = flatten(value)
        except RecursionError:
            table.broken.append(Rejection("nested_too_deep", number))
            return
        self._values += len(cells)
        row = _Row(number, cells, parent)
        table.rows.append(row)
        if len(table.header) <= MOST_COLUMNS:
            table.header.update(dict.fromkeys(cells))
        for name, objects in lists.items():
            full_name = ".".join(filter(None, (table.name, name)))
            inner = self._table(full_name, name.rpartition(".")[2], table)
            for one in objects:
                self._add(inner, len(inner.rows) + len(inner.broken) + 1 if inner else 0, one, row)


def _read(table: _Table, file_name: str, settings: EngagementSettings) -> ReadTable:
    clean = CleanCells()
    # An object without any value is a blank row.
    table.rows = [row for row in table.rows if any(clean[cell] for cell in row.cells.values())]
    rows = len(table.rows) + len(table.broken)
    if len(table.header) > MOST_COLUMNS:
        return rejected_table(table.name, Rejection("too_many_columns", None, rows, details={"limit": MOST_COLUMNS}))
    if not any(column.strip() for column in table.header):
        unnamed = [Rejection("not_an_object", row.number) for row in table.rows]  # their only key is blank
        decided = DecidedRows(rejections=limited([*table.broken, *unnamed]))
        return ReadTable(table.name, NOTHING_DETECTED, rows, decided)
    taken = _taken_columns(table)
    own = _own_columns(table)
    header = [*taken.values(), *own.values()]
    if rows * len(header) > MOST_CELLS:
        details = {"part": table.name or "", "rows": rows, "columns": len(header), "limit": MOST_CELLS}
        return rejected_table(table.name, Rejection("sheet_too_large", None, rows, details=details))
    records = _records(table, list(taken), list(own), clean)
    columns = _detected(table, [clean[name] for name in header], records, file_name)
    if columns is None:
        details = {"key": table.name or ""}
        return rejected_table(table.name, Rejection("details_unknown", None, rows, details=details))
    table.columns = columns
    read = read_data(records, columns, settings)
    read.decided.rejections += limited(table.broken)
    return replace(read, rows=read.rows + len(table.broken))


def _records(table: _Table, taken: list[str], own: list[str], clean: CleanCells) -> list[Record]:
    found = []
    for row in table.rows:
        outer = row.parent.cells if row.parent else {}
        cells = [clean[outer.get(column, "")] for column in taken] + [
            clean[row.cells.get(column, "")] for column in own
        ]
        found.append(Record(row.number, cells))
    return found


def _detected(table: _Table, header: list[str], records: list[Record], file_name: str) -> Columns | None:
    """Return the columns of a table with what they were recognised as, or None if nothing tells."""
    below = [record.cells for record in records[:HEAD_RECORDS]]
    head = TableHead(table.key or None, 0, header, column_names(header), below)
    columns = recognised(head, file_name)
    columns = replace(columns, head=replace(head, sheet=table.name))
    detection = columns.detection
    if detection.template or detection.record_type in EDGES:
        return columns
    record_type = list_record_type(table.key)
    if record_type is None:
        # What its own headers seem to tell may be told by those of the object around it.
        return None if table.parent and table.parent.keys else columns
    source_format = detection.source_format
    if record_type in DETAILS and table.parent and table.parent.columns:
        source_format = table.parent.columns.detection.source_format
    confidence = max(detection.confidence, NAMED_CONFIDENCE)
    detection = replace(detection, source_format=source_format, record_type=record_type, confidence=confidence)
    return replace(columns, detection=detection)


def _taken_columns(table: _Table) -> dict[str, str]:
    """Return the columns of the object around that say which one it is, each with its header here."""
    if not table.parent:
        return {}
    kind = list_record_type(table.key)
    outer = table.parent
    named = {column for column in outer.keys if outer.columns and outer.columns.attributes[column] == "name"}
    taken: dict[str, str] = {}
    for column in outer.keys:
        # A disk's row carries its machine's name; a database's carries its machine's as that of its server.
        is_own_name = kind not in DETAILS and column in named and outer.record_type
        header = f"{outer.record_type}".replace("_", " ") if is_own_name else column
        taken[column] = header if header not in table.header else f"{outer.key or 'parent'}.{column}"
    return taken


def _own_columns(table: _Table) -> dict[str, str]:
    """Return a table's own columns, each with its header: what would name the machine names the detail."""
    kind = list_record_type(table.key)
    if not table.parent or kind not in DETAILS:
        return {column: column for column in table.header}
    return {column: f"{table.key}.{column}" if _may_name(column, kind) else column for column in table.header}


def _may_name(column: str, record_type: str) -> bool:
    match = attribute_of_header(column, record_type=record_type)
    return match is None or match.attribute in KEYS
