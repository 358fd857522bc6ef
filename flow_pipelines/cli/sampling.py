"""`flow sample`: a believable estate to try everything on.

Belongs here: the command. Does not: how an estate is made up (`flow_pipelines/sample/`), whole programmes
(`demonstrating.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from flow_pipelines.cli.output import console, notices


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("sample")(sample)


def sample(
    out: Annotated[Path, typer.Option(help="Folder for the exports; the truth goes to its subfolder truth/.")],
    servers: Annotated[int, typer.Option(help="20 to 100,000.")] = 300,
    connections: Annotated[int, typer.Option(help="Rows of observed network connections.")] = 60_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files, byte for byte.")] = 1,
) -> None:
    """Write the exports of a made-up enterprise as the real tools would, and the truth beside them."""
    from flow_pipelines.sample import write_sample

    with spinner() as progress:
        task = progress.add_task("Writing ...")
        report = write_sample(
            out,
            servers=servers,
            connections=connections,
            seed=seed,
            progress=lambda file, rows: progress.update(task, description=f"{file} {rows:,} rows"),
        )
    for name, rows in report.rows.items():
        console().print(f"{rows:>12,} rows  {name}")


def spinner() -> Progress:
    """Return what shows that something is going on; it leaves no line behind."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=notices(), transient=True)
