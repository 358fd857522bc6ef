"""What rules may ask of workloads or components: numbers and words, each known, known in part, or unknown.

Belongs here: gathering the declared facts from evidence. Does not: what evidence there is (`evidence.py`), what rules
make of the facts (`conditions.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.reference.rulebook import FactSource

Booleans = npt.NDArray[np.bool_]
# The column of evidence that says which row of what is decided it is about, counting from 0.
PLACE = "place"
YES_AND_NO = {True: "yes", False: "no"}


@dataclass(frozen=True)
class NumberFact:
    """A number of each row, between two bounds: equal ones if it is known, infinite ones if nothing is."""

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]

    @property
    def told(self) -> Booleans:
        """Whether it is known."""
        return np.equal(self.low, self.high)


@dataclass(frozen=True)
class WordsFact:
    """Words of each row, none, one or several.

    Attributes:
        place: Row of each word.
        code: Which of `words` it is.
        words: The distinct words.
        told: For each row, whether these are all its words; otherwise there may be others.
    """

    place: npt.NDArray[np.int64]
    code: npt.NDArray[np.int64]
    words: npt.NDArray[np.object_]
    told: Booleans

    def having(self, is_meant: Booleans) -> Booleans:
        """Return which rows have one of the words that are meant, one truth per distinct word."""
        found = np.zeros(len(self.told), dtype=bool)
        found[self.place[is_meant[self.code]]] = True
        return found


Fact = NumberFact | WordsFact


@dataclass(frozen=True)
class Facts:
    """The facts about `count` rows, by name."""

    count: int
    by_name: Mapping[str, Fact]


def gather_facts(sources: Mapping[str, FactSource], evidence: Mapping[str, pd.DataFrame], count: int) -> Facts:
    """Gather facts.

    Args:
        sources: The facts and where each comes from.
        evidence: Frames by the name under which `sources` name them; each with a column `place` that says which row it
            is about, and as many rows for each as there are.
        count: Number of rows about which facts are gathered.
    """
    gathered: dict[str, Fact] = {}
    for name, source in sources.items():
        frame = evidence[source.source]
        for column, values in source.where.items():
            frame = frame[frame[column].isin(values)]
        place = frame[PLACE].to_numpy(dtype="int64")
        of = _number if source.kind == "number" else _words
        gathered[name] = of(source, place, frame[source.column], count)
    return Facts(count, gathered)


def _number(source: FactSource, place: npt.NDArray[np.int64], values: pd.Series[Any], count: int) -> NumberFact:
    numbers = pd.to_numeric(values).to_numpy(dtype="float64", na_value=np.nan)
    is_told = ~np.isnan(numbers)
    first = {"sum": 0.0, "max": -np.inf, "min": np.inf}[source.aggregate]
    fold = {"sum": np.add, "max": np.maximum, "min": np.minimum}[source.aggregate]
    found = np.full(count, first)
    fold.at(found, place[is_told], numbers[is_told])
    some, all_told = _told(source, place, is_told, count)
    # What is not told may add to a sum, and exceed a maximum; of a minimum it is the other way round.
    low = found if source.aggregate != "min" else np.where(all_told, found, -np.inf)
    high = found if source.aggregate == "min" else np.where(all_told, found, np.inf)
    return NumberFact(np.where(some, low, -np.inf), np.where(some, high, np.inf))


def _words(source: FactSource, place: npt.NDArray[np.int64], values: pd.Series[Any], count: int) -> WordsFact:
    spoken = values.astype(object).map(YES_AND_NO).astype(object) if values.dtype == "boolean" else values
    is_told = spoken.notna().to_numpy(dtype=bool)
    code, words = pd.factorize(spoken.to_numpy(dtype=object)[is_told])
    _, all_told = _told(source, place, is_told, count)
    return WordsFact(place[is_told], code.astype("int64"), np.asarray(words, dtype=object), all_told)


def _told(source: FactSource, place: npt.NDArray[np.int64], is_told: Booleans, count: int) -> tuple[Booleans, Booleans]:
    """Return for which rows something is told, and for which all is."""
    some, silent = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    some[place[is_told]] = True
    if source.untold == "unknown":
        silent[place[~is_told]] = True
    with_evidence = np.zeros(count, dtype=bool)
    with_evidence[place] = True
    without = ~with_evidence & (source.without == "unknown")
    return some, ~silent & ~without
