"""Numbers about members folded into numbers about the groups that they form.

Belongs here: sums over groups, and pairs of groups out of pairs of members. Does not: who forms a group (`groups.py`,
`multilevel.py`), and what the numbers mean (`build.py`).
"""

from __future__ import annotations

import numpy as np

from flow_pipelines.assess.wave_planning.problem import Bools, Ints

NO_PAIRS: Ints = np.empty((0, 2), dtype=np.int64)


def sums_of_groups(values: Ints, group_of: Ints, count: int) -> Ints:
    """Return the sum of each column over the members of each group, count x columns."""
    summed = np.zeros((count, values.shape[1]), dtype=np.int64)
    np.add.at(summed, group_of, values)
    return summed


def any_of_groups(holds: Bools, group_of: Ints, count: int) -> Bools:
    """Return for each group whether something holds of any of its members."""
    found = np.zeros(count, dtype=bool)
    found[group_of[holds]] = True
    return found


def pairs_of_groups(ends: Ints, weights: Ints) -> tuple[Ints, Ints]:
    """Return each pair of different groups once, and the sum of its weights; pairs that weigh nothing are left out.

    Args:
        ends: The groups of pairs of members, m x 2.
        weights: What each pair weighs, m.
    """
    apart = (ends[:, 0] != ends[:, 1]) & (weights > 0)
    if not apart.any():
        return NO_PAIRS, np.empty(0, dtype=np.int64)
    pairs, place = np.unique(ends[apart], axis=0, return_inverse=True)
    summed = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(summed, place.ravel(), weights[apart])
    return pairs, summed
