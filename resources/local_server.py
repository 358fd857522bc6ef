"""The embedded PostgreSQL as its users see it: hold a lease, get an address.

Belongs here: leases, addresses, what a client waits for. Does not: the files (`local_server_files.py`), starting and
stopping (`local_server_supervisor.py`).

A lease is a shared lock on a file. The kernel lets go of it when its process ends, however it ends, so the count of
users can't be wrong. The supervisor stops the server when it can take the same lock for itself. A process that is
forked off a user holds the lease too, until it ends; a program that a user starts does not.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from sqlalchemy import URL

from flow_pipelines.errors import DatabaseError
from resources.local_server_files import (
    DATABASE,
    OWNER,
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    ServerFiles,
    binary,
    is_locked,
    is_private_folder,
    locked,
    read_postmaster,
)

__all__ = ["DATABASE", "OWNER", "ServerAddress", "binary", "lease", "running", "state_folder"]

START_SECONDS = 60.0
LINGER_SECONDS = 3.0
POLL_SECONDS = 0.02
LOG_LINES = 5
PACKAGES = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class ServerAddress:
    """Where the server of a state folder listens: on a private socket, and on loopback for those with a password."""

    socket_folder: Path
    port: int
    database: str = DATABASE

    def url(self, role: str, *, driver: str) -> str:
        """Return the URL with which a role connects through the socket, where no password is asked for."""
        return URL.create(
            driver,
            username=role,
            database=self.database,
            query={"host": str(self.socket_folder), "port": str(self.port)},
        ).render_as_string()


def state_folder() -> Path:
    """Return the state folder, absolute: FLOW_STATE, or `.flow` in the working folder. It may not exist yet."""
    return Path(os.environ.get("FLOW_STATE") or ".flow").expanduser().resolve()


@contextmanager
def lease(state: Path, *, linger: float = LINGER_SECONDS) -> Iterator[ServerAddress]:
    """Hold the embedded server for as long as the block runs, starting it if need be.

    Args:
        state: The state folder; created if missing, for its owner only.
        linger: Seconds for which the server, if this starts it, outlasts its last user.

    Raises:
        DatabaseError: The state folder can't be used, or the server can't be started; the message then has the last
            lines of its log.
    """
    files = _files_in(state)
    with locked(files.lease, fcntl.LOCK_SH):
        with locked(files.start, fcntl.LOCK_EX):
            address = _ensure_running(files, linger)
        try:
            yield address
        finally:
            _leave_supervised(files, linger)


def running(state: Path) -> bool:
    """Tell whether a server answers right now, without starting one."""
    address = _known_address(ServerFiles(state.resolve()))
    return address is not None and _accepts(address)


def _files_in(state: Path) -> ServerFiles:
    files = ServerFiles(state.resolve())
    try:
        files.state.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        owner = files.state.stat().st_uid
        if owner == os.geteuid():
            files.lease.touch(mode=PRIVATE_FILE)
            return files
    except OSError as error:
        raise DatabaseError(
            f"The state folder {state} can't be used: {error.strerror}.",
            remedy="Set FLOW_STATE to a folder that you can write to.",
        ) from error
    raise DatabaseError(
        f"The state folder {state} belongs to another user (id {owner}).",
        remedy="Run as that user, or set FLOW_STATE to a folder of your own.",
    )


def _ensure_running(files: ServerFiles, linger: float) -> ServerAddress:
    deadline = time.monotonic() + START_SECONDS
    said_before = files.log.stat().st_size if files.log.exists() else 0
    supervisor: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        ended = supervisor.poll() if supervisor is not None else 0
        if is_locked(files.supervisor):
            address = _known_address(files)
            if address is not None and _accepts(address):
                return address
        elif ended is not None and ended > 0:
            break
        elif ended is not None:
            # None is here yet, or it was killed (a negative code), or it made room for another one (0).
            supervisor = _start_supervisor(files, linger)
        time.sleep(POLL_SECONDS)
    raise DatabaseError(
        f"The embedded PostgreSQL did not start: {_last_lines(files.log, said_before)}",
        remedy=f"See {files.log}, or set FLOW_DATABASE_URL to a server of yours.",
    )


def _known_address(files: ServerFiles) -> ServerAddress | None:
    postmaster = read_postmaster(files)
    # A killed server's word still stands, and after a restart of the machine its socket folder may be anybody's.
    if postmaster is None or not postmaster.ready or not is_private_folder(postmaster.socket_folder):
        return None
    return ServerAddress(postmaster.socket_folder, postmaster.port)


def _accepts(address: ServerAddress) -> bool:
    wanted = make_conninfo(address.url(OWNER, driver="postgresql"), connect_timeout=2)
    return PGconn.ping(wanted.encode()) == Ping.OK


def _leave_supervised(files: ServerFiles, linger: float) -> None:
    # A supervisor that was killed can't stop the server after its last user, so whoever leaves sees to a new one.
    if not files.data.exists():
        return
    with locked(files.start, fcntl.LOCK_EX):
        if not is_locked(files.supervisor):
            _start_supervisor(files, linger)


def _start_supervisor(files: ServerFiles, linger: float) -> subprocess.Popen[bytes]:
    log = os.open(files.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
    try:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "resources.local_server_supervisor", str(files.state), str(linger)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(PACKAGES), *sys.path]))},
        )
    finally:
        os.close(log)


def _last_lines(log: Path, start: int) -> str:
    said = log.read_bytes()[start:].decode("utf-8", errors="replace") if log.exists() else ""
    return " / ".join(said.splitlines()[-LOG_LINES:]) or f"no word from it within {START_SECONDS:.0f} s."
