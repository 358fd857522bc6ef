"""`flow import`: bring files into an engagement, or see first what they would do.

Belongs here: the command. Does not: how a preview looks (`import_preview.py`), reading files
(`discovery/data_import.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flow_pipelines.cli.import_preview import show_preview
from flow_pipelines.cli.output import JsonOption, console, notices, print_json, print_table
from flow_pipelines.errors import InputError, ScopeError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation, landing_root, open_installation
from resources.tenancy import engagement_settings

if TYPE_CHECKING:
    from flow_pipelines.discovery.data_import import SourceFile
    from resources.database import Database

INVENTORY = "discovery/inventory"


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("import")(import_command)


def import_command(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[CLIENT/ENGAGEMENT] FILE",
            help="The engagement, for example acme/dc-exit, and exports: CSV and other delimited text, XLSX, XLSM, "
            "XLSB, XLS, ODS, JSON, JSON Lines, Parquet, Zeek and VPC flow logs, or ZIP and gzip of these. What a file is, "
            "its content tells, not its name. A preview needs no engagement.",
        ),
    ],
    preview: Annotated[bool, typer.Option("--preview", help="Show what would happen; write nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Copy exports into the engagement's landing folder and read them into its records.

    With --preview and no engagement, files are looked at by themselves, without a database. --json then prints one
    object: of one file its file, format, confidence, sheets (each with sheet, format, record_type, rows, imported,
    rejected and mappings, a list of source, attribute, method, confidence and status) and rejections; of several
    files a list of these under files. Exit code 5 says that a file has no row that could be imported.
    """
    from resources.landing import check_files

    scope, files = _scope_and_files(arguments, is_preview=preview)
    checked = check_files(files)
    if scope is None:
        _preview_alone(checked, json=json)
        return
    with open_installation() as installation:
        if preview:
            _preview(installation.database, scope, checked, json=json)
        else:
            _import(installation, scope, files, json=json)


def _scope_and_files(arguments: list[str], *, is_preview: bool) -> tuple[Scope | None, list[Path]]:
    """Part the arguments; a preview's first one is a file if there is one, or if it has not the form of a scope."""
    first, *others = arguments
    names_file = first.count("/") != 1 or not others or Path(first).is_file()
    if is_preview and names_file and not (not others and _is_scope(first)):
        return None, [Path(argument) for argument in arguments]
    scope = Scope.parse(first)
    if not others:
        raise typer.BadParameter("Name the files to import.", param_hint="FILE...")
    return scope, [Path(argument) for argument in others]


def _is_scope(argument: str) -> bool:
    try:
        return bool(Scope.parse(argument)) and not Path(argument).is_file()
    except ScopeError:
        return False


def _preview_alone(files: list[SourceFile], *, json: bool) -> None:
    from datetime import UTC, datetime

    from flow_pipelines.discovery.preview import preview_files
    from flow_pipelines.settings import EngagementSettings

    settings = EngagementSettings(as_of=datetime.now(UTC).date())
    with notices().status("Reading ..."):
        shown = preview_files(files, settings=settings)
    show_preview(shown, json=json)
    used = {sheet.source_file for sheet in shown.sheets if sheet.imported_rows}
    if not used.issuperset(file.name for file in files):
        raise typer.Exit(InputError.exit_code)


def _preview(database: Database, scope: Scope, files: list[SourceFile], *, json: bool) -> None:
    from flow_pipelines.discovery.preview import preview_import
    from flow_pipelines.tables import output_tables
    from flow_pipelines.tables.contract import empty
    from resources.landing import Landing
    from resources.snapshots import SnapshotStore

    settings = engagement_settings(database, scope)
    store = SnapshotStore(database)
    current = store.current(scope, [INVENTORY]).get(INVENTORY)
    inventory = store.read(scope, current) if current else empty(output_tables()[INVENTORY])
    landing = Landing(landing_root())
    with notices().status("Reading ..."):
        shown = preview_import(landing.files(scope), files, inventory, scope=scope, settings=settings)
    show_preview(shown, json=json)


def _import(installation: Installation, scope: Scope, files: list[Path], *, json: bool) -> None:
    from flow_pipelines.cli.run_flow import run_phase
    from resources.landing import Landing

    engagement_settings(installation.database, scope)
    landed = Landing(landing_root()).land(scope, files)
    run_phase(installation, scope, flow_named("discovery"), "data_import")
    counts = _counts(installation.database, scope, [file.name for file in landed])
    if json:
        print_json(counts)
        return
    print_table(f"Imported into {scope}", ("file", "good rows", "rejected rows"), [tuple(c.values()) for c in counts])
    console().print(f"Next: flow run {scope}")


def _counts(database: Database, scope: Scope, names: list[str]) -> list[dict[str, object]]:
    from resources.snapshots import SnapshotStore

    store = SnapshotStore(database)
    totals = {}
    for key in ("discovery/imported_records", "discovery/rejected_records"):
        frame = store.read(scope, store.current(scope, [key])[key])
        totals[key] = frame.groupby("source_file")["row_count"].sum()
    return [
        {
            "file": name,
            "imported": int(totals["discovery/imported_records"].get(name, 0)),
            "rejected": int(totals["discovery/rejected_records"].get(name, 0)),
        }
        for name in names
    ]
