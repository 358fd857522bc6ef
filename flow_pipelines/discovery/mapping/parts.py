"""Columns whose cells say several things, and columns that hold one value together.

Belongs here: telling them by their cells and headers. Does not: what the parts are (`reference/cell_parts.py`) and
which attributes are free for them (`attribute_mapping.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flow_pipelines.discovery.mapping.value_profiles import ColumnProfile, sample_of
from flow_pipelines.reference.aliases import attribute_of_header, canonical_words
from flow_pipelines.reference.cell_parts import cell_parts, part_of, take_apart

# Kinds of values that say one thing; a column of mostly these is not looked at.
SIMPLE_KINDS = frozenset(
    {"ip", "mac", "uuid", "hex", "timestamp", "date", "boolean", "bit", "percent", "small", "medium"}
)
MOSTLY = 0.5
DOTTED = "fqdn"


@dataclass(frozen=True)
class FoundPart:
    """A part that most cells of a column hold.

    Attributes:
        part: Its name.
        share: Share of the cells that hold it.
        attributes: What it may feed, the likeliest first.
    """

    part: str
    share: float
    attributes: tuple[str, ...]


def parts_of_column(header: str, cells: Sequence[str], profile: ColumnProfile, record_type: str) -> list[FoundPart]:
    """Tell into which parts the cells of a column are to be taken apart; none for ordinary columns.

    A header that is the name of an attribute which none of the parts feeds has the last word.
    """
    if sum(profile.kinds.get(kind, 0.0) for kind in SIMPLE_KINDS) >= MOSTLY:
        return []
    sample = sample_of(Counter(cells))
    rows = sum(sample.values())
    match = attribute_of_header(header, record_type=record_type)
    for combination in cell_parts().combinations:
        named = [attribute for part in combination for attribute in cell_parts().parts[part].attributes]
        if match and match.attribute not in named:
            continue
        taken = {cell: take_apart(cell, combination) for cell in sample}
        share = sum(sample[cell] for cell, parts in taken.items() if parts) / rows
        if share >= cell_parts().least_share:
            found = [parts for parts in taken.values() if parts]
            return [FoundPart(part, share, _attributes(part, [parts[part] for parts in found])) for part in combination]
    return []


def part_beside(attribute: str, cells: Sequence[str]) -> FoundPart | None:
    """Tell which part feeds an attribute of its own beside the whole cell: 64-bit beside an operating system."""
    part = cell_parts().beside.get(attribute)
    if part is None:
        return None
    sample = sample_of(Counter(cells))
    share = sum(rows for cell, rows in sample.items() if part_of(cell, part)) / sum(sample.values())
    return FoundPart(part, share, cell_parts().parts[part].attributes) if share >= cell_parts().least_share else None


def _attributes(part: str, values: Sequence[str]) -> tuple[str, ...]:
    attributes = cell_parts().parts[part].attributes
    if DOTTED in attributes and sum("." in value for value in values) < MOSTLY * len(values):
        return tuple(attribute for attribute in attributes if attribute != DOTTED)
    return attributes


def joined_columns(headers: Sequence[str], record_type: str) -> Mapping[str, str]:
    """Find columns that hold one value together, such as `Owner first name` and `Owner last name`.

    Returns:
        Header to the part of the value that it holds; empty unless every part has exactly one column.
    """
    parts = cell_parts().joined
    for rest, found in _by_rest(headers).items():
        match = attribute_of_header(" ".join(rest), record_type=record_type) if rest else None
        is_meant = not rest or (match is not None and match.attribute == cell_parts().joined_attribute)
        if is_meant and sorted(found.values()) == sorted(parts):
            return found
    return {}


def _by_rest(headers: Sequence[str]) -> dict[tuple[str, ...], dict[str, str]]:
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for header in headers:
        words = canonical_words(header)
        for part, telling in cell_parts().joined.items():
            for rest in _without(words, telling):
                groups.setdefault(rest, {})[header] = part
    return groups


def _without(words: tuple[str, ...], phrase: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for place in range(len(words) - len(phrase) + 1):
        if words[place : place + len(phrase)] == phrase:
            yield (*words[:place], *words[place + len(phrase) :])
            return
