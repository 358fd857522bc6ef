"""`flow up` and `flow down`: Dagster's web server and daemon, on the installation's PostgreSQL.

Belongs here: starting and stopping them together. Does not: what they serve (`assets_defs/definitions.py`).
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.error import URLError
from urllib.request import urlopen

import typer

from flow_pipelines.cli.output import console, notices
from flow_pipelines.errors import RunError
from resources.installation import open_installation
from resources.local_server import state_folder

CODE_LOCATION = "assets_defs.definitions"
HOST = "127.0.0.1"
START_SECONDS = 120.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.3
# What a run that is interrupted may take to write down that it was.
RECOVERY_SECONDS = 60.0
GRACE_SECONDS = 20.0


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("serve", hidden=True)(serve)


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web server on this machine.")] = 3000,
) -> None:
    """Start Dagster's web server and daemon in the background, and say where to look."""
    state = state_folder()
    if not _running(state):
        # What keeps the services from starting is told here, in one line, and not in their log.
        with open_installation():
            _require_free(port)
            with (state / "services.log").open("ab") as log:
                process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-m", "flow_pipelines.cli", "serve", "--port", str(port)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            with notices().status("Starting the web server and the daemon ..."):
                _wait_until_served(process, state)
    console().print(
        f"Dagster is at {_known_record(state)['url']}; its log is {state / 'services.log'}; stop it with: flow down"
    )


def down() -> None:
    """Stop what `flow up` started; runs that are under way in it are interrupted and publish nothing more."""
    state = state_folder()
    if not _running(state):
        console().print("Nothing is running.")
        return
    process = int(_known_record(state)["pid"])
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _running(state):
        if time.monotonic() > deadline:
            raise RunError(
                f"Process {process} has not stopped in {STOP_SECONDS:.0f} seconds.",
                remedy=f"Look into {state / 'services.log'}; then: kill -9 {process}",
            )
        time.sleep(0.2)
    console().print("Stopped.")


def serve(port: Annotated[int, typer.Option()] = 3000) -> None:
    """Hold the database open and keep web server and daemon running until told to stop."""
    from assets_defs.instance import instance_environment
    from flow_pipelines.cli.recovering import recover_all

    state = state_folder()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _only_one(state), open_installation() as installation:
        (state / "services.json").unlink(missing_ok=True)  # an earlier one's, if that was killed
        recover_all(installation, notices())
        environment = {**os.environ, **instance_environment(installation)}
        programs = Path(sys.executable).parent
        commands = (
            [str(programs / "dagster-webserver"), "-m", CODE_LOCATION, "-h", HOST, "-p", str(port)],
            [str(programs / "dagster-daemon"), "run", "-m", CODE_LOCATION],
        )
        children = [subprocess.Popen(command, env=environment, process_group=0) for command in commands]  # noqa: S603
        try:
            record = {"pid": os.getpid(), "url": f"http://{HOST}:{port}"}
            partial = state / f".services.json.{os.getpid()}"
            partial.write_text(json.dumps(record), encoding="utf-8")
            partial.replace(state / "services.json")
            looked = time.monotonic()
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
                if time.monotonic() - looked > RECOVERY_SECONDS:
                    recover_all(installation, notices())
                    looked = time.monotonic()
        finally:
            _stop(children)
            (state / "services.json").unlink()


def _stop(programs: Sequence[subprocess.Popen[bytes]]) -> None:
    for program in programs:
        program.terminate()
    for program in programs:
        program.wait()
    # Runs and code servers outlive the program that launched them, but stay in its process group.
    for program in programs:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for program in programs:
        with suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.killpg(program.pid, 0)
                time.sleep(POLL_SECONDS)
            os.killpg(program.pid, signal.SIGKILL)


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    # The kernel lets go of the lock when the process ends, however it ends.
    with (state / "services.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError("The services are running already.", remedy="Stop them first: flow down") from error
        yield


def _running(state: Path) -> bool:
    if not (state / "services.lock").exists():
        return False
    with (state / "services.lock").open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _known_record(state: Path) -> dict[str, Any]:
    if record := _record(state):
        return record
    raise RunError("The services are just being started.", remedy="Try again in some seconds.")


def _record(state: Path) -> dict[str, Any]:
    """Return what the services say about themselves; empty if they have not said anything yet."""
    try:
        record: dict[str, Any] = json.loads((state / "services.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return record


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As the web server does, so that a port just let go of counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise RunError(
                f"Port {port} can't be used: {(error.strerror or str(error)).lower()}.",
                remedy="Choose another one, for example: flow up --port 3001",
            ) from error


def _wait_until_served(process: subprocess.Popen[bytes], state: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        record = _record(state)
        # An earlier call's record, or an answer at an address that is not this call's, says nothing of this one.
        if record.get("pid") == process.pid:
            try:
                with urlopen(f"{record['url']}/server_info", timeout=2):  # noqa: S310  (our own address)
                    return
            except (URLError, TimeoutError, ConnectionError):
                pass
        time.sleep(POLL_SECONDS)
    process.terminate()
    last = (state / "services.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise RunError(
        f"The web server and the daemon did not come up: {''.join(last)}", remedy=f"Look into {state / 'services.log'}."
    )
