"""`flow sql`: SQL in an engagement's scope, read only.

Belongs here: starting psql as the reader's role. Does not: what that role may do (`resources/access.py`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Annotated

import typer

from flow_pipelines.errors import DatabaseError, ScopeError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.access import READER
from resources.control_tables import PLATFORM
from resources.installation import Installation, open_installation
from resources.local_server import binary
from resources.tenancy import all_engagements, engagement_settings


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("sql")(sql)


def sql(
    scope: Annotated[
        Scope | None,
        typer.Argument(parser=Scope.parse, metavar="[CLIENT/ENGAGEMENT]", help="May be left out if there is one only."),
    ] = None,
    command: Annotated[str | None, typer.Option("--command", "-c", help="Run this and exit.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Open psql on an engagement's tables, read only; statements may also come from standard input."""
    with open_installation() as installation:
        chosen = scope or _only_engagement(installation)
        engagement_settings(installation.database, chosen)
        arguments = [_psql(), "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]
        arguments += ["--csv"] if csv else []
        arguments += ["--command", command] if command is not None else []
        finished = subprocess.run(arguments, env=_environment(installation, chosen), check=False)  # noqa: S603
    sys.exit(finished.returncode)


def _only_engagement(installation: Installation) -> Scope:
    engagements = all_engagements(installation.owner)
    if len(engagements) == 1:
        return engagements[0]
    names = ", ".join(map(str, engagements)) or "none yet"
    raise ScopeError(f"Which engagement? There are: {names}.", remedy="Name one, for example: flow sql acme/dc-exit")


def _psql() -> str:
    try:
        return str(binary("psql"))
    except DatabaseError:
        found = shutil.which("psql")
        if found is None:
            raise
        return found


def _environment(installation: Installation, scope: Scope) -> dict[str, str]:
    url = installation.url_of_role(READER)
    schemas = dict.fromkeys(str(table.schema) for table in output_tables().values())
    host = url.query.get("host") or url.host or "localhost"
    port = url.query.get("port") or url.port or 5432
    return {
        **os.environ,
        "PGHOST": str(host),
        "PGPORT": str(port),
        "PGUSER": READER,
        "PGDATABASE": str(url.database),
        **({"PGPASSWORD": str(url.password)} if url.password else {}),
        "PGOPTIONS": (
            f"-c flow.client_account_id={scope.client_account_id} -c flow.engagement_id={scope.engagement_id} "
            "-c default_transaction_read_only=on "
            f"-c search_path={','.join([*schemas, PLATFORM])}"
        ),
    }
