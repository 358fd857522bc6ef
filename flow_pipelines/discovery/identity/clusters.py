"""From pairs of records to assets: clusters that hold no contradiction.

Belongs here: joining pairs, the strongest first, and refusing what contradicts. Does not: finding and scoring pairs
(`pairs.py`) and what contradicts (`contradictions.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.identity.contradictions import contradict
from flow_pipelines.discovery.identity.evidence import Facts


@dataclass(frozen=True)
class Link:
    """A pair of records that joined two clusters."""

    left: int
    right: int
    method: str
    probability: float


@dataclass(frozen=True)
class Cluster:
    """The records of one asset.

    Attributes:
        members: Positions of its records, ascending.
        links: What joined them, the strongest first: a tree, one fewer than members.
    """

    members: tuple[int, ...]
    links: tuple[Link, ...]

    @property
    def method(self) -> str:
        """The weakest evidence that holds the cluster together; single if there is one record."""
        return self.links[-1].method if self.links else "single"

    @property
    def confidence(self) -> float:
        """Probability of the weakest link."""
        return self.links[-1].probability if self.links else 1.0


def cluster(facts: Sequence[Facts], pairs: pd.DataFrame) -> list[Cluster]:
    """Join records into assets.

    Pairs are taken in their order, so that each cluster is held together by its most probable links (a maximum
    spanning tree). A pair that would bring two contradicting records into one cluster is refused, also where they
    never met in a pair themselves.

    Args:
        facts: Of each record, by position.
        pairs: As `pairs.likely_pairs` returns them.

    Returns:
        The clusters, ordered by their first record; every record is in exactly one.
    """
    members = {position: [position] for position in range(len(facts))}
    links: dict[int, list[Link]] = {position: [] for position in range(len(facts))}
    root_of = list(range(len(facts)))
    columns = (pairs[name].tolist() for name in ("left", "right", "method", "probability"))
    for link in map(Link, *columns):
        one, other = root_of[link.left], root_of[link.right]
        if one == other or _contradict(facts, members[one], members[other]):
            continue
        if len(members[one]) < len(members[other]):
            one, other = other, one
        for position in members[other]:
            root_of[position] = one
        members[one] += members.pop(other)
        links[one] += [*links.pop(other), link]
    clusters = [
        Cluster(tuple(sorted(members[root])), tuple(sorted(links[root], key=lambda link: -link.probability)))
        for root in members
    ]
    return sorted(clusters, key=lambda one: one.members)


def _contradict(facts: Sequence[Facts], members: Sequence[int], others: Sequence[int]) -> bool:
    return any(contradict(facts[member], facts[other]) for member in members for other in others)
