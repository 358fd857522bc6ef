from __future__ import annotations

from tests.resources.views.happenings import Engagement

HANDOFF = "handoffs/discovery_to_assess"
RULES = [
    {"rule_id": "names", "status": "passed"},
    {"rule_id": "owners", "status": "waived", "decided_by": "jane", "decision_reason": "known", "rows_failed": 3},
]


def test_a_hand_off_tells_what_it_handed_over_and_what_its_rules_found(engagement: Engagement) -> None:
    engagement.run_flow("discovery", {"discovery/tech_debt": [{}, {}]})
    engagement.run("assess", "handoff", {HANDOFF: RULES})
    (handoff,) = engagement.select("SELECT * FROM platform.flow_handoffs")
    assert (handoff["handoff_type"], handoff["handoff_status"], handoff["is_current"]) == (
        "discovery_to_assess",
        "completed",
        True,
    )
    assert handoff["source_flow_id"] == engagement.flow("discovery")["id"]
    assert handoff["target_flow_id"] == engagement.flow("assess")["id"]
    debt = engagement.store.current(engagement.scope)["discovery/tech_debt"]
    assert handoff["handoff_data"]["discovery/tech_debt"] == {
        "snapshot_id": str(debt.snapshot_id),
        "version": debt.data_version,
        "rows": 2,
    }
    summary = {"tables": 14, "rows": 2, "rules": 2, "passed": 1, "failed": 0, "waived": 1, "warned": 0}
    assert (handoff["data_summary"], handoff["waived_count"]) == (summary, 1)
    assert [rule["rule_id"] for rule in handoff["validation_rules"]] == ["names", "owners"]
    assert handoff["validation_results"][1]["decided_by"] == "jane"
    assert handoff["completed_at"] is not None


def test_a_refused_hand_off_says_why_and_leaves_the_last_good_one_current(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.run("assess", "handoff", {HANDOFF: RULES})
    engagement.refuse("assess", "handoff", "3 servers without owner", {HANDOFF: [{"status": "failed"}]})
    good, refused = engagement.select("SELECT * FROM platform.flow_handoffs ORDER BY created_at")
    assert (good["is_current"], refused["is_current"]) == (True, False)
    assert (refused["handoff_status"], refused["failure"]) == ("failed", "3 servers without owner")
    assert refused["data_summary"]["failed"] == 1
    assert refused["completed_at"] >= refused["created_at"]


def test_a_hand_off_that_was_not_decided_is_pending(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.write("assess", "handoff", {HANDOFF: RULES})
    (handoff,) = engagement.select("SELECT * FROM platform.flow_handoffs")
    assert (handoff["handoff_status"], handoff["completed_at"]) == ("pending", None)


def test_a_rollback_tells_what_moved_and_how_to_return(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.pin("good")
    before = engagement.run("discovery", "inventory", {"discovery/inventory": [{}]})
    engagement.roll_back("discovery", "good", "wrong file")
    (rollback,) = engagement.select("SELECT * FROM platform.flow_rollbacks")
    assert (rollback["rollback_type"], rollback["rollback_reason"], rollback["target"]) == (
        "flow",
        "wrong file",
        "good",
    )
    tables = ["discovery/inventory", "discovery/inventory_conflicts", "discovery/identity_candidates"]
    assert rollback["rollback_scope"] == tables
    assert rollback["data_snapshot"] == {snapshot.table_key: str(snapshot.snapshot_id) for snapshot in before}
    assert rollback["asset_snapshot"] == before[0].snapshot_id
    assert [(move["rows_before"], move["rows_after"]) for move in rollback["execution_log"]] == [(1, 0), (0, 0), (0, 0)]
    assert rollback["data_integrity_check"]["passed"] is True
    pins = {pin["name"] for pin in engagement.select("SELECT name FROM platform.pins WHERE kind = 'rollback'")}
    assert rollback["flow_snapshot"] in pins
    assert rollback["flow_snapshot"] in rollback["recovery_actions"][0]
