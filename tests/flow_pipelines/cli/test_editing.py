from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flow_pipelines.cli.main import app
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.edits import active_edits, apply_edits
from flow_pipelines.errors import FlowError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.edits import EditStore
from resources.installation import Installation
from resources.snapshots import SnapshotStore
from tests.conftest import SETTINGS, new_engagement
from tests.corrected_workbook import corrected
from tests.flow_pipelines.discovery.identity.sources import Sources

INVENTORY = "discovery/inventory"


class Command:
    """`flow edit` on an engagement with two servers and an application."""

    def __init__(self, installation: Installation, scope: Scope) -> None:
        self.scope = scope
        self.snapshots, self.edits = SnapshotStore(installation.database), EditStore(installation.database)
        self.sources = Sources()
        self.web = self.sources.vm("web01", environment="test", cpu_count=4)
        self.sources.vm("mail07", environment="production")
        self.sources.application("Claims Portal", owner='=HYPERLINK("http://evil")')
        self.rerun()

    def rerun(self) -> None:
        edits = active_edits(self.edits.of_tables(self.scope, [INVENTORY]))
        records = self.sources.frame()
        result = resolve_inventory(records, scope=self.scope, settings=SETTINGS, edits=edits)
        frame, outcomes = apply_edits(result.inventory, output_tables()[INVENTORY], edits)
        frames = {"discovery/cleansed_records": records, INVENTORY: frame}
        written = self.snapshots.write(self.scope, frames, inputs=[], run_id="run", code_version="1")
        self.snapshots.publish(self.scope, written)
        self.edits.record_outcomes(self.scope, written[1].snapshot_id, [*result.edit_outcomes, *outcomes])

    def __call__(self, command: str, *arguments: object, reason: str | None = "she knows") -> str:
        words = ["edit", command, str(self.scope), *map(str, arguments), *(["--reason", reason] if reason else [])]
        finished = CliRunner(env={"COLUMNS": "250"}).invoke(app, words, catch_exceptions=False)
        assert finished.exit_code == 0, finished.output
        return finished.output

    def fails(self, command: str, *arguments: object) -> str:
        before = self.edits.all(self.scope)
        with pytest.raises(FlowError) as refused:
            self(command, *arguments, reason=None if command == "export" else "she knows")
        assert self.edits.all(self.scope) == before
        return refused.value.problem

    def listed(self) -> list[dict[str, Any]]:
        return json.loads(self("list", "--json", reason=None))  # type: ignore[no-any-return]


@pytest.fixture
def flow(installation: Installation, scope: Scope) -> Command:
    return Command(installation, scope)


def test_a_cell_is_set_by_name_and_the_command_says_what_makes_it_take_effect(flow: Command) -> None:
    shown = flow("set", "inventory", "web01", "environment", "production", "--by", "ann")
    assert "test becomes production" in shown
    assert f"flow run {flow.scope} --flow discovery" in shown
    listed = flow.listed()
    assert [(one["actor"], one["state"], one["old_value"], one["new_value"]) for one in listed] == [
        ("ann", "pending", "test", "production")
    ]
    flow.rerun()
    assert flow.listed()[0]["state"] == "applied"


def test_who_makes_an_edit_is_the_user_of_the_system_unless_said(
    flow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "carla")
    flow("set", "inventory", "web01", "owner", "Ann")
    assert flow.listed()[0]["actor"] == "carla"


def test_changed_ground_stands_out_in_the_list(flow: Command) -> None:
    flow("set", "inventory", "web01", "environment", "production")
    flow.sources.rows[0]["environment"] = "staging"
    flow.rerun()
    assert "the ground has changed: its phase computes staging by now" in flow("list", reason=None)
    assert (flow.listed()[0]["state"], flow.listed()[0]["flagged"]) == ("ground_changed", True)


def test_assets_are_merged_split_and_an_edit_withdrawn(flow: Command) -> None:
    flow("merge", "web01", "mail07")
    flow.rerun()
    assert [one["state"] for one in flow.listed()] == ["applied"]
    name = (
        "web01" if "web01" in str(flow.edits.decided_rows(flow.scope, INVENTORY).frame["name"].tolist()) else "mail07"
    )
    flow("split", name, flow.web)
    flow("withdraw", flow.listed()[0]["number"])
    assert [one["state"] for one in flow.listed()] == ["withdrawn", "pending", "withdrawal"]
    assert "only assets of one type" in flow.fails("merge", name, "Claims Portal")


def test_a_workbook_is_exported_corrected_and_applied(flow: Command, tmp_path: Path) -> None:
    path = tmp_path / "inventory.xlsx"
    assert "flow edit apply" in flow("export", "inventory", path, reason=None)
    assert "0 cells were changed" in flow("apply", path)
    again = corrected(path, "web01", environment="production", cpu_count=8)
    shown = flow("apply", again, "--dry-run")
    assert "2 cells were changed. Nothing was written." in shown
    assert flow.listed() == []
    shown = flow("apply", again, "--by", "ann")
    assert "web01" in shown
    assert "2 edits were made" in shown
    assert {(one["column"], one["old_value"], one["new_value"]) for one in flow.listed()} == {
        ("environment", "test", "production"),
        ("cpu_count", 4, 8),
    }
    flow.rerun()
    assert [one["state"] for one in flow.listed()] == ["applied", "applied"]
    # Applied twice, it is refused: the cells are what it says by now.
    assert "by now" in flow.fails("apply", again)


def test_a_workbook_of_an_earlier_state_applies_where_its_cells_are_still_what_they_were(
    flow: Command, tmp_path: Path
) -> None:
    path = tmp_path / "inventory.xlsx"
    flow("export", "inventory", path, reason=None)
    flow.sources.rows[0]["cpu_count"] = 16
    flow.rerun()
    flow("apply", corrected(path, "web01", environment="production"))
    problem = flow.fails("apply", corrected(path, "web01", cpu_count=8))
    assert "cpu_count is '16' by now; you saw '4'" in problem


def test_a_workbook_with_any_problem_edits_nothing_and_tells_all(flow: Command, tmp_path: Path) -> None:
    path = tmp_path / "inventory.xlsx"
    flow("export", "inventory", path, reason=None)
    again = corrected(path, "web01", environment="moon", cpu_count=8, asset_type="database", memory_mib="much")
    for words in ((again,), (again, "--dry-run")):
        problem = flow.fails("apply", *words)
        for told in ("must be one of production", "asset_type is locked", "'much' is no number"):
            assert told in problem


def test_a_workbook_of_another_engagement_is_refused(flow: Command, installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "inventory.xlsx"
    flow("export", "inventory", path, reason=None)
    other = Command(installation, new_engagement(installation))
    assert f"is of {flow.scope}, not of {other.scope}" in other.fails("apply", path)


def test_what_can_not_be_exported_is_told(flow: Command, tmp_path: Path) -> None:
    assert "Nothing of nothing can be edited" in flow.fails("export", "nothing", tmp_path / "a.xlsx")
    assert "Nothing of discovery/tech_debt can be edited" in flow.fails("export", "tech_debt", tmp_path / "a.xlsx")
    assert "can't be written" in flow.fails("export", "inventory", tmp_path / "missing" / "a.xlsx")
