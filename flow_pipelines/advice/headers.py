"""What of a header a language model is told: the words that headers are made of, all else as its shape.

Belongs here: which words of a header are told. Does not: masking values (`masking.py`), what headers mean
(`reference/aliases.py`).

A sheet without a header row, or a pivot, has data where headers are expected: names, machines, serial numbers.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from flow_pipelines.advice.masking import shape
from flow_pipelines.discovery.mapping.value_profiles import classify
from flow_pipelines.reference.aliases import aliases
from flow_pipelines.reference.doubts import doubts
from flow_pipelines.reference.header_words import expanded, header_rules, parse_header

# Kinds of what stands between spaces that can be words of a header; all other kinds are data.
MADE_OF_WORDS = frozenset(
    {"word", "phrase", "sentence", "code", "fqdn", "pair", "path", "boolean", "placeholder", "bit", "small"}
)
PIECE = re.compile(r"[^\s()\[\]{},;\"'|]+")
TOKEN = re.compile(r"[^\W_]+")
COUNTED = re.compile(r"([^\W\d_]+)\d")
# Of shorter words one letter makes too many others: a name would pass for a misspelt word.
SHORTEST_MISSPELT = 5


def told_header(header: str, *, is_asked_about: bool) -> str:
    """Return a header with every word as its shape that is not known from headers.

    Args:
        header: As it stands in the file.
        is_asked_about: Whether the question is about this header: then a single word of letters is told though it is
            unknown, since what it means is the question.
    """
    words = parse_header(header).words
    if is_asked_about and len(words) == 1 and words[0].isalpha() and TOKEN.fullmatch(header.strip()):
        return header
    has_known_word = any(word.isalpha() and _is_known(word) for word in words)

    def told_token(found: re.Match[str]) -> str:
        token = found[0]
        if token.isdigit():
            return token if len(token) == 1 and has_known_word else shape(token)
        return token if _is_told(token) else shape(token)

    def told_piece(found: re.Match[str]) -> str:
        piece = found[0]
        return TOKEN.sub(told_token, piece) if classify(piece).kind in MADE_OF_WORDS else shape(piece)

    return PIECE.sub(told_piece, header)


def _is_told(token: str) -> bool:
    if counted := COUNTED.fullmatch(token):
        return counted[1].lower() in doubts().mapping.counted_words
    words = parse_header(token).words
    return token.isalpha() and bool(words) and all(map(_is_known, words))


@lru_cache(maxsize=8192)
def _is_known(word: str) -> bool:
    known = _known_words()
    if known.issuperset(expanded((word,))):
        return True
    is_misspelt = len(word) >= SHORTEST_MISSPELT
    return is_misspelt and process.extractOne(word, _long_words(), scorer=OSA.distance, score_cutoff=1) is not None


@cache
def _known_words() -> frozenset[str]:
    """Return the words of which headers are known to be made, as written and written out, without numbers."""
    rules, names = header_rules(), aliases()
    headers = [
        *(name for family in names.names.values() for one in family.values() for name in (*one.names, *one.with_unit)),
        *names.without_attribute,
    ]
    phrases = [parse_header(header).words for header in headers]
    phrases += [words for family in names.told_by_values.values() for words in family]
    phrases += [*names.statistics, *rules.owners, *rules.endings]
    singles = {*rules.known, *rules.glued, *rules.joining, *rules.after_unit}
    singles |= {*rules.written_out, *rules.units, *rules.in_brackets}
    phrases += [tuple(str(single).split()) for single in singles]
    written_out = [expanded(phrase) for phrase in phrases]
    return frozenset(word.lower() for phrase in (*phrases, *written_out) for word in phrase if word.isalpha())


@cache
def _long_words() -> tuple[str, ...]:
    return tuple(sorted(word for word in _known_words() if len(word) >= SHORTEST_MISSPELT))
