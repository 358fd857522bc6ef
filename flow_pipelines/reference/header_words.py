"""Headers brought to the form in which they are compared: words without accents, abbreviations and units.

Belongs here: loading `header_words.yaml`, splitting headers into words, taking units out. Does not: what the words
mean (`aliases.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from flow_pipelines.reference.documents import read_yaml

# One word of a header: units and words such as vCPU or IPv4, which camel case would tear apart, come first.
WORD = re.compile(
    r"[KMGTPkmgtp]i?[Bb](?:ps|/s(?:ec)?)?(?![A-Za-z])|[KMGkmg]?bps(?![A-Za-z])|[KMGkmg]bit/s|(?:[Bb]ytes|[Bb])/s"
    r"|(?:[Oo]ps|io|IO|1)/s(?:ec)?(?![A-Za-z])|[MG]Hz(?![a-z])"
    r"|v(?:CPUs?|Center|Sphere|RAM|NICs?|Disks?|Host|Cores?)(?![a-z])|IPv[46]"
    r"|[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+|%"
)
BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
# Address(es), Application(s).
PLURAL_IN_BRACKETS = re.compile(r"(?<=[A-Za-z])\((?:e?s|S)\)")
INVISIBLE = re.compile(r"[\u200b-\u200d\u2060\ufeff\u00ad]")
GLUED_UNIT = re.compile(r"([a-z]{2,}?)(mib|gib|tib|mb|gb|tb|kb|mhz|ghz|pct)")
# Words that end in s without being plurals: too short, or status, business, previous, analysis, os.
SINGULAR = re.compile(r".{0,3}|.*(?:ss|us|is|os)")
# Abbreviations of two letters would be found in almost any word; those that may be glued are listed.
SHORTEST_GLUED = 3
# Shorter words are words.
SHORTEST_TAKEN_APART = 5
UNFOLDABLE = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L"}
)


@dataclass(frozen=True)
class HeaderRules:
    """The content of `header_words.yaml`, see its comments."""

    version: int
    written_out: Mapping[str, tuple[str, ...]]  # abbreviation, or foreign word or two, to its English words
    glued: frozenset[str]
    known: frozenset[str]  # words that are no misspelling of another
    owners: tuple[tuple[str, ...], ...]
    endings: tuple[tuple[str, ...], ...]
    joining: frozenset[str]
    units: Mapping[str, str]
    case_decides: Mapping[str, str]
    in_brackets: Mapping[str, str]
    after_unit: frozenset[str]
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class ParsedHeader:
    """A header taken apart.

    Attributes:
        words: Lower-case words as written, units among them.
        words_without_unit: The same without the unit; equal to `words` if there is none.
        unit: The unit in its canonical spelling, such as `MB`, `KB/s`, `MHz`, `percent`.
    """

    words: tuple[str, ...]
    words_without_unit: tuple[str, ...]
    unit: str | None


@cache
def header_rules() -> HeaderRules:
    """Load the rules."""
    data: dict[str, Any] = read_yaml(files(__package__).joinpath("header_words.yaml").read_text(encoding="utf-8"))
    named = {unit: dimension for dimension, units in data["units"].items() for unit in units}
    rates = dict.fromkeys(data["case_decides"].values(), "rate")
    translations = {word: english for words in data["translations"].values() for word, english in words.items()}
    written_out: dict[str, str] = {**translations, **data["abbreviations"]}
    return HeaderRules(
        version=data["version"],
        written_out={short: tuple(long.split()) for short, long in written_out.items()},
        glued=frozenset(data["glued"]) | {word for word in written_out if len(word) >= SHORTEST_GLUED},
        known=frozenset(data["glued"]) | {word for long in written_out.values() for word in long.split()},
        owners=_longest_first(data["owners"]),
        endings=_longest_first(data["endings"]),
        joining=frozenset(data["joining"]),
        units={word: unit for units in data["units"].values() for unit, words in units.items() for word in words},
        case_decides=data["case_decides"],
        in_brackets=data["in_brackets"],
        after_unit=frozenset(data["after_unit"]),
        dimensions={**rates, **named},
    )


def _longest_first(phrases: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted((tuple(phrase.split()) for phrase in phrases), key=len, reverse=True))


def dimension_of(unit: str | None) -> str | None:
    """Return what a unit measures: data, rate, frequency, percent or operations; None for counts and currencies."""
    return header_rules().dimensions.get(unit) if unit else None


def fold(text: str) -> str:
    """Return a text without accents and invisible characters, compatibility forms (`㎇`, full width) resolved."""
    decomposed = unicodedata.normalize("NFKD", INVISIBLE.sub("", text).translate(UNFOLDABLE))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@lru_cache(maxsize=8192)
def parse_header(header: str) -> ParsedHeader:
    """Take a header apart: words, words without the unit, unit.

    `RAM.UsedSizeInMB.Avg` becomes (ram, used, size, avg) in MB, `Disk 1 read throughput (MB per second)` becomes
    (disk, 1, read, throughput) in MB/s, `CPU Usage %` becomes (cpu, usage) in percent.
    """
    text = PLURAL_IN_BRACKETS.sub("s", fold(header).replace("*", " "))
    bracketed = _unit_in_brackets(text)
    if bracketed:
        return ParsedHeader(_lowered(text), _lowered(bracketed[1]), bracketed[0])
    unit, kept = _unit_among(WORD.findall(BRACKETED.sub(" ", text)))
    remarks = _lowered(" ".join(BRACKETED.findall(text)))
    return ParsedHeader(_lowered(text), (*kept, *remarks), unit)


def without_remarks(header: str) -> str:
    """Return a header without what stands in brackets; unchanged if nothing else is left."""
    rest = BRACKETED.sub(" ", header).strip()
    return rest or header


def _lowered(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in WORD.findall(text))


def _unit_in_brackets(text: str) -> tuple[str, str] | None:
    for found in BRACKETED.finditer(text):
        words = WORD.findall(found[1])
        words = words[1:] if words and words[0].lower() == "in" else words
        unit = header_rules().in_brackets.get(words[0].lower()) if len(words) == 1 else None
        unit = unit or _as_unit(words)
        if unit:
            return unit, f"{text[: found.start()]} {text[found.end() :]}"
    return None


def _as_unit(words: list[str]) -> str | None:
    """Read words that are nothing but a unit: `MB`, `MB per second`, `operations per second`, `Mbps`."""
    rules = header_rules()
    if not words:
        return None
    first, rest = words[0], [word.lower() for word in words[1:]]
    unit = rules.case_decides.get(first) or rules.units.get(first.lower())
    if rest in (["per", "second"], ["per", "sec"], ["sec"], ["s"], ["ps"]):
        if first.lower() in ("operations", "ops", "ios", "io"):
            return "1/s"
        return f"{unit}/s" if dimension_of(unit) == "data" else None
    return unit if not rest else None


def _unit_among(written: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """Find a unit at the end of the words, or before a word such as `Avg`; the words `per second` make it a rate."""
    rules = header_rules()
    lowered = [word.lower() for word in written]
    per_second = _place_of(lowered, ["per", "second"]) or _place_of(lowered, ["per", "sec"])
    for place in range(len(written) - 1, -1, -1):
        unit = rules.case_decides.get(written[place], rules.units.get(lowered[place], ""))
        follows = [word for word in lowered[place + 1 :] if word not in ("per", "second", "sec")]
        is_last = written[place] == "%" or all(word in rules.after_unit for word in follows)
        if not unit or not is_last:
            continue
        dropped = {place}
        if per_second is not None and dimension_of(unit) == "data":
            unit = f"{unit}/s"
            dropped |= {per_second, per_second + 1}
        if place and lowered[place - 1] == "in":
            dropped.add(place - 1)
        return unit, tuple(word for number, word in enumerate(lowered) if number not in dropped)
    return _glued_unit(lowered)


def _glued_unit(lowered: list[str]) -> tuple[str | None, tuple[str, ...]]:
    found = GLUED_UNIT.fullmatch(lowered[-1]) if lowered else None
    if not found:
        return None, tuple(lowered)
    return header_rules().units[found[2]], (*lowered[:-1], found[1])


def _place_of(words: list[str], phrase: list[str]) -> int | None:
    places = (place for place in range(len(words) - len(phrase) + 1) if words[place : place + len(phrase)] == phrase)
    return next(places, None)


@lru_cache(maxsize=8192)
def expanded(words: tuple[str, ...]) -> tuple[str, ...]:
    """Bring words to the form in which they are compared: in English as by `in_english`, and in the singular."""
    return tuple(map(_singular, in_english(words)))


@lru_cache(maxsize=8192)
def in_english(words: tuple[str, ...]) -> tuple[str, ...]:
    """Write abbreviations out, translate, take glued words apart.

    (servername, addrs) gives (server, name, addrs), (anzahl, prozessoren) gives (number, processors).
    """
    long: list[str] = []
    place = 0
    while place < len(words):
        pair = header_rules().written_out.get(" ".join(words[place : place + 2])) if place + 1 < len(words) else None
        long += pair or _written_out(words[place])
        place += 2 if pair else 1
    return tuple(long)


@lru_cache(maxsize=8192)
def _written_out(word: str) -> tuple[str, ...]:
    rules = header_rules()
    for known in (word, _singular(word)):
        if known in rules.written_out:
            return rules.written_out[known]
    if len(word) < SHORTEST_TAKEN_APART or not rules.glued.isdisjoint((word, _singular(word))):
        return (word,)
    parts = _taken_apart(word)
    return tuple(part for one in parts for part in rules.written_out.get(one, (one,))) if parts else (word,)


def _taken_apart(word: str) -> tuple[str, ...]:
    """Return the fewest words that stand glued in one, or none if that leaves a letter over."""
    best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
    for end in range(1, len(word) + 1):
        found = [
            (*before, word[start:end])
            for start in range(end)
            if (before := best[start]) is not None and word[start:end] in header_rules().glued
        ]
        best[end] = min(found, key=len, default=None)
    return best[-1] or ()


def _singular(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("ies") and len(word) > 4:  # noqa: PLR2004  (not `ties`)
        return f"{word[:-3]}y"
    if not word.endswith("s") or SINGULAR.fullmatch(word):
        return word
    return word[:-1]
