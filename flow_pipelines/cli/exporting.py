"""`flow export`: what an engagement knows, as the files that other tools read.

Belongs here: the command, reading the tables and writing the file. Does not: what is in it (`flow_pipelines/exports/`),
workbooks for corrections (`flow edit export`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from flow_pipelines.cli.output import ScopeArgument, console, notices, print_table, table_key
from flow_pipelines.errors import InputError
from flow_pipelines.exports.formats import FORMATS, Export, FormatName, export
from flow_pipelines.exports.tables import TABLE_FILES, FileType
from flow_pipelines.flows import FLOWS, flow_of
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.installation import open_installation
from resources.snapshots import SnapshotStore
from resources.tenancy import engagement_settings

ONE_OF_TWO = "Either --format NAME, or TABLE --as TYPE; see: flow export --help"


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("export")(export_command)


def export_command(  # noqa: PLR0917  (arguments of a command line)
    scope: ScopeArgument,
    table: Annotated[
        str | None, typer.Argument(metavar="[TABLE]", help="A table, for example plan/targets, or targets.")
    ] = None,
    format_: Annotated[
        FormatName | None,
        typer.Option(
            "--format",
            help="mgn: AWS Application Migration Service; cmf: AWS Cloud Migration Factory; azure-migrate; konveyor; "
            "jira: tasks as issues; servicenow: cutovers as changes.",
        ),
    ] = None,
    as_: Annotated[FileType | None, typer.Option("--as", help="What TABLE is written as.")] = None,
    wave: Annotated[int | None, typer.Option("--wave", min=1, help="With --format: what moves in this wave.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Named after what is in it, and here, if left out.")
    ] = None,
) -> None:
    """Write a file for another tool (--format), or any table as it is now (TABLE --as).

    flow export acme/dc-exit --format jira --wave 2

    flow export acme/dc-exit plan/targets --as xlsx --to targets.xlsx

    What the tool would refuse is listed with row and remedy, and nothing is written: exit code 1. An existing file is
    replaced.
    """
    if format_ is not None and table is None and as_ is None:
        _write_format(scope, format_, wave, to)
    elif table is not None and as_ is not None and format_ is None and wave is None:
        _write_table(scope, table_key(table), as_, to)
    else:
        raise typer.BadParameter(ONE_OF_TWO)


def _write_format(scope: Scope, name: FormatName, wave: int | None, to: Path | None) -> None:
    chosen = FORMATS[name]
    with open_installation() as installation, notices().status("Reading ..."):
        settings = engagement_settings(installation.database, scope)
        frames = _read(SnapshotStore(installation.database), scope, chosen.reads, chosen.also_reads)
        made = export(name, frames, scope=scope, settings=settings, wave=wave)
    for notice in made.notices:
        notices().print(f"Note: {notice}", markup=False, soft_wrap=True)
    if made.problems:
        _print_refusals(made)
        raise typer.Exit(1)
    file = to or Path(f"{scope.engagement}-{name}{f'-wave-{wave}' if wave else ''}.csv")
    _write(file, made.text.encode())
    console().print(f"{made.row_count:,} rows are in {file}.", markup=False, soft_wrap=True)


def _print_refusals(made: Export) -> None:
    print_table(
        f"Nothing is written: {len(made.problems):,} values would be refused",
        ("row", "name", "column", "why", "remedy"),
        [(one.row, one.name, one.column, one.reason, one.remedy) for one in made.problems],
    )


def _write_table(scope: Scope, key: str, file_type: FileType, to: Path | None) -> None:
    if key not in output_tables():
        raise InputError(
            f"There is no table {key}.", remedy="The tables are listed in docs/tables.md and in README.md."
        )
    with open_installation() as installation, notices().status("Writing ..."):
        engagement_settings(installation.database, scope)
        frame = _read(SnapshotStore(installation.database), scope, [key])[key]
        file = to or Path(f"{scope.engagement}-{key.replace('/', '-')}.{file_type}")
        with tempfile.TemporaryDirectory(prefix="flow-export-") as folder:
            _write(file, TABLE_FILES[file_type](frame, output_tables()[key], Path(folder)))
    console().print(f"{len(frame):,} rows of {key} are in {file}.", markup=False, soft_wrap=True)


def _read(
    store: SnapshotStore, scope: Scope, wanted: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """Read current tables, a consistent set of them; those that are optional if they are there."""
    current = store.current(scope, [*wanted, *(key for key in optional if key in output_tables())])
    if missing := [key for key in wanted if key not in current]:
        raise InputError(f"{scope} has no {', '.join(missing)} yet.", remedy=_what_fills(scope, missing))
    return store.read_all(scope, current)


def _what_fills(scope: Scope, missing: Sequence[str]) -> str:
    """Return the commands that fill tables, in the order in which they have to be run."""
    wanted = {flow_of(key).name for key in missing}
    commands = [f"flow run {scope} --flow {flow.name}" for flow in FLOWS if flow.name in wanted]
    return "Run what fills it: " + ", then ".join(commands)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InputError(f"{file} can't be written: {error.strerror}.", remedy="Name another file.") from error
