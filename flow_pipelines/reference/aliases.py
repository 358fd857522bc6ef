"""What sources call the canonical attributes: exact lookup of headers after normalisation.

Belongs here: loading `attribute_aliases.yaml` and looking headers up. Does not: how a header is taken apart
(`header_words.py`), headers of known formats (`source_formats.py`), likeness and values (`discovery/mapping/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, TypeVar

from flow_pipelines.reference.attributes import ATTRIBUTES, AttributeType, attribute_named
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.header_words import (
    ParsedHeader,
    dimension_of,
    expanded,
    header_rules,
    in_english,
    parse_header,
)

Key = TypeVar("Key")

DEFAULT_FAMILY = "asset"
AVERAGE = "_average"
# `u_server_owner` has two owners before its meaning.
MOST_OWNERS = 2
BETWEEN_ALTERNATIVES = re.compile(r"[/|]")
MOST_ALTERNATIVES = 3


@dataclass(frozen=True)
class HeaderMatch:
    """What a header means.

    Attributes:
        attribute: Name of the canonical attribute.
        unit: Unit that the header tells, such as `MB`, `KB/s`, `MHz` or `percent`; None if it tells none.
    """

    attribute: str
    unit: str | None


@dataclass(frozen=True)
class Names:
    """The headers that mean an attribute."""

    names: tuple[str, ...]
    with_unit: tuple[str, ...] = ()


@dataclass(frozen=True)
class Aliases:
    """The content of `attribute_aliases.yaml`, see its comments; families know inherited names too."""

    version: int
    family_of: Mapping[str, str]
    names: Mapping[str, Mapping[str, Names]]  # family to attribute
    told_by_values: Mapping[str, Mapping[tuple[str, ...], tuple[str, ...]]]  # family to words of a header
    numbered: Mapping[str, str]
    statistics: Mapping[tuple[str, ...], str]  # words to the ending of an attribute's name
    without_attribute: tuple[str, ...]


@dataclass(frozen=True)
class FamilyIndex:
    """Keys of headers, as written and written out, to what they mean in one family of record types.

    Several attributes mean that only the values can tell. What is equal only when written out, or only in another
    order, and means different things (`disk` a size, `disks` a number) is left out there.
    """

    as_written: Mapping[str, tuple[str, ...]]
    written_out: Mapping[str, tuple[str, ...]]
    in_any_order: Mapping[tuple[str, ...], tuple[str, ...]]
    by_dimension: Mapping[tuple[str, str], str]

    def meanings(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Return the attributes that exactly these words may mean."""
        found = self.as_written.get("".join(words)) or self.as_written.get("".join(in_english(words)))
        return found or self.written_out.get(_key(words)) or self.in_any_order.get(_in_any_order(words), ())


def canonical_words(header: str) -> tuple[str, ...]:
    """Return the words of a header as they are compared.

    Lower case, without accents, plural forms and the unit, abbreviations written out: `VM.RamInMB` gives
    (virtual, machine, memory).
    """
    return expanded(parse_header(header).words_without_unit)


def attribute_of_header(header: str, *, record_type: str | None = None) -> HeaderMatch | None:
    """Look a header up among the aliases.

    Args:
        header: The header as the source writes it.
        record_type: What the rows describe; `name` means something else in a list of connections than of servers.
            Without it the meaning for assets counts, else that of any other kind of record.

    Returns:
        The attribute and the unit that the header tells, or None if it is no alias, or tells a unit that its
        attribute cannot have. Of a header that only values can explain, its most usual meaning.
    """
    if record_type is not None:
        return _match(header, family_of(record_type))
    matches = (_match(header, family) for family in (DEFAULT_FAMILY, *aliases().names))
    return next((match for match in matches if match), None)


def attributes_told_by_values(header: str, *, record_type: str) -> tuple[str, ...]:
    """Return what a header may mean if only its values can tell, most usual first; empty if the header tells."""
    family = family_of(record_type)
    meanings = _index(family).meanings(parse_header(header).words_without_unit) or _alternatives(header, family)
    return meanings if len(meanings) > 1 else ()


def place_among_names(header: str, attribute: str, *, record_type: str) -> int:
    """Tell how usual a header is for an attribute: its place among the names, which stand there by usage, from 0."""
    # A part of a machine (`Disk 2 size`) goes by the names of the whole.
    names = aliases().names[family_of(record_type)].get(attribute, Names(())).names
    key = _key(parse_header(header).words)
    places = (place for place, name in enumerate(names) if _key(parse_header(name).words) == key)
    return next(places, len(names))


def means_nothing_known(header: str) -> bool:
    """Whether it is a well-known header for which the catalogue has no attribute, such as `sys_mod_count`."""
    parsed = parse_header(header)
    shortened = _without_owners(parsed.words_without_unit)
    return not _keys_without_attribute().isdisjoint(map(_key, (parsed.words, parsed.words_without_unit, *shortened)))


@cache
def _keys_without_attribute() -> frozenset[str]:
    return frozenset(_key(parse_header(header).words) for header in aliases().without_attribute)


def family_of(record_type: str) -> str:
    """Return the family of record types that share their meanings of a header."""
    return aliases().family_of[record_type]


@cache
def aliases() -> Aliases:
    """Load the aliases."""
    data: dict[str, Any] = read_yaml(files(__package__).joinpath("attribute_aliases.yaml").read_text(encoding="utf-8"))
    families: dict[str, list[str]] = data["families"]
    shared = _names(data["aliases"])
    told = data["told_by_values"]
    inherits = {family: family not in data["independent_families"] for family in families}
    return Aliases(
        version=data["version"],
        family_of={record_type: family for family, record_types in families.items() for record_type in record_types},
        names={
            family: _merged(shared if inherits[family] else {}, _names(data["own_aliases"].get(family, {})))
            for family in families
        },
        told_by_values={
            family: _by_words(
                _not_named(told[DEFAULT_FAMILY] if inherits[family] else {}, data["own_aliases"].get(family, {}))
                | told.get(family, {})
            )
            for family in families
        },
        numbered=data["numbered"],
        statistics={
            parse_header(word).words: f"_{statistic}"
            for statistic, words in data["statistics"].items()
            for word in words
        },
        without_attribute=tuple(data["without_attribute"]),
    )


def _names(entries: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Names]:
    return {
        attribute: Names(tuple(map(str, entry["names"])), tuple(entry.get("with_unit", ())))
        for attribute, entry in entries.items()
    }


def _merged(shared: Mapping[str, Names], own: Mapping[str, Names]) -> dict[str, Names]:
    """Put a family's own names first and take them away from the attributes that have them otherwise."""
    taken = {_key(parse_header(name).words) for names in own.values() for name in names.names}
    nothing = Names(())
    merged = {}
    for attribute in dict.fromkeys((*own, *shared)):
        first, then = own.get(attribute, nothing), shared.get(attribute, nothing)
        kept = Names(
            *(
                tuple(name for name in names if _key(parse_header(name).words) not in taken)
                for names in (then.names, then.with_unit)
            )
        )
        merged[attribute] = Names(first.names + kept.names, first.with_unit + kept.with_unit)
    return merged


def _not_named(told: Mapping[str, list[str]], own: Mapping[str, Mapping[str, list[str]]]) -> dict[str, list[str]]:
    """Leave out the headers for which a family has a name of its own."""
    named = {_written(str(name)) for entry in own.values() for name in entry["names"]}
    return {header: attributes for header, attributes in told.items() if _written(header) not in named}


def _by_words(headers: Mapping[str, list[str]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {parse_header(header).words: tuple(attributes) for header, attributes in headers.items()}


def _written(header: str) -> str:
    return "".join(parse_header(header).words)


@lru_cache(maxsize=8192)
def _in_any_order(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return what two phrases of the same words have in common: `source server`, `servidor de origen`.

    Nothing for a single word: `to name` would be the same as `name`.
    """
    telling = sorted(word for word in expanded(words) if word not in header_rules().joining)
    return tuple(telling) if len(telling) > 1 else ()


def _key(words: tuple[str, ...]) -> str:
    return "".join(expanded(words))


@cache
def _index(family: str) -> FamilyIndex:
    as_written: dict[str, tuple[str, ...]] = {}
    written_out: dict[str, set[tuple[str, ...]]] = {}
    in_any_order: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    by_dimension: dict[tuple[str, str], str] = {}
    listed = [
        (parse_header(name).words, (attribute,))
        for attribute, names in aliases().names[family].items()
        for name in names.names
    ]
    told = aliases().told_by_values[family]
    for words, attributes in [*told.items(), *listed]:
        as_written.setdefault("".join(words), attributes)
        written_out.setdefault(_key(words), set()).add(as_written["".join(words)])
        if order_free := _in_any_order(words):
            in_any_order.setdefault(order_free, set()).add(as_written["".join(words)])
    for attribute, names in aliases().names[family].items():
        dimension = dimension_of(attribute_named(attribute).unit) or ""
        by_dimension |= {(_key(parse_header(name).words), dimension): attribute for name in names.with_unit}
    return FamilyIndex(as_written, _unambiguous(written_out), _unambiguous(in_any_order), by_dimension)


def _unambiguous(meanings: Mapping[Key, set[tuple[str, ...]]]) -> dict[Key, tuple[str, ...]]:
    return {key: next(iter(found)) for key, found in meanings.items() if len(found) == 1}


@lru_cache(maxsize=8192)
def _match(header: str, family: str) -> HeaderMatch | None:
    parsed = parse_header(header)
    for words in dict.fromkeys((parsed.words, *_shortened(parsed.words_without_unit))):
        attribute = _lookup(words, parsed.unit, family)
        if attribute:
            return HeaderMatch(attribute, parsed.unit)
    alternatives = _alternatives(header, family)
    if alternatives:
        return HeaderMatch(alternatives[0], parsed.unit)
    attribute = _numbered(parsed.words_without_unit, parsed.unit, family) or _statistic(parsed, family)
    return HeaderMatch(attribute, parsed.unit) if attribute else None


def _numbered(words: tuple[str, ...], unit: str | None, family: str) -> str | None:
    """Find the attribute of one of several like columns: `IP Address 2`, `Disk 2 size`."""
    if len(words) > 1 and words[-1].isdigit():
        attribute = _lookup(words[:-1], unit, family)
        if attribute and attribute_named(attribute).type is AttributeType.TEXT_LIST:
            return attribute
    # Disks of Windows are lettered: `Disk D`.
    rest = tuple(word for word in words if not word.isdigit() and len(word) > 1)
    if family != DEFAULT_FAMILY or not rest or len(words) - len(rest) != 1:
        return None
    return aliases().numbered.get(_lookup(rest, unit, family) or "")


def _statistic(parsed: ParsedHeader, family: str) -> str | None:
    """Find the attribute of a header that a statistic is added to: `Memory in use (95th percentile)`."""
    for rest, ending in _without_statistic(parsed.words_without_unit):
        attribute = _lookup(rest, parsed.unit, family)
        if attribute and attribute.endswith(AVERAGE):
            statistic = f"{attribute.removesuffix(AVERAGE)}{ending}"
            return statistic if statistic in _attribute_names() else None
    return None


@lru_cache(maxsize=8192)
def _without_statistic(words: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return what is left of words that end or begin with a statistic, and what its attributes' names end with."""
    return tuple(
        (rest, ending)
        for added, ending in aliases().statistics.items()
        for rest in (_without_end(words, added), _without_end(words[::-1], added[::-1])[::-1])
        if rest
    )


def _alternatives(header: str, family: str) -> tuple[str, ...]:
    """Return what a header means that names it twice (`Owner / Propriétaire`) or gives a choice (`OS/Version`)."""
    pieces = [piece for piece in BETWEEN_ALTERNATIVES.split(header) if piece.strip()]
    if not 1 < len(pieces) <= MOST_ALTERNATIVES:
        return ()
    matches = [_match(piece, family) for piece in pieces]
    return tuple(dict.fromkeys(match.attribute for match in matches if match)) if all(matches) else ()


def _without_end(words: tuple[str, ...], ending: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words without those at their end; no words if they end otherwise."""
    return words[: -len(ending)] if words[-len(ending) :] == ending else ()


@cache
def _attribute_names() -> frozenset[str]:
    return frozenset(attribute.name for attribute in ATTRIBUTES)


def _lookup(words: tuple[str, ...], unit: str | None, family: str) -> str | None:
    """Find the attribute of exactly these words whose unit measures what the header's unit measures."""
    index = _index(family)
    dimension = dimension_of(unit)
    if dimension and (_key(words), dimension) in index.by_dimension:
        return index.by_dimension[_key(words), dimension]
    return next(
        (
            attribute
            for attribute in index.meanings(words)
            if dimension in (None, dimension_of(attribute_named(attribute).unit))
        ),
        None,
    )


@lru_cache(maxsize=8192)
def _shortened(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the words, then without leading owners, then without a trailing `name`."""
    if _key(words) in _keys_without_attribute():
        return (words,)
    shorter = _without_owners(words)
    candidates = dict.fromkeys((words, *shorter[-1:]))
    endings = ((one, _first_fitting(one, header_rules().endings, leading=False)) for one in candidates)
    return (words, *shorter, *(one[: -len(ending)] for one, ending in endings if ending))


def _without_owners(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the words without the first leading owner, then without the second."""
    shorter: list[tuple[str, ...]] = []
    for _ in range(MOST_OWNERS):
        owner = _first_fitting(words, header_rules().owners, leading=True)
        if not owner:
            break
        words = words[len(owner) :]
        shorter.append(words)
    return tuple(shorter)


def _first_fitting(
    words: tuple[str, ...], phrases: Iterable[tuple[str, ...]], *, leading: bool
) -> tuple[str, ...] | None:
    """Return the longest phrase with which the words begin (or end), provided that a word remains."""
    return next(
        (
            phrase
            for phrase in phrases
            if len(words) > len(phrase) and (words[: len(phrase)] if leading else words[-len(phrase) :]) == phrase
        ),
        None,
    )
