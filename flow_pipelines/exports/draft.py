"""What an export is made of: rows of text, before anything is checked.

Belongs here: a row, and how values become cells. Does not: any particular column.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flow_pipelines.edit_values import UNWRITABLE, plain

# What a text ends with that had to be cut.
CUT = " [...]"
# As many names as fit into a line.
MOST_NAMED = 5


@dataclass(frozen=True)
class DraftRow:
    """One row.

    Attributes:
        name: What a person calls that which it is about.
        cells: By column; what is not there is empty. Several values for a header that is repeated.
    """

    name: str
    cells: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Draft:
    """The rows of an export in their order, and what else has to be told about it."""

    rows: Sequence[DraftRow]
    notices: Sequence[str] = ()


def line(value: object) -> str:
    """Return a value as a cell of one line: white space folded, as every import folds it; empty if missing."""
    value = plain(value)
    return "" if value is None else " ".join(UNWRITABLE.sub(" ", str(value)).split())


def decimal(value: object) -> float | None:
    """Return a number of a frame; None if it is missing or no number."""
    value = plain(value)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def number(value: object) -> str:
    """Return a number as a cell, to six decimals, without an exponent or zeros that say nothing; empty if missing."""
    told = decimal(value)
    if told is None:
        return ""
    return str(int(told)) if told.is_integer() else f"{told:.6f}".rstrip("0").rstrip(".")


def some(names: Iterable[object]) -> str:
    """Return the first of some names, for a notice."""
    listed = sorted(map(str, names))
    return ", ".join(listed[:MOST_NAMED]) + (" and more" if len(listed) > MOST_NAMED else "")


def cut(text: str, longest: int) -> str:
    """Return a text of our own making within what the tool takes; what is cut is marked."""
    return text if len(text) <= longest else text[: longest - len(CUT)] + CUT
