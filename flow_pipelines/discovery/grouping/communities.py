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
    resolution = grouping_model().resolution
    fixed = {group for group, one in zip(found, is_fixed, strict=True) if one}
    sizes: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for group, environment in zip(found, environments, strict=True):
        sizes[group][environment] += 1
    weights: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for source, target, weight in links.itertuples(index=False, name=None):
        one, other = found[source], found[target]
        if one != other:
            weights[one][other] += weight
            weights[other][one] += weight

    def gain(one: int, other: int) -> float:
        pairs = sum(count * sizes[other].get(environment, 0) for environment, count in sizes[one].items())
        return round(weights[one][other] - resolution * pairs, 9)

    now = {group: group for group in sizes}
    has_changed = True
    while has_changed:
        has_changed = False
        for group in sorted(sizes):
            if group in fixed or now[group] != group:
                continue
            gains = {other: gain(group, other) for other in weights[group]}
            best = max(gains, key=lambda other: (gains[other], -other), default=None)
            if best is None or gains[best] <= 0:
                continue
            now[group], has_changed = best, True
            for environment, count in sizes.pop(group).items():
                sizes[best][environment] += count
            for other, weight in weights.pop(group).items():
                del weights[other][group]
                if other != best:
                    weights[best][other] += weight
                    weights[other][best] += weight

    def final(group: int) -> int:
        while now[group] != group:
            group = now[group]
        return group

    return [final(group) for group in found]
