"""The impact of a rollback: what it would move, what that means for rows, and what it would leave behind.

Belongs here: telling it, by reading only. Does not: carrying it out (`rollbacks.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from flow_pipelines.flows import flow_named, flow_of, flows_after
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.differences import TableDifference, table_difference
from resources.event_tables import edits
from resources.installation import landing_root
from resources.landed_files import IMPORTED, set_aside_by
from resources.landing import Landing
from resources.pins import NOW, moment_of, state_at
from resources.rollbacks import Move, Request, planned_moves, refuse_dropped
from resources.tenancy import engagement_settings


@dataclass(frozen=True)
class Impact:
    """What a rollback would do.

    Attributes:
        moves: The pointers it moves.
        differences: For each, what that means for its rows.
        remarks: What else a person should know, one sentence each.
    """

    moves: tuple[Move, ...]
    differences: tuple[TableDifference, ...]
    remarks: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as a program reads it."""
        return {
            "moves": [
                {
                    "table": move.table_key,
                    "from": move.before and move.before.data_version,
                    "to": move.after and move.after.data_version,
                    "from_snapshot": move.before and move.before.snapshot_id,
                    "to_snapshot": move.after and move.after.snapshot_id,
                    "rows_added": difference.added,
                    "rows_removed": difference.removed,
                    "rows_changed": difference.changed,
                }
                for move, difference in zip(self.moves, self.differences, strict=True)
            ],
            "remarks": list(self.remarks),
        }


def impact_of(database: Database, scope: Scope, request: Request) -> Impact:
    """Return what a rollback would do, and what it would leave behind.

    Raises:
        InputError: The point to return to is unknown, or rows it needs were dropped by retention.
    """
    engagement_settings(database, scope)
    with database.in_scope(scope) as connection:
        moves = planned_moves(connection, request)
        refuse_dropped(connection, [move.after for move in moves if move.after])
        differences = [table_difference(connection, move.table_key, move.before, move.after) for move in moves]
        current = set(state_at(connection, NOW))
        since = moment_of(connection, request.to)
        late = connection.execute(
            select(func.count(), func.min(edits.c.made_at)).where(edits.c.made_at > since, edits.c.kind != "withdraw")
        ).one()
        imported = next((move for move in moves if move.table_key == IMPORTED), None)
        returned_to = imported.after.snapshot_id if imported and imported.after else None
        undone = set_aside_by(connection, Landing(landing_root()), scope, returned_to) if imported else []
    remarks = []
    if undone:
        names = ", ".join(f"{file.name} (landing {file.landing_number})" for file in undone)
        remarks.append(f"Set aside until they land again, so that no run reads them: {names}.")
    if late[0]:
        remarks.append(
            f"{late[0]} edits were made after that point, the first at {late[1]:%Y-%m-%d %H:%M}. They are kept, and the"
            f" next run applies them again; flow edit withdraw takes one back."
        )
    moved = {flow_of(move.table_key).name for move in moves}
    left = [
        one.title
        for one in flows_after(flow_named(request.flow))
        if one.name not in moved and request.scope != "cascade" and set(one.tables) & current
    ]
    if moves and left:
        remarks.append(f"Outdated afterwards, unless --scope cascade takes them along: {', '.join(left)}.")
    return Impact(tuple(moves), tuple(differences), tuple(remarks))
