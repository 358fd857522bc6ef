"""Every hard condition of a plan, looked at by a judge that shares nothing with the planner.

Belongs here: portfolios whose plans are judged. Does not: what a plan costs (`test_costs.py`), wishes that contradict
each other (`test_conflicts.py`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flow_pipelines.assess.wave_planning.plan import WavePlan, plan_waves
from flow_pipelines.settings import WaveSettings
from tests.flow_pipelines.assess.wave_planning.checker import broken_conditions
from tests.flow_pipelines.assess.wave_planning.instances import (
    dependencies,
    drawn,
    needs,
    settings,
    traffic,
    workload,
    workloads,
)


def judged(rows: pd.DataFrame, edges: pd.DataFrame, limits: WaveSettings) -> WavePlan:
    plan = plan_waves(rows, edges, limits)
    tables = {"placements": plan.placements, "conditions": plan.conditions}
    assert broken_conditions(rows, edges, limits, tables) == []
    return plan


def wave_of(plan: WavePlan) -> dict[str, int]:
    rows = plan.placements.dropna(subset=["wave_number"])
    return {one.removeprefix("id-"): int(n) for one, n in zip(rows["workload_id"], rows["wave_number"], strict=True)}


def kinds(plan: WavePlan, kind: str) -> list[tuple[str, Any]]:
    found = plan.conditions[plan.conditions["kind"] == kind]
    pairs = found[["workload_id", "other_workload_id"]].astype(object)
    return list(pairs.where(pairs.notna(), None).itertuples(index=False, name=None))


@given(
    seed=st.integers(0, 10_000),
    servers=st.sampled_from([8, 15, None]),
    storage_gib=st.sampled_from([250.0, None]),
    applications=st.sampled_from([3, None]),
    effort_days=st.sampled_from([40.0, None]),
    closed=st.sampled_from([(), (2,), (1,)]),
    pilot_servers=st.sampled_from([5, None]),
)
@hypothesis_settings(max_examples=8)
def test_a_drawn_portfolio_keeps_every_hard_condition(seed: int, **limits: object) -> None:
    rows, edges = drawn(12, seed)
    judged(rows, edges, settings(effort_seconds=0.02, **limits))


@given(seed=st.integers(0, 10_000))
@hypothesis_settings(max_examples=5)
def test_wishes_that_can_be_kept_are_kept(seed: int) -> None:
    rows, edges = drawn(10, seed)
    free = wave_of(judged(rows, edges, settings(servers=12, effort_seconds=0.02, most_waves=6)))
    # The plan itself shows that these can be kept: each where it is already, or not where it is not.
    names = sorted(free)
    wished = rows.assign(
        fixed_wave=[free.get(name) if name in names[::3] else None for name in rows["workload_name"]],
        forbidden_waves=[[free[name] % 6 + 1] if name in names[1::3] else None for name in rows["workload_name"]],
    ).astype({"fixed_wave": object})
    judged(wished, edges, settings(servers=12, effort_seconds=0.02, most_waves=6))


def test_workloads_that_need_each_other_move_together() -> None:
    rows = workloads(*(workload(name, server_count=5) for name in "abcd"))
    edges = dependencies(needs("a", "b"), needs("b", "c"), needs("c", "a"), needs("d", "a"))
    waves = wave_of(judged(rows, edges, settings(servers=15)))
    assert waves["a"] == waves["b"] == waves["c"]
    assert waves["d"] > waves["a"]


def test_a_cycle_over_capacity_is_parted_at_its_lightest_edges_and_flagged() -> None:
    rows = workloads(*(workload(name, server_count=5) for name in "abcd"))
    edges = dependencies(needs("a", "b", 9), needs("b", "c", 1), needs("c", "d", 9), needs("d", "a", 1))
    plan = judged(rows, edges, settings(servers=10))
    waves = wave_of(plan)
    assert waves["a"] == waves["b"] != waves["c"] == waves["d"]
    assert kinds(plan, "cycle_split")


def test_a_cycle_loses_no_more_needs_than_it_must() -> None:
    rows = workloads(*(workload(name, server_count=5) for name in "abc"))
    edges = dependencies(needs("a", "b", 9), needs("b", "c", 5), needs("c", "a", 1))
    plan = judged(rows, edges, settings(servers=10))
    assert kinds(plan, "cycle_split") == [("id-c", "id-a")]


def test_a_workload_that_no_wave_has_room_for_fills_one_and_is_flagged() -> None:
    rows = workloads(workload("huge", server_count=500), workload("small"), workload("other"))
    plan = judged(rows, dependencies(needs("huge", "small")), settings(servers=20))
    assert kinds(plan, "too_large") == [("id-huge", None)]
    assert max(wave_of(plan).values()) <= 3


def test_people_may_choose_a_closed_wave() -> None:
    rows = workloads(workload("a", fixed_wave=2), workload("b"), workload("c"))
    waves = wave_of(judged(rows, dependencies(), settings(closed=(2,), servers=2)))
    assert waves["a"] == 2
    assert 2 not in (waves["b"], waves["c"])


def test_what_people_tie_together_moves_together_by_name_or_id() -> None:
    rows = workloads(
        workload("a", tied_to="c", environment="test"), workload("b", tied_to="id-a"), workload("c"), workload("d")
    )
    waves = wave_of(judged(rows, dependencies(), settings(servers=6)))
    assert waves["a"] == waves["b"] == waves["c"]


def test_what_stays_is_in_no_wave_and_its_edges_are_named() -> None:
    rows = workloads(workload("a"), workload("old", treatment="retire"), workload("kept", treatment="retain"))
    plan = judged(rows, dependencies(needs("a", "kept"), traffic("old", "a", 3)), settings())
    assert set(wave_of(plan)) == {"a"}
    assert sorted(kinds(plan, "left_behind")) == [("id-a", "id-kept"), ("id-old", "id-a")]


@pytest.mark.parametrize("rows", [workloads(), workloads(workload("kept", treatment="retain"))])
def test_nothing_to_move_is_a_plan_without_waves(rows: pd.DataFrame) -> None:
    plan = judged(rows, dependencies(), settings())
    assert plan.totals.empty
    assert plan.objective == 0


def test_what_a_fixed_workload_needs_is_found_room_before_it() -> None:
    chain = [needs(f"x{place}", f"x{place + 1}") for place in range(5)]
    rows = workloads(workload("x0", fixed_wave=2), *(workload(f"x{place}", risk_score=90) for place in range(1, 6)))
    waves = wave_of(judged(rows, dependencies(*chain), settings(servers=8, most_waves=8)))
    assert max(waves.values()) == 2
