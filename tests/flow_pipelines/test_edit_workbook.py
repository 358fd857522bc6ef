from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import Table

from flow_pipelines.edit_changes import Changes, changes_in, read_workbook
from flow_pipelines.edit_workbook import ABOUT, CUT, LISTS, About, write_workbook
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import CHOICES

INVENTORY = "discovery/inventory"
TABLE = output_tables()[INVENTORY]
SCOPE = Scope("acme", "dc-exit")
EXPORT = About(str(SCOPE), INVENTORY, "11111111-1111-4111-8111-111111111111", 3)
IDS = [SCOPE.id_of("asset", number) for number in range(3)]
Grid = list[list[Any]]


def assets(count: int = 3, **cells: object) -> pd.DataFrame:
    row = {
        "asset_type": "server",
        "application_ids": [],
        "source_entity_ids": [IDS[0]],
        "source_formats": ["rvtools"],
        "resolution_method": "single",
        "resolution_confidence": 0.1 + 0.2,
        "resolution_reason": "1 record",
        "quality_score": 0.5,
        "name": "web01",
        "environment": "test",
        "cpu_count": 4,
        "memory_mib": 8192.5,
        "is_template": False,
        "ip_addresses": ["10.1.2.3", "10.1.2.4"],
        "last_discovered": datetime(2026, 5, 1, 12, 30, 0, 123456, tzinfo=UTC),
        **cells,
    }
    rows = [{"asset_id": asset_id, **row} for asset_id in IDS[:count]]
    return conform(pd.DataFrame(rows, columns=["asset_id", *row]), TABLE)


def saved(folder: Path, frame: pd.DataFrame, table: Table = TABLE) -> Path:
    path = folder / "export.xlsx"
    path.write_bytes(write_workbook(frame, table, EXPORT))
    return path


def resaved(path: Path, change: Callable[[Grid], Grid] = lambda grid: grid) -> Path:
    """Save a workbook again as a spreadsheet would: no formats, no locks, all whole numbers as floats."""
    book = CalamineWorkbook.from_path(str(path))
    again = path.with_name("again.xlsx")
    with xlsxwriter.Workbook(str(again), {"remove_timezone": True}) as written:
        for name in book.sheet_names:
            sheet = written.add_worksheet(name)
            grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for row, cells in enumerate(grid if name in (ABOUT, LISTS) else change(grid)):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif isinstance(cell, date):
                        sheet.write_datetime(row, column, cell, written.add_format({"num_format": "d.m.yyyy"}))
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return again


def found(path: Path, frame: pd.DataFrame) -> Changes:
    return changes_in(read_workbook(path), frame, TABLE)


def changed(tmp_path: Path, frame: pd.DataFrame, change: Callable[[Grid], Grid]) -> Changes:
    return found(resaved(saved(tmp_path, frame), change), frame)


def setting(column: str, value: object, *, row: int = 1) -> Callable[[Grid], Grid]:
    def change(grid: Grid) -> Grid:
        grid[row][grid[0].index(column)] = value
        return grid

    return change


def drafts(changes: Changes) -> list[tuple[str, str, object, object]]:
    return [(draft.entity, draft.column, draft.seen, draft.value) for draft in changes.drafts]


def test_an_untouched_workbook_holds_no_change(tmp_path: Path) -> None:
    path = saved(tmp_path, assets())
    assert read_workbook(path).about == EXPORT
    assert found(path, assets()) == Changes([], [], [])
    assert found(resaved(path), assets()) == Changes([], [], [])


TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
CELLS = {
    "name": TEXTS | st.sampled_from(("=1+1", '=HYPERLINK("http://x")', "_x0041_", "007", "1e5", "TRUE", "#N/A", "@x")),
    "owner": TEXTS | st.none(),
    "cpu_count": st.none() | st.integers(-(2**63), 2**63 - 1),
    "memory_mib": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "is_template": st.none() | st.booleans(),
    "ip_addresses": st.none() | st.lists(TEXTS.filter(bool), max_size=3),
    "last_discovered": st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(1700, 1, 1)),  # noqa: DTZ001
}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries(CELLS))
def test_whatever_cells_hold_an_untouched_workbook_holds_no_change(tmp_path: Path, cells: dict[str, object]) -> None:
    frame = assets(1, **cells)
    path = saved(tmp_path, frame)
    assert found(path, frame) == Changes([], [], [])
    assert found(resaved(path), frame) == Changes([], [], [])


def test_every_changed_cell_is_found_with_what_was_seen_in_it(tmp_path: Path) -> None:
    def change(grid: Grid) -> Grid:
        for column, value in (("environment", "production"), ("cpu_count", 8), ("is_template", True), ("owner", "Ann")):
            setting(column, value)(grid)
        return setting("memory_mib", "", row=2)(grid)

    changes = changed(tmp_path, assets(), change)
    first, second = sorted(IDS)[:2]
    assert sorted(drafts(changes)) == sorted(
        [
            (first, "environment", "test", "production"),
            (first, "cpu_count", 4, 8.0),
            (first, "is_template", False, True),
            (first, "owner", None, "Ann"),
            (second, "memory_mib", 8192.5, None),
        ]
    )
    assert changes.problems == []


def test_columns_and_rows_may_be_in_another_order(tmp_path: Path) -> None:
    changes = changed(
        tmp_path,
        assets(),
        lambda grid: [list(reversed(row)) for row in [grid[0], *reversed(setting("owner", "Ann")(grid)[1:])]],
    )
    assert drafts(changes) == [(min(IDS), "owner", None, "Ann")]
    assert changes.problems == []


def test_removed_rows_and_columns_and_added_columns_are_passed_over_and_said(tmp_path: Path) -> None:
    def change(grid: Grid) -> Grid:
        kept = [index for index, name in enumerate(grid[0]) if name not in ("owner", "resolution_reason")]
        return [
            [*(row[index] for index in kept), note] for row, note in zip(grid[:3], ("My notes", "a", "b"), strict=True)
        ]

    changes = changed(tmp_path, assets(), change)
    assert (changes.drafts, changes.problems) == ([], [])
    assert [notice.split(" ")[0] for notice in changes.notices] == ["columns", "columns", "1"]
    assert "My notes" in changes.notices[0]
    assert "owner" in changes.notices[1]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (setting("asset_type", "database"), "row 2, column asset_type is locked and was changed"),
        (setting("resolution_confidence", "high"), "column resolution_confidence is locked"),
        (setting("cpu_count", "four"), "row 2, column cpu_count: 'four' is no number"),
        (setting("owner", "#REF!"), "holds #REF!, an error"),
        (
            setting("description", f"Moved in 2019 and then{CUT} "),
            "row 2, column description holds a text that was cut",
        ),
        (setting("asset_id", ""), "row 2 was not exported"),
        (setting("asset_id", "web99"), "row 2 was not exported"),
        (lambda grid: [*grid, grid[1]], "rows 2 and 5 are both"),
        (lambda grid: [row[1:] for row in grid], "column asset_id, which tells the rows apart, is missing"),
        (lambda grid: [[*row, row[2]] for row in grid], "is there twice"),
    ],
)
def test_what_can_not_be_taken_over_is_told(tmp_path: Path, change: Callable[[Grid], Grid], problem: str) -> None:
    changes = changed(tmp_path, assets(), change)
    assert changes.drafts == []
    assert problem in "; ".join(changes.problems)


def test_hostile_text_is_written_as_text(tmp_path: Path) -> None:
    frame = assets(1, name='=HYPERLINK("http://evil","click")', owner="http://evil", description="=cmd|' /C calc'!A0")
    with zipfile.ZipFile(BytesIO(saved(tmp_path, frame).read_bytes())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not any(b"<f>" in content or b"<hyperlink" in content for content in parts.values())
    assert b"=HYPERLINK(" in parts["xl/worksheets/sheet1.xml"]


def test_only_editable_cells_are_unlocked_and_closed_lists_have_drop_downs(tmp_path: Path) -> None:
    path = saved(tmp_path, assets())
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
        book = archive.read("xl/workbook.xml").decode()
        comments = archive.read("xl/comments1.xml").decode()
    assert "<sheetProtection" in sheet
    assert '<protection locked="0"/>' in styles
    assert sheet.count('<dataValidation type="list"') >= len(CHOICES)
    assert f'name="{ABOUT}" sheetId="3" state="veryHidden"' in book
    assert "Processors" in comments or "processors" in comments
    lists = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(LISTS).to_python(skip_empty_area=False)
    assert {"production", "critical", "operational"} < {cell for row in lists for cell in row}
    row = 1 + list(TABLE.columns.keys()).index("environment")
    assert f"<formula1>lists!$A${row}:$E${row}</formula1>" in sheet
    assert tuple(lists[row - 1][:5]) == CHOICES["environment"]


def test_a_date_may_come_as_date_text_or_number(tmp_path: Path) -> None:
    table = output_tables()["discovery/tech_debt"]
    finding = {
        "finding_id": IDS[0], "asset_id": IDS[1], "asset_name": "web01", "asset_type": "server",
        "category": "operating_system", "product": "rhel", "status": "past", "severity": "high", "score": 90.0,
        "end_of_life": date(2024, 6, 30), "end_of_extended_support": date(1850, 1, 1), "as_of": date(2026, 6, 30),
        "fact": "f", "subject": "rhel", "check_name": "end_of_life", "remedy": "r",
    }  # fmt: skip
    frame = conform(pd.DataFrame([finding]), table)
    path = saved(tmp_path, frame, table)
    for one in (
        path,
        resaved(path),
        resaved(path, setting("as_of", 46203)),
        resaved(path, setting("as_of", "2026-06-30")),
    ):
        assert changes_in(read_workbook(one), frame, table) == Changes([], [], [])


@pytest.mark.parametrize("content", [b"", b"name,owner\n", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_workbook(path)
    with pytest.raises(InputError, match="is not a file"):
        read_workbook(tmp_path / "missing.xlsx")


def test_a_workbook_that_is_no_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    for sheet, cell in (("inventory", "asset_id"), (ABOUT, "{}"), (ABOUT, "[1"), (ABOUT, "")):
        with xlsxwriter.Workbook(str(path)) as book:
            book.add_worksheet(sheet).write_string(0, 0, cell)
        with pytest.raises(InputError, match="no workbook that flow edit export wrote"):
            read_workbook(path)


def test_an_empty_table_makes_an_empty_workbook(tmp_path: Path) -> None:
    assert found(saved(tmp_path, assets(0)), assets(0)) == Changes([], [], [])


def test_what_may_be_answered_depends_on_the_question_of_the_row(tmp_path: Path) -> None:
    table = output_tables()["assess/questionnaire_answers"]
    row = {"workload_id": IDS[0], "workload_name": "Shop", "section": "Operation", "asks": "?", "answer": "unknown"}
    row |= {"derived_from": "unknown", "risk": "unknown", "reason": "Nobody says."}
    rows = [{**row, "answer_id": IDS[number], "question": name} for number, name in enumerate(["downtime", "tests"])]
    path = saved(tmp_path, conform(pd.DataFrame(rows), table), table)
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert 'INDIRECT("choices_"&amp;$E2)' in sheet.replace("&quot;", '"')
    listed = CalamineWorkbook.from_path(path).get_sheet_by_name(LISTS).to_python()
    assert ["a weekend", "a night", "minutes", "unknown"] in [[cell for cell in one if cell] for one in listed]
    assert 'name="choices_downtime"' in names
