"""Dates and times of every notation that sources use.

Belongs here: reading them, and deciding day or month first for a column. Does not: what a date means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from flow_pipelines.discovery.cleansing.cells import Cleansed, quoted, rule
from flow_pipelines.reference.vocabularies import vocabularies

TIME = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,](\d{1,6})\d*)?\s*([AaPp][Mm])?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?"
YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){TIME}")
YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){TIME}")
DAY_MONTH = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?[-. /]*(?:de )?([^\W\d_]{{3,}})[-. /,]*(?:de )?(\d{{4}}|\d{{2}}){TIME}"
)
MONTH_DAY = re.compile(rf"([^\W\d_]{{3,}})[-. ]*(\d{{1,2}})(?:st|nd|rd|th)?[-. ,]+(\d{{4}}){TIME}")
COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
DIGITS = re.compile(r"\d+(?:\.\d+)?")
EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
# A bare number is a day of a spreadsheet from 1982 to 2091, or seconds or milliseconds since 1970 from 2001 to 2096.
EXCEL_DAYS = (30_000, 70_000)
SECONDS = (1_000_000_000, 4_000_000_000)
# Nothing that is migrated was installed before or is planned after; 0001, 1900, 1970 and 9999 stand for no date.
YEARS = (1980, 2100)
LATEST_MONTH = 12
CENTURY_TURN = 70


def month_is_first(cells: Iterable[str], default: str) -> bool:
    """Tell whether a column writes 01/31/2024, from its cells; `default` (`month first`) decides where they don't."""
    day_first = month_first = 0
    for cell in cells:
        matched = YEAR_LAST.fullmatch(cell.strip())
        if matched:
            first, second = int(matched.group(1)), int(matched.group(2))
            day_first += first > LATEST_MONTH >= second
            month_first += second > LATEST_MONTH >= first
    return month_first > day_first if month_first != day_first else default == "month first"


def timestamp(cell: str, *, month_first: bool) -> Cleansed:
    """Cleanse a point in time; without a zone it is taken as UTC."""
    moment = _moment(cell.strip(), month_first=month_first)
    if moment is None:
        return _no_date(cell)
    same = cell.strip().replace(" ", "T") in {moment.isoformat(), moment.replace(tzinfo=None).isoformat()}
    return Cleansed(moment, None if same else rule("date_format"))


def day(cell: str, *, month_first: bool) -> Cleansed:
    """Cleanse a date; a time in the cell is dropped."""
    moment = _moment(cell.strip(), month_first=month_first)
    if moment is None:
        return _no_date(cell)
    value: date = moment.date()
    return Cleansed(value, None if value.isoformat() == cell.strip() else rule("date_format"))


def _no_date(cell: str) -> Cleansed:
    return Cleansed(None, rule("date"), f"{quoted(cell)} is no date between {YEARS[0]} and {YEARS[1]}")


def _moment(text: str, *, month_first: bool) -> datetime | None:
    try:
        moment = _read(text, month_first=month_first)
    except (ValueError, OverflowError):
        return None
    return moment if moment and YEARS[0] <= moment.year <= YEARS[1] else None


def _read(text: str, *, month_first: bool) -> datetime | None:
    if matched := YEAR_FIRST.fullmatch(text) or COMPACT.fullmatch(text):
        year, month, day_of_month, *time = matched.groups()
    elif matched := YEAR_LAST.fullmatch(text):
        first, second, year, *time = matched.groups()
        month, day_of_month = (first, second) if month_first else (second, first)
        if int(month) > LATEST_MONTH >= int(day_of_month):
            month, day_of_month = day_of_month, month
    elif matched := DAY_MONTH.fullmatch(text):
        day_of_month, word, year, *time = matched.groups()
        month = vocabularies().value("month", word)
    elif matched := MONTH_DAY.fullmatch(text):
        word, day_of_month, year, *time = matched.groups()
        month = vocabularies().value("month", word)
    else:
        return _from_number(float(text)) if DIGITS.fullmatch(text) else None
    if month is None:
        return None
    return _with_time(datetime(_whole_year(year), int(month), int(day_of_month), tzinfo=UTC), time)


def _whole_year(text: str) -> int:
    if len(text) > 2:  # noqa: PLR2004  (two digits leave the century out)
        return int(text)
    return int(text) + (2000 if int(text) < CENTURY_TURN else 1900)


def _with_time(start: datetime, parts: Sequence[str | None]) -> datetime:
    if not parts:
        return start
    hour, minute, second, fraction, half, zone = parts
    if hour is None:
        return start
    hours = int(hour) % 12 + (12 if half.casefold() == "pm" else 0) if half else int(hour)
    microsecond = int((fraction or "0").ljust(6, "0"))
    moment = start.replace(hour=hours, minute=int(minute or 0), second=int(second or 0), microsecond=microsecond)
    if zone and zone not in {"Z", "UTC"}:
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment -= offset if zone[0] == "+" else -offset
    return moment


def _from_number(number: float) -> datetime | None:
    if EXCEL_DAYS[0] <= number <= EXCEL_DAYS[1]:
        return EXCEL_EPOCH + timedelta(seconds=round(number * 86_400))
    for scale in (1, 1000):
        if SECONDS[0] <= number / scale <= SECONDS[1]:
            return datetime.fromtimestamp(number / scale, tz=UTC)
    return None
