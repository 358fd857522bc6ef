"""An independent judge of plans: what a plan breaks, and what it costs, from the words of issue and settings alone.

Belongs here: rules written anew. Does not: anything of `flow_pipelines/assess/wave_planning/`, nor its numbers.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from flow_pipelines.settings import WaveSettings

PRODUCTION = {"production", "disaster recovery"}
BEFORE_PRODUCTION = {"development", "test", "staging"}
STAYS = {"retain", "retire"}
RISKY = 65
RESOURCES = ("server_count", "storage_gib", "applications", "effort_days")
ENVIRONMENT_NAMES = {"prod", "production", "test", "dev", "development", "staging", "uat", "qa", "dr"}


def broken_conditions(
    workloads: pd.DataFrame, dependencies: pd.DataFrame, settings: WaveSettings, plan_tables: Mapping[str, pd.DataFrame]
) -> list[str]:
    """List every hard condition that a plan breaks, and every exception that it claims without need."""
    placements, conditions = plan_tables["placements"], plan_tables["conditions"]
    if sorted(placements["workload_id"]) != sorted(workloads["workload_id"]):
        return ["not every workload has exactly one row"]
    rows = workloads.merge(placements[["workload_id", "wave_number"]], on="workload_id").assign(applications=1.0)
    placed = rows.dropna(subset=["wave_number"])
    wave = dict(zip(placed["workload_id"], placed["wave_number"].astype(int), strict=True))
    parted = {(a, b) for kind, a, b in _told(conditions) if kind == "cycle_split"}
    large = {a for kind, a, _ in _told(conditions) if kind == "too_large"}
    return [
        *_presence(rows, wave),
        *_room(rows, wave, settings, large),
        *_wishes(rows, wave, settings),
        *_order(dependencies, wave, parted),
        *_exceptions(rows, dependencies, settings, parted, large),
    ]


def _told(conditions: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(conditions[["kind", "workload_id", "other_workload_id"]].itertuples(index=False, name=None))


def _presence(rows: pd.DataFrame, wave: Mapping[str, int]) -> list[str]:
    return [
        f"{name}: {treatment}, wave {wave.get(one)}"
        for one, name, treatment in zip(rows["workload_id"], rows["workload_name"], rows["treatment"], strict=True)
        if (treatment in STAYS) == (one in wave) or wave.get(one, 1) < 1
    ]


def limits(settings: WaveSettings) -> dict[str, float]:
    told = (settings.servers, settings.storage_gib, settings.applications, settings.effort_days)
    return {name: math.inf if limit is None else limit for name, limit in zip(RESOURCES, told, strict=True)}


def _room(rows: pd.DataFrame, wave: Mapping[str, int], settings: WaveSettings, large: set[str]) -> list[str]:
    problems = [
        f"wave {number} is beyond the last" for number in wave.values() if number > (settings.most_waves or 10**6)
    ]
    for resource, limit in limits(settings).items():
        loads: dict[int, float] = defaultdict(float)
        for one, need in zip(rows["workload_id"], rows[resource].fillna(0).astype(float), strict=True):
            if one in wave:
                # What no wave has room for fills the one that it is in.
                loads[wave[one]] += min(need, limit) if one in large else need
        for number, load in loads.items():
            is_pilot = number == 1 and resource == "server_count" and settings.most_waves != 1
            room = min(limit, settings.pilot_servers or math.inf) if is_pilot else limit
            if load > room + 1e-6:
                problems.append(f"wave {number} holds {load:g} of {room:g} {resource}")
    return problems


def _wishes(rows: pd.DataFrame, wave: Mapping[str, int], settings: WaveSettings) -> list[str]:
    problems = []
    by_name = dict(zip(rows["workload_name"], rows["workload_id"], strict=True))
    chosen_rows = rows.dropna(subset=["fixed_wave"])
    fixed = dict(zip(chosen_rows["workload_id"], chosen_rows["fixed_wave"].astype(int), strict=True))
    problems += [f"{one} is not in wave {number}" for one, number in fixed.items() if wave.get(one) != number]
    for one, waves in zip(rows["workload_id"], rows["forbidden_waves"], strict=True):
        problems += [f"{one} is in forbidden wave {number}" for number in waves or () if wave.get(one) == number]
    for one, other in zip(rows["workload_id"], rows["tied_to"], strict=True):
        if other and wave.get(one) != wave.get(by_name.get(other, other)):
            problems.append(f"{one} is apart from {other}")
    chosen = set(fixed.values())
    problems += [
        f"{one} is in closed wave {number}"
        for one, number in wave.items()
        if number in settings.closed and number not in chosen
    ]
    return problems


def _order(dependencies: pd.DataFrame, wave: Mapping[str, int], parted: set[tuple[str, str]]) -> list[str]:
    hard = dependencies[dependencies["is_hard"]]
    return [
        f"{source} moves before {target}, which it needs"
        for source, target in zip(hard["source_id"], hard["target_id"], strict=True)
        if source in wave and target in wave and wave[target] > wave[source] and (source, target) not in parted
    ]


def _exceptions(
    rows: pd.DataFrame,
    dependencies: pd.DataFrame,
    settings: WaveSettings,
    parted: set[tuple[str, str]],
    large: set[str],
) -> list[str]:
    """Find exceptions that were not needed: what would have fitted, and needs that are in no cycle over capacity."""
    problems = []
    need = rows.set_index("workload_id")[list(RESOURCES)].fillna(0).astype(float)
    room = limits(settings)
    over = (need.apply(lambda column: column.map(math.ceil)) > pd.Series(room)).any(axis=1)
    problems += [f"{one} is called too large" for one in sorted(large) if not over[one]]
    moving = set(rows.loc[~rows["treatment"].isin(STAYS), "workload_id"])
    after = defaultdict(set)
    for source, target, is_hard in dependencies[["source_id", "target_id", "is_hard"]].itertuples(
        index=False, name=None
    ):
        if is_hard and {source, target} <= moving:
            after[source].add(target)
    before = defaultdict(set)
    for source, targets in after.items():
        for target in targets:
            before[target].add(source)
    for source, target in sorted(parted):
        cycle = _reached(source, after) & _reached(source, before)
        if target not in cycle or not (need.loc[sorted(cycle)].sum() > pd.Series(room)).any():
            problems.append(f"the need of {source} for {target} was dropped")
    return problems


def _reached(start: str, after: Mapping[str, set[str]]) -> set[str]:
    found, queue = {start}, [start]
    while queue:
        for one in after.get(queue.pop(), ()):
            if one not in found:
                found.add(one)
                queue.append(one)
    return found


def price(
    workloads: pd.DataFrame, dependencies: pd.DataFrame, settings: WaveSettings, wave: Mapping[str, int]
) -> float:
    """Return what waves cost in points, of as many waves as `most_waves`, by the words of the settings."""
    weights, last = settings.weights, settings.most_waves or 0
    moving = workloads[workloads["workload_id"].isin(wave)]
    used = set(wave.values())
    cost = weights.waves * len(used) + (weights.pilot if used and last > 1 and 1 not in used else 0)
    for row in moving.itertuples():
        number = wave[row.workload_id]
        early = (1 - (number - 1) / max(1, last - 1)) ** 2
        late = ((number - 1) / max(1, last - 1)) ** 2
        mine = weights.low_risk_first * row.risk_score / 100 * early + weights.delay * (number - 1)
        mine += weights.production_last * (
            (row.environment in PRODUCTION) * early + (row.environment in BEFORE_PRODUCTION) * late
        )
        if last > 1 and number == 1 and row.risk_score >= RISKY:
            mine += weights.risky_not_first
        cost += round(mine, 2)
    for source, target, points in dependencies[["source_id", "target_id", "traffic"]].itertuples(
        index=False, name=None
    ):
        if source in wave and target in wave and wave[source] != wave[target]:
            cost += weights.cut * points
    for column, weight in (("owner", weights.owner), ("site", weights.site)):
        for _, team in moving.groupby(column):
            cost += weight * (len({wave[one] for one in team["workload_id"]}) - 1)
    return float(cost + _between_environments(moving, settings, wave) + _peak(moving, settings, wave))


def _between_environments(moving: pd.DataFrame, settings: WaveSettings, wave: Mapping[str, int]) -> float:
    rows = [(row.workload_id, row.environment, _stem(row.workload_name)) for row in moving.itertuples()]
    production = [row for row in rows if row[1] in PRODUCTION]
    before = [row for row in rows if row[1] in BEFORE_PRODUCTION]
    too_early = sum(wave[one[0]] < wave[other[0]] for one in production for other in before if one[2] == other[2] != "")
    mixed = {wave[one[0]] for one in production} & {wave[one[0]] for one in before}
    return settings.weights.before_production * too_early + settings.weights.apart * len(mixed)


def _stem(name: str) -> str:
    return " ".join(word for word in re.findall("[a-z0-9]+", name.casefold()) if word not in ENVIRONMENT_NAMES)


def _peak(moving: pd.DataFrame, settings: WaveSettings, wave: Mapping[str, int]) -> float:
    if not settings.weights.balance or moving.empty:
        return 0.0
    efforts = moving["effort_days"].map(math.ceil)
    mean = max(1.0, efforts.sum() / (settings.most_waves or 1))
    fullest = efforts.groupby(moving["workload_id"].map(wave)).sum().max()
    return max(0.01, round(settings.weights.balance / mean, 2)) * float(fullest)
