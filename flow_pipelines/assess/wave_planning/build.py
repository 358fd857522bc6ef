"""From workloads, their edges and settings to the problem in numbers.

Belongs here: which workloads form a group, what each condition costs where. Does not: which workloads move
(`moving.py`), solving it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from flow_pipelines.assess.wave_planning.folding import NO_PAIRS, any_of_groups, pairs_of_groups, sums_of_groups
from flow_pipelines.assess.wave_planning.groups import broken_needs, move_groups, split_group, without
from flow_pipelines.assess.wave_planning.moving import Workloads
from flow_pipelines.assess.wave_planning.problem import RESOURCES, UNITS_PER_POINT, UNLIMITED, Bools, Ints, WaveProblem
from flow_pipelines.reference.wave_rules import wave_rules
from flow_pipelines.settings import WaveSettings

# What tells the environments of one application apart in their names: Shop (Test), shop-prod.
ENVIRONMENT_WORDS = frozenset(
    ["prod", "production", "prd", "dev", "development", "test", "tst", "uat", "stage", "staging", "stg", "qa", "int",
     "sandbox", "dr"]
)  # fmt: skip
BETWEEN_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Built:
    """The problem, and what had to be bent to state it.

    Attributes:
        problem: The problem.
        free: Whether a group could be in a wave if nobody had chosen one for it, n x W.
        group_of: The group of each workload.
        broken: Hard edges inside a cycle that is too large for any wave, as pairs of positions of workloads.
        too_large: Positions of workloads that are too large for any wave, and get one as if they just fitted.
        production_pairs: Workloads of one application: development or test, and the production that comes after it.
    """

    problem: WaveProblem
    free: Bools
    group_of: Ints
    broken: Ints
    too_large: tuple[int, ...]
    production_pairs: Ints


def build(workloads: Workloads, settings: WaveSettings, wave_count: int) -> Built:
    """State the problem for a number of waves."""
    capacity = capacities(settings, wave_count)
    limit = capacity.max(axis=0)
    too_large = (workloads.sizes > limit).any(axis=1)
    sizes = np.minimum(workloads.sizes, limit)
    group_of, broken = _groups(workloads, sizes, limit)
    count = int(group_of.max(initial=-1)) + 1
    unary = sums_of_groups(_unary(workloads, settings, wave_count), group_of, count)
    pairs, pair_costs = _between_groups(workloads.edges, workloads.traffic * settings.weights.cut, group_of)
    production_pairs = _before_production(workloads)
    orders, order_costs = _between_groups_directed(production_pairs, settings.weights.before_production, group_of)
    rules = wave_rules().environments
    environment = workloads.rows["environment"]
    group_sizes = sums_of_groups(sizes, group_of, count)
    mean_effort = max(1.0, group_sizes[:, RESOURCES.index("effort_days")].sum() / wave_count)
    fits = (group_sizes <= limit).all(axis=1)[:, None]
    free = _free(workloads, settings, group_of, count, wave_count) & fits
    problem = WaveProblem(
        members=_members(group_of, count),
        sizes=group_sizes,
        capacity=capacity,
        allowed=_allowed(workloads, free, group_of) & fits,
        unary=unary,
        pairs=pairs,
        pair_costs=pair_costs,
        needs=_needs(workloads.hard, broken, group_of),
        orders=orders,
        order_costs=order_costs,
        teams=(
            *_teams(workloads.rows["owner"], settings.weights.owner, group_of),
            *_teams(workloads.rows["site"], settings.weights.site, group_of),
        ),
        production=any_of_groups(_is_in(environment, rules.production), group_of, count),
        other=any_of_groups(_is_in(environment, rules.before_production), group_of, count),
        mixing_cost=_units(settings.weights.apart),
        wave_cost=_units(settings.weights.waves),
        pilot_cost=_units(settings.weights.pilot) if wave_count > 1 else 0,
        peak_cost=max(1, _units(settings.weights.balance / mean_effort)) if settings.weights.balance else 0,
    )
    return Built(problem, free, group_of, broken, tuple(np.flatnonzero(too_large).tolist()), production_pairs)


def capacities(settings: WaveSettings, wave_count: int) -> Ints:
    """Return what each wave has room for, W x R; the first one is the pilot."""
    limits = [settings.servers, settings.storage_gib, settings.applications, settings.effort_days]
    capacity = np.tile([UNLIMITED if limit is None else int(limit) for limit in limits], (wave_count, 1))
    if settings.pilot_servers is not None and wave_count > 1:
        capacity[0, 0] = min(int(capacity[0, 0]), settings.pilot_servers)
    return capacity.astype(np.int64)


def _units(points: float) -> int:
    return round(points * UNITS_PER_POINT)


def _groups(workloads: Workloads, sizes: Ints, limit: Ints) -> tuple[Ints, Ints]:
    """Return the group of each workload, and the hard edges that had to be broken.

    Only cycles are parted: what people tied together stays so, or is a conflict that they are told.
    """
    count = len(workloads.rows)
    cycles = move_groups(count, workloads.hard, NO_PAIRS)
    needed = sums_of_groups(sizes, cycles, int(cycles.max(initial=-1)) + 1)
    pieces = cycles.copy()
    for group in np.flatnonzero((needed > limit).any(axis=1)).tolist():
        members = np.flatnonzero(cycles == group).tolist()
        for piece in split_group(members, sizes, limit, _edges_within(workloads, cycles == group))[1:]:
            pieces[piece] = pieces.max() + 1
    broken = broken_needs(pieces, workloads.hard, _traffic_of(workloads))
    return move_groups(count, without(workloads.hard, broken), workloads.tied), broken


def _edges_within(workloads: Workloads, is_member: Bools) -> list[tuple[int, int, float]]:
    """Return the edges among some workloads and their traffic; what people tied together outweighs any traffic."""
    within, tied = is_member[workloads.edges].all(axis=1), is_member[workloads.tied].all(axis=1)
    pairs = np.concatenate([workloads.edges[within], workloads.tied[tied]])
    weights = [*workloads.traffic[within].tolist(), *[np.inf] * int(tied.sum())]
    return [(first, second, weight) for (first, second), weight in zip(pairs.tolist(), weights, strict=True)]


def _traffic_of(workloads: Workloads) -> list[float]:
    """Return the traffic of each hard edge."""
    traffic = dict(zip(map(tuple, workloads.edges.tolist()), workloads.traffic.tolist(), strict=True))
    return [traffic.get((min(pair), max(pair)), 0.0) for pair in workloads.hard.tolist()]


def _members(group_of: Ints, count: int) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(group_of, kind="stable")
    bounds = np.searchsorted(group_of[order], np.arange(count + 1))
    return tuple(tuple(order[low:high].tolist()) for low, high in pairwise(bounds.tolist()))


def _unary(workloads: Workloads, settings: WaveSettings, wave_count: int) -> Ints:
    """Return what each workload costs in each wave by itself, n x W."""
    weights, rules = settings.weights, wave_rules()
    later = np.arange(wave_count) / max(1, wave_count - 1)
    risk = workloads.rows["risk_score"].to_numpy(dtype=float)
    environment = workloads.rows["environment"]
    is_production = _is_in(environment, rules.environments.production)
    is_before = _is_in(environment, rules.environments.before_production)
    # Squared, so that it soon falls off: else nothing would keep a wave in the middle from staying empty.
    early, late = (1 - later) ** 2, later**2
    cost = weights.low_risk_first * np.outer(risk / 100, early) + weights.delay * np.arange(wave_count)
    cost += weights.production_last * (np.outer(is_production, early) + np.outer(is_before, late))
    if wave_count > 1:
        cost[:, 0] += weights.risky_not_first * (risk >= rules.risky)
    costs: Ints = np.rint(cost * UNITS_PER_POINT).astype(np.int64)
    return costs


def _is_in(column: pd.Series, values: Sequence[str]) -> Bools:
    found: Bools = column.isin(values).to_numpy(dtype=bool)
    return found


def _between_groups(pairs: Ints, weights: np.ndarray, group_of: Ints) -> tuple[Ints, Ints]:
    ends = np.sort(group_of[pairs], axis=1)
    return pairs_of_groups(ends, np.rint(weights * UNITS_PER_POINT).astype(np.int64))


def _between_groups_directed(pairs: Ints, weight: float, group_of: Ints) -> tuple[Ints, Ints]:
    return pairs_of_groups(group_of[pairs], np.full(len(pairs), _units(weight), dtype=np.int64))


def _needs(hard: Ints, broken: Ints, group_of: Ints) -> Ints:
    ends = group_of[without(hard, broken)]
    ends = ends[ends[:, 0] != ends[:, 1]]
    return np.unique(ends, axis=0) if len(ends) else NO_PAIRS


def _before_production(workloads: Workloads) -> Ints:
    """Return pairs of workloads of one application: development or test, and the production that comes after it."""
    rules = wave_rules().environments
    rows = pd.DataFrame(
        {
            "stem": [_stem(name) for name in workloads.rows["workload_name"]],
            "place": np.arange(len(workloads.rows)),
            "environment": workloads.rows["environment"],
        }
    )
    rows = rows[rows["stem"] != ""]
    before = rows[rows["environment"].isin(rules.before_production)]
    pairs = before.merge(rows[rows["environment"].isin(rules.production)], on="stem")[["place_x", "place_y"]]
    return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)


def _stem(name: str) -> str:
    words = BETWEEN_WORDS.split(name.casefold())
    return " ".join(word for word in words if word and word not in ENVIRONMENT_WORDS)


def _teams(names: pd.Series, weight: float, group_of: Ints) -> list[tuple[Ints, int]]:
    told = pd.DataFrame({"name": names.to_numpy(dtype=object), "group": group_of}).dropna()
    groups = [np.unique(found.to_numpy(dtype=np.int64)) for _, found in told.groupby("name")["group"]]
    return [(team, _units(weight)) for team in groups if len(team) > 1 and weight]


def _free(workloads: Workloads, settings: WaveSettings, group_of: Ints, count: int, wave_count: int) -> Bools:
    free = np.ones((count, wave_count), dtype=bool)
    free[:, [wave - 1 for wave in settings.closed if wave <= wave_count]] = False
    return _without_forbidden(free, workloads, group_of)


def _allowed(workloads: Workloads, free: Bools, group_of: Ints) -> Bools:
    allowed, wave_count = free.copy(), free.shape[1]
    # What a person chose counts more than that a wave is closed to the rest.
    is_fixed = workloads.fixed >= 0
    chosen = np.ones_like(allowed)
    for place in np.flatnonzero(is_fixed).tolist():
        chosen[group_of[place]] &= np.arange(wave_count) == workloads.fixed[place]
    fixed_groups = np.unique(group_of[is_fixed])
    allowed[fixed_groups] = chosen[fixed_groups]
    return _without_forbidden(allowed, workloads, group_of)


def _without_forbidden(allowed: Bools, workloads: Workloads, group_of: Ints) -> Bools:
    for place, waves in enumerate(workloads.forbidden):
        if waves:
            allowed[group_of[place], [wave for wave in waves if 0 <= wave < allowed.shape[1]]] = False
    return allowed
