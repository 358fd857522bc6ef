"""Nested values: one object of a JSON document or a row of Parquet made flat cells, and the lists of objects in it.

Belongs here: what a nested value is as text, and which lists are rows of their own. Does not: the tables that those
rows make (`json_tables.py`).
"""

from __future__ import annotations

import json
from typing import Any

# Beyond this a value is kept as it was written.
MOST_LEVELS = 12
# So are values under a name longer than this: a name of 80 kB around 10,000 values would be written 10,000 times.
LONGEST_PATH = 1_000
LIST_SEPARATOR = "; "
# An object with one of these is, in lists of people, what that says: ServiceNow's references, NetBox's choices.
SHOWN = ("display_value", "display", "label")
KEY_AND_VALUE = ({"key", "value"}, {"name", "value"}, {"category", "name"})


def flatten(value: dict[str, Any]) -> tuple[dict[str, str], dict[str, list[dict[str, Any]]]]:
    """Make an object flat.

    Args:
        value: The object; numbers are text.

    Returns:
        Its cells under dotted names, such as `os.version`: of nested objects each value, lists of plain values joined
        by semicolons, and tags as `key:value`. And its lists of objects by dotted name, which are not in the cells.
    """
    cells: dict[str, str] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    _flatten(value, "", cells, lists, MOST_LEVELS)
    return cells, lists


def _flatten(
    value: dict[str, Any], path: str, cells: dict[str, str], lists: dict[str, list[dict[str, Any]]], levels: int
) -> None:
    for key, one in value.items():
        name = f"{path}.{key}" if path else key
        opens = levels > 0 and len(name) <= LONGEST_PATH
        if isinstance(one, dict) and one and opens:
            if shown := next((one[shown] for shown in SHOWN if isinstance(one.get(shown), str)), None):
                cells[name] = shown
            _flatten(one, name, cells, lists, levels - 1)
        elif isinstance(one, list) and any(isinstance(item, dict) for item in one) and opens:
            objects = [item for item in one if isinstance(item, dict) and item]
            plain = [item for item in one if not isinstance(item, dict)]
            if (texts := _as_texts(objects)) is None:
                lists[name] = objects
                texts = []
            if texts or plain:
                cells[name] = LIST_SEPARATOR.join([*texts, *filter(None, map(text_of_value, plain))])
        else:
            cells[name] = text_of_value(one)


def _as_texts(objects: list[dict[str, Any]]) -> list[str] | None:
    """Return objects that are no more than one text each, such as tags, as those texts; None if they are more."""
    if any(isinstance(value, dict | list) for one in objects for value in one.values()):
        return None
    if all(len(one) == 1 for one in objects):
        return [text for one in objects for text in map(text_of_value, one.values()) if text]
    if any(all({key.casefold() for key in one} == pair for one in objects) for pair in KEY_AND_VALUE):
        return [":".join(map(text_of_value, (one[key] for key in sorted(one, key=str.casefold)))) for one in objects]
    return None


def text_of_value(value: Any) -> str:  # noqa: ANN401  (JSON holds anything)
    """Return the text of a value that becomes one cell: plain values as written, lists joined, else JSON.

    Raises:
        RecursionError: It is nested a thousand levels deep.
    """
    if isinstance(value, str):
        return value
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return LIST_SEPARATOR.join(filter(None, map(text_of_value, value)))
    return json.dumps(value, ensure_ascii=False)
