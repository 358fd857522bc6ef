"""The snapshot store: write, audit, publish; and reading a consistent set.

Belongs here: the life of a snapshot, from candidate to current or rejected. Does not: what the rows mean, nor
who decides that they are good (a gate in `assets_defs/`).

A snapshot's rows never change. Publishing moves pointers, in one transaction, so that readers see all of a
phase's old tables or all of its new ones. A crash at any instant leaves the pointers where they were.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO
from uuid import UUID, uuid4

import pandas as pd
from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection, Table, func, insert, select, text, update

from flow_pipelines.errors import RunError
from flow_pipelines.flows import HANDOFFS
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty
from resources.control_tables import current_snapshots, history_tables, snapshot_inputs, snapshots
from resources.database import Database, scope_values
from resources.pointers import hold_pointers, move_pointer
from resources.rows import ContentHash, parse, select_list, serialize

# Up to this size a snapshot's text stays in memory between hashing and COPY; beyond it goes to a temporary file.
SPOOL_BYTES = 64 * 1024 * 1024
COPY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Snapshot:
    """One immutable version of one table in one engagement."""

    snapshot_id: UUID
    rows_snapshot_id: UUID
    table_key: str
    data_version: str
    row_count: int


SNAPSHOT_COLUMNS = select(
    snapshots.c.snapshot_id,
    snapshots.c.rows_snapshot_id,
    snapshots.c.table_key,
    snapshots.c.data_version,
    snapshots.c.row_count,
)


@dataclass(frozen=True)
class Input:
    """One entry of an inputs manifest: a table's snapshot, or something that is no table."""

    name: str
    version: str
    snapshot_id: UUID | None = None

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot) -> Input:
        """Return the entry for a snapshot that was read."""
        return cls(snapshot.table_key, snapshot.data_version, snapshot.snapshot_id)


@dataclass(frozen=True)
class SnapshotStore:
    """The snapshots of all engagements, seen through the pipeline's role, one scope at a time."""

    database: Database

    def current(self, scope: Scope, table_keys: Iterable[str] | None = None) -> dict[str, Snapshot]:
        """Return the current snapshots of an engagement, by table key: one statement, hence a consistent set.

        Args:
            scope: The engagement.
            table_keys: The tables wanted; all if not given. A table that has no snapshot yet is not in the result.
        """
        query = SNAPSHOT_COLUMNS.join(current_snapshots, current_snapshots.c.snapshot_id == snapshots.c.snapshot_id)
        if table_keys is not None:
            query = query.where(snapshots.c.table_key.in_(list(table_keys)))
        with self.database.in_scope(scope) as connection:
            found = {row.table_key: Snapshot(*row) for row in connection.execute(query)}
        return {key: found[key] for key in output_tables() if key in found}

    def read(self, scope: Scope, snapshot: Snapshot) -> pd.DataFrame:
        """Return a snapshot's rows as a frame that conforms to its table."""
        return self.read_all(scope, {snapshot.table_key: snapshot})[snapshot.table_key]

    def read_all(self, scope: Scope, chosen: Mapping[str, Snapshot]) -> dict[str, pd.DataFrame]:
        """Return the rows of some snapshots by table key, each as a frame that conforms to its table."""
        with self.database.in_scope(scope) as connection:
            return {key: _rows(connection, snapshot) for key, snapshot in chosen.items()}

    def write(
        self,
        scope: Scope,
        frames: Mapping[str, pd.DataFrame],
        *,
        inputs: Sequence[Input],
        run_id: str,
        code_version: str,
    ) -> list[Snapshot]:
        """Write frames as candidate snapshots, which nobody sees until they are published.

        Rows equal to those of a published snapshot of the same table and engagement are not stored again.

        Args:
            scope: The engagement; its pair of ids is on every row.
            frames: By table key, frames that conform to their tables.
            inputs: All that the frames were computed from.
            run_id: The run that computed them.
            code_version: The version of the code that computed them.
        """
        return [
            self._write_one(scope, key, frame, inputs=inputs, run_id=run_id, code_version=code_version)
            for key, frame in frames.items()
        ]

    def _write_one(
        self, scope: Scope, key: str, frame: pd.DataFrame, *, inputs: Sequence[Input], run_id: str, code_version: str
    ) -> Snapshot:
        table = output_tables()[key]
        content = ContentHash(table)
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            for block in serialize(frame, table, content):
                spool.write(block)
            spool.seek(0)
            with self.database.in_scope(scope) as connection:
                snapshot_id = uuid4()
                stored = _published_rows(connection, scope, key, content.data_version)
                snapshot = Snapshot(snapshot_id, stored or snapshot_id, key, content.data_version, content.row_count)
                _register(connection, scope, snapshot, inputs=inputs, run_id=run_id, code_version=code_version)
                if stored is None:
                    _copy_rows(connection, scope, snapshot_id, table, spool)
        return snapshot

    def publish(
        self,
        scope: Scope,
        candidates: Sequence[Snapshot],
        *,
        watched: Collection[str] | None = None,
        also: Sequence[Callable[[Connection], object]] = (),
    ) -> None:
        """Make candidates current, all of them at once.

        Args:
            scope: The engagement.
            candidates: What `write` returned.
            watched: The inputs that must still be current, all if not given. What another flow handed over stays valid
                for as long as that hand-off is current, whatever is published there.
            also: What else happens in the same transaction, hence if and only if they become current.

        Raises:
            RunError: One of their inputs is no longer current: they were computed from outdated data.
        """
        with self.database.in_scope(scope) as connection:
            hold_pointers(connection, scope)
            _refuse_outdated(connection, candidates, watched)
            for snapshot in candidates:
                move_pointer(connection, scope, snapshot.table_key, snapshot)
            connection.execute(
                update(snapshots)
                .where(snapshots.c.snapshot_id.in_([snapshot.snapshot_id for snapshot in candidates]))
                .values(status="published", published_at=func.coalesce(snapshots.c.published_at, func.now()))
            )
            for action in also:
                action(connection)

    def reject(
        self,
        scope: Scope,
        candidates: Sequence[Snapshot],
        reason: str,
        *,
        also: Sequence[Callable[[Connection], object]] = (),
    ) -> None:
        """Keep candidates for inspection, never to be current; see `publish` for what else happens."""
        with self.database.in_scope(scope) as connection:
            connection.execute(
                update(snapshots)
                .where(snapshots.c.snapshot_id.in_([snapshot.snapshot_id for snapshot in candidates]))
                .values(status="rejected", rejection=reason)
            )
            for action in also:
                action(connection)

    def stored_rows(self, scope: Scope, snapshot: Snapshot) -> int:
        """Return how many rows of a snapshot the database really holds."""
        history = history_tables()[snapshot.table_key]
        query = select(func.count()).where(history.c.snapshot_id == snapshot.rows_snapshot_id)
        with self.database.in_scope(scope) as connection:
            return int(connection.execute(query).scalar_one())

    def manifests(self, scope: Scope, chosen: Iterable[Snapshot]) -> dict[str, dict[str, Input]]:
        """Return which snapshot of each table each of some snapshots was computed from, by table keys."""
        query = (
            select(
                snapshots.c.table_key,
                snapshot_inputs.c.input_name,
                snapshot_inputs.c.input_version,
                snapshot_inputs.c.input_snapshot_id,
            )
            .join(snapshots, snapshots.c.snapshot_id == snapshot_inputs.c.snapshot_id)
            .where(snapshot_inputs.c.snapshot_id.in_([snapshot.snapshot_id for snapshot in chosen]))
            .where(snapshot_inputs.c.input_snapshot_id.is_not(None))
        )
        found: dict[str, dict[str, Input]] = {}
        with self.database.in_scope(scope) as connection:
            for table_key, *read in connection.execute(query):
                entry = Input(*read)
                found.setdefault(table_key, {})[entry.name] = entry
        return found

    def handed_over(self, scope: Scope, handoff: Snapshot) -> dict[str, Snapshot]:
        """Return what a hand-off handed over, by table key, and what the hand-offs before it had."""
        package: dict[str, Snapshot] = {}
        remaining = [handoff.snapshot_id]
        with self.database.in_scope(scope) as connection:
            while remaining:
                ids = connection.execute(
                    select(snapshot_inputs.c.input_snapshot_id)
                    .where(snapshot_inputs.c.snapshot_id == remaining.pop())
                    .where(snapshot_inputs.c.input_snapshot_id.is_not(None))
                ).scalars()
                found = {one.table_key: one for one in snapshots_by_id(connection, ids).values()}
                remaining += [one.snapshot_id for key, one in found.items() if key.startswith(f"{HANDOFFS}/")]
                package = found | package
        return package

    def inputs_of(self, scope: Scope, snapshot: Snapshot) -> list[Input]:
        """Return the inputs manifest of a snapshot, by name."""
        query = (
            select(snapshot_inputs.c.input_name, snapshot_inputs.c.input_version, snapshot_inputs.c.input_snapshot_id)
            .where(snapshot_inputs.c.snapshot_id == snapshot.snapshot_id)
            .order_by(snapshot_inputs.c.input_name)
        )
        with self.database.in_scope(scope) as connection:
            return [Input(*row) for row in connection.execute(query)]


def _rows(connection: Connection, snapshot: Snapshot) -> pd.DataFrame:
    table, history = output_tables()[snapshot.table_key], history_tables()[snapshot.table_key]
    if snapshot.row_count == 0:
        return empty(table)
    statement = (
        f"COPY (SELECT {select_list(table)} FROM {history.schema}.{history.name} "  # noqa: S608  (declared names)
        f"WHERE snapshot_id = '{snapshot.rows_snapshot_id}') TO STDOUT (FORMAT csv, HEADER)"
    )
    with _driver(connection).cursor().copy(statement) as copy:
        return parse(b"".join(bytes(block) for block in copy), table)


def _published_rows(connection: Connection, scope: Scope, key: str, data_version: str) -> UUID | None:
    query = (
        select(snapshots.c.rows_snapshot_id)
        .where(snapshots.c.engagement_id == scope.engagement_id, snapshots.c.table_key == key)
        .where(snapshots.c.data_version == data_version, snapshots.c.status == "published")
        .where(snapshots.c.rows_dropped_at.is_(None))
        .limit(1)
        # Retention waits for this lock, and then sees the snapshot that is about to refer to these rows.
        .with_for_update(read=True)
    )
    return connection.execute(query).scalar()


def _register(
    connection: Connection,
    scope: Scope,
    snapshot: Snapshot,
    *,
    inputs: Sequence[Input],
    run_id: str,
    code_version: str,
) -> None:
    connection.execute(
        insert(snapshots).values(
            **scope_values(scope),
            snapshot_id=snapshot.snapshot_id,
            rows_snapshot_id=snapshot.rows_snapshot_id,
            table_key=snapshot.table_key,
            data_version=snapshot.data_version,
            row_count=snapshot.row_count,
            status="candidate",
            run_id=run_id,
            code_version=code_version,
        )
    )
    if inputs:
        connection.execute(
            insert(snapshot_inputs),
            [
                {
                    **scope_values(scope),
                    "snapshot_id": snapshot.snapshot_id,
                    "input_name": entry.name,
                    "input_snapshot_id": entry.snapshot_id,
                    "input_version": entry.version,
                }
                for entry in inputs
            ],
        )


def _copy_rows(connection: Connection, scope: Scope, snapshot_id: UUID, table: Table, lines: IO[bytes]) -> None:
    # PostgreSQL refuses COPY into a table under row-level security, hence the temporary table.
    history = history_tables()[f"{table.schema}/{table.name}"]
    columns = ", ".join(column.name for column in table.columns)
    driver = _driver(connection)
    driver.execute(
        f"CREATE TEMPORARY TABLE arriving ON COMMIT DROP AS "  # noqa: S608  (declared names)
        f"SELECT {columns} FROM {history.schema}.{history.name} WITH NO DATA"
    )
    with driver.cursor().copy(f"COPY arriving ({columns}) FROM STDIN") as copy:
        while block := lines.read(COPY_BYTES):
            copy.write(block)
    connection.execute(
        text(
            f"INSERT INTO {history.schema}.{history.name} "  # noqa: S608  (declared names)
            f"(client_account_id, engagement_id, snapshot_id, {columns}) "
            f"SELECT :client_account_id, :engagement_id, :snapshot_id, {columns} FROM arriving"
        ),
        {**scope_values(scope), "snapshot_id": snapshot_id},
    )


def _refuse_outdated(connection: Connection, candidates: Sequence[Snapshot], watched: Collection[str] | None) -> None:
    query = (
        select(snapshot_inputs.c.input_name)
        .join(current_snapshots, current_snapshots.c.table_key == snapshot_inputs.c.input_name)
        .join(snapshots, snapshots.c.snapshot_id == current_snapshots.c.snapshot_id)
        .where(snapshots.c.data_version != snapshot_inputs.c.input_version)
        .where(snapshot_inputs.c.input_snapshot_id.is_not(None))
        .where(snapshot_inputs.c.snapshot_id.in_([snapshot.snapshot_id for snapshot in candidates]))
        .distinct()
    )
    if watched is not None:
        query = query.where(snapshot_inputs.c.input_name.in_(list(watched)))
    if names := sorted(connection.execute(query).scalars()):
        raise RunError(
            f"{', '.join(names)} changed while this phase was running.",
            remedy="Run the phase again; it will read the new data.",
        )


def snapshots_by_id(connection: Connection, snapshot_ids: Iterable[UUID]) -> dict[UUID, Snapshot]:
    """Return snapshots of the transaction's scope by id; unknown ids are left out."""
    found = connection.execute(SNAPSHOT_COLUMNS.where(snapshots.c.snapshot_id.in_(list(snapshot_ids))))
    return {row.snapshot_id: Snapshot(*row) for row in found}


def _driver(connection: Connection) -> PsycopgConnection[tuple[object, ...]]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, PsycopgConnection):
        raise TypeError(driver)
    return driver
