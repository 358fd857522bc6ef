"""Pointers: which snapshot of each table is current.

Belongs here: holding an engagement's pointers and moving one, with the log of moves. Does not: when that is right to do
(`snapshots.py` publishes, `rollbacks.py` returns).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from flow_pipelines.scope import Scope
from resources.control_tables import client_accounts, current_snapshots
from resources.database import scope_values
from resources.event_tables import pointer_moves

if TYPE_CHECKING:
    from resources.snapshots import Snapshot


def hold_pointers(connection: Connection, scope: Scope) -> None:
    """Keep everybody else from moving pointers of the client's engagements until the transaction ends.

    It locks the client's row: the engagement's own is locked by a run for as long as that takes.
    """
    query = select(client_accounts.c.id).where(client_accounts.c.id == scope.client_account_id)
    connection.execute(query.with_for_update(key_share=True))


def move_pointer(
    connection: Connection, scope: Scope, table_key: str, snapshot: Snapshot | None, *, rollback_id: UUID | None = None
) -> None:
    """Make a snapshot the current one of its table, or none at all, and log the move.

    Args:
        connection: A transaction in the scope that holds its pointers.
        scope: The engagement.
        table_key: The table.
        snapshot: What becomes current; None withdraws the table.
        rollback_id: The rollback that moves it.
    """
    if snapshot is None:
        connection.execute(
            delete(current_snapshots).where(
                current_snapshots.c.engagement_id == scope.engagement_id, current_snapshots.c.table_key == table_key
            )
        )
    else:
        target = {"snapshot_id": snapshot.snapshot_id, "rows_snapshot_id": snapshot.rows_snapshot_id}
        connection.execute(
            insert_or(current_snapshots)
            .values(**scope_values(scope), table_key=table_key, **target)
            .on_conflict_do_update(
                index_elements=["engagement_id", "table_key"], set_={**target, "moved_at": func.now()}
            )
        )
    connection.execute(
        insert(pointer_moves).values(
            **scope_values(scope),
            table_key=table_key,
            snapshot_id=snapshot and snapshot.snapshot_id,
            rollback_id=rollback_id,
        )
    )
