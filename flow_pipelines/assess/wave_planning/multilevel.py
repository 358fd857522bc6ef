"""A start for large portfolios: groups that cost most apart are placed as one, then one level finer after the other.

Belongs here: which groups are merged, the problem of the merged ones, and the way back. Does not: placing and improving
(`search.py`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from flow_pipelines.assess.wave_planning.groups import in_order, needed_first
from flow_pipelines.assess.wave_planning.problem import Bools, Ints, WaveProblem
from flow_pipelines.assess.wave_planning.search import Placement, improve, place_all

# A merged group fills at most this part of the roomiest wave, so that waves can still be filled.
LARGEST_SHARE = 8
# Merging ends where a level has nearly as many groups as the one before.
LEAST_SHRINKAGE = 0.95


def start_by_levels(problem: WaveProblem) -> Ints | None:
    """Place all groups, coarsest first; None if the coarsest find no place for all.

    Args:
        problem: The problem.
    """
    levels, clusters = [problem], []
    while True:
        cluster_of = _merged(levels[-1], problem)
        if int(cluster_of.max(initial=-1)) + 1 >= LEAST_SHRINKAGE * levels[-1].group_count:
            break
        clusters.append(cluster_of)
        levels.append(_coarser(levels[-1], cluster_of))
    coarsest = levels.pop()
    placement = place_all(coarsest, needed_first(coarsest.group_count, coarsest.needs))
    if placement is None:
        return None
    improve(placement)
    for level, cluster_of in zip(reversed(levels), reversed(clusters), strict=True):
        placement = Placement(level, placement.waves[cluster_of])
        improve(placement)
    return placement.waves


def _merged(problem: WaveProblem, finest: WaveProblem) -> Ints:
    """Return the cluster of each group: heaviest pair first, each group with one other at most."""
    largest = finest.capacity.max(axis=0) // LARGEST_SHARE
    partner = np.arange(problem.group_count)
    order = np.lexsort((problem.pairs[:, 1], problem.pairs[:, 0], -problem.pair_costs))
    for first, second in problem.pairs[order].tolist():
        if partner[first] != first or partner[second] != second:
            continue
        fits = (problem.sizes[first] + problem.sizes[second] <= largest).all()
        if fits and (problem.allowed[first] == problem.allowed[second]).all():
            partner[first], partner[second] = second, first
    return _without_circles(problem, partner)


def _without_circles(problem: WaveProblem, partner: Ints) -> Ints:
    """Part those merged ones again that would need each other in a circle; return the cluster of each group."""
    while True:
        cluster_of = in_order(np.minimum(partner, np.arange(len(partner))))
        count = int(cluster_of.max(initial=-1)) + 1
        ends = cluster_of[problem.needs]
        graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
        _, circle = connected_components(graph, directed=True, connection="strong")
        in_a_circle = (np.bincount(circle, minlength=count)[circle] > 1)[cluster_of]
        if not in_a_circle.any():
            return cluster_of
        partner = np.where(in_a_circle, np.arange(len(partner)), partner)


def _coarser(problem: WaveProblem, cluster_of: Ints) -> WaveProblem:
    """Return the problem in which each cluster is one group; what is within a cluster costs nothing any more."""
    count = int(cluster_of.max(initial=-1)) + 1
    members: list[list[int]] = [[] for _ in range(count)]
    for group, cluster in enumerate(cluster_of.tolist()):
        members[cluster] += problem.members[group]
    allowed: Bools = np.ones((count, problem.wave_count), dtype=bool)
    np.logical_and.at(allowed, cluster_of, problem.allowed)
    pairs, pair_costs = _between(np.sort(cluster_of[problem.pairs], axis=1), problem.pair_costs)
    orders, order_costs = _between(cluster_of[problem.orders], problem.order_costs)
    needs, _ = _between(cluster_of[problem.needs], np.ones(len(problem.needs), dtype=np.int64))
    return replace(
        problem,
        members=tuple(map(tuple, members)),
        sizes=_summed(problem.sizes, cluster_of, count),
        allowed=allowed,
        unary=_summed(problem.unary, cluster_of, count),
        pairs=pairs,
        pair_costs=pair_costs,
        needs=needs,
        orders=orders,
        order_costs=order_costs,
        teams=tuple((np.unique(cluster_of[team]), cost) for team, cost in problem.teams),
        production=_any(problem.production, cluster_of, count),
        other=_any(problem.other, cluster_of, count),
    )


def _summed(values: Ints, cluster_of: Ints, count: int) -> Ints:
    summed = np.zeros((count, values.shape[1]), dtype=np.int64)
    np.add.at(summed, cluster_of, values)
    return summed


def _any(holds: Bools, cluster_of: Ints, count: int) -> Bools:
    found: Bools = np.zeros(count, dtype=bool)
    found[cluster_of[holds]] = True
    return found


def _between(ends: Ints, weights: Ints) -> tuple[Ints, Ints]:
    apart = ends[:, 0] != ends[:, 1]
    pairs, place = np.unique(ends[apart], axis=0, return_inverse=True)
    summed = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(summed, place.ravel(), weights[apart])
    return pairs.reshape(-1, 2), summed
