from __future__ import annotations

import pandas as pd
import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from flow_pipelines.errors import RunError, ScopeError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from resources.access import READER, owned_tables
from resources.control_tables import history_tables
from resources.database import Database
from resources.installation import Installation, open_installation
from resources.snapshots import SnapshotStore
from resources.tenancy import (
    add_analyst,
    add_client,
    add_engagement,
    all_engagements,
    change_settings,
    engagement_settings,
    engagements_of,
)
from tests.conftest import SETTINGS, new_engagement

REJECTED = "discovery/rejected_records"
VIEWS = sorted(key.replace("/", ".") for key in output_tables())
SCOPED = sorted({*owned_tables(), *VIEWS} - {"platform.users", "platform.client_accounts"})


@pytest.fixture
def tenants(installation: Installation, store: SnapshotStore) -> tuple[Scope, Scope]:
    """Two clients, each with one engagement and one row of data."""
    scopes = (new_engagement(installation), new_engagement(installation))
    for scope in scopes:
        row = {
            "record_id": scope.id_of("rejected", 1),
            "source_file": f"{scope.client}.csv",
            "row_count": 1,
            "reason_code": "secret",
            "reason": f"secret of {scope}",
            "remedy": "none",
        }
        frame = conform(pd.DataFrame([row]), output_tables()[REJECTED])
        store.publish(scope, store.write(scope, {REJECTED: frame}, inputs=[], run_id="run", code_version="1"))
    return scopes


def analyst(installation: Installation, scope: Scope) -> psycopg.Connection[tuple[object, ...]]:
    login = add_analyst(installation.database, installation.owner, scope.client, "jane")
    return psycopg.connect(installation.analyst_url(login.role, login.password), autocommit=True)


def clients_seen(connection: psycopg.Connection[tuple[object, ...]], table: str) -> set[object]:
    column = "id" if table == "platform.client_accounts" else "client_account_id"
    return {row[0] for row in connection.execute(f"SELECT DISTINCT {column} FROM {table}".encode())}


@pytest.mark.parametrize("table", [*SCOPED, "platform.users", "platform.client_accounts"])
def test_without_a_scope_the_pipeline_sees_nothing(
    table: str, installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    assert tenants
    with installation.database.transaction() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


@pytest.mark.parametrize("table", SCOPED)
def test_in_a_scope_the_pipeline_sees_that_engagement_only(
    table: str, installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    with installation.database.in_scope(tenants[0]) as connection:
        column = "id" if table == "platform.engagements" else "engagement_id"
        found = set(connection.execute(text(f"SELECT DISTINCT {column} FROM {table}")).scalars())
    assert found <= {tenants[0].engagement_id}


def test_the_pipeline_sees_its_own_rows(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    with installation.database.in_scope(tenants[0]) as connection:
        reasons = connection.execute(text("SELECT reason FROM discovery.rejected_records")).scalars().all()
    assert reasons == [f"secret of {tenants[0]}"]


def test_two_engagements_of_one_client_do_not_see_each_other(
    installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    sibling = new_engagement(installation, tenants[0].client)
    with installation.database.in_scope(sibling) as connection:
        assert connection.execute(text("SELECT count(*) FROM discovery.rejected_records")).scalar_one() == 0


def test_the_scope_ends_with_its_transaction(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    with installation.database.engine.connect() as connection:
        for _ in range(2):
            assert connection.execute(text("SELECT count(*) FROM discovery.rejected_records")).scalar_one() == 0
            connection.execute(
                text(
                    "SELECT set_config('flow.client_account_id', :c, true), set_config('flow.engagement_id', :e, true)"
                ),
                {"c": str(tenants[0].client_account_id), "e": str(tenants[0].engagement_id)},
            )
            assert connection.execute(text("SELECT count(*) FROM discovery.rejected_records")).scalar_one() == 1
            connection.commit()


@pytest.mark.parametrize(("client", "engagement"), [(1, 1), (0, 1), (1, 0)])
def test_the_pipeline_cannot_write_rows_of_another_scope_or_of_a_mismatched_pair(
    client: int, engagement: int, installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        installation.database.in_scope(tenants[0]) as connection,
    ):
        _register_snapshot(connection, tenants[client], tenants[engagement])


def test_a_mismatched_pair_of_ids_is_impossible_even_for_the_owner(
    installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    with (
        pytest.raises(IntegrityError, match="snapshots_of_engagements"),
        installation.owner.transaction() as connection,
    ):
        _register_snapshot(connection, tenants[0], tenants[1])


def test_a_pointer_cannot_be_moved_to_another_tenants_snapshot(
    installation: Installation, store: SnapshotStore, tenants: tuple[Scope, Scope]
) -> None:
    foreign = store.current(tenants[1])[REJECTED]
    with pytest.raises(IntegrityError), installation.owner.transaction() as connection:
        connection.execute(
            text("UPDATE platform.current_snapshots SET snapshot_id = :s WHERE engagement_id = :e"),
            {"s": foreign.snapshot_id, "e": tenants[0].engagement_id},
        )


def test_another_tenants_snapshot_cannot_be_read_by_its_id(store: SnapshotStore, tenants: tuple[Scope, Scope]) -> None:
    foreign = store.current(tenants[1])[REJECTED]
    assert store.read(tenants[0], foreign).empty
    assert store.stored_rows(tenants[0], foreign) == 0
    assert store.inputs_of(tenants[0], foreign) == []


def test_history_cannot_be_changed_or_deleted(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    for history in history_tables().values():
        for statement in (f"DELETE FROM {history.fullname}", f"UPDATE {history.fullname} SET snapshot_id = NULL"):
            with (
                pytest.raises(ProgrammingError, match="permission denied"),
                installation.database.in_scope(tenants[0]) as connection,
            ):
                connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE flow_owner",
        "SET SESSION AUTHORIZATION flow_owner",
        "ALTER TABLE discovery_history.inventory DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY everything ON discovery_history.inventory USING (true)",
        "DROP POLICY by_scope ON discovery_history.inventory",
        "ALTER ROLE flow_pipeline BYPASSRLS",
        "CREATE FUNCTION platform.leak() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
        "SELECT * FROM dagster.runs",
        "COPY platform.users TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
def test_the_pipelines_role_cannot_give_itself_more(statement: str, installation: Installation) -> None:
    with pytest.raises(DBAPIError), installation.database.transaction() as connection:
        connection.exec_driver_sql(statement)


def test_row_security_off_is_an_error_not_a_way_around(installation: Installation) -> None:
    with installation.database.transaction() as connection:
        connection.exec_driver_sql("SET LOCAL row_security = off")
        with pytest.raises(DBAPIError, match="row-level security"):
            connection.exec_driver_sql("SELECT * FROM discovery_history.inventory")


@pytest.mark.parametrize("table", [*SCOPED, "platform.users", "platform.client_accounts"])
def test_an_analyst_sees_the_own_client_only_whatever_settings_are_changed(
    table: str, installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    other = tenants[1]
    with analyst(installation, tenants[0]) as connection:
        connection.execute("SELECT set_config('flow.client_account_id', %s, false)", [str(other.client_account_id)])
        connection.execute("SELECT set_config('flow.engagement_id', %s, false)", [str(other.engagement_id)])
        assert clients_seen(connection, table) <= {tenants[0].client_account_id}


def test_an_analyst_sees_the_own_clients_rows(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    with analyst(installation, tenants[0]) as connection:
        rows = connection.execute("SELECT reason FROM discovery.rejected_records").fetchall()
    assert rows == [(f"secret of {tenants[0]}",)]


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE flow_pipeline",
        "SET ROLE flow_owner",
        "SET SESSION AUTHORIZATION flow_pipeline",
        "INSERT INTO platform.users SELECT * FROM platform.users",
        "UPDATE platform.users SET client_account_id = gen_random_uuid()",
        "DELETE FROM platform.current_snapshots",
        "INSERT INTO discovery.rejected_records SELECT * FROM discovery.rejected_records",
        "CREATE TABLE public.leak (id int)",
        "CREATE TEMPORARY TABLE leak (id int)",
        "CREATE FUNCTION platform.leak() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
        "SELECT * FROM dagster.runs",
        "GRANT flow_pipeline TO CURRENT_USER",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_from_bytea(0, 'mine')",
        "SELECT lo_create(0)",
        "SELECT lo_get(1)",
    ],
)
def test_an_analyst_can_only_read(statement: str, installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    with analyst(installation, tenants[0]) as connection, pytest.raises(psycopg.Error):
        connection.execute(statement.encode())


def test_an_analyst_can_take_no_lock_that_work_waits_for(
    installation: Installation, store: SnapshotStore, tenants: tuple[Scope, Scope]
) -> None:
    scope = tenants[0]
    with analyst(installation, scope) as connection:
        for table in ("platform.engagements", "platform.client_accounts", "platform.current_snapshots"):
            for strength in ("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT 1 FROM {table} FOR {strength}".encode())
        for mode in ("ROW SHARE", "ROW EXCLUSIVE", "SHARE ROW EXCLUSIVE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"LOCK TABLE platform.alembic_version IN {mode} MODE".encode())
        # What an earlier version took.
        connection.execute("SELECT pg_advisory_lock(4711200426)")
        for name in (f"run:{scope}", str(scope)):
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE platform.engagements, platform.client_accounts IN ACCESS SHARE MODE")
        with open_installation() as opened, opened.database.lock_run(scope) as taken:
            assert taken
            with opened.database.lock_run(scope) as taken_twice:
                assert not taken_twice
            with opened.database.lock_run(tenants[1]) as other_taken:
                assert other_taken
            current = store.current(scope)[REJECTED]
            written = store.write(
                scope, {REJECTED: store.read(scope, current)}, inputs=[], run_id="2", code_version="1"
            )
            store.publish(scope, written)


def test_settings_change_between_runs_only(installation: Installation, scope: Scope) -> None:
    changed = SETTINGS.model_copy(update={"near_end_of_life_days": 7})
    with installation.database.lock_run(scope), pytest.raises(RunError, match="is being run"):
        change_settings(installation.database, scope, changed)
    assert engagement_settings(installation.database, scope) == SETTINGS
    change_settings(installation.database, scope, changed)
    assert engagement_settings(installation.database, scope) == changed


def test_what_is_known_already_is_left_alone(installation: Installation, scope: Scope) -> None:
    changed = SETTINGS.model_copy(update={"near_end_of_life_days": 7})
    assert not add_client(installation.database, scope.client)
    assert not add_engagement(installation.database, scope, changed)
    assert engagement_settings(installation.database, scope) == SETTINGS
    assert add_client(installation.database, f"{scope.client}-new")


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_an_analyst_has_no_other_database_to_write_to(
    database: str, installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    login = add_analyst(installation.database, installation.owner, tenants[0].client, "jane")
    url = make_url(installation.analyst_url(login.role, login.password)).set(database=database)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url.render_as_string(hide_password=False))


def test_the_names_of_roles_tell_nothing_of_tenants(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    role = add_analyst(installation.database, installation.owner, tenants[0].client, "jane").role
    assert tenants[0].client not in role
    assert "jane" not in role
    assert add_analyst(installation.database, installation.owner, tenants[0].client, "jane").role == role
    with analyst(installation, tenants[0]) as connection:
        assert connection.execute("SELECT name FROM platform.users WHERE database_role = %s", [role]).fetchall() == [
            ("jane",)
        ]


def test_planner_statistics_show_an_analyst_nothing(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    with installation.owner.transaction() as connection:
        connection.exec_driver_sql("ANALYZE discovery_history.rejected_records")
    with analyst(installation, tenants[0]) as connection:
        rows = connection.execute("SELECT * FROM pg_stats WHERE schemaname LIKE 'discovery%'").fetchall()
    assert rows == []


def test_a_function_that_looks_at_rows_early_is_not_shown_other_tenants_rows(
    installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    with analyst(installation, tenants[0]) as connection:
        query = "SELECT 1 FROM discovery.rejected_records WHERE 1 / (CASE WHEN reason LIKE %s THEN 0 ELSE 1 END) = 1"
        assert connection.execute(query, [f"%{tenants[1].client}/%"]).fetchall() == [(1,)]


def test_a_wrong_password_is_refused(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    login = add_analyst(installation.database, installation.owner, tenants[0].client, "jane")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(installation.analyst_url(login.role, "guess"))


def test_nobody_logs_in_over_the_network_as_one_of_our_roles_without_a_password(installation: Installation) -> None:
    url = make_url(installation.analyst_url("flow_owner", ""))
    for role in ("flow_owner", "flow_pipeline", "flow_reader", "flow_dagster", "flow_vacuum"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url.set(username=role, password=None).render_as_string())


def test_the_reader_reads_in_scope_and_writes_nothing(installation: Installation, tenants: tuple[Scope, Scope]) -> None:
    reader = Database(installation.url_of_role(READER))
    with reader.in_scope(tenants[0]) as connection:
        assert connection.execute(text("SELECT count(*) FROM discovery.rejected_records")).scalar_one() == 1
    for table in owned_tables():
        with pytest.raises(ProgrammingError, match="permission denied"), reader.in_scope(tenants[0]) as connection:
            connection.execute(text(f"DELETE FROM {table}"))


@pytest.mark.parametrize(
    "key",
    [
        "acme",
        "acme/",
        "/dc",
        "acme/dc/exit",
        "acme/../globex",
        "Acme/dc",
        "acme/dc exit",
        "acme/dc'--",
        "acme/%",
        "a\n/b",
    ],
)
def test_a_forged_partition_key_is_refused(key: str) -> None:
    with pytest.raises(ScopeError):
        Scope.parse(key)


def test_a_well_formed_key_of_no_engagement_writes_nothing(store: SnapshotStore, installation: Installation) -> None:
    nobody = Scope("nobody", "nowhere")
    frame = conform(
        pd.DataFrame(columns=[column.name for column in output_tables()[REJECTED].columns]), output_tables()[REJECTED]
    )
    with pytest.raises(IntegrityError, match="snapshots_of_engagements"):
        store.write(nobody, {REJECTED: frame}, inputs=[], run_id="run", code_version="1")
    with pytest.raises(ScopeError, match="no engagement nobody/nowhere"):
        engagement_settings(installation.database, nobody)


def test_an_engagement_needs_its_client(installation: Installation) -> None:
    with pytest.raises(ScopeError, match="no client account stranger"):
        add_engagement(installation.database, Scope("stranger", "danger"), SETTINGS)


def test_engagements_are_listed_by_client_and_for_the_operator(
    installation: Installation, tenants: tuple[Scope, Scope]
) -> None:
    assert engagements_of(installation.database, tenants[0].client) == [tenants[0]]
    assert set(tenants) <= set(all_engagements(installation.owner))


def test_every_table_is_under_forced_row_security(installation: Installation) -> None:
    query = (
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'dagster' AND n.nspname !~ '^(pg_|information_schema)' "
        "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    with installation.owner.transaction() as connection:
        assert connection.execute(text(query)).scalars().all() == ["platform.alembic_version"]


def test_no_function_of_ours_runs_with_its_owners_rights(installation: Installation) -> None:
    query = (
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)'"
    )
    with installation.owner.transaction() as connection:
        assert connection.execute(text(query)).scalars().all() == []


def _register_snapshot(connection: object, of_client: Scope, of_engagement: Scope) -> None:
    connection.execute(  # type: ignore[attr-defined]
        text(
            "INSERT INTO platform.snapshots (client_account_id, engagement_id, snapshot_id, rows_snapshot_id, "
            "table_key, status, run_id, code_version, data_version, row_count) "
            "SELECT :client, :engagement, id, id, 'discovery/inventory', 'candidate', 'r', '1', 'v', 0 "
            "FROM (SELECT gen_random_uuid() AS id) AS new"
        ),
        {"client": of_client.client_account_id, "engagement": of_engagement.engagement_id},
    )
