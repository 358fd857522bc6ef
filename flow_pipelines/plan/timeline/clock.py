"""The clock of a programme: working hours counted from its begin, with the change windows between them.

Belongs here: laying both out by the settings, and turning moments and periods into each other. Does not: which hours
are worked by whose clocks (`working_time.py`), scheduling.

A change window lies mostly where nobody works: at the weekend, at night. To those who work in it, its hours are taken
off their next working hours. So on the axis of working hours the window stands for as many periods from the first one
after its begin, which are worked in the window instead: its image. What has to be done before it ends before the first
of them: a decision to go is taken in the hour before, by which all waits for it that is done in ordinary hours. That
hour lies between two images that would touch, too: no cutover is in it, so none goes on from one window into the next.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from statistics import median_low
from zoneinfo import ZoneInfo

import pandas as pd

from flow_pipelines.plan.timeline.tasks import DECISION, WINDOW
from flow_pipelines.plan.timeline.working_time import WEEKDAYS, WorkingHours, WorkingTime, working_time
from flow_pipelines.settings import Blackout, EngagementSettings
from flow_pipelines.settings_schedule import HOURS_OF_A_DAY, ChangeWindow

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# The roadmap's cutover days are used from 8 in the morning of the first to 8 in the evening of the last.
FROM, UNTIL = 8, 20
CALENDAR = ["resource", "begin", "end", "capacity"]


@dataclass(frozen=True)
class Window:
    """One change window.

    Attributes:
        begins: When it begins.
        period: What its first hour stands for.
        hours: How many of its hours stand for periods: cutovers are planned in these.
        closes: When it closes: a person may fix a cutover until then.
    """

    begins: datetime
    period: int
    hours: int
    closes: datetime

    @property
    def ends(self) -> datetime:
        """When its last usable hour is over."""
        return self.begins + self.hours * HOUR


@dataclass(frozen=True)
class ProgrammeClock:
    """Working hours of a programme as periods from 0, and its change windows in order.

    Of windows between which nobody works the longest counts; where there is less working time until the hour before the
    next window than a window is long, it is cut to that.
    """

    time: WorkingTime
    windows: tuple[Window, ...]
    zone: ZoneInfo

    def opening(self, day: date, *, is_cutover: bool) -> int:
        """Return the first period on a day or later: of a cutover, of the first window that begins then.

        It is the end of all if there is none.
        """
        if not is_cutover:
            return bisect_left(self.time.begins, self.midnight(day))
        window = self.window_from(day)
        return window.period if window else len(self.time.begins)

    def window_from(self, day: date) -> Window | None:
        """Return the first change window that begins on a day or later, if there is one."""
        place = bisect_left(self.windows, self.midnight(day), key=lambda one: one.begins)
        return self.windows[place] if place < len(self.windows) else None

    def window_at(self, moment: datetime) -> Window | None:
        """Return the change window that is open at a moment, if there is one."""
        place = bisect_right(self.windows, moment, key=lambda one: one.begins) - 1
        found = self.windows[place] if place >= 0 else None
        return found if found and moment < found.closes else None

    def usual_window_hours(self) -> int:
        """Return how long windows usually are on the weekday on which they are longest.

        The longest of all may be one before a holiday, for which a cutover of its length would wait for years.
        """
        by_weekday: dict[int, list[int]] = {}
        for window in self.windows:
            by_weekday.setdefault(self.day_of(window.begins).weekday(), []).append(window.hours)
        return max(median_low(hours) for hours in by_weekday.values())

    def period(self, moment: datetime, *, is_cutover: bool) -> int:
        """Return the period that a moment belongs to: of a cutover in a window, the window's."""
        window = self.window_at(moment) if is_cutover else None
        if window:
            return window.period + min((moment - window.begins) // HOUR, window.hours - 1)
        return self.time.period_at(moment)

    def is_open(self, moment: datetime, *, is_cutover: bool) -> bool:
        """Tell whether a task may begin at a moment: in a change window, or in working hours."""
        if is_cutover:
            return self.window_at(moment) is not None
        place = bisect_right(self.time.begins, moment) - 1
        return place >= 0 and moment < self.time.begins[place] + self.time.length

    def start(self, period: int, *, is_cutover: bool) -> datetime:
        """Return when a task starts that starts in a period."""
        window = self._window_of(period) if is_cutover else None
        return window.begins + (period - window.period) * HOUR if window else self.time.start(period)

    def end(self, start: int, end: int, *, is_cutover: bool) -> datetime:
        """Return when a task ends that runs from one period until another, which is exclusive."""
        window = self._window_of(start) if is_cutover else None
        return window.begins + (end - window.period) * HOUR if window else self.time.end(end)

    def fixed_end(self, moment: datetime, hours: int, *, kind: str) -> datetime:
        """Return when a task ends that a person fixed: in a window or for a decision by the hours of the day."""
        is_cutover = kind == "cutover"
        if kind == "decision" or (is_cutover and self.window_at(moment)):
            return moment + hours * HOUR
        return max(moment, self.time.end(self.period(moment, is_cutover=is_cutover) + hours))

    def period_after(self, moment: datetime, *, is_cutover: bool) -> int:
        """Return the first period that really begins at a moment or later: of a cutover, of those in windows.

        It is the end of all if there is none.
        """
        if not is_cutover:
            return bisect_left(self.time.begins, moment)
        place = max(0, bisect_right(self.windows, moment, key=lambda one: one.begins) - 1)
        for window in self.windows[place:]:
            over = max(0, ceil((moment - window.begins) / HOUR))
            if over < window.hours:
                return window.period + over
        return len(self.time.begins)

    def midnight(self, day: date) -> datetime:
        """Return when a day begins by the programme's clocks."""
        return midnight(day, self.zone.key)

    def day_of(self, moment: datetime) -> date:
        """Return the day of a moment by the programme's clocks."""
        return moment.astimezone(self.zone).date()

    def closures(self) -> pd.DataFrame:
        """Return when no cutover and no decision to go is possible, as rows of the calendar that `schedule` reads."""
        images = [(one.period, one.period + one.hours) for one in self.windows]
        last = len(self.time.begins)
        rows = [(WINDOW, begin, end, 0) for begin, end in _between(images, last)]
        before = [(begin - 1, begin) for begin, _ in images]
        rows += [(DECISION, begin, end, 0) for begin, end in _between(before, last)]
        return pd.DataFrame(rows, columns=CALENDAR)

    def _window_of(self, period: int) -> Window | None:
        place = bisect_right(self.windows, period, key=lambda one: one.period) - 1
        found = self.windows[place] if place >= 0 else None
        return found if found and period < found.period + found.hours else None


def midnight(day: date, zone: str) -> datetime:
    """Return when a day begins by the clocks of a time zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def programme_clock(settings: EngagementSettings, begin: date, last: date) -> ProgrammeClock:
    """Lay out working hours and change windows from the programme's begin to a last day.

    Raises:
        SettingsError: No hour is worked.
    """
    own = settings.schedule
    zone = ZoneInfo(own.time_zone)
    closed = frozenset({*own.holidays, *_days(settings.waves.blackouts, begin, last)})
    weekdays = frozenset(NAMES.index(name) for name in own.working_days) or frozenset(range(5))
    hours = WorkingHours(own.time_zone, weekdays, own.day_begins, own.day_begins + own.hours_per_day, closed)
    laid_out = working_time([hours], begin, last)
    moments = sorted(
        (_local(day, kind.begins, zone), kind.hours)
        for kind in change_windows(settings)
        for day in _all_days(begin, last)
        if day.weekday() == NAMES.index(kind.weekday)
        and not closed & set(_all_days(day, day + timedelta(hours=kind.begins + kind.hours - 1)))
    )
    return ProgrammeClock(laid_out, _windows(laid_out, moments), zone)


def change_windows(settings: EngagementSettings) -> tuple[ChangeWindow, ...]:
    """Return the change windows of the settings, or else the roadmap's cutover days."""
    roadmap = settings.roadmap
    # Four days are the longest of a window; the fifth day of a cutover would be a week's work without a night.
    hours = min(HOURS_OF_A_DAY * (roadmap.cutover_days - 1) + UNTIL - FROM, 4 * HOURS_OF_A_DAY)
    usual = ChangeWindow(weekday=roadmap.cutover_weekday, begins=FROM, hours=hours)
    return settings.schedule.change_windows or (usual,)


def hours_per_week(settings: EngagementSettings) -> int:
    """Return how many hours a usual week has in which work is done."""
    return (len(set(settings.schedule.working_days)) or 5) * settings.schedule.hours_per_day


def _windows(laid_out: WorkingTime, moments: list[tuple[datetime, int]]) -> tuple[Window, ...]:
    first, beyond = laid_out.begins[0], laid_out.begins[-1]
    longest: dict[int, tuple[datetime, int]] = {}
    for moment, hours in moments:
        period = laid_out.period_at(moment) if first < moment <= beyond else 0
        if period and (period not in longest or hours > longest[period][1]):
            longest[period] = moment, hours
    kept: list[int] = []
    for period in longest:
        if not kept or period - kept[-1] > 1:
            kept.append(period)
    found = []
    for period, following in zip(kept, [*kept[1:], len(laid_out.begins) + 1], strict=True):
        moment, hours = longest[period]
        found.append(Window(moment, period, min(hours, following - period - 1), moment + hours * HOUR))
    return tuple(found)


def _between(spans: list[tuple[int, int]], last: int) -> Iterator[tuple[int, int]]:
    """Yield what lies between spans that are in order, from 0 on and to the last."""
    done = 0
    for begin, end in [*spans, (last, last)]:
        if done < begin:
            yield done, begin
        done = max(done, end)


def _days(blackouts: tuple[Blackout, ...], begin: date, last: date) -> Iterator[date]:
    for one in blackouts:
        yield from _all_days(max(one.begin, begin), min(one.end, last + WEEKDAYS * DAY))


def _all_days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def _local(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
