"""Circles: things that wait for each other, directly or through others.

Belongs here: which circle a thing is in, by pairs of names. Does not: circles of assets with their evidence
(`discovery/grouping/cycles.py`), how a circle is broken, which each list decides for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def circles(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return the number of its circle for everything that is in one.

    Args:
        pairs: What waits, and for what; what waits for itself is in no circle thereby.

    Returns:
        By name, without what is in no circle. Two are in one circle if each waits for the other, if only through
        others (a strongly connected component).
    """
    edges = list(pairs)
    names = sorted({name for pair in edges for name in pair})
    if not names:
        return {}
    place = {name: number for number, name in enumerate(names)}
    source, target = np.array([[place[one], place[other]] for one, other in edges]).T
    graph = coo_array((np.ones(len(edges)), (source, target)), shape=(len(names), len(names)))
    _, found = connected_components(graph.tocsr(), directed=True, connection="strong")
    numbers = found.tolist()
    sizes = Counter(numbers)
    return {name: number for name, number in zip(names, numbers, strict=True) if sizes[number] > 1}
