"""Analytics over all flows and engagements that the reader may see.

Belongs here: how long, how often, why not, how far, how good, how much. Does not: what a flow decided (its tables).
"""

from __future__ import annotations

from itertools import pairwise

from flow_pipelines.flows import FLOWS
from flow_pipelines.tables import output_tables
from resources.control_tables import history_tables
from resources.views.declaration import SCOPE_COLUMNS, ControlView, Stage, built_flows, listed, literal, stages
from resources.views.entities import asset_table, completed_flag, quality_column


def analytics_views() -> tuple[ControlView, ...]:
    """Return the analytics views."""
    return (
        _phase_durations(),
        _failure_reasons(),
        _portfolio_progress(),
        _quality_history(),
        _handoff_pass_rates(),
        _engagement_usage(),
        _flow_advice(),
    )


def _phase_durations() -> ControlView:
    rows = [
        (flow.name, stage.name, stage.order, *((before.flow.name, before.name) if before else (None, None)))
        for flow in built_flows()
        for before, stage in pairwise([_last_stage(flow.follows), *stages(flow)])
        if stage
    ]
    declared = listed("d", ("flow_name", "phase_name", "phase_order", "flow_before", "phase_before"), rows)
    return ControlView(
        name="platform.phase_durations",
        comment="One row per attempt of a phase or hand-off to compute its tables; rollbacks are in flow_rollbacks.",
        columns={
            "phase_run_id": "The attempt.",
            **SCOPE_COLUMNS,
            "flow_type": "Name of the flow.",
            "phase_name": "Name of the phase; handoff for the hand-off that gates the flow.",
            "phase_order": "Its place in the flow; 0 for the hand-off.",
            "status": "active, completed, failed, or interrupted (its process was killed).",
            "run_id": "The Dagster run.",
            "started_at": "When it started.",
            "finished_at": "When it ended, or was found to have ended; empty if active.",
            "run_seconds": "How long it took, or has been taking. Unit: seconds.",
            "waiting_seconds": "From the end of what it waits for to its start: the phase before it, of a flow's first "
            "phase the hand-off, of a hand-off the last phase of the flow before. Empty if there is none. "
            "Unit: seconds.",
            "retries": "Failed or interrupted attempts between the last completed one and this.",
        },
        query=f"""
SELECT r.phase_run_id, r.client_account_id, r.engagement_id, r.flow_name AS flow_type, r.phase_name, d.phase_order,
       r.status, r.run_id, r.started_at, r.finished_at,
       extract(epoch FROM coalesce(r.finished_at, clock_timestamp()) - r.started_at)::double precision AS run_seconds,
       extract(epoch FROM r.started_at - (
           SELECT w.finished_at FROM platform.phase_runs w
            WHERE w.engagement_id = r.engagement_id AND w.flow_name = d.flow_before AND w.phase_name = d.phase_before
              AND w.started_at < r.started_at AND w.status = 'completed' AND w.finished_at <= r.started_at
            ORDER BY w.started_at DESC LIMIT 1))::double precision AS waiting_seconds,
       (SELECT count(*) FROM platform.phase_runs w
         WHERE w.engagement_id = r.engagement_id AND w.flow_name = r.flow_name AND w.phase_name = r.phase_name
           AND w.started_at < r.started_at AND w.status IN ('failed', 'interrupted')
           AND w.started_at > coalesce(
               (SELECT max(c.started_at) FROM platform.phase_runs c
                 WHERE c.engagement_id = r.engagement_id AND c.flow_name = r.flow_name
                   AND c.phase_name = r.phase_name AND c.started_at < r.started_at AND c.status = 'completed'),
               '-infinity')) AS retries
  FROM platform.phase_runs r
  JOIN {declared} ON d.flow_name = r.flow_name AND d.phase_name = r.phase_name
 WHERE r.cause = 'compute'
""",  # noqa: S608  (declared names)
    )


def _last_stage(flow: str | None) -> Stage | None:
    followed = [stage for built in built_flows() if built.name == flow for stage in stages(built)]
    return followed[-1] if followed else None


def _failure_reasons() -> ControlView:
    return ControlView(
        name="platform.failure_reasons",
        comment="One row per reason for which attempts of a phase did not complete.",
        columns={
            **SCOPE_COLUMNS,
            "flow_type": "Name of the flow.",
            "phase_name": "Name of the phase; handoff for the hand-off that gates the flow.",
            "error_kind": "gate (the phase's result was refused), input (a file or setting was) or error.",
            "error": "What went wrong, in words.",
            "attempts": "How many attempts ended so.",
            "first_at": "When it was first so.",
            "last_at": "When it was last so.",
            "last_run_id": "The Dagster run of the last one.",
            "is_open": "Whether the last one is still the last word: no attempt of the phase completed since.",
        },
        query="""
SELECT r.client_account_id, r.engagement_id, r.flow_name AS flow_type, r.phase_name, r.error_kind, r.error,
       count(*) AS attempts, min(r.finished_at) AS first_at, max(r.finished_at) AS last_at,
       (array_agg(r.run_id ORDER BY r.started_at DESC))[1] AS last_run_id,
       NOT EXISTS (
           SELECT FROM platform.phase_runs c
            WHERE c.engagement_id = r.engagement_id AND c.flow_name = r.flow_name AND c.phase_name = r.phase_name
              AND c.status = 'completed' AND c.started_at > max(r.started_at)) AS is_open
  FROM platform.phase_runs r
 WHERE r.status IN ('failed', 'interrupted')
 GROUP BY r.client_account_id, r.engagement_id, r.flow_name, r.phase_name, r.error_kind, r.error
""",
    )


def _portfolio_progress() -> ControlView:
    order = listed("d", ("flow_type", "flow_order"), [(flow.name, order) for order, flow in enumerate(FLOWS, start=1)])
    flags = ", ".join(f"({literal(flow.name)}, a.{completed_flag(flow)})" for flow in FLOWS)
    kind = asset_table().info["subtype"]
    return ControlView(
        name="platform.portfolio_progress",
        comment="One row per engagement, flow and type of asset: how many assets have come through the flow.",
        columns={
            **SCOPE_COLUMNS,
            "flow_type": "Name of the flow, all declared ones.",
            "flow_order": "Its place in the programme.",
            "flow_status": "Its status in migration_flows; empty if it has not started.",
            "asset_type": "Type of asset.",
            "assets": "Assets in the inventory.",
            "assets_completed": "Assets that are completed in the flow.",
            "share_completed": "Their share, 0 to 1.",
        },
        query=f"""
SELECT a.client_account_id, a.engagement_id, d.flow_type, d.flow_order, f.status AS flow_status,
       a.{kind} AS asset_type, count(*) AS assets, count(*) FILTER (WHERE reached.is_completed) AS assets_completed,
       (count(*) FILTER (WHERE reached.is_completed))::double precision / count(*) AS share_completed
  FROM platform.assets a
 CROSS JOIN LATERAL (VALUES {flags}) AS reached (flow_type, is_completed)
  JOIN {order} ON d.flow_type = reached.flow_type
  LEFT JOIN platform.migration_flows f ON f.engagement_id = a.engagement_id AND f.flow_type = d.flow_type
 GROUP BY a.client_account_id, a.engagement_id, d.flow_type, d.flow_order, f.status, a.{kind}
""",  # noqa: S608  (declared names)
    )


def _quality_history() -> ControlView:
    measured = [
        f"WHEN {literal(key)} THEN (SELECT avg(h.{quality}) FROM {history_tables()[key].fullname} h "  # noqa: S608
        f"WHERE h.snapshot_id = s.rows_snapshot_id)"
        for key, table in output_tables().items()
        if (quality := quality_column(table))
    ]
    return ControlView(
        name="platform.quality_history",
        comment="One row per version of a table that was published: its rows and their mean quality. Reads the rows "
        "of every version asked for: name engagement_id and table_key in the WHERE clause.",
        columns={
            **SCOPE_COLUMNS,
            "table_key": "The table, flow/table.",
            "snapshot_id": "The version.",
            "published_at": "When it first became current.",
            "is_current": "Whether it is current.",
            "row_count": "Rows.",
            "rows_before": "Rows of the version published before it; empty for the first.",
            "mean_quality": "Mean of the rows' quality, or of how sure their decisions are, 0 to 1; empty if the table "
            "says nothing of it or the rows were dropped.",
            "code_version": "Version of the code that computed it.",
            "run_id": "The Dagster run.",
        },
        query=f"""
SELECT s.client_account_id, s.engagement_id, s.table_key, s.snapshot_id, s.published_at,
       EXISTS (SELECT FROM platform.current_snapshots c
                WHERE c.engagement_id = s.engagement_id AND c.snapshot_id = s.snapshot_id) AS is_current,
       s.row_count,
       lag(s.row_count) OVER (PARTITION BY s.client_account_id, s.engagement_id, s.table_key
                              ORDER BY s.published_at) AS rows_before,
       CASE s.table_key {" ".join(measured)} END AS mean_quality, s.code_version, s.run_id
  FROM platform.snapshots s
 WHERE s.status = 'published'
""",  # noqa: S608  (declared names)
    )


def _handoff_pass_rates() -> ControlView:
    return ControlView(
        name="platform.handoff_pass_rates",
        comment="One row per engagement, hand-off and rule: how often it was checked and how often it held.",
        columns={
            **SCOPE_COLUMNS,
            "handoff_type": "Which hand-off it is, such as discovery_to_assess.",
            "rule_id": "The rule; the hand-off as a whole if empty.",
            "severity": "error or warning; empty for the hand-off as a whole.",
            "checked": "How often it was checked.",
            "passed": "How often it held; of the hand-off as a whole, how often it was completed.",
            "failed": "How often it failed and nobody waived it, or was warned about.",
            "waived": "How often it failed and a person waived it.",
            "pass_rate": "Share of checks that it passed, 0 to 1.",
            "last_status": "Its last result.",
            "last_at": "When it was last checked.",
        },
        query="""
SELECT h.client_account_id, h.engagement_id, h.handoff_type, result.rule_id, result.severity,
       count(*) AS checked,
       count(*) FILTER (WHERE result.status IN ('passed', 'completed')) AS passed,
       count(*) FILTER (WHERE result.status IN ('failed', 'warned')) AS failed,
       count(*) FILTER (WHERE result.status = 'waived') AS waived,
       (count(*) FILTER (WHERE result.status IN ('passed', 'completed')))::double precision / count(*) AS pass_rate,
       (array_agg(result.status ORDER BY h.created_at DESC))[1] AS last_status, max(h.created_at) AS last_at
  FROM platform.flow_handoffs h
 CROSS JOIN LATERAL (
       SELECT NULL::text AS rule_id, NULL::text AS severity, h.handoff_status AS status
        UNION ALL
       SELECT r.value ->> 'rule_id', rule.value ->> 'severity', r.value ->> 'status'
         FROM jsonb_array_elements(h.validation_results) WITH ORDINALITY AS r (value, place)
         JOIN jsonb_array_elements(h.validation_rules) WITH ORDINALITY AS rule (value, place) USING (place)
       ) AS result
 WHERE h.handoff_status <> 'pending'
 GROUP BY h.client_account_id, h.engagement_id, h.handoff_type, result.rule_id, result.severity
""",
    )


def _engagement_usage() -> ControlView:
    # Reading the width of every row would cost as much as reading the rows; the planner's own figures do.
    tables = " UNION ALL ".join(
        f"SELECT {literal(key)} AS table_key, c.reltuples, pg_total_relation_size(c.oid) AS bytes "  # noqa: S608
        f"FROM pg_catalog.pg_class c WHERE c.oid = '{history.fullname}'::regclass"
        for key, history in history_tables().items()
    )
    return ControlView(
        name="platform.engagement_usage",
        comment="One row per engagement: what it uses.",
        columns={
            **SCOPE_COLUMNS,
            "name": "Name of the engagement.",
            "attempts": "Attempts of phases and hand-offs, rollbacks included.",
            "run_seconds": "How long they took, together. Unit: seconds.",
            "last_active_at": "When the last of them started.",
            "snapshots": "Versions of tables in the registry.",
            "snapshots_dropped": "Versions of them that retention dropped.",
            "rows_stored": "Rows stored, rejected and superseded ones included; equal rows of several versions once.",
            "bytes_stored": "Approximate bytes on disk: rows times the mean size of a row of the table over all "
            "engagements, indexes included, as of PostgreSQL's last look at it (autovacuum, minutes after a load); "
            "empty if it has not looked yet. Unit: bytes.",
            "model_requests": "Requests to language models; 0 where none is configured.",
            "model_tokens": "Tokens sent to and received from language models. Unit: tokens.",
            "model_cost": "What the tokens cost, where the settings state prices; empty where they never did.",
        },
        query=f"""
SELECT e.client_account_id, e.id AS engagement_id, e.name, runs.attempts, runs.run_seconds, runs.last_active_at,
       registered.snapshots, registered.snapshots_dropped, stored.rows_stored, stored.bytes_stored,
       asked.model_requests, asked.model_tokens, asked.model_cost
  FROM platform.engagements e
 CROSS JOIN LATERAL (
       SELECT count(*) AS attempts, max(r.started_at) AS last_active_at,
              coalesce(sum(extract(epoch FROM coalesce(r.finished_at, clock_timestamp()) - r.started_at)), 0)
                  ::double precision AS run_seconds
         FROM platform.phase_runs r WHERE r.engagement_id = e.id) AS runs
 CROSS JOIN LATERAL (
       SELECT count(*) AS snapshots, count(s.rows_dropped_at) AS snapshots_dropped
         FROM platform.snapshots s WHERE s.engagement_id = e.id) AS registered
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(k.rows), 0)::bigint AS rows_stored,
              CASE WHEN bool_and(t.reltuples > 0) IS NOT FALSE
                   THEN coalesce(sum(k.rows * t.bytes / nullif(t.reltuples, 0)), 0)::bigint END AS bytes_stored
         FROM (
              SELECT o.table_key, sum(o.row_count) AS rows
                FROM (
                     SELECT DISTINCT ON (s.rows_snapshot_id) s.table_key, s.row_count FROM platform.snapshots s
                      WHERE s.engagement_id = e.id AND s.rows_dropped_at IS NULL AND s.row_count > 0) AS o
               GROUP BY o.table_key) AS k
         LEFT JOIN ({tables}) AS t ON t.table_key = k.table_key) AS stored
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(u.requests), 0)::bigint AS model_requests,
              coalesce(sum(u.input_tokens + u.output_tokens), 0)::bigint AS model_tokens, sum(u.cost) AS model_cost
         FROM platform.advice_usage u WHERE u.engagement_id = e.id) AS asked
""",  # noqa: S608  (declared names)
    )


def _flow_advice() -> ControlView:
    return ControlView(
        name="platform.flow_advice",
        comment="One row per engagement, flow, phase, topic and model: how often a second opinion was asked for, what "
        "came of it and what it took.",
        columns={
            "crewai_flow_id": "The flow's crewai_flow_id in migration_flows.",
            **SCOPE_COLUMNS,
            "flow_type": "Name of the flow.",
            "phase_name": "Name of the phase.",
            "topic": "The crew that was asked.",
            "model": "The language model, as its endpoint calls it.",
            "runs": "Runs that had questions.",
            "asked": "Questions, each counted in every run that had it.",
            "cached": "Of them, answered by what was kept.",
            "answered": "Of them, answered by the model.",
            "unanswered": "Of them, without an answer; why is in advice_usage.",
            "requests": "Requests sent.",
            "input_tokens": "Tokens sent. Unit: tokens.",
            "output_tokens": "Tokens received. Unit: tokens.",
            "seconds": "How long the requests took. Unit: seconds.",
            "cost": "What the tokens cost, where the settings stated prices; empty where they never did.",
            "last_asked_at": "When a run last had questions.",
        },
        query="""
SELECT u.crewai_flow_id, u.client_account_id, u.engagement_id, u.flow_name AS flow_type, u.phase_name, u.topic,
       u.model, count(DISTINCT u.run_id) AS runs, sum(u.asked)::bigint AS asked, sum(u.cached)::bigint AS cached,
       sum(u.answered)::bigint AS answered, sum(u.unanswered)::bigint AS unanswered,
       sum(u.requests)::bigint AS requests, sum(u.input_tokens)::bigint AS input_tokens,
       sum(u.output_tokens)::bigint AS output_tokens, sum(u.seconds) AS seconds, sum(u.cost) AS cost,
       max(u.created_at) AS last_asked_at
  FROM platform.advice_usage u
 GROUP BY u.crewai_flow_id, u.client_account_id, u.engagement_id, u.flow_name, u.phase_name, u.topic, u.model
""",
    )
