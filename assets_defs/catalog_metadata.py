"""What Dagster's catalogue shows of a table and of each of its materializations.

Belongs here: column schema, column lineage, counts and previews, all derived from the declared tables. Does
not: charts of a particular phase.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from dagster import (
    AssetKey,
    MarkdownMetadataValue,
    MetadataValue,
    TableColumn,
    TableColumnConstraints,
    TableColumnDep,
    TableColumnLineage,
    TableSchema,
)
from dagster import TableConstraints as DagsterTableConstraints
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from assets_defs import markdown
from resources.snapshots import Snapshot

PREVIEW_ROWS = 20
# Wide tables are previewed by their first filled columns: more does not fit a page.
PREVIEW_COLUMNS = 12
PREVIEW_CELL = 60


def asset_key(table_key: str) -> AssetKey:
    """Return the asset key of a table, `flow/table`."""
    return AssetKey(table_key.split("/"))


def column_schema(table: Table) -> TableSchema:
    """Return the table's columns with types, comments and constraints."""
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    return TableSchema(
        columns=[
            TableColumn(
                name=column.name,
                type=column.type.compile(dialect=dialect).lower(),
                description=column.comment,
                constraints=TableColumnConstraints(nullable=bool(column.nullable)),
            )
            for column in table.columns
        ],
        constraints=DagsterTableConstraints(other=[f"unique within a snapshot: {', '.join(table.info['key'])}"]),
    )


def column_lineage(table: Table) -> TableColumnLineage:
    """Return, for each column, the upstream columns that it is computed from."""
    dependencies: dict[str, list[TableColumnDep]] = {}
    for column in table.columns:
        for source in column.info["sources"]:
            key, _, upstream = source.rpartition(".")
            dependencies.setdefault(column.name, []).append(
                TableColumnDep(asset_key=asset_key(key), column_name=upstream)
            )
    return TableColumnLineage(deps_by_column=dependencies)


def materialization_metadata(table: Table, frame: pd.DataFrame, snapshot: Snapshot) -> dict[str, Any]:
    """Return the metadata of one materialization: counts, versions, schema, lineage and a preview."""
    return {
        "dagster/row_count": snapshot.row_count,
        "dagster/column_schema": column_schema(table),
        "dagster/column_lineage": column_lineage(table),
        "snapshot_id": str(snapshot.snapshot_id),
        "stored_as_snapshot": str(snapshot.rows_snapshot_id),
        "preview": preview(frame),
    }


def preview(frame: pd.DataFrame) -> MarkdownMetadataValue:
    """Return the first rows of a frame as a Markdown table, safe against whatever the cells hold."""
    rows = frame.head(PREVIEW_ROWS)
    columns = [name for name in frame.columns if rows[name].notna().any()][:PREVIEW_COLUMNS]
    cells = [[_cell(value) for value in row] for row in rows[columns].to_numpy()]
    return MetadataValue.md(markdown.table(columns, cells) if columns else "No rows.")


def _cell(value: object) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, list) else "" if pd.isna(value) else str(value)  # type: ignore[call-overload]
    words = " ".join(words.split())
    if len(words) > PREVIEW_CELL:
        words = words[: PREVIEW_CELL - 1] + "…"
    return words
