"""Rows of a JSON document, as a tool's command line writes it: the objects of its list, flat, by dotted names.

Belongs here: which objects are rows, and what can't be one. Does not: parsing (`discovery/readers/json_documents.py`),
what a row says (`row_files.py` and who calls it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.discovery.readers.json_documents import JsonFile, open_json
from flow_pipelines.discovery.readers.nested import flatten
from flow_pipelines.discovery.readers.rejections import Rejection
from flow_pipelines.discovery.readers.table import Record, TableHead, cleaned

IsKnown = Callable[[str], bool]


@dataclass(frozen=True)
class DocumentRows:
    """The rows of a document under one head, and the parts of it that are none."""

    head: TableHead
    records: list[Record]
    refused: list[Rejection]


def read_document_rows(path: Path, is_known: IsKnown) -> DocumentRows | Rejection:
    """Read the objects of a list, of the only list of an object, or of a file with one object a line.

    An object with a list of objects that have a known column, such as the servers of a job, is a row for each of them.

    Args:
        path: The file.
        is_known: Tells whether a column, by its dotted name, is one that is looked for.

    Returns:
        Rows numbered by the place of their object in the list, from 1; or why the document has none.
    """
    file = open_json(path)
    if isinstance(file, Rejection):
        return file
    rows: list[tuple[int, dict[str, str]]] = []
    refused = []
    for number, value in _values(file, is_known):
        if isinstance(value, Rejection):
            refused.append(value)
            continue
        try:
            rows += [(number, cells) for cells in _flat(value, is_known)]
        except RecursionError:
            refused.append(Rejection("nested_too_deep", number))
    if not rows and not refused:
        return Rejection("no_objects", row_count=0)
    clean = CleanCells()
    names = list(dict.fromkeys(name for _, cells in rows for name in cells))
    header = [clean[name] for name in names]
    records = cleaned((Record(number, [cells.get(name, "") for name in names]) for number, cells in rows), clean)
    return DocumentRows(TableHead(None, 0, header, column_names(header), []), list(records), refused)


def _values(file: JsonFile, is_known: IsKnown) -> Iterator[tuple[int, Any]]:
    """Yield each object of the list with its place, and a rejection for what is none."""
    items = list(file.items())
    values: list[tuple[int, Any]] = [(item.number, item.problem or item.value) for item in items]
    if len(items) == 1 and not file.is_list and isinstance(items[0].value, dict):
        values = _within(items[0].value, is_known)
    for number, value in values:
        is_usable = isinstance(value, dict | Rejection)
        yield number, value if is_usable else Rejection("not_an_object", number)


def _within(document: dict[str, Any], is_known: IsKnown) -> list[tuple[int, Any]]:
    """Return the items of an object's only list; the object itself if it has known columns, not just one by chance."""
    if sum(map(is_known, document)) > 1:
        return [(1, document)]
    lists = [one for one in document.values() if isinstance(one, list)]
    return list(enumerate(lists[0], start=1)) if len(lists) == 1 else []


def _flat(value: dict[str, Any], is_known: IsKnown) -> list[dict[str, str]]:
    cells, lists = flatten(value)
    inner = [
        {f"{name}.{column}": cell for column, cell in flatten(one)[0].items()}
        for name, objects in lists.items()
        for one in objects
    ]
    return [cells | one for one in inner if any(map(is_known, one))] or [cells]
