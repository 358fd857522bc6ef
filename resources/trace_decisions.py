"""What was decided on the way of a trace: cells and their mapping and rule, values that lost, people's edits.

Belongs here: fetching the decisions behind the rows of a trace, in the versions that belong to them. Does not:
finding those rows (`tracing.py`), and showing the decisions (`flow_pipelines/cli/`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from flow_pipelines.advice.wording import advice_in_words
from flow_pipelines.lineage import traceable
from flow_pipelines.tables import output_tables
from resources.control_tables import history_tables
from resources.sql_functions import VERSIONS_BEHIND
from resources.tracing import RowVersion, Step

IMPORTED = "discovery/imported_records"
MAPPINGS = "discovery/attribute_mappings"
CLEANSED = "discovery/cleansed_records"
CHANGES = "discovery/cleansing_changes"
INVENTORY = "discovery/inventory"
CONFLICTS = "discovery/inventory_conflicts"


@dataclass(frozen=True)
class Cell:
    """One cell of an imported record: what it was taken for, and which rule changed it.

    A value that was derived has no source column; a cell whose column is not mapped has no attribute.
    """

    source_column: str | None
    raw_value: str | None
    attribute: str | None
    mapping_id: UUID | None
    mapping_status: str | None
    mapping_method: str | None
    mapping_confidence: float | None
    mapping_reason: str | None
    mapping_advice: str | None
    value: str | None
    rule: str | None


@dataclass(frozen=True)
class LostValue:
    """A value that lost against another source's."""

    attribute: str
    kept_value: str
    kept_record_id: UUID
    losing_value: str
    losing_record_id: UUID
    rule: str


@dataclass(frozen=True)
class AppliedEdit:
    """A person's correction, and what became of it in the version traced."""

    edit_id: UUID
    kind: str
    table_key: str
    entity_id: str
    column: str
    old_value: Any
    new_value: Any
    computed_value: Any
    actor: str
    reason: str
    made_at: datetime
    outcome: str


@dataclass(frozen=True)
class Decisions:
    """What was decided about the rows of a trace, each found by its row.

    Attributes:
        rows: The rows themselves, their filled columns as JSON values.
        cells: The cells of cleansed records.
        lost_values: The values that lost against those of an asset.
        edits: People's corrections that were applied to the row, to its identity, or to the mapping of its cells.
    """

    rows: Mapping[RowVersion, Mapping[str, Any]]
    cells: Mapping[RowVersion, Sequence[Cell]]
    lost_values: Mapping[RowVersion, Sequence[LostValue]]
    edits: Mapping[RowVersion, Sequence[AppliedEdit]]


def decisions_on(connection: Connection, steps: Sequence[Step]) -> Decisions:
    """Return what was decided about the rows of a trace.

    Args:
        connection: A transaction in the engagement's scope.
        steps: The trace.
    """
    cells = _cells(connection, steps)
    return Decisions(
        rows=_rows(connection, steps),
        cells=cells,
        lost_values=_lost_values(connection, steps),
        edits=_edits(connection, steps, cells),
    )


def _by_version(steps: Iterable[Step], table_key: str | None = None) -> dict[tuple[str, UUID], list[UUID]]:
    """Return the ids reached in each version of each table, or of one table."""
    ids: dict[tuple[str, UUID], set[UUID]] = defaultdict(set)
    for step in steps:
        if table_key in {None, step.table_key}:
            ids[step.table_key, step.snapshot_id].add(step.entity_id)
    return {version: sorted(found) for version, found in ids.items()}


def _versions_behind(connection: Connection, snapshot_id: UUID) -> dict[str, tuple[UUID, UUID]]:
    """Return, by table, the version that a snapshot's rows speak of: its snapshot, and the one that stores its rows."""
    query = (
        "SELECT DISTINCT ON (table_key) table_key, snapshot_id, rows_snapshot_id "  # noqa: S608  (declared name)
        f"FROM {VERSIONS_BEHIND}(:snapshot) ORDER BY table_key, distance, snapshot_id"
    )
    found = connection.execute(text(query), {"snapshot": snapshot_id})
    return {row.table_key: (row.snapshot_id, row.rows_snapshot_id) for row in found}


def _rows(connection: Connection, steps: Sequence[Step]) -> dict[RowVersion, dict[str, Any]]:
    rows = {}
    for (table_key, snapshot_id), ids in _by_version(steps).items():
        key, history = traceable(output_tables())[table_key], history_tables()[table_key]
        query = (
            f"SELECT h.{key} AS entity_id, to_jsonb(h) AS row FROM {history.fullname} h "  # noqa: S608
            "WHERE h.snapshot_id = (SELECT rows_snapshot_id FROM platform.snapshots WHERE snapshot_id = :snapshot) "
            f"AND h.{key} = ANY (:ids)"
        )
        columns = output_tables()[table_key].columns
        for found in connection.execute(text(query), {"snapshot": snapshot_id, "ids": ids}):
            filled = {column.name: found.row[column.name] for column in columns if found.row[column.name] is not None}
            rows[table_key, found.entity_id, snapshot_id] = filled
    return rows


def _cells(connection: Connection, steps: Sequence[Step]) -> dict[RowVersion, list[Cell]]:
    cells: dict[RowVersion, list[Cell]] = defaultdict(list)
    for (table_key, snapshot_id), ids in _by_version(steps, CLEANSED).items():
        versions = _versions_behind(connection, snapshot_id)
        stored = {key: rows_snapshot_id for key, (_, rows_snapshot_id) in versions.items()}
        parameters = {
            "imported": stored.get(IMPORTED),
            "mappings": stored.get(MAPPINGS),
            "changes": stored.get(CHANGES),
            "cleansed": stored[CLEANSED],
            "ids": ids,
        }
        for query in (RAW_CELLS, DERIVED_CELLS):
            for found in connection.execute(text(query), parameters):
                record_id, *values = found
                cell = replace(Cell(*values), mapping_advice=advice_in_words(found.advised or {}))
                cells[table_key, record_id, snapshot_id].append(cell)
    return dict(cells)


# A value that several columns were united to names them all; its change then stands beside each of them.
RAW_CELLS = """
SELECT r.record_id, raw.header, raw.words, m.attribute, m.mapping_id, m.status, m.method, m.confidence, m.reason,
    CASE WHEN m.advice IS NOT NULL THEN to_jsonb(m) END AS advised,
    CASE WHEN m.status = 'applied' THEN coalesce(x.value_after, to_jsonb(c) ->> m.attribute) END, x.rule
FROM discovery_history.imported_records r
CROSS JOIN LATERAL jsonb_each_text(r.raw_values) AS raw(header, words)
LEFT JOIN discovery_history.cleansed_records c ON c.snapshot_id = :cleansed AND c.record_id = r.record_id
LEFT JOIN discovery_history.attribute_mappings m ON m.snapshot_id = :mappings AND m.source_file = r.source_file
    AND m.sheet IS NOT DISTINCT FROM r.sheet AND m.source_column = raw.header
LEFT JOIN (SELECT * FROM discovery_history.cleansing_changes WHERE snapshot_id = :changes AND record_id = ANY (:ids)) x
    ON x.record_id = r.record_id AND x.attribute = m.attribute AND m.status = 'applied'
    AND (x.source_column = raw.header OR strpos(', ' || x.source_column || ', ', ', ' || raw.header || ', ') > 0)
WHERE r.snapshot_id = :imported AND r.record_id = ANY (:ids)
ORDER BY r.record_id, m.attribute IS NULL, raw.header
"""
DERIVED_CELLS = """
SELECT x.record_id, NULL, x.value_before, x.attribute, NULL::uuid, NULL, NULL, NULL, NULL, NULL AS advised,
    x.value_after, x.rule
FROM discovery_history.cleansing_changes x
WHERE x.snapshot_id = :changes AND x.record_id = ANY (:ids) AND x.source_column IS NULL
ORDER BY x.record_id, x.attribute
"""
LOST_VALUES = """
SELECT asset_id, attribute, kept_value, kept_record_id, losing_value, losing_record_id, rule
FROM discovery_history.inventory_conflicts WHERE snapshot_id = :conflicts AND asset_id = ANY (:ids)
ORDER BY asset_id, attribute, losing_record_id
"""
EDITS = """
SELECT o.snapshot_id, e.edit_id, e.kind, e.table_key, e.entity_id, e.column_name, e.old_value, e.new_value,
    o.computed_value, e.actor, e.reason, e.made_at, o.outcome
FROM platform.edit_outcomes o JOIN platform.edits e ON e.edit_id = o.edit_id
WHERE o.snapshot_id = ANY (:snapshots)
    AND (e.entity_id = ANY (:ids) OR e.kind IN ('merge', 'split') AND e.new_value = ANY (:quoted))
ORDER BY e.edit_number
"""


def _lost_values(connection: Connection, steps: Sequence[Step]) -> dict[RowVersion, list[LostValue]]:
    lost: dict[RowVersion, list[LostValue]] = defaultdict(list)
    for (table_key, snapshot_id), ids in _by_version(steps, INVENTORY).items():
        _, conflicts = _versions_behind(connection, snapshot_id).get(CONFLICTS, (None, None))
        for asset_id, *values in connection.execute(text(LOST_VALUES), {"conflicts": conflicts, "ids": ids}):
            lost[table_key, asset_id, snapshot_id].append(LostValue(*values))
    return dict(lost)


def _edits(
    connection: Connection, steps: Sequence[Step], cells: Mapping[RowVersion, Sequence[Cell]]
) -> dict[RowVersion, list[AppliedEdit]]:
    owners = _owners(connection, steps, cells)
    ids = sorted({entity_id for _, _, entity_id in owners})
    parameters = {
        "snapshots": list({snapshot_id for snapshot_id, _, _ in owners}),
        "ids": ids,
        "quoted": [json.dumps(entity_id) for entity_id in ids],
    }
    edits: dict[RowVersion, dict[UUID, AppliedEdit]] = defaultdict(dict)
    for snapshot_id, *values in connection.execute(text(EDITS), parameters):
        edit = AppliedEdit(*values[:5], *map(_parsed, values[5:8]), *values[8:])
        # A merge names two records of one asset: it is shown at that asset, once.
        for entity_id in (edit.entity_id, str(edit.new_value)):
            for row in owners.get((snapshot_id, edit.table_key, entity_id), ()):
                edits[row][edit.edit_id] = edit
    return {row: list(found.values()) for row, found in edits.items()}


def _owners(
    connection: Connection, steps: Sequence[Step], cells: Mapping[RowVersion, Sequence[Cell]]
) -> dict[tuple[UUID, str, str], list[RowVersion]]:
    """Return the rows at which an edit is to be shown, by the snapshot it went into, its table and the id it names.

    That is the row edited; of a merge or split, which names a record, the asset made of it; of an edited mapping,
    the record whose cell it decided about.
    """
    owners: dict[tuple[UUID, str, str], list[RowVersion]] = defaultdict(list)
    for row in {step.row for step in steps}:
        owners[row[2], row[0], str(row[1])].append(row)
    assets = {step.entity_id: step.row for step in steps if step.table_key == INVENTORY}
    for step in steps:
        asset = assets.get(step.via_entity_id) if step.via_entity_id else None
        if step.table_key == CLEANSED and step.via_table_key == INVENTORY and asset is not None:
            owners[asset[2], INVENTORY, str(step.entity_id)].append(asset)
    mappings = {snapshot_id: _versions_behind(connection, snapshot_id).get(MAPPINGS) for _, _, snapshot_id in cells}
    for row, found in cells.items():
        if version := mappings[row[2]]:
            for cell in found:
                owners[version[0], MAPPINGS, str(cell.mapping_id)].append(row)
    return owners


def _parsed(value: str | None) -> Any:  # noqa: ANN401  (whatever the cell holds)
    return None if value is None else json.loads(value)
