"""The plan of record is corrected in one workbook; each correction is made where the decision is made."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, Double, Table

from flow_pipelines.edit_changes import changes_in, read_workbook
from flow_pipelines.edit_workbook import About, write_workbook
from flow_pipelines.edits import SetDraft
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import closed_lists, conform
from flow_pipelines.tables.declaration import editable_columns
from resources.edits import EditStore
from resources.installation import Installation
from resources.snapshots import SnapshotStore
from tests.conftest import new_engagement
from tests.flow_pipelines.assess.plans import workload_id
from tests.flow_pipelines.test_edit_workbook import resaved, setting

DROP_DOWNS = 3  # treatment, criticality, status
PLAN, TREATMENTS, OVERVIEW = "assess/plan_of_record", "assess/treatments", "assess/assessment_overview"


def anything(table: Table, column: Column[Any]) -> object:
    """Some value that a required column may hold."""
    if column.name in closed_lists(table):
        return min(closed_lists(table)[column.name])
    for kind, value in ((ARRAY, []), (BigInteger, 1), (Double, 0.5), (Boolean, False), (Date, date(2026, 9, 7))):
        if isinstance(column.type, kind):
            return value
    return "some words"


def rows(key: str, **cells: object) -> pd.DataFrame:
    table = output_tables()[key]
    row = {column.name: anything(table, column) for column in table.columns if not column.nullable}
    named = {"workload_id": workload_id("crm"), "workload_name": "crm", "source_entity_ids": []}
    return conform(pd.DataFrame([{**row, **named, **cells}]), table)


@dataclass
class Engagement:
    """An engagement with one workload, in the tables that decide and in the plan that shows."""

    scope: Scope
    edits: EditStore
    snapshots: SnapshotStore

    def __post_init__(self) -> None:
        self.publish({TREATMENTS: rows(TREATMENTS, treatment="rehost"), OVERVIEW: rows(OVERVIEW, owner="Bob")})
        plan = {"treatment": "rehost", "computed_treatment": "rehost", "owner": "Bob", "status": "proposed"}
        self.publish({PLAN: rows(PLAN, **plan)})

    def publish(self, frames: dict[str, pd.DataFrame]) -> None:
        written = self.snapshots.write(self.scope, frames, inputs=[], run_id="run", code_version="1")
        self.snapshots.publish(self.scope, written)

    def edit(self, table_key: str, column: str, value: object) -> list[str]:
        draft = SetDraft(table_key, "crm", column, value)
        made = self.edits.add(self.scope, [draft], actor="Ann", reason="agreed")
        return [one.table_key for one in made]

    def workbook(self, folder: Path) -> Path:
        shown = self.edits.decided_rows(self.scope, PLAN)
        about = About(str(self.scope), PLAN, str(shown.snapshot_id), shown.last_edit)
        path = folder / "plan.xlsx"
        path.write_bytes(write_workbook(shown.frame, output_tables()[PLAN], about))
        return path

    def drafts(self, path: Path) -> list[SetDraft]:
        shown = self.edits.decided_rows(self.scope, PLAN)
        changes = changes_in(read_workbook(path), shown.frame, output_tables()[PLAN])
        assert changes.problems == []
        return list(changes.drafts)


@pytest.fixture
def engagement(installation: Installation) -> Engagement:
    database = installation.database
    return Engagement(new_engagement(installation), EditStore(database), SnapshotStore(database))


def test_what_the_plan_shows_is_edited_where_it_is_decided(engagement: Engagement) -> None:
    assert engagement.edit(PLAN, "treatment", "replatform") == [TREATMENTS]
    assert engagement.edit(PLAN, "owner", "Cleo") == [OVERVIEW]
    assert engagement.edit(PLAN, "status", "agreed") == [PLAN]


def test_the_plan_shows_an_edit_that_waits_for_a_run_wherever_it_was_made(engagement: Engagement) -> None:
    engagement.edit(TREATMENTS, "treatment", "retire")
    engagement.edit(PLAN, "status", "on hold")
    shown = engagement.edits.decided_rows(engagement.scope, PLAN).frame.loc[0]
    assert (shown["treatment"], shown["status"]) == ("retire", "on hold")


def test_the_plan_does_not_show_edits_of_other_columns_of_those_tables(engagement: Engagement) -> None:
    engagement.edit(OVERVIEW, "environment", "test")
    shown = engagement.edits.decided_rows(engagement.scope, PLAN).frame.loc[0]
    assert pd.isna(shown["environment"])


def test_a_treatment_that_there_is_not_is_refused_in_the_plan_too(engagement: Engagement) -> None:
    with pytest.raises(InputError, match="assess/treatments crm treatment"):
        engagement.edit(PLAN, "treatment", "teleport")


def test_a_person_opens_the_plan_corrects_it_and_it_is_decided_in_its_tables(
    engagement: Engagement, tmp_path: Path
) -> None:
    path = engagement.workbook(tmp_path)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count('<dataValidation type="list"') == DROP_DOWNS
    assert "sheetProtection" in sheet
    for column, value in (("treatment", "replatform"), ("status", "agreed"), ("owner", "Cleo")):
        path = resaved(path, setting(column, value)).rename(tmp_path / f"{column}.xlsx")

    drafts = engagement.drafts(path)
    made = engagement.edits.add(engagement.scope, drafts, actor="Ann", reason="workshop")
    assert {(one.table_key, one.column, one.new_value) for one in made} == {
        (TREATMENTS, "treatment", "replatform"),
        (OVERVIEW, "owner", "Cleo"),
        (PLAN, "status", "agreed"),
    }
    assert engagement.drafts(engagement.workbook(tmp_path)) == []


def test_two_people_who_change_the_same_cell_are_told_of_each_other(engagement: Engagement, tmp_path: Path) -> None:
    engagement.workbook(tmp_path)
    engagement.edit(TREATMENTS, "treatment", "retire")
    stale = SetDraft(PLAN, "crm", "treatment", "replatform", seen="rehost")
    with pytest.raises(InputError, match="is 'retire' by now, set by Ann"):
        engagement.edits.add(engagement.scope, [stale], actor="Bob", reason="mine")


def test_what_is_supposed_is_checked_and_not_written(engagement: Engagement) -> None:
    supposed = engagement.edits.supposed(engagement.scope, [SetDraft(PLAN, "crm", "treatment", "retire")])
    assert [(one.table_key, one.new_value) for one in supposed] == [(TREATMENTS, "retire")]
    assert engagement.edits.listed(engagement.scope) == []
    with pytest.raises(InputError, match="no row 'nobody'"):
        engagement.edits.supposed(engagement.scope, [SetDraft(PLAN, "nobody", "treatment", "retire")])


def test_every_column_that_is_edited_elsewhere_can_be_edited_there_by_the_same_key_and_list() -> None:
    for table in output_tables().values():
        for column, editing in editable_columns(table).items():
            if editing.made_in:
                there = output_tables()[editing.made_in]
                assert there.info["key"] == table.info["key"]
                assert set(editable_columns(there)[column].values) == set(editing.values)
