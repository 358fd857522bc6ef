"""How far each flow and phase has come, and whether what it computed still rests on what is current.

Belongs here: `flow_phases`, `outdated_tables`, `migration_flows`. Does not: how the attempts are written down
(`phase_runs.py`).

What the rows say derives from three facts: the last attempt of a phase, whether all its tables are current, and
whether a rollback came after that attempt. None of them can be left wrong by a killed process or a rollback.
"""

from __future__ import annotations

from flow_pipelines.flows import Flow
from flow_pipelines.tables import output_tables
from resources.views.declaration import (
    SCOPE_COLUMNS,
    ControlView,
    built_flows,
    flow_id,
    listed,
    phase_id,
    stages,
    upstream,
)


def flow_views() -> tuple[ControlView, ...]:
    """Return the views of flows and phases, each after those that it reads."""
    return _flow_phases(), _outdated_tables(), _migration_flows()


def _own_tables(flow: Flow) -> list[str]:
    return [key for stage in stages(flow) for key in stage.tables]


def _flow_phases() -> ControlView:
    declared = listed(
        "d",
        ("flow_type", "phase_name", "phase_order", "phase_type", "tables", "earlier_phases", "flow_tables"),
        [
            (
                flow.name,
                stage.name,
                stage.order,
                stage.kind,
                stage.tables,
                [earlier.name for earlier in stages(flow) if earlier.order < stage.order],
                _own_tables(flow),
            )
            for flow in built_flows()
            for stage in stages(flow)
        ],
    )
    return ControlView(
        name="platform.flow_phases",
        comment="One row per phase of each flow that has ever started in an engagement, the hand-off into it included.",
        columns={
            "id": "Deterministic id, from engagement, flow and phase.",
            "flow_id": "The flow, in migration_flows.",
            **SCOPE_COLUMNS,
            "flow_type": "Name of the flow.",
            "phase_name": "Name of the phase; handoff for the hand-off that gates the flow.",
            "phase_order": "Its place in the flow; 0 for the hand-off.",
            "phase_type": "What it makes, such as record, mapping, asset or workload; validation for a hand-off.",
            "status": "pending, active, completed, failed, or interrupted (its process was killed). "
            "Pending again after a rollback that withdrew its result, or once an earlier phase ran after its failure.",
            "progress_percentage": "100 if completed, else 0: the tables of a phase become current all at once.",
            "has_result": "Whether all its tables are current, perhaps from an earlier attempt than the last.",
            "input_data": "What its current result was computed from: name of the input to its snapshot and version.",
            "output_data": "Its current result: table to snapshot, version and rows.",
            "started_at": "When the last attempt started; empty if pending.",
            "completed_at": "When it completed; empty if it has not.",
            "duration_seconds": "How long the last attempt took, or has been taking so far. Unit: seconds.",
            "error_details": "Kind (gate, input or error), message and run of the last attempt if it did not complete.",
            "retry_count": "Failed or interrupted attempts since the last completed one.",
            "cause": "compute, or rollback if the last attempt made pinned rows current again.",
            "run_id": "The Dagster run of the last attempt.",
            "rollback_snapshot": "The state before: table to the snapshot that was current before the last move.",
            "first_started_at": "When its very first attempt started.",
            "first_run_id": "The Dagster run of its very first attempt.",
            "updated_at": "When anything last happened to it.",
        },
        query=f"""
SELECT {phase_id("e.id", "d.flow_type", "d.phase_name")} AS id,
       {flow_id("e.id", "d.flow_type")} AS flow_id,
       e.client_account_id, e.id AS engagement_id, d.flow_type, d.phase_name, d.phase_order, d.phase_type,
       state.status,
       CASE WHEN state.status = 'completed' THEN 100.0::double precision ELSE 0.0 END AS progress_percentage,
       result.is_complete AS has_result,
       (SELECT jsonb_object_agg(i.input_name, jsonb_build_object(
                   'snapshot_id', i.input_snapshot_id, 'version', i.input_version))
          FROM platform.current_snapshots c JOIN platform.snapshot_inputs i ON i.snapshot_id = c.snapshot_id
         WHERE c.engagement_id = e.id AND c.table_key = d.tables[1]) AS input_data,
       (SELECT jsonb_object_agg(c.table_key, jsonb_build_object(
                   'snapshot_id', c.snapshot_id, 'version', s.data_version, 'rows', s.row_count))
          FROM platform.current_snapshots c JOIN platform.snapshots s ON s.snapshot_id = c.snapshot_id
         WHERE c.engagement_id = e.id AND c.table_key = ANY (d.tables)) AS output_data,
       CASE WHEN state.is_told THEN last.started_at END AS started_at,
       CASE WHEN state.status = 'completed' THEN
           CASE WHEN state.is_told THEN last.finished_at ELSE result.moved_at END END AS completed_at,
       CASE WHEN state.is_told THEN
           extract(epoch FROM coalesce(last.finished_at, clock_timestamp()) - last.started_at)::double precision
           END AS duration_seconds,
       CASE WHEN state.status IN ('failed', 'interrupted') THEN
           jsonb_build_object('kind', last.error_kind, 'message', last.error, 'run_id', last.run_id)
           END AS error_details,
       (SELECT count(*) FROM platform.phase_runs r
         WHERE r.engagement_id = e.id AND r.flow_name = d.flow_type AND r.phase_name = d.phase_name
           AND r.status IN ('failed', 'interrupted')
           AND r.started_at > coalesce(
               (SELECT max(c.started_at) FROM platform.phase_runs c
                 WHERE c.engagement_id = e.id AND c.flow_name = d.flow_type AND c.phase_name = d.phase_name
                   AND c.status = 'completed'), '-infinity')) AS retry_count,
       CASE WHEN state.is_told THEN last.cause END AS cause,
       CASE WHEN state.is_told THEN last.run_id END AS run_id,
       (SELECT jsonb_object_agg(t.table_key, (
                   SELECT m.snapshot_id FROM platform.pointer_moves m
                    WHERE m.engagement_id = e.id AND m.table_key = t.table_key
                    ORDER BY m.moved_at DESC, m.move_number DESC OFFSET 1 LIMIT 1))
          FROM unnest(d.tables) AS t (table_key)) AS rollback_snapshot,
       first.started_at AS first_started_at, first.run_id AS first_run_id,
       greatest(last.started_at, last.finished_at, result.moved_at, rolled_back.at) AS updated_at
  FROM platform.engagements e
 CROSS JOIN {declared}
  LEFT JOIN LATERAL (
       SELECT r.* FROM platform.phase_runs r
        WHERE r.engagement_id = e.id AND r.flow_name = d.flow_type AND r.phase_name = d.phase_name
        ORDER BY r.started_at DESC LIMIT 1) AS last ON true
  LEFT JOIN LATERAL (
       SELECT r.started_at, r.run_id FROM platform.phase_runs r
        WHERE r.engagement_id = e.id AND r.flow_name = d.flow_type AND r.phase_name = d.phase_name
        ORDER BY r.started_at LIMIT 1) AS first ON true
 CROSS JOIN LATERAL (
       SELECT count(*) = cardinality(d.tables) AS is_complete, max(c.moved_at) AS moved_at
         FROM platform.current_snapshots c
        WHERE c.engagement_id = e.id AND c.table_key = ANY (d.tables)) AS result
 CROSS JOIN LATERAL (
       SELECT max(b.executed_at) AS at
         FROM platform.rollbacks b JOIN platform.rollback_moves m ON m.rollback_id = b.rollback_id
        WHERE b.engagement_id = e.id AND m.table_key = ANY (d.tables)) AS rolled_back
 CROSS JOIN LATERAL (
       -- A failure is history once a rollback moved the tables, or an earlier phase was computed anew.
       SELECT last.status IN ('failed', 'interrupted') AND last.finished_at < rolled_back.at AS is_undone,
              last.status IN ('failed', 'interrupted') AND EXISTS (
                  SELECT FROM platform.phase_runs r
                   WHERE r.engagement_id = e.id AND r.flow_name = d.flow_type
                     AND r.phase_name = ANY (d.earlier_phases)
                     AND r.started_at > last.started_at AND r.cause = 'compute') AS is_overtaken) AS failure
 CROSS JOIN LATERAL (
       SELECT CASE WHEN last.status = 'active' THEN 'active'
                   WHEN last.status IN ('failed', 'interrupted') AND failure.is_undone IS NOT TRUE THEN
                       CASE WHEN failure.is_overtaken THEN 'pending' ELSE last.status END
                   WHEN result.is_complete THEN 'completed'
                   ELSE 'pending' END AS status) AS named
 CROSS JOIN LATERAL (
       SELECT named.status, named.status = last.status AS is_told) AS state
 WHERE EXISTS (SELECT FROM platform.phase_runs r WHERE r.engagement_id = e.id AND r.flow_name = d.flow_type)
    OR EXISTS (SELECT FROM platform.current_snapshots c
                WHERE c.engagement_id = e.id AND c.table_key = ANY (d.flow_tables))
""",  # noqa: S608  (declared names)
    )


def _outdated_tables() -> ControlView:
    declared = listed(
        "d",
        ("table_key", "flow_type", "handoff", "is_handoff", "own_tables"),
        [
            (key, flow.name, flow.handoff, int(key == flow.handoff), _own_tables(flow))
            for flow in built_flows()
            for key in _own_tables(flow)
        ],
    )
    return ControlView(
        name="platform.outdated_tables",
        comment="One row per input of a current table that has changed since: what another version was computed from.",
        columns={
            **SCOPE_COLUMNS,
            "flow_type": "Name of the flow that the table belongs to; a hand-off belongs to the flow that it gates.",
            "table_key": "The table that is outdated, flow/table.",
            "input_name": "The input that has changed, flow/table.",
            "computed_from_snapshot_id": "The snapshot that it was computed from.",
            "reason": "In words.",
        },
        # What another flow hands over is what its hand-off packaged, whatever is current there by now.
        query=f"""
SELECT c.client_account_id, c.engagement_id, d.flow_type, c.table_key, i.input_name,
       i.input_snapshot_id AS computed_from_snapshot_id,
       CASE WHEN compared.version IS NULL
            THEN i.input_name || ', which ' || c.table_key || ' was computed from, is no longer current'
            ELSE c.table_key || ' was computed from an earlier version of ' || i.input_name END AS reason
  FROM platform.current_snapshots c
  JOIN {declared} ON d.table_key = c.table_key
  JOIN platform.snapshot_inputs i ON i.snapshot_id = c.snapshot_id AND i.input_snapshot_id IS NOT NULL
  LEFT JOIN platform.current_snapshots n ON n.engagement_id = c.engagement_id AND n.table_key = i.input_name
  LEFT JOIN platform.snapshots s ON s.snapshot_id = n.snapshot_id
  LEFT JOIN platform.current_snapshots h ON h.engagement_id = c.engagement_id AND h.table_key = d.handoff
  LEFT JOIN platform.snapshot_inputs p ON p.snapshot_id = h.snapshot_id AND p.input_name = i.input_name
 CROSS JOIN LATERAL (SELECT d.is_handoff = 1 OR i.input_name = ANY (d.own_tables) AS is_own) AS input
 CROSS JOIN LATERAL (
       SELECT CASE WHEN input.is_own THEN s.data_version ELSE p.input_version END AS version) AS compared
 WHERE compared.version IS DISTINCT FROM i.input_version AND (input.is_own OR p.input_version IS NOT NULL)
""",  # noqa: S608  (declared names)
    )


def _migration_flows() -> ControlView:
    declared = listed(
        "d",
        ("flow_type", "title", "purpose", "follows", "flow_tables"),
        [
            (
                flow.name,
                flow.title,
                flow.purpose,
                flow.follows,
                [key for key in flow.tables if key in output_tables()],
            )
            for flow in built_flows()
        ],
    )
    lineage = listed(
        "l",
        ("flow_type", "starts_from"),
        [(flow.name, other.name) for flow in built_flows() for other in (flow, *upstream(flow))],
    )
    return ControlView(
        name="platform.migration_flows",
        comment="One row per engagement and flow that has ever started there.",
        columns={
            "id": "Deterministic id, from engagement and flow.",
            "flow_type": "Name of the flow: discovery, assess and so on.",
            **SCOPE_COLUMNS,
            "name": "What a person calls it.",
            "description": "What the flow is for.",
            "status": "draft (nothing computed yet, or all of it rolled back), active (a phase runs, or some phases "
            "have yet to), completed, failed, or interrupted (a phase's process was killed).",
            "current_phase": "The phase that runs, else the one that failed, else the next to run; the last if none.",
            "progress_percentage": "Share of its built phases that are completed. Unit: percent.",
            "phase_completion": "Phase to its status.",
            "parent_flow_id": "The flow that it starts from.",
            "source_flow_type": "Name of the flow that it starts from.",
            "is_outdated": "Whether something that it was computed from, directly or not, has changed since.",
            "outdated_reason": "What has changed.",
            "rollback_point": "Name of the newest pin that it can return to.",
            "can_rollback": "Whether there is such a pin.",
            "rollback_reason": "Why it was last rolled back.",
            "retry_count": "Failed or interrupted attempts of its phases since each last completed.",
            "created_at": "When it first started; when its tables became current if that was before it was tracked.",
            "updated_at": "When anything last happened to it.",
            "completed_at": "When its last phase completed; empty if not all have.",
            "created_by": "The Dagster run that first started it.",
            "crewai_flow_id": "Under which the flow's second opinions are accounted for in flow_advice; empty if none "
            "was ever asked for.",
        },
        query=f"""
SELECT f.flow_id AS id, f.flow_type, f.client_account_id, f.engagement_id,
       d.title || ' of ' || e.name AS name, d.purpose AS description, f.status,
       f.current_phase, f.progress_percentage, f.phase_completion,
       CASE WHEN d.follows IS NOT NULL THEN {flow_id("f.engagement_id", "d.follows")} END AS parent_flow_id,
       d.follows AS source_flow_type,
       outdated.reason IS NOT NULL AS is_outdated, outdated.reason AS outdated_reason,
       pin.name AS rollback_point, pin.name IS NOT NULL AS can_rollback, rolled_back.reason AS rollback_reason,
       f.retry_count, f.created_at, f.updated_at,
       CASE WHEN f.status = 'completed' THEN f.completed_at END AS completed_at, f.created_by,
       (SELECT u.crewai_flow_id FROM platform.advice_usage u
         WHERE u.engagement_id = f.engagement_id AND u.flow_name = f.flow_type LIMIT 1) AS crewai_flow_id
  FROM ({_FLOWS_BY_PHASE}) AS f
  JOIN {declared} ON d.flow_type = f.flow_type
  JOIN platform.engagements e ON e.id = f.engagement_id
  LEFT JOIN LATERAL (
       SELECT n.name FROM platform.pins n
        WHERE n.engagement_id = f.engagement_id AND EXISTS (
              SELECT FROM platform.pinned_snapshots p JOIN platform.snapshots s ON s.snapshot_id = p.snapshot_id
               WHERE p.pin_id = n.pin_id AND p.table_key = ANY (d.flow_tables)
              HAVING bool_and(s.rows_dropped_at IS NULL))
        ORDER BY n.created_at DESC LIMIT 1) AS pin ON true
  LEFT JOIN LATERAL (
       SELECT b.reason FROM platform.rollbacks b JOIN platform.rollback_moves m ON m.rollback_id = b.rollback_id
        WHERE b.engagement_id = f.engagement_id AND b.executed_at IS NOT NULL AND m.table_key = ANY (d.flow_tables)
        ORDER BY b.executed_at DESC LIMIT 1) AS rolled_back ON true
  LEFT JOIN (
       SELECT o.engagement_id, l.flow_type, string_agg(o.reason, '; ' ORDER BY o.reason) AS reason
         FROM platform.outdated_tables o JOIN {lineage} ON l.starts_from = o.flow_type
        GROUP BY o.engagement_id, l.flow_type) AS outdated
    ON outdated.engagement_id = f.engagement_id AND outdated.flow_type = f.flow_type
""",  # noqa: S608  (declared names)
    )


_FLOWS_BY_PHASE = """
SELECT counted.*,
       CASE WHEN active > 0 THEN 'active' WHEN failed > 0 THEN 'failed' WHEN interrupted > 0 THEN 'interrupted'
            WHEN completed = built THEN 'completed' WHEN completed = 0 THEN 'draft' ELSE 'active' END AS status,
       100.0::double precision * completed / built AS progress_percentage
  FROM (
       SELECT p.flow_id, p.flow_type, p.client_account_id, p.engagement_id,
              count(*) FILTER (WHERE p.status = 'active') AS active,
              count(*) FILTER (WHERE p.status = 'failed') AS failed,
              count(*) FILTER (WHERE p.status = 'interrupted') AS interrupted,
              count(*) FILTER (WHERE p.status = 'completed' AND p.phase_order > 0) AS completed,
              count(*) FILTER (WHERE p.phase_order > 0) AS built,
              coalesce(
                  (array_agg(p.phase_name ORDER BY p.phase_order) FILTER (WHERE p.status = 'active'))[1],
                  (array_agg(p.phase_name ORDER BY p.phase_order)
                      FILTER (WHERE p.status IN ('failed', 'interrupted')))[1],
                  (array_agg(p.phase_name ORDER BY p.phase_order) FILTER (WHERE p.status <> 'completed'))[1],
                  (array_agg(p.phase_name ORDER BY p.phase_order DESC))[1]) AS current_phase,
              jsonb_object_agg(p.phase_name, p.status) AS phase_completion,
              sum(p.retry_count)::bigint AS retry_count,
              coalesce(min(p.first_started_at), min(p.completed_at)) AS created_at,
              max(p.updated_at) AS updated_at, max(p.completed_at) AS completed_at,
              (array_agg(p.first_run_id ORDER BY p.first_started_at))[1] AS created_by
         FROM platform.flow_phases p
        GROUP BY p.flow_id, p.flow_type, p.client_account_id, p.engagement_id) AS counted
"""
