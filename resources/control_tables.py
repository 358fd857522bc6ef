"""The tables in which the platform keeps its own books: tenants, snapshots and pointers, and every output's history.

Belongs here: their declaration, for Alembic and for queries. Does not: what happened to flows (`event_tables.py`),
second opinions (`advice_tables.py`), policies, grants and views (`access.py`), and what one row of an output means
(`flow_pipelines/tables/`).
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from flow_pipelines.lineage import links
from flow_pipelines.tables import output_tables

PLATFORM = "platform"
METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "uq": "%(table_name)s_%(column_0_N_name)s_once",
        "fk": "%(table_name)s_of_%(referred_table_name)s",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
    }
)


def created() -> Column[object]:
    """Return the column that says when a row was made."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now(), comment="When.")


def scope_columns() -> tuple[Column[object], Column[object]]:
    """Return the pair of columns that every row of a tenant's carries."""
    return (
        Column("client_account_id", Uuid(), nullable=False, comment="The client account that the row belongs to."),
        Column("engagement_id", Uuid(), nullable=False, comment="The engagement that the row belongs to."),
    )


def of_engagement() -> ForeignKeyConstraint:
    """Return the constraint that makes a mismatched pair of ids impossible."""
    return ForeignKeyConstraint(
        ["client_account_id", "engagement_id"],
        [f"{PLATFORM}.engagements.client_account_id", f"{PLATFORM}.engagements.id"],
    )


def of_snapshot(column: str = "snapshot_id", constraint: str | None = None) -> ForeignKeyConstraint:
    """Return the constraint that a snapshot named by a column is one of the row's own engagement."""
    return ForeignKeyConstraint(
        ["client_account_id", "engagement_id", column],
        [f"{PLATFORM}.snapshots.{name}" for name in ("client_account_id", "engagement_id", "snapshot_id")],
        name=constraint,
    )


client_accounts = Table(
    "client_accounts",
    METADATA,
    Column("id", Uuid(), primary_key=True, comment="Deterministic id, from the name."),
    Column("name", Text(), nullable=False, unique=True, comment="Name, first part of the partition key."),
    created(),
    schema=PLATFORM,
    comment="The tenants: one row per client account.",
)

engagements = Table(
    "engagements",
    METADATA,
    Column("id", Uuid(), primary_key=True, comment="Deterministic id, from client and name."),
    Column("client_account_id", Uuid(), nullable=False, comment="The client account."),
    Column("name", Text(), nullable=False, comment="Name, second part of the partition key."),
    Column("settings", JSONB(), nullable=False, comment="The engagement's validated settings."),
    created(),
    ForeignKeyConstraint(["client_account_id"], [f"{PLATFORM}.client_accounts.id"]),
    UniqueConstraint("client_account_id", "id"),
    UniqueConstraint("client_account_id", "name"),
    schema=PLATFORM,
    comment="One row per migration engagement of a client account.",
)

users = Table(
    "users",
    METADATA,
    Column("id", Uuid(), primary_key=True, comment="Deterministic id, from client and name."),
    Column("client_account_id", Uuid(), nullable=False, comment="The client account whose data the user may read."),
    Column("name", Text(), nullable=False, comment="The user's name."),
    Column("database_role", Text(), nullable=False, unique=True, comment="The database role the user logs in with."),
    created(),
    ForeignKeyConstraint(["client_account_id"], [f"{PLATFORM}.client_accounts.id"]),
    UniqueConstraint("client_account_id", "name"),
    schema=PLATFORM,
    comment="The people who read a client's tables; each has a database role bound to the client account.",
)

snapshots = Table(
    "snapshots",
    METADATA,
    *scope_columns(),
    Column("snapshot_id", Uuid(), nullable=False, comment="The snapshot."),
    Column("table_key", Text(), nullable=False, comment="The table, flow/table."),
    Column("rows_snapshot_id", Uuid(), nullable=False, comment="The snapshot that stored these same rows first."),
    Column("status", Text(), nullable=False, comment="candidate, published or rejected."),
    Column("run_id", Text(), nullable=False, comment="The Dagster run that wrote it."),
    Column("code_version", Text(), nullable=False, comment="Version of the code that computed it."),
    Column("data_version", Text(), nullable=False, comment="Hash of the rows, independent of their order."),
    Column("row_count", BigInteger(), nullable=False, comment="Number of rows."),
    Column("rejection", Text(), comment="Why the gate refused it."),
    Column(
        "rows_dropped_at",
        DateTime(timezone=True),
        comment="When retention let go of it; its rows are gone unless another snapshot shares them.",
    ),
    created(),
    Column("published_at", DateTime(timezone=True), comment="When it first became current."),
    PrimaryKeyConstraint("client_account_id", "engagement_id", "snapshot_id"),
    of_engagement(),
    of_snapshot("rows_snapshot_id", "rows_of_snapshot"),
    UniqueConstraint("snapshot_id"),
    CheckConstraint("status IN ('candidate', 'published', 'rejected')", name="status_is_known"),
    Index(None, "engagement_id", "table_key", "data_version"),
    schema=PLATFORM,
    comment="The registry: one row per materialization of a table; never updated but for its status.",
)

snapshot_inputs = Table(
    "snapshot_inputs",
    METADATA,
    *scope_columns(),
    Column("snapshot_id", Uuid(), nullable=False, comment="The snapshot that was computed."),
    Column("input_name", Text(), nullable=False, comment="What it read: flow/table, file:name or settings."),
    Column("input_snapshot_id", Uuid(), comment="The exact snapshot read, if the input is a table."),
    Column("input_version", Text(), nullable=False, comment="Hash of the input's content."),
    PrimaryKeyConstraint("snapshot_id", "input_name"),
    of_snapshot(),
    of_snapshot("input_snapshot_id", "input_of_snapshot"),
    schema=PLATFORM,
    comment="The inputs manifest: exactly what each snapshot was computed from.",
)

current_snapshots = Table(
    "current_snapshots",
    METADATA,
    *scope_columns(),
    Column("table_key", Text(), nullable=False, comment="The table, flow/table."),
    Column("snapshot_id", Uuid(), nullable=False, comment="The snapshot that is current."),
    Column("rows_snapshot_id", Uuid(), nullable=False, comment="The snapshot that stored its rows."),
    Column("moved_at", DateTime(timezone=True), nullable=False, server_default=func.now(), comment="When it moved."),
    PrimaryKeyConstraint("engagement_id", "table_key"),
    of_engagement(),
    of_snapshot(),
    of_snapshot("rows_snapshot_id", "rows_of_current_snapshot"),
    schema=PLATFORM,
    comment="The pointers: which snapshot of each table is current in each engagement.",
)


def history_schema(flow: str) -> str:
    """Return the schema that holds all snapshots of a flow's tables."""
    return f"{flow}_history"


@cache
def history_tables() -> dict[str, Table]:
    """Return, by table key, the table that holds all snapshots' rows of an output table."""
    return {key: _history_table(table) for key, table in output_tables().items()}


def _history_table(table: Table) -> Table:
    key = table.info["key"]
    named = [link.column for link in links(output_tables()) if link.table_key == f"{table.schema}/{table.name}"]
    return Table(
        table.name,
        METADATA,
        *scope_columns(),
        Column("snapshot_id", Uuid(), nullable=False, comment="The snapshot that stored the row."),
        *(Column(c.name, c.type, nullable=c.nullable, comment=c.comment) for c in table.columns),
        PrimaryKeyConstraint("snapshot_id", *key),
        of_snapshot(),
        *(
            CheckConstraint(str(constraint.sqltext), name=str(constraint.name))
            for constraint in sorted(table.constraints, key=lambda c: str(c.name))
            if isinstance(constraint, CheckConstraint)
        ),
        # What leads from a row to all that rests on it. No list of ids: under row security no index is used for one.
        *(Index(None, "snapshot_id", name) for name in named if name not in key and not _is_list(table, name)),
        schema=history_schema(str(table.schema)),
        comment=f"{table.comment} All snapshots, current or not.",
    )


def _is_list(table: Table, column: str) -> bool:
    return isinstance(table.columns[column].type, ARRAY)


@cache
def all_tables() -> MetaData:
    """Return the metadata of every table, control tables and histories."""
    from resources import advice_tables, event_tables  # noqa: F401, PLC0415  (they declare their tables in METADATA)

    history_tables()
    return METADATA
