"""The `flow` command: its commands put together, and the boundary at which errors become one line.

Belongs here: assembling and the error boundary. Does not: any single command.
"""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from flow_pipelines.cli import (
    advising,
    approving,
    demonstrating,
    editing,
    exporting,
    importing,
    querying,
    reference,
    reporting,
    retention,
    rolling_back,
    running,
    sampling,
    services,
    supposing,
    telling,
    tenants,
    tracing,
    tracking,
)
from flow_pipelines.errors import FlowError

INTERRUPTED = 130

app = typer.Typer(
    name="flow",
    help="Run migration flows: from messy exports to a migration that can be executed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flow-pipelines {metadata.version('flow-pipelines')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Read the options that every command has; `run` looks for --debug itself, wherever it stands."""


tenants.add_commands(app)
importing.add_commands(app)
running.add_commands(app)
rolling_back.add_commands(app)
querying.add_commands(app)
tracing.add_commands(app)
editing.add_commands(app)
advising.add_commands(app)
exporting.add_commands(app)
approving.add_commands(app)
telling.add_commands(app)
reporting.add_commands(app)
supposing.add_commands(app)
sampling.add_commands(app)
demonstrating.add_commands(app)
services.add_commands(app)
tracking.add_commands(app)
reference.add_commands(app)
retention.add_commands(app)


def run() -> None:
    """Run the command line; the `flow` script.

    Exit codes: 0 done, 1 a defect, 2 misused, 130 interrupted, others in `errors.py`.
    """
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(args=arguments)
    except FlowError as error:
        if debug:
            raise
        _say(error.problem, error.remedy)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        # The last boundary: a defect is one line here too, and its stack trace is for --debug.
        if debug:
            raise
        _say(f"Unexpected {type(error).__name__}: {error}.", "This is a defect of flow-pipelines; --debug shows more.")
        sys.exit(1)


def _say(problem: str, remedy: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[red]{escape(' '.join(problem.split()))}[/] {escape(remedy)}")
