"""A connection to PostgreSQL, and the one way to work in a scope.

Belongs here: engines, transactions, errors of connecting. Does not: SQL about any particular table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from flow_pipelines.errors import DatabaseError
from flow_pipelines.scope import Scope


@dataclass(frozen=True)
class Database:
    """The database as one role sees it."""

    url: URL
    keeps_connections: bool = False

    @property
    def engine(self) -> Engine:
        """The engine; connections are opened when needed and closed after use, unless they are kept."""
        return _engine(self.url, self.keeps_connections)

    @contextmanager
    def kept(self) -> Iterator[Database]:
        """Keep connections for as long as the block runs: for work that would open one after the other.

        Each costs 3 ms here and as much again in the server, which has to look up the tables anew for every session. No
        session is kept after the block, so the embedded server's orderly end is not held up for nothing. Blocks of one
        process must not overlap: they share their connections, and the first that ends closes them.
        """
        database = Database(self.url, keeps_connections=True)
        try:
            yield database
        finally:
            database.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run a transaction without any scope: sees no tenant's rows.

        Raises:
            DatabaseError: The server can't be reached.
        """
        try:
            connection = self.engine.connect()
        except OperationalError as error:
            raise DatabaseError(
                f"The database {self.url.render_as_string(hide_password=True)} can't be reached: "
                f"{str(error.orig).splitlines()[0]}.",
                remedy="Check that the server runs and that FLOW_DATABASE_URL, if set, is right.",
            ) from error
        with connection, connection.begin():
            yield connection

    @contextmanager
    def in_scope(self, scope: Scope) -> Iterator[Connection]:
        """Run a transaction in which exactly one engagement's rows can be seen and written."""
        with self.transaction() as connection:
            set_scope(connection, client_account_id=scope.client_account_id, engagement_id=scope.engagement_id)
            yield connection

    @contextmanager
    def in_client(self, client_account_id: UUID) -> Iterator[Connection]:
        """Run a transaction in which one client account and the list of its engagements can be seen and written."""
        with self.transaction() as connection:
            set_scope(connection, client_account_id=client_account_id, engagement_id=None)
            yield connection

    @contextmanager
    def lock_run(self, scope: Scope) -> Iterator[bool]:
        """Try to be the only run of an engagement for as long as the block runs, across all processes and machines.

        An advisory lock would not do: every login may take those, and see in pg_locks which ones to take. To lock a
        row takes the right to change it, which no analyst has. Rows that refer to the engagement can be added
        meanwhile; its settings can't change.

        Yields:
            Whether it was free and the engagement is registered. A killed process leaves no lock behind.
        """
        with self.in_scope(scope) as connection:
            query = text("SELECT true FROM platform.engagements WHERE id = :id FOR NO KEY UPDATE SKIP LOCKED")
            yield bool(connection.execute(query, {"id": scope.engagement_id}).scalar())


@cache
def _engine(url: URL, keeps_connections: bool) -> Engine:
    # One for a role in a process: an engine asks the server about itself first, and keeps what it has compiled.
    if not keeps_connections:
        return create_engine(url, poolclass=NullPool)
    # No prepared statements: what a snapshot arrives in is a temporary table of the same name each time.
    return create_engine(
        url, pool_size=1, max_overflow=-1, pool_pre_ping=True, connect_args={"prepare_threshold": None}
    )


def set_scope(connection: Connection, *, client_account_id: UUID, engagement_id: UUID | None) -> None:
    """Set the scope of the running transaction; it ends with the transaction."""
    connection.execute(
        text(
            "SELECT set_config('flow.client_account_id', :client, true), "
            "set_config('flow.engagement_id', :engagement, true)"
        ),
        {"client": str(client_account_id), "engagement": str(engagement_id or "")},
    )


def scope_values(scope: Scope) -> dict[str, UUID]:
    """Return the pair of ids that every row of an engagement carries."""
    return {"client_account_id": scope.client_account_id, "engagement_id": scope.engagement_id}
