"""The programme's calendar: on which days work is done, and which days a change may touch.

Belongs here: counting working days around weekends and black-outs. Does not: what is done on them (`steps.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flow_pipelines.errors import SettingsError
from flow_pipelines.settings import Blackout

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SATURDAY = 5
# A programme that would end later than this is a mistake in the settings, and would be counted to day by day.
LONGEST_YEARS = 100


@dataclass(frozen=True)
class Calendar:
    """Monday to Friday are working days; on a day of a black-out nothing is worked on and nothing is changed.

    Attributes:
        begin: The programme's first day.
        blackouts: Days on which nothing may be changed; both ends belong to them.
    """

    begin: date
    blackouts: Sequence[Blackout] = ()

    def blackout_on(self, first: date, last: date) -> Blackout | None:
        """Return the first black-out that shares a day with a span of days, both ends included."""
        hits = [one for one in self.blackouts if one.begin <= last and first <= one.end]
        return min(hits, key=lambda one: (one.begin, one.end, one.reason), default=None)

    def is_working_day(self, day: date) -> bool:
        """Tell whether work is done on a day."""
        return day.weekday() < SATURDAY and self.blackout_on(day, day) is None

    def working_day_from(self, day: date) -> date:
        """Return the first working day that is not before a day.

        Raises:
            SettingsError: There is none within a hundred years of the programme's begin.
        """
        while not self.is_working_day(day):
            blackout = self.blackout_on(day, day)
            day = self._within_reach(blackout.end if blackout else day) + DAY
        return self._within_reach(day)

    def last_of(self, first: date, working_days: int) -> date:
        """Return the last day of a piece of work that starts on a day and takes some working days, at least one."""
        day = self.working_day_from(first)
        for _ in range(working_days - 1):
            day = self.working_day_from(day + DAY)
        return day

    def window_from(self, day: date, weekday: int, days: int) -> date:
        """Return the first day of the first window that is not before a day and clear of black-outs.

        Args:
            day: The first day that will do.
            weekday: On which day of the week a window begins, 0 for Monday.
            days: How many days on end it takes.
        """
        first = day + (weekday - day.weekday()) % 7 * DAY
        while blackout := self.blackout_on(first, first + (days - 1) * DAY):
            after = self._within_reach(blackout.end) + DAY
            first = max(first + WEEK, after + (weekday - after.weekday()) % 7 * DAY)
        return self._within_reach(first)

    def _within_reach(self, day: date) -> date:
        if day.year - self.begin.year <= LONGEST_YEARS:
            return day
        raise SettingsError(
            f"The roadmap does not end within {LONGEST_YEARS} years of {self.begin}.",
            remedy="Shorten the black-outs or raise roadmap.team_days_per_week.",
        )
