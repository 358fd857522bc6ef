"""Communities: servers that talk to each other more than their number would let expect.

Belongs here: moving servers between groups until each is where its links weigh most. Does not: what a link weighs and
which groups there are to begin with (`applications.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.reference.grouping_model import grouping_model


def join_communities(
    groups: Sequence[int], is_fixed: npt.NDArray[np.bool_], environments: Sequence[int], links: pd.DataFrame
) -> list[int]:
    """Let servers join the group with which their links weigh more than chance would have it.

    The constant Potts model: a group is worth its links' weight less `resolution` for each pair of its servers in one
    environment. It knows no resolution limit, so that a small application stays one in a large estate.

    Args:
        groups: The group of each server to begin with.
        is_fixed: Whether a server stays in its group; groups of such servers are never joined to each other.
        environments: The environment of each server.
        links: source, target (places in `groups`), weight; the same result in whatever order.

    Returns:
        The group of each server, as numbers of `groups`.
    """
    found = list(groups)
    neighbours = _neighbours(links)
    for _ in range(grouping_model().passes):
        if not _move_servers(found, is_fixed, environments, neighbours):
            break
    return _join_groups(found, is_fixed, environments, links)


def _neighbours(links: pd.DataFrame) -> dict[int, list[tuple[int, float]]]:
    neighbours: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for source, target, weight in links.sort_values(["source", "target"]).itertuples(index=False, name=None):
        neighbours[source].append((target, weight))
        neighbours[target].append((source, weight))
    return neighbours


def _move_servers(
    found: list[int],
    is_fixed: npt.NDArray[np.bool_],
    environments: Sequence[int],
    neighbours: dict[int, list[tuple[int, float]]],
) -> bool:
    """Look at every server once; return whether one moved."""
    resolution = grouping_model().resolution
    sizes: dict[tuple[int, int], int] = defaultdict(int)
    for group, environment in zip(found, environments, strict=True):
        sizes[group, environment] += 1
    has_moved = False
    for server in np.flatnonzero(~is_fixed).tolist():
        here, environment = found[server], environments[server]
        weights: dict[int, float] = defaultdict(float)
        for other, weight in neighbours.get(server, ()):
            weights[found[other]] += weight
        sizes[here, environment] -= 1
        gains = {group: weight - resolution * sizes[group, environment] for group, weight in weights.items()}
        gains.setdefault(here, -resolution * sizes[here, environment])
        best = max(gains, key=lambda group: (round(gains[group], 9), group == here, -group))
        sizes[best, environment] += 1
        if best != here:
            found[server], has_moved = best, True
    return has_moved


def _join_groups(
    found: list[int], is_fixed: npt.NDArray[np.bool_], environments: Sequence[int], links: pd.DataFrame
) -> list[int]:
    """Join whole groups, the pair with the largest gain first, until none gains; fixed ones are joined to by others."""
    fixed = {group for group, one in zip(found, is_fixed, strict=True) if one}
    groups = _Groups(found, environments, links)
    now = {group: group for group in groups.sizes}
    has_changed = True
    while has_changed:
        has_changed = False
        for group in sorted(groups.sizes):
            if group not in fixed and (best := groups.best_for(group)) is not None:
                groups.join(group, best)
                now[group], has_changed = best, True

    def final(group: int) -> int:
        while now[group] != group:
            group = now[group]
        return group

    return [final(group) for group in found]


class _Groups:
    """Groups of servers: how many of each environment each has, and the weight of the links between them."""

    def __init__(self, found: Sequence[int], environments: Sequence[int], links: pd.DataFrame) -> None:
        self.sizes: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for group, environment in zip(found, environments, strict=True):
            self.sizes[group][environment] += 1
        self.weights: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for source, target, weight in links.itertuples(index=False, name=None):
            self._link(found[source], found[target], weight)

    def best_for(self, group: int) -> int | None:
        """Return the group that it gains most by joining; None if it gains by none."""
        gains = {other: self._gain(group, other) for other in self.weights[group]}
        best = max(gains, key=lambda other: (gains[other], -other), default=None)
        return best if best is not None and gains[best] > 0 else None

    def join(self, group: int, other: int) -> None:
        """Make a group part of another one."""
        for environment, count in self.sizes.pop(group).items():
            self.sizes[other][environment] += count
        for neighbour, weight in self.weights.pop(group).items():
            del self.weights[neighbour][group]
            self._link(neighbour, other, weight)

    def _link(self, one: int, other: int, weight: float) -> None:
        if one != other:
            self.weights[one][other] += weight
            self.weights[other][one] += weight

    def _gain(self, one: int, other: int) -> float:
        pairs = sum(count * self.sizes[other].get(environment, 0) for environment, count in self.sizes[one].items())
        return round(self.weights[one][other] - grouping_model().resolution * pairs, 9)
