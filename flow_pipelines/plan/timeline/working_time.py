"""Working time: which hours are worked, and how dates and working periods turn into each other.

Belongs here: weekends, holidays, black-outs, change windows and time zones, as periods numbered from 0. Does not:
scheduling; where holidays come from (settings).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from flow_pipelines.errors import SettingsError

WEEKDAYS = 7


@dataclass(frozen=True)
class WorkingHours:
    """When a team works or changes are allowed, by the clocks of one time zone.

    Attributes:
        zone: Name in the time zone database, as `Europe/Zurich`.
        weekdays: Monday is 0.
        begins: Hour of the day.
        ends: Hour of the day, exclusive; no later than 24. Where it is no later than `begins`, work ends on the next
            day (a change window from 22 to 4); it belongs to the weekday on which it begins.
        closed: Days on which no work begins: holidays and black-outs.
    """

    zone: str
    weekdays: frozenset[int] = frozenset(range(5))
    begins: int = 9
    ends: int = 17
    closed: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        problems = []
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            problems.append(f"time zone {self.zone!r} is not known")
        if not self.weekdays or not self.weekdays <= set(range(WEEKDAYS)):
            problems.append(f"weekdays {sorted(self.weekdays)} are not among 0 (Monday) to 6, or there is none")
        if not (0 <= self.begins <= 23 and 0 <= self.ends <= 24):  # noqa: PLR2004  hours of a day
            problems.append(f"hours {self.begins} to {self.ends} are no hours of a day")
        if problems:
            raise SettingsError(f"Working hours: {'; '.join(problems)}.", remedy="Correct them in the settings.")


@dataclass(frozen=True)
class WorkingTime:
    """Working hours as periods of one length, numbered from 0: period `i` begins at `begins[i]` (UTC, ascending)."""

    begins: tuple[datetime, ...]
    length: timedelta

    def period_at(self, moment: datetime) -> int:
        """Return the first period that begins at `moment` or later: a release.

        Raises:
            SettingsError: There is no such period: the working time is laid out too short.
        """
        place = bisect_left(self.begins, moment)
        if place == len(self.begins):
            raise SettingsError(
                f"Working time ends before {moment.isoformat()}.", remedy="Let the calendar reach further."
            )
        return place

    def periods_until(self, moment: datetime) -> int:
        """Return how many periods are over at `moment`: a deadline."""
        return bisect_right(self.begins, moment - self.length)

    def start(self, period: int) -> datetime:
        """Return when a period begins.

        Raises:
            SettingsError: The period is beyond the calendar.
        """
        return self.begins[self._known(period)]

    def end(self, period: int) -> datetime:
        """Return when a task is over whose end (exclusive) is `period`; the beginning of all if that is 0.

        Raises:
            SettingsError: The period is beyond the calendar.
        """
        if period == 0:
            return self.start(0)
        return self.begins[self._known(period - 1)] + self.length

    def _known(self, period: int) -> int:
        if not 0 <= period < len(self.begins):
            raise SettingsError(
                f"Period {period} is beyond the calendar, which has {len(self.begins)} of them.",
                remedy="Let the calendar reach further.",
            )
        return period


def working_time(hours: list[WorkingHours], first: date, last: date, *, minutes: int = 60) -> WorkingTime:
    """Lay out the periods in which at least one of the teams works that begins between two days, both included.

    Where clocks are set forward, the hour that is missing is not worked; where they are set back, the hour that comes
    twice is worked twice.

    Args:
        hours: One for each team or change window.
        first: A day by each team's own clock, as is `last`.
        last: The last day on which work begins.
        minutes: The length of a period; divides 60.

    Raises:
        SettingsError: No hour is worked, or the teams' clocks differ by parts of a period, as those of Zurich and
            Kolkata do by half an hour.
    """
    length = timedelta(minutes=minutes)
    found = sorted({moment for own in hours for moment in _moments(own, first, last, length)})
    if not found:
        raise SettingsError(f"No hour is worked from {first} to {last}.", remedy="Open a weekday or choose other days.")
    if len({moment.minute % minutes for moment in found}) > 1:
        zones = ", ".join(sorted({own.zone for own in hours}))
        raise SettingsError(
            f"Periods of {minutes} minutes overlap, as the clocks of {zones} differ by less.",
            remedy="Take periods of 30 or 15 minutes.",
        )
    return WorkingTime(tuple(found), length)


def closures(time_worked: WorkingTime, resource: str, hours: WorkingHours) -> pd.DataFrame:
    """Return when a resource does not work although others do, as rows of the calendar that `schedule` reads.

    Returns:
        resource, begin, end (exclusive), capacity (0): one row per stretch of periods.
    """
    first, last = (time_worked.begins[place].date() + timedelta(days=step) for place, step in ((0, -2), (-1, 2)))
    own = set(_moments(hours, first, last, time_worked.length))
    rows: list[list[object]] = []
    begin: int | None = None
    for period, moment in enumerate(time_worked.begins):
        if moment in own and begin is not None:
            rows.append([resource, begin, period, 0])
            begin = None
        elif moment not in own and begin is None:
            begin = period
    if begin is not None:
        rows.append([resource, begin, len(time_worked.begins), 0])
    return pd.DataFrame(rows, columns=["resource", "begin", "end", "capacity"])


def _moments(hours: WorkingHours, first: date, last: date, length: timedelta) -> list[datetime]:
    """Return when each worked period begins, in UTC."""
    zone, found = ZoneInfo(hours.zone), []
    for day in (first + timedelta(days=step) for step in range((last - first).days + 1)):
        if day.weekday() not in hours.weekdays or day in hours.closed:
            continue
        over = day if hours.ends > hours.begins else day + timedelta(days=1)
        moment = _moment(day, hours.begins, zone)
        until = _moment(over, hours.ends, zone)
        while moment < until:
            found.append(moment)
            moment += length
    return found


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day, time(), zone)
    if hour == 24:  # noqa: PLR2004  the end of a day
        return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return midnight.replace(hour=hour).astimezone(UTC)
