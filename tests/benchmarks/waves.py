"""How long wave planning takes, how good its plans are, and whether they keep every hard condition.

Belongs here: portfolios drawn by lot, our plan and first-fit judged alike. Does not: printing (`report.py`), the judge.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

import pandas as pd

from flow_pipelines.assess.wave_planning.plan import plan_waves
from flow_pipelines.settings import WaveSettings
from tests.flow_pipelines.assess.wave_planning.checker import broken_conditions
from tests.flow_pipelines.assess.wave_planning.instances import drawn

# About thirty waves at any size, which is as many as people plan; three servers a workload in the mean.
WAVES = 30
EDGES_EACH = 1.5
NO_CONDITIONS = pd.DataFrame(columns=["kind", "workload_id", "other_workload_id"])


@dataclass(frozen=True)
class WavesReport:
    """One planner on one portfolio; `cut` is the traffic between waves, `gap` is None where nothing is known of it."""

    workloads: int
    planner: str
    seconds: float
    waves: int
    cut: float
    gap: float | None
    broken: int


def measure_waves(sizes: list[int], seed: int, progress: Callable[[str], None]) -> list[WavesReport]:
    """Plan a portfolio of each size by ours and by first-fit."""
    return [report for size in sizes for report in _measure(size, seed, progress)]


def _measure(size: int, seed: int, progress: Callable[[str], None]) -> Iterator[WavesReport]:
    progress(f"{size:,} workloads: waves")
    rows, edges = drawn(size, seed, edges_each=EDGES_EACH)
    limits = WaveSettings(servers=max(30, int(rows["server_count"].sum() / WAVES)), pilot_servers=15)
    started = time.monotonic()
    plan = plan_waves(rows, edges, limits)
    seconds = time.monotonic() - started
    placed = plan.placements.dropna(subset=["wave_number"])
    ours = dict(zip(placed["workload_id"], placed["wave_number"].astype(int), strict=True))
    broken = broken_conditions(rows, edges, limits, {"placements": plan.placements, "conditions": plan.conditions})
    yield WavesReport(size, "ours", seconds, len(plan.totals), _cut(edges, ours), plan.gap, len(broken))
    started = time.monotonic()
    fitted = _first_fit(rows, edges, limits)
    seconds = time.monotonic() - started
    placements = rows[["workload_id"]].assign(wave_number=rows["workload_id"].map(fitted).astype("Int64"))
    broken = broken_conditions(rows, edges, limits, {"placements": placements, "conditions": NO_CONDITIONS})
    yield WavesReport(
        size, "first-fit", seconds, len(set(fitted.values())), _cut(edges, fitted), None, len(broken)
    )  # fmt: skip


def _cut(edges: pd.DataFrame, waves: Mapping[str, int]) -> float:
    source, target = edges["source_id"].map(waves), edges["target_id"].map(waves)
    return float(edges.loc[source.notna() & target.notna() & (source != target), "traffic"].sum())


def _first_fit(rows: pd.DataFrame, edges: pd.DataFrame, limits: WaveSettings) -> dict[str, int]:
    """Put each workload into the first wave that has room and is no earlier than what it needs."""
    servers = dict(zip(rows["workload_id"], rows["server_count"], strict=True))
    moving = set(rows.loc[rows["treatment"] != "retain", "workload_id"])
    needed: dict[str, set[str]] = {one: set() for one in rows["workload_id"] if one in moving}
    hard = edges[edges["is_hard"] & edges["source_id"].isin(moving) & edges["target_id"].isin(moving)]
    for source, target in zip(hard["source_id"], hard["target_id"], strict=True):
        needed[source].add(target)
    waves: dict[str, int] = {}
    loads: dict[int, int] = defaultdict(int)
    for one in TopologicalSorter(needed).static_order():
        wave = max((waves[other] for other in needed[one]), default=1)
        while loads[wave] + servers[one] > _room(limits, wave):
            wave += 1
        waves[one] = wave
        loads[wave] += servers[one]
    return waves


def _room(limits: WaveSettings, wave: int) -> int:
    room = limits.servers or 0
    return min(room, limits.pilot_servers or room) if wave == 1 else room
