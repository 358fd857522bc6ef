"""The order of tasks by what they are, so that their ids decide nothing.

Belongs here: ranking the nodes of a labelled precedence graph. Does not: reading or solving a problem.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from heapq import heappop, heappush

# Each pass tells a task from more others: after two, by all that precede and follow it; after four, by theirs too.
SWEEPS = 2

Links = Sequence[Sequence[tuple[int, int]]]


def content_order(labels: Sequence[str], before: Links, after: Links, topological: Sequence[int]) -> list[int]:
    """Order tasks by their labels and by how they hang together; equals in both keep the order they have.

    Args:
        labels: What a task is on its own.
        before: Per task, its predecessors and the lag.
        after: Per task, its successors and the lag.
        topological: The tasks, predecessors first.
    """
    colours = list(labels)
    for _ in range(SWEEPS):
        colours = _sweep(colours, before, topological)
        colours = _sweep(colours, after, topological[::-1])
    place, links = [-1] * len(labels), [[] for _ in labels]  # type: tuple[list[int], list[list[tuple[int, int, int]]]]
    order: list[int] = []
    for first in sorted(range(len(labels)), key=lambda task: (colours[task], task)):
        heap = [(tuple(links[first]), colours[first], first)]
        while heap:
            seen, _, task = heappop(heap)
            if place[task] >= 0 or len(seen) < len(links[task]):
                continue  # placed, or a later entry knows more of its neighbours
            place[task] = len(order)
            order.append(task)
            for side, neighbours in enumerate((before[task], after[task])):
                for other, lag in neighbours:
                    if place[other] < 0:
                        links[other].append((place[task], side, lag))
            for other, _ in (*before[task], *after[task]):
                if place[other] < 0:
                    heappush(heap, (tuple(links[other]), colours[other], other))
    return order


def _sweep(colours: Sequence[str], neighbours: Links, order: Sequence[int]) -> list[str]:
    found = list(colours)
    for task in order:
        told = sorted((found[other], lag) for other, lag in neighbours[task])
        found[task] = hashlib.blake2b(repr((colours[task], told)).encode(), digest_size=16).hexdigest()
    return found
