"""Pins, and the state of an engagement at any point: a pin, a time, a snapshot, or now.

Belongs here: setting pins and telling which snapshots were current when. Does not: returning to them
(`rollbacks.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.control_tables import current_snapshots, snapshots
from resources.database import Database, scope_values
from resources.event_tables import pinned_snapshots, pins, pointer_moves
from resources.snapshots import Snapshot, snapshots_by_id

NOW = "current"
# What the platform calls its own pins; by this name a landing pins the state before it.
BEFORE_IMPORT = "before-import-"
PIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
PinKind = Literal["handoff", "rollback", "edit", "import", "person"]


@dataclass(frozen=True)
class Pin:
    """A named, consistent set of an engagement's snapshots."""

    pin_id: UUID
    name: str
    kind: str
    reason: str
    created_by: str
    created_at: datetime


def set_pin(
    connection: Connection, scope: Scope, *, kind: PinKind, reason: str, by: str, name: str | None = None
) -> Pin:
    """Pin what is current now.

    Args:
        connection: A transaction in the scope; the pin is set when it commits.
        scope: The engagement.
        kind: What sets it.
        reason: Why.
        by: Who sets it.
        name: Its name; made of kind and time if not given.

    Raises:
        InputError: The engagement has a pin of that name already, or the name can't be told from a time, an id or one
            of the platform's own.
    """
    if name is not None:
        _refuse_unusable(name, reason, kind)
    pin_id = uuid4()
    moment = datetime.now(UTC)
    chosen = name or f"{kind}-{moment:%Y%m%dT%H%M%S}-{str(pin_id)[:4]}"
    if connection.execute(select(pins.c.pin_id).where(pins.c.name == chosen)).scalar():
        raise InputError(f"{scope} has a pin {chosen!r} already.", remedy="Choose another name.")
    values = {"pin_id": pin_id, "name": chosen, "kind": kind, "reason": reason, "created_by": by, "created_at": moment}
    connection.execute(insert(pins).values(**scope_values(scope), **values))
    current = connection.execute(select(current_snapshots.c.table_key, current_snapshots.c.snapshot_id)).all()
    if current:
        rows = [{**scope_values(scope), "pin_id": pin_id, **row._mapping} for row in current]  # noqa: SLF001
        connection.execute(insert(pinned_snapshots), rows)
    return Pin(pin_id, chosen, kind, reason, by, moment)


def _refuse_unusable(name: str, reason: str, kind: PinKind) -> None:
    problems = []
    # A person's before-import-7 would keep the seventh landing from being taken in.
    is_taken = name.startswith(BEFORE_IMPORT) and kind != "import"
    if not PIN_NAME.fullmatch(name) or name == NOW or is_taken or _is_id(name) or _is_time(name):
        problems.append(f"{name!r} can't name a pin")
    if not reason.strip():
        problems.append("the reason is missing")
    if problems:
        raise InputError(
            f"{'; '.join(problems).capitalize()}.",
            remedy="Use letters, digits, spaces, dots, hyphens; no time, id, `current` or `before-import-`. Say why.",
        )


def _is_id(words: str) -> bool:
    try:
        UUID(words)
    except ValueError:
        return False
    return True


def _is_time(words: str) -> bool:
    try:
        datetime.fromisoformat(words)
    except ValueError:
        return False
    return True


def pins_of(database: Database, scope: Scope) -> list[Pin]:
    """Return an engagement's pins, the newest first."""
    query = select(
        pins.c.pin_id, pins.c.name, pins.c.kind, pins.c.reason, pins.c.created_by, pins.c.created_at
    ).order_by(pins.c.created_at.desc(), pins.c.name)
    with database.in_scope(scope) as connection:
        return [Pin(*row) for row in connection.execute(query)]


def state_at(connection: Connection, point: str) -> dict[str, Snapshot]:
    """Return which snapshot of each table was current at a point, by table key; a table that had none is left out.

    Args:
        connection: A transaction in the engagement's scope.
        point: `current`, the name of a pin, an ISO 8601 time (without a zone it is UTC), or the id of a snapshot,
            which stands for the moment when it first became current.

    Raises:
        InputError: It is none of these, or nothing of the engagement was current then.
    """
    if point == NOW:
        ids = list(connection.execute(select(current_snapshots.c.snapshot_id)).scalars())
    elif (pin_id := connection.execute(select(pins.c.pin_id).where(pins.c.name == point)).scalar()) is not None:
        ids = list(
            connection.execute(
                select(pinned_snapshots.c.snapshot_id).where(pinned_snapshots.c.pin_id == pin_id)
            ).scalars()
        )
    else:
        ids = _ids_at(connection, _moment(connection, point))
    found = {snapshot.table_key: snapshot for snapshot in snapshots_by_id(connection, ids).values()}
    return {key: found[key] for key in output_tables() if key in found}


def moment_of(connection: Connection, point: str) -> datetime:
    """Return when a point was: the time of a pin, of a snapshot's first becoming current, or now."""
    if point == NOW:
        return datetime.now(UTC)
    pinned: datetime | None = connection.execute(select(pins.c.created_at).where(pins.c.name == point)).scalar()
    return pinned or _moment(connection, point)


def _moment(connection: Connection, point: str) -> datetime:
    if _is_id(point):
        query = select(snapshots.c.published_at).where(snapshots.c.snapshot_id == UUID(point))
        published: datetime | None = connection.execute(query).scalar()
        if published is not None:
            return published
    elif _is_time(point):
        moment = datetime.fromisoformat(point)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise InputError(
        f"{point!r} is no pin, no time and no published snapshot of this engagement.",
        remedy="Name a pin (flow pins lists them), a time such as 2026-06-30T14:00, or a snapshot's id.",
    )


def _ids_at(connection: Connection, moment: datetime) -> list[UUID]:
    latest = (
        select(pointer_moves.c.table_key, pointer_moves.c.snapshot_id)
        .where(pointer_moves.c.moved_at <= moment)
        .ext(distinct_on(pointer_moves.c.table_key))
        .order_by(pointer_moves.c.table_key, pointer_moves.c.move_number.desc())
    )
    moves = connection.execute(latest).all()
    if not moves:
        raise InputError(
            f"Nothing of this engagement was current at {moment:%Y-%m-%d %H:%M:%S %Z}.",
            remedy="Name a later time, or a pin: flow pins lists them.",
        )
    return [move.snapshot_id for move in moves if move.snapshot_id is not None]
