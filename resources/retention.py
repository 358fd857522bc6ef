"""Retention: letting go of snapshots that nothing needs any more, and of their rows.

Belongs here: what is kept, and dropping the rest. Does not: when that happens (the command, a schedule), and the
registry, which keeps a row of every snapshot for good.

Kept is what is current, pinned or handed over, what was current lately, and the last versions of each table; with
each of them everything that it was computed from, step by step. So whatever isn't marked as dropped can be read and
traced all the way back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import array, distinct_on

from flow_pipelines.errors import InputError
from flow_pipelines.flows import HANDOFFS
from flow_pipelines.scope import Scope
from resources.control_tables import current_snapshots, history_tables, snapshot_inputs, snapshots
from resources.database import Database
from resources.event_tables import phase_runs, pinned_snapshots, pins, pointer_moves, rollback_moves, rollbacks
from resources.snapshots import Snapshot, hold_pointers

KEEP_DAYS = 90
KEEP_LAST = 5
# The rows of hand-offs stay for good: they are the record of what was checked and waived, and few.
EVIDENCE = f"{HANDOFFS}/"


@dataclass(frozen=True)
class DroppedSnapshot:
    """A snapshot that was let go, or would be.

    Attributes:
        table_key: The table, `flow/table`.
        snapshot_id: The snapshot.
        status: published, rejected or candidate.
        created_at: When it was written.
        rows_freed: Rows deleted; 0 if another snapshot stored them or still refers to them.
        rows_snapshot_id: The snapshot that stored its rows.
    """

    table_key: str
    snapshot_id: UUID
    status: str
    created_at: datetime
    rows_freed: int
    rows_snapshot_id: UUID


@dataclass(frozen=True)
class VacuumReport:
    """What retention let go of in one engagement, or would."""

    scope: Scope
    dry_run: bool
    before: datetime
    kept: int
    dropped: tuple[DroppedSnapshot, ...]

    @property
    def rows_freed(self) -> int:
        """Rows deleted, or that would be."""
        return sum(snapshot.rows_freed for snapshot in self.dropped)


def vacuum(
    database: Database,
    scope: Scope,
    *,
    keep_days: int = KEEP_DAYS,
    keep_last: int = KEEP_LAST,
    dry_run: bool = False,
    now: datetime | None = None,
) -> VacuumReport:
    """Drop the snapshots of an engagement that nothing needs.

    Each set of rows goes in a transaction of its own that keeps pointers from moving meanwhile: killed at any
    instant, what is done is done, and the rest is done next time.

    Args:
        database: The database as the role `flow_vacuum`, the only one that may delete rows.
        scope: The engagement.
        keep_days: Days for which everything is kept, counted from when it ceased to be current, or was written.
        keep_last: Versions of each table that are kept, however old.
        dry_run: Only tell what would be dropped.
        now: The time from which days count; the present if not given.

    Raises:
        InputError: A number is less than 1: what was current just now may be being read.
    """
    if min(keep_days, keep_last) < 1:
        raise InputError(
            f"Retention can't keep {keep_days} days and {keep_last} versions.", remedy="Keep at least 1 of each."
        )
    before = (now or datetime.now(UTC)) - timedelta(days=keep_days)
    needed = _needed(before, keep_last)
    with database.in_scope(scope) as connection:
        unneeded = _unneeded(connection, needed)
        kept = connection.execute(select(func.count()).select_from(needed.subquery())).scalar_one()
        if dry_run:
            return VacuumReport(scope, dry_run, before, kept, tuple(unneeded))
    dropped: list[DroppedSnapshot] = []
    for rows_snapshot_id in dict.fromkeys(snapshot.rows_snapshot_id for snapshot in unneeded):
        with database.in_scope(scope) as connection:
            dropped += _drop(connection, scope, rows_snapshot_id, needed)
    return VacuumReport(scope, dry_run, before, kept, tuple(dropped))


def dropped(connection: Connection, found: Iterable[Snapshot]) -> list[Snapshot]:
    """Return those of some snapshots that retention dropped: they can be neither read nor returned to.

    Args:
        connection: A transaction in the scope; if it holds the pointers, the answer stays true until it ends.
        found: The snapshots.
    """
    by_id = {snapshot.snapshot_id: snapshot for snapshot in found}
    gone = connection.execute(
        select(snapshots.c.snapshot_id).where(
            snapshots.c.snapshot_id.in_(list(by_id)), snapshots.c.rows_dropped_at.is_not(None)
        )
    ).scalars()
    return [by_id[snapshot_id] for snapshot_id in gone]


def _needed(before: datetime, keep_last: int) -> Select[tuple[UUID]]:
    """Return the query of all snapshots that are kept: those needed for themselves, and what they rest on."""
    roots = union(
        select(current_snapshots.c.snapshot_id),
        _pinned(before),
        _being_rolled_back(),
        _recent(before),
        _last_versions(keep_last),
    ).subquery()
    closure = select(roots.c.snapshot_id).cte("needed", recursive=True)
    inputs = select(snapshot_inputs.c.input_snapshot_id).join(
        closure, snapshot_inputs.c.snapshot_id == closure.c.snapshot_id
    )
    closure = closure.union(inputs.where(snapshot_inputs.c.input_snapshot_id.is_not(None)))
    return select(closure.c.snapshot_id)


def _pinned(before: datetime) -> Select[tuple[UUID]]:
    # What the platform pins by itself protects for as long as anything does; what a person pins, until it is unpinned.
    return (
        select(pinned_snapshots.c.snapshot_id)
        .join(pins, pins.c.pin_id == pinned_snapshots.c.pin_id)
        .where(or_(pins.c.kind == "person", pins.c.created_at >= before))
    )


def _being_rolled_back() -> Select[tuple[UUID | None]]:
    moves = select(
        func.unnest(array([rollback_moves.c.from_snapshot_id, rollback_moves.c.to_snapshot_id])).label("snapshot_id")
    )
    unfinished = moves.join(rollbacks, rollbacks.c.rollback_id == rollback_moves.c.rollback_id).where(
        rollbacks.c.status != "completed"
    )
    named = unfinished.subquery()
    return select(named.c.snapshot_id).where(named.c.snapshot_id.is_not(None))


def _recent(before: datetime) -> CompoundSelect[tuple[UUID | None]]:
    next_move = func.lead(pointer_moves.c.moved_at).over(
        partition_by=pointer_moves.c.table_key, order_by=pointer_moves.c.move_number
    )
    stints = select(pointer_moves.c.snapshot_id, next_move.label("ended_at")).subquery()
    running = select(phase_runs.c.run_id).where(phase_runs.c.status == "active")
    return union(
        select(stints.c.snapshot_id).where(stints.c.ended_at >= before, stints.c.snapshot_id.is_not(None)),
        select(snapshots.c.snapshot_id).where(
            or_(
                snapshots.c.created_at >= before,
                and_(snapshots.c.status == "candidate", snapshots.c.run_id.in_(running)),
            )
        ),
    )


def _last_versions(keep_last: int) -> Select[tuple[UUID]]:
    # Versions are told apart by their rows: a nightly re-run without news is no new version.
    versions = (
        select(snapshots.c.table_key, snapshots.c.snapshot_id, snapshots.c.published_at)
        .where(snapshots.c.status == "published", snapshots.c.rows_dropped_at.is_(None))
        .ext(distinct_on(snapshots.c.table_key, snapshots.c.rows_snapshot_id))
        .order_by(snapshots.c.table_key, snapshots.c.rows_snapshot_id, snapshots.c.published_at.desc())
        .subquery()
    )
    age = func.row_number().over(partition_by=versions.c.table_key, order_by=versions.c.published_at.desc())
    ranked = select(versions.c.snapshot_id, age.label("age")).subquery()
    return select(ranked.c.snapshot_id).where(ranked.c.age <= keep_last)


def _unneeded(connection: Connection, needed: Select[tuple[UUID]]) -> list[DroppedSnapshot]:
    """Return what could be dropped, the oldest first, with the rows that this would free."""
    kept_rows = select(snapshots.c.rows_snapshot_id).where(
        snapshots.c.rows_dropped_at.is_(None), snapshots.c.snapshot_id.in_(needed)
    )
    frees = and_(
        snapshots.c.snapshot_id == snapshots.c.rows_snapshot_id,
        snapshots.c.snapshot_id.not_in(kept_rows),
        ~snapshots.c.table_key.startswith(EVIDENCE),
    )
    query = (
        select(
            snapshots.c.table_key,
            snapshots.c.snapshot_id,
            snapshots.c.status,
            snapshots.c.created_at,
            case((frees, snapshots.c.row_count), else_=0),
            snapshots.c.rows_snapshot_id,
        )
        .where(_droppable(needed))
        .order_by(snapshots.c.created_at, snapshots.c.table_key)
    )
    return [DroppedSnapshot(*row) for row in connection.execute(query)]


def _droppable(needed: Select[tuple[UUID]]) -> ColumnElement[bool]:
    return and_(
        snapshots.c.rows_dropped_at.is_(None),
        snapshots.c.table_key.in_(list(history_tables())),
        snapshots.c.snapshot_id.not_in(needed),
    )


def _drop(
    connection: Connection, scope: Scope, rows_snapshot_id: UUID, needed: Select[tuple[UUID]]
) -> list[DroppedSnapshot]:
    """Let go of the snapshots that share some rows and that nothing needs, and of the rows if that was the last."""
    hold_pointers(connection, scope)
    same_rows = snapshots.c.rows_snapshot_id == rows_snapshot_id
    marked = connection.execute(
        update(snapshots)
        .where(same_rows, _droppable(needed))
        .values(rows_dropped_at=func.now())
        .returning(snapshots.c.table_key, snapshots.c.snapshot_id, snapshots.c.status, snapshots.c.created_at)
    ).all()
    # Asked anew, since a run may just have registered a snapshot that refers to the same rows.
    others = connection.execute(
        select(func.count()).select_from(snapshots).where(same_rows, snapshots.c.rows_dropped_at.is_(None))
    ).scalar_one()
    freed = 0
    if marked and not others and not marked[0].table_key.startswith(EVIDENCE):
        history = history_tables()[marked[0].table_key]
        freed = connection.execute(delete(history).where(history.c.snapshot_id == rows_snapshot_id)).rowcount
    return [
        DroppedSnapshot(
            table_key=row.table_key,
            snapshot_id=row.snapshot_id,
            status=row.status,
            created_at=row.created_at,
            rows_freed=freed if row.snapshot_id == rows_snapshot_id else 0,
            rows_snapshot_id=rows_snapshot_id,
        )
        for row in marked
    ]
