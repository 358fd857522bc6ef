"""CP-SAT on the whole problem, or on a part of it while the rest stays where it is.

Belongs here: the model, and the search in neighbourhoods. Does not: what the problem is (`problem.py`).

The same input gives the same plan on any machine: one worker, a fixed seed, and work bounded by deterministic time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flow_pipelines.assess.wave_planning.bound import lower_bound
from flow_pipelines.assess.wave_planning.problem import EFFORT, UNLIMITED, Ints, WaveProblem, costs_of
from flow_pipelines.assess.wave_planning.search import Placement, improve

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

# Beyond as many groups times waves the whole is not solved at once: the model would not leave its root in the time.
MOST_CELLS = 6_000
NEIGHBOURHOOD_GROUPS = 12
NEIGHBOURHOOD_SECONDS, LEAST_SECONDS = 0.2, 0.02


@dataclass(frozen=True)
class Solved:
    """A placement, and how good it is known to be.

    Attributes:
        waves: The wave of each group.
        bound: No placement costs less than this.
        is_optimal: Whether none is cheaper.
    """

    waves: Ints
    bound: int
    is_optimal: bool


def solve(problem: WaveProblem, start: Ints, *, seconds: float, seed: int) -> Solved:
    """Improve a placement as far as the time goes.

    Args:
        problem: The problem.
        start: A placement that keeps the hard conditions.
        seconds: Deterministic seconds, about a second each on a usual machine.
        seed: Seed of the search.
    """
    if not problem.group_count:
        return Solved(start, 0, is_optimal=True)
    bound = lower_bound(problem, sum(costs_of(problem, start).values()))
    if problem.group_count * problem.wave_count <= MOST_CELLS:
        whole = _whole(problem, start, bound, seconds=seconds / 2, seed=seed)
        if whole.is_optimal:
            return whole
        # Parts are searched more thoroughly than the whole in the time that is left.
        start, bound, seconds = whole.waves, whole.bound, seconds / 2
    waves = _by_neighbourhoods(problem, start, seconds=seconds, seed=seed)
    return Solved(waves, bound, is_optimal=sum(costs_of(problem, waves).values()) <= bound)


def find_feasible(problem: WaveProblem, *, seconds: float, seed: int) -> tuple[Ints | None, bool]:
    """Look for any placement that keeps the hard conditions.

    Returns:
        The placement, if one is found, and whether it is proven that there is none.
    """
    model = _Model(problem, np.arange(problem.group_count), None, with_costs=False)
    found = model.solve(None, seconds=seconds, seed=seed)
    return found.waves, found.is_impossible


def _whole(problem: WaveProblem, start: Ints, bound: int, *, seconds: float, seed: int) -> Solved:
    model = _Model(problem, np.arange(problem.group_count), start)
    found = model.solve(start, seconds=seconds, seed=seed)
    if found.waves is None:
        return Solved(start, bound, is_optimal=False)
    placement = Placement(problem, found.waves)
    improve(placement)
    bound = max(found.bound, bound)
    return Solved(placement.waves, bound, is_optimal=sum(costs_of(problem, placement.waves).values()) <= bound)


def _by_neighbourhoods(problem: WaveProblem, start: Ints, *, seconds: float, seed: int) -> Ints:
    """Solve for the groups of neighbouring waves, a few at a time, the others staying where they are."""
    waves, left = start, seconds
    cost = sum(costs_of(problem, waves).values())
    for groups in _neighbourhoods(problem, waves, seed):
        if left <= 0:
            break
        found = _Model(problem, groups, waves).solve(waves, seconds=min(left, NEIGHBOURHOOD_SECONDS), seed=seed)
        # Stating a part takes time, too, and how much must not depend on the machine.
        left -= max(found.seconds, LEAST_SECONDS)
        if found.waves is not None and (better := sum(costs_of(problem, found.waves).values())) < cost:
            waves, cost = found.waves, better
    return waves


def _neighbourhoods(problem: WaveProblem, waves: Ints, seed: int) -> Iterator[Ints]:
    """Yield sets of groups: around the dearest cuts, and around groups drawn by lot."""
    dice = np.random.default_rng(seed)
    linked: list[list[int]] = [[] for _ in range(problem.group_count)]
    for first, second in problem.pairs.tolist():
        linked[first].append(second)
        linked[second].append(first)
    is_cut = waves[problem.pairs[:, 0]] != waves[problem.pairs[:, 1]]
    dearest = np.argsort(-problem.pair_costs * is_cut, kind="stable")
    seeds = problem.pairs[dearest, 0].tolist()
    while True:
        start = seeds.pop(0) if seeds and dice.random() < 1 / 2 else int(dice.integers(problem.group_count))
        found, queue = {start}, [start]
        while queue and len(found) < NEIGHBOURHOOD_GROUPS:
            for other in linked[queue.pop(0)]:
                if other not in found and len(found) < NEIGHBOURHOOD_GROUPS:
                    found.add(other)
                    queue.append(other)
        while len(found) < min(NEIGHBOURHOOD_GROUPS // 2, problem.group_count):
            found.add(int(dice.integers(problem.group_count)))
        yield np.array(sorted(found), dtype=np.int64)


@dataclass(frozen=True)
class _Found:
    waves: Ints | None
    bound: int
    seconds: float
    is_impossible: bool = False


class _Model:
    """The problem for some groups; the others stay in their waves."""

    def __init__(self, problem: WaveProblem, groups: Ints, fixed: Ints | None, *, with_costs: bool = True) -> None:
        from ortools.sat.python import cp_model  # noqa: PLC0415  (half a second, and only planning needs it)

        self.problem, self.groups, self.fixed = problem, groups, fixed
        self.model: cp_model.CpModel = cp_model.CpModel()
        self.free = groups.tolist()
        self.is_free = np.zeros(problem.group_count, dtype=bool)
        self.is_free[groups] = True
        self.x: dict[tuple[int, int], Any] = {}
        self._costs: list[Any] = []
        for group in self.free:
            choices = [self._literal(group, wave) for wave in np.flatnonzero(problem.allowed[group]).tolist()]
            self.model.add_exactly_one(choices)
        self._capacities()
        self._needs()
        if with_costs:
            self._placements()
            self._pairs()
            self._orders()
            self._teams_and_waves()
            self._peak()
            self.model.minimize(sum(self._costs))

    def solve(self, hint: Ints | None, *, seconds: float, seed: int) -> _Found:
        from ortools.sat.python import cp_model  # noqa: PLC0415

        if hint is not None:
            for (group, wave), literal in self.x.items():
                self.model.add_hint(literal, int(hint[group]) == wave)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.max_deterministic_time = seconds
        status = solver.solve(self.model)
        used = float(solver.response_proto.deterministic_time)
        if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return _Found(None, 0, used, is_impossible=status == cp_model.INFEASIBLE)
        waves = np.zeros(self.problem.group_count, dtype=np.int64) if self.fixed is None else self.fixed.copy()
        for (group, wave), literal in self.x.items():
            if solver.boolean_value(literal):
                waves[group] = wave
        return _Found(waves, int(np.ceil(solver.best_objective_bound - 1e-6)), used)

    def _literal(self, group: int, wave: int) -> Any:  # noqa: ANN401  (a variable of the solver, or a constant)
        """Return whether a group is in a wave: 0 or 1 for what is fixed or forbidden."""
        if not self.is_free[group]:
            return int(self.fixed is not None and int(self.fixed[group]) == wave)
        if not self.problem.allowed[group, wave]:
            return 0
        if (group, wave) not in self.x:
            self.x[group, wave] = self.model.new_bool_var("")
        return self.x[group, wave]

    def _capacities(self) -> None:
        sizes, taken = self.problem.sizes, self._taken()
        for wave, limits in enumerate(self.problem.capacity.tolist()):
            for resource, limit in enumerate(limits):
                if limit < UNLIMITED:
                    terms = [self._literal(group, wave) * int(sizes[group, resource]) for group in self.free]
                    self.model.add(sum(terms) <= limit - int(taken[wave, resource]))

    def _taken(self) -> Ints:
        """Return what the groups that stay where they are take of each wave."""
        taken = np.zeros_like(self.problem.capacity)
        if self.fixed is not None:
            np.add.at(taken, self.fixed[~self.is_free], self.problem.sizes[~self.is_free])
        return taken

    def _touching(self, pairs: Ints, costs: Ints) -> Iterator[tuple[int, int, int]]:
        touches = self.is_free[pairs[:, 0]] | self.is_free[pairs[:, 1]]
        for (first, second), cost in zip(pairs[touches].tolist(), costs[touches].tolist(), strict=True):
            yield first, second, cost

    def _by(self, group: int, wave: int) -> Any:  # noqa: ANN401
        """Return whether a group is in the wave or an earlier one, as a sum of literals."""
        return sum(self._literal(group, earlier) for earlier in range(wave + 1))

    def _needs(self) -> None:
        needs = self.problem.needs
        for dependent, needed, _ in self._touching(needs, np.zeros(len(needs), dtype=np.int64)):
            for wave in range(self.problem.wave_count - 1):
                self.model.add(self._by(dependent, wave) <= self._by(needed, wave))

    def _placements(self) -> None:
        self._costs += [int(self.problem.unary[group, wave]) * literal for (group, wave), literal in self.x.items()]

    def _pairs(self) -> None:
        for first, second, cost in self._touching(self.problem.pairs, self.problem.pair_costs):
            apart = self.model.new_bool_var("")
            for wave in range(self.problem.wave_count):
                self.model.add(apart >= self._literal(first, wave) - self._literal(second, wave))
            self._costs.append(cost * apart)

    def _orders(self) -> None:
        for before, after, cost in self._touching(self.problem.orders, self.problem.order_costs):
            late = self.model.new_bool_var("")
            for wave in range(self.problem.wave_count - 1):
                self.model.add(late >= self._by(after, wave) - self._by(before, wave))
            self._costs.append(cost * late)

    def _any_in(self, groups: Ints, wave: int) -> Any:  # noqa: ANN401
        """Return a variable that is 1 if any of the groups is in the wave; what costs keeps it from being 1 else."""
        staying = groups[~self.is_free[groups]]
        if self.fixed is not None and (self.fixed[staying] == wave).any():
            return 1
        variable = self.model.new_bool_var("")
        for group in groups[self.is_free[groups]].tolist():
            if self.problem.allowed[group, wave]:
                self.model.add_implication(self._literal(group, wave), variable)
        return variable

    def _teams_and_waves(self) -> None:
        problem, waves = self.problem, range(self.problem.wave_count)
        for team, cost in problem.teams:
            if cost and self.is_free[team].any():
                self._costs += [cost * self._any_in(team, wave) for wave in waves] + [-cost]
        everybody = np.arange(problem.group_count)
        self._costs += [problem.wave_cost * self._any_in(everybody, wave) for wave in waves]
        if problem.pilot_cost:
            nobody = self.model.new_bool_var("")
            if self.fixed is None or not (self.fixed[~self.is_free] == 0).any():
                self.model.add(sum(self._literal(group, 0) for group in self.free) + nobody >= 1)
            self._costs.append(problem.pilot_cost * nobody)
        if problem.mixing_cost:
            production, other = (np.flatnonzero(kind) for kind in (problem.production, problem.other))
            for wave in waves:
                mixed = self.model.new_bool_var("")
                self.model.add(mixed >= self._any_in(production, wave) + self._any_in(other, wave) - 1)
                self._costs.append(problem.mixing_cost * mixed)

    def _peak(self) -> None:
        problem = self.problem
        if not problem.peak_cost:
            return
        efforts, taken = problem.sizes[:, EFFORT], self._taken()[:, EFFORT]
        peak = self.model.new_int_var(0, int(efforts.sum()), "")
        for wave in range(problem.wave_count):
            terms = [self._literal(group, wave) * int(efforts[group]) for group in self.free]
            self.model.add(peak >= sum(terms) + int(taken[wave]))
        self._costs.append(problem.peak_cost * peak)
