"""Load, cost and over-allocation add up to the timeline, and remedies mend what they say they mend."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from flow_pipelines.edits import Edit, apply_edits
from flow_pipelines.plan.resource import gates
from flow_pipelines.plan.resource.load import build_resource_plan
from flow_pipelines.plan.resource.remedies import build_resource_remedies
from flow_pipelines.plan.timeline.programme import scheduled_programme
from flow_pipelines.plan.timeline.timeline import fixed_starts
from flow_pipelines.tables.plan.timeline import timeline as table
from tests.flow_pipelines.plan.timeline.programmes import SCOPE, Frames, fixed, programme, settings_of, timeline_of

QUICK = "schedule: {effort_seconds: 0.2"


def resources_of(frames: Frames, text: str = "", edits: tuple[Edit, ...] = ()) -> tuple[pd.DataFrame, ...]:
    """Return the rows of timeline, resource plan and remedies."""
    settings = settings_of(text)
    rows, _ = apply_edits(timeline_of(frames, text, edits).tasks, table, edits)
    made = scheduled_programme(*frames, rows, scope=SCOPE, settings=settings)
    loads = build_resource_plan(made, scope=SCOPE, settings=settings)
    return rows, loads, build_resource_remedies(made, rows, loads, scope=SCOPE, settings=settings)


def test_hours_and_cost_are_those_of_the_tasks() -> None:
    text = f"{QUICK}, roles: [{{role: tester, people: 2, usd_hour: 80}}]}}\ncosts: {{person_day_usd: 800}}"
    rows, loads, remedies = resources_of(programme(1, 1, 2), text)
    assert gates.load_problems(rows, loads) == []
    assert set(loads["task_ids"].explode()) == set(rows.loc[rows["people"].notna(), "task_id"])
    by_role = loads.groupby("role")[["hours_needed", "cost_usd"]].sum()
    assert by_role.loc["tester", "cost_usd"] == pytest.approx(80 * by_role.loc["tester", "hours_needed"])
    assert by_role.loc["architect", "cost_usd"] == pytest.approx(100 * by_role.loc["architect", "hours_needed"])
    assert (loads["hours_over"] == 0).all()
    assert {day.weekday() for day in loads["week"]} == {0}
    assert remedies.empty


def test_the_gate_names_hours_that_are_lost() -> None:
    rows, loads, _ = resources_of(programme(1))
    assert "architect" in " ".join(gates.load_problems(rows, loads[loads["role"] != "architect"]))


def test_an_absence_leaves_fewer_hours() -> None:
    absence = "absences: [{begin: 2026-06-29, end: 2026-07-03, people: 1}]"
    _, loads, _ = resources_of(programme(1), f"{QUICK}, roles: [{{role: architect, people: 2, {absence}}}]}}")
    assert loads.loc[loads["role"] == "architect", "hours_available"].iloc[0] == 40


def test_fixed_starts_that_need_more_people_than_there_are_are_told_with_their_price() -> None:
    frames = programme(1, 1, 1)
    free = timeline_of(frames)
    edits = tuple(fixed(free, f"w{place}: prepare", datetime(2026, 6, 29, 9, tzinfo=UTC)) for place in (1, 2, 3))
    assert len(fixed_starts(edits)) == 3
    rows, loads, remedies = resources_of(frames, edits=edits)
    over = loads[loads["hours_over"] > 0]
    hours = int(rows.loc[rows["task"] == "prepare", "duration_hours"].iloc[0])
    assert over[["role", "people_at_most", "hours_over"]].to_numpy().tolist() == [["architect", 3, hours]]
    assert remedies[["remedy", "resource", "price_usd"]].to_numpy().tolist() == [
        ["hire for a week", "architect", hours * 112.5]
    ]


def test_a_missed_deadline_has_remedies_that_mend_it() -> None:
    frames = programme(*[1] * 6, effort_days=40.0)
    alone = "roles: [{{role: tester, people: {people}, usd_hour: 100}}]"
    late = "deadlines: [{day: 2026-10-02, reason: end of support}]"
    rows, _, remedies = resources_of(frames, f"{QUICK}, {alone.format(people=1)}, {late}}}")
    assert gates.remedy_problems(rows, remedies) == []
    assert gates.remedy_problems(rows, remedies.iloc[:0]) != []
    moved = remedies[remedies["remedy"] == "move the deadline"].iloc[0]
    assert moved["days_to_move"] == rows["days_late"].max()
    hire = remedies[remedies["resource"] == "tester"].iloc[0]
    assert hire["price_usd"] > 0
    again, _, _ = resources_of(frames, f"{QUICK}, {alone.format(people=1 + hire['more'])}, {late}}}")
    assert again["hours_late"].sum() <= hire["hours_late_then"] < rows["hours_late"].sum()


def test_row_order_changes_nothing() -> None:
    frames = programme(1, 2, 1)
    turned = frames[0].iloc[::-1], frames[1], frames[2].iloc[::-1], frames[3]
    for one, other in zip(resources_of(frames), resources_of(turned), strict=True):
        pd.testing.assert_frame_equal(one, other)
