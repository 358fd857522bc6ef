"""Whether what is current holds together: content, manifests, references between tables.

Belongs here: checks that hold for every table of every flow, from its declaration alone. Does not: a phase's gate
(`flow_pipelines/<flow>/gates.py`), which knows what its rows mean.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, text

from flow_pipelines.flows import flow_of
from flow_pipelines.lineage import Link, links
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.control_tables import history_tables
from resources.database import Database
from resources.rollbacks import Move
from resources.rows import data_version
from resources.snapshots import Snapshot, SnapshotStore


def integrity_problems(database: Database, scope: Scope, moves: Iterable[Move]) -> list[str]:
    """List what does not hold after a rollback, one sentence each.

    Args:
        database: The database as the pipeline's role.
        scope: The engagement.
        moves: The rollback's moves; the tables that they returned to a version are looked at.
    """
    store = SnapshotStore(database)
    current = store.current(scope)
    moved = {move.table_key for move in moves if move.after is not None}
    chosen = {key: snapshot for key, snapshot in current.items() if key in moved}
    problems = _content_problems(store, scope, chosen)
    problems += _manifest_problems(store, scope, chosen, current)
    with database.in_scope(scope) as connection:
        for link in links(output_tables()):
            # Rows of another flow's table are named as they were handed over, not as they are now.
            is_own = flow_of(link.table_key).name == flow_of(link.source_key).name
            if (
                is_own
                and {link.table_key, link.source_key} & moved
                and {link.table_key, link.source_key} <= set(current)
            ):
                problems += _dangling(connection, link, current[link.table_key], current[link.source_key])
    return problems


def _content_problems(store: SnapshotStore, scope: Scope, chosen: dict[str, Snapshot]) -> list[str]:
    return [
        f"the rows of {key} do not have the hash {snapshot.data_version} that they were registered with"
        for key, snapshot in chosen.items()
        if data_version(store.read(scope, snapshot), output_tables()[key]) != snapshot.data_version
    ]


def _manifest_problems(
    store: SnapshotStore, scope: Scope, chosen: dict[str, Snapshot], current: dict[str, Snapshot]
) -> list[str]:
    """List tables computed from other rows of a table of the same flow than those that are current.

    A phase that ran once more and came to equal rows is another snapshot and no other version.
    """
    problems = []
    for key, inputs in store.manifests(scope, chosen.values()).items():
        for name, read in inputs.items():
            is_own = flow_of(name).name == flow_of(key).name
            if is_own and (name not in current or current[name].data_version != read.version):
                problems.append(f"{key} was computed from another version of {name} than the current one")
    return problems


def _dangling(connection: Connection, link: Link, rows: Snapshot, named: Snapshot) -> list[str]:
    if not _must_hold(link):
        return []
    table, source = history_tables()[link.table_key], history_tables()[link.source_key]
    ids = f"unnest(t.{link.column})" if link.holds_list else f"t.{link.column}"
    key = output_tables()[link.source_key].info["key"][0]
    query = text(
        f"SELECT count(*) FROM (SELECT {ids} AS id FROM {table.fullname} t "  # noqa: S608  (declared names)
        f"WHERE t.snapshot_id = :rows) AS named WHERE id IS NOT NULL AND NOT EXISTS "
        f"(SELECT FROM {source.fullname} s WHERE s.snapshot_id = :named AND s.{key} = named.id)"
    )
    dangling = connection.execute(query, {"rows": rows.rows_snapshot_id, "named": named.rows_snapshot_id}).scalar_one()
    if not dangling:
        return []
    return [f"{dangling} ids in {link.table_key}.{link.column} name no current row of {link.source_key}"]


def _must_hold(link: Link) -> bool:
    """Tell whether every id must name a row: not so where a table says of itself that an end may be external."""
    columns: Collection[str] = output_tables()[link.table_key].columns.keys()
    return f"{link.column.removesuffix('_id')}_is_external" not in columns
