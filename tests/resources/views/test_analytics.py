from __future__ import annotations

import pytest
from sqlalchemy import text

from flow_pipelines.flows import flow_named
from flow_pipelines.tables import built_phases
from resources.control_tables import history_tables
from resources.installation import Installation
from tests.resources.views.happenings import Engagement

HANDOFF = "handoffs/discovery_to_assess"
IMPORTED = "discovery/imported_records"


def test_durations_waits_and_retries_of_every_attempt(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    engagement.refuse("assess", "handoff", "no")
    engagement.run_flow("assess")
    found = engagement.select("SELECT * FROM platform.phase_durations ORDER BY started_at")
    by_phase = {(attempt["flow_type"], attempt["phase_name"]): attempt for attempt in found}
    phases = [phase for flow in ("discovery", "assess") for phase in built_phases(flow_named(flow))]
    assert len(found) == len(phases) + 2, "and the hand-off, twice"
    first, handoff, overview = (
        by_phase["discovery", "data_import"],
        by_phase["assess", "handoff"],
        by_phase["assess", "overview"],
    )
    last = by_phase["discovery", "tech_debt"]
    assert first["waiting_seconds"] is None
    waited = (handoff["started_at"] - last["finished_at"]).total_seconds()
    assert handoff["waiting_seconds"] == pytest.approx(waited)
    assert overview["waiting_seconds"] == pytest.approx(
        (overview["started_at"] - handoff["finished_at"]).total_seconds()
    )
    assert (handoff["retries"], handoff["status"], overview["retries"]) == (1, "completed", 0)
    assert all(attempt["run_seconds"] > 0 for attempt in found)


def test_reasons_of_failures_are_counted_and_open_until_the_phase_completes(engagement: Engagement) -> None:
    for reason in ("no header", "no header", "no rows"):
        engagement.refuse("discovery", "data_import", reason)
    query = "SELECT error, error_kind, attempts, is_open FROM platform.failure_reasons ORDER BY attempts DESC"
    assert [tuple(found.values()) for found in engagement.select(query)] == [
        ("no header Mend it.", "gate", 2, True),
        ("no rows Mend it.", "gate", 1, True),
    ]
    engagement.run("discovery", "data_import")
    assert {found["is_open"] for found in engagement.select(query)} == {False}


def test_the_portfolio_tells_how_many_assets_came_through_each_flow(engagement: Engagement) -> None:
    application = "11111111-1111-4111-8111-111111111111"
    assets = [
        {"asset_id": application, "asset_type": "application"},
        {"asset_type": "server", "application_ids": [application]},
        {"asset_type": "server"},
    ]
    engagement.run_flow("discovery", {"discovery/inventory": assets})
    engagement.run_flow("assess", {"assess/plan_of_record": [{"source_entity_ids": [application]}]})
    found = engagement.select(
        "SELECT flow_type, flow_status, assets, assets_completed FROM platform.portfolio_progress "
        "WHERE asset_type = 'server' ORDER BY flow_order"
    )
    assert [tuple(row.values()) for row in found] == [
        ("discovery", "completed", 2, 2),
        ("assess", "completed", 2, 1),
        ("plan", None, 2, 0),
        ("execute", None, 2, 0),
        ("modernize", None, 2, 0),
    ]


def test_quality_is_told_for_every_published_version(engagement: Engagement) -> None:
    engagement.run_flow("discovery", {"discovery/inventory": [{"quality_score": 0.4}]})
    engagement.run_flow("discovery", {"discovery/inventory": [{"quality_score": 0.6}, {"quality_score": 0.8}]})
    engagement.refuse("discovery", "inventory", "no", {"discovery/inventory": [{"quality_score": 0.1}]})
    query = "SELECT * FROM platform.quality_history WHERE table_key = '{}' ORDER BY published_at"
    found = engagement.select(query.format("discovery/inventory"))
    assert [(row["row_count"], row["rows_before"], row["is_current"]) for row in found] == [
        (1, None, False),
        (2, 1, True),
    ]
    assert [row["mean_quality"] for row in found] == [pytest.approx(0.4), pytest.approx(0.7)]
    assert {row["mean_quality"] for row in engagement.select(query.format(IMPORTED))} == {None}


def test_pass_rates_of_hand_offs_and_of_each_rule(engagement: Engagement) -> None:
    engagement.run_flow("discovery")
    rule = {"rule_id": "owners", "severity": "error"}
    engagement.refuse("assess", "handoff", "no", {HANDOFF: [rule | {"status": "failed"}]})
    for status in ("waived", "passed"):
        engagement.run("assess", "handoff", {HANDOFF: [rule | {"status": status}]})
    whole, owners = engagement.select("SELECT * FROM platform.handoff_pass_rates ORDER BY rule_id NULLS FIRST")
    assert (whole["checked"], whole["passed"], whole["failed"]) == (3, 2, 1)
    assert (owners["checked"], owners["passed"], owners["failed"], owners["waived"]) == (3, 1, 1, 1)
    assert (owners["severity"], owners["last_status"]) == ("error", "passed")
    assert owners["pass_rate"] == pytest.approx(1 / 3)


def test_usage_counts_equal_rows_once_and_rejected_ones_too(installation: Installation, engagement: Engagement) -> None:
    rows = {IMPORTED: [{"record_id": f"00000000-0000-4000-8000-{number:012}"} for number in range(50)]}
    engagement.run("discovery", "data_import", rows)
    engagement.run("discovery", "data_import", rows)
    engagement.refuse("discovery", "data_import", "no", {IMPORTED: [{}]})
    with installation.owner.transaction() as connection:
        connection.execute(text(f"ANALYZE {history_tables()[IMPORTED].fullname}"))
    (usage,) = engagement.select("SELECT * FROM platform.engagement_usage")
    assert (usage["rows_stored"], usage["attempts"], usage["snapshots"]) == (51, 3, 6)
    assert usage["bytes_stored"] > 51 * 50
    assert usage["run_seconds"] > 0
