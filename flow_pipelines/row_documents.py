"""Rows of a JSON document, as a tool's command line writes it: the objects of its list, flat, by dotted names.

Belongs here: which objects are rows, and what can't be one. Does not: parsing (`discovery/readers/json_documents.py`),
what a row says (`row_files.py` and who calls it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.discovery.readers.json_documents import JsonFile, JsonItem, open_json
from flow_pipelines.discovery.readers.nested import flatten
from flow_pipelines.discovery.readers.rejections import RAW_TEXT_LIMIT, Rejection
from flow_pipelines.discovery.readers.secrets import is_secret_column, without_secret_columns
from flow_pipelines.discovery.readers.table import Record

IsKnown = Callable[[str], bool]

# What an object says stands in the row of each object of its list as well: 20 cells of a job by 30,000 servers. It is
# bounded by document, since it grows by the square of the file: 56 KB made 43 MB.
MOST_REPEATED_CHARACTERS = 32 << 20
# What a cell takes besides its characters, about.
CELL_CHARACTERS = 16
MOST_NAMES = 4_096
# By dotted name; those of the AWS command line have 70. Each value in an object repeats the names around it.
MOST_NAME_CHARACTERS = 300
NEXT_PAGE = "nexttoken"


class DocumentRow(NamedTuple):
    """One row: the place of its object in the list, from 1, and its own cells by column."""

    number: int
    cells: dict[str, str]


@dataclass
class _Bounds:
    """What may still be repeated of a document, and the names of columns that it has."""

    characters: int = MOST_REPEATED_CHARACTERS
    names: set[str] = field(default_factory=set)


def read_document_rows(path: Path, is_known: IsKnown) -> Iterator[DocumentRow | Rejection]:
    """Read the objects of a list, of the only list of an object, or of a file with one object a line.

    An object with a list of objects that have a known column, such as the servers of a job, is a row for each of them.

    Args:
        path: The file.
        is_known: Tells whether a column, by its dotted name, is one that is looked for.

    Returns:
        Rows, and what is none and why; a list without objects has neither.
    """
    file = open_json(path)
    if isinstance(file, Rejection):
        yield file
        return
    bounds, clean = _Bounds(), CleanCells()
    for item in _items(file, is_known):
        if item.problem:
            yield item.problem
        elif not isinstance(item.value, dict):
            yield Rejection("not_an_object", item.number, text=_text(item.value))
        else:
            yield from _rows(item.number, item.value, is_known, bounds, clean)


def _items(file: JsonFile, is_known: IsKnown) -> Iterator[JsonItem]:
    """Yield each item of the list; one that stands for what is missing has no number."""
    items = file.items()
    first = list(islice(items, 2))
    if len(first) == 1 and not file.is_list and isinstance(first[0].value, dict):
        return _within(first[0].value, is_known)
    return chain(first, items)


def _within(document: dict[str, Any], is_known: IsKnown) -> Iterator[JsonItem]:
    """Yield the items of an object's only list; the object itself if it has known columns, not just one by chance."""
    lists = [one for one in document.values() if isinstance(one, list)]
    if sum(map(is_known, document)) > 1:
        yield JsonItem(1, document)
    elif len(lists) != 1:
        yield JsonItem(0, None, Rejection("no_objects", row_count=0, text=_text(document)))
    else:
        yield from (JsonItem(number, value) for number, value in enumerate(lists[0], start=1))
        page = next((value for name, value in document.items() if name.casefold() == NEXT_PAGE), None)
        if page:
            yield JsonItem(0, None, Rejection("more_pages", row_count=0, text=_text(page)))


def _rows(
    number: int, value: dict[str, Any], is_known: IsKnown, bounds: _Bounds, clean: CleanCells
) -> Iterator[DocumentRow | Rejection]:
    if _has_long_name(value):
        yield Rejection("name_too_long", number, text=_text(value), details={"limit": MOST_NAME_CHARACTERS})
        return
    try:
        cells, lists = flatten(value)
        inner = [
            {f"{name}.{column}": cell for column, cell in flatten(one)[0].items()}
            for name, objects in lists.items()
            for one in objects
        ]
    except RecursionError:
        yield Rejection("nested_too_deep", number)
        return
    inner = [one for one in inner if any(map(is_known, one))]
    repeated = len(inner) * sum(len(name) + len(cell) + CELL_CHARACTERS for name, cell in cells.items())
    new = set[str]().union(cells, *inner) - bounds.names
    if not any(clean[cell] for one in (cells, *inner) for cell in one.values()):
        yield Rejection("no_values", number, text=_text(value))
    elif len(inner) > 1 and repeated > bounds.characters:
        details: dict[str, object] = {"cells": len(cells), "objects": len(inner)}
        yield Rejection("too_much_repeated", number, text=_text(value), details=details)
    elif len(bounds.names) + len(new) > MOST_NAMES:
        yield Rejection("too_many_columns", number, text=_text(value), details={"limit": MOST_NAMES})
    else:
        bounds.names |= new
        bounds.characters -= repeated if len(inner) > 1 else 0
        for one in inner or [{}]:
            yield _row(number, cells | one, clean)


def _has_long_name(value: dict[str, Any]) -> bool:
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        one, length = waiting.pop()
        if isinstance(one, list):
            waiting += [(item, length) for item in one if isinstance(item, dict)]
            continue
        if one and length + max(map(len, one)) > MOST_NAME_CHARACTERS:
            return True
        waiting += [(own, length + len(name) + 1) for name, own in one.items() if isinstance(own, dict | list)]
    return False


def _row(number: int, told: dict[str, str], clean: CleanCells) -> DocumentRow:
    columns = _columns(tuple(told))
    cells = [clean[cell] for cell in told.values()]
    if _has_secrets(columns):
        [(_, cells, _)] = without_secret_columns([Record(number, cells)], columns)
    return DocumentRow(number, dict(zip(columns, cells, strict=True)))


# Objects of one list mostly have the same names.
@lru_cache(maxsize=64)
def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column_names(names))


@lru_cache(maxsize=64)
def _has_secrets(columns: tuple[str, ...]) -> bool:
    return any(map(is_secret_column, columns))


def _text(value: Any) -> str:  # noqa: ANN401  (JSON holds anything)
    """Return how a value is written, as far as it is kept."""
    try:
        return json.dumps(value, ensure_ascii=False)[:RAW_TEXT_LIMIT]
    except RecursionError:
        return ""
