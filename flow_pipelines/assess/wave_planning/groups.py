"""Move groups: workloads that must move together.

Belongs here: what ties workloads together, and splitting what is too large for any wave. Does not: when they move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from flow_pipelines.assess.wave_planning.problem import Bools, Ints


def move_groups(count: int, hard: Ints, ties: Ints) -> Ints:
    """Return the group of each workload: cycles of hard edges, and what people tied together, in order of workloads.

    Args:
        count: Number of workloads.
        hard: Pairs of which the first needs the second first, k x 2.
        ties: Pairs that people tied together, t x 2.
    """
    edges = np.concatenate([hard, ties, ties[:, ::-1]])
    _, labels = connected_components(_graph(count, edges), directed=True, connection="strong")
    return in_order(labels)


def split_group(
    members: Sequence[int], sizes: Ints, limit: Ints, edges: Iterable[tuple[int, int, float]]
) -> list[list[int]]:
    """Part a group that is too large for any wave into pieces that fit, cutting light edges rather than heavy ones.

    Heaviest edge first, what it joins is put together as long as that fits (Kruskal's algorithm with a limit).

    Args:
        members: The workloads.
        sizes: What each workload needs of each resource, indexed like all workloads.
        limit: What the roomiest wave has of each.
        edges: Edges among the members and their weights.

    Returns:
        The pieces; a workload that is too large by itself is a piece of its own.
    """
    piece_of = {member: number for number, member in enumerate(members)}
    pieces = {number: [member] for number, member in enumerate(members)}
    needs = {number: sizes[member].copy() for number, member in enumerate(members)}
    for first, second, _ in sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1])):
        one, other = piece_of[first], piece_of[second]
        if one == other or (needs[one] + needs[other] > limit).any():
            continue
        one, other = min(one, other), max(one, other)
        needs[one] += needs.pop(other)
        moved = pieces.pop(other)
        pieces[one] += moved
        piece_of |= dict.fromkeys(moved, one)
    return [sorted(piece) for piece in pieces.values()]


def in_order(labels: Ints) -> Ints:
    """Renumber labels by their first occurrence."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def needed_first(count: int, needs: Ints) -> list[int]:
    """Return the groups in an order in which each comes after all that it needs; of equals the lower number first.

    Args:
        count: Number of groups.
        needs: Pairs of which the first needs the second, without cycles.
    """
    level = np.zeros(count, dtype=np.int64)
    while len(needs):
        higher = np.zeros(count, dtype=np.int64)
        np.maximum.at(higher, needs[:, 0], level[needs[:, 1]] + 1)
        if (higher <= level).all():
            break
        level = np.maximum(level, higher)
    ordered: list[int] = np.lexsort((np.arange(count), level)).tolist()
    return ordered


def broken_needs(piece_of: Ints, hard: Ints, weights: Sequence[float]) -> Ints:
    """Return the hard edges that are in a cycle of pieces, as few and as light ones as will leave no cycle.

    The heaviest are kept, one after the other, as long as they close no cycle.

    Args:
        piece_of: The piece of each workload.
        hard: Pairs of workloads, k x 2.
        weights: How much each pair weighs, k.
    """
    ends = piece_of[hard]
    cyclic = np.flatnonzero((ends[:, 0] != ends[:, 1]) & _cyclic(int(piece_of.max(initial=-1)) + 1, ends))
    kept: dict[int, set[int]] = {}
    broken = []
    for place in sorted(cyclic.tolist(), key=lambda place: (-weights[place], place)):
        first, second = ends[place].tolist()
        if _reaches(second, first, kept):
            broken.append(place)
        else:
            kept.setdefault(first, set()).add(second)
    pairs: Ints = hard[sorted(broken)]
    return pairs


def without(pairs: Ints, others: Ints) -> Ints:
    """Return the pairs that are not among the others."""
    # A pair as one number: comparing every pair with every other would take their product in memory.
    width = int(pairs.max(initial=0)) + 1
    left: Ints = pairs[~np.isin(pairs[:, 0] * width + pairs[:, 1], others[:, 0] * width + others[:, 1])]
    return left


def _reaches(start: int, end: int, after: dict[int, set[int]]) -> bool:
    found, queue = {start}, [start]
    while queue:
        place = queue.pop()
        if place == end:
            return True
        new = after.get(place, set()) - found
        found |= new
        queue += new
    return False


def _cyclic(count: int, needs: Ints) -> Bools:
    _, labels = connected_components(_graph(count, needs), directed=True, connection="strong")
    is_cyclic: Bools = labels[needs[:, 0]] == labels[needs[:, 1]]
    return is_cyclic


def _graph(count: int, edges: Ints) -> coo_array:
    return coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
