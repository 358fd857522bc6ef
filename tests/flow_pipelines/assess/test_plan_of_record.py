"""The plan of record: one row per workload, who decided what, and what people's word costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from flow_pipelines.assess.plan_gates import plan_problems
from flow_pipelines.assess.plan_of_record import build_plan_of_record
from flow_pipelines.assess.roadmap.roadmap import build_roadmap
from flow_pipelines.edits import Decision
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.assess.editor import OVERVIEW, TREATMENTS, WAVES
from tests.flow_pipelines.assess.plans import SCOPE, Planned, edit, overview, treatments, waves, workload_id

SETTINGS = EngagementSettings(as_of=date(2026, 9, 7))
ESTATE = [Planned("crm", 1), Planned("shop", 2), Planned("fax", 0, treatment="retire")]


def plan(planned: Sequence[Planned], **decisions: list[Decision]) -> pd.DataFrame:
    tables = waves(planned), treatments(planned), overview(planned)
    roadmap = build_roadmap(*tables, scope=SCOPE, settings=SETTINGS)
    made = {f"assess/{table}": found for table, found in decisions.items()}
    built = build_plan_of_record(tables[2], tables[1], tables[0], roadmap, decisions=made)
    return built.set_index("workload_name")


def decided(  # noqa: PLR0917  (a cell, its two values and who changed it)
    table_key: str, name: str, column: str, value: object, computed: object, actor: str = "Jane"
) -> Decision:
    return Decision(edit(table_key, workload_id(name), column, value, actor=actor), computed)


def test_every_workload_is_in_the_plan_once_moving_or_not() -> None:
    rows = plan(ESTATE)
    assert sorted(rows.index) == ["crm", "fax", "shop"]
    assert rows.loc["crm", "cutover_date"] < rows.loc["shop", "cutover_date"]
    assert pd.isna(rows.loc["fax", "cutover_date"])
    assert pd.isna(rows.loc["fax", "wave_number"])
    assert set(rows["status"]) == {"proposed"}


def test_what_nobody_touched_was_decided_by_rules_and_costs_nothing() -> None:
    row = plan(ESTATE).loc["crm"]
    assert (row["treatment_decided_by"], row["wave_decided_by"], row["decision_price"]) == ("rule", "rule", 0.0)
    assert (row["changes"], row["decision_makers"]) == ([], [])


def test_what_a_person_changed_is_told_with_name_reason_and_what_was_computed() -> None:
    estate = [Planned("crm", 1, treatment="replatform"), Planned("shop", 2)]
    row = plan(estate, treatments=[decided(TREATMENTS, "crm", "treatment", "replatform", "rehost")]).loc["crm"]
    assert (row["treatment"], row["computed_treatment"]) == ("replatform", "rehost")
    assert row["treatment_decided_by"] == "person"
    assert row["changes"] == ["treatment: rehost becomes replatform, by Jane: agreed in the workshop"]
    assert row["decision_makers"] == ["Jane"]


def test_a_wave_that_people_fixed_costs_what_the_best_other_one_would_save() -> None:
    fixed = [decided(WAVES, "shop", "wave_number", 2, 1)]
    dear = Planned("shop", 2, fixed_by="Jane", next_best_wave=1, next_best_cost=-12.5)
    row = plan([Planned("crm", 1), dear], waves=fixed).loc["shop"]
    assert row["decision_price"] == 12.5
    assert row["computed_wave_number"] == 1
    assert row["wave_decided_by"] == "person"
    right = Planned("shop", 2, fixed_by="Jane", next_best_wave=1, next_best_cost=3.0)
    assert plan([Planned("crm", 1), right], waves=fixed).loc["shop", "decision_price"] == 0.0
    # What the next best would cost says nothing of people if nobody fixed the wave.
    assert plan([Planned("crm", 1), Planned("shop", 2, next_best_cost=3.0)]).loc["shop", "decision_price"] == 0.0


def test_a_decision_that_agrees_with_the_rules_is_a_persons_and_changes_nothing() -> None:
    row = plan(ESTATE, treatments=[decided(TREATMENTS, "crm", "treatment", "rehost", "rehost")]).loc["crm"]
    assert (row["treatment_decided_by"], row["changes"]) == ("person", [])


def test_a_fixed_wave_is_told_as_a_change_though_the_rest_was_planned_around_it_since() -> None:
    moved = Decision(edit(WAVES, workload_id("crm"), "wave_number", 1, old_value=3), 1)
    row = plan([Planned("crm", 1, fixed_by="Jane"), Planned("shop", 2)], waves=[moved]).loc["crm"]
    assert row["changes"] == ["wave: 3 becomes 1, by Jane: agreed in the workshop"]
    confirmed = Decision(edit(WAVES, workload_id("crm"), "wave_number", 1, old_value=1), 1)
    row = plan([Planned("crm", 1, fixed_by="Jane"), Planned("shop", 2)], waves=[confirmed]).loc["crm"]
    assert (row["wave_decided_by"], row["changes"]) == ("person", [])


def test_what_was_taken_over_from_a_tool_is_advice() -> None:
    told = decided(TREATMENTS, "crm", "treatment", "rehost", "retain", actor="advice: Migration Hub")
    assert plan(ESTATE, treatments=[told]).loc["crm", "treatment_decided_by"] == "advice"


def test_a_changed_owner_is_told_and_other_edits_of_the_overview_are_not() -> None:
    edits = [
        decided(OVERVIEW, "crm", "owner", "Ann", "Jane"),
        decided(OVERVIEW, "crm", "readiness", "ready", "blocked"),
    ]
    assert len(plan(ESTATE, assessment_overview=edits).loc["crm", "changes"]) == 1


def test_the_gate_finds_what_is_lost_and_what_moves_at_no_time() -> None:
    rows = plan(ESTATE).reset_index()
    known = overview(ESTATE)
    assert plan_problems(known, rows) == []
    assert any("missing" in problem for problem in plan_problems(known, rows[rows["workload_name"] != "crm"]))
    broken = rows.assign(cutover_date=None)
    assert any("no date" in problem for problem in plan_problems(known, broken))
