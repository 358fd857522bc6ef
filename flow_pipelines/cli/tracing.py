"""`flow trace` and `flow diff`: where a row comes from and leads to, and what changed between two points.

Belongs here: the commands and the form of what they print. Does not: the trees of a trace (`trace_tree.py`), and
the queries (`resources/tracing.py`, `resources/trace_decisions.py`, `resources/differences.py`).
"""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.text import Text
from sqlalchemy import Connection

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, notices, print_json, print_table
from flow_pipelines.cli.trace_tree import plain, trace_trees
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.differences import RowDifference, row_differences, table_difference
from resources.installation import open_installation
from resources.pins import NOW, state_at
from resources.snapshots import Snapshot
from resources.tenancy import engagement_settings
from resources.trace_decisions import Decisions, decisions_on
from resources.tracing import Named, Step, entities_like, entities_named, trace_steps

EXAMPLES = 5
EXAMPLE_CELLS = 8
Versions = tuple[Snapshot | None, Snapshot | None]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("trace")(trace)
    app.command("diff")(diff)


def trace(
    scope: ScopeArgument,
    entity: Annotated[str, typer.Argument(help="The id of any row, or a name, such as a server's.")],
    json: JsonOption = False,
) -> None:
    """Trace a row back to file, sheet, row and cells, and forward to everything decided from it."""
    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        with installation.database.in_scope(scope) as connection:
            entity_id = _chosen(connection, scope, entity)
            steps = trace_steps(connection, entity_id)
            if not steps:
                raise InputError(
                    f"{scope} has no current row with the id {entity_id}.",
                    remedy=f"Name another id, or a name: flow trace {scope} web01",
                )
            decisions = decisions_on(connection, steps)
    if json:
        print_json({"engagement": str(scope), "entity_id": entity_id, "steps": _steps_as_json(steps, decisions)})
        return
    for tree in trace_trees(steps, decisions):
        console().print(tree)


def _chosen(connection: Connection, scope: Scope, entity: str) -> UUID:
    try:
        return UUID(entity)
    except ValueError:
        found = entities_named(connection, entity)
    if len(found) == 1:
        return found[0].entity_id
    if found:
        _list(f"Rows called {plain(entity)}", found)
        raise InputError(
            f"{len(found)} rows of {scope} are called {entity!r}.", remedy="Name the one you mean by its id."
        )
    similar = entities_like(connection, entity)
    if similar:
        _list(f"Assets whose name contains {plain(entity)}", similar)
    raise InputError(
        f"Nothing of {scope} is called {entity!r}.",
        remedy=f"Name a row's id, or a name as a table has it: flow sql {scope} shows them.",
    )


def _list(title: str, found: list[Named]) -> None:
    lines = Text(f"{title}:\n")
    for named in found:
        lines.append(f"  {named.entity_id}  {plain(named.label)}  ").append(f"{named.table_key}\n", style="dim")
    notices().print(lines, end="", soft_wrap=True)


def _steps_as_json(steps: list[Step], decisions: Decisions) -> list[dict[str, Any]]:
    return [
        {
            **asdict(step),
            "row": decisions.rows.get(step.row),
            "cells": [asdict(cell) for cell in decisions.cells.get(step.row, ())],
            "lost_values": [asdict(lost) for lost in decisions.lost_values.get(step.row, ())],
            "edits": [asdict(edit) for edit in decisions.edits.get(step.row, ())],
        }
        for step in steps
    ]


def diff(
    scope: ScopeArgument,
    before: Annotated[str, typer.Argument(metavar="FROM", help="A pin, a time, a snapshot's id, or current.")],
    after: Annotated[str, typer.Argument(metavar="[TO]", help="The same; current if left out.")] = NOW,
    table: Annotated[str | None, typer.Option(help="Only this table, for example discovery/inventory.")] = None,
    json: JsonOption = False,
) -> None:
    """Show what changed between two points: rows added, removed and changed per table, and their cells."""
    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        with installation.database.in_scope(scope) as connection:
            versions = _versions(connection, before, after, table)
            if json:
                _print_as_json(connection, scope, (before, after), versions)
            else:
                _print_differences(connection, f"{scope}, from {before} to {after}", versions)


def _versions(connection: Connection, before: str, after: str, table: str | None) -> dict[str, Versions]:
    if table is not None and table not in output_tables():
        raise InputError(f"There is no table {table!r}.", remedy=f"Choose one of: {', '.join(output_tables())}.")
    states = state_at(connection, before), state_at(connection, after)
    wanted = [table] if table else [key for key in output_tables() if key in states[0] or key in states[1]]
    return {key: (states[0].get(key), states[1].get(key)) for key in wanted}


def _print_differences(connection: Connection, title: str, versions: dict[str, Versions]) -> None:
    found = [table_difference(connection, key, *pair) for key, pair in versions.items()]
    print_table(
        title,
        ("table", "added", "removed", "changed", "cells changed"),
        [(counted.table_key, counted.added, counted.removed, counted.changed, counted.cells) for counted in found],
    )
    for counted in found:
        for change in ("changed", "added", "removed"):
            count = getattr(counted, change)
            if count:
                rows = row_differences(
                    connection, counted.table_key, *versions[counted.table_key], change=change, limit=EXAMPLES
                )
                _print_examples(counted.table_key, change, count, rows)


def _print_examples(table_key: str, change: str, count: int, rows: Iterator[RowDifference]) -> None:
    lines = Text.assemble((f"{table_key}, {change} ({count:,})\n", "bold"))
    for row in rows:
        lines.append(f"  {plain(row.label)}  ").append(f"{', '.join(row.key)}\n", style="dim")
        if row.change == "changed":
            for cell in row.cells[:EXAMPLE_CELLS]:
                lines.append(f"    {cell.column}: {plain(cell.before)} → {plain(cell.after)}\n")
            _append_rest(lines, "    ", len(row.cells) - EXAMPLE_CELLS, "cells")
    _append_rest(lines, "  ", count - EXAMPLES, "rows")
    console().print(lines, end="", soft_wrap=True)


def _append_rest(lines: Text, indent: str, count: int, what: str) -> None:
    if count > 0:
        lines.append(f"{indent}and {count:,} more {what}: --json has all\n", style="dim")


def _print_as_json(
    connection: Connection, scope: Scope, points: tuple[str, str], versions: dict[str, Versions]
) -> None:
    # Row by row: all cells of a large estate's added rows need not be in memory at once.
    typer.echo(f'{{"engagement": {_json(str(scope))}, "from": {_json(points[0])}, "to": {_json(points[1])},')
    typer.echo('"tables": {')
    for place, (key, pair) in enumerate(versions.items()):
        counted = asdict(table_difference(connection, key, *pair))
        counted["before"], counted["after"] = (snapshot and snapshot.snapshot_id for snapshot in pair)
        typer.echo(f'{"," if place else ""}{_json(key)}: {_json(counted)[:-1]}, "rows": [')
        for number, row in enumerate(row_differences(connection, key, *pair)):
            typer.echo(f"{',' if number else ''}{_json(asdict(row))}")
        typer.echo("]}")
    typer.echo("}}")


def _json(value: object) -> str:
    return json_text.dumps(value, ensure_ascii=False, default=str)
