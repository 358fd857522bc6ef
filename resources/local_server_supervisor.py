"""The embedded PostgreSQL's supervisor: starts the server, and stops it when nobody holds a lease any more.

Belongs here: initdb, pg_ctl, and whose rights they run with. Does not: clients (`local_server.py`).

Run as `python -m resources.local_server_supervisor STATE LINGER`; only `local_server.lease` does.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from resources.local_server import DATABASE, OWNER, ServerFiles, binary, socket_folder

POLL_SECONDS = 0.25
TRIES = 40
CLONE_NEWUSER = 0x10000000
ORDINARY_USER = 1000

SETTINGS = """
# Written by flow-pipelines.
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
wal_level = minimal
max_wal_senders = 0
timezone = 'UTC'
log_timezone = 'UTC'
listen_addresses = '127.0.0.1'
"""
# Whoever can enter the private socket folder is the user who owns the state folder; all others need a password.
ACCESS = """
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""


def main(state: Path, linger: float) -> None:
    """Keep the server of a state folder running for as long as somebody holds a lease.

    Args:
        state: The state folder.
        linger: Seconds for which the server outlasts its last user, so that commands in a row start it once.
    """
    files = ServerFiles(state)
    # A signal for the whole process group must not take the database away from processes that still work on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with files.supervisor.open("a") as alone, files.lease.open("a") as users:
        if not _become_the_only_one(alone):
            return
        start(files)
        unused_since: float | None = None
        while True:
            time.sleep(POLL_SECONDS)
            if _take(users):
                unused_since = unused_since or time.monotonic()
                if time.monotonic() - unused_since >= linger:
                    _control(files, "-m", "fast", "stop")
                    return
                fcntl.flock(users, fcntl.LOCK_UN)
                continue
            unused_since = None
            if not _lives(files):
                start(files)


def start(files: ServerFiles) -> None:
    """Start the server, creating its data folder the first time; adopt one that runs already."""
    if not (files.data / "PG_VERSION").exists():
        _create(files)
    if is_up(files):
        return
    port = _free_port(files)
    options = f"-c unix_socket_directories='{socket_folder(files.state)}' -p {port}"
    files.port.with_suffix(".partial").write_text(str(port), encoding="ascii")
    files.port.with_suffix(".partial").replace(files.port)
    _control(files, "-w", "-o", options, "-l", str(files.log), "start")
    _create_database(files)


def is_up(files: ServerFiles) -> bool:
    """Tell whether the server's main process lives."""
    return _control(files, "--silent", "status", check=False) == 0


def _lives(files: ServerFiles) -> bool:
    # Four times a second, so without starting a program; is_up has the last word before a start.
    try:
        os.kill(int((files.data / "postmaster.pid").read_text(encoding="utf-8").split()[0]), 0)
    except (OSError, IndexError, ValueError):
        return False
    return True


def _become_the_only_one(alone: IO[str]) -> bool:
    # A client that asks whether a supervisor lives holds the lock for an instant, hence more than one try.
    for _ in range(TRIES):
        if _take(alone):
            return True
        time.sleep(POLL_SECONDS / 5)
    return False


def _create(files: ServerFiles) -> None:
    # Under another name until it is complete, so that a process killed midway leaves nothing that looks like one.
    partial = files.data.with_name("postgres.partial")
    shutil.rmtree(partial, ignore_errors=True)
    arguments = [f"--username={OWNER}", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]
    password = files.state / "postgres.unused-password"
    password.write_text(os.urandom(24).hex(), encoding="ascii")
    password.chmod(0o600)
    _run([str(binary("initdb")), "--pgdata", str(partial), f"--pwfile={password}", *arguments])
    password.unlink()
    with (partial / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    (partial / "pg_hba.conf").write_text(ACCESS, encoding="ascii")
    partial.replace(files.data)


def _create_database(files: ServerFiles) -> None:
    port = files.port.read_text(encoding="ascii")
    connection = ["-h", str(socket_folder(files.state)), "-p", port, "-U", OWNER]
    known = subprocess.run(  # noqa: S603
        [str(binary("psql")), *connection, "-d", "postgres", "-Atc", "SELECT datname FROM pg_database"],
        capture_output=True,
        text=True,
        check=True,
    )
    if DATABASE not in known.stdout.split():
        subprocess.run([str(binary("createdb")), *connection, DATABASE], check=True)  # noqa: S603


def _control(files: ServerFiles, *arguments: str, check: bool = True) -> int:
    return _run([str(binary("pg_ctl")), "-D", str(files.data), *arguments], check=check)


def _run(command: list[str], *, check: bool = True) -> int:
    finished = subprocess.run(  # noqa: S603
        command,
        check=check,
        stdin=subprocess.DEVNULL,
        preexec_fn=_without_root(),
        umask=0o077,
    )
    return finished.returncode


def _without_root() -> Callable[[], None] | None:
    if os.geteuid() != 0:
        return None
    library = ctypes.CDLL(None, use_errno=True)
    return lambda: _leave_root(library)


def _leave_root(library: ctypes.CDLL) -> None:
    """Become an ordinary user in the eyes of PostgreSQL, which refuses to run as root.

    In a user namespace of its own in which root is mapped to an ordinary id, the process keeps root's access to
    files: no system user has to exist and no folder has to be opened to one.
    """
    if library.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "this system lets root have no user namespace; run as an ordinary user instead")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{ORDINARY_USER} 0 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{ORDINARY_USER} 0 1", encoding="ascii")


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_port(files: ServerFiles) -> int:
    kept = int(files.port.read_text(encoding="ascii")) if files.port.exists() else 0
    for wanted in (kept, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
