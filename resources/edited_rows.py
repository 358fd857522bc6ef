"""The rows that edits are about: which snapshot people look at, its rows by key or name, and what it holds by edits.

Belongs here: reading them, a few rows at a time. Does not: whether an edit may be made (`edit_checks.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Table, Uuid, any_, func, literal, select

from flow_pipelines.edit_values import from_json, plain
from flow_pipelines.edits import KEY_SEPARATOR, Edit
from flow_pipelines.flows import HANDOFFS
from flow_pipelines.some_of import some_of
from flow_pipelines.tables import output_tables
from resources.control_tables import current_snapshots, history_tables, snapshots
from resources.event_tables import edit_outcomes, edits
from resources.snapshots import SNAPSHOT_COLUMNS, Snapshot

Row = Mapping[str, object]
# How many ids a message names: enough to see which one is meant.
NAMED = 5


@dataclass(frozen=True)
class Outcome:
    """What became of an edit in one snapshot."""

    outcome: str
    computed_value: object


def looked_at(connection: Connection, table_key: str) -> Snapshot | None:
    """Return the snapshot that people see and edit: the current one; of a hand-off the newest, passed or failed.

    A failed hand-off never becomes current, and what failed is what a person waives.
    """
    if table_key.startswith(f"{HANDOFFS}/"):
        query = (
            SNAPSHOT_COLUMNS.where(
                snapshots.c.table_key == table_key, snapshots.c.status.in_(["published", "rejected"])
            )
            .order_by(snapshots.c.created_at.desc())
            .limit(1)
        )
    else:
        query = SNAPSHOT_COLUMNS.join(
            current_snapshots, current_snapshots.c.snapshot_id == snapshots.c.snapshot_id
        ).where(current_snapshots.c.table_key == table_key)
    found = connection.execute(query).first()
    return Snapshot(*found) if found else None


def edits_of(connection: Connection, table_keys: Collection[str] | None = None) -> list[Edit]:
    """Return the edits of some tables, or all, in order; those that no longer count are among them."""
    query = select(
        edits.c.edit_id, edits.c.edit_number, edits.c.kind, edits.c.table_key, edits.c.entity_id, edits.c.column_name,
        edits.c.old_value, edits.c.new_value, edits.c.withdraws, edits.c.actor, edits.c.reason, edits.c.made_at,
        edits.c.covered,
    ).order_by(edits.c.edit_number)  # fmt: skip
    if table_keys is not None:
        query = query.where(edits.c.table_key.in_(list(table_keys)))
    return [_edit(row) for row in connection.execute(query)]


def _edit(row: Any) -> Edit:  # noqa: ANN401  (a row of the query above)
    column = _column(row.kind, row.table_key, row.column_name)
    return Edit(
        edit_id=str(row.edit_id),
        number=row.edit_number,
        kind=row.kind,
        table_key=row.table_key,
        entity_id=row.entity_id,
        column=row.column_name,
        old_value=from_json(row.old_value, column),
        new_value=from_json(row.new_value, column),
        withdraws=row.withdraws and str(row.withdraws),
        actor=row.actor,
        reason=row.reason,
        made_at=row.made_at,
        covered=row.covered,
    )


def _column(kind: str, table_key: str, name: str) -> Any:  # noqa: ANN401  (a column, or nothing)
    table = output_tables().get(table_key)
    return None if table is None or kind in ("merge", "split") else table.columns.get(name)


def outcomes_in(connection: Connection, snapshot: Snapshot | None) -> dict[str, Outcome]:
    """Return what became of the edits that were applied when a snapshot was made, by edit id."""
    if snapshot is None:
        return {}
    query = (
        select(
            edit_outcomes.c.edit_id, edit_outcomes.c.outcome, edit_outcomes.c.computed_value, edits.c.kind,
            edits.c.table_key, edits.c.column_name,
        )
        .join(edits, edits.c.edit_id == edit_outcomes.c.edit_id)
        .where(edit_outcomes.c.snapshot_id == snapshot.snapshot_id)
    )  # fmt: skip
    return {
        str(row.edit_id): Outcome(
            row.outcome, from_json(row.computed_value, _column(row.kind, row.table_key, row.column_name))
        )
        for row in connection.execute(query)
    }


def rows_by_key(connection: Connection, snapshot: Snapshot, keys: Iterable[str]) -> dict[str, Row]:
    """Return rows of a snapshot by the text of their key; keys that it does not have are left out."""
    table = output_tables()[snapshot.table_key]
    names = list(table.info["key"])
    parts = [key.split(KEY_SEPARATOR) for key in keys] if len(names) > 1 else [[key] for key in keys]
    first = table.columns[names[0]]
    wanted = sorted({part[0] for part in parts if not isinstance(first.type, Uuid) or _is_uuid(part[0])})
    found = _rows(
        connection,
        table,
        snapshot,
        history_tables()[snapshot.table_key].c[names[0]] == any_(literal(wanted, ARRAY(first.type))),
    )
    return {KEY_SEPARATOR.join(str(row[name]) for name in names): row for row in found}


def rows_by_name(connection: Connection, snapshot: Snapshot, names: Collection[str]) -> dict[str, list[Row]]:
    """Return rows of a snapshot by their name in lower case."""
    table = output_tables()[snapshot.table_key]
    label = history_tables()[snapshot.table_key].c[table.info["label"]]
    if isinstance(label.type, Uuid):
        return {}
    # As written too: the database may know the lower case of ASCII letters only.
    wanted = sorted({*names, *(name.lower() for name in names)})
    array = literal(wanted, ARRAY(label.type))
    found: dict[str, list[Row]] = {}
    for row in _rows(connection, table, snapshot, (func.lower(label) == any_(array)) | (label == any_(array))):
        found.setdefault(str(row[label.name]).lower(), []).append(row)
    return found


def _rows(connection: Connection, table: Table, snapshot: Snapshot, condition: Any) -> list[Row]:  # noqa: ANN401
    history = history_tables()[snapshot.table_key]
    columns = [history.c[column.name] for column in table.columns]
    query = select(*columns).where(history.c.snapshot_id == snapshot.rows_snapshot_id, condition)
    return [{name: plain(value) for name, value in row.items()} for row in connection.execute(query).mappings()]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def chosen_row(
    table: Table, entity: str, by_key: Mapping[str, Row], by_name: Mapping[str, Sequence[Row]]
) -> tuple[str, Row]:
    """Return the key and the row that a person means by an id or a name.

    Raises:
        ValueError: No row has it, or several have the name; says which ones.
    """
    key = entity.lower() if isinstance(table.columns[table.info["key"][0]].type, Uuid) else entity
    if key in by_key:
        return key, by_key[key]
    named = by_name.get(entity.lower(), ())
    ids = sorted(KEY_SEPARATOR.join(str(row[name]) for name in table.info["key"]) for row in named)
    if len(ids) == 1:
        return ids[0], named[0]
    what = f"{table.schema}/{table.name}"
    if not ids:
        raise ValueError(f"{what} has no row {entity!r}")
    raise ValueError(f"{entity!r} names {len(ids)} rows of {what}, use an id: {some_of(ids, NAMED)}")
