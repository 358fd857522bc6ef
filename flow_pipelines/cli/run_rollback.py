"""Carrying a rollback out from the command line: its impact, the run that moves the pointers, the check after it.

Belongs here: the order of those steps. Does not: options and printing (`rolling_back.py`), the steps themselves.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from assets_defs.definitions import ROLLBACK_JOB, phase_plans
from assets_defs.instance import open_instance
from assets_defs.run_coordinator import ROLLBACK_TAG
from flow_pipelines.cli.run_flow import alone, execute_job, failure_of, titles_of
from flow_pipelines.flows import flow_named, flow_of, flows_after
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.differences import TableDifference, table_difference
from resources.event_tables import edits
from resources.installation import Installation
from resources.integrity import integrity_problems
from resources.pins import NOW, moment_of, state_at
from resources.rollbacks import (
    Move,
    Request,
    execute,
    finish,
    planned_moves,
    refuse_dropped,
    register,
    steps_of,
)
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


@dataclass(frozen=True)
class Done:
    """A rollback that was carried out."""

    rollback_id: UUID | None
    seconds: float
    check_seconds: float
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as a program reads it."""
        return {
            "rollback_id": self.rollback_id,
            "seconds": round(self.seconds, 3),
            "check_seconds": round(self.check_seconds, 3),
            "integrity_problems": list(self.problems),
        }

    def as_text(self) -> str:
        """Return it in words."""
        if self.rollback_id is None:
            return ""
        held = "; ".join(self.problems) or "content, manifests and references hold"
        return f"Rolled back in {self.seconds:.1f} s, checked in {self.check_seconds:.1f} s: {held}."


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
    remarks = []
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


def run_rollback(installation: Installation, scope: Scope, request: Request, impact: Impact) -> Done:
    """Carry a rollback out, or finish one to the same point that a killed process left.

    Raises:
        RunError: Something runs for the engagement, or its tables changed since the impact was told.
    """
    database = installation.database
    with open_instance(installation) as instance, alone(database, scope, instance):
        if not impact.moves:
            return Done(None, 0.0, 0.0, ())
        started = time.monotonic()
        rollback_id = register(database, scope, request, impact.moves)
        keys = steps_of([move.table_key for move in impact.moves])
        titles = titles_of([plan for plan in phase_plans() if set(plan.keys) & set(keys)])
        tags = {ROLLBACK_TAG: str(rollback_id)}
        result = execute_job(instance, ROLLBACK_JOB, scope, table_keys=keys, tags=tags, titles=titles)
        if not result.success:
            raise failure_of(result, f"the rollback of {scope} to {request.to}", "the same command")
        moved = time.monotonic()
        moves = execute(database, scope, rollback_id, run_id=result.run_id)
        problems = integrity_problems(database, scope, moves.values())
        finish(database, scope, rollback_id, problems)
        return Done(rollback_id, moved - started, time.monotonic() - moved, tuple(problems))
