"""`flow run` and `flow status`: run a flow, and see where every engagement stands.

Belongs here: the commands and what they print. Does not: how a run is started (`run_flow.py`).
"""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

import typer

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, print_json, print_table
from flow_pipelines.cli.summary import EngagementSummary, summarize
from flow_pipelines.errors import RunError
from flow_pipelines.flows import FLOWS, Flow
from flow_pipelines.scope import Scope
from flow_pipelines.tables import built_phases
from resources.installation import Installation, open_installation
from resources.tenancy import all_engagements, engagement_settings

# Enough to tell two versions apart at a glance; --json has all of them.
VERSION_DIGITS = 8


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("run")(run)
    app.command("status")(status)


def _runnable() -> dict[str, Flow]:
    return {flow.name: flow for flow in FLOWS if built_phases(flow)}


def run(
    scope: ScopeArgument,
    flow: Annotated[str, typer.Option(help=f"One of: {', '.join(_runnable())}.")] = "discovery",
    json: JsonOption = False,
) -> None:
    """Run a flow for an engagement, all its phases, and wait for the end."""
    from flow_pipelines.cli.run_flow import run_flow

    declared = runnable_flow(flow)
    with open_installation() as installation:
        finished = run_flow(installation, scope, declared)
        summary = summarize(installation.database, scope)
    if json:
        print_json({"run_id": finished.run_id, **summary.as_json()})
    else:
        print_summary(summary)


def runnable_flow(name: str) -> Flow:
    """Return a flow that has something to run.

    Raises:
        RunError: There is no such flow, or nothing of it is built yet.
    """
    runnable = _runnable()
    if name in runnable:
        return runnable[name]
    raise RunError(f"There is no flow {name!r} to run.", remedy=f"Choose one of: {', '.join(runnable)}.")


def status(
    scope: Annotated[
        Scope | None,
        typer.Argument(parser=Scope.parse, metavar="[CLIENT/ENGAGEMENT]", help="All engagements if left out."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show each engagement's tables: rows, version and when they became current."""
    with open_installation() as installation:
        summaries = [summarize(installation.database, chosen) for chosen in _chosen(installation, scope)]
    if json:
        print_json([summary.as_json() for summary in summaries])
        return
    for summary in summaries:
        print_summary(summary)
    if not summaries:
        hint = "No engagements yet. Add one: flow client add acme && flow engagement add acme/dc-exit"
        console().print(hint, soft_wrap=True)


def _chosen(installation: Installation, scope: Scope | None) -> list[Scope]:
    if scope is None:
        return all_engagements(installation.owner)
    engagement_settings(installation.database, scope)
    return [scope]


def print_summary(summary: EngagementSummary) -> None:
    """Print an engagement's tables and, once there are any, what they come to."""
    # One table per flow, without the flow's name in every row: so it fits into 80 columns.
    for flow, tables in groupby(summary.tables, key=lambda table: table.table.split("/")[0]):
        print_table(
            f"{summary.scope}: {flow}",
            ("phase", "table", "rows", "version", "current since"),
            [
                (
                    table.phase,
                    table.table.removeprefix(f"{flow}/"),
                    table.rows,
                    table.data_version and table.data_version[:VERSION_DIGITS],
                    table.since and f"{table.since:%Y-%m-%d %H:%M}",
                )
                for table in tables
            ],
        )
    for file in summary.files:
        if file.set_aside:
            console().print(
                f"{file.name} (landing {file.landing_number}) does not count: {file.set_aside}. It counts again once it"
                f" lands again: flow import {summary.scope} {file.name}",
                markup=False,
            )
    if summary.figures:
        print_table(f"{summary.scope} in figures", ("figure", "value"), summary.figures.items())
