"""Every row that a flow made, as one kind of entity, and the assets with how far each has come.

Belongs here: `snapshot_lifetimes`, `flow_data_entities`, `assets`. Does not: what the rows mean
(`flow_pipelines/tables/`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, Table

from flow_pipelines.flows import FLOWS, HANDOFF_PHASE, HANDOFFS, Flow, flow_of, phase_of
from flow_pipelines.tables import built_phases, output_tables
from flow_pipelines.tables.declaration import IDENTIFIER, IDENTIFIER_LIST
from resources.control_tables import history_tables
from resources.views.declaration import (
    SCOPE_COLUMNS,
    ControlView,
    built_flows,
    flow_id,
    identifier,
    literal,
    phase_id,
)

SOURCE_IDS = "source_entity_ids"
# What the columns that say how good a row is, or how sure its decision, are called: the first that a table has.
QUALITY_COLUMNS = ("quality_score", "data_confidence", "confidence")
# The columns that say in words how a row came about.
EXPLANATIONS = ("resolution_reason", "reason", "rule", "finding", "fact")
# The mission names the flags of its five flows by the noun; any other flow's is <flow>_completed.
FLAG_NOUNS = {"assess": "assessment", "plan": "planning", "execute": "execution", "modernize": "modernization"}


def entity_views() -> tuple[ControlView, ...]:
    """Return the views of entities and assets, each after those that it reads."""
    return _snapshot_lifetimes(), _flow_data_entities(), _assets()


def quality_column(table: Table) -> str | None:
    """Return the column that says how good a row of a table is, if it has one."""
    return next((name for name in QUALITY_COLUMNS if name in table.columns), None)


def asset_table() -> Table:
    """Return the table whose rows are the assets: the first one declared to hold them."""
    return next(table for table in output_tables().values() if table.info["entity"] == "asset")


def completed_flag(flow: Flow) -> str:
    """Return the column of `assets` that says whether an asset is completed in a flow."""
    return f"{FLAG_NOUNS.get(flow.name, flow.name)}_completed"


def row_key(table: Table, alias: str) -> str:
    """Return the SQL of a row's key as text; several columns joined by a slash."""
    return " || '/' || ".join(f"{alias}.{column}::text" for column in table.info["key"])


def _snapshot_lifetimes() -> ControlView:
    return ControlView(
        name="platform.snapshot_lifetimes",
        comment="One row per set of rows that is or was current: when it became so, and when and why it ceased to be.",
        columns={
            **SCOPE_COLUMNS,
            "table_key": "The table, flow/table.",
            "rows_snapshot_id": "The snapshot that stored the rows; later ones with equal rows refer to it.",
            "is_active": "Whether the rows are current.",
            "activated_at": "When they last became current.",
            "archived_at": "When they last ceased to be current; empty if they are.",
            "archived_reason": "superseded, or rolled back and why.",
        },
        query="""
SELECT DISTINCT ON (stint.client_account_id, stint.engagement_id, stint.table_key, stint.rows_snapshot_id)
       stint.client_account_id, stint.engagement_id, stint.table_key, stint.rows_snapshot_id,
       c.snapshot_id IS NOT NULL AS is_active, stint.moved_at AS activated_at,
       CASE WHEN c.snapshot_id IS NULL THEN stint.ended_at END AS archived_at,
       CASE WHEN c.snapshot_id IS NOT NULL THEN NULL
            WHEN stint.ended_by IS NULL THEN 'superseded'
            ELSE 'rolled back: ' || b.reason END AS archived_reason
  FROM (
       SELECT m.client_account_id, m.engagement_id, m.table_key, m.move_number, m.moved_at, s.rows_snapshot_id,
              lead(m.moved_at) OVER later AS ended_at, lead(m.rollback_id) OVER later AS ended_by
         FROM platform.pointer_moves m LEFT JOIN platform.snapshots s ON s.snapshot_id = m.snapshot_id
       WINDOW later AS (PARTITION BY m.client_account_id, m.engagement_id, m.table_key ORDER BY m.move_number)
       ) AS stint
  LEFT JOIN platform.current_snapshots c ON c.client_account_id = stint.client_account_id
        AND c.engagement_id = stint.engagement_id AND c.table_key = stint.table_key
        AND c.rows_snapshot_id = stint.rows_snapshot_id
  LEFT JOIN platform.rollbacks b ON b.client_account_id = stint.client_account_id
        AND b.engagement_id = stint.engagement_id AND b.rollback_id = stint.ended_by
 WHERE stint.rows_snapshot_id IS NOT NULL
 ORDER BY stint.client_account_id, stint.engagement_id, stint.table_key, stint.rows_snapshot_id,
          stint.move_number DESC
""",
    )


def _flow_data_entities() -> ControlView:
    branches = "\nUNION ALL\n".join(_entity_branch(key, table) for key, table in output_tables().items())
    return ControlView(
        name="platform.flow_data_entities",
        comment="One row per row that a flow made and published, current or archived; equal rows of later snapshots, "
        "which are stored once, are one. Name engagement_id and table_key in the WHERE clause: it is all there is.",
        columns={
            "id": "Deterministic id, from the snapshot that stored the row and the row's key.",
            "flow_id": "The flow, in migration_flows.",
            "phase_id": "The phase, in flow_phases.",
            **SCOPE_COLUMNS,
            "table_key": "The table, flow/table.",
            "snapshot_id": "The snapshot that stored it.",
            "entity_type": "What kind of thing it is: record, mapping, asset, dependency, finding, workload and so on.",
            "entity_subtype": "More closely, such as server or database.",
            "entity_id": "Key of the row in its table, as text.",
            "entity_name": "What a person calls it.",
            "entity_data": "The row, column to value.",
            "source_entity_ids": "Ids of the rows that it came from, as text.",
            "transformation_log": "How it came about: phase, code, run, and the rule or reason in words.",
            "quality_score": "Its quality, or how sure its decision is, 0 to 1; empty if its table says nothing of it.",
            "validation_status": "valid, issues (published, something about it is wrong or missing) or rejected; "
            "of a rule of a hand-off, its result.",
            "validation_errors": "What is wrong, one sentence each.",
            "is_active": "Whether it is current.",
            "archived_at": "When it ceased to be current; empty if it is.",
            "archived_reason": "superseded, or rolled back and why.",
        },
        query=branches,
    )


def _entity_branch(key: str, table: Table) -> str:
    history, flow, phase = history_tables()[key], flow_of(key), phase_of(key)
    stage = phase.name if phase else HANDOFF_PHASE
    entity, subtype, label = table.info["entity"], table.info["subtype"], table.info["label"]
    quality = quality_column(table)
    status, errors = _validation(table)
    explained = "".join(f", '{name}', h.{name}" for name in EXPLANATIONS if name in table.columns)
    flow_name, phase_name = literal(flow.name), literal(stage)
    return f"""
SELECT {identifier("h.snapshot_id", row_key(table, "h"))} AS id,
       {flow_id("h.engagement_id", flow_name)} AS flow_id,
       {phase_id("h.engagement_id", flow_name, phase_name)} AS phase_id,
       h.client_account_id, h.engagement_id, s.table_key, h.snapshot_id,
       {literal(entity)} AS entity_type, {f"h.{subtype}::text" if subtype else "NULL::text"} AS entity_subtype,
       {row_key(table, "h")} AS entity_id, h.{label}::text AS entity_name,
       to_jsonb(h) - ARRAY['client_account_id', 'engagement_id', 'snapshot_id'] AS entity_data,
       {_source_ids(table)} AS source_entity_ids,
       jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('phase', {phase_name}, 'code_version', s.code_version,
           'run_id', s.run_id{explained}))) AS transformation_log,
       {f"h.{quality}" if quality else "NULL::double precision"} AS quality_score,
       {status} AS validation_status, {errors} AS validation_errors,
       coalesce(l.is_active, false) AS is_active, l.archived_at, l.archived_reason
  FROM platform.snapshots s
  JOIN {history.fullname} h ON h.snapshot_id = s.snapshot_id
   AND h.client_account_id = s.client_account_id AND h.engagement_id = s.engagement_id
  LEFT JOIN platform.snapshot_lifetimes l ON l.rows_snapshot_id = s.snapshot_id
   AND l.client_account_id = s.client_account_id AND l.engagement_id = s.engagement_id AND l.table_key = s.table_key
 WHERE s.table_key = {literal(key)} AND s.status = 'published'
"""  # noqa: S608  (declared names)


def _validation(table: Table) -> tuple[str, str]:
    none = "NULL::text[]"
    if table.schema == HANDOFFS:
        return "h.status", "CASE WHEN h.status <> 'passed' THEN ARRAY[h.finding] END"
    if table.info["entity"] == "rejection":
        return "'rejected'", "ARRAY[h.reason]"
    if "quality_issues" in table.columns:
        return "CASE WHEN cardinality(h.quality_issues) > 0 THEN 'issues' ELSE 'valid' END", "h.quality_issues"
    return "'valid'", none


def _source_ids(table: Table) -> str:
    if SOURCE_IDS in table.columns:
        return f"h.{SOURCE_IDS}::text[]"
    columns = [column.name for column in table.columns if _names_another_row(column)]
    if not columns:
        return "NULL::text[]"
    return f"array_remove(ARRAY[{', '.join(f'h.{name}::text' for name in columns)}], NULL)"


def _names_another_row(column: Column[object]) -> bool:
    """Return whether a column holds the key of a row of another table, its own key aside unless they are the same."""
    if column.type is not IDENTIFIER:
        return False
    own_key = column.table.info["key"]
    keys = {f"{key}.{name}" for key, table in output_tables().items() for name in table.info["key"]}
    return any(
        source in keys and (column.name not in own_key or source.endswith(f".{column.name}"))
        for source in column.info["sources"]
    )


def _assets() -> ControlView:
    table = asset_table()
    own_flow, key = str(table.schema), str(table.info["key"][0])
    flags = [completed_flag(flow) for flow in FLOWS]
    known = [
        f"coalesce(bool_or(t.flow_type = {literal(flow.name)} AND f.status = 'completed'), false)"
        f" AS {completed_flag(flow)}"
        for flow in FLOWS
    ]
    columns = [column for column in table.columns if column.name not in flags]
    return ControlView(
        name="platform.assets",
        comment="One row per asset that is current, with how far it has come in each flow.",
        columns={
            **{column.name: str(column.comment) for column in columns},
            **SCOPE_COLUMNS,
            "snapshot_id": "The snapshot that is current.",
            "source_flow_id": "The flow that found it.",
            "discovery_data_entity_id": "The same row in flow_data_entities.",
            **{
                completed_flag(flow): f"Whether {flow.title} is completed and a current row of it traces to the asset."
                for flow in FLOWS
            },
            "flow_history": "The flows that have a current row of it, in order: flow, status, when it completed.",
        },
        query=f"""
SELECT {", ".join(f"a.{column.name}" for column in columns)}, a.client_account_id, a.engagement_id, a.snapshot_id,
       {flow_id("a.engagement_id", literal(own_flow))} AS source_flow_id,
       {identifier("c.rows_snapshot_id", f"a.{key}::text")} AS discovery_data_entity_id,
       {", ".join(f"progress.{flag}" for flag in flags)}, progress.flow_history
  FROM {own_flow}.{table.name} a
  JOIN platform.current_snapshots c ON c.snapshot_id = a.snapshot_id AND c.engagement_id = a.engagement_id
  JOIN (
       SELECT t.engagement_id, t.asset_id, {", ".join(known)},
              jsonb_agg(jsonb_build_object('flow', t.flow_type, 'status', f.status, 'completed_at', f.completed_at)
                        ORDER BY t.flow_order) AS flow_history
         FROM ({_traces(table)}) AS t
         LEFT JOIN platform.migration_flows f ON f.engagement_id = t.engagement_id AND f.flow_type = t.flow_type
        GROUP BY t.engagement_id, t.asset_id) AS progress
    ON progress.engagement_id = a.engagement_id AND progress.asset_id = a.{key}
""",  # noqa: S608  (declared names)
    )


def _traces(assets: Table) -> str:
    """Return the query of which flow has a current row that traces to which asset, itself or its application."""
    name, key, own = f"{assets.schema}.{assets.name}", assets.info["key"][0], str(assets.schema)
    branches = []
    for order, flow in enumerate(built_flows(), start=1):
        if flow.name == own:
            branches.append(
                f"SELECT engagement_id, {key} AS asset_id, {literal(flow.name)} AS flow_type, {order} AS flow_order "  # noqa: S608
                f"FROM {name}"
            )
        elif named := _ids_named_by(flow, assets):
            branches.append(
                f"SELECT a.engagement_id, a.asset_id, {literal(flow.name)} AS flow_type, {order} AS flow_order "  # noqa: S608
                f"FROM (SELECT engagement_id, {key} AS asset_id, {key} AS id FROM {name} "
                f"UNION ALL SELECT engagement_id, {key}, unnest(application_ids) FROM {name}) AS a "
                f"JOIN ({named}) AS n ON n.engagement_id = a.engagement_id AND n.id = a.id "
                f"GROUP BY a.engagement_id, a.asset_id"
            )
    return "\nUNION ALL\n".join(branches)


def _ids_named_by(flow: Flow, assets: Table) -> str | None:
    """Return the query of all ids that the tables of the last phase that names assets hold; None if none does."""
    for phase in reversed(built_phases(flow)):
        keys = [f"{flow.name}/{table}" for table in phase.tables]
        columns = [(key, column) for key in keys for column in _columns_naming(output_tables()[key], assets)]
        if columns:
            return " UNION ".join(
                f"SELECT engagement_id, {_ids_of(column)} AS id FROM {key.replace('/', '.')}"  # noqa: S608
                for key, column in columns
            )
    return None


def _columns_naming(table: Table, assets: Table) -> Iterable[Column[object]]:
    return [column for column in table.columns if _traces_to(column, assets)]


def _traces_to(column: Column[object], assets: Table) -> bool:
    if column.type is not IDENTIFIER and column.type is not IDENTIFIER_LIST:
        return False
    if column.table is assets:
        return column.name in assets.info["key"]
    sources = (source.split(".") for source in column.info["sources"])
    return any(_traces_to(output_tables()[key].columns[name], assets) for key, name in sources)


def _ids_of(column: Column[object]) -> str:
    return f"unnest({column.name})" if column.type is IDENTIFIER_LIST else column.name
