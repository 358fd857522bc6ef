"""Cells that say several things: what they are taken apart into, and values that several columns hold together.

Belongs here: loading `cell_parts.yaml` and taking one cell apart by it. Does not: telling which columns hold such cells
(`discovery/mapping/parts.py`) and cleansing the parts (`discovery/cleansing/`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.header_words import fold
from flow_pipelines.reference.mapping_model import mapping_model

# Longer cells are prose.
LONGEST_CELL = 200
WITHOUT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Part:
    """One kind of part, see the comments of `cell_parts.yaml`."""

    patterns: tuple[re.Pattern[str], ...]
    vocabulary: str | None
    but_not: tuple[str, ...]
    is_rest: bool
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class CellParts:
    """The content of `cell_parts.yaml`, see its comments."""

    version: int
    parts: Mapping[str, Part]
    combinations: tuple[tuple[str, ...], ...]
    beside: Mapping[str, str]
    separators: re.Pattern[str]
    least_share: float
    least_cover: float
    joined_attribute: str
    joined: Mapping[str, tuple[str, ...]]  # part of a value to the words of a header that tell it


@cache
def cell_parts() -> CellParts:
    """Load the parts."""
    data: dict[str, Any] = read_yaml(files(__package__).joinpath("cell_parts.yaml").read_text(encoding="utf-8"))
    return CellParts(
        version=data["version"],
        parts={name: _part(entry) for name, entry in data["parts"].items()},
        combinations=tuple(map(tuple, data["combinations"])),
        beside=data["beside"],
        separators=re.compile(data["separators"], re.IGNORECASE),
        least_share=data["least_share"],
        least_cover=data["least_cover"],
        joined_attribute=data["joined"]["attribute"],
        joined={part: tuple(words) for part, words in data["joined"]["parts"].items()},
    )


def _part(entry: Mapping[str, Any]) -> Part:
    return Part(
        patterns=tuple(
            re.compile(rf"(?<![^\W_]){pattern}", re.IGNORECASE | re.DOTALL) for pattern in entry.get("patterns", ())
        ),
        vocabulary=entry.get("vocabulary"),
        but_not=tuple(entry.get("but_not", ())),
        is_rest=entry.get("rest", False),
        attributes=tuple(entry["attributes"]),
    )


def part_names() -> tuple[str, ...]:
    """Return what `part` of a mapping may be: parts of cells, and parts of values that several columns hold."""
    return (*cell_parts().parts, *cell_parts().joined)


def part_of(cell: str, part: str) -> str | None:
    """Return one part of a cell as it is written there, or None if the cell has none or is prose."""
    if len(cell) > LONGEST_CELL:
        return None
    kind = cell_parts().parts[part]
    if kind.is_rest:
        return _rest(cell, part)
    found = _find(cell, kind)
    return found[0] if found else None


def take_apart(cell: str, combination: Sequence[str]) -> dict[str, str] | None:
    """Take a cell apart.

    Args:
        cell: The cell.
        combination: The parts it must have, all of them.

    Returns:
        The parts as they are written, or None if one is missing or they are not most of what the cell says.
    """
    if len(cell) > LONGEST_CELL:
        return None
    parts: dict[str, str] = {}
    covered = 0
    for name in combination:
        kind = cell_parts().parts[name]
        found = (_rest(cell, name) or "", "") if kind.is_rest else _find(cell, kind)
        if not found or not found[0]:
            return None
        parts[name] = found[0]
        covered += _letters(found[1] or found[0])
    distinct = len(set(parts.values())) == len(parts)
    return parts if distinct and covered >= cell_parts().least_cover * _letters(cell) else None


def _find(cell: str, kind: Part) -> tuple[str, str] | None:
    """Return a part and all that the pattern took for it."""
    if kind.vocabulary:
        pieces = (piece.strip() for piece in cell_parts().separators.split(cell))
        fitting = (piece for piece in pieces if piece and _is_word_of(piece, kind))
        piece = next(fitting, None)
        return (piece, piece) if piece else None
    for pattern in kind.patterns:
        for found in pattern.finditer(cell):
            # Of `web01.corp.example / 10.1.1.1` the address is no name, nor is a unit.
            if found["part"]:
                return found["part"].strip(), found.group()
    return None


def _is_word_of(piece: str, kind: Part) -> bool:
    simple = fold(piece).lower()
    vocabularies = mapping_model().vocabularies
    return bool(kind.vocabulary and vocabularies[kind.vocabulary].fullmatch(simple)) and not any(
        vocabularies[other].fullmatch(simple) for other in kind.but_not
    )


def _rest(cell: str, part: str) -> str | None:
    """Return what the other parts of its combination leave of a cell."""
    others = [name for combination in cell_parts().combinations if part in combination for name in combination]
    for name in others:
        found = None if name == part else _find(cell, cell_parts().parts[name])
        if found:
            cell = cell.replace(found[1], " ")
    return " ".join(cell_parts().separators.sub(" ", cell).strip(" :-=").split()) or None


def _letters(text: str) -> int:
    return len(WITHOUT_LETTERS.sub("", text))
