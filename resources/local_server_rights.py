"""Whose rights the embedded PostgreSQL runs with, which refuses to run as root.

Belongs here: what a process of root's does between fork and exec so that PostgreSQL takes it for an ordinary user's.
Does not: what is run (`local_server_supervisor.py`).

Both ways keep root's access to files, so that no folder of the user's has to be opened to anybody.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flow_pipelines.errors import DatabaseError
from resources.local_server_files import binary

# initdb looks its user up by name, so the id that root takes on must be one that the system knows.
ACCOUNTS = ("postgres", "nobody")

# From linux/sched.h, linux/prctl.h and linux/capability.h.
CLONE_NEWUSER = 0x10000000
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Rights:
    """The owner that the data folder needs, and what a child does before it becomes a PostgreSQL program."""

    uid: int
    gid: int
    enter: Callable[[], None] | None = None


def choose_rights(state: Path) -> Rights:
    """Return the rights to run PostgreSQL with here; those of the caller unless that is root.

    Args:
        state: The state folder, which they must suffice for.

    Raises:
        DatabaseError: The caller is root and this system offers no way around that.
    """
    if os.geteuid() != 0:
        return Rights(os.geteuid(), os.getegid())
    account = _ordinary_account()
    for rights in (in_user_namespace(account), as_system_user(account)):
        if _suffice(rights, state):
            return rights
    raise DatabaseError(
        "PostgreSQL refuses to run as root, and root may neither make a user namespace here nor become"
        f" the user {account.pw_name} with its own access to files.",
        remedy="Run as an ordinary user, or set FLOW_DATABASE_URL to a server of yours.",
    )


def in_user_namespace(account: pwd.struct_passwd) -> Rights:
    """Return root's rights under another id: in a user namespace of its own, root is mapped to an account's."""
    library = ctypes.CDLL(None, use_errno=True)

    def enter() -> None:
        _check(library.unshare(CLONE_NEWUSER))
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{account.pw_uid} 0 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{account.pw_gid} 0 1", encoding="ascii")

    return Rights(0, 0, enter)


def as_system_user(account: pwd.struct_passwd) -> Rights:
    """Return an account's rights plus root's access to files, for containers that forbid user namespaces."""
    library = ctypes.CDLL(None, use_errno=True)
    kept = 1 << CAP_DAC_OVERRIDE
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    # Effective, permitted, inheritable; then the same for the capabilities above 31, of which none is kept.
    capabilities = struct.pack("=6I", kept, kept, kept, 0, 0, 0)

    def enter() -> None:
        _check(library.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        _check(library.capset(header, capabilities))
        _check(library.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))

    return Rights(account.pw_uid, account.pw_gid, enter)


def _ordinary_account() -> pwd.struct_passwd:
    known = {account.pw_name: account for account in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known:
            return known[name]
    raise DatabaseError(
        "PostgreSQL refuses to run as root, and this system has no user postgres or nobody to run as.",
        remedy="Run as an ordinary user, or set FLOW_DATABASE_URL to a server of yours.",
    )


def _suffice(rights: Rights, state: Path) -> bool:
    def try_out() -> None:
        if rights.enter is not None:
            rights.enter()
        os.chdir(state)

    try:
        subprocess.run(  # noqa: S603
            [binary("postgres"), "--version"],
            check=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=try_out,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
