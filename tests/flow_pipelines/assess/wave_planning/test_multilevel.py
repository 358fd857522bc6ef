"""The start by levels: it keeps every hard condition, and leaves together what has traffic.

Belongs here: what merging groups must not break, and what it is for. Does not: whole plans (`test_costs.py`).
"""

from __future__ import annotations

import pandas as pd
import pytest

from flow_pipelines.assess.wave_planning.build import build
from flow_pipelines.assess.wave_planning.moving import moving
from flow_pipelines.assess.wave_planning.multilevel import start_by_levels
from flow_pipelines.assess.wave_planning.problem import Ints, WaveProblem, costs_of, holds
from flow_pipelines.settings import WaveSettings
from tests.flow_pipelines.assess.wave_planning.instances import (
    dependencies,
    drawn,
    needs,
    settings,
    traffic,
    workload,
    workloads,
)

WAVES = 12


def started(rows: pd.DataFrame, edges: pd.DataFrame, limits: WaveSettings) -> tuple[WaveProblem, Ints]:
    problem = build(moving(rows, edges), limits, WAVES).problem
    waves = start_by_levels(problem)
    assert waves is not None
    return problem, waves


@pytest.mark.parametrize("seed", range(5))
def test_a_start_by_levels_keeps_every_hard_condition(seed: int) -> None:
    rows, edges = drawn(80, seed, edges_each=2, hard_share=0.5)
    problem, waves = started(rows, edges, settings(servers=40, pilot_servers=10, closed=(3,), storage_gib=800.0))
    assert holds(problem, waves)


def test_what_would_need_each_other_in_a_circle_is_not_merged() -> None:
    sizes = {"front": 1, "between": 20, "back": 1}
    rows = workloads(*(workload(name, server_count=servers) for name, servers in sizes.items()))
    # Front and back have the most traffic; merged, they would need what is between them, and it them, in one wave that
    # has no room for all three.
    edges = dependencies(needs("front", "between"), needs("between", "back"), traffic("front", "back", 20.0))
    problem, waves = started(rows, edges, settings(servers=20, closed=(1,)))
    assert holds(problem, waves)


def test_groups_of_workloads_with_traffic_stay_whole_where_one_after_the_other_would_part_them() -> None:
    groups, members = 20, 5
    names = [[f"app-{member}-{group:02}" for member in range(members)] for group in range(groups)]
    rows = workloads(*(workload(name, server_count=2, storage_gib=1.0) for listed in names for name in listed))
    ring = [(listed[one], listed[(one + 1) % members]) for listed in names for one in range(members)]
    edges = dependencies(*(traffic(first, second, 10.0) for first, second in ring))
    problem, waves = started(rows, edges, settings(servers=80))
    assert costs_of(problem, waves)["cut"] == 0
