"""The timeline from files to Dagster, with people's word in it, by the commands that people use."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from flow_pipelines.cli.run_flow import run_phase
from flow_pipelines.flows import flow_named
from flow_pipelines.plan.timeline.project_xml import NAMESPACE
from resources.artefacts import FOLDER
from resources.installation import Installation
from tests.assets_defs.engagements import Engagement

TIMELINE = "plan/timeline"
PREPARE, CUTOVER = "web01: prepare", "web01: cutover"
ESTATE = """hostname,ip_address,os,cpus,memory mb,disk gb,environment,criticality
web01,10.1.1.1,RHEL 9,4,8192,100,test,low
web02,10.1.1.2,RHEL 9,4,8192,100,test,low
"""


class Scheduled(Engagement):
    """An engagement whose timeline is looked at."""

    def tasks(self) -> dict[str, dict[Any, Any]]:
        return {row["task_name"]: row for row in self.frame(TIMELINE).to_dict("records")}


@pytest.fixture(scope="module")
def engagement(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Scheduled:
    """An engagement with an approved plan, and a timeline of it."""
    opened = Scheduled(installation, tmp_path_factory.mktemp("estate"), ESTATE)
    opened.run_to_plan()
    return opened


def test_every_workload_is_prepared_and_cut_over_as_the_roadmap_says(engagement: Scheduled) -> None:
    tasks = engagement.tasks()
    for row in engagement.frame("assess/plan_of_record").to_dict("records"):
        cutover = tasks[f"{row['workload_name']}: cutover"]
        assert tasks[f"{row['workload_name']}: prepare"]["planned_start"].date() >= row["start_date"]
        assert cutover["planned_start"].date() >= row["cutover_date"]
        assert cutover["planned_start"].weekday() >= 5


def test_a_start_that_a_person_fixed_stays_and_what_moved_is_told(engagement: Scheduled) -> None:
    before = engagement.tasks()
    moment = before[CUTOVER]["planned_start"] + timedelta(weeks=4)
    words = ("--by", "Ann", "--reason", "the owner is away until then")
    engagement.command("edit set", "timeline", CUTOVER, "fixed_start", moment.isoformat(), *words)
    for _ in range(2):
        run_phase(engagement.installation, engagement.scope, flow_named("plan"), "timeline")
        after = engagement.tasks()
        row = after[CUTOVER]
        assert (row["planned_start"], row["fixed_start"], row["decided_by"]) == (moment, moment, "Ann")
        assert row["computed_start"] == before[CUTOVER]["planned_start"]
    assert after["web01: decommission"]["moved_hours"] > 0
    assert after["web01: decommission"]["planned_start"] > before["web01: decommission"]["planned_start"]
    assert after[PREPARE]["planned_start"] == before[PREPARE]["planned_start"]


def test_the_timeline_is_there_as_picture_project_and_calendar(engagement: Scheduled) -> None:
    scope = engagement.scope
    folder = engagement.installation.state / FOLDER / scope.client / scope.engagement / TIMELINE
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert set(files) == {"gantt.svg", "timeline.xml", "timeline.ics", "cutovers.ics"}
    assert "web01" in files["gantt.svg"]
    assert len(ET.fromstring(files["timeline.xml"]).findall(f".//{{{NAMESPACE}}}Assignment")) > 0  # noqa: S314  (ours)
    assert files["timeline.ics"].count("BEGIN:VEVENT") == len(engagement.tasks())
    assert 0 < files["cutovers.ics"].count("BEGIN:VEVENT") < len(engagement.tasks())


def test_the_hours_of_all_tasks_are_in_the_resource_plan_with_a_heat_map(engagement: Scheduled) -> None:
    tasks = [row for row in engagement.tasks().values() if row["role"] and row["people"] > 0]
    loads = engagement.frame("plan/resource_plan").to_dict("records")
    needed = sum(row["people"] * row["duration_hours"] for row in tasks)
    assert sum(row["hours_needed"] for row in loads) == needed > 0
    scope = engagement.scope
    folder = engagement.installation.state / FOLDER / scope.client / scope.engagement / "plan" / "resource_plan"
    assert [path.name for path in folder.iterdir()] == ["heat_map.svg"]


def test_a_task_can_be_traced_to_the_files(engagement: Scheduled) -> None:
    task = engagement.tasks()[CUTOVER]["task_id"]
    assert "servers.csv" in json.dumps(json.loads(engagement.command("trace", task, "--json")))
