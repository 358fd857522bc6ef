"""The embedded PostgreSQL's supervisor: starts the server, and stops it when nobody holds a lease any more.

Belongs here: the server's processes, signals, port and sockets. Does not: clients (`local_server.py`), the data folder
(`local_server_data.py`), whose rights it runs with (`local_server_rights.py`).

Run as `python -m resources.local_server_supervisor STATE LINGER`; only `local_server.lease` does.

The programs are started without a shell (pg_ctl uses one), so a path may contain anything. Every process of the
server inherits one lock: while it is held something of the server lives, whatever a file or a process id says.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flow_pipelines.errors import DatabaseError
from resources.local_server_data import create, hand_over
from resources.local_server_files import (
    PRIVATE_FOLDER,
    ServerFiles,
    binary,
    is_private_folder,
    opened,
    read_postmaster,
    take,
)
from resources.local_server_rights import Rights, choose_rights

POLL_SECONDS = 0.25
WAIT_SECONDS = 0.02
TRIES = 40
LAUNCHES = 3
# Less than a client waits, so that it can say why.
OTHERS_SECONDS = 45.0
# A fast stop ends sessions and writes what is in memory; an immediate one leaves that to the next start.
STOPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))
# A socket's path may have 107 bytes, of which PostgreSQL's own name for it, `/.s.PGSQL.65535`, takes 15.
LONGEST_SOCKET_FOLDER = 92
# Below 32768, where Linux begins to hand ports out to outgoing connections.
FIRST_PORT, PORTS = 20000, 12000


def main(state: Path, linger: float) -> None:
    """Keep the server of a state folder running for as long as somebody holds a lease.

    Args:
        state: The state folder.
        linger: Seconds for which the server outlasts its last user, so that commands in a row start it once.

    Raises:
        DatabaseError: The server can't be started.
    """
    files = ServerFiles(state)
    # A signal for the whole process group must not take the database away from processes that still work on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with opened(files.supervisor) as alone, opened(files.lease) as users, opened(files.server) as server:
        if not _become_the_only_one(alone):
            return
        rights = choose_rights(state)
        process = start(files, rights)
        unused_since: float | None = None
        while _is_still(users, files.lease):
            time.sleep(POLL_SECONDS)
            if not take(users):
                unused_since = None
                if not (_is_held(server) and _exists(process)):
                    process = start(files, rights)
                continue
            unused_since = unused_since or time.monotonic()
            if time.monotonic() - unused_since >= linger:
                break
            fcntl.flock(users, fcntl.LOCK_UN)
        _stop(process, server, files.server_name)


def start(files: ServerFiles, rights: Rights) -> int:
    """Start the server, creating its data folder the first time; adopt one that runs already.

    Returns:
        The id of the server's main process.

    Raises:
        DatabaseError: It ended at once, or something of an earlier one that can't be ended is in the way.
    """
    for _ in range(LAUNCHES):
        # Opened anew each time: what is left of a killed try holds the lock of its own.
        with opened(files.server) as server:
            process = _take_or_adopt(files, server)
            if process is None:
                if not files.data.exists():
                    create(files, rights, server)
                hand_over(files.data, rights)
                _forget_a_misleading_process_id(files)
                process = _launch(files, rights, server)
        if process is not None:
            return process
    raise DatabaseError(
        f"PostgreSQL was killed while it started, {LAUNCHES} times in a row.", remedy="See whether memory is short."
    )


def _take_or_adopt(files: ServerFiles, server: int) -> int | None:
    deadline = time.monotonic() + OTHERS_SECONDS
    while not take(server):
        postmaster = read_postmaster(files)
        if postmaster is not None and _exists(postmaster.process):
            return postmaster.process
        _end_orphans(files.server_name)
        if time.monotonic() > deadline:
            raise DatabaseError(
                "Something else works on this state folder, perhaps another container or a PostgreSQL that was"
                " killed before all of its sessions ended.",
                remedy="Stop it, or set FLOW_STATE to another folder.",
            )
        time.sleep(WAIT_SECONDS)
    return None


def _become_the_only_one(alone: int) -> bool:
    # A client that asks whether a supervisor lives holds the lock for an instant, hence more than one try.
    for _ in range(TRIES):
        if take(alone):
            return True
        time.sleep(WAIT_SECONDS)
    return False


def _launch(files: ServerFiles, rights: Rights, server: int) -> int | None:
    sockets = _make_socket_folder(files.server_name)
    command = [str(binary("postgres")), "-D", str(files.data), "-c", f"cluster_name={files.server_name}"]
    command += ["-c", f"unix_socket_directories={sockets}"]
    code: int | None = None
    for port in _free_ports(files):
        _keep_port(files, port)
        postgres = subprocess.Popen(  # noqa: S603
            [*command, "-p", str(port)],
            stdin=subprocess.DEVNULL,
            pass_fds=(server,),
            preexec_fn=rights.enter,  # noqa: PLW1509  (this process has one thread)
            start_new_session=True,
        )
        while (code := postgres.poll()) is None:
            postmaster = read_postmaster(files)
            if postmaster is not None and postmaster.process == postgres.pid and postmaster.ready:
                return postgres.pid
            if not files.data.exists():
                postgres.kill()  # it would never be seen to be ready
            time.sleep(WAIT_SECONDS)
        if code < 0:
            return None  # killed by a signal
        if _is_free(port):
            break  # so it was not that somebody took the port in between
    raise DatabaseError(f"PostgreSQL ended while it started (exit code {code}).", remedy="The lines above say why.")


def _socket_folder(name: str) -> Path:
    folder = Path(tempfile.gettempdir()) / name
    # Both take a list here: PostgreSQL where to listen, with quotes; and its clients whom to call, without.
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and not set(',"') & set(str(folder)):
        return folder
    return Path("/tmp") / name  # noqa: S108  (used only if it is ours alone)


def _make_socket_folder(name: str) -> Path:
    folder = _socket_folder(name)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE_FOLDER)
    if not is_private_folder(folder):
        raise DatabaseError(
            f"{folder} is not a private folder of yours.",
            remedy="Remove it, or set TMPDIR to a folder that only you can write to.",
        )
    for socket_of_a_killed_server in folder.iterdir():
        socket_of_a_killed_server.unlink()
    return folder


def _free_ports(files: ServerFiles) -> Iterator[int]:
    kept = files.port.read_text(encoding="ascii") if files.port.exists() else ""
    first = int(files.server_name[-12:], 16)
    others = (FIRST_PORT + (first + step) % PORTS for step in range(PORTS))
    return filter(_is_free, itertools.chain([int(kept)] if kept.isdigit() else [], others))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _keep_port(files: ServerFiles, port: int) -> None:
    written = files.port.with_suffix(".partial")
    written.write_text(str(port), encoding="ascii")
    written.replace(files.port)


def _forget_a_misleading_process_id(files: ServerFiles) -> None:
    """Remove what a killed server wrote if PostgreSQL would not start for it.

    That is so if its process id is another program's by now, as after a restart of the machine, or if the machine
    stopped before the file was on disk. A server that somebody started by hand is left alone, and so is an id that
    nobody has: PostgreSQL sees to that one itself.
    """
    if not files.postmaster.exists():
        return
    process = files.postmaster.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    if process.isdecimal() and (not _exists(int(process)) or _works_in(process, files.data)):
        return
    files.postmaster.unlink()


def _works_in(process: str, folder: Path) -> bool:
    if not Path("/proc/self/cwd").exists():
        return True  # only Linux tells, so elsewhere there is no reason to doubt it
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cwd").readlink() == folder
    return False


def _end_orphans(name: str) -> None:
    """Kill the sessions of a server whose main process was killed: a busy one would not notice until it is done.

    Only Linux tells what a process calls itself; elsewhere the wait for them goes on.
    """
    title = f"postgres: {name}: ".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if (process / "cmdline").read_bytes().startswith(title):
                os.kill(int(process.name), signal.SIGKILL)


def _stop(process: int, server: int, name: str) -> None:
    for request, patience in STOPS:
        if _exists(process):
            os.kill(process, request)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            # Asked in this order: the main process ends after all others, or it was killed and left some behind.
            exists = _exists(process)
            if not _is_held(server):
                with contextlib.suppress(OSError):
                    _socket_folder(name).rmdir()
                return
            if not exists:
                _end_orphans(name)
            time.sleep(WAIT_SECONDS)


def _exists(process: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, os.WNOHANG)  # or else a killed child of ours would seem to exist
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):  # the latter is somebody else's, so none that we started
        return False
    return True


def _is_held(descriptor: int) -> bool:
    if not take(descriptor):
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _is_still(descriptor: int, path: Path) -> bool:
    # Not so once the state folder was removed, or removed and made anew.
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), float(sys.argv[2]))
    except DatabaseError as error:
        sys.exit(str(error))
