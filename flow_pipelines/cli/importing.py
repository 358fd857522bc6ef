"""`flow import`: bring files into an engagement, or see first what they would do.

Belongs here: the command and its preview as text and JSON. Does not: reading files (`discovery/data_import.py`), taking
over a database (`taking_over.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from flow_pipelines.cli.output import JsonOption, console, notices, print_json, print_table
from flow_pipelines.errors import InputError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation, landing_root, open_installation
from resources.tenancy import engagement_settings

if TYPE_CHECKING:
    import pandas as pd

    from flow_pipelines.discovery.data_import import SheetReport
    from flow_pipelines.discovery.preview import ImportPreview
    from resources.database import Database

INVENTORY = "discovery/inventory"
SHOWN_REJECTIONS = 10


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("import")(import_command)


def import_command(  # noqa: PLR0917  (arguments of a command line)
    scope: Annotated[
        Scope | None,
        typer.Argument(parser=Scope.parse, metavar="CLIENT/ENGAGEMENT", help="For example acme/dc-exit."),
    ] = None,
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Exports: CSV, XLSX.")] = None,
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
    """Copy exports into the engagement's landing folder and read them into its records."""
    if from_database:
        from flow_pipelines.cli.taking_over import take_over

        if files:
            raise InputError("There are files besides --from-database.", remedy="Import the one, then the other.")
        take_over(from_database, target=scope, named=source_engagement, preview=preview, json=json)
        return
    if scope is None or not files or source_engagement:
        raise InputError(
            "It is not told what to import.",
            remedy="Write flow import CLIENT/ENGAGEMENT FILE..., or flow import --from-database URL.",
        )
    from resources.landing import check_files

    check_files(files)
    with open_installation() as installation:
        if preview:
            _preview(installation.database, scope, files, json=json)
        else:
            _import(installation, scope, files, json=json)


def _preview(database: Database, scope: Scope, files: list[Path], *, json: bool) -> None:
    from flow_pipelines.discovery.preview import preview_import
    from flow_pipelines.tables import output_tables
    from flow_pipelines.tables.contract import empty
    from resources.landing import Landing, check_files
    from resources.snapshots import SnapshotStore

    settings = engagement_settings(database, scope)
    store = SnapshotStore(database)
    current = store.current(scope, [INVENTORY]).get(INVENTORY)
    inventory = store.read(scope, current) if current else empty(output_tables()[INVENTORY])
    landing = Landing(landing_root())
    with notices().status("Reading ..."):
        shown = preview_import(landing.files(scope), check_files(files), inventory, scope=scope, settings=settings)
    if json:
        print_json(_preview_json(shown))
    else:
        _print_preview(shown)


def _preview_json(preview: ImportPreview) -> dict[str, Any]:
    files: dict[str, list[SheetReport]] = {}
    for sheet in preview.sheets:
        files.setdefault(sheet.source_file, []).append(sheet)
    listed = [_file_json(name, sheets, preview) for name, sheets in files.items()]
    change = preview.change
    result: dict[str, Any] = {
        "inventory": {
            "created": change.created,
            "updated": change.updated,
            "unchanged": change.unchanged,
            "vanished": change.vanished,
        },
        "files": listed,
    }
    # A program that previews one file reads its format where it looks first.
    return {**listed[0], **result} if len(listed) == 1 else result


def _file_json(name: str, sheets: list[SheetReport], preview: ImportPreview) -> dict[str, Any]:
    main = max(sheets, key=lambda sheet: (sheet.record_type is not None, sheet.rows))
    rejected = preview.rejected_records
    return {
        "file": name,
        "format": main.source_format,
        "confidence": main.confidence,
        "sheets": [
            {
                "sheet": sheet.sheet,
                "format": sheet.source_format,
                "record_type": sheet.record_type,
                "rows": sheet.rows,
                "imported": sheet.imported_rows,
                "rejected": sheet.rejected_rows,
                "mappings": [
                    {
                        "source": row.source_column,
                        "attribute": row.attribute,
                        "method": row.method,
                        "confidence": row.confidence,
                        "status": row.status,
                    }
                    for row in _of_sheet(preview.attribute_mappings, sheet).itertuples()
                ],
            }
            for sheet in sheets
        ],
        "rejections": rejected.loc[
            rejected["source_file"] == name, ["sheet", "row_number", "row_count", "reason_code", "reason", "remedy"]
        ]
        .astype(object)
        .where(lambda cells: cells.notna(), None)
        .to_dict("records"),
    }


def _of_sheet(frame: pd.DataFrame, sheet: SheetReport) -> pd.DataFrame:
    same_sheet = frame["sheet"].isna() if sheet.sheet is None else frame["sheet"] == sheet.sheet
    return frame.loc[(frame["source_file"] == sheet.source_file) & same_sheet]


def _print_preview(preview: ImportPreview) -> None:
    for sheet in preview.sheets:
        name = sheet.source_file if sheet.sheet is None else f"{sheet.source_file}, sheet {sheet.sheet}"
        kind = sheet.record_type or "not used"
        console().print(
            f"[bold]{escape(name)}[/]: {sheet.source_format} ({sheet.confidence:.0%}), {kind}, {sheet.rows:,} rows, "
            f"{sheet.imported_rows:,} good, {sheet.rejected_rows:,} rejected"
        )
        mappings = _of_sheet(preview.attribute_mappings, sheet)
        if not mappings.empty:
            print_table(
                "",
                ("column", "attribute", "status", "method", "confidence", "example"),
                mappings[["source_column", "attribute", "status", "method", "confidence", "example"]]
                .astype(object)
                .where(mappings.notna(), None)
                .itertuples(index=False),
            )
    for reason in list(preview.rejected_records["reason"])[:SHOWN_REJECTIONS]:
        console().print(f"  rejected: {reason}", markup=False)
    change = preview.change
    console().print(
        f"The inventory would have {change.created:,} new, {change.updated:,} updated, {change.unchanged:,} unchanged "
        f"and {change.vanished:,} vanished assets. Nothing was written."
    )


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
    from resources.imported_rows import FileRows, rows_by_file

    found = rows_by_file(database, scope)
    counted = {name: found.get(name, FileRows(0, 0)) for name in names}
    return [{"file": name, "imported": rows.imported, "rejected": rows.rejected} for name, rows in counted.items()]
