"""How long wave planning takes, how good its plans are, and whether they keep every hard condition.

Belongs here: portfolios drawn by lot, and our plans judged like those of other ways. Does not: printing (`report.py`),
the judge, how Leiden and METIS are called (`waves_peer.py`).

Neither is a dependency. `WAVES_PYTHON` names an interpreter that has them:
`python3 -m venv /tmp/waves && /tmp/waves/bin/pip install leidenalg==0.12.0 pymetis==2025.2.2 pandas`
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pandas as pd

from flow_pipelines.assess.wave_planning.plan import plan_waves
from flow_pipelines.settings import WaveSettings, WaveWeights
from tests.flow_pipelines.assess.wave_planning.checker import broken_conditions
from tests.flow_pipelines.assess.wave_planning.instances import drawn

# About thirty waves at any size, which is as many as people plan; three servers a workload in the mean.
WAVES = 30
EDGES_EACH = 1.5
# Room beyond an equal share: parts that METIS makes are not equal.
SPARE = 1.1
NO_CONDITIONS = pd.DataFrame(columns=["kind", "workload_id", "other_workload_id"])
INTERPRETER = "WAVES_PYTHON"
PEER = Path(__file__).with_name("waves_peer.py")
MISSING = f"Leiden and METIS were not measured: {INTERPRETER} names no interpreter that has them."
TRAFFIC_ONLY = WaveWeights(**(dict.fromkeys(WaveWeights.model_fields, 0.0) | {"cut": 1.0}))


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


@dataclass(frozen=True)
class _Portfolio:
    rows: pd.DataFrame
    edges: pd.DataFrame
    limits: WaveSettings
    seed: int

    def ours(self, planner: str) -> WavesReport:
        started = time.monotonic()
        plan = plan_waves(self.rows, self.edges, self.limits)
        seconds = time.monotonic() - started
        placed = plan.placements.dropna(subset=["wave_number"])
        waves = dict(zip(placed["workload_id"], placed["wave_number"].astype(int), strict=True))
        return self._judged(planner, seconds, waves, plan.gap, plan.conditions)

    def other(self, planner: str, place: Callable[[], Mapping[str, int]]) -> WavesReport:
        started = time.monotonic()
        waves = place()
        return self._judged(planner, time.monotonic() - started, waves, None, NO_CONDITIONS)

    def _judged(
        self, planner: str, seconds: float, waves: Mapping[str, int], gap: float | None, conditions: pd.DataFrame
    ) -> WavesReport:
        placements = self.rows[["workload_id"]].assign(wave_number=self.rows["workload_id"].map(waves).astype("Int64"))
        broken = broken_conditions(
            self.rows, self.edges, self.limits, {"placements": placements, "conditions": conditions}
        )
        used, cut = len(set(waves.values())), _cut(self.edges, waves)
        return WavesReport(len(self.rows), planner, seconds, used, cut, gap, len(broken))

    def first_fit(self, community: Mapping[str, int]) -> dict[str, int]:
        """Put each workload where most of its community is, or else into the first wave that it may be in."""
        servers = dict(zip(self.rows["workload_id"], self.rows["server_count"], strict=True))
        moving = set(self.moving["workload_id"])
        needed: dict[str, set[str]] = {one: set() for one in self.rows["workload_id"] if one in moving}
        hard = self.edges[
            self.edges["is_hard"] & self.edges["source_id"].isin(moving) & self.edges["target_id"].isin(moving)
        ]
        for source, target in zip(hard["source_id"], hard["target_id"], strict=True):
            needed[source].add(target)
        waves: dict[str, int] = {}
        loads: dict[int, int] = defaultdict(int)
        members: dict[int, Counter[int]] = defaultdict(Counter)
        order = list(TopologicalSorter(needed).static_order())
        for one in _by_community(order, needed, community):
            earliest = max((waves[other] for other in needed[one]), default=1)
            group = community.get(one)
            favourites = [wave for wave, _ in members[group].most_common()] if group is not None else []
            fitting = (wave for wave in favourites if wave >= earliest and self._fits(loads, wave, servers[one]))
            wave = next(fitting, None) or self._first(loads, earliest, servers[one])
            waves[one] = wave
            loads[wave] += servers[one]
            if group is not None:
                members[group][wave] += 1
        return waves

    def parts(self, which: str, python: str) -> dict[str, int]:
        """Return the part of each workload that moves, by Leiden or METIS."""
        place = {one: number for number, one in enumerate(self.moving["workload_id"])}
        ends = pd.DataFrame(
            {
                "source": self.edges["source_id"].map(place),
                "target": self.edges["target_id"].map(place),
                "traffic": self.edges["traffic"],
            }
        ).dropna()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self.moving[["workload_id", "server_count"]].to_csv(folder / "nodes.csv", index=False)
            ends.astype({"source": int, "target": int}).to_csv(folder / "edges.csv", index=False)
            words = [python, PEER, which, folder, WAVES, self.seed]
            subprocess.run([str(word) for word in words], check=True, capture_output=True)
            found = pd.read_csv(folder / "parts.csv")
        return dict(zip(found["workload_id"], found["part"] + 1, strict=True))

    @property
    def moving(self) -> pd.DataFrame:
        return self.rows[self.rows["treatment"] != "retain"]

    def _first(self, loads: Mapping[int, int], earliest: int, size: int) -> int:
        wave = earliest
        while not self._fits(loads, wave, size):
            wave += 1
        return wave

    def _fits(self, loads: Mapping[int, int], wave: int, size: int) -> bool:
        room = self.limits.servers or 0
        pilot = min(room, self.limits.pilot_servers or room)
        return loads.get(wave, 0) + size <= (pilot if wave == 1 else room)


def measure_waves(sizes: list[int], seed: int, progress: Callable[[str], None]) -> list[WavesReport]:
    """Plan a portfolio of each size by ours and by other ways."""
    python = os.environ.get(INTERPRETER)
    if not python:
        progress(MISSING)
    return [report for size in sizes for report in _measure(size, seed, python, progress)]


def _measure(size: int, seed: int, python: str | None, progress: Callable[[str], None]) -> Iterator[WavesReport]:
    progress(f"{size:,} workloads: waves")
    rows, edges = drawn(size, seed, edges_each=EDGES_EACH)
    share = int(rows["server_count"].sum() / WAVES)
    portfolio = _Portfolio(rows, edges, WaveSettings(servers=max(30, share), pilot_servers=15), seed)
    yield portfolio.ours("ours")
    yield portfolio.other("first-fit", lambda: portfolio.first_fit({}))
    if python:
        yield portfolio.other("Leiden, packed greedily", lambda: portfolio.first_fit(portfolio.parts("leiden", python)))
    # METIS knows of no order, and of nothing but traffic.
    bare = WaveSettings(servers=max(6, int(share * SPARE)), pilot_servers=None, most_waves=WAVES, weights=TRAFFIC_ONLY)
    unordered = _Portfolio(rows, edges.assign(is_hard=False), bare, seed)
    yield unordered.ours("ours, traffic only, no order")
    if python:
        yield unordered.other("METIS, traffic only, no order", lambda: unordered.parts("metis", python))


def _by_community(order: Sequence[str], needed: Mapping[str, set[str]], community: Mapping[str, int]) -> Iterator[str]:
    """Yield workloads community by community, but none before what it needs."""
    place = {one: number for number, one in enumerate(order)}
    seen: set[str] = set()
    for one in sorted(order, key=lambda one: (community.get(one, 0), place[one])):
        stack = [one]
        while stack:
            top = stack[-1]
            waits = sorted((other for other in needed[top] if other not in seen), key=place.__getitem__)
            if waits:
                stack += waits
                continue
            stack.pop()
            if top not in seen:
                seen.add(top)
                yield top


def _cut(edges: pd.DataFrame, waves: Mapping[str, int]) -> float:
    source, target = edges["source_id"].map(waves), edges["target_id"].map(waves)
    return float(edges.loc[source.notna() & target.notna() & (source != target), "traffic"].sum())
