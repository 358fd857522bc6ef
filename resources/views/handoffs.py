"""What was handed over between flows, and what was rolled back.

Belongs here: `flow_handoffs`, `flow_rollbacks`. Does not: the rules (`flow_pipelines/reference/`), executing either.
"""

from __future__ import annotations

from flow_pipelines.flows import HANDOFF_PHASE
from flow_pipelines.tables import output_tables
from resources.control_tables import history_tables
from resources.views.declaration import SCOPE_COLUMNS, ControlView, built_flows, flow_id, listed
from resources.views.entities import asset_table


def handoff_views() -> tuple[ControlView, ...]:
    """Return the views of hand-offs and rollbacks."""
    return _flow_handoffs(), _flow_rollbacks()


def _flow_handoffs() -> ControlView:
    declared = listed(
        "d",
        ("table_key", "handoff_type", "source_flow", "target_flow"),
        [
            (flow.handoff, flow.handoff.split("/")[1], flow.follows, flow.name)
            for flow in built_flows()
            if flow.handoff in output_tables()
        ],
    )
    rows = "\nUNION ALL\n".join(
        f"SELECT r.* FROM {history_tables()[flow.handoff].fullname} r WHERE r.snapshot_id = s.rows_snapshot_id"  # noqa: S608
        for flow in built_flows()
        if flow.handoff in output_tables()
    )
    return ControlView(
        name="platform.flow_handoffs",
        comment="One row per time that a flow's result was validated and handed over to the next flow, or was not.",
        columns={
            "id": "The snapshot of the hand-off.",
            "source_flow_id": "The flow that hands over.",
            "target_flow_id": "The flow that is handed over to.",
            **SCOPE_COLUMNS,
            "handoff_type": "Which hand-off it is, such as discovery_to_assess.",
            "handoff_status": "pending (being validated, or its process was killed), completed or failed.",
            "is_current": "Whether it is what the next flow works from.",
            "handoff_data": "What is handed over: table to snapshot, version and rows.",
            "data_summary": "Numbers of tables and rows handed over, and of rules by result.",
            "validation_rules": "The rules: id, title, severity, table.",
            "validation_results": "Their results: id, status, rows checked and failed, finding, remedy, waiver.",
            "waived_count": "Rules that failed and that a person waived.",
            "failure": "Why it was refused.",
            "run_id": "The Dagster run.",
            "created_at": "When its rules had been checked.",
            "completed_at": "When it passed, or was refused.",
        },
        query=f"""
SELECT s.snapshot_id AS id,
       {flow_id("s.engagement_id", "d.source_flow")} AS source_flow_id,
       {flow_id("s.engagement_id", "d.target_flow")} AS target_flow_id,
       s.client_account_id, s.engagement_id, d.handoff_type,
       CASE s.status WHEN 'published' THEN 'completed' WHEN 'rejected' THEN 'failed' ELSE 'pending' END
           AS handoff_status,
       EXISTS (SELECT FROM platform.current_snapshots c
                WHERE c.engagement_id = s.engagement_id AND c.snapshot_id = s.snapshot_id) AS is_current,
       package.content AS handoff_data,
       jsonb_build_object('tables', package.tables, 'rows', package.rows, 'rules', rule.total,
           'passed', rule.passed, 'failed', rule.failed, 'waived', rule.waived, 'warned', rule.warned) AS data_summary,
       rule.rules AS validation_rules, rule.results AS validation_results, rule.waived AS waived_count,
       s.rejection AS failure, s.run_id, s.created_at,
       coalesce(s.published_at, CASE WHEN s.status = 'rejected' THEN (
           SELECT r.finished_at FROM platform.phase_runs r
            WHERE r.engagement_id = s.engagement_id AND r.flow_name = d.target_flow
              AND r.phase_name = '{HANDOFF_PHASE}' AND r.run_id = s.run_id
            ORDER BY r.started_at DESC LIMIT 1) END) AS completed_at
  FROM platform.snapshots s
  JOIN {declared} ON d.table_key = s.table_key
 CROSS JOIN LATERAL (
       SELECT count(*) AS tables, coalesce(sum(p.row_count), 0)::bigint AS rows,
              jsonb_object_agg(i.input_name, jsonb_build_object(
                  'snapshot_id', p.snapshot_id, 'version', p.data_version, 'rows', p.row_count)) AS content
         FROM platform.snapshot_inputs i JOIN platform.snapshots p ON p.snapshot_id = i.input_snapshot_id
        WHERE i.snapshot_id = s.snapshot_id) AS package
 CROSS JOIN LATERAL (
       SELECT count(*) AS total,
              count(*) FILTER (WHERE r.status = 'passed') AS passed,
              count(*) FILTER (WHERE r.status = 'failed') AS failed,
              count(*) FILTER (WHERE r.status = 'waived') AS waived,
              count(*) FILTER (WHERE r.status = 'warned') AS warned,
              jsonb_agg(jsonb_build_object('rule_id', r.rule_id, 'title', r.title, 'severity', r.severity,
                  'table_key', r.table_key) ORDER BY r.rule_id) AS rules,
              jsonb_agg(jsonb_strip_nulls(jsonb_build_object('rule_id', r.rule_id, 'status', r.status,
                  'rows_checked', r.rows_checked, 'rows_failed', r.rows_failed, 'offenders', r.offenders,
                  'finding', r.finding, 'remedy', r.remedy, 'decided_by', r.decided_by,
                  'decision_reason', r.decision_reason)) ORDER BY r.rule_id) AS results
         FROM ({rows}) AS r) AS rule
""",  # noqa: S608  (declared names)
    )


def _flow_rollbacks() -> ControlView:
    assets = f"{asset_table().schema}/{asset_table().name}"
    order = listed(
        "d", ("table_key", "table_order"), [(key, order) for order, key in enumerate(output_tables(), start=1)]
    )
    return ControlView(
        name="platform.flow_rollbacks",
        comment="One row per rollback that anybody asked for.",
        columns={
            "id": "The rollback.",
            "flow_id": "The flow that is rolled back, or whose phase is.",
            **SCOPE_COLUMNS,
            "flow_type": "Name of that flow.",
            "phase_name": "The phase, if the scope is one.",
            "rollback_type": "phase, flow or cascade.",
            "rollback_reason": "Why.",
            "rollback_scope": "The tables that it moves, in order of their flows.",
            "target": "What it returns to, as the person named it.",
            "flow_snapshot": "Name of the pin of the state before.",
            "data_snapshot": "The state before: each table that it moves to the snapshot that was current.",
            "asset_snapshot": "The snapshot of the assets that was current before, if it moves them.",
            "rollback_status": "pending, executed (pointers moved) or completed (checked too).",
            "requested_by": "Who asked for it.",
            "created_at": "When.",
            "executed_at": "When the pointers moved, all in one transaction.",
            "completed_at": "When its integrity was checked.",
            "execution_log": "Its moves in order: table, from and to snapshot, rows before and after.",
            "recovery_actions": "What brings the state before back.",
            "data_integrity_check": "Whether the check passed, when, and what it found; empty until it was made.",
            "run_id": "The Dagster run that executed it.",
        },
        query=f"""
SELECT b.rollback_id AS id, {flow_id("b.engagement_id", "b.flow_name")} AS flow_id,
       b.client_account_id, b.engagement_id, b.flow_name AS flow_type, b.phase_name,
       b.rollback_scope AS rollback_type, b.reason AS rollback_reason, moved.tables AS rollback_scope, b.target,
       pin.name AS flow_snapshot, moved.before AS data_snapshot, moved.assets_before AS asset_snapshot,
       b.status AS rollback_status, b.requested_by, b.created_at, b.executed_at, b.completed_at,
       moved.log AS execution_log,
       CASE WHEN b.executed_at IS NOT NULL THEN ARRAY['flow rollback to the pin ' || pin.name] END AS recovery_actions,
       CASE WHEN b.integrity_problems IS NOT NULL THEN jsonb_build_object(
           'passed', cardinality(b.integrity_problems) = 0, 'checked_at', b.completed_at,
           'problems', to_jsonb(b.integrity_problems)) END AS data_integrity_check,
       b.run_id
  FROM platform.rollbacks b
  LEFT JOIN platform.pins pin ON pin.pin_id = b.pin_before_id AND pin.engagement_id = b.engagement_id
 CROSS JOIN LATERAL (
       SELECT array_agg(m.table_key ORDER BY d.table_order) AS tables,
              jsonb_object_agg(m.table_key, m.from_snapshot_id) FILTER (WHERE m.table_key IS NOT NULL) AS before,
              (array_agg(m.from_snapshot_id) FILTER (WHERE m.table_key = '{assets}'))[1] AS assets_before,
              jsonb_agg(jsonb_build_object('table', m.table_key, 'from', m.from_snapshot_id, 'to', m.to_snapshot_id,
                  'rows_before', f.row_count, 'rows_after', t.row_count) ORDER BY d.table_order) AS log
         FROM platform.rollback_moves m
         LEFT JOIN {order} ON d.table_key = m.table_key
         LEFT JOIN platform.snapshots f ON f.snapshot_id = m.from_snapshot_id
         LEFT JOIN platform.snapshots t ON t.snapshot_id = m.to_snapshot_id
        WHERE m.rollback_id = b.rollback_id) AS moved
""",  # noqa: S608  (declared names)
    )
