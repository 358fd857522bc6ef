from __future__ import annotations

from uuid import uuid3

from flow_pipelines.flows import flow_named
from flow_pipelines.tables import built_phases
from tests.resources.views.happenings import Engagement

PHASES = ["data_import", "attribute_mapping", "data_cleansing", "inventory", "dependencies", "tech_debt"]
RECORD = "11111111-1111-4111-8111-111111111111"


def inventory(*names: str) -> dict[str, list[dict[str, object]]]:
    return {"discovery/inventory": [{"asset_id": RECORD, "name": name} for name in names]}


def test_a_flow_that_never_started_has_no_row(engagement: Engagement) -> None:
    assert engagement.select("SELECT * FROM platform.migration_flows") == []
    assert engagement.select("SELECT * FROM platform.flow_phases") == []


def test_a_running_flow_tells_where_it_is(engagement: Engagement) -> None:
    for phase in PHASES[:3]:
        engagement.run("discovery", phase)
    engagement.start("discovery", "inventory", run_id="run-7")
    flow = engagement.flow("discovery")
    assert (flow["status"], flow["current_phase"], flow["progress_percentage"]) == ("active", "inventory", 50.0)
    assert flow["phase_completion"] == engagement.statuses("discovery")
    running = engagement.phases("discovery")["inventory"]
    assert (running["status"], running["run_id"], running["completed_at"]) == ("active", "run-7", None)
    assert running["duration_seconds"] > 0
    assert engagement.statuses("discovery")["tech_debt"] == "pending"


def test_a_completed_flow_is_completed_and_its_follower_has_not_started(engagement: Engagement) -> None:
    engagement.run_flow("discovery", run_id="run-1")
    flow = engagement.flow("discovery")
    assert (flow["status"], flow["progress_percentage"], flow["is_outdated"]) == ("completed", 100.0, False)
    assert (flow["created_by"], flow["parent_flow_id"]) == ("run-1", None)
    assert flow["completed_at"] >= flow["created_at"]
    assert flow["id"] == uuid3(engagement.scope.engagement_id, "flow\x1fdiscovery")
    assert [found["flow_type"] for found in engagement.select("SELECT * FROM platform.migration_flows")] == [
        "discovery"
    ]


def test_a_failed_phase_says_why_and_how_often(engagement: Engagement) -> None:
    engagement.run("discovery", "data_import")
    for attempt in range(2):
        engagement.refuse("discovery", "attribute_mapping", "nothing is mapped", run_id=f"run-{attempt}")
    flow, failed = engagement.flow("discovery"), engagement.phases("discovery")["attribute_mapping"]
    assert (flow["status"], flow["current_phase"], flow["retry_count"]) == ("failed", "attribute_mapping", 2)
    assert (failed["status"], failed["retry_count"], failed["has_result"]) == ("failed", 2, False)
    assert failed["error_details"] == {"kind": "gate", "message": "nothing is mapped Mend it.", "run_id": "run-1"}
    engagement.run("discovery", "attribute_mapping")
    mended = engagement.phases("discovery")["attribute_mapping"]
    assert (mended["status"], mended["retry_count"], mended["error_details"]) == ("completed", 0, None)


def test_a_phase_that_fails_after_it_had_succeeded_is_failed_but_has_a_result(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.refuse("discovery", "tech_debt", "no facts")
    failed = engagement.phases("discovery")["tech_debt"]
    assert (failed["status"], failed["has_result"]) == ("failed", True)
    assert engagement.flow("discovery")["status"] == "failed"


def test_a_failure_is_history_once_an_earlier_phase_runs_again(engagement: Engagement) -> None:
    for phase in PHASES[:4]:
        engagement.run("discovery", phase)
    engagement.refuse("discovery", "dependencies", "no ends")
    engagement.run("discovery", "data_import", {"discovery/imported_records": [{"row_number": 2}]})
    assert engagement.statuses("discovery")["dependencies"] == "pending"
    assert engagement.flow("discovery")["status"] == "active"


def test_a_killed_process_is_interrupted_once_it_is_found(engagement: Engagement) -> None:
    engagement.run("discovery", "data_import")
    engagement.start("discovery", "attribute_mapping")
    engagement.kill()
    flow, killed = engagement.flow("discovery"), engagement.phases("discovery")["attribute_mapping"]
    assert (flow["status"], killed["status"], killed["retry_count"]) == ("interrupted", "interrupted", 1)
    assert "process ended" in killed["error_details"]["message"]


def test_a_phase_knows_what_it_read_what_it_made_and_what_was_before(engagement: Engagement) -> None:
    engagement.run("discovery", "data_import")
    (before,) = engagement.run("discovery", "attribute_mapping")
    (after,) = engagement.run("discovery", "attribute_mapping", {"discovery/attribute_mappings": [{}]})
    imported = engagement.store.current(engagement.scope)["discovery/imported_records"]
    phase = engagement.phases("discovery")["attribute_mapping"]
    assert phase["input_data"]["discovery/imported_records"] == {
        "snapshot_id": str(imported.snapshot_id),
        "version": imported.data_version,
    }
    assert phase["output_data"] == {
        "discovery/attribute_mappings": {
            "snapshot_id": str(after.snapshot_id),
            "version": after.data_version,
            "rows": 1,
        }
    }
    assert phase["rollback_snapshot"] == {"discovery/attribute_mappings": str(before.snapshot_id)}


def test_a_rollback_to_before_the_flow_makes_it_a_draft(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.roll_back("discovery", None, "wrong files")
    assert set(engagement.statuses("discovery").values()) == {"pending"}
    flow = engagement.flow("discovery")
    assert (flow["status"], flow["progress_percentage"], flow["rollback_reason"]) == ("draft", 0.0, "wrong files")
    assert engagement.phases("discovery")["inventory"]["started_at"] is None


def test_a_rollback_to_a_good_state_ends_a_failure(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.pin("good")
    for phase in PHASES[:3]:
        engagement.run("discovery", phase, {f"discovery/{name}": [{}] for name in ("imported_records",)})
    engagement.run("discovery", "inventory", inventory("server-1"))
    engagement.refuse("discovery", "dependencies", "no ends")
    engagement.run("discovery", "tech_debt", {"discovery/tech_debt": [{}]})
    assert engagement.flow("discovery")["status"] == "failed"
    engagement.roll_back("discovery", "good", "bad import")
    # Dependencies had not moved since the pin, so nothing was rolled back there: its failure is its last word.
    assert engagement.statuses("discovery") == dict.fromkeys(PHASES, "completed") | {"dependencies": "failed"}
    engagement.run("discovery", "dependencies")
    flow = engagement.flow("discovery")
    assert (flow["status"], flow["is_outdated"], flow["rollback_reason"]) == ("completed", False, "bad import")


def test_a_flow_can_return_to_its_newest_pin(engagement: Engagement) -> None:
    engagement.pin("empty")
    engagement.run_flow("discovery")
    assert engagement.flow("discovery")["can_rollback"] is False
    engagement.pin("first")
    engagement.pin("second")
    flow = engagement.flow("discovery")
    assert (flow["can_rollback"], flow["rollback_point"]) == (True, "second")


def test_a_hand_off_that_fails_keeps_the_next_flow_a_failed_draft(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.refuse("assess", "handoff", "servers without an owner")
    flow = engagement.flow("assess")
    assert (flow["status"], flow["current_phase"], flow["progress_percentage"]) == ("failed", "handoff", 0.0)
    assert flow["parent_flow_id"] == engagement.flow("discovery")["id"]
    pending = dict.fromkeys((phase.name for phase in built_phases(flow_named("assess"))), "pending")
    assert engagement.statuses("assess") == {"handoff": "failed", **pending}
    assert engagement.flow("discovery")["status"] == "completed"


def test_a_flow_is_outdated_once_what_it_was_handed_changes_and_not_for_equal_data(engagement: Engagement) -> None:
    engagement.run_flow("discovery", inventory("server-1"))
    engagement.run_flow("assess")
    engagement.run_flow("discovery", inventory("server-1"))
    assert engagement.flow("assess")["is_outdated"] is False
    engagement.run_flow("discovery", inventory("server-2"))
    flow = engagement.flow("assess")
    assert (flow["status"], flow["is_outdated"]) == ("completed", True)
    assert "discovery_to_assess was computed from an earlier version of discovery/inventory" in flow["outdated_reason"]
    assert engagement.flow("discovery")["is_outdated"] is False
    engagement.run("assess", "handoff")
    assert engagement.flow("assess")["is_outdated"] is True, "handed over anew, not yet computed anew"
    for phase in built_phases(flow_named("assess")):
        engagement.run("assess", phase.name)
    assert engagement.flow("assess")["is_outdated"] is False


def test_a_flow_is_outdated_once_what_it_was_handed_is_rolled_back(engagement: Engagement) -> None:
    engagement.run_flow("discovery", inventory("server-1"))
    engagement.pin("before")
    engagement.run_flow("discovery", inventory("server-2"))
    engagement.run_flow("assess")
    engagement.roll_back("discovery", "before", "wrong file")
    flow = engagement.flow("assess")
    assert (flow["status"], flow["is_outdated"]) == ("completed", True)
    engagement.roll_back("discovery", None, "all wrong")
    assert "is no longer current" in engagement.flow("assess")["outdated_reason"]


def test_data_published_before_phases_were_tracked_counts_as_completed(engagement: Engagement) -> None:
    for phase in PHASES:
        engagement.store.publish(engagement.scope, engagement.write("discovery", phase))
    flow = engagement.flow("discovery")
    assert (flow["status"], flow["progress_percentage"]) == ("completed", 100.0)
    assert flow["created_at"] is not None
