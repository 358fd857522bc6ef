"""The runbook of a wave: all is in it, in an order that works, in minutes that people can keep, with a way back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.execute.cutover.gates import runbook_problems
from flow_pipelines.execute.cutover.runbook import build_runbook
from tests.flow_pipelines.execute.programmes import (
    SCOPE,
    Frames,
    Link,
    Workload,
    dependencies_of,
    id_of,
    programme,
    settings_of,
)

CHAIN = (Link("web01", "app01", 8080), Link("app01", "db01", 1433, is_database_link=True), Link("bat01", "db01", 1433))
SHOP = Workload("shop", ["web01", "app01", "db01"], {"orders": "db01"})
BATCH = Workload("batch", ["bat01"], wave=2)
NARROW = """
schedule:
  effort_seconds: 0.2
  change_windows: [{weekday: saturday, begins: 22, hours: 2}]
  bandwidth_mbit: 50
"""


def runbook_of(frames: Frames, text: str = "schedule: {effort_seconds: 0.2}") -> pd.DataFrame:
    rows = build_runbook(frames, scope=SCOPE, settings=settings_of(text))
    assert runbook_problems(frames, rows, settings_of(text)) == []
    return rows


def by_name(rows: pd.DataFrame) -> dict[str, dict[Any, Any]]:
    return {str(row["task_name"]): row for row in rows.to_dict("records")}


def test_what_needs_others_stops_first_and_starts_last() -> None:
    rows = by_name(runbook_of(programme(SHOP, BATCH, links=CHAIN)))
    stops = [
        rows[f"Wave 1: {name}"] for name in ("web01: stop services", "app01: stop services", "orders: stop writing")
    ]
    assert all(one["end_minute"] <= other["start_minute"] for one, other in pairwise(stops))
    starts = [
        rows[f"Wave 1: {name}"] for name in ("db01: start services", "app01: start services", "web01: start services")
    ]
    assert all(one["end_minute"] <= other["start_minute"] for one, other in pairwise(starts))
    assert rows["Wave 1: orders: open the database"]["end_minute"] <= starts[1]["start_minute"]
    assert rows["Wave 1: orders: last changes"]["end_minute"] <= rows["Wave 1: db01: stop services"]["start_minute"]


def test_checks_say_who_must_reach_whom_once_and_partners_elsewhere_are_told() -> None:
    rows = by_name(runbook_of(programme(SHOP, BATCH, links=CHAIN)))
    assert rows["Wave 1: app01: check connections"]["details"] == ["app01 → db01 tcp/1433"]
    assert rows["Wave 1: web01: check connections"]["details"] == ["web01 → app01 tcp/8080"]
    assert rows["Wave 1: db01: check connections"]["details"] == ["bat01 → db01 tcp/1433"]
    told = rows["Wave 1: tell that it will stop"]["details"]
    assert "Owner of shop: shop" in told
    assert any(one.startswith("Owner of batch: batch, not moved now, needs it") for one in told)


def test_what_runs_on_a_server_and_moves_later_is_stopped_and_told_with_it() -> None:
    crm = Workload("crm", ["app01"], {"leads": "s01"}, wave=2)
    rows = by_name(runbook_of(programme(Workload("shop", ["s01"]), crm)))
    stop = rows["Wave 1: s01: stop services"]["details"]
    assert stop == ["leads of crm runs on it and stops with it; its own move comes later in wave 2"]
    told = rows["Wave 1: tell that it will stop"]["details"]
    assert "Owner of crm: crm, not moved now, runs on it (leads on s01)" in told
    # The other way round the database has left before its server stops, and nobody needs to be told.
    early = programme(Workload("shop", ["s01"], wave=2), replace(crm, wave=1))
    later = by_name(runbook_of(early))
    assert later["Wave 2: s01: stop services"]["details"] == []
    assert later["Wave 2: tell that it will stop"]["details"] == ["Owner of shop: shop"]


def test_a_database_that_moves_with_its_server_stops_with_it() -> None:
    rows = by_name(runbook_of(programme(SHOP, component_treatment="self_managed")))
    assert rows["Wave 1: db01: stop services"]["details"] == ["orders of shop runs on it and stops with it"]


def test_workloads_of_one_name_are_told_apart() -> None:
    frames = programme(Workload("portal", ["web01"]), Workload("other", ["web02"]))
    plan = frames["assess/plan_of_record"]
    frames["assess/plan_of_record"] = plan.assign(workload_name=["Portal", "portal "])
    rows = by_name(runbook_of(frames))
    first, second = id_of("portal")[:8], id_of("other")[:8]
    assert {f"Wave 1: Portal [{first}]: accept", f"Wave 1: portal [{second}]: accept"} <= set(rows)
    assert rows["Wave 1: freeze changes"]["details"] == [f"Portal [{first}]", f"portal [{second}]"]


def test_an_owner_is_told_by_mail_and_one_who_is_not_known_is_asked_for() -> None:
    frames = programme(Workload("web01", ["web01"]), BATCH, facts={"web01": {"owner_email": "jane@acme.com"}})
    told = by_name(runbook_of(frames))["Wave 1: tell that it will stop"]["details"]
    assert told == ["Owner of web01 <jane@acme.com>: web01"]
    plan = frames["assess/plan_of_record"]
    frames["assess/plan_of_record"] = plan.assign(owner=pd.Series([None, None], index=plan.index, dtype=object))
    rows = by_name(runbook_of(frames))
    assert rows["Wave 2: tell that it will stop"]["details"] == ["Owner not known, find out: batch"]
    assert rows["Wave 2: batch: accept"]["lane"] == "owner: of batch, not known"


def test_t_0_and_the_decision_are_those_of_the_timeline() -> None:
    frames = programme(SHOP)
    rows = by_name(runbook_of(frames))
    timeline = frames["plan/timeline"].set_index("task")
    assert rows["Wave 1: tell that it stops now"]["planned_start"] == timeline.loc["cutover", "planned_start"]
    gate = rows["Wave 1: go or no-go"]
    assert gate["planned_start"] == timeline.loc["go or no-go", "planned_start"]
    assert gate["timeline_task_ids"] == [timeline.loc["go or no-go", "task_id"]]
    assert "Firewall changes are done and checked by test connections" in gate["details"]


def test_each_workload_is_cut_over_in_its_own_time_of_the_plan() -> None:
    few = """
schedule: {effort_seconds: 0.2, roles: [{role: migration engineer, people: 1}, {role: architect, people: 6}]}
"""
    workloads = [Workload(f"w{number}", [f"s{number}"], effort_days=3.0) for number in range(4)]
    frames = programme(*workloads, settings=settings_of(few))
    frame = runbook_of(frames, few)
    begins = frames["plan/timeline"].query("kind == 'cutover'").set_index("workload_id")["planned_start"]
    assert begins.min() < begins.max()
    own = frame[(frame["phase"] == "cutover") & frame["workload_id"].notna()]
    assert (own["planned_start"].to_numpy() >= begins.reindex(own["workload_id"]).to_numpy()).all()
    stops = own[own["step"] == "stop services"].set_index("workload_id")
    assert (
        stops["planned_start"].to_dict()
        == begins.add(pd.Timedelta(minutes=5)).where(begins == begins.min(), begins).to_dict()
    )
    last = stops.loc[begins.idxmax()]
    assert "not begin before its own cutover" in last["reason"]
    early = frame.assign(planned_start=frame["planned_start"] - pd.Timedelta(minutes=30))
    told = "; ".join(runbook_problems(frames, early, settings_of(few)))
    assert "begin before their cutover in plan/timeline" in told
    late = frame.assign(planned_end=frame["planned_end"] + pd.Timedelta(days=9))
    assert "end after their change window" in "; ".join(runbook_problems(frames, late, settings_of(few)))


def test_where_it_is_decided_in_the_hour_before_the_window_the_roll_call_comes_first() -> None:
    evening = "schedule: {effort_seconds: 0.2, change_windows: [{weekday: friday, begins: 17, hours: 8}]}"
    rows = by_name(runbook_of(programme(SHOP, settings=settings_of(evening)), evening))
    assert rows["Wave 1: go or no-go"]["start_minute"] == -60
    assert rows["Wave 1: roll call"]["end_minute"] == -60


def test_the_way_back_ends_with_the_window_and_has_a_last_moment_after_the_decision() -> None:
    frame = runbook_of(programme(SHOP, links=CHAIN))
    rows = by_name(frame)
    back = frame[frame["phase"] == "back-out"]
    last = rows["Wave 1: last moment to back out"]
    closes = rows["Wave 1: change window closes"]
    assert back["end_minute"].max() == closes["start_minute"]
    assert back["start_minute"].min() == last["start_minute"]
    decided = frame[frame["is_point_of_no_return"]]
    assert decided["step"].tolist() == ["commit or back out"]
    assert last["margin_minutes"] == last["start_minute"] - decided["end_minute"].iloc[0] > 0
    assert rows["Wave 1: open for users"]["start_minute"] >= decided["end_minute"].iloc[0]
    starts = [rows[f"Wave 1: {name}: start at the source"]["start_minute"] for name in ("db01", "app01", "web01")]
    assert starts == sorted(starts)


def test_a_cutover_that_does_not_fit_says_by_how_much_and_what_drives_it() -> None:
    frames = programme(
        replace(SHOP, effort_days=2.0),
        settings=settings_of(NARROW),
        answers={"shop": "a weekend"},
        facts={"orders": {"database_size_gib": 20.0}},
    )
    rows = by_name(runbook_of(frames, NARROW))
    closes = rows["Wave 1: change window closes"]
    assert closes["start_minute"] == 120
    assert closes["margin_minutes"] == 120 - rows["Wave 1: end the freeze"]["end_minute"] < 0
    assert f"{-closes['margin_minutes']} minutes too late" in closes["reason"]
    assert "last changes orders" in closes["reason"]
    assert rows["Wave 1: orders: last changes"]["is_critical"]
    assert rows["Wave 1: last moment to back out"]["margin_minutes"] < 0


def test_a_wave_in_several_windows_has_a_section_for_each() -> None:
    frames = programme(
        Workload("erp", [f"erp{number}" for number in range(4)], effort_days=60.0), settings=settings_of(NARROW)
    )
    rows = runbook_of(frames, NARROW)
    count = len(frames["plan/timeline"].query("kind == 'cutover'"))
    assert rows["section_name"].nunique() == rows["begins_at"].nunique() == count > 1
    names = by_name(rows)
    assert names[f"Wave 1 (2 of {count}): go or no-go"]["end_minute"] <= 0
    assert rows[rows["step"] == "launch"]["section_number"].nunique() == min(4, count)


@pytest.mark.parametrize("treatment", ["refactor", "rearchitect", "rewrite", "repurchase"])
def test_a_workload_without_servers_to_move_is_switched_over_by_its_team_in_the_time_of_the_plan(
    treatment: str,
) -> None:
    frames = programme(Workload("shop", ["web01"], treatment=treatment))
    row = by_name(runbook_of(frames))["Wave 1: shop: switch over"]
    cutover = frames["plan/timeline"].query("kind == 'cutover'").iloc[0]
    assert row["duration_minutes"] == (cutover["planned_end"] - cutover["planned_start"]).total_seconds() / 60
    assert row["timeline_task_ids"] == [cutover["task_id"]]


def test_what_copies_takes_as_long_as_its_data_and_unknown_data_is_assumed() -> None:
    frames = programme(
        Workload("shop", ["big", "small", "dark"]),
        facts={"big": {"storage_used_gib": 20_000.0}, "dark": {"storage_used_gib": None}},
    )
    rows = by_name(runbook_of(frames))
    big, small, dark = (rows[f"Wave 1: {name}: final sync"] for name in ("big", "small", "dark"))
    # 400 GiB over a quarter of 1,000 Mbit/s.
    assert big["duration_minutes"] == pytest.approx(400 * 1024**3 * 8 / 250e6 / 60, abs=1)
    assert small["duration_minutes"] == 5
    assert dark["duration_minutes"] == 30
    assert "not known" in dark["reason"]
    assert big["is_automatic"]


@pytest.mark.parametrize(("product", "treatment"), [("cassandra", "managed_service"), (None, "change_product")])
def test_a_database_that_follows_the_changes_takes_no_second_copy_at_the_switch(
    product: str | None, treatment: str
) -> None:
    big = {"orders": {"database_size_gib": 200.0}}
    frames = programme(SHOP, product=product, component_treatment=treatment, answers={"shop": "a weekend"}, facts=big)
    row = by_name(runbook_of(frames))["Wave 1: orders: last changes"]
    assert row["duration_minutes"] == 15
    assert "only the last changes follow" in row["reason"]


def test_a_step_keeps_its_id_when_the_cutover_is_put_off() -> None:
    frames = programme(SHOP)
    timeline = frames["plan/timeline"]
    week = pd.Timedelta(weeks=1)
    later = {
        **frames,
        "plan/timeline": timeline.assign(**{c: timeline[c] + week for c in ("planned_start", "planned_end")}),
    }
    before, after = runbook_of(frames), build_runbook(later, scope=SCOPE, settings=settings_of())
    assert before["task_id"].tolist() == after["task_id"].tolist()
    assert (after["planned_start"] - before["planned_start"]).unique().tolist() == [week]


def test_servers_that_need_each_other_are_in_no_order_and_nothing_breaks() -> None:
    links = (Link("web01", "app01", 80), Link("app01", "db01", 80), Link("db01", "web01", 80))
    rows = by_name(runbook_of(programme(SHOP, links=links)))
    assert rows["Wave 1: orders: last changes"]["end_minute"] <= rows["Wave 1: db01: stop services"]["start_minute"]


def test_databases_that_need_databases_or_servers_stop_first_and_start_last() -> None:
    erp = Workload("erp", ["app", "hub", "far"], {"daily": "hub", "ledger": "hub", "feed": "old"})
    links = (
        Link("daily", "ledger", 1521, is_database_link=True),
        Link("feed", "app", 443),
        Link("app", "daily", 1521, is_database_link=True),
    )
    # `feed` is on a server that is moved in another window.
    frame = runbook_of(programme(erp, Workload("later", ["old"], wave=2), links=links))
    rows = by_name(frame[frame["wave_number"] == 1])

    def in_order(*names: str) -> None:
        steps = [rows[f"Wave 1: {name}"] for name in names]
        assert all(one["end_minute"] <= other["start_minute"] for one, other in pairwise(steps))

    in_order("feed: stop writing", "app: stop services", "daily: stop writing", "ledger: stop writing")
    in_order("ledger: open the database", "daily: open the database", "app: start services", "feed: open the database")
    in_order("feed: close the target", "app: stop at the target", "daily: close the target", "ledger: close the target")
    in_order("ledger: open the old database", "daily: open the old database", "app: start at the source")
    in_order("app: start at the source", "feed: open the old database")


def test_on_the_way_back_a_database_is_opened_once_its_server_runs() -> None:
    rows = by_name(runbook_of(programme(SHOP, links=CHAIN)))
    started = rows["Wave 1: db01: start at the source"]
    assert started["end_minute"] <= rows["Wave 1: orders: open the old database"]["start_minute"]


NAMES = [f"s{number}" for number in range(6)]
TANGLED = (
    Workload("one", NAMES[:3], {"d0": "s0", "d2": "s6"}),
    Workload("two", NAMES[3:], {"d1": "s4", "d3": "s4"}),
    Workload("late", ["s6"], wave=2),
)
TANGLED_FRAMES = programme(*TANGLED)
ENDS = st.sampled_from([*NAMES, "s6", "d0", "d1", "d2", "d3"])


@given(st.sets(st.tuples(ENDS, ENDS, st.booleans()), max_size=14))
@settings(max_examples=10)
def test_whoever_needs_whom_every_runbook_holds(pairs: set[tuple[str, str, bool]]) -> None:
    links = [Link(one, other, 1521, is_database_link=is_link) for one, other, is_link in sorted(pairs)]
    runbook_of({**TANGLED_FRAMES, "discovery/dependencies": dependencies_of(TANGLED, links)})


def test_row_order_changes_nothing() -> None:
    frames = programme(SHOP, BATCH, links=CHAIN)
    turned = {key: frame.iloc[::-1] for key, frame in frames.items()}
    pd.testing.assert_frame_equal(runbook_of(frames), runbook_of(turned))


def test_a_plan_in_which_nothing_is_cut_over_has_no_runbook() -> None:
    assert runbook_of(programme(Workload("old", ["web01"], treatment="retire"))).empty


def test_the_gate_names_what_is_lost_busy_early_or_in_the_wrong_order() -> None:
    frames = programme(SHOP, BATCH, links=CHAIN)
    rows = runbook_of(frames)

    def told(changed: pd.DataFrame) -> str:
        return "; ".join(runbook_problems(frames, changed, settings_of()))

    assert "are in no runbook" in told(rows[rows["wave_number"] == 1])
    assert "move and are in no runbook" in told(rows[rows["asset_id"] != id_of("web01")])
    assert "there twice" in told(rows.assign(task_name="same"))
    at_once = rows.assign(start_minute=rows["start_minute"].where(rows["phase"] != "cutover", 0))
    assert "before what they wait for" in told(at_once)
    assert "their lane is busy" in told(at_once)
    assert "wrong order" in told(at_once)
