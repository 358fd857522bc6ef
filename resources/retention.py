"""Retention: letting go of snapshots that nothing needs any more, of their rows, and of advice that no row names.

Belongs here: what is kept, and dropping the rest. Does not: when that happens (the command, a schedule), and the
registry, which keeps a row of every snapshot for good.

Kept is what is current, pinned or handed over, what was current lately, and the last versions of each table; with
each of them everything that it was computed from, step by step. So whatever isn't marked as dropped can be read and
traced all the way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Case,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
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
from resources.kept_advice import drop_unnamed
from resources.pointers import hold_pointers
from resources.snapshots import Snapshot

KEEP_DAYS = 90
KEEP_LAST = 5
# The rows of hand-offs stay for good: they are the record of what was checked and waived, and few.
EVIDENCE = f"{HANDOFFS}/"
# Rows deleted in one transaction, during which nothing can be published in the engagement: about a second's worth.
BATCH_ROWS = 50_000
REPORTED = (
    snapshots.c.table_key,
    snapshots.c.snapshot_id,
    snapshots.c.status,
    snapshots.c.created_at,
    snapshots.c.rows_snapshot_id,
)


@dataclass(frozen=True)
class DroppedSnapshot:
    """A snapshot that was let go, or would be.

    Attributes:
        table_key: The table, `flow/table`.
        snapshot_id: The snapshot.
        status: published, rejected or candidate.
        created_at: When it was written.
        rows_snapshot_id: The snapshot that stored its rows.
        rows_freed: Rows deleted; 0 if another snapshot stored them or still refers to them.
    """

    table_key: str
    snapshot_id: UUID
    status: str
    created_at: datetime
    rows_snapshot_id: UUID
    rows_freed: int


@dataclass(frozen=True)
class VacuumReport:
    """What retention let go of in one engagement, or would; kept advice is counted once it is gone."""

    scope: Scope
    dry_run: bool
    before: datetime
    kept: int
    dropped: tuple[DroppedSnapshot, ...]
    advice_freed: int = 0

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

    It goes in batches, each in a transaction of its own that keeps pointers from moving meanwhile: killed at any
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
    with database.in_scope(scope) as connection:
        needed = _needed(connection, before, keep_last)
        unneeded = _unneeded(connection, needed)
    if dry_run:
        return VacuumReport(scope, dry_run, before, len(needed), tuple(unneeded))
    gone: list[DroppedSnapshot] = []
    for batch in _batches(unneeded):
        with database.in_scope(scope) as connection:
            hold_pointers(connection, scope)
            gone += _drop(connection, batch, _needed(connection, before, keep_last))
    with database.in_scope(scope) as connection:
        advice_freed = drop_unnamed(connection, before)
    return VacuumReport(scope, dry_run, before, len(needed), tuple(gone), advice_freed)


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


def _needed(connection: Connection, before: datetime, keep_last: int) -> list[UUID]:
    """Return all snapshots that are kept: those needed for themselves, and what they rest on."""
    roots = union(
        select(current_snapshots.c.snapshot_id),
        _pinned(before),
        _being_rolled_back(),
        _recent(before),
        _last_versions(keep_last),
    )
    reached: set[UUID] = set()
    found = set(connection.execute(roots).scalars())
    # Step by step, since PostgreSQL reads the manifests of all engagements for each step of a recursive query.
    while found:
        reached |= found
        inputs = select(snapshot_inputs.c.input_snapshot_id).where(
            snapshot_inputs.c.snapshot_id == any_(_ids(found)), snapshot_inputs.c.input_snapshot_id.is_not(None)
        )
        found = set(connection.execute(inputs.distinct()).scalars()) - reached
    return sorted(reached)


def _ids(values: Iterable[UUID]) -> BindParameter[Sequence[UUID]]:
    return bindparam(None, list(values), type_=ARRAY(Uuid()))


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
        rollbacks.c.status.in_(("pending", "executed"))
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


def _unneeded(connection: Connection, needed: Sequence[UUID]) -> list[DroppedSnapshot]:
    """Return what could be dropped, the oldest first, with the rows that this would free."""
    kept_rows = select(snapshots.c.rows_snapshot_id).where(
        snapshots.c.rows_dropped_at.is_(None), snapshots.c.snapshot_id == any_(_ids(needed))
    )
    query = (
        select(*REPORTED, _frees(kept_rows))
        .where(snapshots.c.rows_dropped_at.is_(None), _droppable(needed))
        .order_by(snapshots.c.created_at, snapshots.c.table_key)
    )
    return [DroppedSnapshot(*row) for row in connection.execute(query)]


def _frees(kept_rows: Select[tuple[UUID]]) -> Case[int]:
    frees = and_(
        snapshots.c.snapshot_id == snapshots.c.rows_snapshot_id,
        snapshots.c.snapshot_id.not_in(kept_rows),
        ~snapshots.c.table_key.startswith(EVIDENCE),
    )
    return case((frees, snapshots.c.row_count), else_=0)


def _droppable(needed: Sequence[UUID]) -> ColumnElement[bool]:
    return and_(snapshots.c.table_key.in_(list(history_tables())), snapshots.c.snapshot_id != all_(_ids(needed)))


def _batches(unneeded: Iterable[DroppedSnapshot]) -> Iterator[list[UUID]]:
    """Yield the sets of rows to be dropped, as many at once as are quickly deleted."""
    batch: dict[UUID, None] = {}
    rows = 0
    for snapshot in unneeded:
        if rows and rows + snapshot.rows_freed > BATCH_ROWS:
            yield list(batch)
            batch, rows = {}, 0
        batch[snapshot.rows_snapshot_id] = None
        rows += snapshot.rows_freed
    if batch:
        yield list(batch)


def _drop(connection: Connection, batch: Sequence[UUID], needed: Sequence[UUID]) -> list[DroppedSnapshot]:
    """Let go of the snapshots that have some sets of rows and that nothing needs; of the rows if none is left."""
    marked = connection.execute(
        update(snapshots)
        .where(snapshots.c.rows_snapshot_id == any_(_ids(batch)))
        .where(snapshots.c.rows_dropped_at.is_(None), _droppable(needed))
        .values(rows_dropped_at=func.now())
        .returning(snapshots.c.snapshot_id)
    ).scalars()
    # Asked anew, since a run may just have registered a snapshot that refers to the same rows.
    kept_rows = select(snapshots.c.rows_snapshot_id).where(
        snapshots.c.rows_dropped_at.is_(None), snapshots.c.rows_snapshot_id == any_(_ids(batch))
    )
    query = select(*REPORTED, _frees(kept_rows)).where(snapshots.c.snapshot_id == any_(_ids(marked)))
    gone = [DroppedSnapshot(*row) for row in connection.execute(query)]
    for key, history in history_tables().items():
        if freed := [snapshot.snapshot_id for snapshot in gone if snapshot.table_key == key and snapshot.rows_freed]:
            connection.execute(delete(history).where(history.c.snapshot_id == any_(_ids(freed))))
    return gone
