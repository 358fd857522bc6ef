"""What differs between two versions of a table: rows added, removed and changed, cell by cell.

Belongs here: comparing two snapshots' rows in the database. Does not: which snapshots a pin or a time stands for
(`pins.py`), and showing the differences (`flow_pipelines/cli/tracing.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Table, text

from flow_pipelines.tables import output_tables
from resources.control_tables import history_tables
from resources.snapshots import Snapshot

Change = Literal["added", "removed", "changed"]
# Rows fetched at a time: all differences of a large estate need not be in memory at once.
FETCHED_ROWS = 1_000


@dataclass(frozen=True)
class TableDifference:
    """How many rows of a table differ; `cells` counts those of the changed rows."""

    table_key: str
    added: int = 0
    removed: int = 0
    changed: int = 0
    cells: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether both versions hold the same rows."""
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True)
class CellDifference:
    """One cell before and after, as JSON values; None is an empty cell."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class RowDifference:
    """One row that differs, known by its key; of an added or removed row, `cells` are all that it fills."""

    table_key: str
    change: Change
    key: tuple[str, ...]
    label: str
    cells: tuple[CellDifference, ...]


def table_difference(
    connection: Connection, table_key: str, before: Snapshot | None, after: Snapshot | None
) -> TableDifference:
    """Count the rows that differ between two versions; reads rows only if both have some and they can differ.

    Args:
        connection: A transaction in the engagement's scope.
        table_key: The table.
        before: The version before; None if the table had none.
        after: The version after; None if the table has none.
    """
    if _same(before, after):
        return TableDifference(table_key)
    if before is None or after is None:
        return TableDifference(
            table_key, added=after.row_count if after else 0, removed=before.row_count if before else 0
        )
    table = output_tables()[table_key]
    changed = " + ".join(f"({_differs(name)})::integer" for name in _compared(table)) or "0"
    query = (
        "SELECT count(*) FILTER (WHERE change = 'added'), count(*) FILTER (WHERE change = 'removed'), "  # noqa: S608
        "count(*) FILTER (WHERE change = 'changed' AND cells > 0), "
        "coalesce(sum(cells) FILTER (WHERE change = 'changed'), 0)::bigint "
        f"FROM (SELECT {_change(table)} AS change, {changed} AS cells FROM {_both(table_key)}) differing"
    )
    return TableDifference(table_key, *connection.execute(text(query), _parameters(before, after)).one())


def row_differences(
    connection: Connection,
    table_key: str,
    before: Snapshot | None,
    after: Snapshot | None,
    *,
    change: Change | None = None,
    limit: int | None = None,
) -> Iterator[RowDifference]:
    """Yield the rows that differ between two versions, with their cells, by key.

    Args:
        connection: A transaction in the engagement's scope, which must stay open while rows are taken.
        table_key: The table.
        before: The version before; None if the table had none.
        after: The version after; None if the table has none.
        change: Only rows with this change; all if not given.
        limit: At most so many rows.
    """
    if _same(before, after):
        return
    parameters = {**_parameters(before, after), "change": change, "limit": limit}
    rows = connection.execution_options(yield_per=FETCHED_ROWS).execute(text(_rows_query(table_key)), parameters)
    key_length = len(output_tables()[table_key].info["key"])
    for row in rows:
        cells = tuple(CellDifference(*cell) for cell in row.cells or ())
        yield RowDifference(table_key, row.change, tuple(map(str, row[-key_length:])), row.label, cells)


def _rows_query(table_key: str) -> str:
    table = output_tables()[table_key]
    key = table.info["key"]
    label = table.info["label"]
    # Every cell of both rows as JSON, side by side, of which those that differ are kept in the table's order.
    cells = ", ".join(
        f"({place}, '{name}', to_jsonb(b.{name}), to_jsonb(a.{name}), {_differs(name)})"
        for place, name in enumerate(column.name for column in table.columns)
    )
    return (
        f"SELECT {_change(table)} AS change, coalesce(a.{label}::text, b.{label}::text, '') AS label, "  # noqa: S608
        f"differing.cells, {', '.join(f'coalesce(a.{name}, b.{name})' for name in key)} "
        f"FROM {_both(table_key)} CROSS JOIN LATERAL ("
        "SELECT jsonb_agg(jsonb_build_array(name, before, after) ORDER BY place) AS cells "
        f"FROM (VALUES {cells}) AS cell(place, name, before, after, differs) WHERE differs) differing "
        "WHERE differing.cells IS NOT NULL "
        f"AND (CAST(:change AS text) IS NULL OR {_change(table)} = :change) "
        f"ORDER BY {', '.join(f'coalesce(a.{name}, b.{name})' for name in key)} LIMIT CAST(:limit AS bigint)"
    )


def _same(before: Snapshot | None, after: Snapshot | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.rows_snapshot_id == after.rows_snapshot_id or before.data_version == after.data_version


def _both(table_key: str) -> str:
    history = history_tables()[table_key].fullname
    return (
        f"(SELECT * FROM {history} WHERE snapshot_id = :before) b "  # noqa: S608  (declared names)
        f"FULL JOIN (SELECT * FROM {history} WHERE snapshot_id = :after) a "
        f"ON {' AND '.join(f'a.{name} = b.{name}' for name in output_tables()[table_key].info['key'])}"
    )


def _change(table: Table) -> str:
    key = table.info["key"][0]
    return f"CASE WHEN b.{key} IS NULL THEN 'added' WHEN a.{key} IS NULL THEN 'removed' ELSE 'changed' END"


def _compared(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name not in table.info["key"]]


def _differs(column: str) -> str:
    return f"b.{column} IS DISTINCT FROM a.{column}"


def _parameters(before: Snapshot | None, after: Snapshot | None) -> dict[str, UUID | None]:
    return {
        "before": before.rows_snapshot_id if before else None,
        "after": after.rows_snapshot_id if after else None,
    }
