"""How commands talk: tables for people, JSON for programs.

Belongs here: the two consoles, rendering, and how people name a table. Does not: what is said.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables

LONGEST_NAME = 40
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
ScopeArgument = Annotated[
    Scope, typer.Argument(parser=Scope.parse, metavar="CLIENT/ENGAGEMENT", help="For example acme/dc-exit.")
]


def console() -> Console:
    """Return the console for results, on standard output."""
    return Console(highlight=False)


def notices() -> Console:
    """Return the console for progress and notices, on standard error."""
    return Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """Print a value as JSON on standard output, in ASCII if that takes nothing else."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    typer.echo(text)


def print_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers stand to the right, no cell is read as markup, and what does not fit goes on below."""
    listed = [[_text(cell) for cell in row] for row in rows]
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, header in enumerate(headers):
        numeric = bool(listed) and all(row[index][:1].isdigit() or row[index] in {"", "-"} for row in listed)
        # What a row is called is what people copy, so it is not broken as long as there is room.
        name = index == 0 and len(listed) > 0 and max(len(row[0]) for row in listed) <= LONGEST_NAME
        table.add_column(header, justify="right" if numeric else "left", overflow="fold", no_wrap=name)
    for row in listed:
        table.add_row(*map(escape, row))
    console().print(table)


def table_key(told: str) -> str:
    """Return the key of a table, which may be called by its name alone; whoever looks it up tells an unknown one."""
    named = [key for key in output_tables() if key.split("/")[1] == told]
    return named[0] if len(named) == 1 else told


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return "" if cell is None else str(cell)
