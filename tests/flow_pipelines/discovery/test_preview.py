from __future__ import annotations

from pathlib import Path

import pytest

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.discovery.preview import ImportPreview, InventoryChange, preview_import
from flow_pipelines.tables.contract import empty
from flow_pipelines.tables.discovery import inventory as inventory_table
from tests.benchmarks.discovery_run import SCOPE, SETTINGS, run_discovery

HEADER = "Hostname,IP Address,OS,Environment"
ROWS = [f"web{number:02},10.0.0.{number},RHEL 8,Prod" for number in range(1, 6)]


def preview(folder: Path, rows: list[str], name: str = "servers.csv") -> ImportPreview:
    """What importing the rows would do where `ROWS` has been imported."""
    landing = folder / "landing"
    landing.mkdir()
    landed = landing / "servers.csv"
    landed.write_text("\n".join([HEADER, *ROWS]), encoding="utf-8")
    current = run_discovery(landing)["inventory"]
    arriving = folder / name
    arriving.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return preview_import(
        [SourceFile(landed.name, landed, 1)],
        [SourceFile(arriving.name, arriving)],
        current,
        scope=SCOPE,
        settings=SETTINGS,
    )


NAMES = tuple(f"web{number:02}" for number in range(1, 6))


@pytest.mark.parametrize("name", ["servers.csv", "servers again.csv"])
def test_the_same_rows_in_another_order_change_nothing(tmp_path: Path, name: str) -> None:
    assert preview(tmp_path, ROWS[::-1], name).change == InventoryChange(unchanged=NAMES)


@pytest.mark.parametrize("name", ["servers.csv", "servers again.csv"])
def test_a_changed_an_added_and_a_missing_row_are_told_apart(tmp_path: Path, name: str) -> None:
    rows = [*ROWS[1:4], ROWS[4].replace("RHEL 8", "RHEL 9"), "new01,10.0.0.99,AIX 7.2,Test"]
    assert preview(tmp_path, rows, name).change == InventoryChange(
        created=("new01",), updated=("web05",), unchanged=NAMES[1:4], vanished=("web01",)
    )


def test_a_list_of_one_machine_says_nothing_of_the_others(tmp_path: Path) -> None:
    found = preview(tmp_path, [ROWS[0].replace("Prod", "Test")])
    assert found.change == InventoryChange(updated=NAMES[:1], not_mentioned=NAMES[1:])
    assert [sheet.rows for sheet in found.sheets] == [1], "the version before is no part of the preview"


def test_everything_is_new_to_an_empty_engagement(tmp_path: Path) -> None:
    path = tmp_path / "servers.csv"
    path.write_text("\n".join([HEADER, *ROWS]), encoding="utf-8")
    files = [SourceFile(path.name, path)]
    found = preview_import([], files, empty(inventory_table), scope=SCOPE, settings=SETTINGS)
    assert found.change == InventoryChange(created=NAMES)


def test_columns_are_shown_in_the_order_of_the_file(tmp_path: Path) -> None:
    header = "os,hostname,zone,ip_address,color"
    # No row fills every column.
    rows = "RHEL 8,web01,,,\n,web02,north,10.1.1.2,\n,web03,south,10.1.1.3,red\n"
    path = tmp_path / "servers.csv"
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    found = preview_import([], [SourceFile(path.name, path)], empty(inventory_table), scope=SCOPE, settings=SETTINGS)
    assert found.attribute_mappings["source_column"].tolist() == header.split(",")
