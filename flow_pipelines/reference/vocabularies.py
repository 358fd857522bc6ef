"""The words that sources use for values of closed lists, and how two spellings of a word are compared.

Belongs here: loading `vocabularies.yaml` and looking words up. Does not: cleansing whole columns
(`discovery/cleansing/`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flow_pipelines.reference.documents import read_yaml

FILE = Path(__file__).with_name("vocabularies.yaml")
# "1 - most critical": the number orders the list in the source's drop-down; the words carry the meaning.
LEADING_NUMBER = re.compile(r"^\d+\s*[-.:)]\s*(?=\D)")

MEANINGFUL = frozenset({"/", "*"})


@dataclass(frozen=True)
class Vocabularies:
    """All word lists: by list, the canonical value of each folded word."""

    version: int
    missing: frozenset[str]
    missing_folded: frozenset[str]
    placeholder_serial: frozenset[str]
    placeholder_host: frozenset[str]
    values: dict[str, dict[str, str]]

    def is_missing(self, cell: str) -> bool:
        """Tell whether a cell holds a word for nothing."""
        word = cell.strip()
        # The root partition is called / and a rule for all hosts *: signs, but not signs for nothing.
        return word not in MEANINGFUL and (word.casefold() in self.missing or fold(word) in self.missing_folded)

    def value(self, vocabulary: str, cell: str) -> str | None:
        """Return the canonical value of a cell, or None if the list does not know it."""
        words = self.values[vocabulary]
        folded = fold(cell)
        return words.get(folded) or words.get(fold(LEADING_NUMBER.sub("", cell.strip())))


def fold(word: str) -> str:
    """Return a word without case, accents, punctuation and repeated space, for comparison only."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


@cache
def vocabularies() -> Vocabularies:
    """Load the word lists.

    Raises:
        ValueError: A word stands for two values of one list: the data is wrong.
    """
    content = read_yaml(FILE.read_text(encoding="utf-8"))
    missing = [str(word) for word in content["missing"]]
    lists = {name: listed for name, listed in content.items() if isinstance(listed, dict)}
    return Vocabularies(
        version=int(content["version"]),
        missing=frozenset(word.casefold() for word in missing),
        # "#NAME?" is an error of a spreadsheet; "name" without its marks may be a name.
        missing_folded=frozenset(fold(word) for word in missing if not word.startswith("#")),
        placeholder_serial=frozenset(fold(str(word)) for word in content["placeholder_serial"]),
        placeholder_host=frozenset(content["placeholder_host"]),
        values={name: _folded(name, listed) for name, listed in lists.items()},
    )


def _folded(name: str, listed: dict[str, list[object]]) -> dict[str, str]:
    words: dict[str, str] = {}
    for value, spellings in listed.items():
        for spelling in spellings:
            folded = fold(str(spelling))
            if words.setdefault(folded, value) != value:
                raise ValueError(f"{folded!r} stands for two values of {name}")
    return words
