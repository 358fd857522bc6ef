"""`plan_waves`: a wave for every workload that moves.

Belongs here: the public function and the course of planning. Does not: the parts of it, each in a module of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from flow_pipelines.assess.wave_planning import conflicts
from flow_pipelines.assess.wave_planning.build import Built, build, capacities
from flow_pipelines.assess.wave_planning.exact import find_feasible, solve
from flow_pipelines.assess.wave_planning.explain import Explained, explained
from flow_pipelines.assess.wave_planning.groups import needed_first
from flow_pipelines.assess.wave_planning.moving import Workloads, moving
from flow_pipelines.assess.wave_planning.multilevel import start_by_levels
from flow_pipelines.assess.wave_planning.problem import UNITS_PER_POINT, Ints, WaveProblem, costs_of, holds
from flow_pipelines.assess.wave_planning.search import Placement, improve, place_all
from flow_pipelines.reference.wave_rules import wave_rules
from flow_pipelines.settings import WaveSettings

OPTIONAL = ("fixed_wave", "forbidden_waves", "tied_to", "owner", "site", "environment", "criticality")
# Room beyond the fewest waves that could hold everything: what is needed first has to come first.
SPARE, MORE = 1.2, 1.5
WIDENED = 4
FEASIBLE_SECONDS = 20.0


@dataclass(frozen=True)
class WavePlan:
    """A plan, what it costs and how good it is known to be.

    Attributes:
        placements: One row per workload: workload_id, wave_number (from 1 on; missing if it does not move),
            move_group_id (the workload_id of its first member), move_group_name, next_best_wave and next_best_cost (how
            many points more the cheapest other wave would cost; missing if there is none), reason.
        conditions: One row per soft condition that is violated: kind, workload_id, other_workload_id, wave_number,
            price (points), reason.
        totals: One row per wave: wave_number, workloads, servers, storage_gib, effort_days, mean_risk, cut (points).
        costs: Points by kind; their sum is the objective.
        bound: No plan costs fewer points.
        gap: How far above the bound the plan is, as a share of its cost.
        is_optimal: Whether no plan is better.
        seed: Seed of the search.
        version: Of the rules.
    """

    placements: pd.DataFrame
    conditions: pd.DataFrame
    totals: pd.DataFrame
    costs: dict[str, float]
    bound: float
    gap: float
    is_optimal: bool
    seed: int
    version: int

    @property
    def objective(self) -> float:
        """What the plan costs, in points."""
        return sum(self.costs.values())


def plan_waves(workloads: pd.DataFrame, dependencies: pd.DataFrame, settings: WaveSettings) -> WavePlan:
    """Place every workload that moves in a wave, at the least cost that is found.

    The same input gives the same plan, whatever the order of rows and the ids.

    Args:
        workloads: workload_id, workload_name, treatment, server_count, storage_gib (GiB), effort_days (person days),
            risk_score (0 to 100); where known environment, criticality, owner, site; and what people wish: fixed_wave,
            forbidden_waves (a list), tied_to (id or name of a workload that it moves together with).
        dependencies: Edges between workloads, as `workload_dependencies` returns them.
        settings: What waves have room for and what costs what.

    Raises:
        PlanningError: People's wishes, or the limits, can't all be kept; the fewest that contradict each other are
            named.
    """
    workloads = workloads.assign(**{name: None for name in OPTIONAL if name not in workloads})
    conflicts.refuse_for_what_stays(workloads)
    chosen = moving(workloads, dependencies)
    built, start = _start(chosen, settings)
    problem = built.problem
    solved = solve(problem, start, seconds=settings.effort_seconds, seed=settings.seed)
    waves = _without_gaps(problem, solved.waves)
    units = costs_of(problem, waves)
    total = sum(units.values())
    told: Explained = explained(workloads, dependencies, chosen, built, waves, settings=settings)
    return WavePlan(
        placements=told.placements,
        conditions=told.conditions,
        totals=told.totals,
        costs={kind: cost / UNITS_PER_POINT for kind, cost in units.items()},
        bound=solved.bound / UNITS_PER_POINT,
        gap=max(0, total - solved.bound) / total if total else 0.0,
        is_optimal=total <= solved.bound,
        seed=settings.seed,
        version=wave_rules().version,
    )


def _start(chosen: Workloads, settings: WaveSettings) -> tuple[Built, Ints]:
    """Return the problem for as many waves as are useful, and a placement to start from."""
    wave_count = settings.most_waves or _useful_waves(chosen, settings)
    for _ in range(WIDENED):
        built = build(chosen, settings, wave_count)
        start = _placed(built.problem, settings)
        if start is not None:
            return built, start
        if settings.most_waves:
            break
        wave_count = int(np.ceil(wave_count * MORE))
    raise conflicts.explain(chosen, settings, wave_count)


def _useful_waves(chosen: Workloads, settings: WaveSettings) -> int:
    roomiest = capacities(settings, 2)[1]
    # What no wave has room for fills one, and no more.
    fewest = np.ceil(np.minimum(chosen.sizes, roomiest).sum(axis=0) / roomiest).max(initial=1)
    wished = max([*(chosen.fixed + 1).tolist(), *settings.closed, 1])
    return int(max(np.ceil(float(fewest) * SPARE) + 1 + len(settings.closed), wished))


def _placed(problem: WaveProblem, settings: WaveSettings) -> Ints | None:
    """Return the better of two placements: groups one after the other, and by levels; both improved by moves."""
    if not problem.allowed.any(axis=1).all():
        return None
    order = needed_first(problem.group_count, problem.needs)
    by_levels = start_by_levels(problem)
    found: Placement | None = place_all(problem, _fixed_first(problem, order)) or place_all(problem, order)
    if found is None and by_levels is None:
        feasible, _ = find_feasible(problem, seconds=FEASIBLE_SECONDS, seed=settings.seed)
        found = Placement(problem, feasible) if feasible is not None else None
    if found is None:
        return by_levels
    improve(found)
    starts = [waves for waves in (found.waves, by_levels) if waves is not None]
    return min(starts, key=lambda waves: sum(costs_of(problem, waves).values()))


def _without_gaps(problem: WaveProblem, waves: Ints) -> Ints:
    """Bring later waves forward into empty ones, where nobody's wish, no closed wave, room or price is against it."""
    cost = sum(costs_of(problem, waves).values())
    for wave in range(problem.wave_count):
        while len(waves) and waves.max() > wave and not (waves == wave).any():
            forward = np.where(waves > wave, waves - 1, waves)
            moved = sum(costs_of(problem, forward).values())
            if not holds(problem, forward) or moved > cost:
                break
            waves, cost = forward, moved
    return waves


def _fixed_first(problem: WaveProblem, order: list[int]) -> list[int]:
    """Return the order in which what has one wave only, and what that needs, comes before the rest."""
    is_early = problem.allowed.sum(axis=1) == 1
    for group in reversed(order):
        if is_early[group]:
            is_early[problem.needs[problem.needs[:, 0] == group, 1]] = True
    return [*(group for group in order if is_early[group]), *(group for group in order if not is_early[group])]
