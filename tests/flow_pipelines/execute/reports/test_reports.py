"""Reports tell the plan as long as nothing has happened, and then what has, and what follows from it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd
import pytest

from flow_pipelines.execute.progress import with_progress
from flow_pipelines.execute.reports import gates
from flow_pipelines.execute.reports.forecast import forecast
from flow_pipelines.execute.reports.report import (
    Told,
    build_burn_down,
    build_execution_report,
    build_task_forecasts,
    told_tasks,
)
from flow_pipelines.plan.resource.load import rates_of
from flow_pipelines.plan.timeline.programme import Programme, scheduled_programme
from tests.flow_pipelines.plan.timeline.programmes import SCOPE, Frames, programme, settings_of, timeline_of

FRAMES = programme(1, 1, 2)
TIMELINE = timeline_of(FRAMES).tasks
START = datetime(2026, 6, 29, tzinfo=UTC)
PREPARE = "w1: prepare"
Update = tuple[str, str, datetime]


def updates(*told: Update) -> pd.DataFrame:
    ids = TIMELINE.set_index("task_name")["task_id"]
    columns = ["task_id", "state", "happened_at", "received_at", "told_by", "note", "is_rehearsal", "update_id"]
    rows = [
        (ids[name], state, moment, moment, "Ann", "the disk is full" if state == "blocked" else None, False, str(place))
        for place, (name, state, moment) in enumerate(told)
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("happened_at", "received_at")})


def told(*happened: Update, now: datetime = START, frames: Frames = FRAMES, turned: bool = False) -> Told:
    timeline = TIMELINE.iloc[::-1] if turned else TIMELINE
    tellings = updates(*happened)
    rows = with_progress(timeline, tellings)
    begun = tellings["happened_at"].min()
    made = partial(_programme, frames, timeline, None if pd.isna(begun) else begun.to_pydatetime())
    return told_tasks(forecast(rows, made, now=now, seed=1), tellings)


def _programme(frames: Frames, timeline: pd.DataFrame, since: datetime | None, until: date) -> Programme:
    return scheduled_programme(*frames, timeline, scope=SCOPE, settings=settings_of(), since=since, until=until)


def report(made: Told) -> dict[str, dict[Any, Any]]:
    overview = pd.DataFrame({"wave_number": pd.array([None, 1], dtype="Int64"), "risks": [["It may rain."], []]})
    rows = build_execution_report(made, overview, rates_of(settings_of()), SCOPE)
    assert gates.report_problems(build_task_forecasts(made), rows) == []
    return {row["report_name"]: row for row in rows.to_dict("records")}


def burn_down(made: Told) -> pd.DataFrame:
    weeks = build_burn_down(made, SCOPE)
    assert gates.burn_down_problems(build_task_forecasts(made), weeks) == []
    return weeks.sort_values("week", ignore_index=True)


def task(made: Told, name: str) -> dict[Any, Any]:
    rows = build_task_forecasts(made)
    assert gates.forecast_problems(TIMELINE, rows) == []
    return dict(rows.set_index("task_name").loc[name])


def planned(name: str, column: str = "planned_start") -> datetime:
    return TIMELINE.set_index("task_name")[column][name].to_pydatetime()


def everything_as_planned() -> list[Update]:
    rows = TIMELINE[TIMELINE["kind"] != "milestone"].to_dict("records")
    begun = [(row["task_name"], "in progress", row["planned_start"].to_pydatetime()) for row in rows]
    return [*begun, *((row["task_name"], "done", row["planned_end"].to_pydatetime()) for row in rows)]


def test_as_long_as_nothing_has_happened_the_forecast_is_the_plan() -> None:
    made = told()
    rows = build_task_forecasts(made)
    assert rows["forecast_start"].tolist() == rows["planned_start"].tolist()
    assert rows["forecast_end"].tolist() == rows["planned_end"].tolist()
    assert set(rows["reason"]) == {"It is as planned."}
    whole = report(made)["Programme"]
    assert (whole["days_late"], whole["share_done"], whole["cost_to_date_usd"]) == (0, 0, 0)
    assert whole["forecast_cost_usd"] == whole["planned_cost_usd"] > 0
    assert whole["risks"] == ["It may rain."]


def test_what_was_done_as_planned_costs_what_was_planned_and_nothing_is_left() -> None:
    last = TIMELINE["planned_end"].max().to_pydatetime()
    made = told(*everything_as_planned(), now=last)
    whole = report(made)["Programme"]
    assert (whole["over_count"], whole["share_done"], whole["days_late"]) == (whole["task_count"], 1, 0)
    assert whole["cost_to_date_usd"] == whole["forecast_cost_usd"]
    assert whole["chance_in_time"] == 1
    assert burn_down(made)["tasks_left"].iloc[-1] == 0


def test_a_wave_of_which_all_is_over_has_ended_though_nobody_tells_of_its_milestone() -> None:
    first = set(TIMELINE.loc[TIMELINE["wave_number"] == 1, "task_name"])
    happened = [one for one in everything_as_planned() if one[0] in first]
    made = told(*happened, now=planned("w3: cutover"))
    wave = report(made)["Wave 1"]
    assert wave["forecast_end_safe"] == wave["forecast_end"] == wave["planned_end"]
    assert (wave["chance_in_time"], wave["over_count"]) == (1, wave["task_count"])
    assert task(made, "Wave 1: all cut over")["state"] == "done"
    assert task(made, "Wave 2: all cut over")["state"] == "planned"


def test_what_has_not_begun_moves_all_that_waits_for_it() -> None:
    now = planned(PREPARE) + timedelta(days=14)
    made = told(now=now)
    row = task(made, PREPARE)
    assert row["forecast_start"] >= now
    assert row["hours_late"] > 0
    assert row["reason"].startswith("It should have begun and has not; ")
    assert task(made, "w1: set up replication")["forecast_start"] >= row["forecast_end"]
    assert report(made)["Wave 1"]["overdue_count"] > 0
    assert any(words.startswith("Not begun in time: ") for words in report(made)["Wave 1"]["variance_reasons"])


def test_what_is_done_early_draws_nothing_forward() -> None:
    early = planned(PREPARE) + timedelta(hours=2)
    made = told((PREPARE, "in progress", planned(PREPARE)), (PREPARE, "done", early), now=early)
    row = task(made, PREPARE)
    assert (row["forecast_end"], row["hours_late"] < 0) == (early, True)
    assert task(made, "w1: set up replication")["forecast_start"] == planned("w1: set up replication")


def test_what_takes_longer_than_planned_ends_after_now_and_says_so() -> None:
    now = planned(PREPARE, "planned_end") + timedelta(days=7)
    row = task(told((PREPARE, "in progress", planned(PREPARE)), now=now), PREPARE)
    assert row["forecast_start"] == planned(PREPARE)
    assert row["forecast_end"] > now
    assert "working hours late" in row["reason"]


def test_what_failed_is_done_anew_and_what_is_blocked_says_why() -> None:
    begun, later = planned(PREPARE), planned(PREPARE) + timedelta(days=1)
    failed = told((PREPARE, "in progress", begun), (PREPARE, "failed", later), now=later)
    assert "It failed on 2026-06-30, and is done anew" in task(failed, PREPARE)["reason"]
    assert task(failed, PREPARE)["forecast_start"] >= later
    blocked = told((PREPARE, "in progress", begun), (PREPARE, "blocked", later), now=later)
    assert "blocked since 2026-06-30 (the disk is full)" in task(blocked, PREPARE)["reason"]
    assert report(blocked)["Programme"]["stuck_count"] == 1
    assert "Blocked: w1: prepare (the disk is full)." in report(blocked)["Wave 1"]["variance_reasons"]


def test_every_attempt_costs_and_work_before_the_programme_has_its_hours() -> None:
    begun, later = planned(PREPARE) - timedelta(days=30), planned(PREPARE)
    once = told((PREPARE, "in progress", begun), (PREPARE, "rolled back", later), now=later)
    assert once.rows.set_index("task_name")["worked"][PREPARE] >= 100
    again = told(
        (PREPARE, "in progress", begun), (PREPARE, "rolled back", later),
        (PREPARE, "in progress", later), (PREPARE, "done", later + timedelta(days=7)), now=later + timedelta(days=8),
    )  # fmt: skip
    costs = [report(made)["Programme"]["cost_to_date_usd"] for made in (once, again)]
    assert 0 < costs[0] < costs[1]


def test_in_the_last_week_what_is_open_is_no_defect() -> None:
    last = TIMELINE["planned_end"].max().to_pydatetime()
    happened = [one for one in everything_as_planned() if one[2] < last]
    assert burn_down(told(*happened, now=last - timedelta(hours=1)))["tasks_left"].iloc[-1] > 0


def test_tasks_that_took_twice_as_long_make_the_others_take_longer() -> None:
    names = [f"w{place}: {what}" for place in (1, 2) for what in ("prepare", "set up replication")]
    happened = []
    for name in names:
        begun, ended = planned(name), planned(name, "planned_end")
        happened += [(name, "in progress", begun), (name, "done", ended + 3 * (ended - begun))]
    now = max(moment for _, _, moment in happened)
    made = told(*happened, now=now)
    assert made.forecast.factors["work"].median > 1.2
    assert "by 4 that are done" in report(made)["Programme"]["reason"]
    left = made.rows[(made.rows["kind"] == "work") & (made.rows["state"] == "planned")]
    assert (left["left"] > left["duration_hours"]).all()
    assert (
        made.rows.loc[made.rows["kind"] == "cutover", "left"].tolist()
        == TIMELINE.loc[TIMELINE["kind"] == "cutover", "duration_hours"].tolist()
    )


def test_the_later_day_is_the_surer_one_and_the_chance_is_a_share() -> None:
    for row in report(told(now=planned("w1: cutover"))).values():
        assert row["forecast_end_even"] <= row["forecast_end_likely"] <= row["forecast_end_safe"]
        assert 0 <= row["chance_in_time"] <= 1


def test_a_week_tells_what_was_left_until_now_and_what_will_be_left_from_then_on() -> None:
    now = planned("w1: cutover")
    weeks = burn_down(told(*everything_as_planned()[:1], now=now))
    assert {day.weekday() for day in weeks["week"]} == {0}
    over = weeks["week"].map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)) + timedelta(weeks=1) <= now
    assert weeks.loc[over, "forecast_tasks_left"].isna().all()
    assert weeks.loc[~over, "forecast_tasks_left"].notna().all()
    assert weeks["tasks_left"].notna().sum() == over.sum() + 1
    assert weeks["planned_tasks_left"].iloc[-1] == weeks["forecast_tasks_left"].iloc[-1] == 0


@pytest.mark.parametrize("now", [START, planned("w1: cutover")])
def test_row_order_changes_nothing(now: datetime) -> None:
    one, other = (told(*everything_as_planned()[:3], now=now, turned=turned) for turned in (False, True))
    assert build_task_forecasts(one).equals(build_task_forecasts(other))
    assert report(one) == report(other)


def test_the_gates_tell_what_is_lost() -> None:
    made = told()
    rows, weeks = build_task_forecasts(made), burn_down(made)
    assert "have no forecast" in " ".join(gates.forecast_problems(TIMELINE, rows.iloc[1:]))
    assert "is not 0 in the last week" in " ".join(gates.burn_down_problems(rows, weeks.iloc[:-2]))
