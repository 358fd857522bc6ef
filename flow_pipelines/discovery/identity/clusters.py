"""From pairs of records to assets: clusters that hold no contradiction.

Belongs here: joining pairs, the strongest first, and refusing what contradicts. Does not: finding and scoring pairs
(`pairs.py`) and what contradicts (`contradictions.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import pandas as pd

from flow_pipelines.discovery.identity.contradictions import contradict, contradiction
from flow_pipelines.discovery.identity.evidence import Facts

NAME_ALONE = "name"
AMBIGUOUS = "a name alone does not say which of several it is"
# What is kept apart is told for so many; a name such as `backup` may stand beside any number.
MOST_REFUSALS = 3


@dataclass(frozen=True)
class Link:
    """A pair of records that joined two clusters."""

    left: int
    right: int
    method: str
    probability: float


@dataclass(frozen=True)
class Refusal:
    """A record of another asset that shares evidence with this one, and why it is no record of this one, in words."""

    other: int
    words: str


@dataclass(frozen=True)
class Cluster:
    """The records of one asset.

    Attributes:
        members: Positions of its records, ascending.
        links: What joined them, the strongest first: a tree, one fewer than members, unless people decided otherwise.
        decisions: What people decided about them, in words.
        is_decided: Whether they are one asset, or one apart from others, because somebody said so.
        is_split_off: Whether all of them were split off from other assets.
        refusals: What is kept apart from it, though something speaks for its being the same; the strongest first.
    """

    members: tuple[int, ...]
    links: tuple[Link, ...]
    decisions: tuple[str, ...] = ()
    is_decided: bool = False
    is_split_off: bool = False
    refusals: tuple[Refusal, ...] = ()

    @property
    def method(self) -> str:
        """The weakest evidence that holds the cluster together; single if there is one record, person if decided."""
        if self.is_decided:
            return "person"
        return self.links[-1].method if self.links else "single"

    @property
    def confidence(self) -> float:
        """Probability of the weakest link."""
        return self.links[-1].probability if self.links else 1.0


def cluster(facts: Sequence[Facts], pairs: pd.DataFrame) -> list[Cluster]:
    """Join records into assets.

    Pairs are taken in their order, so that each cluster is held together by its most probable links. A pair that
    would bring two contradicting records into one cluster is refused, also where they never met in a pair themselves.
    Pairs that rest on a name alone come last, and count only where all assets of that name can be one: where two of
    them contradict each other, nobody knows which one the name means.

    Args:
        facts: Of each record, by position.
        pairs: As `pairs.likely_pairs` returns them.

    Returns:
        The clusters, ordered by their first record; every record is in exactly one.
    """
    columns = (pairs[name].tolist() for name in ("left", "right", "method", "probability"))
    links = list(map(Link, *columns))
    forest = _Forest(facts)
    for link in links:
        if link.method != NAME_ALONE:
            forest.join(link)
    by_name = [link for link in links if link.method == NAME_ALONE]
    ambiguous = forest.ambiguous_names(by_name)
    for link in by_name:
        if ambiguous.isdisjoint(facts[link.left].name) and ambiguous.isdisjoint(facts[link.right].name):
            forest.join(link)
        else:
            forest.refuse(link)
    return forest.clusters()


class _Forest:
    """Clusters that grow."""

    def __init__(self, facts: Sequence[Facts]) -> None:
        self._facts = facts
        self._root_of = list(range(len(facts)))
        self._members = {position: [position] for position in range(len(facts))}
        self._links: dict[int, list[Link]] = {position: [] for position in range(len(facts))}
        self._refused: list[Link] = []

    def join(self, link: Link) -> None:
        """Join the clusters of two records, unless that brings a contradiction into one."""
        one, other = self._root_of[link.left], self._root_of[link.right]
        if one == other:
            return
        if self._contradict(one, other):
            self.refuse(link)
            return
        if len(self._members[one]) < len(self._members[other]):
            one, other = other, one
        for position in self._members[other]:
            self._root_of[position] = one
        self._members[one] += self._members.pop(other)
        self._links[one] += [*self._links.pop(other), link]

    def refuse(self, link: Link) -> None:
        """Keep in mind that a link joined nothing."""
        self._refused.append(link)

    def ambiguous_names(self, links: Iterable[Link]) -> set[str]:
        """Return the names of links whose bearers can't all be one asset."""
        bearers: dict[str, set[int]] = {}
        linked = {name for link in links for name in self._facts[link.left].name}
        for position, facts in enumerate(self._facts):
            for name in linked.intersection(facts.name):
                bearers.setdefault(name, set()).add(self._root_of[position])
        return {
            name for name, roots in bearers.items() if any(self._contradict(*pair) for pair in combinations(roots, 2))
        }

    def clusters(self) -> list[Cluster]:
        """Return the clusters, ordered by their first record."""
        refusals = self._refusals()
        found = [
            Cluster(
                tuple(sorted(members)),
                tuple(sorted(self._links[root], key=lambda link: -link.probability)),
                refusals=tuple(refusals.get(root, ())),
            )
            for root, members in self._members.items()
        ]
        return sorted(found, key=lambda one: one.members)

    def _refusals(self) -> dict[int, list[Refusal]]:
        refusals: dict[int, list[Refusal]] = {}
        told: set[frozenset[int]] = set()
        for link in self._refused:
            roots = self._root_of[link.left], self._root_of[link.right]
            if roots[0] == roots[1] or frozenset(roots) in told:
                continue
            told.add(frozenset(roots))
            if all(len(refusals.get(root, ())) >= MOST_REFUSALS for root in roots):
                continue
            words = self._words(*roots)
            for root, other in zip(roots, (link.right, link.left), strict=True):
                refusals.setdefault(root, []).append(Refusal(other, words))
        return {root: found[:MOST_REFUSALS] for root, found in refusals.items()}

    def _words(self, one: int, other: int) -> str:
        pairs = product(sorted(self._members[one]), sorted(self._members[other]))
        words = (contradiction(self._facts[member], self._facts[another]) for member, another in pairs)
        return next(filter(None, words), AMBIGUOUS)

    def _contradict(self, one: int, other: int) -> bool:
        return any(
            contradict(self._facts[member], self._facts[another])
            for member in self._members[one]
            for another in self._members[other]
        )
