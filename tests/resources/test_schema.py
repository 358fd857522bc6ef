from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from flow_pipelines.errors import DatabaseError
from flow_pipelines.tables import output_tables
from resources.access import DAGSTER, apply_access, drop_views
from resources.control_tables import PLATFORM, all_tables
from resources.database import Database
from resources.installation import Installation
from resources.schema import bring_up_to_date
from tests.conftest import NUMBERS


@pytest.fixture
def fresh(installation: Installation) -> Iterator[Database]:
    """An empty database of its own on the session's server, under a name of its own."""
    name = f"fresh_{next(NUMBERS)}"
    with installation.owner.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield Database(installation.owner_url.set(database=name))
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def test_the_migrated_database_is_the_declared_one(fresh: Database) -> None:
    bring_up_to_date(fresh, {})
    with fresh.transaction() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_schemas": True,
                "version_table_schema": PLATFORM,
                "include_name": lambda name, kind, _: kind != "schema" or name != "dagster",
            },
        )
        assert compare_metadata(context, all_tables()) == []


def test_the_migrated_database_holds_rows_to_what_is_declared(fresh: Database) -> None:
    """Alembic sees no changed check: a closed list that grew in the declaration alone would refuse its new values."""
    bring_up_to_date(fresh, {})
    query = text(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace::regnamespace::text = ANY (:schemas) ORDER BY 1, 2"
    )
    schemas = sorted({str(table.schema) for table in all_tables().tables.values()})
    with fresh.transaction() as connection:
        migrated = connection.execute(query, {"schemas": schemas}).all()
    migrated = [row for row in migrated if not row[0].endswith("alembic_version")]
    with fresh.transaction() as connection:
        for schema in schemas:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        all_tables().create_all(connection)
        declared = connection.execute(query, {"schemas": schemas}).all()
    assert migrated == declared


def test_dagster_compares_its_moments_in_utc_wherever_the_server_is(
    fresh: Database, installation: Installation
) -> None:
    bring_up_to_date(fresh, {})
    with fresh.transaction() as connection:
        connection.execute(text(f"ALTER DATABASE {fresh.url.database} SET timezone = 'Asia/Tokyo'"))
    with Database(installation.url_of_role(DAGSTER).set(database=fresh.url.database)).transaction() as dagster:
        assert dagster.execute(text("SHOW timezone")).scalar_one() == "UTC"


def test_analysts_find_every_column_documented(fresh: Database) -> None:
    bring_up_to_date(fresh, {})
    query = text(
        "SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a "
        "WHERE a.attrelid = CAST(:view AS regclass) AND a.attnum > 0 ORDER BY a.attnum"
    )
    with fresh.transaction() as connection:
        for key, table in output_tables().items():
            documented = connection.execute(query, {"view": key.replace("/", ".")}).all()
            expected = [(column.name, column.comment) for column in table.columns]
            assert [tuple(row) for row in documented[: len(expected)]] == expected
            assert all(comment for _, comment in documented)


def test_a_comment_may_hold_any_character(fresh: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = "50 % of %(it)s, 'quoted', \\n and : {braces}"
    monkeypatch.setattr(output_tables()["discovery/inventory"].c["name"], "comment", comment)
    bring_up_to_date(fresh, {})
    query = text(
        "SELECT col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = CAST('discovery.inventory' AS regclass) AND attname = 'name'"
    )
    with fresh.transaction() as connection:
        assert connection.execute(query).scalar_one() == comment


def test_a_second_start_changes_nothing(fresh: Database) -> None:
    bring_up_to_date(fresh, {})
    with fresh.transaction() as connection:
        before = connection.execute(text("SELECT oid FROM pg_class WHERE relname = 'inventory'")).scalars().all()
    bring_up_to_date(fresh, {})
    with fresh.transaction() as connection:
        after = connection.execute(text("SELECT oid FROM pg_class WHERE relname = 'inventory'")).scalars().all()
    assert before == after


def test_a_view_that_is_no_longer_declared_goes_with_what_rests_on_it(fresh: Database) -> None:
    bring_up_to_date(fresh, {})
    names = text("SELECT to_regclass('platform.forgotten'), to_regprocedure('platform.forgotten_rows()')")
    with fresh.transaction() as connection:
        connection.execute(text(f"CREATE VIEW {PLATFORM}.forgotten AS SELECT asset_id FROM discovery.inventory"))
        connection.execute(
            text(
                f"CREATE FUNCTION {PLATFORM}.forgotten_rows() RETURNS SETOF {PLATFORM}.forgotten LANGUAGE sql "
                f"AS 'SELECT * FROM {PLATFORM}.forgotten'"
            )
        )
        connection.execute(text(f"COMMENT ON SCHEMA {PLATFORM} IS 'applied by an earlier version'"))
        assert None not in connection.execute(names).one()
    bring_up_to_date(fresh, {})
    with fresh.transaction() as connection:
        assert tuple(connection.execute(names).one()) == (None, None)
        assert connection.execute(text("SELECT count(*) FROM discovery.inventory")).scalar_one() == 0


def test_views_that_made_way_for_a_migration_are_there_again_though_it_changed_no_declaration(fresh: Database) -> None:
    bring_up_to_date(fresh, {})
    query = text("SELECT to_regclass('discovery.inventory'), to_regprocedure('platform.trace(uuid)')")
    with fresh.transaction() as connection:
        drop_views(connection)
        assert tuple(connection.execute(query).one()) == (None, None)
        apply_access(connection, str(fresh.url.database))
        assert None not in connection.execute(query).one()


def test_two_commands_may_start_at_once_on_an_empty_database(fresh: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(bring_up_to_date, Database(fresh.url), {}) for _ in range(4)]:
            future.result()


def test_a_database_newer_than_the_code_is_refused(fresh: Database) -> None:
    bring_up_to_date(fresh, {})
    with fresh.transaction() as connection:
        connection.execute(text(f"UPDATE {PLATFORM}.alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"9999.*newer version"):
        bring_up_to_date(fresh, {})


def test_an_unreachable_server_is_named_without_its_password() -> None:
    from sqlalchemy import make_url  # noqa: PLC0415

    nowhere = Database(make_url("postgresql+psycopg://me:secret@127.0.0.1:1/flow"))
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1") as caught, nowhere.transaction():
        pass
    assert "secret" not in str(caught.value)
