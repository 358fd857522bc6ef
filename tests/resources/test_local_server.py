"""The embedded server under everything that happens to it, each test on a server of its own."""

from __future__ import annotations

import ctypes
import fcntl
import multiprocessing
import os
import platform
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest

from flow_pipelines.errors import DatabaseError
from resources.local_server import OWNER, ServerAddress, binary, lease, running
from resources.local_server_files import ServerFiles, is_locked, opened, read_postmaster
from resources.local_server_rights import as_system_user

LINGER = 0.1
LONGER = 1.0  # than the linger and the supervisor's look around together
PATIENCE = 30.0
NOBODY = 65534
# Forked, so that a test does not wait for ten times the same imports.
FORK = multiprocessing.get_context("fork")
REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEM_CALLS = {"x86_64": {"unshare": 272, "setuid": 105}, "aarch64": {"unshare": 97, "setuid": 146}}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


class Holder:
    """A process that holds a lease until it is let go or killed."""

    def __init__(self, state: Path, become: Callable[[], None] | None) -> None:
        self.words, theirs = FORK.Pipe()
        self.process = FORK.Process(target=hold, args=(state, become, theirs))
        self.process.start()

    def word(self) -> str:
        """Wait until it has the lease, and return the address it was given; or what it complained about."""
        assert self.words.poll(2 * PATIENCE)
        return str(self.words.recv())

    def end(self) -> None:
        """Let it go."""
        self.words.send("enough")
        self.process.join(PATIENCE)
        assert self.process.exitcode == 0

    def kill(self) -> None:
        """End it as the kernel would when memory runs out."""
        self.process.kill()
        self.process.join()


def hold(state: Path, become: Callable[[], None] | None, words: Connection) -> None:
    if become is not None:
        become()
    try:
        with lease(state, linger=LINGER) as address:
            words.send(str(address))
            words.recv()
    except DatabaseError as error:
        words.send(str(error))


@pytest.fixture
def holder() -> Iterator[Callable[..., Holder]]:
    """What makes holders, none of which is left at the end."""
    holders = []

    def make(state: Path, become: Callable[[], None] | None = None) -> Holder:
        holders.append(Holder(state, become))
        return holders[-1]

    yield make
    for one in holders:
        one.kill()


@pytest.fixture
def new() -> Iterator[Path]:
    """A state folder that is not there yet, in a folder of its own."""
    with emptied_at_the_end() as folder:
        yield folder / "state"


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """The state folder of a server that was started and stopped."""
    with emptied_at_the_end() as folder:
        with lease(folder / "state", linger=0):
            pass
        with (folder / "state" / "postgres" / "postgresql.conf").open("a", encoding="ascii") as settings:
            settings.write("fsync = off\n")  # a killed process loses nothing by it, and the tests wait for no disk
        yield folder / "state"


@pytest.fixture
def state(used: Path) -> Iterator[Path]:
    """The used state folder, its server stopped before and after."""
    end_all(used)
    yield used
    end_all(used)


@contextmanager
def emptied_at_the_end() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="flow-test-"))
    try:
        yield folder
    finally:
        end_all(folder)
        shutil.rmtree(folder)


def end_all(folder: Path) -> None:
    """Wait for what runs on a folder to end by itself, or end it."""
    if not comes_true(lambda: not processes_of(folder)):
        for process in processes_of(folder):
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: not processes_of(folder))


def processes_of(folder: Path) -> list[int]:
    """Every supervisor and server main process on a state folder below this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.fsencode(folder) in (process / "cmdline").read_bytes() and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


def lives(process: int) -> bool:
    with suppress(OSError):
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    return False


def comes_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not (true := condition()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return true


def wait_until(condition: Callable[[], bool]) -> None:
    assert comes_true(condition)


def stopped(state: Path) -> bool:
    files = ServerFiles(state)
    return not (is_locked(files.server) or is_locked(files.supervisor) or running(state))


def ask(address: ServerAddress, query: str) -> object:
    with psycopg.connect(address.url(OWNER, driver="postgresql"), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def over_tcp(address: ServerAddress, role: str, password: str | None) -> None:
    host, port = "127.0.0.1", address.port
    psycopg.connect(host=host, port=port, user=role, password=password, dbname=address.database).close()


def server_process(state: Path) -> int:
    postmaster = read_postmaster(ServerFiles(state))
    assert postmaster is not None
    return postmaster.process


def supervisor_process(state: Path) -> int:
    [found] = [
        process
        for process in processes_of(state)
        if b"resources.local_server_supervisor" in Path(f"/proc/{process}/cmdline").read_bytes()
    ]
    return found


def kill_and_wait(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not lives(process))


def kill_supervisor(state: Path) -> None:
    """End it, and wait for its lock: the kernel gives that back a moment after the process is gone from sight."""
    kill_and_wait(supervisor_process(state))
    wait_until(lambda: not is_locked(ServerFiles(state).supervisor))


def test_it_starts_on_demand_and_stops_with_its_last_user(state: Path) -> None:
    assert not running(state)
    with lease(state, linger=LINGER) as address:
        assert ask(address, "SELECT current_database()") == "flow"
        with lease(state, linger=LINGER) as same:
            assert same == address
        time.sleep(LONGER)
        assert running(state)
    wait_until(lambda: stopped(state))
    assert not address.socket_folder.exists()


def test_processes_share_one_server_until_the_last_one_ends(holder: Callable[..., Holder], state: Path) -> None:
    first, second = holder(state), holder(state)
    assert first.word() == second.word()
    server = server_process(state)
    first.end()
    time.sleep(LONGER)
    assert server_process(state) == server
    second.end()
    wait_until(lambda: stopped(state))


def test_commands_in_a_row_start_it_once_and_what_they_wrote_stays(state: Path) -> None:
    with lease(state, linger=2) as address:
        ask(address, "CREATE TABLE words AS SELECT 'yes' AS word")
        first = server_process(state)
    with lease(state) as address:
        assert server_process(state) == first
    wait_until(lambda: stopped(state))
    with lease(state, linger=LINGER) as later:
        assert server_process(state) != first
        assert later == address
        assert ask(later, "SELECT word FROM words") == "yes"


def test_ten_commands_at_once_on_a_new_folder_share_one_server(holder: Callable[..., Holder], new: Path) -> None:
    holders = [holder(new) for _ in range(10)]
    [address] = {one.word() for one in holders}
    assert address.startswith("ServerAddress")
    for one in holders:
        one.end()
    wait_until(lambda: stopped(new))
    assert new.stat().st_mode & 0o077 == 0


def test_a_command_of_another_working_folder_starts_it_too(state: Path, tmp_path: Path) -> None:
    program = f"from resources.local_server import *; from pathlib import Path\nwith lease(Path({str(state)!r})): 1"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    assert running(state)
    wait_until(lambda: stopped(state))


def test_a_killed_user_leaves_no_lease_behind(holder: Callable[..., Holder], state: Path) -> None:
    held = holder(state)
    held.word()
    held.kill()
    wait_until(lambda: stopped(state))


def test_a_process_forked_off_a_user_keeps_the_server(state: Path) -> None:
    with lease(state, linger=LINGER):
        child = os.fork()
        if child == 0:
            signal.pause()
        server = server_process(state)
    time.sleep(LONGER)
    assert server_process(state) == server
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    wait_until(lambda: stopped(state))


def test_a_killed_supervisor_is_replaced_without_a_restart(state: Path) -> None:
    with lease(state, linger=LINGER):
        before = server_process(state)
        kill_supervisor(state)
        with lease(state, linger=LINGER) as address:
            assert server_process(state) == before
            assert ask(address, "SELECT 1") == 1
    wait_until(lambda: stopped(state))


def test_the_last_user_leaves_a_supervisor_behind_even_if_it_was_killed(state: Path) -> None:
    with lease(state, linger=LINGER):
        kill_supervisor(state)
    wait_until(lambda: stopped(state))


def test_a_killed_server_comes_back_with_all_that_was_committed(state: Path) -> None:
    with lease(state, linger=LINGER) as address:
        ask(address, "CREATE TABLE numbers AS SELECT generate_series(1, 1000) AS number")
        kill_and_wait(server_process(state))
        wait_until(lambda: running(state))
        assert ask(address, "SELECT count(*) FROM numbers") == 1000


def test_a_session_that_outlives_the_killed_server_is_ended(state: Path) -> None:
    with lease(state, linger=LINGER) as address:
        endless = subprocess.Popen(
            [
                binary("psql"),
                address.url(OWNER, driver="postgresql"),
                "-c",
                "DO $$BEGIN LOOP PERFORM 1; END LOOP; END$$",
            ],
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: ask(address, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'") == 1)
        kill_and_wait(server_process(state))
        assert endless.wait(PATIENCE) != 0
        wait_until(lambda: running(state))


def test_server_and_supervisor_killed_together_are_recovered_by_the_next_command(
    holder: Callable[..., Holder], state: Path
) -> None:
    held = holder(state)
    held.word()
    with lease(state) as address:
        ask(address, "CREATE TABLE sevens AS SELECT 7 AS number")
    server = server_process(state)
    kill_supervisor(state)
    kill_and_wait(server)
    with lease(state, linger=LINGER) as address:
        assert ask(address, "SELECT number FROM sevens") == 7
    held.kill()


@pytest.mark.parametrize(
    "first_line", [b"%d\n" % os.getpid(), b"", b"\0\0\0\n"], ids=["another program's id", "nothing", "no text"]
)
def test_what_a_killed_server_left_does_not_pass_for_a_server(state: Path, first_line: bytes) -> None:
    with lease(state, linger=LINGER):
        said = ServerFiles(state).postmaster.read_bytes().splitlines(keepends=True)
    wait_until(lambda: stopped(state))
    ServerFiles(state).postmaster.write_bytes(first_line and b"".join([first_line, *said[1:]]))
    with lease(state, linger=LINGER) as address:
        assert ask(address, "SELECT 1") == 1


def test_a_folder_that_is_removed_under_it_ends_it(holder: Callable[..., Holder], state: Path) -> None:
    held = holder(state)
    held.word()
    server, supervisor = server_process(state), supervisor_process(state)
    removed = state.rename(state.with_name("removed"))
    try:
        wait_until(lambda: not lives(server) and not lives(supervisor))
        held.end()
    finally:
        removed.rename(state)


def test_a_path_of_any_length_and_spelling_will_do(state: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    long = state.rename(folder / f"""with space, 'quotes', "more", $(touch run), `touch run`, ü {"y" * 60}""")
    try:
        with lease(long, linger=LINGER) as address:
            assert ask(address, "SELECT 1") == 1
            assert len(os.fsencode(address.socket_folder)) <= 92
        end_all(long)
    finally:
        long.rename(state)


def test_users_with_different_temporary_folders_meet(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another = state.with_name("another")  # and not below `tmp_path`, which may be too long for a socket
    with lease(state, linger=LINGER) as address:
        use_temporary_folder(another, monkeypatch)
        with lease(state) as same:
            assert same == address
    wait_until(lambda: stopped(state))
    with lease(state, linger=LINGER) as address:
        assert address.socket_folder.parent == another


@pytest.mark.parametrize("name", ["t" * 120, "a, b", 'a "b"'])
def test_a_temporary_folder_that_no_socket_may_be_in_is_not_used(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    use_temporary_folder(tmp_path / name, monkeypatch)
    with lease(state, linger=LINGER) as address:
        assert ask(address, "SELECT 1") == 1
        assert tmp_path not in address.socket_folder.parents
    wait_until(lambda: stopped(state))


def use_temporary_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    monkeypatch.setenv("TMPDIR", str(path))


def test_a_first_start_whose_supervisor_was_killed_is_begun_again(holder: Callable[..., Holder], new: Path) -> None:
    held = holder(new)
    wait_until((new / "postgres.partial" / "base").exists)
    kill_and_wait(supervisor_process(new))
    assert not (new / "postgres").exists()
    assert held.word().startswith("ServerAddress")
    assert not (new / "postgres.partial").exists()
    held.end()


def test_a_socket_folder_that_somebody_planted_is_refused(state: Path) -> None:
    sockets = Path(tempfile.gettempdir()) / ServerFiles(state).server_name
    sockets.mkdir()
    sockets.chmod(0o777)
    try:
        with pytest.raises(DatabaseError, match="not a private folder"), lease(state, linger=LINGER):
            pass
        sockets.rmdir()
        sockets.symlink_to(state)
        with pytest.raises(DatabaseError, match="not a private folder"), lease(state, linger=LINGER):
            pass
    finally:
        sockets.unlink()


def test_its_port_stays_unless_somebody_took_it(state: Path) -> None:
    with lease(state, linger=LINGER) as address:
        pass
    wait_until(lambda: stopped(state))
    with socket.create_server(("127.0.0.1", address.port)), lease(state, linger=LINGER) as moved:
        assert moved.port != address.port
    wait_until(lambda: stopped(state))
    with lease(state, linger=LINGER) as later:
        assert later.port == moved.port


def test_what_keeps_it_from_starting_is_said(state: Path) -> None:
    version = state / "postgres" / "PG_VERSION"
    with (state / "postgres.log").open("a", encoding="utf-8") as log:
        log.write("yesterday's trouble\n")
    version.write_text("9.1\n", encoding="ascii")
    try:
        with pytest.raises(DatabaseError, match=r"did not start: .*9\.1.* See .+postgres\.log") as caught, lease(state):
            pass
    finally:
        version.write_text("18\n", encoding="ascii")
    assert "yesterday" not in str(caught.value)
    assert stopped(state)


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="Set FLOW_STATE"), lease(tmp_path / "file" / "state"):
        pass


def test_over_the_network_everybody_needs_a_password(state: Path) -> None:
    with lease(state, linger=LINGER) as address:
        ask(address, "CREATE ROLE analyst LOGIN PASSWORD 'right'")
        for role, password in ((OWNER, None), (OWNER, ""), ("analyst", "wrong")):
            with pytest.raises(psycopg.OperationalError, match="password"):
                over_tcp(address, role, password)
        over_tcp(address, "analyst", "right")


def test_a_stop_under_way_is_waited_for(holder: Callable[..., Holder], state: Path) -> None:
    with opened(ServerFiles(state).lease) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = holder(state)
        time.sleep(LONGER)
        assert not is_locked(ServerFiles(state).supervisor)
        fcntl.flock(lock, fcntl.LOCK_UN)
    assert held.word().startswith("ServerAddress")
    held.end()


@as_root
def test_it_works_for_an_ordinary_user_too(holder: Callable[..., Holder], new: Path) -> None:
    os.chown(new.parent, NOBODY, NOBODY)
    account = pwd.getpwuid(NOBODY)
    become = as_system_user(account).enter  # keeps access to an interpreter that may be root's alone
    held = holder(new, become)
    assert held.word().startswith("ServerAddress")
    assert {path.stat().st_uid for path in new.rglob("*")} == {NOBODY}
    held.end()
    wait_until(lambda: stopped(new))


@as_root
def test_a_folder_of_another_user_is_refused(new: Path) -> None:
    new.mkdir()
    os.chown(new, NOBODY, NOBODY)
    with pytest.raises(DatabaseError, match="belongs to another user"), lease(new):
        pass
    assert list(new.iterdir()) == []


@as_root
def test_root_needs_no_user_namespace(holder: Callable[..., Holder], new: Path) -> None:
    held = holder(new, refusing("unshare"))
    assert held.word().startswith("ServerAddress")
    assert (new / "postgres").stat().st_uid != 0
    with lease(new) as address:
        ask(address, "CREATE TABLE kept AS SELECT 7 AS number")
    held.end()
    wait_until(lambda: stopped(new))
    with lease(new, linger=LINGER) as address:
        assert (new / "postgres").stat().st_uid == 0
        assert ask(address, "SELECT number FROM kept") == 7


@as_root
def test_root_who_may_do_nothing_is_told_what_to_do(holder: Callable[..., Holder], state: Path) -> None:
    complaint = holder(state, refusing("unshare", "setuid")).word()
    assert "refuses to run as root" in complaint
    assert "Run as an ordinary user, or set FLOW_DATABASE_URL" in complaint


def test_a_program_that_is_not_shipped_is_an_error_with_a_remedy() -> None:
    with pytest.raises(DatabaseError, match="FLOW_DATABASE_URL"):
        binary("no-such-program")


def refusing(*names: str) -> Callable[[], None]:
    """Return what makes a process one to which the kernel refuses system calls, as containers have it."""
    library = ctypes.CDLL(None, use_errno=True)
    numbers = [SYSTEM_CALLS[platform.machine()][name] for name in names]
    load_number, refuse, allow = (0x20, 0, 0, 0), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)
    compare = [(0x15, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    steps = b"".join(struct.pack("=HBBI", *step) for step in (load_number, *compare, allow, refuse))
    kept = ctypes.create_string_buffer(steps)
    program = struct.pack("@HP", len(steps) // 8, ctypes.addressof(kept))

    def enter() -> None:
        assert kept
        assert library.prctl(22, 2, program, 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER

    return enter
