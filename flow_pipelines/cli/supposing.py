"""`flow what-if`: two plans side by side, the one that stands and the one by other settings or edits.

Belongs here: the command and what it prints. Does not: computing a plan (`assets_defs/what_if.py`), comparing two
(`assess/plan_comparison.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, notices, print_json, print_table, table_key
from flow_pipelines.edit_values import plain, shown
from flow_pipelines.edits import SetDraft
from flow_pipelines.errors import InputError
from flow_pipelines.flows import flow_named
from flow_pipelines.settings import read_settings
from resources.installation import open_installation
from resources.tenancy import engagement_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flow_pipelines.assess.plan_comparison import Difference, PlanComparison

# Rows that are printed of a kind; --json has all.
PRINTED = 40
CELL_WORDS = 4


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("what-if")(what_if)


def what_if(
    scope: ScopeArgument,
    cells: Annotated[
        list[str] | None,
        typer.Argument(metavar="TABLE ENTITY COLUMN VALUE", help="Edits to suppose, as flow edit set takes them."),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="Settings to suppose instead of the engagement's.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare the next run's plan with the one by other settings or edits; nothing is written.

    For example: flow what-if acme/dc-exit plan_of_record shop wave_number 3 --settings faster.yaml
    """
    from assets_defs.definitions import phase_plans
    from assets_defs.what_if import open_what_if
    from flow_pipelines.assess.plan_comparison import compare_plans
    from resources.edits import EditStore
    from resources.reference_facts import reference_facts

    drafts = _drafts(cells or [], settings)
    with open_installation() as installation, notices().status("Computing both plans ..."):
        database = installation.database
        as_is = engagement_settings(database, scope)
        supposed_settings = read_settings(settings, today=as_is.as_of) if settings else as_is
        edits = EditStore(database).supposed(scope, drafts)
        opened = open_what_if(database, scope, flow_named("assess"), phase_plans(), reference_facts().current())
        before, after = opened.suppose(as_is), opened.suppose(supposed_settings, edits)
    compared = compare_plans(before.frames, after.frames)
    if json:
        print_json({**_as_json(compared), "problems": list(after.problems)})
    else:
        _print(compared, after.problems)


def _drafts(cells: Sequence[str], settings: Path | None) -> list[SetDraft]:
    remedy = "Say --settings FILE, or TABLE ENTITY COLUMN VALUE, all four, as often as wanted."
    if not cells and settings is None:
        raise InputError("There is nothing to suppose.", remedy=remedy)
    if len(cells) % CELL_WORDS:
        raise InputError(f"{len(cells)} words don't make edits.", remedy=remedy)
    edits = [cells[place : place + CELL_WORDS] for place in range(0, len(cells), CELL_WORDS)]
    return [SetDraft(table_key(table), entity, column, value) for table, entity, column, value in edits]


def _print(compared: PlanComparison, problems: Sequence[str]) -> None:
    figures = [(name, shown(one), shown(other)) for name, (one, other) in compared.figures.items()]
    print_table("Two plans", ("figure", "as it is", "what if"), figures)
    _print_differences("Workloads that differ", compared.workloads)
    _print_differences("Steps that end at another date", compared.steps)
    for title, listed in (
        ("Conditions violated in addition", compared.conditions_added),
        ("Conditions no longer violated", compared.conditions_removed),
    ):
        if listed:
            print_table(title, ("condition",), [(words,) for words in listed[:PRINTED]])
            _print_rest(len(listed))
    if not compared.workloads and not compared.steps:
        console().print("No workload and no date differs.")
    for problem in problems:
        console().print(f"This plan would not be published: {problem}.", markup=False, soft_wrap=True)


def _print_differences(title: str, differences: Sequence[Difference]) -> None:
    if differences:
        rows = [(one.name, one.column, shown(one.before), shown(one.after)) for one in differences[:PRINTED]]
        print_table(title, ("name", "column", "as it is", "what if"), rows)
        _print_rest(len(differences))


def _print_rest(count: int) -> None:
    if count > PRINTED:
        console().print(f"and {count - PRINTED:,} more; --json has all.")


def _as_json(compared: PlanComparison) -> dict[str, object]:
    return {
        "figures": {
            name: {"before": plain(one), "after": plain(other)} for name, (one, other) in compared.figures.items()
        },
        "workloads": [vars(one) for one in compared.workloads],
        "steps": [vars(one) for one in compared.steps],
        "conditions_added": list(compared.conditions_added),
        "conditions_removed": list(compared.conditions_removed),
    }
