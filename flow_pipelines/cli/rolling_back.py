"""`flow pin`, `flow pins` and `flow rollback`: name a state, list the named ones, return to one.

Belongs here: the commands and what they print. Does not: how a rollback is carried out (`run_rollback.py`).
"""

from __future__ import annotations

import getpass
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, print_json, print_table
from flow_pipelines.errors import InputError
from flow_pipelines.flows import FLOWS, HANDOFF_PHASE
from flow_pipelines.scope import Scope
from flow_pipelines.tables import built_phases
from resources.installation import open_installation

if TYPE_CHECKING:
    from resources.rollback_impact import Impact
    from resources.rollbacks import Request

ByOption = Annotated[str | None, typer.Option("--by", help="Who does it; the system's user if left out.")]
VERSION_DIGITS = 8


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("pin")(pin)
    app.command("pins")(pins)
    app.command("rollback")(rollback)


def pin(
    scope: ScopeArgument,
    name: Annotated[str, typer.Argument(help="Name of the pin, such as before-cutover.")],
    reason: Annotated[str, typer.Option(help="Why this state matters.")],
    by: ByOption = None,
) -> None:
    """Pin what is current now, all tables of all flows, so that a rollback can return to it."""
    from resources.pins import set_pin
    from resources.tenancy import engagement_settings

    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        with installation.database.in_scope(scope) as connection:
            set_pin(connection, scope, kind="person", reason=reason, by=by or getpass.getuser(), name=name)
    console().print(f"Pinned {scope} as {name}.", markup=False)


def pins(scope: ScopeArgument, json: JsonOption = False) -> None:
    """List an engagement's pins, the newest first: those that people set, and those set by themselves."""
    from resources.pins import pins_of
    from resources.tenancy import engagement_settings

    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        found = pins_of(installation.database, scope)
    if json:
        print_json([vars(one) for one in found])
        return
    print_table(
        f"Pins of {scope}",
        ("pin", "set by", "when", "reason"),
        [(one.name, one.created_by, f"{one.created_at:%Y-%m-%d %H:%M:%S}", one.reason) for one in found],
    )


def rollback(
    scope: ScopeArgument,
    *,
    to: Annotated[str, typer.Option(help="A pin, a time (2026-06-30T14:00, UTC unless it says), or a snapshot's id.")],
    reach: Annotated[
        Literal["phase", "flow", "cascade"],
        typer.Option("--scope", help="One phase, one flow, or a flow and all that start from it."),
    ] = "flow",
    flow: Annotated[
        str | None, typer.Option(help="The flow; that of the snapshot if --to is one, else discovery.")
    ] = None,
    phase: Annotated[str | None, typer.Option(help="The phase, with --scope phase.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Limit it to these tables (discovery/inventory) and the others of their phases; repeatable."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; required unless it is a dry run.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would move; nothing does.")] = False,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Return a phase, a flow or a flow and its followers to a pinned state: by pointers, whatever the number of rows.

    The state before is pinned by itself, so a rollback can be rolled back.
    """
    from flow_pipelines.cli.run_rollback import run_rollback
    from resources.rollback_impact import impact_of
    from resources.rollbacks import Request, step_of_snapshot

    with open_installation() as installation:
        located = step_of_snapshot(installation.database, scope, to)
        chosen_flow = flow or (located[0] if located else "discovery")
        chosen_phase = phase or (located[1] if located and reach == "phase" else None)
        request = Request(
            reach, chosen_flow, chosen_phase, tuple(only or ()), to, reason or "", by or getpass.getuser()
        )
        _check(request, dry_run=dry_run)
        impact = impact_of(installation.database, scope, request)
        done = None if dry_run else run_rollback(installation, scope, request, impact)
    if json:
        print_json({"dry_run": dry_run, **impact.as_json(), **({"rollback": done.as_json()} if done else {})})
        return
    _print_impact(scope, impact, to)
    if done is not None:
        console().print(done.as_text(), markup=False)


def _check(request: Request, *, dry_run: bool) -> None:
    """Refuse what can't be meant; every problem is named."""
    from resources.rollbacks import tables_in_reach

    problems = []
    known = {flow.name: flow for flow in FLOWS if built_phases(flow)}
    if request.flow not in known:
        problems.append(f"there is no flow {request.flow!r} to roll back; there are {', '.join(known)}")
    elif request.scope == "phase":
        phases = [
            *([HANDOFF_PHASE] if known[request.flow].handoff else []),
            *(one.name for one in built_phases(known[request.flow])),
        ]
        if request.phase not in phases:
            problems.append(f"--scope phase needs --phase, one of {', '.join(phases)}")
    elif request.phase:
        problems.append("--phase goes with --scope phase only")
    reached = [] if problems else tables_in_reach(replace(request, only=()))
    problems += [f"{key} is not in reach of this rollback" for key in request.only if key not in reached]
    if not request.reason.strip() and not dry_run:
        problems.append("--reason is missing")
    if problems:
        raise InputError(
            f"{'; '.join(problems).capitalize()}.", remedy="flow rollback --help tells what goes together."
        )


def _print_impact(scope: Scope, impact: Impact, to: str) -> None:
    if not impact.moves:
        console().print(f"Nothing to do: {scope} is as it was at {to}.", markup=False)
    told = [
        (move, difference)
        for move, difference in zip(impact.moves, impact.differences, strict=True)
        if not (move.before and move.after and move.before.data_version == move.after.data_version)
    ]
    if told:
        print_table(
            f"{scope} back to {to}",
            ("table", "from", "to", "rows added", "removed", "changed"),
            [
                (
                    move.table_key,
                    move.before.data_version[:VERSION_DIGITS] if move.before else "nothing",
                    move.after.data_version[:VERSION_DIGITS] if move.after else "nothing",
                    difference.added,
                    difference.removed,
                    difference.changed,
                )
                for move, difference in told
            ],
        )
    if equal := len(impact.moves) - len(told):
        console().print(f"{equal} more tables are only pointed to earlier versions with equal rows.")
    for sentence in impact.remarks:
        console().print(sentence, markup=False)
