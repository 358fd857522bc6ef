"""`flow dossier`: all that an engagement's flows have found, decided, planned and done, as one page.

Belongs here: the command. Does not: what is on the page (`assets_defs/dossier/`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flow_pipelines.cli.output import ScopeArgument, console
from flow_pipelines.errors import InputError
from resources.installation import open_installation


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("dossier")(dossier)


def dossier(
    scope: ScopeArgument,
    to: Annotated[
        Path | None, typer.Option("--to", help="A file to write it to; beside the engagement's artefacts if left out.")
    ] = None,
) -> None:
    """Write an engagement's dossier: one page that works offline, with all five flows and the audit trail."""
    from assets_defs.dossier.write import dossier_of, write_dossier

    with open_installation() as installation:
        if to is None:
            path = write_dossier(installation, scope)
        else:
            path, page = to, dossier_of(installation, scope)
            try:
                path.write_text(page, encoding="utf-8")
            except OSError as error:
                raise InputError(f"{to} can't be written: {error.strerror}.", remedy="Name a writable file.") from error
    console().print(f"The dossier of {scope} is {path}", soft_wrap=True, markup=False)
