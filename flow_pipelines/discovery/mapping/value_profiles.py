"""What the values of a column look like: kinds, vocabulary, numbers, and how much they repeat.

Belongs here: classifying single values and summing a column up. Does not: what follows for an attribute
(`evidence.py`) or a unit (`units.py`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.reference.header_words import fold, header_rules
from flow_pipelines.reference.mapping_model import mapping_model

# Shares are known to about 2 percentage points from so many distinct values; 10,000 would cost 15 times more.
SAMPLE = 600
# Kinds that say all there is to say.
SELF_EXPLAINED = frozenset({"ip", "uuid", "timestamp", "date", "email", "hex", "url", "percent"})
# Numbers that may be codes of a vocabulary: 1 for critical, 6 for TCP.
CODE_NUMBERS = frozenset({"bit", "small"})
UNITS_OF_COUNTS = frozenset({"vcpu", "vcpus", "core", "cores"})
# Longer texts are prose: they are not looked up in the vocabularies.
LONGEST_TERM = 60
FEW_WORDS = 4
SMALL, MEDIUM, LARGE = 256, 65_535, 10**8

HEX = "[0-9A-Fa-f]"
OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
IPV4 = rf"(?:{OCTET}\.){{3}}{OCTET}"
NUMBER = r"[+-]?(?:\d{1,3}(?:[.,' \u00a0]\d{3})+|\d+)(?:[.,]\d+)?"
DAY = (
    r"(?:(?:19|20)\d\d[-/.][01]?\d[-/.][0-3]?\d|[0-3]?\d[-/.][0-3]?\d[-/.](?:(?:19|20)\d\d|\d\d)"
    r"|\d{1,2}[- .]+[^\W\d_]{3,9}\.?[- ,.]+\d{4}|[^\W\d_]{3,9}\.? \d{1,2},? \d{4})"
)
CLOCK = r"[T ,]+\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
QUANTITY_UNIT = r"[KMGTPkmgt]i?[Bb](?:ps|/s)?|[KMGTkmgt]o|[MG][Hh]z|[MG]|[Bb]ytes|vCPUs?|[Cc]ores?"
KINDS = (
    ("ip", rf"{IPV4}(?:/\d{{1,2}})?|(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{{3,39}}(?:%\w+)?(?:/\d{{1,3}})?"),
    # VMware also writes 42 1c 5f 0a 1d 2b 3c 4d-5e 6f 7a 8b 9c 0d 1e 2f.
    ("uuid", rf"\{{?{HEX}{{8}}-(?:{HEX}{{4}}-){{3}}{HEX}{{12}}\}}?|(?:VMware-)?(?:{HEX}{{2}}[ -]){{15}}{HEX}{{2}}"),
    ("timestamp", rf"{DAY}{CLOCK}|1[4-9]\d{{8}}(?:\d{{3}})?"),
    ("date", DAY),
    ("percent", rf"{NUMBER} ?%"),
    ("number", rf"(?!0\d){NUMBER}"),
    ("boolean", r"(?i:true|false|yes|[yntf]|no|ja|nein|oui|non|s[ií]|sim|n[ãa]o|wahr|falsch|vrai|faux|falso|cierto)"),
    ("email", r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+|[^<>]*<[\w.+'-]+@[\w-]+(?:\.[\w-]+)+>"),
    ("hex", r"(?=[0-9A-Fa-f]*[A-Fa-f])(?=[0-9A-Fa-f]*\d)[0-9A-Fa-f]{16,64}"),
    ("quantity", rf"{NUMBER} ?(?P<unit>{QUANTITY_UNIT})"),
    ("version", r"[vV]?\d+(?:\.\d+){2,}[\w.+-]*|[vV]\d+(?:\.\d+)*"),
    ("url", r"[a-z][a-z0-9+.-]*://\S+"),
    ("reference", r"[a-z]+-\d+|arn:\S+|/subscriptions/\S+|[a-z]{1,4}-[0-9a-f]{8,17}"),
    ("fqdn", r"(?=\S*[A-Za-z])[\w-]+(?:\.[\w-]+)*\.[A-Za-z][A-Za-z-]+\.?"),
    ("path", r"\[[^\]]+\] ?\S.*|(?:/[\w.@-]*)+|[A-Za-z]:\\?(?:[^\s\\]+\\?)*|\\\\\S+"),
    ("pair", r"[\w .-]{1,40}[:=] ?[^\s:=;,][^:=;,]*(?:[;,\n|] ?[\w .-]{1,40}[:=][^:=;,]*)*"),
)  # fmt: skip
KIND = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS))
MAC = re.compile(
    r"(?:[0-9A-Fa-f]{1,2}[:-]){5}[0-9A-Fa-f]{1,2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}|(?=\d*[A-F])[0-9A-F]{12}"
)
# What may stand in a list and is recognized by its first entry alone.
LIST_KINDS = frozenset({"ip", "mac", "email", "uuid", "fqdn"})
BETWEEN_ENTRIES = re.compile(r"\s*[;,|\n]\s*|\s+(?=\d+\.\d+\.\d+\.\d+)")


@dataclass(frozen=True)
class Term:
    """What one value is."""

    kind: str
    vocabularies: tuple[str, ...] = ()
    number: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class ColumnProfile:
    """What the values of one column look like.

    Attributes:
        filled: Cells looked at.
        example: The most frequent value that is not a placeholder; of several the first in order of the alphabet.
        meaningful: Rows of the sample whose value is not a placeholder.
        kinds: Share of each kind of value among those.
        vocabularies: Share of those that fall into each vocabulary.
        distinct: Distinct values among all cells looked at.
        numbers: Bare numbers of the sample, each as often as its rows.
        units: Rows of the sample by the unit that their cell carries itself.
    """

    filled: int
    example: str
    meaningful: int
    kinds: Mapping[str, float]
    vocabularies: Mapping[str, float]
    distinct: int
    numbers: npt.NDArray[np.float64]
    units: Mapping[str, int]


@dataclass
class Profiler:
    """Profiles columns; remembers what single values are, because sheets repeat each other's."""

    terms: dict[str, Term] = field(default_factory=dict)

    def profile(self, cells: Sequence[str]) -> ColumnProfile:
        """Sum a column up.

        Args:
            cells: Its filled cells, at least one, in any order.
        """
        counted = Counter(cells)
        sample = sample_of(counted)
        kinds: Counter[str] = Counter()
        vocabularies: Counter[str] = Counter()
        units: Counter[str] = Counter()
        numbers: list[float] = []
        repeats: list[int] = []
        for value, rows in sample.items():
            term = self._term(value)
            if term is None:
                continue
            kinds[term.kind] += rows
            for vocabulary in term.vocabularies:
                vocabularies[vocabulary] += rows
            if term.unit:
                units[term.unit] += rows
            elif term.number is not None:
                numbers.append(term.number)
                repeats.append(rows)
        meaningful = kinds.total()
        return ColumnProfile(
            filled=len(cells),
            example=self._example(sample),
            meaningful=meaningful,
            kinds={kind: rows / meaningful for kind, rows in kinds.items()},
            vocabularies={name: rows / meaningful for name, rows in vocabularies.items()},
            distinct=len(counted),
            numbers=np.repeat(np.array(numbers, dtype=np.float64), repeats),
            units=dict(units),
        )

    def _term(self, value: str) -> Term | None:
        if value not in self.terms:
            self.terms[value] = classify(value)
        term = self.terms[value]
        return None if term.kind == "placeholder" else term

    def _example(self, sample: Mapping[str, int]) -> str:
        return min(sample, key=lambda value: (self._term(value) is None, -sample[value], value))


def sample_of(counted: Counter[str]) -> Mapping[str, int]:
    """Choose values by their hash: the same ones in whatever order the rows come, and no kind of value preferred."""
    if len(counted) <= SAMPLE:
        return dict(sorted(counted.items()))
    values = np.array(list(counted), dtype=object)
    hashes = pd.util.hash_array(values, categorize=False)
    chosen = np.argpartition(hashes, SAMPLE)[:SAMPLE]
    return {value: counted[value] for value in sorted(values[chosen].tolist())}


def classify(value: str) -> Term:
    """Tell what one value is: its kind, the vocabularies it falls into, its number and unit."""
    text = value.strip()
    simple = fold(text).lower() if not text.isascii() else text.lower()
    if simple in mapping_model().placeholders:
        return Term("placeholder")
    if MAC.fullmatch(text):
        return Term("mac")
    found = KIND.fullmatch(text)
    kind = found.lastgroup if found else None
    if found and kind in ("unit", "quantity"):
        if found["unit"].lower() in UNITS_OF_COUNTS:
            return _number(text.removesuffix(found["unit"]).strip(), simple)
        return Term("quantity", number=None, unit=header_rules().units.get(found["unit"].lower(), found["unit"]))
    if kind == "number":
        return _number(text, simple)
    if kind is None or kind in ("pair", "path"):
        first = BETWEEN_ENTRIES.split(text, maxsplit=1)[0]
        if first != text:
            inner = "mac" if MAC.fullmatch(first) else getattr(KIND.fullmatch(first), "lastgroup", None)
            kind = inner if inner in LIST_KINDS else kind
    kind = kind or _kind_of_text(text)
    return Term(kind, () if kind in SELF_EXPLAINED else _vocabularies(simple))


def _number(text: str, simple: str) -> Term:
    number = _value_of(text)
    if not math.isfinite(number):
        return Term("huge")
    if not number.is_integer() or number < 0:
        kind = "decimal"
    elif number <= 1:
        kind = "bit"
    else:
        kind = next(
            (name for name, most in (("small", SMALL), ("medium", MEDIUM), ("large", LARGE)) if number <= most), "huge"
        )
    return Term(kind, _vocabularies(simple) if kind in CODE_NUMBERS else (), number)


def _value_of(text: str) -> float:
    """Read a number roughly: the last of a comma and a point is the decimal mark, unless three digits follow it."""
    bare = re.sub(r"[' \u00a0]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(?:[.,]\d{3})+", bare) and not bare.lstrip("+-").startswith("0"):
        return float(re.sub(r"[.,]", "", bare)) if bare.count(".") != 1 else float(bare)
    whole, mark, rest = bare.replace(",", ".").rpartition(".")
    return float(f"{whole.replace('.', '')}.{rest}") if mark else float(bare)


def _kind_of_text(text: str) -> str:
    words = text.split()
    if len(words) > FEW_WORDS:
        return "sentence"
    if len(words) > 1:
        return "phrase"
    if any(letter.isdigit() for letter in text) or (text.isupper() and not text.isalpha()):
        return "code"
    return "code" if "_" in text.strip("_") else "word"


def _vocabularies(simple: str) -> tuple[str, ...]:
    if len(simple) > LONGEST_TERM:
        return ()
    return tuple(name for name, words in mapping_model().vocabularies.items() if words.fullmatch(simple))
