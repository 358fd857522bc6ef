"""`flow advice`: what a language model would choose, and accepting it.

Belongs here: the commands and what they print. Does not: what is open and which edits acceptance is
(`advice/acceptance.py`), making them (`resources/edits.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, print_json, print_table
from flow_pipelines.cli.trace_tree import plain
from flow_pipelines.edit_values import shown
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.installation import open_installation
from resources.tenancy import engagement_settings

if TYPE_CHECKING:
    from flow_pipelines.advice.acceptance import OpenAdvice
    from resources.database import Database
    from resources.edits import EditStore

advice = typer.Typer(
    help="Advice: what a language model would choose where rules are unsure. It takes no effect until it is accepted.",
    no_args_is_help=True,
)
CANDIDATES, INVENTORY = "discovery/identity_candidates", "discovery/inventory"
MOST_NAMED = 5
LONGEST_REASON = 300
TopicOption = Annotated[
    str, typer.Option("--topic", help="mapping, identity, treatment, wave_rationale or modernization; all if left out.")
]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.add_typer(advice, name="advice")


@advice.command("list")
def list_command(scope: ScopeArgument, topic: TopicOption = "", json: JsonOption = False) -> None:
    """List the advice on which no person has decided yet."""
    from resources.edits import EditStore

    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        found = _open(installation.database, EditStore(installation.database), scope, topic)
    if json:
        print_json([_as_json(one) for one in found])
        return
    if not found:
        console().print(f"No advice is open in {scope}.", markup=False, soft_wrap=True)
        return
    print_table(
        f"Advice in {scope}",
        ("key", "topic", "about", "now", "advice", "confidence", "model", "reason"),
        [
            (
                one.short_key,
                one.topic,
                plain(one.name),
                plain(shown(one.current)),
                one.advice,
                one.confidence,
                plain(one.model),
                plain(one.reason, LONGEST_REASON),
            )
            for one in found
        ],
    )
    console().print(f"To accept it: flow advice accept {scope} KEY --by NAME", markup=False, soft_wrap=True)


@advice.command("accept")
def accept(
    scope: ScopeArgument,
    by: Annotated[str, typer.Option("--by", help="Who accepts it: a person's name.")],
    keys: Annotated[list[str] | None, typer.Argument(metavar="KEY...", help="Of advice; see flow advice list.")] = None,
    least: Annotated[
        float | None,
        typer.Option(
            "--least",
            min=0,
            max=1,
            help="Instead of keys: all that is at least so sure, would change something and is not none.",
        ),
    ] = None,
    topic: TopicOption = "",
) -> None:
    """Accept advice: an edit of each row, signed by the model and by who accepts it, all of them or none."""
    from flow_pipelines.advice.acceptance import acceptance
    from resources.edits import EditStore

    person = " ".join(by.split())
    if not person:
        raise InputError("Nobody accepts it.", remedy="Name a person: --by Ann")
    if bool(keys) == (least is not None):
        raise InputError("Say which advice: keys, or all from a confidence on.", remedy="Name keys, or --least 0.8")
    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        store = EditStore(installation.database)
        chosen = _chosen(_open(installation.database, store, scope, topic), keys or [], least)
        drafts = [acceptance(one, person) for one in chosen]
        made = store.add_signed(scope, drafts, actor=person, reason="Advice accepted") if drafts else []
    what = "1 edit was" if len(made) == 1 else f"{len(made):,} edits were"
    console().print(f"{what} made of advice, accepted by {person}.", markup=False, soft_wrap=True)
    for flow in dict.fromkeys(one.table_key.split("/")[0] for one in made):
        console().print(f"To make it take effect: flow run {scope} --flow {flow}", markup=False, soft_wrap=True)


def _open(database: Database, store: EditStore, scope: Scope, topic: str) -> list[OpenAdvice]:
    """Return the open advice of an engagement in the versions that people see, in order of the flows.

    Raises:
        InputError: There is no such topic.
    """
    from flow_pipelines.advice.acceptance import TOPICS, merged_candidates, open_advice
    from resources.snapshots import SnapshotStore

    if topic and topic not in TOPICS.values():
        raise InputError(
            f"There is no advice on {topic!r}.", remedy=f"Topics: {', '.join(dict.fromkeys(TOPICS.values()))}."
        )
    snapshots = SnapshotStore(database)
    current = snapshots.current(scope, [*TOPICS, INVENTORY])
    found: list[OpenAdvice] = []
    for key, of_topic in TOPICS.items():
        if key not in current or topic not in {"", of_topic}:
            continue
        frame = snapshots.read(scope, current[key])
        merged: set[str] = set()
        if key == CANDIDATES and INVENTORY in current and frame["advice"].notna().any():
            inventory = snapshots.read(scope, current[INVENTORY])
            merged = merged_candidates(frame, inventory, store.of_tables(scope, [INVENTORY]))
        found += open_advice(frame, output_tables()[key], store.of_tables(scope, [key]), merged)
    return found


def _chosen(found: Sequence[OpenAdvice], keys: Sequence[str], least: float | None) -> list[OpenAdvice]:
    """Return the advice that is to be accepted.

    Raises:
        InputError: A key names no open advice, or one where the model had no opinion.
    """
    if least is not None:
        return [one for one in found if one.can_be_accepted_unseen and one.confidence >= least]
    by_key = {one.short_key: one for one in found}
    if unknown := [key for key in keys if key not in by_key]:
        raise InputError(
            f"No advice is open under {', '.join(unknown[:MOST_NAMED])}: it was decided, or is other advice by now.",
            remedy="See what is: flow advice list",
        )
    chosen = [by_key[key] for key in dict.fromkeys(keys)]
    if empty := [one.short_key for one in chosen if not one.can_be_accepted]:
        raise InputError(
            f"The model chose none of the options for {', '.join(empty[:MOST_NAMED])}: there is nothing to accept.",
            remedy="Decide it with: flow edit set",
        )
    return chosen


def _as_json(one: OpenAdvice) -> dict[str, object]:
    return {
        "key": one.short_key,
        "row_id": one.row_id,
        "topic": one.topic,
        "table": one.table_key,
        "name": one.name,
        "column": one.column,
        "current_value": one.current,
        "advice": one.advice,
        "confidence": one.confidence,
        "reason": one.reason,
        "model": one.model,
        "advice_key": one.key,
        "can_be_accepted": one.can_be_accepted,
    }
