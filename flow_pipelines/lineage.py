"""How rows of one table name rows of another, as the declared tables say it.

Belongs here: the links that follow from `tables/`. Does not: following them from row to row (`resources/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Column, Table, Uuid

# A row of these tells where in which file it stands.
PLACE = ("source_file", "sheet", "row_number")


@dataclass(frozen=True)
class Link:
    """A column whose ids name rows of a table that stands before its own.

    Attributes:
        table_key: The table of the column.
        column: The column: an id, or a list of ids.
        holds_list: Whether it is a list.
        source_key: The table whose rows it names by their key.
    """

    table_key: str
    column: str
    holds_list: bool
    source_key: str


def traceable(tables: Mapping[str, Table]) -> dict[str, str]:
    """Return the key column of every table whose rows are known by one id."""
    keys = {key: table.info["key"] for key, table in tables.items()}
    return {
        key: columns[0]
        for key, columns in keys.items()
        if len(columns) == 1 and isinstance(tables[key].columns[columns[0]].type, Uuid)
    }


def links(tables: Mapping[str, Table]) -> list[Link]:
    """Return the links between tables: columns of ids whose declared sources name another table's key.

    A link leads to a table that stands before its own; whoever follows links never comes back to where he was.

    Args:
        tables: The declared tables by key, in the order of their flows and phases.
    """
    ids = traceable(tables)
    order = {key: place for place, key in enumerate(tables)}
    return [
        Link(key, column.name, isinstance(column.type, ARRAY), source_key)
        for key in ids
        for column in tables[key].columns
        if _holds_ids(column)
        for source_key, source_column in (source.rsplit(".", 1) for source in column.info["sources"])
        if ids.get(source_key) == source_column and order[source_key] < order[key]
    ]


def place_columns(table: Table) -> list[str]:
    """Return the columns, of those there are, that tell file, sheet and row of a table's rows."""
    return [name for name in PLACE if name in table.columns]


def _holds_ids(column: Column[Any]) -> bool:
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    return isinstance(kind, Uuid)
