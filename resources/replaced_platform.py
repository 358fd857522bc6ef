"""The database of the platform being replaced: found by names of tables and columns, read and never written.

Belongs here: connecting, finding its tables, streaming their rows as text. Does not: what its names and rows mean
(`flow_pipelines/reference/replaced_platform.py`, `flow_pipelines/takeover/`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, Connection, Inspector, Text, cast, column, create_engine, func, inspect, make_url, select
from sqlalchemy import table as table_clause
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import ArgumentError, DBAPIError, SAWarning
from sqlalchemy.pool import NullPool
from sqlalchemy.types import JSON

from flow_pipelines.errors import DatabaseError, InputError
from flow_pipelines.reference.replaced_platform import SourceTable, replaced_platform

# Rows on the way at a time: enough that the network waits for us, few enough that a million records fit in memory.
FETCHED_ROWS = 2_000
# Times as text are in UTC and ISO 8601. Rows that row security would hide are an error, not an estate with holes.
SETTINGS = ("SET LOCAL timezone TO 'UTC'", "SET LOCAL datestyle TO 'ISO'", "SET LOCAL row_security TO off")

# Without these nothing can be told about whose any row is, and without one of those there is no row.
INDISPENSABLE = {"clients": {"id"}, "engagements": {"id", "client"}}
TELLING = {"imports", "raw_records", "assets"}


@dataclass(frozen=True)
class FoundTable:
    """A table of the source.

    Attributes:
        known: What is known of it.
        schema: Its schema.
        name: Its name.
        columns: All its columns, in order.
        json_columns: Those of them that hold JSON.
        understood: Column as this code calls it to its name.
    """

    known: SourceTable
    schema: str
    name: str
    columns: tuple[str, ...]
    json_columns: frozenset[str]
    understood: Mapping[str, str]


@dataclass(frozen=True)
class SourceDatabase:
    """The source within one read-only transaction, in which its rows stay as they are.

    Attributes:
        connection: The transaction.
        tables: Tables by kind; missing ones are missing.
        others: Names of the other tables of the same schema.
        schema: That schema.
        secret: The password, to keep it out of messages.
    """

    connection: Connection
    tables: Mapping[str, FoundTable]
    others: tuple[str, ...]
    schema: str
    secret: str

    def rows(self, kind: str, *, order: Sequence[str], everything: bool = False) -> Iterator[dict[str, str]]:
        """Stream the rows of a table as text, empty cells left out.

        Args:
            kind: What this code calls the table; there are no rows if the source does not have it.
            order: Columns to order by, as this code calls them; missing ones are passed over.
            everything: Whether the other columns come too, under their own names behind a dot (`.port`).

        Raises:
            DatabaseError: The source can't be read to the end.
        """
        found = self.tables.get(kind)
        if found is None:
            return
        chosen = dict(found.understood)
        if everything:
            chosen |= {f".{name}": name for name in found.columns}
        selected = [cast(column(name), Text).label(f"c{number}") for number, name in enumerate(chosen.values())]
        query = select(*selected).select_from(table_clause(found.name, schema=found.schema))
        query = query.order_by(*(column(found.understood[name]) for name in order if name in found.understood))
        names = list(chosen)
        with _told_without(self.secret):
            for row in self.connection.execute(query, execution_options={"yield_per": FETCHED_ROWS}):
                yield {name: cell for name, cell in zip(names, row, strict=True) if cell}

    def count(self, table: str) -> int:
        """Return the number of rows of a table, as the source itself counts them."""
        query = select(func.count()).select_from(table_clause(table, schema=self.schema))
        with _told_without(self.secret):
            return self.connection.execute(query).scalar_one()


@contextmanager
def open_source(address: str) -> Iterator[SourceDatabase]:
    """Open the database of the platform being replaced, for reading only.

    Args:
        address: Its URL. The password is in no message, and need not be in it: PGPASSWORD and ~/.pgpass do too.

    Raises:
        DatabaseError: It can't be reached or read.
        InputError: It is not the database of that platform.
    """
    url = _parsed(address)
    secret = str(url.password or "")
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with _told_without(secret, where=_place(url)):
        opened = engine.connect()
    # One snapshot for all tables: what refers to what was read before stays right while others write.
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with opened as connection, connection.execution_options(**options).begin():
        with _told_without(secret):
            for setting in SETTINGS:
                connection.exec_driver_sql(setting)
            tables, others, schema = _found(inspect(connection))
        lacking = [kind for kind, needed in INDISPENSABLE.items() if not needed <= _columns_of(tables, kind)]
        if lacking or tables.keys().isdisjoint(TELLING):
            raise InputError(
                f"{_place(url)} has no tables of client accounts, engagements and what was imported for them, so it is "
                "not the database of the platform being replaced, or this role may not see them.",
                remedy="Name its database, and a role that may read it.",
            )
        yield SourceDatabase(connection, tables, others, schema, secret)


def _columns_of(tables: Mapping[str, FoundTable], kind: str) -> set[str]:
    return set(tables[kind].understood) if kind in tables else set()


def _parsed(address: str) -> URL:
    remedy = "Write postgresql://user@host:5432/database; the password may be in PGPASSWORD."
    try:
        url = make_url(address)
        password = url.password or url.query.get("password")
    except (ArgumentError, ValueError):
        # Its own words would repeat the address, and the password in it.
        raise DatabaseError("--from-database is not a database URL.", remedy=remedy) from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise DatabaseError(f"--from-database names a {url.get_backend_name()} database.", remedy=remedy)
    url = url.difference_update_query(["password"])
    return url.set(drivername="postgresql+psycopg", password=str(password) if password else None)


def _place(url: URL) -> str:
    host = url.host or url.query.get("host") or "this machine"
    return f"{host}{f':{url.port}' if url.port else ''}, database {url.database}"


@contextmanager
def _told_without(secret: str, where: str = "The source") -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        words = said[0].replace(secret, "***") if secret else said[0]
        remedy = "Check that it runs, and that the URL and its role are right."
        if "row-level security" in words or "permission denied" in words:
            remedy = "Connect as a role that may read all rows of all clients there: the owner, or one with BYPASSRLS."
        # Without its cause: a stack trace would show the parameters of the connection.
        raise DatabaseError(f"{where} can't be read: {words}.", remedy=remedy) from None


def _found(inspector: Inspector) -> tuple[dict[str, FoundTable], tuple[str, ...], str]:
    """Return the known tables of the schema that has the most of them, the names of its others, and the schema."""
    known = {name for table in replaced_platform().tables.values() for name in table.names}
    schemas = [schema for schema in inspector.get_schema_names() if not schema.startswith(("pg_", "information_"))]
    names = {schema: set(inspector.get_table_names(schema)) for schema in sorted(schemas)}
    schema = max(names, key=lambda one: len(names[one] & known), default="public")
    with warnings.catch_warnings():
        # A column of an extension's type has no type here; as a text it can be read all the same.
        warnings.simplefilter("ignore", SAWarning)
        reflected = inspector.get_multi_columns(schema, kind=ObjectKind.TABLE)
    tables = {}
    for kind, table in replaced_platform().tables.items():
        name = next((name for name in table.names if name in names.get(schema, ())), None)
        if name is not None:
            columns = reflected[schema, name]
            of_json = frozenset(one["name"] for one in columns if isinstance(one["type"], JSON))
            tables[kind] = _understood(table, schema, name, tuple(one["name"] for one in columns), of_json)
    taken = {table.name for table in tables.values()}
    return tables, tuple(sorted(names.get(schema, set()) - taken)), schema


def _understood(
    table: SourceTable, schema: str, name: str, columns: tuple[str, ...], of_json: frozenset[str]
) -> FoundTable:
    understood = {
        logical: next(spelling for spelling in spellings if spelling in columns)
        for logical, spellings in table.columns.items()
        if not set(spellings).isdisjoint(columns)
    }
    return FoundTable(table, schema, name, columns, of_json, understood)
