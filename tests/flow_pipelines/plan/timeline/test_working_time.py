"""Dates become working periods and come back, over weekends, holidays, time zones and clocks that are set."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.errors import SettingsError
from flow_pipelines.plan.timeline.working_time import WorkingHours, closures, working_time

ZURICH = WorkingHours("Europe/Zurich")
MONDAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 8)


def zurich(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Zurich"))  # type: ignore[arg-type, misc]


def test_a_week_has_five_days_of_eight_hours() -> None:
    week = working_time([ZURICH], MONDAY, SUNDAY)
    assert len(week.begins) == 40
    assert week.start(0) == zurich(2026, 3, 2, 9)
    assert week.end(8) == zurich(2026, 3, 2, 17)
    assert week.start(8) == zurich(2026, 3, 3, 9)


def test_a_weekend_and_a_holiday_are_no_time_at_all() -> None:
    hours = WorkingHours("Europe/Zurich", closed=frozenset({date(2026, 3, 9)}))
    weeks = working_time([hours], MONDAY, date(2026, 3, 15))
    assert weeks.period_at(zurich(2026, 3, 7, 12)) == 40
    assert weeks.start(40) == zurich(2026, 3, 10, 9)
    assert weeks.periods_until(zurich(2026, 3, 9, 23)) == 40


def test_a_deadline_within_an_hour_leaves_that_hour_out() -> None:
    week = working_time([ZURICH], MONDAY, SUNDAY)
    assert week.periods_until(zurich(2026, 3, 2, 11)) == 2
    assert week.periods_until(datetime(2026, 3, 2, 10, 59, tzinfo=ZoneInfo("Europe/Zurich"))) == 1
    assert week.periods_until(zurich(2026, 3, 1)) == 0


def test_a_change_window_goes_on_past_midnight_and_over_set_clocks() -> None:
    window = WorkingHours("Europe/Zurich", weekdays=frozenset({5}), begins=22, ends=6)
    usual = working_time([window], date(2026, 3, 21), date(2026, 3, 21))
    forward = working_time([window], date(2026, 3, 28), date(2026, 3, 28))
    back = working_time([window], date(2026, 10, 24), date(2026, 10, 24))
    assert [len(own.begins) for own in (usual, forward, back)] == [8, 7, 9]
    assert forward.end(7) == zurich(2026, 3, 29, 6)


def test_teams_of_two_zones_close_when_only_the_other_works() -> None:
    kolkata = WorkingHours("Asia/Kolkata")  # 03:30 to 11:30 UTC; Zurich's day is from 08:00 to 16:00 UTC
    both = working_time([ZURICH, kolkata], MONDAY, MONDAY, minutes=30)
    assert len(both.begins) == 25
    assert closures(both, "Kolkata", kolkata).to_numpy().tolist() == [["Kolkata", 16, 25, 0]]
    assert closures(both, "Zurich", ZURICH).to_numpy().tolist() == [["Zurich", 0, 9, 0]]


def test_clocks_that_differ_by_half_a_period_are_refused() -> None:
    with pytest.raises(SettingsError, match="30 or 15 minutes"):
        working_time([ZURICH, WorkingHours("Asia/Kolkata")], MONDAY, MONDAY)


@given(st.sampled_from(["UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata"]), st.integers(0, 10_000))
def test_periods_come_back(zone: str, minutes: int) -> None:
    weeks = working_time([WorkingHours(zone)], MONDAY, date(2026, 4, 5))
    moment = datetime(2026, 3, 15, tzinfo=UTC) + timedelta(minutes=minutes)
    period = weeks.period_at(moment)
    assert weeks.start(period) >= moment
    assert weeks.start(period - 1) < moment
    assert weeks.period_at(weeks.start(period)) == period
    assert weeks.periods_until(weeks.end(period)) == period


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ({"zone": "Mars/Base"}, "'Mars/Base' is not known"),
        ({"zone": "UTC", "weekdays": frozenset({7})}, "weekdays"),
        ({"zone": "UTC", "begins": 25}, "hours 25"),
    ],
)
def test_wrong_hours_are_named(hours: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        WorkingHours(**hours)  # type: ignore[arg-type]


def test_beyond_the_calendar_is_an_error() -> None:
    week = working_time([ZURICH], MONDAY, SUNDAY)
    with pytest.raises(SettingsError, match="reach further"):
        week.start(40)
    with pytest.raises(SettingsError, match="reach further"):
        week.period_at(zurich(2026, 4, 1))
    with pytest.raises(SettingsError, match="No hour"):
        working_time([ZURICH], SUNDAY, SUNDAY)
