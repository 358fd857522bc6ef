"""The records of a run while they are being cleansed: one array per attribute that anything feeds.

Belongs here: bookkeeping of values, where they came from and what changed them. Does not: any rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.discovery.cleansing.cells import Cleansed, rule
from flow_pipelines.reference.attributes import AttributeType, attribute_named

Objects = np.ndarray[tuple[int], np.dtype[np.object_]]
Positions = np.ndarray[tuple[int], np.dtype[np.int64]]
DTYPES = {
    AttributeType.INTEGER: "Int64",
    AttributeType.DECIMAL: "Float64",
    AttributeType.BOOLEAN: "boolean",
    AttributeType.TIMESTAMP: "datetime64[us, UTC]",
}


@dataclass
class Column:
    """One attribute of all records: values, and for each the cell it came from and the rule that changed it."""

    found: Objects
    cells: Objects
    sources: Objects
    rules: Objects

    @classmethod
    def empty(cls, rows: int) -> Column:
        """Return a column in which nothing is filled."""
        return cls(*(np.full(rows, None, dtype=object) for _ in range(4)))


class Draft:
    """The records of a run while they are being cleansed."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.attributes: dict[str, Column] = {}
        self.custom: list[dict[str, str] | None] = [None] * rows
        self.issues: list[list[str]] = [[] for _ in range(rows)]

    def column(self, attribute: str) -> Column:
        """Return an attribute's column, empty if nothing has fed it yet."""
        if attribute not in self.attributes:
            self.attributes[attribute] = Column.empty(self.rows)
        return self.attributes[attribute]

    def fill(
        self,
        attribute: str,
        source: str,
        rows: Positions,
        cells: Sequence[str | None],
        cleansed: Mapping[str, Cleansed],
    ) -> None:
        """Enter one source column; columns of higher confidence must have been entered before.

        Args:
            attribute: The attribute that it feeds.
            source: Its header.
            rows: The positions of its records.
            cells: Their cells, None where empty.
            cleansed: By distinct cell, what it comes to.
        """
        column = self.column(attribute)
        is_list = attribute_named(attribute).type is AttributeType.TEXT_LIST
        for position, cell in zip(rows.tolist(), cells, strict=True):
            if cell is None:
                continue
            result = cleansed[cell]
            if result.issue:
                self.issues[position].append(f"Column {source}: {result.issue}.")
            if is_list and column.cells[position] is not None:
                self._unite(column, position, source, cell, result)
            elif column.found[position] is None and (column.cells[position] is None or result.value is not None):
                if column.cells[position] is not None:
                    self._keep(position, column.sources[position], column.cells[position])
                column.found[position], column.cells[position] = result.value, cell
                column.sources[position], column.rules[position] = source, result.rule
            else:
                self._keep(position, source, cell)

    def derive(self, attribute: str, position: int, value: object, name: str) -> None:
        """Enter a value that follows from others, where nothing usable has been entered."""
        column = self.column(attribute)
        if value is None or column.found[position] is not None:
            return
        column.found[position] = value
        column.rules[position] = " + ".join(filter(None, (column.rules[position], rule(name))))

    def columns(self) -> dict[str, pd.Series[Any]]:
        """Return the values by attribute, in house dtypes."""
        return {
            name: pd.Series(column.found, dtype=DTYPES.get(attribute_named(name).type, "object"))
            for name, column in self.attributes.items()
        }

    def changes(self) -> Iterator[tuple[str, int, str | None, str | None, object, str]]:
        """Yield attribute, position, source, cell before, value after and rule of every changed or derived cell."""
        for name, column in self.attributes.items():
            for position in np.flatnonzero(pd.notna(column.rules)).tolist():
                yield (
                    name,
                    position,
                    column.sources[position],
                    column.cells[position],
                    column.found[position],
                    column.rules[position],
                )

    def _unite(self, column: Column, position: int, source: str, cell: str, result: Cleansed) -> None:
        values = set(column.found[position] or ()) | set(result.value if isinstance(result.value, list) else ())
        column.found[position] = sorted(values) or None
        column.cells[position] = f"{column.cells[position]}, {cell}"
        column.sources[position] = f"{column.sources[position]}, {source}"
        names = [column.rules[position], result.rule, rule("united_columns")]
        column.rules[position] = " + ".join(dict.fromkeys(filter(None, names)))

    def _keep(self, position: int, source: str, cell: str) -> None:
        kept = self.custom[position] or {}
        self.custom[position] = {**kept, source: cell}
