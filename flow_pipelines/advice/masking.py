"""What of imported text a language model is told: short, and only what says nothing of a person or a machine in clear.

Belongs here: cutting texts and masking values. Does not: which texts a question needs (the modules beside this one).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from flow_pipelines.discovery.mapping.value_profiles import classify, sample_of

# What tells a column apart and nobody by name: numbers, days, versions and yes or no.
IN_CLEAR = frozenset({"bit", "small", "medium", "decimal", "percent", "quantity", "boolean", "date"})
# Vocabularies of which the whole value must be one of their few words, so that no name can stand beside it.
WORDS_IN_CLEAR = frozenset({"environment", "power", "lifecycle", "architecture", "firmware", "virtual", "protocol"})
MOST_DIGITS = 8
CUT = "..."
# To the classifier `1.2.3-jsmith` is a version too. Addresses have four numbers, telephone numbers more digits.
PLAIN_VERSION = re.compile(r"[vV]?(?=[\d.]{3,10}$)\d+(?:\.\d+){1,2}")
LETTER_OR_DIGIT = re.compile(r"[^\W\d_]|\d")


def shortened(text: str, longest: int) -> str:
    """Return a text on one line, of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - len(CUT)] + CUT


def masked(value: str) -> str:
    """Return a value's shape: 9 for every digit, A and a for every letter; in clear if it names nobody and nothing.

    In clear are numbers up to 65,535, days in digits, versions of two or three numbers, yes and no, and words of closed
    vocabularies, such as `production`. All else may be a name, an address or a serial number.
    """
    term = classify(value)
    if term.kind == "version":
        return value if PLAIN_VERSION.fullmatch(value.strip()) else shape(value)
    # A month may be any word: `12 Miller 2024`.
    if term.kind == "date" and any(letter.isalpha() for letter in value):
        return shape(value)
    # 415.555.1234 is a telephone number.
    if term.kind == "decimal" and sum(letter.isdigit() for letter in value) > MOST_DIGITS:
        return shape(value)
    if term.kind in IN_CLEAR or term.kind == "placeholder" or not WORDS_IN_CLEAR.isdisjoint(term.vocabularies):
        return value
    return shape(value)


def shape(text: str) -> str:
    """Return a text's shape, whatever it says."""
    return LETTER_OR_DIGIT.sub(_shape, text)


def samples(cells: Sequence[str], most: int, longest: int) -> list[str]:
    """Return the commonest shapes of a column's values, in an order that the order of rows does not change."""
    shapes: Counter[str] = Counter()
    for value, rows in sample_of(Counter(cells)).items():
        shapes[shortened(masked(value), longest)] += rows
    return sorted(shapes, key=lambda shape: (-shapes[shape], shape))[:most]


def _shape(found: re.Match[str]) -> str:
    letter = found[0]
    return "9" if letter.isdigit() else "A" if letter.isupper() else "a"
