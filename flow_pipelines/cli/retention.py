"""`flow vacuum`: drop the snapshots that nothing needs any more.

Belongs here: the command and what it prints. Does not: what is needed (`resources/retention.py`).
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from flow_pipelines.cli.output import JsonOption, console, print_json, print_table
from flow_pipelines.scope import Scope
from resources.installation import open_installation
from resources.retention import KEEP_DAYS, KEEP_LAST, VacuumReport
from resources.retention import vacuum as drop_unneeded
from resources.tenancy import all_engagements, engagement_settings


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("vacuum")(vacuum)


def vacuum(
    scope: Annotated[
        Scope | None,
        typer.Argument(parser=Scope.parse, metavar="[CLIENT/ENGAGEMENT]", help="All engagements if left out."),
    ] = None,
    keep_days: Annotated[
        int, typer.Option(min=1, help="Keep whatever was current or written in the last days.")
    ] = KEEP_DAYS,
    keep_last: Annotated[
        int, typer.Option(min=1, help="Keep the last versions of each table, however old.")
    ] = KEEP_LAST,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be dropped.")] = False,
    json: JsonOption = False,
) -> None:
    """Drop old versions of tables that nothing current, pinned by a person or handed over rests on.

    What they were computed from, when and by what stays on record; their rows can't be read or returned to any more.
    """
    with open_installation() as installation:
        if scope is not None:
            engagement_settings(installation.database, scope)
        chosen = [scope] if scope is not None else all_engagements(installation.owner)
        reports = [
            drop_unneeded(installation.retention, one, keep_days=keep_days, keep_last=keep_last, dry_run=dry_run)
            for one in chosen
        ]
    if json:
        print_json([_as_json(report) for report in reports])
        return
    for report in reports:
        _print(report)


def _print(report: VacuumReport) -> None:
    verb = "would be dropped" if report.dry_run else "dropped"
    if report.advice_freed:
        console().print(
            f"{report.scope}: {report.advice_freed:,} answers of language models dropped that no row names."
        )
    if not report.dropped:
        console().print(f"{report.scope}: nothing to drop, {report.kept:,} versions are needed.")
        return
    versions = Counter(snapshot.table_key for snapshot in report.dropped)
    rows: Counter[str] = Counter()
    for snapshot in report.dropped:
        rows[snapshot.table_key] += snapshot.rows_freed
    print_table(
        f"{report.scope}: {len(report.dropped):,} versions {verb}, {report.kept:,} are needed",
        ("table", "versions", "rows freed"),
        [(table, count, rows[table]) for table, count in sorted(versions.items())],
    )


def _as_json(report: VacuumReport) -> dict[str, object]:
    return {
        "engagement": str(report.scope),
        "dry_run": report.dry_run,
        "before": report.before,
        "kept": report.kept,
        "rows_freed": report.rows_freed,
        "advice_freed": report.advice_freed,
        "dropped": [
            {
                "table": snapshot.table_key,
                "snapshot_id": snapshot.snapshot_id,
                "status": snapshot.status,
                "created_at": snapshot.created_at,
                "rows_freed": snapshot.rows_freed,
            }
            for snapshot in report.dropped
        ],
    }
