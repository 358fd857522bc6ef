"""Two plans side by side: what differs, for whom, and what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from flow_pipelines.assess.plan_comparison import CONDITIONS, PLAN, compare_plans
from flow_pipelines.assess.plan_of_record import build_plan_of_record
from flow_pipelines.assess.roadmap.roadmap import ROADMAP, build_roadmap
from flow_pipelines.settings import EngagementSettings, RoadmapSettings
from tests.flow_pipelines.assess.plans import SCOPE, Planned, overview, treatments, waves

AS_OF = date(2026, 9, 7)
ESTATE = [Planned("crm", 1), Planned("shop", 2, 80.0), Planned("erp", 2)]


def tables(planned: Sequence[Planned], *violated: str, team: float = 25.0) -> dict[str, pd.DataFrame]:
    settings = EngagementSettings(as_of=AS_OF, roadmap=RoadmapSettings(team_days_per_week=team))
    known = waves(planned), treatments(planned), overview(planned)
    roadmap = build_roadmap(*known, scope=SCOPE, settings=settings)
    plan = build_plan_of_record(known[2], known[1], known[0], roadmap, decisions={})
    conditions = pd.DataFrame({"reason": list(violated), "price": [2.0] * len(violated)})
    return {PLAN: plan, ROADMAP: roadmap, CONDITIONS: conditions}


def test_equal_plans_differ_in_nothing() -> None:
    compared = compare_plans(tables(ESTATE, "a"), tables(ESTATE, "a"))
    assert (compared.workloads, compared.steps, compared.conditions_added) == ((), (), ())
    assert all(one == other for one, other in compared.figures.values())


def test_a_moved_workload_is_told_with_its_waves_and_dates() -> None:
    moved = [*ESTATE[:2], Planned("erp", 1)]
    compared = compare_plans(tables(ESTATE), tables(moved))
    found = {(one.name, one.column): (one.before, one.after) for one in compared.workloads}
    assert found["erp", "wave_number"] == (2, 1)
    assert found["erp", "cutover_date"][1] < found["erp", "cutover_date"][0]  # type: ignore[operator]


def test_what_no_longer_moves_is_told_and_counted() -> None:
    retired = [*ESTATE[:2], Planned("erp", 0, treatment="retire")]
    compared = compare_plans(tables(ESTATE), tables(retired))
    found = {(one.name, one.column): (one.before, one.after) for one in compared.workloads}
    assert found["erp", "wave_number"] == (2, None)
    assert found["erp", "treatment"] == ("rehost", "retire")
    assert compared.figures["workloads that move"] == (3, 2)


def test_a_larger_team_leaves_earlier() -> None:
    compared = compare_plans(tables(ESTATE, team=5), tables(ESTATE, team=50))
    before, after = compared.figures["data-centre exit"]
    assert after < before  # type: ignore[operator]
    assert "Data-centre exit" in {one.name for one in compared.steps}


def test_conditions_are_told_as_gained_and_lost_with_their_price() -> None:
    compared = compare_plans(tables(ESTATE, "shop before erp", "b"), tables(ESTATE, "b", "crm is cut off"))
    assert compared.conditions_added == ("crm is cut off",)
    assert compared.conditions_removed == ("shop before erp",)
    assert compared.figures["their price"] == (4.0, 4.0)


def test_plans_without_a_roadmap_can_be_compared() -> None:
    stays = [Planned("fax", 0, treatment="retain")]
    compared = compare_plans(tables(ESTATE), tables(stays))
    assert compared.figures["data-centre exit"][1] is None
