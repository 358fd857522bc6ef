"""The timeline as calendars read it: iCalendar, as RFC 5545 has it.

Belongs here: `calendar_file`. Does not: where it is written to, which tasks go into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pandas as pd

from flow_pipelines.edit_values import UNWRITABLE

# A line has no more octets than this, its end not counted; what is longer goes on after a blank.
LONGEST_LINE = 75
DOMAIN = "flow-pipelines"


def calendar_file(timeline: pd.DataFrame, *, name: str, as_of: date) -> str:
    """Return tasks as events of a calendar, in order of time.

    Args:
        timeline: Rows of `plan/timeline`.
        name: What the calendar is called.
        as_of: The day that stands for when the events were told, so that the same rows give the same file.

    Returns:
        An iCalendar object; times are in UTC, a task that takes no time has no end.
    """
    stamp = _moment(datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{DOMAIN}//timeline//EN", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{_text(name)}")
    for row in timeline.sort_values(["planned_start", "planned_end", "task_id"]).to_dict("records"):
        lines += ["BEGIN:VEVENT", f"UID:{row['task_id']}@{DOMAIN}", f"DTSTAMP:{stamp}"]
        lines.append(f"DTSTART:{_moment(row['planned_start'])}")
        if row["planned_end"] > row["planned_start"]:
            lines.append(f"DTEND:{_moment(row['planned_end'])}")
        lines += [f"SUMMARY:{_text(row['task_name'])}", f"DESCRIPTION:{_text(_description(row))}"]
        lines += [f"CATEGORIES:{_text(row['kind'])}", "TRANSP:TRANSPARENT", "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _description(row: dict[object, object]) -> str:
    who = "" if pd.isna(row["role"]) else f"{row['people']} of {row['role']}. "  # type: ignore[call-overload]
    conflict = row.get("conflict")
    return f"{who}{row['reason']}" + (f" {conflict}" if isinstance(conflict, str) else "")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: object) -> str:
    """Return text in which nothing ends a value or a line, or hides what is beside it."""
    whole = UNWRITABLE.sub("", str(words).replace("\r\n", "\n").replace("\r", "\n"))
    for sign in ("\\", ";", ","):
        whole = whole.replace(sign, f"\\{sign}")
    return whole.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Yield the parts of a line, none of them cut within a letter; all but the first begin with a blank."""
    part, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > LONGEST_LINE:
            yield part
            part, size = " ", 1
        part += letter
        size += octets
    yield part
