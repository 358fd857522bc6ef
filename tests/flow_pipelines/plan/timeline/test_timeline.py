"""The timeline keeps waves, windows, landing zone, deadlines and fixed starts, and says why each task is when it is."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from flow_pipelines.errors import SettingsError
from flow_pipelines.plan.timeline import gates
from tests.flow_pipelines.plan.timeline.programmes import (
    BEGIN,
    SCOPE,
    by_name,
    fixed,
    programme,
    settings_of,
    timeline_of,
)

QUICK = "schedule: {effort_seconds: 0.2"


def test_nothing_is_lost_and_every_link_is_kept() -> None:
    frames = programme(1, 1, 2, 3, 0)
    made = timeline_of(frames)
    assert gates.timeline_problems(frames[0], made.tasks) == []
    assert gates.link_problems(made.tasks, made.links) == []
    assert {row["workload_name"] for row in by_name(made).values()} >= {"w1", "w2", "w3", "w4", "w5"}


def test_the_gate_names_a_task_before_what_it_waits_for_and_a_workload_without_tasks() -> None:
    frames = programme(1)
    made = timeline_of(frames)
    early = made.tasks.assign(planned_start=made.tasks["planned_start"].min())
    assert gates.link_problems(early, made.links) != []
    assert gates.timeline_problems(frames[0], made.tasks.iloc[:0]) != []


def test_row_order_changes_nothing() -> None:
    frames = programme(1, 2, 1, 2)
    turned = frames[0].iloc[::-1], frames[1], frames[2].iloc[::-1], frames[3]
    one, other = timeline_of(frames), timeline_of(turned)
    pd.testing.assert_frame_equal(one.tasks, other.tasks)
    pd.testing.assert_frame_equal(one.links, other.links)


def test_waves_windows_and_landing_zone_are_respected() -> None:
    rows = by_name(timeline_of(programme(1, 2)))
    assert rows["w2: prepare"]["planned_start"].date() >= BEGIN + timedelta(weeks=4)
    assert rows["w1: set up replication"]["planned_start"].date() > date(2026, 7, 10)
    assert rows["w1: cutover"]["planned_start"] == datetime(2026, 8, 1, 8, tzinfo=UTC)
    assert rows["w1: go or no-go"]["planned_end"] == datetime(2026, 7, 31, 17, tzinfo=UTC)
    assert rows["Wave 1: all cut over"]["planned_start"] == rows["w1: cutover"]["planned_end"]


def test_a_wave_is_cut_over_after_all_of_the_one_before() -> None:
    frames = programme(1, 2)
    late = frames[0].assign(effort_days=[400.0, 5.0])
    rows = by_name(timeline_of((late, *frames[1:])))
    first = [row["planned_end"] for name, row in rows.items() if name.startswith("w1: cutover")]
    assert rows["w2: cutover"]["planned_start"] >= max(first)
    assert max(first).date() > BEGIN + timedelta(weeks=8, days=6)
    late = max((row for row in rows.values() if row["days_late"]), key=lambda row: row["days_late"])
    assert (late["workload_name"], late["deadline_reason"]) == ("w1", "cutover in the roadmap")


def test_a_wave_is_not_put_off_for_a_deadline_that_another_misses() -> None:
    frames = programme(1, 1, 1, 1, 2, 2, 2, 2, effort_days=40.0)
    rows = by_name(
        timeline_of(frames, f"{QUICK}, roles: [{{role: tester, people: 1}}]}}\nroadmap: {{deadline: 2026-10-01}}")
    )
    assert rows["Wave 1: all cut over"]["planned_start"] < rows["w5: test"]["planned_start"]


def test_hypercare_is_over_before_what_is_left_is_cleared() -> None:
    rows = by_name(timeline_of(programme(1)))
    assert rows["w1: decommission"]["planned_start"] >= rows["w1: validate"]["planned_end"] + timedelta(days=14)
    assert "80 working hours more" in rows["w1: decommission"]["reason"]


def test_servers_that_do_not_tell_their_data_are_told() -> None:
    rows = by_name(timeline_of(programme(1, gibibytes=None)))
    assert "data of 1 of its servers is not known" in rows["w1: cutover"]["assumptions"]
    assert "w1: replicate" not in rows


def test_a_missed_deadline_is_told_with_its_reason_and_the_stricter_one_counts() -> None:
    own = "[{day: 2026-08-10, reason: end of the licence, workloads: 'W1*'}]"
    rows = by_name(timeline_of(programme(1, 1), f"{QUICK}, deadlines: {own}}}\nroadmap: {{deadline: 2027-12-31}}"))
    assert (rows["w1: decommission"]["deadline"], rows["w1: decommission"]["deadline_reason"]) == (
        date(2026, 8, 10),
        "end of the licence",
    )
    assert rows["w1: decommission"]["days_late"] > 0
    assert (rows["w2: decommission"]["deadline_reason"], rows["w2: decommission"]["days_late"]) == (
        "data-centre exit",
        0,
    )


def test_a_fixed_start_moves_what_follows_and_nothing_before() -> None:
    frames = programme(1, 1)
    free = timeline_of(frames)
    moment = datetime(2026, 8, 15, 10, tzinfo=UTC)
    made = timeline_of(frames, edits=(fixed(free, "w1: cutover", moment),))
    before, after = by_name(free), by_name(made)
    assert (after["w1: cutover"]["planned_start"], after["w1: cutover"]["conflict"]) == (moment, None)
    assert after["w1: cutover"]["computed_start"] == before["w1: cutover"]["planned_start"]
    assert after["w1: validate"]["planned_start"] >= after["w1: cutover"]["planned_end"]
    assert after["w1: validate"]["moved_hours"] > 0
    assert after["w1: prepare"]["planned_start"] == before["w1: prepare"]["planned_start"]
    assert made.moved >= 2


def test_a_fixed_start_that_collides_is_kept_and_told() -> None:
    frames = programme(1)
    made = timeline_of(frames, edits=(fixed(timeline_of(frames), "w1: cutover", datetime(2026, 6, 30, 3, tzinfo=UTC)),))
    row = by_name(made)["w1: cutover"]
    assert row["planned_start"] == datetime(2026, 6, 30, 3, tzinfo=UTC)
    assert "before w1: go or no-go has ended" in row["conflict"]
    assert "outside of every change window" in row["conflict"]


def test_a_fixed_cutover_that_ends_after_its_window_is_told() -> None:
    frames = programme(1)
    made = timeline_of(frames, edits=(fixed(timeline_of(frames), "w1: cutover", datetime(2026, 8, 9, 19, tzinfo=UTC)),))
    row = by_name(made)["w1: cutover"]
    assert row["planned_end"] == datetime(2026, 8, 10, tzinfo=UTC)
    assert row["conflict"] == "It ends after its change window has closed."


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("w1: go or no-go", datetime(2026, 8, 3, 11, tzinfo=UTC)),
        ("w1: go or no-go", datetime(2026, 8, 1, 7, tzinfo=UTC)),
        ("w1: cutover", datetime(2026, 8, 31, 10, tzinfo=UTC)),
        ("Wave 1: all cut over", datetime(2026, 8, 31, 11, tzinfo=UTC)),
    ],
)
def test_what_waits_for_a_fixed_task_waits_until_it_has_really_ended(name: str, moment: datetime) -> None:
    frames = programme(1, 2)
    made = timeline_of(frames, edits=(fixed(timeline_of(frames), name, moment),))
    assert gates.link_problems(made.tasks, made.links) == []
    assert by_name(made)[name]["planned_start"] == moment
    assert gates.timeline_problems(frames[0], made.tasks) == []


def test_a_task_that_waits_for_a_fixed_one_says_so() -> None:
    frames = programme(1)
    moment = datetime(2026, 8, 3, 11, tzinfo=UTC)
    made = timeline_of(frames, edits=(fixed(timeline_of(frames), "w1: go or no-go", moment),))
    row = by_name(made)["w1: cutover"]
    assert row["planned_start"] == datetime(2026, 8, 8, 8, tzinfo=UTC)
    assert row["reason"] == "What it waits for, whose start is fixed, has ended on 2026-08-03."


def test_two_fixed_tasks_in_the_wrong_order_are_told_by_their_real_times() -> None:
    frames = programme(1)
    free = timeline_of(frames)
    edits = (
        fixed(free, "w1: go or no-go", datetime(2026, 8, 3, 9, tzinfo=UTC)),
        fixed(free, "w1: cutover", datetime(2026, 8, 1, 11, tzinfo=UTC)),
    )
    assert "before w1: go or no-go has ended" in by_name(timeline_of(frames, edits=edits))["w1: cutover"]["conflict"]


def test_only_an_asterisk_stands_for_other_letters_in_the_workloads_of_a_deadline() -> None:
    frames = programme(1, 1, 1)
    frames[0]["workload_name"] = ["erp [prod]", "erp p", "erp x"]
    own = "[{day: 2026-08-10, reason: licence, workloads: 'ERP [prod]'}]"
    rows = by_name(timeline_of(frames, f"{QUICK}, deadlines: {own}}}"))
    assert {row["workload_name"] for row in rows.values() if row["deadline_reason"] == "licence"} == {"erp [prod]"}


def test_a_deadline_of_no_workload_is_refused_with_names_near_it() -> None:
    own = "[{day: 2026-08-10, reason: licence, workloads: 'ledgre*'}]"
    frames = programme(1)
    frames[0]["workload_name"] = ["Ledger"]
    with pytest.raises(SettingsError, match=r"ledgre\*.*Ledger"):
        timeline_of(frames, f"{QUICK}, deadlines: {own}}}")


def test_a_deadline_of_a_workload_that_stays_is_no_error() -> None:
    frames = programme(1, 1)
    frames[0].loc[0, "treatment"] = "retain"
    own = "[{day: 2026-08-10, reason: licence, workloads: w1}]"
    assert len(timeline_of(frames, f"{QUICK}, deadlines: {own}}}").tasks)


def test_a_task_that_has_begun_before_the_programme_ends_when_it_really_does() -> None:
    frames = programme(1)
    free = timeline_of(frames)
    moment = datetime(2026, 5, 4, 9, tzinfo=UTC)
    made = timeline_of(frames, edits=(fixed(free, "w1: prepare", moment),))
    row = by_name(made)["w1: prepare"]
    assert (row["planned_start"], row["conflict"]) == (moment, None)
    assert row["planned_end"] == datetime(2026, 5, 6, 11, tzinfo=UTC)
    assert by_name(made)["w1: set up replication"]["planned_start"].date() >= BEGIN
    unmoved = by_name(made)["w1: cutover"]
    assert (unmoved["moved_hours"], unmoved["planned_start"]) == (0, by_name(free)["w1: cutover"]["planned_start"])


def test_a_cutover_in_a_window_before_the_programme_is_in_a_window() -> None:
    frames = programme(1)
    moment = datetime(2026, 6, 20, 8, tzinfo=UTC)
    made = timeline_of(frames, edits=(fixed(timeline_of(frames), "w1: cutover", moment),))
    row = by_name(made)["w1: cutover"]
    assert row["planned_end"] == datetime(2026, 6, 20, 13, tzinfo=UTC)
    assert "window" not in str(row["conflict"])


def test_what_is_retired_is_cleared_after_all_that_share_its_servers_have_left() -> None:
    plan, roadmap, inventory, components = programme(1, 2)
    plan.loc[0, "treatment"] = "retire"
    plan["source_entity_ids"] = [plan["source_entity_ids"][0]] * 2
    frames = plan, roadmap, inventory.iloc[:1], components
    made = timeline_of(frames)
    rows = by_name(made)
    assert rows["w1: decommission"]["planned_start"] >= rows["w2: cutover"]["planned_end"]
    assert "w2: cutover before w1: decommission" in set(made.links["link_name"])
    assert gates.link_problems(made.tasks, made.links) == []


def test_people_who_are_asked_twice_are_told() -> None:
    frames = programme(1, 1, 1)
    free = timeline_of(frames)
    moment = datetime(2026, 7, 1, 9, tzinfo=UTC)
    edits = tuple(fixed(free, f"w{place}: prepare", moment) for place in (1, 2, 3))
    rows = by_name(timeline_of(frames, edits=edits))
    assert "More of architect is needed" in rows["w1: prepare"]["conflict"]


def test_absences_and_holidays_are_kept() -> None:
    absences = "roles: [{role: architect, people: 1, absences: [{begin: 2026-06-29, end: 2026-07-03, people: 1}]}]"
    rows = by_name(timeline_of(programme(1), f"{QUICK}, {absences}, holidays: [2026-07-06]}}"))
    assert rows["w1: prepare"]["planned_start"] == datetime(2026, 7, 7, 9, tzinfo=UTC)
    assert rows["w1: prepare"]["reason"] == "No architect is there before."


def test_one_more_person_does_not_make_the_end_later() -> None:
    frames = programme(*[1] * 8, effort_days=40.0)
    few, more = (timeline_of(frames, f"{QUICK}, roles: [{{role: tester, people: {people}}}]}}") for people in (1, 2))
    ends = [made.tasks["planned_end"].max() for made in (few, more)]
    assert ends[1] < ends[0]


def test_a_programme_that_never_ends_is_refused_with_a_remedy() -> None:
    absent = "absences: [{begin: 2026-01-01, end: 2199-12-31, people: 1}]"
    with pytest.raises(SettingsError, match=r"schedule\.roles"):
        timeline_of(programme(1), f"{QUICK}, roles: [{{role: architect, people: 1, {absent}}}]}}")


def test_a_plan_in_which_nothing_is_done_has_no_tasks() -> None:
    frames = programme(0, treatment="retain")
    made = timeline_of(frames)
    assert gates.timeline_problems(frames[0], made.tasks) == gates.link_problems(made.tasks, made.links) == []
    assert made.tasks.empty
    assert made.links.empty


def test_ids_are_the_same_run_after_run() -> None:
    made = timeline_of(programme(1))
    expected = SCOPE.id_of("task", f"{SCOPE.id_of('asset', 'w1')}/cutover")
    assert by_name(made)["w1: cutover"]["task_id"] == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{time_zone: Mars/Base}", "Mars/Base"),
        ("{roles: [{role: wizard, people: 1}]}", "wizard"),
        ("{roles: [{role: tester, people: 1}, {role: tester, people: 2}]}", "named twice"),
        ("{day_begins: 20, hours_per_day: 8}", "next day"),
        ("{bandwidth_mbit: 0}", "bandwidth_mbit"),
    ],
)
def test_settings_that_make_no_sense_are_named(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        settings_of(f"schedule: {text}")
