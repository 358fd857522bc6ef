"""A server of the user's own, in place of the embedded one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from flow_pipelines.errors import DatabaseError
from flow_pipelines.scope import Scope
from resources.installation import open_installation
from resources.local_server import ServerAddress, lease
from resources.tenancy import add_analyst, add_client, add_engagement, all_engagements
from tests.conftest import SETTINGS

SUPERUSER = "flow_owner"


@pytest.fixture
def server() -> Iterator[ServerAddress]:
    """A PostgreSQL server without anything of ours, reached over TCP with passwords."""
    state = Path(tempfile.mkdtemp(prefix="flow-test-"))
    with lease(state, linger=0) as address:
        with psycopg.connect(address.url(SUPERUSER, driver="postgresql"), autocommit=True) as connection:
            connection.execute("CREATE ROLE their_owner LOGIN CREATEROLE PASSWORD 'secret word'")
            connection.execute("CREATE DATABASE theirs OWNER their_owner")
            connection.execute("CREATE ROLE other_owner LOGIN CREATEROLE PASSWORD 'secret word'")
            connection.execute("CREATE DATABASE others OWNER other_owner")
            connection.execute("CREATE ROLE nobody_special LOGIN PASSWORD 'secret word'")
        yield address
    shutil.rmtree(state, ignore_errors=True)


def test_an_owner_without_superuser_rights_is_enough(
    server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOW_STATE", str(tmp_path / "state"))
    url = f"postgresql://their_owner:secret%20word@127.0.0.1:{server.port}/theirs"
    monkeypatch.setenv("FLOW_DATABASE_URL", url)
    scope = Scope("acme", "dc-exit")
    with open_installation() as installation:
        add_client(installation.database, scope.client)
        add_engagement(installation.database, scope, SETTINGS)
        with installation.database.transaction() as connection:
            assert connection.execute(text("SELECT current_user")).scalar_one() == "flow_pipeline"
            assert connection.execute(text("SELECT count(*) FROM platform.engagements")).scalar_one() == 0
        login = add_analyst(installation.database, installation.owner, "acme", "jane")
        with psycopg.connect(installation.analyst_url(login.role, login.password)) as analyst:
            assert analyst.execute("SELECT count(*) FROM platform.engagements").fetchone() == (1,)
        assert all_engagements(installation.owner) == [scope]
    monkeypatch.setenv("FLOW_DATABASE_URL", url.replace("postgresql:", "postgres:"))
    with open_installation():
        pass


def test_a_changed_password_of_the_owner_locks_nobody_out_and_a_second_owner_is_refused(
    server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOW_STATE", str(tmp_path / "state"))

    def use(owner: str, word: str, database: str) -> None:
        url = f"postgresql://{owner}:{word}@127.0.0.1:{server.port}/{database}"
        monkeypatch.setenv("FLOW_DATABASE_URL", url)
        with open_installation() as installation:
            add_client(installation.database, "acme")

    use("their_owner", "secret%20word", "theirs")
    with psycopg.connect(server.url(SUPERUSER, driver="postgresql"), autocommit=True) as connection:
        connection.execute("ALTER ROLE their_owner PASSWORD 'another'")
    use("their_owner", "another", "theirs")
    with pytest.raises(DatabaseError, match="serve databases of their_owner"):
        use("other_owner", "secret%20word", "others")
    with pytest.raises(DatabaseError, match="serve databases of their_owner"):
        use(SUPERUSER, "unused", f"others?host={server.socket_folder}")
    use("their_owner", "another", "theirs")


def test_an_owner_who_lacks_rights_is_told_which(
    server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOW_STATE", str(tmp_path / "state"))
    url = f"postgresql://nobody_special:secret%20word@127.0.0.1:{server.port}/theirs"
    monkeypatch.setenv("FLOW_DATABASE_URL", url)
    with pytest.raises(DatabaseError, match="nobody_special may not set up") as caught, open_installation():
        pass
    assert "CREATEROLE" in caught.value.remedy
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://a@b/c", "mysql"),
        ("no url", "not a database URL"),
        ("postgresql://u:p@host:port/db", "not a database URL"),
    ],
)
def test_another_kind_of_database_is_refused(
    url: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOW_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("FLOW_DATABASE_URL", url)
    with pytest.raises(DatabaseError, match=words), open_installation():
        pass
