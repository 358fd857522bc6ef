"""Change windows are at the weekend and at night, and in the count of working hours all the same."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.plan.timeline.clock import ProgrammeClock, programme_clock
from flow_pipelines.plan.timeline.tasks import DECISION, WINDOW
from flow_pipelines.settings import parse_settings

MONDAY, LAST = date(2026, 3, 2), date(2026, 6, 30)
SATURDAY = datetime(2026, 3, 7, 8, tzinfo=UTC)


def clock(text: str = "") -> ProgrammeClock:
    return programme_clock(parse_settings(text, origin="test", today=MONDAY), MONDAY, LAST)


def test_the_roadmaps_weekend_stands_for_the_hours_after_it() -> None:
    first = clock().windows[0]
    assert (first.begins, first.period, first.hours) == (SATURDAY, 40, 36)
    assert clock().start(42, is_cutover=True) == datetime(2026, 3, 7, 10, tzinfo=UTC)
    assert clock().end(40, 64, is_cutover=True) == datetime(2026, 3, 8, 8, tzinfo=UTC)
    assert clock().start(42, is_cutover=False) == datetime(2026, 3, 9, 11, tzinfo=UTC)


def test_a_window_in_a_black_out_or_on_a_holiday_stays_shut() -> None:
    text = (
        "waves: {blackouts: [{begin: 2026-03-08, end: 2026-03-09, reason: close}]}\nschedule: {holidays: [2026-03-14]}"
    )
    assert clock(text).windows[0].begins.date() == date(2026, 3, 21)


def test_of_windows_between_which_nobody_works_the_longest_counts() -> None:
    windows = "[{weekday: saturday, begins: 8, hours: 10}, {weekday: sunday, begins: 8, hours: 12}]"
    found = clock(f"schedule: {{change_windows: {windows}}}").windows
    assert {(one.begins.weekday(), one.hours) for one in found} == {(6, 12)}


def test_a_window_is_cut_to_the_working_hours_until_the_hour_before_the_next() -> None:
    windows = "[{weekday: tuesday, begins: 20, hours: 10}, {weekday: wednesday, begins: 20, hours: 10}]"
    found = clock(f"schedule: {{change_windows: {windows}}}").windows
    assert [one.hours for one in found[:3]] == [7, 10, 7]


def test_windows_that_have_no_hour_left_between_them_are_passed_over() -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    windows = ", ".join(f"{{weekday: {day}, begins: 22, hours: 8}}" for day in days)
    found = clock(f"schedule: {{hours_per_day: 1, change_windows: [{windows}]}}").windows
    assert [one.begins.day for one in found[:3]] == [2, 4, 6]
    assert {one.hours for one in found[:-1]} == {1}


@given(st.sampled_from(["UTC", "Europe/Zurich", "America/New_York"]), st.integers(0, 23), st.integers(1, 60))
def test_a_cutover_is_never_before_what_was_done_ahead_of_the_decision(zone: str, begins: int, hours: int) -> None:
    text = f"schedule: {{time_zone: {zone}, change_windows: [{{weekday: friday, begins: {begins}, hours: {hours}}}]}}"
    own = clock(text)
    for window in own.windows:
        assert own.time.end(window.period) <= window.begins
        for period in range(window.period, window.period + window.hours):
            real = own.start(period, is_cutover=True)
            assert real <= own.time.start(period)
            assert own.period(real, is_cutover=True) == period


def test_cutovers_and_decisions_are_open_around_windows_only() -> None:
    own = clock()
    shut = own.closures()
    window = own.windows[0]
    for resource, begin, end in (
        (WINDOW, window.period, window.period + window.hours),
        (DECISION, window.period - 1, window.period),
    ):
        rows = shut[shut["resource"] == resource]
        assert begin in set(rows["end"])
        assert end in set(rows["begin"])
