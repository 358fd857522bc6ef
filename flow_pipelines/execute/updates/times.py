"""When something happened: moments as people and tools write them, with and without a zone, with and without a time.

Belongs here: that. Does not: notations of dates, which are Discovery's (`discovery/cleansing/dates.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flow_pipelines.discovery.cleansing.dates import month_is_first, timestamp
from flow_pipelines.settings_schedule import ScheduleSettings
from flow_pipelines.tables.execute.progress import IN_PROGRESS, PLANNED

TIME_OF_DAY = re.compile(r"\d:\d{2}")
ZONE = re.compile(r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$")
# Clocks on earth are between 12 hours behind UTC and 14 before it.
NO_ZONE = re.compile(r":\d{2}(?:[.,]\d+)?\s*[+-](?!(?:0\d|1[0-4]):?[0-5]\d$)\d{2}:?\d{2}$")
# Seconds or milliseconds since 1970 are of no place; a day of a spreadsheet is of where it was written.
SINCE_1970 = re.compile(r"\d{10,}(?:\.\d+)?")
FRACTION_OF_DAY = re.compile(r"\d{5}\.\d*[1-9]\d*")
ODD_WORDS = re.compile(r"\s*(?:Uhr|h|o'clock)$", re.IGNORECASE)
AT_BEGIN = (PLANNED, IN_PROGRESS)


def month_order(cells: Iterable[str]) -> bool | None:
    """Tell whether a file writes the month first, from all its cells that tell times; None if they do not show it."""
    texts = list(map(_bare, cells))
    found = {month_is_first(texts, default) for default in ("day first", "month first")}
    return found.pop() if len(found) == 1 else None


def is_by_order(cell: str) -> bool:
    """Tell whether a cell is another day if the month is written first."""
    return timestamp(_bare(cell), month_first=True).value != timestamp(_bare(cell), month_first=False).value


def is_day(cell: str) -> bool:
    """Tell whether a cell that tells a moment tells the day alone."""
    text = _bare(cell)
    return not any((TIME_OF_DAY.search(text), FRACTION_OF_DAY.fullmatch(text), SINCE_1970.fullmatch(text)))


def read_moment(cell: str, state: str, schedule: ScheduleSettings, *, month_first: bool) -> datetime | None:
    """Read when a state was reached.

    Args:
        cell: A date, with or without time and zone, a spreadsheet's number of days, or seconds since 1970.
        state: The state. A day without a time stands for the begin of its working hours if work is begun, for their
            end if it ends, so that of two things told of one day the begin comes first.
        schedule: By whose clocks a moment without a zone is told, and when a working day begins and ends.
        month_first: Whether 03/04/2026 is 4 March.

    Returns:
        The moment in UTC; None if the cell tells none.
    """
    text = _bare(cell)
    read = timestamp(text, month_first=month_first).value
    if not isinstance(read, datetime) or NO_ZONE.search(text):
        return None
    if (ZONE.search(text) and TIME_OF_DAY.search(text)) or SINCE_1970.fullmatch(text):
        return read.astimezone(UTC)
    if is_day(text):
        hours = schedule.day_begins + (0 if state in AT_BEGIN else schedule.hours_per_day)
        read = read.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    return read.replace(tzinfo=ZoneInfo(schedule.time_zone)).astimezone(UTC)


def _bare(cell: str) -> str:
    return re.sub(r"\s*GMT$", "Z", ODD_WORDS.sub("", cell.strip()))
