"""Each gate is shown something broken, and must say so."""

from __future__ import annotations

import pandas as pd

from flow_pipelines.discovery import gates
from flow_pipelines.discovery.data_import import ImportResult, SheetReport

IMPORTED = pd.DataFrame(
    {"record_id": ["r1", "r2"], "source_file": "a.csv", "sheet": None, "row_count": [1, 1], "record_type": "server"}
)
CLEANSED = IMPORTED.assign(is_template=pd.array([None, None], dtype="boolean"))
INVENTORY = pd.DataFrame(
    {
        "asset_id": ["a1", "a2"],
        "asset_type": ["server", "application"],
        "source_entity_ids": [["r1", "r2"], ["r1"]],
        "application_ids": [["a2"], []],
    }
)


def test_a_sound_inventory_passes() -> None:
    assert gates.inventory_problems(CLEANSED, INVENTORY) == []


def test_a_lost_record_is_named() -> None:
    broken = INVENTORY.assign(source_entity_ids=[["r1"], ["r1"]])
    assert gates.inventory_problems(CLEANSED, broken) == ["records r2 are in no asset"]


def test_a_record_in_two_assets_is_named() -> None:
    broken = INVENTORY.assign(asset_type="server")
    assert "records r1 are in several assets" in gates.inventory_problems(CLEANSED, broken)


def test_an_invented_record_and_an_unknown_application_are_named() -> None:
    broken = INVENTORY.assign(source_entity_ids=[["r1", "r2", "r9"], []], application_ids=[["a9"], []])
    problems = gates.inventory_problems(CLEANSED, broken)
    assert problems == ["assets rest on unknown records r9", "assets belong to unknown applications a9"]


def test_a_template_need_not_be_an_asset() -> None:
    templates = CLEANSED.assign(is_template=pd.array([False, True], dtype="boolean"))
    assert gates.inventory_problems(templates, INVENTORY.assign(source_entity_ids=[["r1"], ["r1"]])) == []


def test_cleansing_may_lose_and_invent_nothing() -> None:
    assert gates.cleansing_problems(IMPORTED, CLEANSED) == []
    assert gates.cleansing_problems(IMPORTED, CLEANSED.iloc[:1]) == [
        "imported records r2 were lost",
        "2 source rows were imported but 1 are accounted for",
    ]
    assert gates.cleansing_problems(IMPORTED.iloc[:1], CLEANSED)[0] == "cleansed records r2 were never imported"


def test_a_row_that_is_in_neither_result_fails_the_import() -> None:
    rejected = pd.DataFrame({"source_file": [], "sheet": [], "row_count": [], "reason": []})
    for rows, expected in ((2, 0), (3, 1)):
        sheet = SheetReport("a.csv", None, "generic", "server", rows, 2, 0, 1.0)
        assert len(gates.import_problems(ImportResult(IMPORTED, rejected, (sheet,)))) == expected


def test_a_sheet_without_any_mapping_is_named() -> None:
    mappings = pd.DataFrame({"source_file": ["a.csv"], "sheet": [None], "status": ["applied"]})
    assert gates.mapping_problems(IMPORTED, mappings) == []
    assert gates.mapping_problems(IMPORTED, mappings.assign(status="proposed")) == [
        "no column of a.csv could be mapped to an attribute"
    ]


def test_dangling_edges_findings_conflicts_and_changes_are_named() -> None:
    edges = pd.DataFrame(
        {
            "dependency_id": ["d1"],
            "source_id": ["a1"],
            "source_is_external": [False],
            "target_id": ["x1"],
            "target_is_external": [False],
        }
    )
    assert gates.dependency_problems(INVENTORY, edges.assign(target_is_external=True)) == []
    assert "target of dependencies d1" in gates.dependency_problems(INVENTORY, edges)[0]
    assert gates.finding_problems(INVENTORY, pd.DataFrame({"asset_id": ["a1", "a9"]})) != []
    assert gates.conflict_problems(INVENTORY, pd.DataFrame({"asset_id": ["a9"]})) != []
    assert gates.change_problems(CLEANSED, pd.DataFrame({"record_id": ["r9"]})) != []


def test_a_connection_that_is_in_no_edge_and_does_not_say_why_is_named() -> None:
    records = pd.DataFrame(
        {"record_id": ["c1", "c2", "c3", "r1"], "record_type": ["connection"] * 3 + ["server"]},
    ).assign(quality_issues=[[], [], ["It lacks a source."], []])
    edges = pd.DataFrame({"source_entity_ids": [["c1"]]})
    assert gates.connection_problems(records, edges) == ["connections c2 are in no dependency and do not say why"]
    assert gates.connection_problems(records[records["record_id"] != "c2"], edges) == []


def test_a_long_list_of_offenders_is_cut() -> None:
    many = IMPORTED.loc[[0] * 9].assign(record_id=[f"r{number}" for number in range(9)])
    assert (
        gates.cleansing_problems(many, many.iloc[:0])[0] == "imported records r0, r1, r2, r3, r4 and 4 more were lost"
    )
