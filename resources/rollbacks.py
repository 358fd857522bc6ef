"""Rollback: which pointers would move, moving them all in one transaction, and checking the result.

Belongs here: the life of a rollback in the database. Does not: the Dagster run that carries it out
(`assets_defs/rollback_run.py`), what the rows of two versions differ in (`differences.py`).

Its cost does not depend on the number of rows, the check's aside: no row is copied, read or written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, select, update

from flow_pipelines.errors import InputError, RunError
from flow_pipelines.flows import flow_named, flow_of, flows_after, step_of
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.control_tables import current_snapshots
from resources.database import Database, scope_values
from resources.event_tables import pointer_moves, rollback_moves, rollbacks
from resources.phase_runs import add_completed
from resources.pins import set_pin, state_at
from resources.pointers import hold_pointers, move_pointer
from resources.retention import dropped
from resources.snapshots import Snapshot, snapshots_by_id

RollbackScope = Literal["phase", "flow", "cascade"]


@dataclass(frozen=True)
class Move:
    """One pointer that a rollback moves; None stands for no current version."""

    table_key: str
    before: Snapshot | None
    after: Snapshot | None


@dataclass(frozen=True)
class Request:
    """What a person asks for.

    Attributes:
        scope: phase, flow, or cascade (the flow and all that start from it).
        flow: The flow.
        phase: The phase, if the scope is one.
        only: Table keys to which it is limited, with the other tables of their phases; none for no limit.
        to: A pin, a time or a snapshot id.
        reason: Why.
        by: Who.
    """

    scope: RollbackScope
    flow: str
    phase: str | None
    only: tuple[str, ...]
    to: str
    reason: str
    by: str


def tables_in_reach(request: Request) -> list[str]:
    """Return the tables that a rollback of this scope covers, hand-offs into its flows included, in their order."""
    flow = flow_named(request.flow)
    flows = {flow.name, *(other.name for other in flows_after(flow) if request.scope == "cascade")}
    reached = [key for key in output_tables() if flow_of(key).name in flows]
    if request.scope == "phase":
        reached = [key for key in reached if step_of(key) == (request.flow, request.phase)]
    if request.only:
        steps = {step_of(key) for key in request.only}
        reached = [key for key in reached if step_of(key) in steps]
    return reached


def step_of_snapshot(database: Database, scope: Scope, point: str) -> tuple[str, str] | None:
    """Return the flow and phase that made a snapshot, if the point to return to is the id of one."""
    try:
        snapshot_id = UUID(point)
    except ValueError:
        return None
    with database.in_scope(scope) as connection:
        found = snapshots_by_id(connection, [snapshot_id]).get(snapshot_id)
    return step_of(found.table_key) if found else None


def planned_moves(connection: Connection, request: Request) -> list[Move]:
    """Return the pointers that the rollback would move; empty if all is as it was then already.

    Raises:
        InputError: The point to return to is unknown.
    """
    now, then = state_at(connection, "current"), state_at(connection, request.to)
    moves = [Move(key, now.get(key), then.get(key)) for key in tables_in_reach(request)]
    return [
        move for move in moves if (move.before and move.before.snapshot_id) != (move.after and move.after.snapshot_id)
    ]


def register(database: Database, scope: Scope, request: Request, moves: Sequence[Move]) -> UUID:
    """Write down a rollback and pin the state before it; nothing moves yet."""
    rollback_id = uuid4()
    with database.in_scope(scope) as connection:
        pin = set_pin(
            connection,
            scope,
            kind="rollback",
            reason=f"Before the rollback to {request.to}: {request.reason}",
            by=request.by,
        )
        connection.execute(
            insert(rollbacks).values(
                **scope_values(scope),
                rollback_id=rollback_id,
                flow_name=request.flow,
                phase_name=request.phase,
                rollback_scope=request.scope,
                target=request.to,
                reason=request.reason,
                requested_by=request.by,
                pin_before_id=pin.pin_id,
                status="pending",
            )
        )
        connection.execute(
            insert(rollback_moves),
            [
                {
                    **scope_values(scope),
                    "rollback_id": rollback_id,
                    "table_key": move.table_key,
                    "from_snapshot_id": move.before and move.before.snapshot_id,
                    "to_snapshot_id": move.after and move.after.snapshot_id,
                }
                for move in moves
            ],
        )
    return rollback_id


def execute(database: Database, scope: Scope, rollback_id: UUID, *, run_id: str) -> dict[str, Move]:
    """Move all pointers of a rollback, unless that has been done, and return its moves by table key.

    Raises:
        RunError: It is unknown, or one of its tables was published anew since it was asked for.
    """
    with database.in_scope(scope) as connection:
        hold_pointers(connection, scope)
        found = connection.execute(select(rollbacks).where(rollbacks.c.rollback_id == rollback_id)).one_or_none()
        if found is None or found.status == "abandoned":
            raise RunError(f"{scope} has no rollback {rollback_id} to execute.", remedy="Ask for it: flow rollback")
        moves = _moves(connection, rollback_id)
        if found.status == "pending":
            _refuse_if_moved(connection, moves.values())
            refuse_dropped(connection, [move.after for move in moves.values() if move.after])
            for move in moves.values():
                move_pointer(connection, scope, move.table_key, move.after, rollback_id=rollback_id)
            for flow, phase in dict.fromkeys(map(step_of, moves)):
                add_completed(connection, scope, flow=flow, phase=phase, run_id=run_id, cause="rollback")
            connection.execute(
                update(rollbacks)
                .where(rollbacks.c.rollback_id == rollback_id)
                .values(status="executed", run_id=run_id, executed_at=func.clock_timestamp())
            )
    return moves


def moves_of(database: Database, scope: Scope, rollback_id: UUID) -> dict[str, Move]:
    """Return the moves of a rollback by table key."""
    with database.in_scope(scope) as connection:
        return _moves(connection, rollback_id)


def finish(database: Database, scope: Scope, rollback_id: UUID, problems: Sequence[str]) -> None:
    """Write down what the check of an executed rollback found."""
    with database.in_scope(scope) as connection:
        connection.execute(
            update(rollbacks)
            .where(rollbacks.c.rollback_id == rollback_id)
            .values(status="completed", completed_at=func.clock_timestamp(), integrity_problems=list(problems))
        )


def abandon(database: Database, scope: Scope, rollback_id: UUID) -> None:
    """Give up a rollback that was never executed."""
    with database.in_scope(scope) as connection:
        connection.execute(
            update(rollbacks)
            .where(rollbacks.c.rollback_id == rollback_id, rollbacks.c.status == "pending")
            .values(status="abandoned")
        )


def executed_and_unchecked(database: Database, scope: Scope) -> list[UUID]:
    """Return the rollbacks whose pointers moved and whose result was not checked."""
    query = select(rollbacks.c.rollback_id).where(rollbacks.c.status == "executed").order_by(rollbacks.c.executed_at)
    with database.in_scope(scope) as connection:
        return list(connection.execute(query).scalars())


def pending(database: Database, scope: Scope) -> list[UUID]:
    """Return the rollbacks that were asked for and did not move a pointer."""
    with database.in_scope(scope) as connection:
        return list(
            connection.execute(select(rollbacks.c.rollback_id).where(rollbacks.c.status == "pending")).scalars()
        )


def last_moved_by_a_rollback(database: Database, scope: Scope, table_keys: Collection[str]) -> bool:
    """Tell whether the latest move of any of some tables' pointers was a rollback's."""
    query = (
        select(pointer_moves.c.rollback_id)
        .where(pointer_moves.c.table_key.in_(list(table_keys)))
        .order_by(pointer_moves.c.move_number.desc())
        .limit(1)
    )
    with database.in_scope(scope) as connection:
        return connection.execute(query).scalar() is not None


def refuse_dropped(connection: Connection, wanted: Iterable[Snapshot]) -> None:
    """Refuse to return to versions whose rows retention has dropped.

    Raises:
        InputError: There are some; names their tables.
    """
    if gone := sorted(snapshot.table_key for snapshot in dropped(connection, wanted)):
        raise InputError(
            f"Retention has dropped the rows of {', '.join(gone)} as they were then.",
            remedy="Name a later time, or a pin: flow pins lists them.",
        )


def _moves(connection: Connection, rollback_id: UUID) -> dict[str, Move]:
    rows = connection.execute(select(rollback_moves).where(rollback_moves.c.rollback_id == rollback_id)).all()
    ids = {row.from_snapshot_id for row in rows} | {row.to_snapshot_id for row in rows}
    known = snapshots_by_id(connection, ids - {None})
    moves = {
        row.table_key: Move(row.table_key, known.get(row.from_snapshot_id), known.get(row.to_snapshot_id))
        for row in rows
    }
    return {key: moves[key] for key in output_tables() if key in moves}


def _refuse_if_moved(connection: Connection, moves: Iterable[Move]) -> None:
    query = select(current_snapshots.c.table_key, current_snapshots.c.snapshot_id)
    current = {row.table_key: row.snapshot_id for row in connection.execute(query)}
    moved = [
        move.table_key
        for move in moves
        if current.get(move.table_key) != (move.before.snapshot_id if move.before else None)
    ]
    if moved:
        raise RunError(
            f"{', '.join(moved)} changed since the rollback was asked for.",
            remedy="Ask again: flow rollback ... --dry-run shows what it would do now.",
        )


def steps_of(moves: Collection[str]) -> list[str]:
    """Return all tables of the steps that tables are made in: what a run selects, since a step moves as a whole."""
    steps = set(map(step_of, moves))
    return [key for key in output_tables() if step_of(key) in steps]
