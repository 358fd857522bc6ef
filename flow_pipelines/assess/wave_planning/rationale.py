"""Why a wave is what it is: the reasons that hold of it, each with how far it does.

Belongs here: which reasons hold, by the plan that was found. Does not: the words and weights of reasons
(`reference/wave_rules.yaml`), why a single workload is in its wave (`explain.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.reference.wave_rules import wave_rules
from flow_pipelines.settings import WaveSettings

# Holds of any wave, so it says something only where nothing else does.
LAST_RESORT = "what_is_left"


@dataclass(frozen=True)
class _Wave:
    """A wave beside the others.

    Attributes:
        number: Its number.
        rows: Its workloads.
        earlier: The workloads of earlier waves.
        later: The workloads of later waves.
        needed_later: Ids of workloads that one of a later wave can't do without.
        settings: What waves have room for.
    """

    number: int
    rows: pd.DataFrame
    earlier: pd.DataFrame
    later: pd.DataFrame
    needed_later: frozenset[str]
    settings: WaveSettings


def wave_rationales(placed: pd.DataFrame, edges: pd.DataFrame, settings: WaveSettings) -> pd.DataFrame:
    """Return why each wave is what it is.

    Args:
        placed: workload_id, wave_number (missing if it does not move), move_group_id, environment, owner, site,
            risk_score, server_count and fixed_by; rows in any order.
        edges: Edges between workloads, as `workload_dependencies` returns them.
        settings: How waves are planned.

    Returns:
        One row per wave: wave_number, rationale (the strongest reason) and rationales (all that hold, the strongest
        first, each with its strength: 0 to 1 times the weight of the reason, as `name: strength`).
    """
    moving = placed[placed["wave_number"].notna()].sort_values("workload_id")  # sums of shares depend on the order
    numbers = moving["wave_number"].astype(int)
    wave_of = dict(zip(moving["workload_id"], numbers, strict=True))
    hard = edges[edges["is_hard"].astype(bool)]
    needs = [
        (target, wave_of[source])
        for source, target in zip(hard["source_id"], hard["target_id"], strict=True)
        if source in wave_of and target in wave_of
    ]
    rows = []
    for number in sorted(set(numbers)):
        wave = _Wave(
            number,
            moving[numbers == number],
            moving[numbers < number],
            moving[numbers > number],
            frozenset(target for target, needed_in in needs if wave_of[target] == number < needed_in),
            settings,
        )
        strengths = _strengths(wave)
        rows.append({"wave_number": number, "rationale": next(iter(strengths)), "rationales": _told(strengths)})
    return pd.DataFrame(rows, columns=["wave_number", "rationale", "rationales"])


def _strengths(wave: _Wave) -> dict[str, float]:
    """Return the reasons that hold of a wave, the strongest first; of equal ones the one that the rules list first."""
    found = {
        name: round(rule.weight * held, 2)
        for name, rule in wave_rules().rationales.items()
        if (held := HELD[name](wave)) >= rule.least
    }
    if len(found) > 1:
        found.pop(LAST_RESORT, None)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _told(strengths: Mapping[str, float]) -> list[str]:
    return [f"{name}: {strength:.2f}" for name, strength in strengths.items()]


def _is_pilot(wave: _Wave) -> float:
    """Say how much less risky the first wave is than the rest, if it is kept small on purpose."""
    room = wave.settings.pilot_servers
    if len(wave.earlier) or room is None or wave.rows["server_count"].sum() > room:
        return 0.0
    return 1.0 if wave.later.empty or _risk(wave.rows) <= _risk(wave.later) else 0.5


def _is_riskier_than_before(wave: _Wave) -> float:
    if wave.earlier.empty:
        return 0.0
    return min(max(0.0, (_risk(wave.rows) - _risk(wave.earlier)) / 50), 1.0)


def _risk(rows: pd.DataFrame) -> float:
    return float(rows["risk_score"].astype(float).mean())


def _are_kept_together(wave: _Wave) -> float:
    sizes = wave.rows.groupby("move_group_id")["workload_id"].transform("size")
    return float((sizes > 1).mean())


def _come_before_production(wave: _Wave) -> float:
    kinds = wave_rules().environments
    is_waited_for = wave.later["environment"].isin(kinds.production).any()
    return float(wave.rows["environment"].isin(kinds.before_production).mean()) if is_waited_for else 0.0


def _is_production_after_tests(wave: _Wave) -> float:
    kinds = wave_rules().environments
    is_tried = wave.earlier["environment"].isin(kinds.before_production).any()
    return float(wave.rows["environment"].isin(kinds.production).mean()) if is_tried else 0.0


def _is_full(wave: _Wave) -> float:
    room = wave.settings.servers if len(wave.earlier) else wave.settings.pilot_servers or wave.settings.servers
    return min(float(wave.rows["server_count"].sum()) / room, 1.0) if room else 0.0


def _largest(column: str) -> Callable[[_Wave], float]:
    def share(wave: _Wave) -> float:
        told = wave.rows[column].dropna()
        return float(told.value_counts().max()) / len(wave.rows) if len(told) and len(wave.rows) > 1 else 0.0

    return share


HELD: Mapping[str, Callable[[_Wave], float]] = {
    "fixed_by_people": lambda wave: float(wave.rows["fixed_by"].notna().mean()),
    "needed_by_later_waves": lambda wave: float(wave.rows["workload_id"].isin(wave.needed_later).mean()),
    "kept_together": _are_kept_together,
    "pilot_of_least_risk": _is_pilot,
    "before_production": _come_before_production,
    "production_after_tests": _is_production_after_tests,
    "risk_after_practice": _is_riskier_than_before,
    "one_owner": _largest("owner"),
    "one_site": _largest("site"),
    "filled_to_its_limit": _is_full,
    LAST_RESORT: lambda _: 1.0,
}
