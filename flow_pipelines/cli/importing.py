"""`flow import`: bring files into an engagement, or see first what they would do.

Belongs here: the command. Does not: how a preview looks (`import_preview.py`), reading files
(`discovery/data_import.py`), taking over a database (`taking_over.py`).
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
WRITE_SO = "Write flow import CLIENT/ENGAGEMENT FILE..., or flow import --from-database URL."


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("import")(import_command)


def import_command(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLIENT/ENGAGEMENT] FILE",
            help="The engagement, for example acme/dc-exit, and exports: CSV and other delimited text, XLSX, XLSM, "
            "XLSB, XLS, ODS, JSON, JSON Lines, Parquet, Zeek and VPC flow logs, or ZIP and gzip of these. What a file "
            "is, its content tells, not its name. A preview needs no engagement.",
        ),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would happen; write nothing.")] = False,
    from_database: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Take over what the platform being replaced holds, instead of files: into the engagement, or without "
            "one all its clients and engagements. Only read; the password may be in PGPASSWORD instead.",
        ),
    ] = "",
    source_engagement: Annotated[
        str, typer.Option(metavar="ID", help="With --from-database: which engagement there, if it is called otherwise.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Copy exports into the engagement's landing folder and read them into its records.

    With --preview and no engagement, files are looked at by themselves, without a database. --json then prints one
    object: of one file its file, format, confidence, sheets (each with sheet, format, record_type, rows, imported,
    rejected and mappings, a list of source, attribute, method, confidence and status) and rejections; of several
    files a list of these under files. Exit code 5 says that a file has no row that could be imported.
    """
    if from_database:
        _take_over(from_database, arguments or [], named=source_engagement, preview=preview, json=json)
        return
    if not arguments or source_engagement:
        raise InputError("It is not told what to import.", remedy=WRITE_SO)
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


def _take_over(address: str, arguments: list[str], *, named: str, preview: bool, json: bool) -> None:
    from flow_pipelines.cli.taking_over import take_over

    if len(arguments) > 1:
        raise InputError("There are files besides --from-database.", remedy="Import the one, then the other.")
    target = Scope.parse(arguments[0]) if arguments else None
    take_over(address, target=target, named=named, preview=preview, json=json)


def _scope_and_files(arguments: list[str], *, is_preview: bool) -> tuple[Scope | None, list[Path]]:
    """Part the arguments; a preview's first one is a file if there is one, or if it has not the form of a scope."""
    first, *others = arguments
    names_file = first.count("/") != 1 or not others or Path(first).is_file()
    if is_preview and names_file and not (not others and _is_scope(first)):
        return None, [Path(argument) for argument in arguments]
    scope = Scope.parse(first)
    if not others:
        raise InputError("It is not told what to import.", remedy=WRITE_SO)
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
    from resources.landed_files import would_count
    from resources.landing import Landing
    from resources.snapshots import SnapshotStore

    settings = engagement_settings(database, scope)
    store = SnapshotStore(database)
    current = store.current(scope, [INVENTORY]).get(INVENTORY)
    inventory = store.read(scope, current) if current else empty(output_tables()[INVENTORY])
    names = {file.name for file in files}
    landed = [
        one
        for one in would_count(database, Landing(landing_root()), scope)
        if one.landing_number or one.name not in names
    ]
    with notices().status("Reading ..."):
        shown = preview_import(landed, files, inventory, scope=scope, settings=settings)
    show_preview(shown, json=json)


def _import(installation: Installation, scope: Scope, files: list[Path], *, json: bool) -> None:
    from flow_pipelines.cli.run_flow import run_phase
    from resources.landed_files import landed
    from resources.landing import Landing

    database, landing = installation.database, Landing(landing_root())
    engagement_settings(database, scope)
    known = {(one.landing_number, one.name) for one in landed(database, landing, scope)}
    names = [file.name for file in landing.land(scope, files)]
    run_phase(installation, scope, flow_named("discovery"), "data_import")
    ledger = [one for one in landed(database, landing, scope) if one.name in names and not one.set_aside]
    newest = {one.name: one for one in ledger}
    pins = sorted({one.pin_before for one in newest.values() if (one.landing_number, one.name) not in known})
    counts = _counts(database, scope, names)
    if json:
        print_json(counts)
        return
    print_table(f"Imported into {scope}", ("file", "good rows", "rejected rows"), [tuple(c.values()) for c in counts])
    for name in names:
        if (newest[name].landing_number, name) in known:
            console().print(f"{name} is the same, byte for byte, as what had landed already.", markup=False)
    for pin in pins:
        console().print(f"To undo it: flow rollback {scope} --to {pin} --reason ...", markup=False)
    console().print(f"Next: flow run {scope}")


def _counts(database: Database, scope: Scope, names: list[str]) -> list[dict[str, object]]:
    from resources.imported_rows import FileRows, rows_by_file

    found = rows_by_file(database, scope)
    counted = {name: found.get(name, FileRows(0, 0)) for name in names}
    return [{"file": name, "imported": rows.imported, "rejected": rows.rejected} for name, rows in counted.items()]
