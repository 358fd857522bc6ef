"""The embedded PostgreSQL's data folder: how it is made.

Belongs here: initdb, settings, who may connect, our database in it. Does not: the running server
(`local_server_supervisor.py`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from flow_pipelines.errors import DatabaseError
from resources.local_server_files import DATABASE, OWNER, PRIVATE_FOLDER, ServerFiles, binary
from resources.local_server_rights import Rights

# The builtin locale sorts by code point in every version of every system library, so no index ever goes stale.
FORMAT = (
    f"--username={OWNER}",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-sync",
)
SETTINGS = """
# Written by flow-pipelines.
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 256MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
"""
# Whoever can enter the private socket folder is the user who owns the state folder; all others need a password.
ACCESS = """
local all all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""


def create(files: ServerFiles, rights: Rights, server: int) -> None:
    """Make the data folder, with our database in it.

    Args:
        files: Where it goes.
        rights: Those that the programs run with.
        server: The open file with the server's lock, which is passed on to the programs.

    Raises:
        DatabaseError: One of the programs failed; it said why on standard error.
    """
    # Under another name until it is complete, so that a process killed midway leaves nothing that looks like one.
    # Whoever is at it holds the server's lock, so the remains below are nobody's.
    if files.partial.exists():
        shutil.rmtree(files.partial)
    files.partial.mkdir(mode=PRIVATE_FOLDER)
    os.chown(files.partial, rights.uid, rights.gid)
    folder = ("-D", str(files.partial))
    _run(rights, server, "initdb", *folder, *FORMAT)
    with (files.partial / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    (files.partial / "pg_hba.conf").write_text(ACCESS, encoding="ascii")
    alone = ("--single", *folder, "-c", "exit_on_error=on", "-c", "fsync=off", "-c", "log_checkpoints=off")
    _run(rights, server, "postgres", *alone, "postgres", typed=f"CREATE DATABASE {DATABASE}\n")
    # Once, at the end: measured on a busy disk, 0.1 s for the file system against 4 s file by file.
    method = "syncfs" if sys.platform == "linux" else "fsync"
    _run(rights, server, "initdb", *folder, "--sync-only", f"--sync-method={method}")
    files.partial.replace(files.data)
    state = os.open(files.state, os.O_RDONLY)
    os.fsync(state)
    os.close(state)


def _run(rights: Rights, server: int, program: str, *arguments: str, typed: str = "") -> None:
    finished = subprocess.run(  # noqa: S603
        [str(binary(program)), *arguments],
        check=False,
        input=typed,
        text=True,
        stdout=subprocess.DEVNULL,
        pass_fds=(server,),
        preexec_fn=rights.enter,
    )
    if finished.returncode != 0:
        raise DatabaseError(
            f"{program} could not make the database (exit code {finished.returncode}).",
            remedy="The lines above say why.",
        )


def hand_over(data: Path, rights: Rights) -> None:
    """Make the data folder theirs with whose rights the server will run.

    Root may come to run it in another way than the last time, as when an image is built here and run elsewhere.
    """
    if data.stat().st_uid == rights.uid:
        return
    for folder, _, names in os.walk(data):
        for path in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118
            os.chown(path, rights.uid, rights.gid, follow_symlinks=False)
