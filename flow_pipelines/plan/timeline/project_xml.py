"""The timeline as Microsoft Project reads it: XML in the schema of Project 2007 and later.

Belongs here: `project_xml`. Does not: where it is written to, what is in the timeline (`timeline.py`).

Project plans by itself once a file is opened. So every task holds its start: by the constraint to start no earlier, or
to start on that very time where a person fixed it. Times have no zone in this format: they are by the programme's
clocks. Names are data wherever they come from; what XML can't hold is left out of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pandas as pd

from flow_pipelines.edit_values import UNWRITABLE
from flow_pipelines.plan.timeline.clock import NAMES
from flow_pipelines.settings import EngagementSettings

NAMESPACE = "http://schemas.microsoft.com/project"
PROJECT_2007 = 12
LONGEST_NAME = 512
WORKING, ALWAYS = 1, 2
FINISH_TO_START, START_NO_EARLIER, MUST_START = 1, 4, 2
FIXED_DURATION, HOURS, WORK = 1, 5, 1
RATE_AN_HOUR = 2
# Lags are told in tenths of a minute.
LAG_OF_HOUR = 600
DAY = timedelta(days=1)


def project_xml(
    timeline: pd.DataFrame,
    links: pd.DataFrame,
    *,
    title: str,
    people: Mapping[str, int],
    rates: Mapping[str, float],
    settings: EngagementSettings,
) -> str:
    """Return the timeline as a project of Microsoft Project, grouped by wave.

    Args:
        timeline: The rows of `plan/timeline`.
        links: The rows of `plan/timeline_links`.
        title: What the project is called.
        people: How many there are of each role.
        rates: What an hour of each role costs, in USD.
        settings: The engagement's, for its calendar and time zone.

    Returns:
        An XML document; the same for the same rows, whatever their order.
    """
    zone = ZoneInfo(settings.schedule.time_zone)
    rows = timeline.sort_values(["wave_number", "planned_start", "planned_end", "task_id"], ignore_index=True)
    root = ET.Element("Project", xmlns=NAMESPACE)
    begin = settings.waves.start or settings.as_of
    start = _local(rows["planned_start"].min(), zone) if len(rows) else f"{begin}T00:00:00"
    _add(root, {
        "SaveVersion": PROJECT_2007, "Title": _text(title), "ScheduleFromStart": 1, "StartDate": start,
        "CurrencyCode": "USD", "CalendarUID": WORKING, "MinutesPerDay": settings.schedule.hours_per_day * 60,
    })  # fmt: skip
    calendars = ET.SubElement(root, "Calendars")
    _working_calendar(calendars, settings)
    _calendar(calendars, ALWAYS, "Day and night", dict.fromkeys(range(7), (0, 24)))
    uids = _tasks(ET.SubElement(root, "Tasks"), rows, links, zone)
    roles = {role: uid for uid, role in enumerate(sorted(people), start=1)}
    resources = ET.SubElement(root, "Resources")
    for role, uid in roles.items():
        told = {"UID": uid, "ID": uid, "Name": _text(role), "Type": WORK, "MaxUnits": people[role]}
        told |= {"StandardRate": f"{rates[role]:.2f}", "StandardRateFormat": RATE_AN_HOUR}
        _add(ET.SubElement(resources, "Resource"), told)
    _assignments(ET.SubElement(root, "Assignments"), rows, uids, roles, zone)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _tasks(
    parent: ET.Element, rows: pd.DataFrame, links: pd.DataFrame, zone: ZoneInfo
) -> dict[str, int]:  # fmt: skip
    """Add a summary for each wave with its tasks below; return the number of each task."""
    numbers = rows["wave_number"].astype("Int64").fillna(0).astype("int64")
    ordered = sorted(set(numbers.tolist()), key=lambda number: (number == 0, number))
    groups = {number: rows[numbers == number] for number in ordered}
    uids: dict[str, int] = {}
    for place, own in enumerate(groups.values(), start=1):
        # Each wave's summary takes a number of its own, before its tasks.
        uids |= {task: len(uids) + place + number for number, task in enumerate(own["task_id"], start=1)}
    before: dict[str, list[tuple[int, int]]] = {}
    for first, second, lag in zip(links["predecessor_id"], links["successor_id"], links["lag_hours"], strict=True):
        before.setdefault(second, []).append((uids[first], int(lag)))
    for number, own in groups.items():
        name = f"Wave {number}" if number else "Without a wave"
        uid = uids[own["task_id"].iloc[0]] - 1
        summary = {"UID": uid, "ID": uid, "Name": name}
        times = {"Start": _local(own["planned_start"].min(), zone), "Finish": _local(own["planned_end"].max(), zone)}
        _add(ET.SubElement(parent, "Task"), {**summary, "OutlineLevel": 1, **times, "Summary": 1})
        for row in own.to_dict("records"):
            _task(ET.SubElement(parent, "Task"), row, uids, sorted(before.get(row["task_id"], [])), zone)
    return uids


def _task(
    element: ET.Element,
    row: Mapping[Any, Any],
    uids: Mapping[str, int],
    before: list[tuple[int, int]],
    zone: ZoneInfo,
) -> None:
    start = _local(row["planned_start"], zone)
    is_fixed = row["waits_for"] == "fixed"
    told = {
        "UID": uids[row["task_id"]], "ID": uids[row["task_id"]], "Name": _text(row["task_name"]),
        "Type": FIXED_DURATION, "OutlineLevel": 2, "Start": start, "Finish": _local(row["planned_end"], zone),
        "Duration": _duration(row["duration_hours"]), "DurationFormat": HOURS, "EffortDriven": 0,
        "Milestone": int(row["kind"] == "milestone"), "Summary": 0, "Critical": int(row["is_critical"]),
        "ConstraintType": MUST_START if is_fixed else START_NO_EARLIER,
        "CalendarUID": ALWAYS if row["kind"] == "cutover" else WORKING, "ConstraintDate": start,
    }  # fmt: skip
    if not pd.isna(row["deadline"]):
        told["Deadline"] = f"{row['deadline']}T23:59:00"
    told |= {"IgnoreResourceCalendar": int(row["kind"] == "cutover"), "Notes": _text(row["reason"])}
    _add(element, told)
    for uid, lag in before:
        link = ET.SubElement(element, "PredecessorLink")
        _add(link, {"PredecessorUID": uid, "Type": FINISH_TO_START, "LinkLag": lag * LAG_OF_HOUR, "LagFormat": HOURS})


def _assignments(
    parent: ET.Element,
    rows: pd.DataFrame,
    uids: Mapping[str, int],
    roles: Mapping[str, int],
    zone: ZoneInfo,
) -> None:
    working = rows[rows["people"].notna()]
    for uid, row in enumerate(working.to_dict("records"), start=1):
        people = int(row["people"])
        _add(ET.SubElement(parent, "Assignment"), {
            "UID": uid, "TaskUID": uids[row["task_id"]], "ResourceUID": roles[row["role"]],
            "Finish": _local(row["planned_end"], zone), "Start": _local(row["planned_start"], zone),
            "Units": people, "Work": _duration(people * row["duration_hours"]),
        })  # fmt: skip


def _working_calendar(parent: ET.Element, settings: EngagementSettings) -> None:
    own = settings.schedule
    hours = own.day_begins, own.day_begins + own.hours_per_day
    days = {NAMES.index(name) for name in own.working_days} or set(range(5))
    calendar = _calendar(parent, WORKING, "Working hours", dict.fromkeys(sorted(days), hours))
    closed = [(day, day, "Holiday") for day in own.holidays]
    closed += [(one.begin, one.end, one.reason) for one in settings.waves.blackouts]
    if not closed:
        return
    exceptions = ET.SubElement(calendar, "Exceptions")
    for first, last, reason in sorted(closed):
        exception = ET.SubElement(exceptions, "Exception")
        _add(exception, {"EnteredByOccurrences": 0})
        _period(exception, first, last)
        _add(exception, {"Occurrences": (last - first).days + 1, "Name": _text(reason), "Type": 1, "DayWorking": 0})


def _calendar(
    parent: ET.Element, uid: int, name: str, hours: Mapping[int, tuple[int, int]]
) -> ET.Element:  # fmt: skip
    """Add a calendar with the hours that are worked on each day of the week, Monday being 0."""
    calendar = ET.SubElement(parent, "Calendar")
    _add(calendar, {"UID": uid, "Name": name, "IsBaseCalendar": 1})
    week = ET.SubElement(calendar, "WeekDays")
    for weekday in (6, 0, 1, 2, 3, 4, 5):
        day = ET.SubElement(week, "WeekDay")
        # Sunday is 1 in this format.
        _add(day, {"DayType": (weekday + 1) % 7 + 1, "DayWorking": int(weekday in hours)})
        if weekday in hours:
            begin, end = hours[weekday]
            time = ET.SubElement(ET.SubElement(day, "WorkingTimes"), "WorkingTime")
            _add(time, {"FromTime": f"{begin:02}:00:00", "ToTime": f"{end % 24:02}:00:00"})
    return calendar


def _period(parent: ET.Element, first: date, last: date) -> None:
    period = ET.SubElement(parent, "TimePeriod")
    _add(period, {"FromDate": f"{first}T00:00:00", "ToDate": f"{last}T23:59:00"})


def _add(parent: ET.Element, told: Mapping[str, object]) -> None:
    for name, value in told.items():
        ET.SubElement(parent, name).text = str(value)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def _duration(hours: int) -> str:
    return f"PT{int(hours)}H0M0S"


def _text(words: str) -> str:
    return UNWRITABLE.sub("", words)[:LONGEST_NAME]
