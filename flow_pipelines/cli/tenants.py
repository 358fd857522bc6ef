"""`flow client`, `flow engagement`, `flow user`: who works here and who may read what.

Belongs here: the commands that register and list tenants. Does not: the tables behind them (`resources/tenancy.py`).
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, print_json
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings, parse_settings, read_settings, with_people
from resources.installation import Installation, open_installation
from resources.tenancy import (
    add_analyst,
    add_client,
    add_engagement,
    all_clients,
    all_engagements,
    change_settings,
    engagement_settings,
)

client = typer.Typer(help="Client accounts: the tenants.", no_args_is_help=True)
engagement = typer.Typer(help="Engagements: one migration of one client.", no_args_is_help=True)
user = typer.Typer(help="Users: analysts who read a client's tables.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.add_typer(client, name="client")
    app.add_typer(engagement, name="engagement")
    app.add_typer(user, name="user")


@client.command("add")
def client_add(name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]) -> None:
    """Register a client account."""
    with open_installation() as installation:
        added = add_client(installation.database, name)
    console().print(f"Client account {name} {'added' if added else 'was there already'}.")


@client.command("list")
def client_list(json: JsonOption = False) -> None:
    """List the client accounts."""
    with open_installation() as installation:
        names = all_clients(installation.owner)
    if json:
        print_json(names)
        return
    for name in names:
        console().print(name)


@engagement.command("add")
def engagement_add(
    scope: ScopeArgument,
    settings: Annotated[
        Path | None, typer.Option(help="YAML file with the engagement's settings; see docs/settings.md.")
    ] = None,
) -> None:
    """Register an engagement of a client; with --settings, give a known one new settings."""
    if settings is not None and not settings.is_file():
        raise InputError(f"{settings} is not a file.", remedy="Name a YAML file, or leave --settings out.")
    today = datetime.now(UTC).date()
    chosen = read_settings(settings, today=today) if settings else parse_settings("", origin="defaults", today=today)
    with open_installation() as installation:
        added = register_engagement(installation, scope, chosen)
        if settings and not added:
            # A date that the file does not set stays: other settings changed, the findings' day did not.
            since = engagement_settings(installation.database, scope).as_of
            change_settings(installation.database, scope, read_settings(settings, today=since))
        as_of = engagement_settings(installation.database, scope).as_of
    outcome = "added" if added else "has its new settings" if settings else "was there already"
    console().print(f"Engagement {scope} {outcome}, as of {as_of}.")


@engagement.command("people")
def engagement_people(
    scope: ScopeArgument,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV or XLSX with the columns name, role, skills, absent from, absent until; a row for each absence.",
        ),
    ],
) -> None:
    """Take the people who do tasks from a sheet into the settings, instead of those who are named there."""
    from flow_pipelines.plan.people_sheet import is_people_header, people_of_rows
    from flow_pipelines.row_files import read_rows

    with open_installation() as installation:
        settings = engagement_settings(installation.database, scope)
        rows = read_rows(file, file.name, is_people_header)
        people = people_of_rows(rows, date_order=settings.date_order)
        change_settings(installation.database, scope, with_people(settings, people))
    roles = Counter(one.role for one in people)
    named = ", ".join(f"{count} {role}" for role, count in sorted(roles.items()))
    console().print(
        f"{scope} has {named}. They count from the next run on: flow run {scope} --flow plan", soft_wrap=True
    )


@engagement.command("list")
def engagement_list(json: JsonOption = False) -> None:
    """List the engagements of all client accounts."""
    with open_installation() as installation:
        names = [str(one) for one in all_engagements(installation.owner)]
    if json:
        print_json(names)
        return
    for name in names:
        console().print(name)


def register_engagement(installation: Installation, scope: Scope, settings: EngagementSettings) -> bool:
    """Register an engagement in the tables of tenants and as Dagster's partition, if it is not yet; returns whether."""
    from assets_defs.instance import open_instance
    from assets_defs.partitions import register

    added = add_engagement(installation.database, scope, settings)
    with open_instance(installation) as instance:
        register(instance, scope)
    return added


@user.command("add")
def user_add(
    client_name: Annotated[str, typer.Argument(metavar="CLIENT", help="The client whose tables the user may read.")],
    name: Annotated[str, typer.Argument(help="Name of the user.")],
) -> None:
    """Create an analyst's database login, or give a known one a new password; it is shown this once."""
    with open_installation() as installation:
        login = add_analyst(installation.database, installation.owner, client_name, name)
        address = installation.analyst_url(login.role, login.password)
    console().print(f"{name} may read all tables of {client_name} with:\n{address}", soft_wrap=True)
