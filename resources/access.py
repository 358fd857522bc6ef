"""Who may see and write what: roles, row-level security, grants, and the views of current rows.

Belongs here: everything about access that derives from the declared tables; it is applied again whenever the
declaration changes. Does not: the tables themselves (`migrations/`), tenants (`tenancy.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from sqlalchemy import Connection, Dialect, Table, text
from sqlalchemy.schema import SetColumnComment, SetTableComment

from flow_pipelines.errors import DatabaseError
from flow_pipelines.tables import output_tables
from resources.control_tables import METADATA, PLATFORM, all_tables, history_schema, history_tables
from resources.control_views import ControlView, control_views
from resources.local_server_files import OWNER as EMBEDDED_OWNER
from resources.sql_functions import SqlFunction, functions

PIPELINE = "flow_pipeline"
READER = "flow_reader"
ANALYST = "flow_analyst"
DAGSTER = "flow_dagster"
VACUUM = "flow_vacuum"
DAGSTER_SCHEMA = "dagster"
OWNED_BY = "Roles of flow-pipelines, set up by "
LARGE_OBJECT_FUNCTIONS = (
    "SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc "
    "WHERE proname ~ '^(lo_.*|loread|lowrite)$' AND pronamespace = CAST('pg_catalog' AS regnamespace) ORDER BY oid"
)
OUR_VIEWS = (
    "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'v' AND n.nspname = ANY (:schemas) ORDER BY 1"
)
OUR_FUNCTIONS = (
    "SELECT CAST(CAST(p.oid AS regprocedure) AS text) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
    "WHERE n.nspname = ANY (:schemas) ORDER BY 1"
)
READERS = f"{PIPELINE}, {READER}, {ANALYST}"

# As a subquery it is evaluated once a query and not once a row: a scan of 600,000 rows took 1.3 s instead of 5 s.
CLIENT_IN_SCOPE = "(SELECT NULLIF(current_setting('flow.client_account_id', true), '')::uuid)"
ENGAGEMENT_IN_SCOPE = "(SELECT NULLIF(current_setting('flow.engagement_id', true), '')::uuid)"
# An analyst's scope comes from the role that logged in. No setting an analyst could change takes part in it.
CLIENT_OF_ANALYST = f"(SELECT u.client_account_id FROM {PLATFORM}.users u WHERE u.database_role = CURRENT_USER)"  # noqa: S608

# The owner could take row security off anyway; so it may see which tenants there are, and nothing of theirs.
OPERATORS_TABLES = frozenset({"client_accounts", "engagements"})
# What the pipeline may do beyond reading; histories can be added to and never changed.
PIPELINE_GRANTS = {
    # Locking a row takes the right to change one of its columns; which one does not matter.
    "client_accounts": "INSERT, UPDATE (created_at)",
    "engagements": "INSERT, UPDATE (settings)",
    "users": "INSERT",
    "snapshots": "INSERT, UPDATE (status, rejection, published_at)",
    "snapshot_inputs": "INSERT",
    "current_snapshots": "INSERT, UPDATE, DELETE",
    "phase_runs": "INSERT, UPDATE (status, finished_at, error_kind, error)",
    "rollbacks": "INSERT, UPDATE (status, run_id, executed_at, completed_at, integrity_problems)",
}

VACUUM_SEES = ("client_account_id", "engagement_id", "snapshot_id", "advice_key")
# What retention reads to tell what is needed.
VACUUM_READS = (
    "client_accounts",
    "snapshots",
    "snapshot_inputs",
    "current_snapshots",
    "pointer_moves",
    "pins",
    "pinned_snapshots",
    "rollbacks",
    "rollback_moves",
    "phase_runs",
)
# And the columns that it may change: of the client's row none is; to lock it takes the right to.
VACUUM_UPDATES = {"snapshots": "rows_dropped_at", "client_accounts": "created_at"}

# A comment may hold a percent sign, which the driver would take for the place of a parameter.
AS_IT_IS = {"no_parameters": True}


def apply_access(connection: Connection, database: str) -> None:
    """Bring roles, policies, grants, views and comments in step with the declaration.

    Does nothing if they are: the schema's comment names the fingerprint of what was applied last.

    Args:
        connection: A transaction of the owner, which may create roles.
        database: Name of the database, for its grants.
    """
    if access_is_applied(connection, database):
        return
    drop_views(connection)
    for statement in _statements(connection, database):
        connection.exec_driver_sql(statement, execution_options=AS_IT_IS)
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {PLATFORM} IS '{_fingerprint(connection, database)}'")


def drop_views(connection: Connection) -> None:
    """Drop all views and functions of ours, those that the declaration no longer knows included.

    Migrations may then change any table. One statement drops all of a kind: they rest on each other in an order that
    only the declaration before knew.
    """
    for kind, query in (("FUNCTION", OUR_FUNCTIONS), ("VIEW", OUR_VIEWS)):
        schemas = [PLATFORM, *_output_schemas()]
        if names := list(connection.execute(text(query), {"schemas": schemas}).scalars()):
            connection.exec_driver_sql(f"DROP {kind} {', '.join(names)}")
            # Else a migration that changes nothing of what is declared here would leave them dropped.
            connection.exec_driver_sql(f"COMMENT ON SCHEMA {PLATFORM} IS NULL")


def access_is_applied(connection: Connection, database: str) -> bool:
    """Tell whether `apply_access` would do nothing."""
    applied = connection.execute(text(f"SELECT obj_description('{PLATFORM}'::regnamespace)")).scalar()
    return bool(applied == _fingerprint(connection, database))


def _fingerprint(connection: Connection, database: str) -> str:
    statements = "\n".join(_statements(connection, database))
    return hashlib.sha256(statements.encode()).hexdigest()[:16]


def create_roles(connection: Connection) -> None:
    """Create the pipeline's, the reader's, the analysts', Dagster's and retention's role where they are missing.

    Roles belong to the whole server, so they may be there already for another database of the same owner.
    """
    logins = {PIPELINE: "LOGIN", READER: "LOGIN", ANALYST: "NOLOGIN", DAGSTER: "LOGIN", VACUUM: "LOGIN"}
    for role, login in logins.items():
        known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
        if not known:
            connection.exec_driver_sql(
                f"CREATE ROLE {role} {login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS"
            )
    owner = connection.execute(text("SELECT current_user")).scalar_one()
    connection.exec_driver_sql(f"COMMENT ON ROLE {PIPELINE} IS {_literal(OWNED_BY + owner)}")


def refuse_roles_of_another_owner(connection: Connection) -> None:
    """Refuse a server whose roles of ours serve another owner: their passwords derive from that owner's.

    Raises:
        DatabaseError: They do, and that owner still exists.
    """
    query = text(
        "SELECT o.rolname FROM pg_roles r JOIN pg_roles o ON shobj_description(r.oid, 'pg_authid') = :by || o.rolname "
        "WHERE r.rolname = :role AND o.rolname <> current_user"
    )
    other = connection.execute(query, {"by": OWNED_BY, "role": PIPELINE}).scalar()
    if other is not None:
        raise DatabaseError(
            f"The roles flow_pipeline, flow_reader and flow_dagster of this server serve databases of {other}.",
            remedy=f"Set up this database as {other} too, or on a server of its own.",
        )


def _statements(connection: Connection, database: str) -> Iterator[str]:
    yield from _server_statements(connection)
    yield from _declared_statements(database, connection.dialect)


@cache
def _declared_statements(database: str, dialect: Dialect) -> tuple[str, ...]:
    # The declaration of a process does not change, and each start of a run compares it: 4,400 statements, 0.4 s of CPU.
    return tuple(_declared(database, dialect))


def _declared(database: str, dialect: Dialect) -> Iterator[str]:
    yield from _schema_statements(dialect.identifier_preparer.quote(database))
    for table in all_tables().tables.values():
        yield from _table_statements(table, dialect)
    for key, table in output_tables().items():
        yield from _view_statements(key, table)
    for view in control_views():
        yield from _control_view_statements(view)
    for function in functions():
        yield from _function_statements(function)


def _output_schemas() -> list[str]:
    return sorted({str(table.schema) for table in output_tables().values()})


def _server_statements(connection: Connection) -> Iterator[str]:
    """Close what PostgreSQL leaves open to every login; only a superuser may, see docs/decisions/0004-tenancy.md."""
    role, is_superuser = connection.execute(
        text("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
    ).one()
    if not is_superuser:
        return
    # Large objects know no row security: whoever makes one may give it to anybody.
    for function in connection.execute(text(LARGE_OBJECT_FUNCTIONS)).scalars():
        yield f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"
    if role == EMBEDDED_OWNER:
        yield "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC"


def _schema_statements(quoted: str) -> Iterator[str]:
    yield f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {quoted} TO {READERS}, {DAGSTER}, {VACUUM}"
    yield f"GRANT TEMPORARY ON DATABASE {quoted} TO {PIPELINE}"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"CREATE SCHEMA IF NOT EXISTS {DAGSTER_SCHEMA}"
    yield f"REVOKE ALL ON SCHEMA {DAGSTER_SCHEMA} FROM PUBLIC"
    yield f"GRANT ALL ON SCHEMA {DAGSTER_SCHEMA} TO {DAGSTER}"
    yield f"ALTER ROLE {DAGSTER} SET search_path = {DAGSTER_SCHEMA}"
    # Dagster writes moments with their zone into columns without, and compares them with moments in UTC.
    yield f"ALTER ROLE {DAGSTER} SET timezone = 'UTC'"
    schemas = _output_schemas()
    for schema in schemas:
        yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
    for schema in (PLATFORM, *schemas, *map(history_schema, schemas)):
        yield f"GRANT USAGE ON SCHEMA {schema} TO {READERS}"
    for schema in (PLATFORM, *map(history_schema, schemas)):
        yield f"GRANT USAGE ON SCHEMA {schema} TO {VACUUM}"


def _table_statements(table: Table, dialect: Dialect) -> Iterator[str]:
    name = f"{table.schema}.{table.name}"
    if table.comment is not None:
        yield str(SetTableComment(table).compile(dialect=dialect))
    for column in table.columns:
        yield str(SetColumnComment(column).compile(dialect=dialect))
    yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
    for policy, roles, condition in (
        ("by_scope", f"{PIPELINE}, {READER}, {VACUUM}", _scope_condition(table)),
        ("by_login", ANALYST, _login_condition(table)),
    ):
        yield f"DROP POLICY IF EXISTS {policy} ON {name}"
        yield f"CREATE POLICY {policy} ON {name} TO {roles} USING ({condition})"
    if table.name in OPERATORS_TABLES:
        yield f"DROP POLICY IF EXISTS by_operator ON {name}"
        yield f"CREATE POLICY by_operator ON {name} FOR SELECT TO CURRENT_USER USING (true)"
    yield f"REVOKE ALL ON {name} FROM PUBLIC, {READERS}, {VACUUM}"
    yield f"GRANT SELECT ON {name} TO {READERS}"
    yield f"GRANT {PIPELINE_GRANTS.get(table.name, 'INSERT')} ON {name} TO {PIPELINE}"
    if table.schema != PLATFORM:
        # Of a row only whose it is, and which kept advice it names.
        seen = [column for column in VACUUM_SEES if column in table.columns]
        yield f"GRANT SELECT ({', '.join(seen)}), DELETE ON {name} TO {VACUUM}"
    elif table.name == "advice":
        yield f"GRANT SELECT (client_account_id, engagement_id, advice_key, created_at), DELETE ON {name} TO {VACUUM}"
    elif table.name in VACUUM_READS:
        yield f"GRANT SELECT ON {name} TO {VACUUM}"
    if table.name in VACUUM_UPDATES:
        yield f"GRANT UPDATE ({VACUUM_UPDATES[table.name]}) ON {name} TO {VACUUM}"


def _scope_condition(table: Table) -> str:
    client = "id" if table.name == "client_accounts" else "client_account_id"
    condition = f"{client} = {CLIENT_IN_SCOPE}"
    if "engagement_id" in table.columns:
        return f"{condition} AND engagement_id = {ENGAGEMENT_IN_SCOPE}"
    if table.name == "engagements":
        return f"{condition} AND id = COALESCE({ENGAGEMENT_IN_SCOPE}, id)"
    return condition


def _login_condition(table: Table) -> str:
    if table.name == "users":
        return "database_role = CURRENT_USER"
    client = "id" if table.name == "client_accounts" else "client_account_id"
    return f"{client} = {CLIENT_OF_ANALYST}"


def _view_statements(key: str, table: Table) -> Iterator[str]:
    history = history_tables()[key]
    name = f"{table.schema}.{table.name}"
    columns = ", ".join(f"h.{column.name}" for column in table.columns)
    yield (
        f"CREATE VIEW {name} WITH (security_invoker = true, security_barrier = true) AS "  # noqa: S608  (declared names)
        f"SELECT {columns}, h.client_account_id, h.engagement_id, c.snapshot_id "
        f"FROM {PLATFORM}.current_snapshots c "
        f"JOIN {history.schema}.{history.name} h ON h.snapshot_id = c.rows_snapshot_id "
        f"AND h.client_account_id = c.client_account_id AND h.engagement_id = c.engagement_id "
        f"WHERE c.table_key = '{key}'"
    )
    yield f"COMMENT ON VIEW {name} IS {_literal(str(table.comment))}"
    for column in table.columns:
        yield f"COMMENT ON COLUMN {name}.{column.name} IS {_literal(str(column.comment))}"
    yield f"COMMENT ON COLUMN {name}.client_account_id IS 'The client account that the row belongs to.'"
    yield f"COMMENT ON COLUMN {name}.engagement_id IS 'The engagement that the row belongs to.'"
    yield f"COMMENT ON COLUMN {name}.snapshot_id IS 'The snapshot that is current.'"
    yield f"GRANT SELECT ON {name} TO {READERS}"


def _control_view_statements(view: ControlView) -> Iterator[str]:
    yield f"CREATE VIEW {view.name} WITH (security_invoker = true, security_barrier = true) AS {view.query}"
    yield f"COMMENT ON VIEW {view.name} IS {_literal(view.comment)}"
    for column, comment in view.columns.items():
        yield f"COMMENT ON COLUMN {view.name}.{column} IS {_literal(comment)}"
    yield f"GRANT SELECT ON {view.name} TO {READERS}"


def _function_statements(function: SqlFunction) -> Iterator[str]:
    # Every function runs with its caller's rights and so under the caller's row security.
    yield function.definition
    yield f"COMMENT ON FUNCTION {function.signature} IS {_literal(function.comment)}"
    yield f"REVOKE ALL ON FUNCTION {function.signature} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {function.signature} TO {READERS}"


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def owned_tables() -> list[str]:
    """Return the qualified names of all tables under row-level security, for tests that try to get around it."""
    all_tables()
    return sorted(METADATA.tables)
