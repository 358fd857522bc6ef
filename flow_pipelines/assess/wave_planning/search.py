"""Search by moves: a first placement that keeps the hard conditions, and better ones a move away.

Belongs here: what a move costs, kept up to date as groups move. Does not: proving anything (`exact.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flow_pipelines.assess.wave_planning.problem import EFFORT, Ints, WaveProblem

Costs = npt.NDArray[np.float64]
NOWHERE = -1
IMPOSSIBLE = np.inf
MOST_PASSES = 30
# A pass takes 0.3 ms for each group; beyond 10,000 groups a few passes find nearly all that many would.
MOST_STEPS, FEWEST_PASSES = 100_000, 3


class Placement:
    """A placement that groups are put into and moved in; `NOWHERE` is the wave of those not placed yet."""

    def __init__(self, problem: WaveProblem, waves: Ints | None = None) -> None:
        self.problem = problem
        count, width = problem.group_count, problem.wave_count
        self.waves = np.full(count, NOWHERE, dtype=np.int64)
        self.loads = np.zeros_like(problem.capacity)
        self._groups_in = np.zeros(width, dtype=np.int64)
        self._production_in = np.zeros(width, dtype=np.int64)
        self._other_in = np.zeros(width, dtype=np.int64)
        self._pairs = _neighbours(count, problem.pairs, problem.pair_costs)
        self._before = _directed(count, problem.orders, problem.order_costs)
        self._after = _directed(count, problem.orders[:, ::-1], problem.order_costs)
        self.needed_by_group = _directed(count, problem.needs)
        self.dependents = _directed(count, problem.needs[:, ::-1])
        self._team_waves = [np.zeros(width, dtype=np.int64) for _ in problem.teams]
        self._teams_of: list[list[int]] = [[] for _ in range(count)]
        for number, (team, _) in enumerate(problem.teams):
            for group in team.tolist():
                self._teams_of[group].append(number)
        if waves is not None:
            for group, wave in enumerate(waves.tolist()):
                self.put(group, wave)

    def put(self, group: int, wave: int) -> None:
        """Put a group into a wave, out of the one that it is in; or out of all, if the wave is `NOWHERE`."""
        for place, sign in ((int(self.waves[group]), -1), (wave, 1)):
            if place == NOWHERE:
                continue
            self.loads[place] += sign * self.problem.sizes[group]
            self._groups_in[place] += sign
            self._production_in[place] += sign * int(self.problem.production[group])
            self._other_in[place] += sign * int(self.problem.other[group])
            for team in self._teams_of[group]:
                self._team_waves[team][place] += sign
        self.waves[group] = wave

    def feasible(self, group: int) -> npt.NDArray[np.bool_]:
        """Tell for each wave whether the group may be there as the others are placed."""
        feasible: npt.NDArray[np.bool_] = self.problem.allowed[group] & self.fits(group)
        return feasible

    def fits(self, group: int) -> npt.NDArray[np.bool_]:
        """Tell for each wave whether it has room for the group, and what depends on what allows it there."""
        problem, wave = self.problem, int(self.waves[group])
        room = self.loads + problem.sizes[group]
        if wave != NOWHERE:
            room[wave] -= problem.sizes[group]
        possible: npt.NDArray[np.bool_] = (room <= problem.capacity).all(axis=1)
        targets = self.waves[self.needed_by_group[group][0]]
        possible[: int(targets.max(initial=0))] = False
        dependents = self.waves[self.dependents[group][0]]
        dependents = dependents[dependents != NOWHERE]
        if len(dependents):
            possible[int(dependents.min()) + 1 :] = False
        return possible

    def costs(self, group: int) -> Costs:
        """Return what the group costs in each wave as the others are placed, hard conditions apart.

        Differences between waves are exact.
        """
        problem, wave = self.problem, int(self.waves[group])
        width = problem.wave_count
        cost: Costs = problem.unary[group].astype(float)
        others, weights = self._pairs[group]
        placed = self.waves[others] != NOWHERE
        near = np.bincount(self.waves[others][placed], weights=weights[placed], minlength=width)
        cost += near.sum() - near
        cost += self._order_costs(group)
        mine = np.arange(width) == wave
        is_new = self._groups_in - mine == 0
        cost += problem.wave_cost * is_new
        cost[0] -= problem.pilot_cost * is_new[0]
        production = self._production_in - mine * int(problem.production[group])
        other = self._other_in - mine * int(problem.other[group])
        with_it = (production + int(problem.production[group]) > 0) & (other + int(problem.other[group]) > 0)
        without = (production > 0) & (other > 0)
        cost += problem.mixing_cost * (with_it.astype(float) - without)
        for team in self._teams_of[group]:
            cost += problem.teams[team][1] * (self._team_waves[team] - mine == 0)
        if problem.peak_cost:
            cost += problem.peak_cost * self._peaks(group, mine)
        return cost

    def _order_costs(self, group: int) -> Costs:
        width = self.problem.wave_count
        cost = np.zeros(width)
        # It should not be later than those after it, nor earlier than those before it.
        for (others, weights), is_first in ((self._before[group], True), (self._after[group], False)):
            placed = self.waves[others] != NOWHERE
            at = np.bincount(self.waves[others][placed], weights=weights[placed], minlength=width)
            if is_first:
                cost[1:] += np.cumsum(at)[:-1]
            else:
                cost += at.sum() - np.cumsum(at)
        return cost

    def _peaks(self, group: int, mine: npt.NDArray[np.bool_]) -> Costs:
        effort = int(self.problem.sizes[group, EFFORT])
        loads = self.loads[:, EFFORT] - mine * effort
        fullest = int(loads.argmax())
        second = int(np.delete(loads, fullest).max(initial=0))
        elsewhere = np.where(np.arange(len(loads)) == fullest, second, loads[fullest])
        peaks: Costs = np.maximum(elsewhere, loads + effort).astype(float)
        return peaks


def place_all(problem: WaveProblem, order: Sequence[int]) -> Placement | None:
    """Place groups one after the other, each where it is cheapest; None if one fits nowhere.

    Args:
        problem: The problem.
        order: The groups, each after all that it needs.
    """
    placement = Placement(problem)
    for group in order:
        possible = placement.feasible(group)
        if not possible.any():
            return None
        costs = np.where(possible, placement.costs(group), IMPOSSIBLE)
        placement.put(group, int(costs.argmin()))
    return placement


def improve(placement: Placement, passes: int = MOST_PASSES) -> None:
    """Move groups, one at a time, as long as that makes the placement cheaper."""
    count = max(1, placement.problem.group_count)
    for _ in range(min(passes, max(FEWEST_PASSES, MOST_STEPS // count))):
        gained = 0.0
        for group in range(placement.problem.group_count):
            wave = int(placement.waves[group])
            costs = placement.costs(group)
            costs = np.where(placement.feasible(group), costs, IMPOSSIBLE) - costs[wave]
            best = int(costs.argmin())
            if costs[best] < 0:
                placement.put(group, best)
                gained -= costs[best]
        if not gained:
            return


def _neighbours(count: int, pairs: Ints, weights: Ints) -> list[tuple[Ints, Ints]]:
    both = np.concatenate([pairs, pairs[:, ::-1]]) if len(pairs) else pairs
    return _directed(count, both, np.concatenate([weights, weights]))


def _directed(count: int, pairs: Ints, weights: Ints | None = None) -> list[tuple[Ints, Ints]]:
    """Return for each group the second ones of its pairs, and their weights."""
    weights = np.ones(len(pairs), dtype=np.int64) if weights is None else weights
    order = np.lexsort((pairs[:, 1], pairs[:, 0])) if len(pairs) else np.empty(0, dtype=np.int64)
    firsts, seconds, weights = pairs[order, 0], pairs[order, 1], weights[order]
    bounds = np.searchsorted(firsts, np.arange(count + 1))
    return [(seconds[low:high], weights[low:high]) for low, high in pairwise(bounds.tolist())]
