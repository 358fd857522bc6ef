"""The embedded server under everything that happens to it, each test on a server of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from flow_pipelines.errors import DatabaseError
from resources.local_server import OWNER, ServerAddress, ServerFiles, binary, is_locked, lease, running, socket_folder

LINGER = 0.5
PATIENCE = 20.0
HOLD = (
    "import sys, time; from pathlib import Path; from resources.local_server import lease\n"
    "with lease(Path(sys.argv[1]), linger=0.5) as address:\n"
    "    print(address.port, flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder whose server is gone at the end, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="flow-test-"))
    yield folder
    wait_until(lambda: stopped(folder))
    shutil.rmtree(folder)


def stopped(state: Path) -> bool:
    return not running(state) and not is_locked(ServerFiles(state).supervisor)


def wait_until(condition: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def holder(state: Path) -> subprocess.Popen[str]:
    """Start a process that holds a lease until its standard input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ask(address: ServerAddress, query: str) -> object:
    with psycopg.connect(address.url(OWNER, driver="postgresql"), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def server_process(state: Path) -> int:
    return int((ServerFiles(state).data / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def supervisor_process(state: Path) -> int:
    found = subprocess.run(
        ["pgrep", "-f", f"local_server_supervisor {state} "], capture_output=True, text=True, check=True
    )
    return int(found.stdout.split()[0])


def test_it_starts_on_demand_and_stops_with_its_last_user(state: Path) -> None:
    assert not running(state)
    with lease(state, linger=LINGER) as address:
        assert ask(address, "SELECT 1 + 1") == 2
        with lease(state, linger=LINGER) as same:
            assert same == address
        time.sleep(2 * LINGER)
        assert running(state)
    wait_until(lambda: stopped(state))


def test_commands_in_a_row_start_it_once_and_what_they_wrote_stays(state: Path) -> None:
    with lease(state, linger=5) as address:
        ask(address, "CREATE TABLE kept (word text)")
        ask(address, "INSERT INTO kept VALUES ('yes')")
        first = server_process(state)
    with lease(state, linger=LINGER) as address:
        assert server_process(state) == first
        assert ask(address, "SELECT word FROM kept") == "yes"


def test_ten_commands_at_once_share_one_server(state: Path) -> None:
    holders = [holder(state) for _ in range(10)]
    ports = {process.stdout.readline() for process in holders if process.stdout}
    assert len(ports) == 1
    for process in holders:
        process.communicate()


def test_a_killed_user_leaves_no_lease_behind(state: Path) -> None:
    process = holder(state)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait()
    wait_until(lambda: stopped(state))


def test_a_killed_supervisor_is_replaced_without_a_restart(state: Path) -> None:
    with lease(state, linger=LINGER):
        before = server_process(state)
        os.kill(supervisor_process(state), signal.SIGKILL)
        with lease(state, linger=LINGER) as address:
            assert server_process(state) == before
            assert ask(address, "SELECT 1") == 1
    wait_until(lambda: stopped(state))


def test_a_killed_server_comes_back_with_all_that_was_committed(state: Path) -> None:
    with lease(state, linger=LINGER) as address:
        ask(address, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
        os.kill(server_process(state), signal.SIGKILL)
        wait_until(lambda: running(state))
        assert ask(address, "SELECT count(*) FROM kept") == 1000


def test_server_and_supervisor_killed_together_are_recovered_by_the_next_command(state: Path) -> None:
    with lease(state, linger=LINGER) as address:
        ask(address, "CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(supervisor_process(state), signal.SIGKILL)
        os.kill(server_process(state), signal.SIGKILL)
    with lease(state, linger=LINGER) as address:
        assert ask(address, "SELECT number FROM kept") == 7


def test_a_path_of_any_length_and_spelling_will_do(state: Path) -> None:
    long = state / ("x" * 120) / f"with space, 'quotes' and ü {'y' * 60}"
    with lease(long, linger=LINGER) as address:
        assert ask(address, "SELECT 1") == 1
        assert len(os.fsencode(address.socket_folder)) < 90
    wait_until(lambda: stopped(long))


def test_a_first_start_that_was_cut_short_is_begun_again(state: Path) -> None:
    partial = state / "postgres.partial"
    partial.mkdir(parents=True)
    (partial / "PG_VERSION").write_text("18\n", encoding="ascii")
    with lease(state, linger=LINGER) as address:
        assert ask(address, "SELECT 1") == 1


def test_a_socket_folder_that_others_can_enter_is_refused(state: Path) -> None:
    folder = socket_folder(state)
    folder.chmod(0o777)
    with pytest.raises(DatabaseError, match="not a private folder"), lease(state, linger=LINGER):
        pass
    folder.rmdir()
    folder.symlink_to(state)
    with pytest.raises((DatabaseError, FileExistsError)), lease(state, linger=LINGER):
        pass
    folder.unlink()


def test_what_keeps_it_from_starting_is_said(state: Path) -> None:
    data = ServerFiles(state).data
    data.mkdir()
    (data / "PG_VERSION").write_text("9.1\n", encoding="ascii")
    with pytest.raises(DatabaseError, match=r"did not start: .+ See .+postgres\.log"), lease(state, linger=LINGER):
        pass


def test_over_the_network_everybody_needs_a_password(state: Path) -> None:
    with (
        lease(state, linger=LINGER) as address,
        pytest.raises(psycopg.OperationalError, match="password"),
    ):
        psycopg.connect(host="127.0.0.1", port=address.port, user=OWNER, dbname=address.database)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_it_works_for_an_ordinary_user_too() -> None:
    nobody = 65534
    folder = Path(tempfile.mkdtemp(prefix="flow-test-"))
    os.chown(folder, nobody, nobody)
    if not all(map(_reachable_by_all, (Path(sys.executable).resolve(), Path(sys.prefix), Path.cwd()))):
        pytest.skip("this environment can't be entered by an ordinary user")
    process = subprocess.run(
        [sys.executable, "-c", HOLD, str(folder / "state")],
        input="",
        capture_output=True,
        text=True,
        user=nobody,
        group=nobody,
        extra_groups=[],
        env={"HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip().isdigit()
    wait_until(lambda: not is_locked(ServerFiles(folder / "state").supervisor))
    shutil.rmtree(folder)


def test_a_program_that_is_not_shipped_is_an_error_with_a_remedy() -> None:
    with pytest.raises(DatabaseError, match="FLOW_DATABASE_URL"):
        binary("no-such-program")


def _reachable_by_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
