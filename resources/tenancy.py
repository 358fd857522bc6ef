"""Tenants: client accounts, their engagements and their users.

Belongs here: registering and listing them, and an engagement's stored settings. Does not: the rules of row
security (`access.py`), Dagster's partitions (`assets_defs/partitions.py`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import uuid5

from psycopg import sql
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.exc import OperationalError

from flow_pipelines.errors import RunError, ScopeError
from flow_pipelines.scope import Scope, client_account_id, validate_name
from flow_pipelines.settings import EngagementSettings
from resources.access import ANALYST
from resources.control_tables import client_accounts, engagements, users
from resources.database import Database
from resources.schema import set_password

# How long a change of settings waits for the engagement's row.
PATIENCE = "1s"


@dataclass(frozen=True)
class AnalystLogin:
    """What an analyst needs to connect; the password is shown once and stored nowhere."""

    role: str
    password: str


def add_client(database: Database, name: str) -> bool:
    """Register a client account.

    Returns:
        Whether it is new.

    Raises:
        ScopeError: The name is not valid.
    """
    identifier = client_account_id(name)
    with database.in_client(identifier) as connection:
        added = connection.execute(
            insert_or(client_accounts)
            .values(id=identifier, name=name)
            .on_conflict_do_nothing()
            .returning(client_accounts.c.id)
        )
        return added.scalar() is not None


def add_engagement(database: Database, scope: Scope, settings: EngagementSettings) -> bool:
    """Register an engagement of a registered client; a known one is left as it is.

    Returns:
        Whether it is new.

    Raises:
        ScopeError: The client account is not registered.
    """
    with database.in_client(scope.client_account_id) as connection:
        _require_client(connection, scope.client)
        added = connection.execute(
            insert_or(engagements)
            .values(
                id=scope.engagement_id,
                client_account_id=scope.client_account_id,
                name=scope.engagement,
                settings=settings.model_dump(mode="json"),
            )
            .on_conflict_do_nothing()
            .returning(engagements.c.id)
        )
        return added.scalar() is not None


def change_settings(database: Database, scope: Scope, settings: EngagementSettings) -> None:
    """Give a registered engagement new settings.

    Raises:
        RunError: The engagement is being run; its phases are to see the same settings.
    """
    with database.in_scope(scope) as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        try:
            connection.execute(
                update(engagements)
                .where(engagements.c.id == scope.engagement_id)
                .values(settings=settings.model_dump(mode="json"))
            )
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            raise RunError(
                f"{scope} is being run, so its settings can't change now.", remedy="Do it again when the run has ended."
            ) from error


def engagement_settings(database: Database, scope: Scope) -> EngagementSettings:
    """Return the stored settings of an engagement.

    Raises:
        ScopeError: The engagement is not registered.
    """
    with database.in_scope(scope) as connection:
        stored = connection.execute(
            select(engagements.c.settings).where(engagements.c.id == scope.engagement_id)
        ).scalar()
    if stored is None:
        raise ScopeError(
            f"There is no engagement {scope}.",
            remedy=f"Add it with: flow client add {scope.client} && flow engagement add {scope}",
        )
    return EngagementSettings.model_validate(stored)


def engagements_of(database: Database, client: str) -> list[Scope]:
    """Return the registered engagements of a client, by name."""
    with database.in_client(client_account_id(client)) as connection:
        names = connection.execute(select(engagements.c.name).order_by(engagements.c.name)).scalars()
        return [Scope(client, name) for name in names]


def all_clients(owner: Database) -> list[str]:
    """Return the names of all registered client accounts; for the operator of the installation only."""
    with owner.transaction() as connection:
        return list(connection.execute(select(client_accounts.c.name).order_by(client_accounts.c.name)).scalars())


def all_engagements(owner: Database) -> list[Scope]:
    """Return every registered engagement of every client, by name; for the operator of the installation only."""
    with owner.transaction() as connection:
        rows = connection.execute(
            select(client_accounts.c.name, engagements.c.name)
            .join_from(client_accounts, engagements)
            .order_by(client_accounts.c.name, engagements.c.name)
        )
        return [Scope(client, engagement) for client, engagement in rows]


def add_analyst(database: Database, owner: Database, client: str, name: str) -> AnalystLogin:
    """Create, or give a new password to, the login role of an analyst who may read one client's tables.

    Args:
        database: The database as the pipeline's role.
        owner: The database as its owner, which may create roles.
        client: Name of a registered client account.
        name: Name of the analyst, valid like a client's name.

    Raises:
        ScopeError: The client is not registered, or a name is not valid.
    """
    identifier = client_account_id(client)
    # Every login can read every role's name, so it names neither client nor user and can't be told from them.
    user = {
        "id": uuid5(identifier, validate_name(name, "user")),
        "client_account_id": identifier,
        "name": name,
        "database_role": f"analyst_{secrets.token_hex(8)}",
    }
    with database.in_client(identifier) as connection:
        _require_client(connection, client)
        connection.execute(insert_or(users).values(user).on_conflict_do_nothing())
        role = connection.execute(select(users.c.database_role).where(users.c.id == user["id"])).scalar_one()
    password = secrets.token_urlsafe(18)
    with owner.transaction() as connection:
        known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
        if not known:
            quoted = sql.Identifier(role).as_string(None)
            connection.exec_driver_sql(
                f"CREATE ROLE {quoted} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS IN ROLE {ANALYST}"
            )
        set_password(connection, role, password)
    return AnalystLogin(role, password)


def _require_client(connection: Connection, client: str) -> None:
    found = connection.execute(select(client_accounts.c.id).where(client_accounts.c.name == client)).scalar()
    if found is None:
        raise ScopeError(f"There is no client account {client}.", remedy=f"Add it with: flow client add {client}")
