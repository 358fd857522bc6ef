"""`flow reference`: which facts and rules an installation has, of which day, and getting newer ones.

Belongs here: the commands and what they print. Does not: fetching and keeping facts (`resources/reference_facts.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flow_pipelines import reference as reference_room
from flow_pipelines.cli.output import JsonOption, console, print_json, print_table
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.some_of import some_of
from resources.reference_facts import configured_url, reference_facts

# How many of many things a line names.
NAMED = 10

commands = typer.Typer(help="Facts and rules: which there are, of which day, and newer ones.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.add_typer(commands, name="reference")


@commands.command()
def show(json: JsonOption = False) -> None:
    """List the versions of the end-of-life facts, and of the rules that come with the installation."""
    versions = reference_facts().versions()
    rules = _rules()
    if json:
        print_json({"end_of_life": [vars(version) for version in versions], "rules": rules})
        return
    print_table(
        "End-of-life facts",
        ("version", "newest fact", "rows", "used by runs", "installed"),
        [(one.version, one.as_of, one.rows, one.is_current, one.is_installed) for one in versions],
    )
    print_table("Rules, weights and words", ("file", "version", "recorded"), [tuple(rule.values()) for rule in rules])


@commands.command()
def refresh(
    url: Annotated[
        str | None,
        typer.Option(
            help="Address of an API like endoflife.date's; FLOW_REFERENCE_URL or the public one if not given."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Get newer end-of-life facts over HTTP; the stored ones serve on if that fails."""
    refreshed = reference_facts().refresh(url or configured_url(), on=datetime.now(UTC).date())
    if json:
        counts = {"changed": refreshed.changed, "added": refreshed.added, "left_out": refreshed.left_out}
        print_json({"version": refreshed.facts.version, **counts})
        return
    if not refreshed.changed and not refreshed.added:
        console().print(f"Nothing is newer than version {refreshed.facts.version}.")
    else:
        console().print(f"Version {refreshed.facts.version} is used from the next run on.")
    for word, names in (("changed", refreshed.changed), ("added", refreshed.added), ("left out", refreshed.left_out)):
        _print_names(word, names)


@commands.command()
def use(
    version: Annotated[str, typer.Argument(help="A version that `flow reference show` lists, or: installed.")],
) -> None:
    """Choose the version of the end-of-life facts that runs use."""
    facts = reference_facts().use(version)
    console().print(f"Version {facts.version} is used from the next run on.")


def _print_names(word: str, names: tuple[str, ...]) -> None:
    if names:
        told = some_of(names, NAMED, between="; ")
        console().print(f"{len(names)} {word}: {told}", markup=False, soft_wrap=True)


def _rules() -> list[dict[str, object]]:
    folder = Path(reference_room.__file__).parent
    rules: list[dict[str, object]] = []
    for path in sorted(folder.glob("*.yaml")):
        content = read_yaml(path.read_text(encoding="utf-8"))
        rules.append({"file": path.name, "version": content.get("version"), "recorded": content.get("as_of")})
    return rules
