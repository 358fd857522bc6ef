"""`flow edit`: correct what a flow decided, cell by cell, by merging and splitting assets, or in a workbook.

Belongs here: the commands and what they print. Does not: whether an edit may be made (`resources/edits.py`), what it
does to rows (`flow_pipelines/edits.py`), workbooks (`edit_workbook.py`, `edit_changes.py`).
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, notices, print_json, print_table, table_key
from flow_pipelines.edit_values import plain, shown
from flow_pipelines.edits import Draft, Edit, MergeDraft, SetDraft, SplitDraft, entity_ids
from flow_pipelines.errors import InputError
from flow_pipelines.flows import flow_of
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.declaration import editable_columns
from resources.installation import open_installation
from resources.tenancy import engagement_settings

if TYPE_CHECKING:
    from flow_pipelines.edit_changes import Changes, Content
    from resources.edits import EditStore, ListedEdit

edit = typer.Typer(
    help="Edits: people's corrections of what a flow decided. They are kept with who made them and why, and applied "
    "again by every run.",
    no_args_is_help=True,
)
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with the edit.")]
ByOption = Annotated[str, typer.Option("--by", help="Who makes the edit; you, as the system knows you, if left out.")]
TableArgument = Annotated[str, typer.Argument(metavar="TABLE", help="For example discovery/inventory, or inventory.")]
FLAGGED = {
    "ground_changed": "the ground has changed: its phase computes {} by now; withdraw it, or set it again to confirm",
    "not_found": "its row is gone, or is another one by now",
}
MORE_ROWS = "it was made for {:,} rows and there are more by now, so it does not count; set it again to cover them"


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.add_typer(edit, name="edit")


@edit.command("set")
def set_command(  # noqa: PLR0917  (arguments of a command line)
    scope: ScopeArgument,
    table: TableArgument,
    entity: Annotated[str, typer.Argument(metavar="ENTITY", help="Id of the row, or its name if no other has it.")],
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="A column that can be edited.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="What it is to hold; '' for nothing, 'a; b' for a list.")
    ],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Set one cell, for example: flow edit set acme/dc-exit inventory web01 environment production --reason "..."."""
    _make(scope, [SetDraft(table_key(table), entity, column, value)], by=by, reason=reason)


@edit.command("merge")
def merge(
    scope: ScopeArgument,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="Id or name.")],
    other: Annotated[str, typer.Argument(metavar="ASSET", help="Id or name.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Say that two assets are one."""
    _make(scope, [MergeDraft(asset, other)], by=by, reason=reason)


@edit.command("split")
def split(
    scope: ScopeArgument,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="Id or name.")],
    records: Annotated[
        list[str], typer.Argument(metavar="RECORD...", help="Records of the asset: id, name or file:row.")
    ],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Say that records of an asset are another asset; several records become one asset together."""
    _make(scope, [SplitDraft(asset, tuple(records))], by=by, reason=reason)


@edit.command("withdraw")
def withdraw(
    scope: ScopeArgument,
    edits: Annotated[list[str], typer.Argument(metavar="EDIT...", help="Numbers or ids; see flow edit list.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Withdraw edits: the next run does without them."""
    with _store(scope) as store:
        made = store.withdraw(scope, edits, actor=actor(by), reason=reason)
    _print_made(scope, made)


@edit.command("list")
def list_command(scope: ScopeArgument, json: JsonOption = False) -> None:
    """List all edits and what became of them."""
    with _store(scope) as store:
        listed = store.listed(scope)
    if json:
        print_json([_as_json(one) for one in listed])
        return
    print_table(
        f"Edits of {scope}",
        ("edit", "state", "what", "by", "when", "reason"),
        [
            (
                one.edit.number,
                one.state,
                _in_words(one.edit),
                one.edit.actor,
                f"{one.edit.made_at:%Y-%m-%d %H:%M}",
                one.edit.reason,
            )
            for one in listed
        ],
    )
    for one in listed:
        if one.state in FLAGGED:
            told = FLAGGED[one.state].format(shown(one.computed_value))
            if one.state == "ground_changed" and one.edit.covered is not None:
                told = MORE_ROWS.format(one.edit.covered)
            console().print(f"Edit {one.edit.number}: {told}.", markup=False, soft_wrap=True)


@edit.command("export")
def export(
    scope: ScopeArgument,
    table: TableArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook to write.")],
) -> None:
    """Write a table into a workbook in which its editable cells can be corrected; see flow edit apply."""
    from flow_pipelines.edit_workbook import About, write_workbook

    key = table_key(table)
    if key not in _editable():
        raise InputError(f"Nothing of {key} can be edited.", remedy=f"Tables with edits: {', '.join(_editable())}.")
    with _store(scope) as store, notices().status("Writing ..."):
        rows = store.decided_rows(scope, key)
        about = About(str(scope), key, str(rows.snapshot_id), rows.last_edit)
        try:
            file.write_bytes(write_workbook(rows.frame, output_tables()[key], about))
        except OSError as error:
            raise InputError(f"{file} can't be written: {error.strerror}.", remedy="Name another file.") from error
    console().print(
        f"{len(rows.frame):,} rows of {key} are in {file}. Correct the white cells, then: "
        f'flow edit apply {scope} {file} --reason "..."',
        markup=False,
        soft_wrap=True,
    )


@edit.command("apply")
def apply(
    scope: ScopeArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="A workbook that flow edit export wrote.")],
    reason: ReasonOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the changes; write nothing.")] = False,
    by: ByOption = "",
) -> None:
    """Make an edit of every cell that was changed in a workbook: all of them, or none."""
    from flow_pipelines.edit_changes import read_workbook
    from resources.edits import refuse

    content = read_workbook(file)
    with _store(scope) as store:
        changes, names = _changes(store, scope, content)
        print_table(
            f"Changes in {file.name}",
            ("row", "name", "column", "before", "after"),
            [
                (draft.entity, names.get(draft.entity, ""), draft.column, shown(draft.seen), shown(draft.value))
                for draft in changes.drafts
            ],
        )
        for notice in changes.notices:
            console().print(f"Note: {notice}.", markup=False, soft_wrap=True)
        refuse([*changes.problems, *store.check(scope, changes.drafts)])
        if dry_run or not changes.drafts:
            console().print(f"{len(changes.drafts):,} cells were changed. Nothing was written.")
            return
        made = store.add(scope, changes.drafts, actor=actor(by), reason=reason)
    _print_made(scope, made)


def _changes(store: EditStore, scope: Scope, content: Content) -> tuple[Changes, dict[str, str]]:
    """Return what was changed in a workbook, and the names of its rows by key."""
    from flow_pipelines.edit_changes import changes_in

    about = content.about
    if about.scope != str(scope):
        raise InputError(f"The workbook is of {about.scope}, not of {scope}.", remedy="Name the right engagement.")
    if about.table_key not in output_tables():
        raise InputError(f"There is no table {about.table_key} any more.", remedy="Export another table.")
    table = output_tables()[about.table_key]
    rows = store.decided_rows(
        scope, about.table_key, snapshot_id=_snapshot_id(about.snapshot_id), last_edit=about.last_edit
    )
    labels = map(shown, rows.frame[table.info["label"]])
    return changes_in(content, rows.frame, table), dict(zip(entity_ids(rows.frame, table), labels, strict=True))


@contextmanager
def _store(scope: Scope) -> Iterator[EditStore]:
    from resources.edits import EditStore

    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        yield EditStore(installation.database)


def _make(scope: Scope, drafts: Sequence[Draft], *, by: str, reason: str) -> None:
    with _store(scope) as store:
        made = store.add(scope, drafts, actor=actor(by), reason=reason)
    _print_made(scope, made)


def _print_made(scope: Scope, made: Sequence[Edit]) -> None:
    numbers = ", ".join(str(one.number) for one in made[:10]) + (" and more" if len(made) > 10 else "")  # noqa: PLR2004
    what = "1 edit was" if len(made) == 1 else f"{len(made):,} edits were"
    console().print(f"{what} made ({numbers}); the state before is pinned.", markup=False, soft_wrap=True)
    if len(made) == 1:
        console().print(_in_words(made[0]), markup=False, soft_wrap=True)
    for flow in dict.fromkeys(flow_of(one.table_key).name for one in made):
        console().print(f"To make it take effect: flow run {scope} --flow {flow}", markup=False, soft_wrap=True)


def _in_words(one: Edit) -> str:
    if one.kind != "set":
        return f"{one.kind}: {one.table_key} {one.entity_id}"
    return f"{one.table_key} {one.entity_id} {one.column}: {shown(one.old_value)} becomes {shown(one.new_value)}"


def _as_json(one: ListedEdit) -> dict[str, object]:
    told = one.edit
    return {
        "edit_id": told.edit_id,
        "number": told.number,
        "kind": told.kind,
        "state": one.state,
        "flagged": one.state in FLAGGED,
        "table": told.table_key,
        "entity_id": told.entity_id,
        "column": told.column,
        "old_value": plain(told.old_value),
        "new_value": plain(told.new_value),
        "computed_value": plain(one.computed_value),
        "withdraws": told.withdraws,
        "actor": told.actor,
        "reason": told.reason,
        "made_at": told.made_at.isoformat(),
    }


def actor(by: str) -> str:
    """Return who does something: whom the command names, else the system's user, empty if that has no name."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""


def _editable() -> list[str]:
    return [key for key, table in output_tables().items() if editable_columns(table)]


def _snapshot_id(told: str) -> UUID:
    try:
        return UUID(told)
    except ValueError as error:
        raise InputError("The workbook does not say what it is an export of.", remedy="Export it again.") from error
