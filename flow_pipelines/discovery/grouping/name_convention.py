"""Which part of a host name tells the application: learnt from who talks to whom, not assumed.

Belongs here: the parts that names have, and choosing among them. Does not: grouping by them (`communities.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.reference.grouping_model import grouping_model

SEPARATORS = re.compile(r"[-_.\s]+")
LEAST_PART = 2
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class NameKeys:
    """What names tell of applications.

    Attributes:
        keys: By server, the part of its name that tells the application; missing where none does.
        is_learnt: By server, whether connections confirm that this part tells it.
        says: By server, the part in words.
    """

    keys: pd.Series[str]
    is_learnt: pd.Series[bool]
    says: pd.Series[str]


@dataclass(frozen=True)
class _Part:
    """A part of a name: characters of one of its words, or the whole word if `length` is 0."""

    word: int
    start: int
    length: int

    def of(self, words: Sequence[str]) -> str:
        word = words[self.word]
        return word[self.start : self.start + self.length] if self.length else word.rstrip("0123456789")

    @property
    def says(self) -> str:
        where = f"word {self.word + 1}"
        return f"characters {self.start + 1} to {self.start + self.length} of {where}" if self.length else where


def name_keys_of_applications(names: pd.Series[str], environments: pd.Series[str], links: pd.DataFrame) -> NameKeys:
    """Find the part of each server's name that tells its application.

    Names of as many words follow one convention. Which part tells the application is told by the links: see
    `name_convention` in `grouping_model.yaml`. Without enough of them, a word that is not a common one counts.

    Args:
        names: Short host name of each server, in lower case.
        environments: Environment of each server; empty if unknown.
        links: Pairs of servers that belong together more often than not: source, target (of the index of `names`).
    """
    words = names.map(lambda name: tuple(filter(None, SEPARATORS.split(name))), na_action="ignore")
    counts = words.map(len, na_action="ignore").fillna(0)
    keys, learnt, says = (pd.Series(value, index=names.index, dtype=object) for value in (None, False, ""))
    for count, members in words[counts > 0].groupby(counts[counts > 0]):
        inner = links[links["source"].isin(members.index) & links["target"].isin(members.index)]
        part = _best_part(members, int(count), environments[members.index], inner)
        if part is not None:
            found = members.map(part.of)
            learnt[members.index], says[members.index] = True, part.says
        else:
            found = members.map(_uncommon_word)
            says[members.index] = "the first word that is not a common one"
        keys[members.index] = found.where(found.str.len() >= LEAST_PART, None)
    return NameKeys(keys, learnt.astype(bool), says.astype("str"))


def _uncommon_word(words: Sequence[str]) -> str:
    common = grouping_model().common_words
    plain = [word.strip("0123456789") for word in words]
    # A name of one word is as likely glued together from many parts as it is one.
    return next((word for word in plain if word not in common), "") if len(words) > 1 else ""


def _parts(words: pd.Series[Any], count: int) -> Iterator[_Part]:
    rules = grouping_model().name_convention
    for word in range(count):
        if count > 1:
            yield _Part(word, 0, 0)
        longest = int(words.map(lambda one, word=word: len(one[word])).quantile(0.9))
        for start in range(min(longest, rules.last_start)):
            for length in range(LEAST_PART, min(rules.longest_part, longest - start) + 1):
                yield _Part(word, start, length)


def _best_part(words: pd.Series[Any], count: int, environments: pd.Series[str], links: pd.DataFrame) -> _Part | None:
    rules = grouping_model().name_convention
    if len(links) < rules.links:
        return None
    place = pd.Series(np.arange(len(words)), index=words.index)
    source, target = (place[links[end]].to_numpy() for end in ("source", "target"))
    environment = pd.factorize(environments)[0].astype(np.int64)
    judged = []
    for part in _parts(words, count):
        keys = pd.factorize(words.map(part.of))[0].astype(np.int64)
        gain, lift = _gain(keys, environment, source, target)
        if lift >= rules.lift:
            judged.append((gain, int(keys.max()) + 1, part))
    if not judged:
        return None
    best = max(gain for gain, _, _ in judged)
    as_good = [one for one in judged if one[0] >= rules.as_good * best]
    return min(as_good, key=lambda one: (one[1], -one[0]))[2]


def _gain(keys: Numbers, environment: Numbers, source: Numbers, target: Numbers) -> tuple[float, float]:
    """Return how much better groups explain the links than no groups do, and how much likelier a link is within one.

    The log-likelihood of links drawn at one rate within groups and at another between them, of pairs of servers in
    one environment.
    """
    within = int((keys[source] == keys[target]).sum())
    between = len(source) - within
    pairs = _pairs(environment)
    inner_pairs = _pairs(keys * (int(environment.max()) + 1) + environment)
    if not within or not inner_pairs or inner_pairs >= pairs:
        return 0.0, 0.0
    rate, outer_rate = within / inner_pairs, max(between, 1) / (pairs - inner_pairs)
    everywhere = len(source) / pairs
    gain = within * log(rate / everywhere) + (between * log(outer_rate / everywhere) if between else 0.0)
    return gain, rate / outer_rate


def _pairs(groups: Numbers) -> int:
    sizes = np.unique(groups, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())
