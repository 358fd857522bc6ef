"""`flow flows`: how far each flow of an engagement has come, phase by phase.

Belongs here: the command and what it prints. Does not: what a status means (`resources/views/flows.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import typer
from sqlalchemy import RowMapping, text

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, print_json, print_table
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.installation import open_installation
from resources.tenancy import engagement_settings
from resources.views.declaration import stages

FLOWS_QUERY = text(
    "SELECT flow_type, status, current_phase, progress_percentage, is_outdated, outdated_reason, retry_count, "
    "rollback_point, rollback_reason, created_at, updated_at, completed_at "
    "FROM platform.migration_flows ORDER BY created_at, flow_type"
)
PHASES_QUERY = text(
    "SELECT phase_name, status, has_result, started_at, completed_at, duration_seconds, retry_count, cause, run_id, "
    "error_details FROM platform.flow_phases WHERE flow_type = :flow ORDER BY phase_order"
)


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("flows")(flows)


def flows(scope: ScopeArgument, json: JsonOption = False) -> None:
    """Show how far each flow has come: status, progress, durations, retries and errors, phase by phase."""
    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        tracked = _tracked(installation.database, scope)
    if json:
        print_json([{**flow, "phases": [dict(phase) for phase in phases]} for flow, phases in tracked])
        return
    for flow, phases in tracked:
        _print(flow, phases)
    if not tracked:
        console().print(f"Nothing has been run yet. Start with: flow import {scope} FILE, or flow run {scope}")


def _tracked(database: Database, scope: Scope) -> list[tuple[RowMapping, Sequence[RowMapping]]]:
    with database.in_scope(scope) as connection:
        return [
            (flow, connection.execute(PHASES_QUERY, {"flow": flow["flow_type"]}).mappings().all())
            for flow in connection.execute(FLOWS_QUERY).mappings().all()
        ]


def _print(flow: RowMapping, phases: Sequence[RowMapping]) -> None:
    declared = flow_named(flow["flow_type"])
    titles = {stage.name: stage.title for stage in stages(declared)}
    outdated = ", outdated" if flow["is_outdated"] else ""
    print_table(
        f"{declared.title}: {flow['status']}{outdated}, {flow['progress_percentage']:.0f}%",
        ("phase", "status", "started", "seconds", "retries", "error"),
        [
            (
                titles[phase["phase_name"]],
                _status(phase),
                phase["started_at"] and f"{phase['started_at']:%Y-%m-%d %H:%M:%S}",
                phase["duration_seconds"],
                phase["retry_count"],
                phase["error_details"] and phase["error_details"]["message"],
            )
            for phase in phases
        ],
    )
    if flow["outdated_reason"]:
        console().print(f"Outdated: {flow['outdated_reason']}.", markup=False)
    if flow["rollback_reason"]:
        console().print(f"Last rolled back because: {flow['rollback_reason']}", markup=False)


def _status(phase: RowMapping) -> str:
    rolled_back = ", by rollback" if phase["cause"] == "rollback" else ""
    earlier = ", earlier result current" if phase["has_result"] and phase["status"] in {"failed", "interrupted"} else ""
    return f"{phase['status']}{rolled_back}{earlier}"
