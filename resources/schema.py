"""Bringing the database's schema up to date: Alembic's migrations, then access.

Belongs here: when and how migrations run. Does not: any particular migration (`migrations/versions/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import Connection as PsycopgConnection
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from flow_pipelines.errors import DatabaseError
from resources.access import access_is_applied, apply_access, create_roles, drop_views, refuse_roles_of_another_owner
from resources.control_tables import PLATFORM, all_tables
from resources.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
# Any constant serves; it keeps two commands that start at once on an empty database from both filling it.
FIRST_MIGRATION_LOCK = 4_711_200_426
OLDEST_SERVER = 150_000


def bring_up_to_date(owner: Database, passwords: Mapping[str, str | None]) -> None:
    """Apply outstanding migrations, roles, policies, grants and views, all in one transaction.

    Args:
        owner: The database as its owner.
        passwords: Password of each login role of ours; None where the server trusts the connection.

    Raises:
        DatabaseError: The server is too old, the schema is newer than this code, or the owner lacks a right.
    """
    try:
        _bring_up_to_date(owner, passwords)
    except (InsufficientPrivilege, ProgrammingError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DatabaseError(
            f"{owner.url.username} may not set up the database {owner.url.database}: {reason}.",
            remedy="It must own the database, have CREATEROLE, and be the one that created the roles flow_pipeline, "
            "flow_reader, flow_analyst, flow_dagster and flow_vacuum if they are there already.",
        ) from error


def _bring_up_to_date(owner: Database, passwords: Mapping[str, str | None]) -> None:
    database = str(owner.url.database)
    with owner.transaction() as connection:
        _refuse_old_server(connection)
        refuse_roles_of_another_owner(connection)
        if not (_is_current(connection) and access_is_applied(connection, database)):
            _lock_schema(connection)
            if not _is_current(connection):
                drop_views(connection)
                migrate(connection)
            apply_access(connection, database)
    known = {role: password for role, password in passwords.items() if password is not None}
    # They are new, or the owner's password, from which they derive, has changed.
    if not all(_logs_in(owner, role, password) for role, password in known.items()):
        with owner.transaction() as connection:
            for role, password in known.items():
                set_password(connection, role, password)


def migrate(connection: Connection) -> None:
    """Create the roles and schemas that are missing, and apply the outstanding migrations."""
    create_roles(connection)
    for schema in sorted({str(table.schema) for table in all_tables().tables.values()}):
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for running on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _lock_schema(connection: Connection) -> None:
    # Every login may take advisory locks, so that kind serves only while there is nothing of ours, hence no analyst.
    if _version_table(connection) is None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FIRST_MIGRATION_LOCK})
    else:
        connection.execute(text(f"LOCK TABLE {PLATFORM}.alembic_version IN SHARE ROW EXCLUSIVE MODE"))


def _version_table(connection: Connection) -> str | None:
    known = connection.execute(text("SELECT to_regclass(:name)"), {"name": f"{PLATFORM}.alembic_version"}).scalar()
    return None if known is None else str(known)


def _is_current(connection: Connection) -> bool:
    scripts = ScriptDirectory.from_config(configuration(connection))
    if _version_table(connection) is None:
        return False
    context = MigrationContext.configure(connection, opts={"version_table_schema": PLATFORM})
    applied = context.get_current_revision()
    if applied not in {revision.revision for revision in scripts.walk_revisions()}:
        raise DatabaseError(
            f"The database's schema has revision {applied}, which this version of flow-pipelines does not know.",
            remedy="It was last used by a newer version: install that one, or use another FLOW_STATE or database.",
        )
    return applied == scripts.get_current_head()


def _refuse_old_server(connection: Connection) -> None:
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if version < OLDEST_SERVER:
        raise DatabaseError(
            f"The PostgreSQL server has version {version // 10_000}.",
            remedy="flow-pipelines needs PostgreSQL 15 or newer, whose views can keep their reader's row security.",
        )


def _logs_in(owner: Database, role: str, password: str) -> bool:
    try:
        with Database(owner.url.set(username=role, password=password)).transaction():
            return True
    except DatabaseError:
        return False


def set_password(connection: Connection, role: str, password: str) -> None:
    """Set a role's password; only its SCRAM verifier is sent, so no server log can hold the password."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, PsycopgConnection):
        raise TypeError(driver)
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))
    driver.execute(statement)
