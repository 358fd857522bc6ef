"""What an engagement comes to, in a page: rows per phase, coverage, assets, duplicates, dependencies, debt.

Belongs here: the queries behind `flow status`, `flow run` and `flow demo`. Does not: printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text

from flow_pipelines.flows import FLOWS
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.modernize.backlogs import BACKLOGS
from resources.control_tables import current_snapshots, snapshots
from resources.database import Database
from resources.installation import landing_root
from resources.landed_files import LandedFile, landed
from resources.landing import Landing

# Each figure is one query over the engagement's current views; its scope comes from the transaction.
FIGURES = {
    "source rows imported": "SELECT coalesce(sum(row_count), 0)::bigint FROM discovery.imported_records",
    "source rows rejected": "SELECT coalesce(sum(row_count), 0)::bigint FROM discovery.rejected_records",
    "mapping coverage": "SELECT count(*) FILTER (WHERE status = 'applied') || ' of ' || count(*) || ' columns, ' || "
    "coalesce(round(100.0 * sum(filled_rows) FILTER (WHERE status = 'applied') / nullif(sum(filled_rows), 0))::text, "
    "'0') || ' % of cells' FROM discovery.attribute_mappings",
    "columns proposed": "SELECT count(*) FROM discovery.attribute_mappings WHERE status = 'proposed'",
    "cells cleansed": "SELECT count(*) FROM discovery.cleansing_changes",
    "servers": "SELECT count(*) FROM discovery.inventory WHERE asset_type = 'server'",
    "applications": "SELECT count(*) FROM discovery.inventory WHERE asset_type = 'application'",
    "databases": "SELECT count(*) FROM discovery.inventory WHERE asset_type = 'database'",
    "assets missing from the latest export": "SELECT count(*) FROM discovery.inventory WHERE is_missing_from_latest",
    "other assets": "SELECT count(*) FROM discovery.inventory "
    "WHERE asset_type NOT IN ('server', 'application', 'database')",
    "server records merged as duplicates": "SELECT (SELECT count(*) FROM discovery.cleansed_records "
    "WHERE record_type = 'server' AND is_template IS NOT TRUE) - "
    "(SELECT count(*) FROM discovery.inventory WHERE asset_type = 'server')",
    "conflicting values kept": "SELECT count(*) FROM discovery.inventory_conflicts",
    "dependencies": "SELECT count(*) FROM discovery.dependencies",
    "  of them noise": "SELECT count(*) FROM discovery.dependencies WHERE is_noise",
    "  of them with an external end": "SELECT count(*) FROM discovery.dependencies "
    "WHERE source_is_external OR target_is_external",
    "tech debt findings": "SELECT count(*) FROM discovery.tech_debt",
    "  past end of life": "SELECT count(*) FROM discovery.tech_debt WHERE status = 'past'",
    "  not taken by a target as it is": "SELECT count(DISTINCT asset_id) FROM discovery.tech_debt "
    "WHERE category = 'target'",
    "  idle": "SELECT count(*) FROM discovery.tech_debt WHERE status = 'idle'",
    "assets of critical or high debt": "SELECT count(*) FROM discovery.debt_scores "
    "WHERE severity IN ('critical', 'high')",
    "data complete": "SELECT coalesce((SELECT round(100 * completeness::numeric) || ' %' FROM discovery.data_quality "
    "WHERE level = 'estate'), '-')",
    "  confidence": "SELECT coalesce((SELECT round(100 * confidence::numeric) || ' %' FROM discovery.data_quality "
    "WHERE level = 'estate'), '-')",
    "  to collect next": "SELECT coalesce((SELECT subject || ' of ' || assets_lacking || ' assets of type ' || "
    "asset_type || ', +' || round(100 * gain::numeric, 1) || ' points' FROM discovery.collection_gaps "
    "WHERE kind = 'attribute' AND rank = 1), 'nothing')",
    "workloads": "SELECT count(*) FROM assess.plan_of_record",
    "  in waves": "SELECT count(wave_number) || ' in ' || count(DISTINCT wave_number) FROM assess.plan_of_record",
    "  approved and planned": "SELECT coalesce(max(workload_count), 0) FROM plan.plan_overview",
    "data to move": "SELECT coalesce((SELECT round(data_gib::numeric) || ' GiB in ' || round(transfer_hours::numeric) "
    "|| ' hours' FROM plan.plan_overview WHERE wave_number IS NULL), '-')",
    "cost a month": "SELECT coalesce((SELECT round(now_usd_month::numeric) || ' USD now, ' || "
    "round(after_usd_month::numeric) || ' after' FROM plan.business_case WHERE wave_number IS NULL), '-')",
    "waves": "SELECT coalesce(string_agg(waves || ' ' || state, ', ' ORDER BY waves DESC, state), '-') "
    "FROM (SELECT state, count(*) AS waves FROM execute.execution_overview WHERE wave_number IS NOT NULL "
    "GROUP BY state) AS counted",
    "  tasks done": "SELECT coalesce((SELECT over_count || ' of ' || task_count FROM execute.execution_report "
    "WHERE wave_number IS NULL), '-')",
    "  end": "SELECT coalesce((SELECT to_char(forecast_end AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ' foretold, ' || "
    "to_char(planned_end AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ' planned' FROM execute.execution_report "
    "WHERE wave_number IS NULL), '-')",
    **{
        f"{key.split('/')[1].removesuffix('_backlog')} backlog": "SELECT CASE WHEN EXISTS "  # noqa: S608
        f"(SELECT FROM platform.current_snapshots WHERE table_key = '{key}') THEN count(*) || ' items, ' || "
        f"count(*) FILTER (WHERE state = 'done') || ' done' ELSE '-' END FROM modernize.{key.split('/')[1]}"
        for key in BACKLOGS
    },
}


@dataclass(frozen=True)
class TableSummary:
    """Where one table stands; rows are None while it has no current snapshot."""

    phase: str
    table: str
    rows: int | None
    data_version: str | None
    since: datetime | None


@dataclass(frozen=True)
class EngagementSummary:
    """Where one engagement stands."""

    scope: Scope
    tables: tuple[TableSummary, ...]
    figures: dict[str, int | str]
    files: tuple[LandedFile, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return it as a program reads it."""
        return {
            "engagement": str(self.scope),
            "tables": {
                table.table: {"rows": table.rows, "data_version": table.data_version, "current_since": table.since}
                for table in self.tables
            },
            "figures": {name.strip(): value for name, value in self.figures.items()},
            "files": [
                {
                    "file": file.name,
                    "landing": file.landing_number,
                    "landed_at": file.landed_at,
                    "pin_before": file.pin_before,
                    "counts": not file.set_aside,
                    "set_aside": file.set_aside or None,
                }
                for file in self.files
            ],
        }


def summarize(database: Database, scope: Scope) -> EngagementSummary:
    """Return where an engagement stands, read in one transaction."""
    with database.in_scope(scope) as connection:
        tables = _tables(connection)
        complete = all(table.rows is not None for table in tables if table.table.startswith("discovery/"))
        figures = {name: connection.execute(text(query)).scalar_one() for name, query in FIGURES.items()}
    files = landed(database, Landing(landing_root()), scope)
    return EngagementSummary(scope, tables, figures if complete else {}, tuple(files))


def _tables(connection: Connection) -> tuple[TableSummary, ...]:
    query = select(
        snapshots.c.table_key, snapshots.c.row_count, snapshots.c.data_version, current_snapshots.c.moved_at
    ).join(current_snapshots, current_snapshots.c.snapshot_id == snapshots.c.snapshot_id)
    current = {row.table_key: row for row in connection.execute(query)}
    summaries = []
    for flow in FLOWS:
        for phase in flow.phases:
            for key in (f"{flow.name}/{table}" for table in phase.tables):
                if key in output_tables():
                    row = current.get(key)
                    summaries.append(
                        TableSummary(phase.title, key, row.row_count, row.data_version, row.moved_at)
                        if row
                        else TableSummary(phase.title, key, None, None, None)
                    )
    return tuple(summaries)
