"""What a plan costs: the least that is possible where all plans can be looked at, and told as it is.

Belongs here: costs, bounds, the next best, and what must not change them. Does not: hard conditions
(`test_hard_conditions.py`).
"""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from flow_pipelines.assess.wave_planning.bound import lower_bound
from flow_pipelines.assess.wave_planning.build import build
from flow_pipelines.assess.wave_planning.moving import moving
from flow_pipelines.assess.wave_planning.plan import WavePlan, plan_waves
from flow_pipelines.assess.wave_planning.problem import UNITS_PER_POINT
from flow_pipelines.settings import WaveSettings, WaveWeights
from tests.flow_pipelines.assess.wave_planning.checker import broken_conditions, price
from tests.flow_pipelines.assess.wave_planning.instances import dependencies, drawn, settings, workload, workloads

SEEDS = range(3)


def waves_of(plan: WavePlan) -> dict[str, int]:
    rows = plan.placements.dropna(subset=["wave_number"])
    return dict(zip(rows["workload_id"], rows["wave_number"].astype(int), strict=True))


def keeps_all(rows: pd.DataFrame, edges: pd.DataFrame, limits: WaveSettings, waves: dict[str, int]) -> bool:
    placements = rows[["workload_id"]].assign(wave_number=rows["workload_id"].map(waves).astype("Int64"))
    none = pd.DataFrame(columns=["kind", "workload_id", "other_workload_id"])
    return not broken_conditions(rows, edges, limits, {"placements": placements, "conditions": none})


def cheapest(rows: pd.DataFrame, edges: pd.DataFrame, limits: WaveSettings) -> float:
    moving = rows.loc[rows["treatment"] != "retain", "workload_id"].tolist()
    choices = [dict(zip(moving, waves, strict=True)) for waves in product((1, 2, 3), repeat=len(moving))]
    costs = sorted((price(rows, edges, limits, waves), place) for place, waves in enumerate(choices))
    return next(cost for cost, place in costs if keeps_all(rows, edges, limits, choices[place]))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plan_of_all_that_are_possible_is_cheaper(seed: int) -> None:
    rows, edges = drawn(5, seed, edges_each=1.5)
    limits = settings(servers=12, most_waves=3, pilot_servers=6)
    plan = plan_waves(rows, edges, limits)
    assert plan.is_optimal
    assert plan.gap == pytest.approx(0)
    assert plan.objective == pytest.approx(cheapest(rows, edges, limits))


@pytest.mark.parametrize("seed", SEEDS)
def test_costs_next_bests_and_prices_are_what_they_are_said_to_be(seed: int) -> None:
    rows, edges = drawn(12, seed, edges_each=1.5)
    limits = settings(servers=15, most_waves=4, effort_seconds=0.1)
    plan = plan_waves(rows, edges, limits)
    waves = waves_of(plan)
    assert plan.objective == pytest.approx(price(rows, edges, limits, waves))
    assert plan.bound <= plan.objective + 1e-9
    for row in plan.placements.dropna(subset=["next_best_wave"]).itertuples():
        group = plan.placements.loc[plan.placements["move_group_id"] == row.move_group_id, "workload_id"]
        costs = {}
        for other in range(1, 5):
            moved = waves | dict.fromkeys(group, other)
            if other != row.wave_number and keeps_all(rows, edges, limits, moved):
                costs[other] = price(rows, edges, limits, moved) - plan.objective
        assert row.next_best_cost == pytest.approx(min(costs.values()))
        assert costs[row.next_best_wave] == pytest.approx(row.next_best_cost)
    prices = plan.conditions.groupby("kind")["price"].sum()
    assert prices.get("cut", 0) == pytest.approx(plan.costs["cut"])
    assert prices.get("mixed_wave", 0) == pytest.approx(plan.costs["mixing"])
    assert prices.get("production_first", 0) == pytest.approx(plan.costs["order"])
    assert prices.get("owner_split", 0) + prices.get("site_split", 0) == pytest.approx(plan.costs["teams"])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plan_costs_less_than_the_bound_on_places(seed: int) -> None:
    rows, edges = drawn(5, seed, edges_each=1.5)
    limits = settings(servers=8, most_waves=3, pilot_servers=4, weights={"cut": 0.0})
    problem = build(moving(rows, edges), limits, 3).problem
    least = cheapest(rows, edges, limits)
    assert lower_bound(problem, round(least * UNITS_PER_POINT)) <= round(least * UNITS_PER_POINT)


def test_the_bound_knows_that_not_all_can_be_in_the_cheapest_wave() -> None:
    rows = workloads(*(workload(f"app-{number}", server_count=2, risk_score=0.0) for number in range(6)))
    only_delay = dict.fromkeys(WaveWeights.model_fields, 0.0) | {"delay": 1.0}
    problem = build(moving(rows, dependencies()), settings(servers=4, most_waves=3, weights=only_delay), 3).problem
    # Two in each wave: two of them wait for one wave, two for two.
    least = 6 * UNITS_PER_POINT
    assert lower_bound(problem, least) == pytest.approx(least, rel=0.02)
    assert lower_bound(problem, least) <= least
    assert lower_bound(problem, 2 * least) <= least


def test_a_fixed_wave_is_priced_as_if_nobody_had_chosen_it() -> None:
    rows, edges = drawn(10, 4, edges_each=1.5)
    limits = settings(servers=15, most_waves=4, effort_seconds=0.1)
    [fixed] = rows.loc[rows["treatment"] != "retain", "workload_id"].iloc[[0]]
    free_wave = waves_of(plan_waves(rows, edges, limits))[fixed]
    wished = rows.assign(fixed_wave=rows["workload_id"].map({fixed: 4}).astype(object))
    assert free_wave != 4
    plan = plan_waves(wished, edges, limits)
    waves = waves_of(plan)
    assert waves[fixed] == 4
    others = [waves | {fixed: wave} for wave in (1, 2, 3)]
    costs = [price(rows, edges, limits, other) for other in others if keeps_all(rows, edges, limits, other)]
    row = plan.placements.set_index("workload_id").loc[fixed]
    assert row["next_best_cost"] == pytest.approx(min(costs) - plan.objective)
    assert row["next_best_wave"] != 4


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_in_another_order_and_other_ids_give_the_same_plan(seed: int) -> None:
    rows, edges = drawn(15, seed, edges_each=1.5)
    limits = settings(servers=15, effort_seconds=0.1)
    plan = waves_of(plan_waves(rows, edges, limits))
    renamed = rows.sample(frac=1, random_state=seed).assign(
        workload_id=lambda frame: "x" + frame["workload_id"].str[::-1]
    )
    ends = {name: "x" + edges[name].str[::-1] for name in ("source_id", "target_id")}
    other = waves_of(plan_waves(renamed, edges.assign(**ends).sample(frac=1, random_state=seed + 1), limits))
    assert {one.removeprefix("x")[::-1]: wave for one, wave in other.items()} == plan


def test_an_unrelated_workload_moves_nobody_who_is_pinned() -> None:
    rows, edges = drawn(15, 3)
    limits = settings(servers=15, effort_seconds=0.1)
    before = waves_of(plan_waves(rows, edges, limits))
    pinned = rows.assign(fixed_wave=pd.Series([before.get(one) for one in rows["workload_id"]], dtype=object))
    more = pd.concat([pinned, workloads(workload("newcomer", server_count=4))], ignore_index=True)
    after = waves_of(plan_waves(more, edges, limits))
    assert {one: after[one] for one in before} == before


@pytest.mark.parametrize(
    "looser", [{"servers": 40}, {"pilot_servers": None}, {"closed": ()}, {"storage_gib": None}, {"applications": None}]
)
def test_a_looser_limit_makes_no_plan_dearer_than_the_gap(looser: dict[str, object]) -> None:
    rows, edges = drawn(12, 5)
    tight = {
        "servers": 16,
        "pilot_servers": 5,
        "closed": (2,),
        "storage_gib": 350.0,
        "applications": 5,
        "most_waves": 5,
    }
    before = plan_waves(rows, edges, settings(effort_seconds=0.1, **tight))
    after = plan_waves(rows, edges, settings(effort_seconds=0.1, **(tight | looser)))
    assert after.bound <= before.objective
    assert after.objective * (1 - after.gap) <= before.objective + 1e-9


def test_production_waits_for_its_own_test_however_their_names_are_written() -> None:
    rows = workloads(
        workload("shop_prod eu", server_count=4, environment="production", risk_score=0.0, treatment="rehost"),
        workload("Shop (Test) EU", server_count=4, environment="test", risk_score=90.0, treatment="rehost"),
    )
    edges = drawn(0, 0)[1]
    weights = {"low_risk_first": 30.0, "before_production": 500.0, "pilot": 0.0, "risky_not_first": 200.0}
    plan = plan_waves(rows, edges, settings(servers=4, most_waves=2, weights=weights))
    waves = waves_of(plan)
    assert waves["id-Shop (Test) EU"] < waves["id-shop_prod eu"]


def test_the_same_input_gives_the_same_plan_twice() -> None:
    rows, edges = drawn(40, 7, edges_each=2)
    plans = [plan_waves(rows, edges, settings(servers=20, effort_seconds=0.1)) for _ in range(2)]
    pd.testing.assert_frame_equal(plans[0].placements, plans[1].placements)
    pd.testing.assert_frame_equal(plans[0].conditions, plans[1].conditions)
    assert plans[0].bound == plans[1].bound
