"""What is written for Microsoft Project and calendars says what the timeline says, whatever names are like."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.plan.resource.load import rates_of
from flow_pipelines.plan.timeline.calendar_file import calendar_file
from flow_pipelines.plan.timeline.capacity import people_of
from flow_pipelines.plan.timeline.project_xml import NAMESPACE, project_xml
from tests.flow_pipelines.plan.timeline.programmes import BEGIN, programme, settings_of, timeline_of

TEXT = (
    "schedule: {effort_seconds: 0.2, time_zone: Europe/Zurich, holidays: [2026-08-03]}\n"
    "waves: {blackouts: [{begin: 2026-12-20, end: 2027-01-03, reason: '<year> & end'}]}"
)
MADE = timeline_of(programme(1, 2), TEXT)
HOSTILE = st.text(st.characters(codec="utf-8"), min_size=1, max_size=120)


def document(tasks: pd.DataFrame = MADE.tasks, links: pd.DataFrame = MADE.links) -> str:
    own = settings_of(TEXT)
    return project_xml(tasks, links, title="acme/dc-exit", people=people_of(own), rates=rates_of(own), settings=own)


def read_project(text: str) -> list[dict[str, str]]:
    root = ET.fromstring(text)  # noqa: S314  (our own)
    assert root.tag == f"{{{NAMESPACE}}}Project"
    found = root.findall(f".//{{{NAMESPACE}}}Tasks/{{{NAMESPACE}}}Task")
    return [{one.tag.split("}")[1]: one.text or "" for one in task} for task in found]


def read_calendar(text: str) -> list[dict[str, str]]:
    """Unfold and unescape by the rules of RFC 5545; shares no code with what writes."""
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    events: list[dict[str, str]] = []
    for line in re.sub(r"\r\n[ \t]", "", text).split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events:
            events[-1][name] = re.sub(r"\\(.)", lambda one: "\n" if one[1] in "nN" else one[1], value)
    return events


def test_every_task_is_in_the_project_with_its_times_by_the_programmes_clocks() -> None:
    tasks = {task["Name"]: task for task in read_project(document())}
    zone = ZoneInfo("Europe/Zurich")
    for row in MADE.tasks.to_dict("records"):
        task = tasks[row["task_name"]]
        starts = datetime.fromisoformat(task["Start"]).replace(tzinfo=zone)
        assert (starts, task["Duration"]) == (row["planned_start"], f"PT{row['duration_hours']}H0M0S")
        assert task["ConstraintDate"] == task["Start"]
    assert {"Wave 1", "Wave 2"} <= set(tasks)
    assert len({task["UID"] for task in tasks.values()}) == len(tasks) == len(MADE.tasks) + 2


def test_every_link_and_everybodys_work_is_in_the_project() -> None:
    root = ET.fromstring(document())  # noqa: S314  (our own)
    space = {"p": NAMESPACE}
    tasks = root.findall(".//p:Task", space)
    names = {one.findtext("p:UID", "", space): one.findtext("p:Name", "", space) for one in tasks}
    found = {
        (names[link.findtext("p:PredecessorUID", "", space)], task.findtext("p:Name", "", space))
        for task in tasks
        for link in task.iterfind("p:PredecessorLink", space)
    }
    assert found == set(zip(MADE.links["predecessor_name"], MADE.links["successor_name"], strict=True))
    lags = [int(one.text or 0) for one in root.iterfind(".//p:LinkLag", space)]
    assert sorted(lags) == sorted(MADE.links["lag_hours"] * 600)
    work = [int(re.findall(r"\d+", one.text or "")[0]) for one in root.iterfind(".//p:Assignment/p:Work", space)]
    assert sum(work) == (MADE.tasks["people"] * MADE.tasks["duration_hours"]).sum()
    reasons = [one.text for one in root.iterfind(".//p:Exception/p:Name", space)]
    assert reasons == ["Holiday", "<year> & end"]


def test_row_order_changes_no_file() -> None:
    assert document(MADE.tasks.iloc[::-1], MADE.links.iloc[::-1]) == document()
    assert calendar_file(MADE.tasks.iloc[::-1], name="x", as_of=BEGIN) == calendar_file(
        MADE.tasks, name="x", as_of=BEGIN
    )


@settings(max_examples=40)
@given(HOSTILE)
def test_no_name_breaks_out_of_a_file(name: str) -> None:
    tasks = MADE.tasks.head(1).assign(task_name=name, reason=name)
    no_links = MADE.links.iloc[:0]
    assert len(read_project(document(tasks, no_links))) == 2
    events = read_calendar(calendar_file(tasks, name=name, as_of=BEGIN))
    assert len(events) == 1
    assert set(events[0]) >= {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "DESCRIPTION"}


@settings(max_examples=40)
@given(st.text(st.sampled_from('aß€😀;,:\\\n "'), min_size=1, max_size=200))
def test_a_calendar_gives_names_back(name: str) -> None:
    tasks = MADE.tasks.head(1).assign(task_name=name)
    assert read_calendar(calendar_file(tasks, name="x", as_of=BEGIN))[0]["SUMMARY"] == name


def test_a_calendar_has_every_task_in_utc() -> None:
    events = {
        event["SUMMARY"]: event for event in read_calendar(calendar_file(MADE.tasks, name="x", as_of=date(2026, 6, 29)))
    }
    for row in MADE.tasks.to_dict("records"):
        event = events[row["task_name"]]
        starts = datetime.strptime(event["DTSTART"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        assert starts == row["planned_start"]
        assert ("DTEND" in event) == (row["planned_end"] > row["planned_start"])
        assert event["DTSTAMP"] == "20260629T000000Z"


def test_an_empty_timeline_is_an_empty_project_and_calendar() -> None:
    assert read_project(document(MADE.tasks.iloc[:0], MADE.links.iloc[:0])) == []
    assert read_calendar(calendar_file(MADE.tasks.iloc[:0], name="x", as_of=BEGIN)) == []
