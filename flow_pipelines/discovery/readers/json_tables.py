"""JSON tables: the tables that a file of JSON holds.

Belongs here: which parts of a document are lists of rows. Does not: parsing (`json_documents.py`) and what the lists
describe (`object_tables.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.columns import Columns, recognised
from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.discovery.readers.json_documents import JsonFile, JsonItem, open_json
from flow_pipelines.discovery.readers.nested import flatten, text_of_value
from flow_pipelines.discovery.readers.object_tables import DETAILS, ObjectTables
from flow_pipelines.discovery.readers.read_table import (
    MOST_COLUMNS,
    ReadTable,
    read_cleaned,
    read_connections,
    rejected_table,
)
from flow_pipelines.discovery.readers.rejections import RAW_TEXT_LIMIT, Rejection, limited
from flow_pipelines.discovery.readers.table import HEAD_RECORDS, Record, TableHead, cleaned
from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.record_types import list_record_type
from flow_pipelines.settings import EngagementSettings

IDENTIFYING = {"name", "host_name", "fqdn", "external_id", "vm_uuid", "bios_uuid", "serial_number", "ip_addresses"}
# How deep in a document lists are looked for: `{"data": {"servers": [...]}}`.
MOST_LEVELS = 4


def read_json(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    """Read a file of JSON: one table for each of its lists."""
    file = open_json(path)
    if isinstance(file, Rejection):
        yield rejected_table(None, file)
        return
    items = file.items()
    first = list(islice(items, HEAD_RECORDS))
    is_document = len(first) == 1 and not file.is_list
    if not is_document and _are_connections(first, name):
        yield _read_connections(file, name, settings)
        return
    lists = _Lists()
    for item in chain(first, items):
        if item.problem:
            lists.objects.reject(None, item.problem)
        elif is_document and isinstance(item.value, dict):
            _place(item.value, None, lists, MOST_LEVELS)
        else:
            lists.add(None, item.number, item.value)
    is_empty = True
    for table in lists.read(name, settings):
        is_empty = False
        yield table
    if is_empty:
        yield rejected_table(None, Rejection("empty_file", row_count=0))


class _Lists:
    """The lists of a document: those of objects, and those of rows that are lists of cells themselves."""

    def __init__(self) -> None:
        self.objects = ObjectTables()
        self._rows: dict[str | None, list[Record]] = {}

    def add(self, name: str | None, number: int, value: Any) -> None:  # noqa: ANN401  (JSON holds anything)
        if isinstance(value, dict):
            self.objects.add(name, number, value)
        elif isinstance(value, list) and not self.objects.has(name):
            self._rows.setdefault(name, []).append(Record(number, [text_of_value(cell) for cell in value]))
        else:
            self.objects.reject(name, _no_object(number, value))

    def read(self, file_name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
        yield from self.objects.read(file_name, settings)
        for name, rows in self._rows.items():
            yield read_cleaned(cleaned(rows, CleanCells()), name, file_name, settings)


def _place(value: dict[str, Any], name: str | None, lists: _Lists, levels: int) -> None:
    """Add what an object holds to the lists; what is beside its lists (counts, links, dates) is about the export."""
    inner = {key: one for key, one in value.items() if _holds_rows(one, levels)}
    if _names_something(value) and all(list_record_type(key) in DETAILS for key in inner):
        lists.add(name, 1, value)
    elif rows := _with_header(value):
        _place_list(rows, name, lists)
    elif inner:
        for key, one in inner.items():
            full_name = ".".join(filter(None, (name, key)))
            if isinstance(one, list):
                _place_list(one, full_name, lists)
            else:
                _place(one, full_name, lists, levels - 1)
    elif _is_map(value):
        for number, (key, one) in enumerate(value.items(), start=1):
            lists.add(name, number, {"key" if "name" in one else "name": key, **one})
    else:
        lists.add(name, 1, value)


def _place_list(values: list[Any], name: str | None, lists: _Lists) -> None:
    for number, value in enumerate(values, start=1):
        lists.add(name, number, value)


def _holds_rows(value: Any, levels: int) -> bool:  # noqa: ANN401  (JSON holds anything)
    if isinstance(value, list):
        return any(isinstance(one, dict | list) for one in value)
    if not isinstance(value, dict) or not levels:
        return False
    return _is_map(value) or any(_holds_rows(one, levels - 1) for one in value.values())


def _is_map(value: dict[str, Any]) -> bool:
    """Tell whether an object maps names to objects that are alike: `{"web01": {"os": ...}, "web02": {"os": ...}}`."""
    first, second, *_ = [*value.values(), None, None]
    if not isinstance(first, dict) or not isinstance(second, dict):
        return False
    alike = 2 * len(first.keys() & second.keys()) >= max(len(first), len(second), 1)
    return alike and all(isinstance(one, dict) for one in value.values())


def _with_header(value: dict[str, Any]) -> list[Any] | None:
    """Return the rows of `{"columns": [...], "data": [[...], ...]}`, the column names first."""
    rows = next((one for one in value.values() if isinstance(one, list) and one and isinstance(one[0], list)), None)
    plain = (one for one in value.values() if isinstance(one, list) and all(isinstance(cell, str) for cell in one))
    header = next((one for one in plain if rows and len(one) == len(rows[0])), None)
    return [header, *rows] if rows and header else None


def _names_something(value: dict[str, Any]) -> bool:
    plain = [key for key, one in value.items() if isinstance(one, str) and one]
    return any(match.attribute in IDENTIFYING for match in map(attribute_of_header, plain) if match)


def _no_object(number: int, value: Any) -> Rejection:  # noqa: ANN401  (JSON holds anything)
    return Rejection("not_an_object", number, text=text_of_value(value)[:RAW_TEXT_LIMIT])


def _are_connections(items: Iterable[JsonItem], name: str) -> bool:
    header = list(dict.fromkeys(column for item in items for column in _cells(item.value) or ()))
    return _columns(header, name).detection.record_type == "connection" if header else False


def _columns(header: list[str], name: str) -> Columns:
    return recognised(TableHead(None, 0, header, column_names(header), []), name)


def _cells(value: Any) -> dict[str, str] | None:  # noqa: ANN401  (JSON holds anything)
    """Return the cells of one connection, lists within it as text; None if it is nothing of the kind."""
    if not isinstance(value, dict):
        return None
    try:
        cells, lists = flatten(value)
        return cells | {name: text_of_value(one) for name, one in lists.items()}
    except RecursionError:
        return None


def _read_connections(file: JsonFile, name: str, settings: EngagementSettings) -> ReadTable:
    """Read connections, of which there may be more than memory holds: once for the columns, once for the rows."""
    header: dict[str, None] = {}
    broken = limited(_surveyed(file, header))
    columns = _columns(list(header), name)
    if len(header) > MOST_COLUMNS:
        rows = sum(1 for _ in file.items())
        return rejected_table(None, Rejection("too_many_columns", None, rows, details={"limit": MOST_COLUMNS}))
    return read_connections(_records(file, list(header)), columns, settings, broken)


def _surveyed(file: JsonFile, header: dict[str, None]) -> Iterator[Rejection]:
    """Yield what can't be read, and collect the column names of all else."""
    for item in file.items():
        cells = None if item.problem else _cells(item.value)
        if cells is None:
            yield item.problem or _no_object(item.number, item.value)
        elif len(header) <= MOST_COLUMNS:
            header.update(dict.fromkeys(cells))


def _records(file: JsonFile, header: list[str]) -> Iterator[Record]:
    for item in file.items():
        cells = None if item.problem else _cells(item.value)
        if cells is not None:
            yield Record(item.number, [cells.get(column, "") for column in header])
