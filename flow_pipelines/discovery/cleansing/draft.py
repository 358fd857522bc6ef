"""The records of one sheet while they are being cleansed: one array per attribute that anything feeds.

Belongs here: bookkeeping of values, where they came from and what changed them. Does not: any rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd

from flow_pipelines.discovery.cleansing.cells import Cleansed, rule
from flow_pipelines.reference.attributes import AttributeType, attribute_named
from flow_pipelines.reference.cell_parts import part_of

Objects = np.ndarray[tuple[int], np.dtype[np.object_]]
Codes = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass
class Column:
    """One attribute of all records: values, and for each the cell it came from and the rule that changed it."""

    found: Objects
    cells: Objects
    sources: Objects
    rules: Objects


class Draft:
    """The records of one sheet while they are being cleansed.

    Attributes:
        raw: The cells of each record by column.
        attributes: What they come to, by attribute.
        custom: By position, the cells of columns that feed no attribute.
        issues: By position, what is wrong with its cells.
        parts: By attribute that sums parts of a machine, how many parts of each record are more than nothing.
    """

    def __init__(self, raw: Sequence[dict[str, str]]) -> None:
        self.raw = raw
        self.attributes: dict[str, Column] = {}
        self.custom: dict[int, dict[str, str]] = {}
        self.issues: defaultdict[int, list[str]] = defaultdict(list)
        self.parts: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}

    @cached_property
    def headers(self) -> frozenset[str]:
        """The headers of all columns that any record has a cell of."""
        return frozenset().union(*self.raw)

    def cells(self, sources: Sequence[str], part: str | None = None) -> tuple[Codes, list[str]]:
        """Return a source column as the number of each record's cell, -1 where empty, and the distinct cells.

        Args:
            sources: Its header; several are joined by a space, in this order.
            part: The part of each cell that is meant; a cell without it counts as empty.
        """
        joined = (" ".join(values[source] for source in sources if source in values) for values in self.raw)
        codes, cells = factorize(objects((cell or None for cell in joined), len(self.raw)))
        if part is None:
            return codes, cells
        return factorize(spread([part_of(cell, part) for cell in cells], codes))

    def fill(self, attribute: str, source: str, codes: Codes, cells: list[str], results: list[Cleansed]) -> None:
        """Enter one source column; columns of higher confidence must have been entered before.

        Args:
            attribute: The attribute that it feeds.
            source: Its header.
            codes: Per record the number of its cell, -1 where empty.
            cells: The distinct cells.
            results: What each of them comes to.
        """
        arriving = Column(
            found=spread([result.value for result in results], codes),
            cells=spread(cells, codes),
            sources=spread([source] * len(cells), codes),
            rules=spread([result.rule for result in results], codes),
        )
        has_issue = np.array([result.issue is not None for result in results] + [False])[codes]
        for position in has_issue.nonzero()[0].tolist():
            self.issues[position].append(f"Column {source}: {results[codes[position]].issue}.")
        if attribute_named(attribute).additive:
            counts = self.parts.setdefault(attribute, np.zeros(len(self.raw), dtype=np.int64))
            counts += np.array([bool(result.value) for result in results] + [False])[codes]
        if attribute not in self.attributes:
            self.attributes[attribute] = arriving
        elif attribute_named(attribute).additive:
            self._add(self.attributes[attribute], arriving)
        elif attribute_named(attribute).type is AttributeType.TEXT_LIST:
            self._unite(self.attributes[attribute], arriving)
        else:
            self._fill_gaps(self.attributes[attribute], arriving)

    def derive(self, attribute: str, values: Objects, name: str) -> None:
        """Enter values that follow from others, where nothing usable has been entered.

        Args:
            attribute: The attribute that they are for.
            values: Per record, None where nothing follows.
            name: The rule by which they follow.
        """
        follows = pd.notna(values)
        if not follows.any():
            return
        if attribute not in self.attributes:
            nothing = np.full(len(self.raw), None, dtype=object)
            self.attributes[attribute] = Column(*(nothing.copy() for _ in fields(Column)))
        column = self.attributes[attribute]
        taken = follows & pd.isna(column.found)
        column.found[taken] = values[taken]
        column.rules[taken] = [_joined(before, rule(name)) for before in column.rules[taken].tolist()]

    def keep_unmapped(self, mapped: Collection[str]) -> None:
        """Keep the cells of all columns but the mapped ones as custom attributes."""
        unmapped = sorted(self.headers - set(mapped))
        if not unmapped:
            return
        for position, values in enumerate(self.raw):
            kept = {source: values[source] for source in unmapped if source in values}
            if kept:
                self.custom[position] = kept

    def _fill_gaps(self, column: Column, arriving: Column) -> None:
        held, comes = pd.notna(column.cells), pd.notna(arriving.cells)
        taken = comes & pd.isna(column.found) & (pd.notna(arriving.found) | ~held)
        for position in (taken & held).nonzero()[0].tolist():
            self._keep(position, column)
        for position in (comes & ~taken).nonzero()[0].tolist():
            self._keep(position, arriving)
        _put(column, arriving, taken)

    def _add(self, column: Column, arriving: Column) -> None:
        held, comes = pd.notna(column.found), pd.notna(arriving.found)
        _put(column, arriving, comes & ~held)
        for position in (comes & held).nonzero()[0].tolist():
            column.found[position] += arriving.found[position]
            self._join(position, column, arriving, "summed_columns")

    def _join(self, position: int, column: Column, arriving: Column, name: str) -> None:
        column.cells[position] += f", {arriving.cells[position]}"
        column.sources[position] += f", {arriving.sources[position]}"
        column.rules[position] = _joined(column.rules[position], arriving.rules[position], rule(name))

    def _unite(self, column: Column, arriving: Column) -> None:
        held, comes = pd.notna(column.cells), pd.notna(arriving.cells)
        _put(column, arriving, comes & ~held)
        for position in (comes & held).nonzero()[0].tolist():
            values = {*(column.found[position] or ()), *(arriving.found[position] or ())}
            column.found[position] = sorted(values) or None
            self._join(position, column, arriving, "united_columns")

    def _keep(self, position: int, column: Column) -> None:
        self.custom.setdefault(position, {})[column.sources[position]] = column.cells[position]


def objects(values: Iterable[object], count: int) -> Objects:
    """Return an array of `count` objects; lists stay objects, which `np.array` would take for a dimension."""
    return np.fromiter(values, dtype=np.object_, count=count)


def spread(values: Sequence[object], codes: Codes) -> Objects:
    """Return per record the value of its code, None for code -1."""
    return objects((*values, None), len(values) + 1)[codes]


def factorize(cells: Objects) -> tuple[Codes, list[str]]:
    """Return per record the number of its cell, -1 where empty, and the distinct cells."""
    codes, distinct = pd.factorize(cells)
    return codes, list(distinct)


def _put(column: Column, arriving: Column, taken: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    for field in fields(Column):
        getattr(column, field.name)[taken] = getattr(arriving, field.name)[taken]


def _joined(*rules: str | None) -> str:
    parts = (part for listed in rules if listed for part in listed.split(" + "))
    return " + ".join(dict.fromkeys(parts))
