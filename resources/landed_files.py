"""The ledger of landed files: in which order they landed, and which of them count.

Belongs here: taking files in, and what a rollback sets aside. Does not: the files themselves (`landing.py`), what they
say (`flow_pipelines/discovery/`).

No row is ever changed. After a rollback of the data import, what counts is what the version returned to was read
from, and what lands afterwards; so a file that was undone is set aside until it lands again, and a rollback the other
way brings it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.scope import Scope
from flow_pipelines.some_of import some_of
from resources.control_tables import snapshot_inputs
from resources.database import Database, scope_values
from resources.event_tables import landed_files, pins, pointer_moves, rollbacks
from resources.landing import Landing, content_hash
from resources.pins import BEFORE_IMPORT, Pin, set_pin

IMPORTED = "discovery/imported_records"
FILE_INPUT = "file:"
SHOWN_NAMES = 3


@dataclass(frozen=True)
class LandedFile:
    """One file that was taken in.

    Attributes:
        landing_number: Order of its landing, from 1 on; files that were taken in at once share one.
        name: What it was called.
        content_hash: SHA-256 of its bytes.
        size_bytes: Its size.
        landed_at: When it was taken in.
        pin_before: Name of the pin of the state before it.
        set_aside: Why it does not count, in words; empty if it does.
    """

    landing_number: int
    name: str
    content_hash: str
    size_bytes: int
    landed_at: datetime
    pin_before: str
    set_aside: str


@dataclass(frozen=True)
class Landed:
    """What a data import reads: the files that count, in order of landing, and what names their order.

    Attributes:
        files: The files.
        inputs: Name and hash of each, for the manifest.
        taken_in: Those that were taken in just now.
        repeated: Names of files that had arrived and are the same, byte for byte, as what counts already.
        pin: The pin of the state before, if any was taken in.
    """

    files: tuple[SourceFile, ...]
    inputs: tuple[tuple[str, str], ...]
    taken_in: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    pin: Pin | None = None


def landed(database: Database, landing: Landing, scope: Scope) -> list[LandedFile]:
    """Return all files of an engagement that were taken in, in order of landing."""
    with database.in_scope(scope) as connection:
        return _ledger(connection, landing, scope)


def would_count(database: Database, landing: Landing, scope: Scope) -> list[SourceFile]:
    """Return the files that the next run would read; those that it would take in have landing number 0."""
    with database.in_scope(scope) as connection:
        ledger = _ledger(connection, landing, scope)
    return [*landing.files(scope), *(_source(landing, scope, file) for file in ledger if not file.set_aside)]


def take_in(database: Database, landing: Landing, scope: Scope, *, by: str) -> Landed:
    """Take in what has arrived, and return all that counts now; the caller holds the engagement's lock.

    Files that are taken in at once are one landing; the state before it is pinned. One whose bytes are those of what
    counts under its name already is no landing. One that changed where it lay since it was taken in, because it was
    still being written, is one more landing.

    Args:
        database: As the pipeline's role.
        landing: The landing folder.
        scope: The engagement.
        by: Who takes them in, for the pin.
    """
    with database.in_scope(scope) as connection:
        ledger = _ledger(connection, landing, scope)
        arrived, repeated = _arrived(landing, scope, ledger)
        pin = _pin(connection, scope, ledger, arrived, by) if arrived else None
        if pin:
            _enter(connection, landing, scope, arrived, pin)
        ledger = _ledger(connection, landing, scope) if arrived else ledger
    for file in repeated:
        file.path.unlink()
    counting = [file for file in ledger if not file.set_aside]
    return Landed(
        tuple(_source(landing, scope, file) for file in counting),
        tuple((_input_name(file.name, file.landing_number), file.content_hash) for file in counting),
        tuple(file.name for file, _ in arrived),
        tuple(file.name for file in repeated),
        pin,
    )


def _input_name(name: str, landing_number: int) -> str:
    # The number is part of it: the same bytes may land again after others, and each landing is undone by itself.
    return f"{FILE_INPUT}{name} (landing {landing_number})"


def _source(landing: Landing, scope: Scope, file: LandedFile) -> SourceFile:
    return SourceFile(file.name, landing.received(scope, file.landing_number, file.name), file.landing_number)


def _arrived(
    landing: Landing, scope: Scope, ledger: Sequence[LandedFile]
) -> tuple[list[tuple[SourceFile, str]], list[SourceFile]]:
    """Return the files that the ledger does not know, each with its hash, and those that say nothing new."""
    known = {(file.landing_number, file.name): file for file in ledger}
    counting = {file.name: file.content_hash for file in ledger if not file.set_aside}
    arrived, repeated = [], []
    for file in landing.all_files(scope):
        entry = known.get((file.landing_number, file.name))
        if entry and entry.set_aside:
            continue
        digest = content_hash(file.path)
        if entry is None and counting.get(file.name) == digest:
            repeated.append(file)
        elif entry is None or entry.content_hash != digest:
            arrived.append((file, digest))
    return arrived, repeated


def _pin(
    connection: Connection,
    scope: Scope,
    ledger: Sequence[LandedFile],
    arrived: Sequence[tuple[SourceFile, str]],
    by: str,
) -> Pin:
    names = [file.name for file, _ in arrived]
    number = max((file.landing_number for file in ledger), default=0) + 1
    reason = f"Before {some_of(names, SHOWN_NAMES)} landed"
    return set_pin(connection, scope, kind="import", reason=reason, by=by, name=f"{BEFORE_IMPORT}{number}")


def _enter(
    connection: Connection, landing: Landing, scope: Scope, arrived: Sequence[tuple[SourceFile, str]], pin: Pin
) -> None:
    names = [file.name for file, _ in arrived]
    for place, (file, digest) in enumerate(arrived):
        number = int(pin.name.removeprefix(BEFORE_IMPORT)) + names[:place].count(file.name)
        connection.execute(
            insert(landed_files).values(
                **scope_values(scope),
                landing_number=number,
                file_name=file.name,
                content_hash=digest,
                size_bytes=file.path.stat().st_size,
                pin_before_id=pin.pin_id,
            )
        )
        # What is moved and then not written down, because the process was killed, is found and entered next time.
        landing.take_in(scope, file, number)


def _ledger(connection: Connection, landing: Landing, scope: Scope) -> list[LandedFile]:
    query = (
        select(landed_files, pins.c.name.label("pin_before"))
        .join(pins, pins.c.pin_id == landed_files.c.pin_before_id)
        .order_by(landed_files.c.landing_number, landed_files.c.file_name)
    )
    undone = _last_undoing(connection)
    return [
        LandedFile(
            row.landing_number,
            row.file_name,
            row.content_hash,
            row.size_bytes,
            row.landed_at,
            row.pin_before,
            _set_aside(row, undone, landing, scope),
        )
        for row in connection.execute(query)
    ]


def set_aside_by(connection: Connection, landing: Landing, scope: Scope, snapshot_id: UUID | None) -> list[LandedFile]:
    """Return the files that count and that a return to a version of the imported records would set aside."""
    read = _read_by(connection, snapshot_id) if snapshot_id else frozenset()
    return [
        file
        for file in _ledger(connection, landing, scope)
        if not file.set_aside and _input_name(file.name, file.landing_number) not in read
    ]


@dataclass(frozen=True)
class _Undoing:
    """The last rollback of the data import: when it was, in words what, and the inputs that still counted."""

    moved_at: datetime
    words: str
    inputs: frozenset[str]


def _last_undoing(connection: Connection) -> _Undoing | None:
    moved = connection.execute(
        select(pointer_moves.c.snapshot_id, pointer_moves.c.moved_at, rollbacks.c.target, rollbacks.c.reason)
        .join(rollbacks, rollbacks.c.rollback_id == pointer_moves.c.rollback_id)
        .where(pointer_moves.c.table_key == IMPORTED)
        .order_by(pointer_moves.c.move_number.desc())
        .limit(1)
    ).one_or_none()
    if moved is None:
        return None
    read = _read_by(connection, moved.snapshot_id) if moved.snapshot_id else frozenset()
    return _Undoing(moved.moved_at, f"undone by the rollback to {moved.target}: {moved.reason}", read)


def _read_by(connection: Connection, snapshot_id: UUID) -> frozenset[str]:
    query = select(snapshot_inputs.c.input_name).where(
        snapshot_inputs.c.snapshot_id == snapshot_id, snapshot_inputs.c.input_name.startswith(FILE_INPUT)
    )
    return frozenset(connection.execute(query).scalars())


def _set_aside(row: Row[tuple[object, ...]], undone: _Undoing | None, landing: Landing, scope: Scope) -> str:
    if not landing.received(scope, row.landing_number, row.file_name).is_file():
        return "removed from the landing folder"
    counted = undone and _input_name(row.file_name, row.landing_number) in undone.inputs
    if undone and row.landed_at <= undone.moved_at and not counted:
        return undone.words
    return ""
