"""The planning problem in numbers: what is to be placed, what must hold, what costs what.

Belongs here: the arrays that every solver works on. Does not: where they come from (`build.py`), solving.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
# What a wave has room for, in the order of the columns of `sizes` and `capacity`.
RESOURCES = ("servers", "storage_gib", "applications", "effort_days")
EFFORT = RESOURCES.index("effort_days")
# Every cost is a whole number of these, so that sums are exact and the same on every machine.
UNITS_PER_POINT = 100
UNLIMITED = 10**9


@dataclass(frozen=True)
class WaveProblem:
    """Groups that move as a whole, to be placed in waves 0 to W-1.

    Attributes:
        members: The workloads of each group, by position.
        sizes: What each group needs of each resource, n x R.
        capacity: What each wave has of it, W x R.
        allowed: Whether a group may be in a wave, n x W.
        unary: What a group costs in a wave by itself, n x W.
        pairs: Groups that cost `pair_costs` if they are in different waves, m x 2, the smaller number first.
        pair_costs: m.
        needs: Groups of which the first needs the second in the same or an earlier wave, k x 2; without cycles.
        orders: Groups of which the first should not be in a later wave than the second, o x 2.
        order_costs: o; what it costs if it is.
        teams: Groups of one owner or site, of which each wave beyond the first costs the number.
        production: Whether a group holds production.
        other: Whether it holds anything that is not.
        mixing_cost: What a wave costs that holds both.
        wave_cost: What a wave costs that is used.
        pilot_cost: What it costs if nothing is in the first wave.
        peak_cost: What a day of effort in the fullest wave costs.
    """

    members: tuple[tuple[int, ...], ...]
    sizes: Ints
    capacity: Ints
    allowed: Bools
    unary: Ints
    pairs: Ints
    pair_costs: Ints
    needs: Ints
    orders: Ints
    order_costs: Ints
    teams: tuple[tuple[Ints, int], ...]
    production: Bools
    other: Bools
    mixing_cost: int
    wave_cost: int
    pilot_cost: int
    peak_cost: int

    @property
    def group_count(self) -> int:
        """Number of groups."""
        return len(self.members)

    @property
    def wave_count(self) -> int:
        """Number of waves that may be used."""
        return len(self.capacity)


def costs_of(problem: WaveProblem, waves: Ints) -> dict[str, int]:
    """Return what a placement costs, by kind of cost; their sum is the objective.

    Args:
        problem: The problem.
        waves: The wave of each group.
    """
    groups = np.arange(problem.group_count)
    used, loads = np.unique(waves), np.zeros(problem.wave_count, dtype=np.int64)
    np.add.at(loads, waves, problem.sizes[:, EFFORT])
    first, second = waves[problem.pairs].T if len(problem.pairs) else (waves[:0], waves[:0])
    before, after = waves[problem.orders].T if len(problem.orders) else (waves[:0], waves[:0])
    mixed = np.intersect1d(waves[problem.production], waves[problem.other])
    return {
        "placement": int(problem.unary[groups, waves].sum()),
        "cut": int(problem.pair_costs[first != second].sum()),
        "order": int(problem.order_costs[before > after].sum()),
        "teams": sum(cost * (len(np.unique(waves[team])) - 1) for team, cost in problem.teams),
        "mixing": problem.mixing_cost * len(mixed),
        "waves": problem.wave_cost * len(used),
        "pilot": 0 if 0 in used or not len(waves) else problem.pilot_cost,
        "peak": problem.peak_cost * int(loads.max(initial=0)),
    }


def holds(problem: WaveProblem, waves: Ints) -> bool:
    """Tell whether a placement keeps every hard condition."""
    loads = np.zeros_like(problem.capacity)
    np.add.at(loads, waves, problem.sizes)
    dependent, needed = waves[problem.needs].T if len(problem.needs) else (waves[:0], waves[:0])
    return bool(
        (loads <= problem.capacity).all()
        and problem.allowed[np.arange(problem.group_count), waves].all()
        and (needed <= dependent).all()
    )
