"""A database as the platform being replaced has it: its tables by their real names, in the revision that a test wants.

Belongs here: creating one beside the installation's own, and filling it. Does not: what a takeover makes of it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID, uuid5

from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from resources.installation import Installation

NUMBERS = itertools.count(1)
NAMESPACE = UUID("00000000-0000-4000-8000-000000000000")
SCOPE = {"client_account_id": "uuid", "engagement_id": "uuid"}
# As of its revision 110; scopes may be empty where its own models let them.
TABLES: dict[str, dict[str, str]] = {
    "client_accounts": {"id": "uuid", "name": "varchar(255)", "slug": "varchar(100)", "industry": "varchar(100)"},
    "engagements": {"id": "uuid", "client_account_id": "uuid", "name": "varchar(255)", "slug": "varchar(100)"},
    "users": {"id": "uuid", "email": "varchar(255)", "first_name": "varchar(100)", "password_hash": "varchar(255)"},
    "crewai_flow_state_extensions": {"flow_id": "uuid", **SCOPE, "flow_persistence_data": "jsonb"},
    "data_imports": {
        "id": "uuid",
        **SCOPE,
        "master_flow_id": "uuid",
        "import_name": "varchar(255)",
        "filename": "varchar(255)",
    },
    "raw_import_records": {
        "id": "uuid",
        "data_import_id": "uuid",
        **SCOPE,
        "row_number": "integer",
        "raw_data": "json",
    },
    "import_field_mappings": {
        "id": "uuid",
        "data_import_id": "uuid",
        "client_account_id": "uuid",
        "source_field": "varchar(255)",
        "target_field": "varchar(255)",
        "status": "varchar(20)",
        "approved_by": "varchar(255)",
        "approved_at": "timestamptz",
    },
    "assets": {
        "id": "uuid",
        **SCOPE,
        "name": "varchar(255)",
        "hostname": "varchar(255)",
        "asset_type": "varchar(50)",
        "ip_address": "varchar(45)",
        "environment": "varchar(50)",
        "operating_system": "varchar(100)",
        "cpu_cores": "integer",
        "memory_gb": "double precision",
        "application_name": "varchar(255)",
        "six_r_strategy": "varchar(50)",
        "custom_attributes": "json",
    },
    "asset_dependencies": {
        "id": "uuid",
        **SCOPE,
        "asset_id": "uuid",
        "depends_on_asset_id": "uuid",
        "dependency_type": "varchar(50)",
        "port": "integer",
    },
    "data_quality_issues": {
        "id": "uuid",
        "data_import_id": "uuid",
        "raw_record_id": "uuid",
        "issue_type": "varchar(50)",
        "field_name": "varchar(255)",
        "severity": "varchar(20)",
        "reasoning": "text",
    },
    "workflow_states": {"id": "uuid", **SCOPE, "state_data": "json"},
    "alembic_version": {"version_num": "varchar(32)"},
}


def id_of(name: str) -> str:
    """Return the id of the thing of this name, the same in every test."""
    return str(uuid5(NAMESPACE, name))


@dataclass
class Source:
    """A database of the replaced platform.

    Attributes:
        url: Its URL as its owner.
        schema: The schema of its tables.
        columns: Columns by table.
    """

    url: URL
    schema: str
    columns: Mapping[str, Mapping[str, str]]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @cached_property
    def engine(self) -> Engine:
        return create_engine(self.url)

    @property
    def address(self) -> str:
        return self.url.render_as_string(hide_password=False)

    def execute(self, statement: str, *rows: Mapping[str, object]) -> list[tuple[object, ...]]:
        with self.engine.begin() as connection:
            done = connection.execute(text(statement), [dict(row) for row in rows] or None)
            return [tuple(row) for row in done] if done.returns_rows else []

    def add(self, table: str, *rows: Mapping[str, object]) -> list[str]:
        """Insert rows; columns that this revision lacks are passed over, an id is made up where none is given."""
        known = self.columns.get(table)
        made = [{"id": id_of(f"{table} {next(self.numbers)}"), **row} for row in rows]
        if known is not None:
            casts = ", ".join(f"CAST(:{name} AS {kind})" for name, kind in known.items())
            values = [{name: _plain(row.get(name)) for name in known} for row in made]
            self.execute(f"INSERT INTO {self.schema}.{table} ({', '.join(known)}) VALUES ({casts})", *values)
        return [str(row["id"]) for row in made]

    def fingerprint(self) -> list[tuple[object, ...]]:
        """Return what tells whether anything was written: the counters of rows, and a hash of all of them."""
        hashed = "md5(string_agg(t::text || xmin::text || ctid::text, ',' ORDER BY ctid))"
        return self.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*), {hashed} FROM {self.schema}.{table} t" for table in self.columns
            )
        )


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


@contextmanager
def source_database(
    installation: Installation,
    *,
    schema: str = "migration",
    without: Mapping[str, tuple[str, ...]] | None = None,
    without_tables: tuple[str, ...] = (),
    renamed: Mapping[str, str] | None = None,
) -> Iterator[Source]:
    """Give a database of the replaced platform, empty.

    Args:
        installation: On whose server.
        schema: The schema of its tables.
        without: Columns that its revision does not have, by table.
        without_tables: Tables that it does not have.
        renamed: Columns that its revision calls otherwise, as table.column.
    """
    name = f"replaced_{next(NUMBERS)}"
    server = create_engine(installation.owner_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    columns = {
        table: {
            (renamed or {}).get(f"{table}.{column}", column): kind
            for column, kind in declared.items()
            if column not in (without or {}).get(table, ())
        }
        for table, declared in TABLES.items()
        if table not in without_tables
    }
    source = Source(installation.owner_url.set(database=name), schema, columns)
    tables = (
        f"CREATE TABLE {schema}.{table} ({', '.join(f'{column} {kind}' for column, kind in declared.items())})"
        for table, declared in columns.items()
    )
    source.execute("; ".join((f"CREATE SCHEMA IF NOT EXISTS {schema}", *tables)))
    try:
        yield source
    finally:
        source.engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@dataclass(frozen=True)
class Tenant:
    """An engagement of the source with some data of its own."""

    client_id: str
    engagement_id: str
    import_id: str
    records: list[str]
    assets: list[str]

    @property
    def scope(self) -> dict[str, object]:
        return {"client_account_id": self.client_id, "engagement_id": self.engagement_id}


def add_tenant(source: Source, client: str, engagement: str, *, prefix: str) -> Tenant:
    """Add a client with an engagement: an import of two servers, two assets, an application, and what hangs on them."""
    (client_id,) = source.add("client_accounts", {"name": client, "slug": None})
    (engagement_id,) = source.add("engagements", {"client_account_id": client_id, "name": engagement, "slug": None})
    scope = {"client_account_id": client_id, "engagement_id": engagement_id}
    file_name = f"{prefix} servers.xlsx"
    (import_id,) = source.add(
        "data_imports", {**scope, "import_name": "Servers", "filename": file_name, "source_filename": file_name}
    )
    records = source.add(
        "raw_import_records",
        *(
            {
                **scope,
                "data_import_id": import_id,
                "row_number": number,
                "raw_data": {"Host": f"{prefix}-{name}", "IP": f"10.1.0.{number}", "Zuständig": "Jane", "RAM GB": ram},
            }
            for number, (name, ram) in enumerate((("web01", 8), ("db01", 16.5)), start=1)
        ),
    )
    (person,) = source.add("users", {"email": f"jane@{prefix}.example", "password_hash": "$2b$hush"})
    approved = {"data_import_id": import_id, "client_account_id": client_id, "status": "approved"}
    # Under both names, of which a revision has one.
    by_person = {"approved_by": person, "validated_by": person, "approved_at": "2025-07-01T09:30:00Z"}
    by_machine = {"approved_by": "ai_mapper", "validated_by": "ai_mapper"}
    source.add(
        "import_field_mappings",
        {**approved, **by_person, "source_field": "Zuständig", "target_field": "technical_owner"},
        {**approved, **by_machine, "source_field": "RAM GB", "target_field": "asset.memory_gb"},
        {**approved, "source_field": "IP", "target_field": "ip_address", "status": "suggested"},
    )
    assets = source.add(
        "assets",
        {**scope, "name": f"{prefix}-web01", "hostname": f"{prefix}-web01", "asset_type": "server",
         "ip_address": "10.1.0.1", "memory_gb": 8.0, "operating_system": "Red Hat Enterprise Linux 8",
         "custom_attributes": {"rack": "R7"}, "six_r_strategy": "rehost"},
        {**scope, "name": f"{prefix}-db01", "hostname": f"{prefix}-db01", "asset_type": "server",
         "ip_address": "10.1.0.2", "memory_gb": 16.5},
        {**scope, "name": f"{prefix} shop", "asset_type": "application"},
    )  # fmt: skip
    source.add(
        "asset_dependencies",
        {**scope, "asset_id": assets[0], "depends_on_asset_id": assets[1], "dependency_type": "database", "port": 5432},
    )
    source.add(
        "data_quality_issues",
        {"data_import_id": import_id, "raw_record_id": records[0], "issue_type": "missing_data", "field_name": "OS",
         "severity": "high", "reasoning": "No operating system was told"},
    )  # fmt: skip
    source.add("workflow_states", {**scope, "state_data": {"phase": "inventory"}})
    return Tenant(client_id, engagement_id, import_id, records, assets)
