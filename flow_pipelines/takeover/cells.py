"""Cells: what a value of the source looks like in the file that it is written to.

Belongs here: JSON to text, and the records that raw data holds. Does not: what the text means (`data_cleansing`).
"""

from __future__ import annotations

import json
import re
from typing import Any

from flow_pipelines.takeover.account import RefusedError

BETWEEN_ITEMS = "; "
NOT_OF_A_FILE_NAME = re.compile(r"[^\w.() -]+")
LONGEST_STEM = 100


def raw_record(text: str) -> dict[str, str]:
    """Return the record that raw data holds: header to cell, in the order of the source, without empty cells.

    Numbers stay as they are written: 1.10 remains 1.10.

    Raises:
        RefusedError: It is no JSON object.
    """
    found = _parsed(text)
    if not isinstance(found, dict):
        raise RefusedError("no_record")
    return {header: cell for header, value in found.items() if (cell := _cell(value))}


def json_cell(text: str) -> str:
    """Return the cell of a JSON value; a list of plain values becomes their texts with semicolons between."""
    return _cell(_parsed(text))


def _parsed(text: str) -> Any:  # noqa: ANN401  (whatever JSON holds)
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
        # Old revisions of the source stored JSON as a text in a JSON column.
        return (
            json.loads(found, parse_float=str, parse_int=str) if isinstance(found, str) and found[:1] == "{" else found
        )
    except (ValueError, RecursionError):
        return text


def _cell(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return BETWEEN_ITEMS.join(filter(None, map(_cell, value)))
    return json.dumps(value, ensure_ascii=False) if value else ""


def import_file_name(file_name: str, import_id: str) -> str:
    """Return the name of the file that an import's records are written to.

    The id keeps two imports of one file apart, and one that is taken over again in its place.
    """
    last = re.split(r"[\\/]", file_name)[-1]
    stem = NOT_OF_A_FILE_NAME.sub("_", last.rpartition(".")[0] or last).strip(" .")[:LONGEST_STEM]
    return f"{stem or 'import'}.{NOT_OF_A_FILE_NAME.sub('_', import_id)}.csv"
