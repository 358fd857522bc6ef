"""The `flow` command as its user runs it: a process each time, on an installation of its own.

Belongs here: running it, cold or in a fork of a process that is warm. Does not: what it must do.

A cold command takes 3 s to import, 5 s more once Dagster is needed, and its first run 3 s more for what is worked out
once a process; the suite runs some 80. A fork has paid that already, and is a process of its own all the same: its own
arguments, environment, standard streams, database sessions and exit code.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

SPAWN = multiprocessing.get_context("spawn")
LONGEST_SECONDS = 300
Finished = subprocess.CompletedProcess[str]
Run = Callable[[list[str], dict[str, str], str | None], Finished]


def cold(arguments: list[str], environment: dict[str, str], stdin: str | None) -> Finished:
    """Run the command in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-m", "flow_pipelines.cli", *arguments],
        env=environment,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )


@contextmanager
def warm(program: Path | None = None) -> Iterator[Run]:
    """Start a process that has imported all that a command may need, and run commands in forks of it.

    Args:
        program: A script to run first, as a module that is not main; its `main` is the command then.
    """
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(theirs, program))
    process.start()
    theirs.close()

    def run(arguments: list[str], environment: dict[str, str], stdin: str | None) -> Finished:
        ours.send((arguments, environment, stdin))
        assert ours.poll(LONGEST_SECONDS), f"flow {' '.join(arguments)} does not end"
        return Finished(arguments, *ours.recv())

    try:
        yield run
    finally:
        ours.close()
        process.join()


def _serve(orders: Connection, program: Path | None) -> None:
    main = _imported(program)
    # What is there already is nobody's garbage: a fork that looked through it would copy all of it.
    gc.freeze()
    while True:
        try:
            arguments, environment, stdin = orders.recv()
        except EOFError:
            gc.unfreeze()
            return
        with (
            tempfile.TemporaryFile("w+") as given,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
        ):
            given.write(stdin or "")
            given.seek(0)
            child = os.fork()
            if not child:
                os._exit(_do(main, arguments, environment, [given.fileno(), out.fileno(), err.fileno()]))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            err.seek(0)
            orders.send((code, out.read(), err.read()))


def _imported(program: Path | None) -> Callable[[], None]:
    """Return what runs the command, with all imported that it may need; a program comes before all else."""
    main: Callable[[], None] | None = runpy.run_path(str(program), run_name="warm")["main"] if program else None
    for module in ("assets_defs.definitions", "flow_pipelines.cli.run_rollback", "flow_pipelines.cli.taking_over"):
        import_module(module)
    if main is None:  # a program changes what there is to work out, when it is called
        _work_once()
    return main or import_module("flow_pipelines.cli.main").run


def _work_once() -> None:
    """Have reference data read, headers understood and the graph of assets resolved; without any database."""
    import_module("assets_defs.definitions").build_definitions().resolve_job_def("discovery")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "servers.csv").write_text("hostname,os,cpus,memory mb\nweb01,RHEL 8,4,8192\n", encoding="utf-8")
        import_module("tests.benchmarks.discovery_run").run_discovery(Path(folder))


def _do(main: Callable[[], None], arguments: list[str], environment: dict[str, str], streams: list[int]) -> int:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, "r" if number == 0 else "w", closefd=False) for number in range(3)
    )
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["flow", *arguments]
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


@dataclass(frozen=True)
class Command:
    """The `flow` command on one installation.

    Attributes:
        state: The installation's state folder.
        run: How it is run.
        variables: What its environment has besides the test's own.
    """

    state: Path
    run: Run
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment that it runs in."""
        own = {name: value for name, value in os.environ.items() if name != "FLOW_DATABASE_URL"}
        return {**own, "FLOW_STATE": str(self.state), "COLUMNS": "200", "NO_COLOR": "1", **self.variables}

    def __call__(self, *arguments: str | Path, stdin: str | None = None, columns: int = 200) -> Finished:
        return self.run(list(map(str, arguments)), {**self.environment, "COLUMNS": str(columns)}, stdin)

    def ok(self, *arguments: str | Path, stdin: str | None = None, columns: int = 200) -> str:
        """Run it, and return what it prints."""
        finished = self(*arguments, stdin=stdin, columns=columns)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def json(self, *arguments: str | Path) -> Any:  # noqa: ANN401  (whatever the command prints)
        """Run it, and return what it prints as JSON."""
        return json.loads(self.ok(*arguments, "--json"))

    def fails(self, *arguments: str | Path, code: int) -> str:
        """Run it, and return the error that it ends with."""
        finished = self(*arguments)
        assert finished.returncode == code, finished.stdout + finished.stderr
        assert "Traceback" not in finished.stderr
        return finished.stderr
