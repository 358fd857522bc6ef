from __future__ import annotations

from uuid import UUID, uuid3

import pytest

from flow_pipelines.flows import FLOWS
from flow_pipelines.tables import output_tables
from resources.views.entities import completed_flag
from tests.resources.views.happenings import Engagement

SERVER, APPLICATION, STRAY = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "123")
RECORD = "44444444-1111-4111-8111-111111111111"
DISCOVERED = {
    "discovery/imported_records": [{"record_id": RECORD, "record_type": "server"}],
    "discovery/rejected_records": [{"reason": "no header"}],
    "discovery/cleansed_records": [
        {"record_id": RECORD, "record_type": "server", "quality_score": 0.8, "quality_issues": ["os is missing"]}
    ],
    "discovery/inventory": [
        {
            "asset_id": SERVER,
            "asset_type": "server",
            "name": "web-1",
            "application_ids": [APPLICATION],
            "source_entity_ids": [RECORD],
            "resolution_reason": "one record",
            "quality_score": 0.8,
        },
        {"asset_id": APPLICATION, "asset_type": "application", "name": "shop", "quality_score": 0.6},
        {"asset_id": STRAY, "asset_type": "server", "name": "stray-1", "quality_score": 0.4},
    ],
    "discovery/tech_debt": [{"asset_id": SERVER, "asset_name": "web-1", "fact": "ended in 2020"}],
}
WORKLOAD = {"workload_id": APPLICATION, "source_entity_ids": [APPLICATION]}
ASSESSED = {"assess/assessment_overview": [WORKLOAD], "assess/plan_of_record": [WORKLOAD]}


def entities(engagement: Engagement, table: str) -> list[dict[str, object]]:
    return engagement.select(
        f"SELECT * FROM platform.flow_data_entities WHERE table_key = '{table}' "
        f"AND engagement_id = '{engagement.scope.engagement_id}' ORDER BY entity_name, archived_at"
    )


def assets(engagement: Engagement) -> dict[str, dict[str, object]]:
    return {str(asset["name"]): asset for asset in engagement.select("SELECT * FROM platform.assets")}


def test_every_row_of_every_table_is_an_entity(engagement: Engagement) -> None:
    engagement.run_flow("discovery", DISCOVERED)
    engagement.run_flow("assess", ASSESSED | {"handoffs/discovery_to_assess": [{}]})
    found = engagement.select("SELECT table_key, count(*) AS n FROM platform.flow_data_entities GROUP BY table_key")
    expected = {key: len(rows) for key, rows in (DISCOVERED | ASSESSED).items()} | {"handoffs/discovery_to_assess": 1}
    assert {entity["table_key"]: entity["n"] for entity in found} == expected


def test_an_entity_tells_what_it_is_where_it_came_from_and_how(engagement: Engagement) -> None:
    engagement.run_flow("discovery", DISCOVERED, run_id="run-9")
    web = entities(engagement, "discovery/inventory")[-1]
    phase = engagement.phases("discovery")["inventory"]
    assert (web["entity_type"], web["entity_subtype"], web["entity_name"]) == ("asset", "server", "web-1")
    assert (web["entity_id"], web["source_entity_ids"], web["quality_score"]) == (SERVER, [RECORD], 0.8)
    assert (web["flow_id"], web["phase_id"]) == (phase["flow_id"], phase["id"])
    assert web["transformation_log"] == [
        {"phase": "inventory", "code_version": "1", "run_id": "run-9", "resolution_reason": "one record"}
    ]
    assert web["entity_data"]["name"] == "web-1"
    assert web["id"] == uuid3(UUID(str(web["snapshot_id"])), SERVER)
    assert (web["is_active"], web["archived_at"], web["archived_reason"]) == (True, None, None)


@pytest.mark.parametrize(
    ("table", "status", "errors", "sources"),
    [
        ("discovery/cleansed_records", "issues", ["os is missing"], [RECORD]),
        ("discovery/rejected_records", "rejected", ["no header"], None),
        ("discovery/tech_debt", "valid", None, [SERVER]),
        ("discovery/imported_records", "valid", None, None),
    ],
)
def test_an_entity_tells_whether_it_is_valid(
    table: str, status: str, errors: object, sources: object, engagement: Engagement
) -> None:
    engagement.run_flow("discovery", DISCOVERED)
    (entity,) = entities(engagement, table)
    assert (entity["validation_status"], entity["validation_errors"]) == (status, errors)
    assert entity["source_entity_ids"] == sources


def test_what_is_superseded_or_rolled_back_is_archived_and_says_so(engagement: Engagement) -> None:
    def imported(number: int) -> dict[str, list[dict[str, object]]]:
        return {"discovery/imported_records": [{"record_id": RECORD, "source_file": f"file-{number}"}]}

    engagement.run_flow("discovery", imported(1))
    engagement.run_flow("discovery", imported(2))
    engagement.pin("good")
    engagement.run_flow("discovery", imported(2))
    engagement.run_flow("discovery", imported(3))
    engagement.roll_back("discovery", "good", "wrong file")
    found = entities(engagement, "discovery/imported_records")
    assert [(entity["entity_name"], entity["is_active"], entity["archived_reason"]) for entity in found] == [
        ("file-1", False, "superseded"),
        ("file-2", True, None),
        ("file-3", False, "rolled back: wrong file"),
    ]
    assert found[0]["archived_at"] < found[2]["archived_at"]


def test_rows_that_were_never_published_are_no_entities(engagement: Engagement) -> None:
    engagement.refuse("discovery", "data_import", "no good", DISCOVERED)
    engagement.write("discovery", "data_import", DISCOVERED)
    assert entities(engagement, "discovery/imported_records") == []


def test_an_asset_is_completed_in_the_flows_that_hold_it_or_its_application(engagement: Engagement) -> None:
    engagement.run_flow("discovery", DISCOVERED)
    assert not any(asset["assessment_completed"] for asset in assets(engagement).values())
    engagement.run_flow("assess", ASSESSED)
    found = assets(engagement)
    assert {name: asset["assessment_completed"] for name, asset in found.items()} == {
        "shop": True,
        "web-1": True,
        "stray-1": False,
    }
    assert all(asset["discovery_completed"] and not asset["planning_completed"] for asset in found.values())
    assert [step["flow"] for step in found["web-1"]["flow_history"]] == ["discovery", "assess"]
    assert [step["flow"] for step in found["stray-1"]["flow_history"]] == ["discovery"]
    assert found["web-1"]["source_flow_id"] == engagement.flow("discovery")["id"]
    (entity,) = [one for one in entities(engagement, "discovery/inventory") if one["entity_name"] == "web-1"]
    assert found["web-1"]["discovery_data_entity_id"] == entity["id"]


def test_an_asset_is_not_completed_in_a_flow_that_failed_or_was_rolled_back(engagement: Engagement) -> None:
    engagement.run_flow("discovery", DISCOVERED)
    engagement.run_flow("assess", ASSESSED)
    engagement.refuse("assess", "overview", "nobody knows")
    assert assets(engagement)["web-1"]["assessment_completed"] is False
    engagement.run("assess", "overview", ASSESSED)
    assert assets(engagement)["web-1"]["assessment_completed"] is True
    engagement.roll_back("assess", None, "too early")
    web = assets(engagement)["web-1"]
    assert web["assessment_completed"] is False
    assert [step["flow"] for step in web["flow_history"]] == ["discovery"]


def test_assets_have_a_flag_for_every_declared_flow_and_all_the_inventory_s_columns(engagement: Engagement) -> None:
    engagement.run_flow("discovery", DISCOVERED)
    web = assets(engagement)["web-1"]
    assert {completed_flag(flow) for flow in FLOWS} <= set(web)
    assert {"discovery_completed", "assessment_completed", "planning_completed"} <= set(web)
    assert {"execution_completed", "modernization_completed"} <= set(web)
    assert {column.name for column in output_tables()["discovery/inventory"].columns} <= set(web)
