"""The plan from files to approval, with people's word in it, by the commands that people use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flow_pipelines.cli.run_flow import run_phase
from flow_pipelines.flows import flow_named
from resources.edits import EditStore
from resources.installation import Installation
from tests.assets_defs.engagements import Engagement
from tests.corrected_workbook import corrected

PLAN = "assess/plan_of_record"
FIXED = ("web01", "web02")
ESTATE = """hostname,ip_address,os,cpus,memory mb,environment,criticality
web01,10.1.1.1,RHEL 9,4,8192,production,critical
web02,10.1.1.2,RHEL 9,4,8192,test,low
web03,10.1.1.3,RHEL 9,4,8192,development,low
"""


class Assessed(Engagement):
    """An engagement whose plan of record is looked at."""

    def approvals_that_count(self) -> list[bool]:
        return [one["counts"] for one in json.loads(self.command("approvals", "--json"))]

    def plan(self) -> dict[str, dict[Any, Any]]:
        """Return the rows of the plan of record by name."""
        return {row["workload_name"]: row for row in self.frame(PLAN).to_dict("records")}


@pytest.fixture(scope="module")
def engagement(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Assessed:
    """An engagement that was assessed, and again with production and test put into wave 1 by a person."""
    opened = Assessed(installation, tmp_path_factory.mktemp("estate"), ESTATE)
    opened.run("discovery", "assess")
    waves = {name: row["wave_number"] for name, row in opened.plan().items()}
    assert waves["web01"] > 1, "Nothing keeps production apart, so moving it would prove nothing."
    for name in FIXED:
        opened.edit("plan_of_record", name, "wave_number", "1")
    opened.run("assess")
    return opened


def test_a_wave_that_a_person_set_stays_and_what_it_breaks_has_a_price(engagement: Assessed) -> None:
    plan = engagement.plan()
    assert {name: plan[name]["wave_number"] for name in FIXED} == dict.fromkeys(FIXED, 1)
    assert {name: row["wave_decided_by"] for name, row in plan.items()} == {
        "web01": "person",
        "web02": "person",
        "web03": "rule",
    }
    prices = {
        (row["kind"], row["wave_number"]): row["price"]
        for row in engagement.frame("assess/wave_conditions").to_dict("records")
    }
    assert prices["mixed_wave", 1] > 0


def test_the_plan_tells_what_a_person_changed_and_what_it_costs(engagement: Assessed) -> None:
    row = engagement.plan()["web01"]
    assert row["decision_price"] > 0
    assert row["computed_wave_number"] > 1
    assert any("Ann" in change for change in row["changes"])


def test_what_if_tells_which_workload_would_move_and_writes_nothing(engagement: Assessed) -> None:
    before = engagement.store.current(engagement.scope)
    edits = EditStore(engagement.installation.database)
    made = edits.all(engagement.scope)
    told = json.loads(engagement.command("what-if", "plan_of_record", "web03", "wave_number", "4", "--json"))
    moved = {one["name"]: one["after"] for one in told["workloads"] if one["column"] == "wave_number"}
    assert moved == {"web03": 4}
    assert told["problems"] == []
    assert engagement.store.current(engagement.scope) == before
    assert edits.all(engagement.scope) == made


def test_an_approval_counts_until_the_plan_changes(engagement: Assessed) -> None:
    engagement.command("approve", "--by", "Ann", "--reason", "agreed in the board")
    assert engagement.approvals_that_count() == [True]
    engagement.edit("plan_of_record", "web03", "status", "on hold")
    run_phase(engagement.installation, engagement.scope, flow_named("assess"), "editor")
    assert engagement.plan()["web03"]["status"] == "on hold"
    assert engagement.approvals_that_count() == [False]


def test_a_plan_that_was_corrected_in_a_workbook_is_planned_around_and_approved(
    engagement: Assessed, tmp_path: Path
) -> None:
    workbook = tmp_path / "plan.xlsx"
    engagement.command("edit export", PLAN, str(workbook))
    path = corrected(workbook, "web03", wave_number=3, treatment="replatform", owner="Bob")
    words = ("--by", "Bob", "--reason", "agreed with the owners")
    assert "3 edits were made" in engagement.command("edit apply", str(path), *words)
    engagement.run("assess")
    row = engagement.plan()["web03"]
    assert (row["wave_number"], row["treatment"], row["owner"]) == (3, "replatform", "Bob")
    assert (row["wave_decided_by"], row["treatment_decided_by"]) == ("person", "person")
    assert {name: engagement.plan()[name]["wave_number"] for name in FIXED} == dict.fromkeys(FIXED, 1)
    engagement.command("approve", *words)
    assert engagement.approvals_that_count()[-1]
