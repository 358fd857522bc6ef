"""Execute's overview from files to Dagster: what is told by file and by command, and what starts by itself."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, RunRequest, build_sensor_context
from dagster._core.definitions.partitions.context import partition_loading_context
from typer.testing import CliRunner

from assets_defs.definitions import build_definitions
from assets_defs.partitions import register
from flow_pipelines.cli.main import app
from flow_pipelines.cli.run_flow import run_flow
from flow_pipelines.errors import InputError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation, landing_root
from resources.landing import ANALYSIS, UPDATES, Landing
from resources.snapshots import SnapshotStore
from tests.conftest import new_engagement
from tests.flow_pipelines.modernize.estates import landed

ESTATE = """hostname,ip_address,os,cpus,memory mb,disk gb,environment,criticality
web01,10.1.1.1,RHEL 9,4,8192,100,test,low
web02,10.1.1.2,RHEL 9,4,8192,100,test,low
"""
# However long a look takes on a machine with much to do, the file was touched just now.
STILL_ARRIVING = time.time() + 3_600
TOLD = """Aufgabe;Status;Zeitpunkt;Von;Bemerkung
web01: prepare;erledigt;03.03.2026 15:00;Jörg;
web02: prepare;läuft;03.03.2026 15:00;Jörg;
web03: prepare;erledigt;03.03.2026 15:00;Jörg;
"""


class Engagement:
    """An engagement whose people speak to it by `flow`, and the sensor's look at it."""

    def __init__(self, installation: Installation, instance: DagsterInstance) -> None:
        self.installation, self.instance, self.scope = installation, instance, new_engagement(installation)
        register(instance, self.scope)

    def command(self, name: str, *words: str) -> str:
        finished = CliRunner(env={"COLUMNS": "250"}).invoke(app, [*name.split(), str(self.scope), *words])
        if finished.exception:
            raise finished.exception
        return finished.stdout

    def run(self, *flows: str) -> None:
        for flow in flows:
            run_flow(self.installation, self.scope, flow_named(flow))

    def rows(self, table_key: str) -> list[dict[Any, Any]]:
        store = SnapshotStore(self.installation.database)
        return store.read(self.scope, store.current(self.scope)[table_key]).to_dict("records")

    def tasks(self, *words: str) -> dict[str, dict[str, Any]]:
        return {row["task_name"]: row for row in json.loads(self.command("task list", *words, "--json"))}

    def look(self, name: str = "updates") -> list[RunRequest]:
        context = build_sensor_context(self.instance, repository_def=build_definitions().get_repository_def())
        with partition_loading_context(dynamic_partitions_store=self.instance):
            sensor = build_definitions().get_repository_def().get_sensor_def(name)
            requests = sensor.evaluate_tick(context).run_requests or []
        return [one for one in requests if one.partition_key == self.scope.partition_key]


@pytest.fixture(scope="module")
def engagement(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    """An engagement that has got as far as Execute, on an instance of its own."""
    opened = Engagement(installation, DagsterInstance.ephemeral())
    file = tmp_path_factory.mktemp("estate") / "servers.csv"
    file.write_text(ESTATE, encoding="utf-8")
    Landing(landing_root()).land(opened.scope, [file])
    opened.run("discovery", "assess")
    opened.command("approve", "--by", "Ann", "--reason", "agreed in the board")
    opened.run("plan")
    with pytest.raises(InputError, match="Execute has not run yet"):
        opened.command("task list")
    assert opened.look() == []
    waiting = tmp_path_factory.mktemp("told") / "too early.csv"
    waiting.write_text("Task,State\n", encoding="utf-8")
    assert json.loads(opened.command("task import", str(waiting), "--json"))["files"][0]["accepted"] is None
    (Landing(landing_root()).folder(opened.scope) / UPDATES / "too early.csv").unlink()
    opened.run("execute")
    return opened


def test_what_is_told_counts_and_starts_execute_alone(engagement: Engagement, tmp_path: Path) -> None:
    assert engagement.look() == []
    names = engagement.tasks()
    assert {row["state"] for row in names.values()} == {"planned"}
    assert "Wave 1: backups" in names

    file = tmp_path / "week 10.csv"
    file.write_bytes(TOLD.encode("cp1252"))
    shown = engagement.command("task import", str(file))
    assert "week 10.csv, row 4: there is no 'web03: prepare'" in shown
    assert engagement.look() == [], "it has been judged"
    assert engagement.tasks("--state", "done").keys() == {"web01: prepare"}
    (done,) = (row for row in engagement.rows("execute/task_updates") if row["state"] == "done")
    assert (done["told_by"], done["source"], done["row_number"]) == ("Jörg", "week 10.csv", 2)
    (rejected,) = engagement.rows("execute/rejected_updates")
    assert rejected["cells"]["Aufgabe"] == "web03: prepare"

    words = ("--at", "2026-03-04T10:00Z", "--by", "Ann", "--evidence", "CHG1")
    engagement.command("task set", "web02: prepare", "done", *words)
    (request,) = engagement.look()
    assert request.job_name == "execute"
    flows = {key.path[0] for key in request.asset_selection or []}
    assert flows == {"execute"}, "no other flow, and no hand-off, runs"
    engagement.run("execute")
    assert engagement.look() == []
    task = engagement.tasks()["web02: prepare"]
    assert (task["state"], task["told_by"]) == ("done", "Ann")
    (whole,) = (row for row in engagement.rows("execute/execution_overview") if row["overview_name"] == "Programme")
    assert (whole["state"], whole["done_count"]) == ("executing", 2)


def test_what_no_run_has_judged_yet_counts_for_the_command(engagement: Engagement) -> None:
    def told(state: str, hour: int, *words: str) -> str:
        at = f"2026-03-03T{hour:02}:00Z"
        return engagement.command("task set", "web02: cutover", state, "--at", at, "--by", "Ann", *words)

    assert "is said to be in progress" in told("started", 10)
    assert "is said to be rolled back" in told("rolled back", 12, "--note", "its bytes: \udcff")
    assert "says nothing new" in told("rolled back", 12, "--note", "its bytes: \udcff")
    shown = told("skipped", 11)
    assert "does not count any more: flow task: rolled back." in shown


def test_a_file_of_which_nothing_counts_is_an_error_each_time(engagement: Engagement, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("Task,State\nweb03: prepare,done\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(SystemExit) as left:
            engagement.command("task import", str(bad))
        assert left.value.code == InputError.exit_code


def test_what_is_impossible_or_unknown_is_refused_at_once(engagement: Engagement) -> None:
    words = ("--at", "2026-03-02T10:00Z", "--by", "Ann")
    engagement.command("task set", "web01: test", "done", *words)
    engagement.run("execute")
    with pytest.raises(InputError, match="was done since 2026-03-02 10:00 UTC"):
        engagement.command("task set", "web01: test", "started", "--at", "2026-03-05T10:00Z", "--by", "Ann")
    with pytest.raises(InputError, match="the likest are web01: cutover"):
        engagement.command("task set", "web01: cutovr", "done")
    with pytest.raises(InputError, match="is no state that is known"):
        engagement.command("task set", "web01: cutover", "purple")
    with pytest.raises(InputError, match="still to come"):
        engagement.command("task set", "web01: cutover", "done", "--at", "2099-01-01")
    assert engagement.look() == [], "nothing was kept"


def test_a_file_that_lands_by_itself_starts_execute_once_it_is_whole(engagement: Engagement) -> None:
    folder = Landing(landing_root()).folder(engagement.scope) / UPDATES
    (folder / "scan.pdf").write_bytes(b"%PDF-1.4")
    os.utime(folder / "scan.pdf", (STILL_ARRIVING, STILL_ARRIVING))
    assert engagement.look() == [], "it may still be arriving"
    os.utime(folder / "scan.pdf", (1_700_000_000, 1_700_000_000))
    (request,) = engagement.look()
    assert [again.run_key for again in engagement.look()] == [request.run_key], "Dagster would run it twice"
    engagement.run("execute")
    assert engagement.look() == []
    assert "scan.pdf: the file is a PDF document" in str(engagement.rows("execute/rejected_updates"))


def test_an_item_that_exists_for_its_code_alone_can_be_told_of(engagement: Engagement, tmp_path: Path) -> None:
    words = ("web02: modernize", "in progress", "--at", "2026-03-04T12:00Z", "--by", "Ann")
    with pytest.raises(InputError, match="is called 'modernize'"):
        engagement.command("task set", *words)
    early = tmp_path / "early.csv"
    early.write_text("Task,State,At,By\nweb02: modernize,started,2026-03-04T12:00Z,Ann\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        engagement.command("task import", str(early))
    result = {"ruleId": "local-files", "level": "error", "message": {"text": "It writes to a local disk."}}
    folder = Landing(landing_root()).folder(engagement.scope) / ANALYSIS
    landed(folder, {"web02/results.sarif": {"runs": [{"results": [result]}]}})
    os.utime(folder / "web02" / "results.sarif", (1_700_000_000, 1_700_000_000))
    (request,) = engagement.look("analyses")
    assert request.job_name == "execute", "Modernize has never run"
    assert {key.path[0] for key in request.asset_selection or []} == {"execute"}, "no hand-off runs"
    engagement.run("execute", "modernize")
    assert engagement.look("analyses") == []
    assert engagement.tasks()["web02: modernize"]["state"] == "in progress", "it was rejected before the file came"
    (item,) = (row for row in engagement.rows("modernize/refactor_backlog") if row["task_name"] == words[0])
    assert (item["state"], item["told_by"]) == ("in progress", "Ann")


def test_a_file_of_an_analysis_starts_what_reads_it_when_it_is_new_or_changed(engagement: Engagement) -> None:
    def lies(text: str, at: int) -> list[str | None]:
        file.write_text(text, encoding="utf-8")
        os.utime(file, (at, at))
        requests = engagement.look("analyses")
        assert [one.run_key for one in engagement.look("analyses")] == [one.run_key for one in requests], "once"
        for one in requests:
            assert {key.path[0] for key in one.asset_selection or []} == {one.job_name}, "no hand-off runs"
        return [one.run_key for one in requests if one.job_name in {"execute", "modernize"}]

    assert engagement.look("analyses") == []
    file = Landing(landing_root()).folder(engagement.scope) / ANALYSIS / "sbom.json"
    first, second = '{"bomFormat": "CycloneDX", "components": []}', "{}"
    assert lies(first, int(STILL_ARRIVING)) == [], "it may still be arriving"
    new = lies(first, 1_700_000_000)
    assert len(new) == 2
    engagement.run("execute", "modernize")
    assert engagement.look() == engagement.look("analyses") == []
    assert lies(first, 1_700_000_100) == [], "touched, and the same"
    changed = lies(second, 1_700_000_200)
    engagement.run("execute", "modernize")
    back = lies(first, 1_700_000_000)
    assert len({*new, *changed, *back}) == 6, "what was there before is news again"


def test_running_again_changes_nothing(engagement: Engagement, installation: Installation) -> None:
    store, scope = SnapshotStore(installation.database), engagement.scope
    before = {key: one.data_version for key, one in store.current(scope).items()}
    engagement.run("execute")
    assert {key: one.data_version for key, one in store.current(scope).items()} == before


def test_another_engagement_sees_nothing_of_it(engagement: Engagement, installation: Installation) -> None:
    other: Scope = new_engagement(installation, engagement.scope.client)
    assert SnapshotStore(installation.database).current(other) == {}
