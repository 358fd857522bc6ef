"""People's corrections, and what becomes of them when a phase has computed its rows.

Belongs here: edits, which of them count, applying them to a frame. Does not: where they are kept and whether one may
be made (`resources/edits.py`), what merges and splits do to assets (`discovery/identity/decided.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import DateTime, Table

from flow_pipelines.edit_values import plain, same, value_problem
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.declaration import Editing, editable_columns

Kind = Literal["set", "merge", "split", "withdraw"]
OutcomeName = Literal["applied", "agreed", "ground_changed", "not_found"]
# Between the parts of a key of several columns.
KEY_SEPARATOR = "/"


@dataclass(frozen=True)
class Edit:
    """One correction.

    Attributes:
        edit_id: Its id.
        number: Its place in the order of all edits.
        kind: set a cell, merge two assets, split a record from its asset, or withdraw an earlier edit.
        table_key: The table, flow/table.
        entity_id: Key of the row; of a merge or split, a record of the asset.
        column: The column; of a merge or split, the one that tells which records an asset has.
        old_value: What the cell would hold without edits when this one was made; of a merge, the names of the two
            records; of a split, the asset.
        new_value: What the cell is to hold; of a merge, a record of the other asset; of a split, the record's name.
        withdraws: The edit that this one withdraws.
        actor: Who made it.
        reason: Why.
        made_at: When.
        covered: How many rows the decision was about, where its column says so; see `Editing.covers`.
    """

    edit_id: str
    number: int
    kind: Kind
    table_key: str
    entity_id: str
    column: str
    old_value: object
    new_value: object
    withdraws: str | None
    actor: str
    reason: str
    made_at: datetime
    covered: int | None = None


@dataclass(frozen=True)
class EditOutcome:
    """What became of an edit in one run of its phase.

    Attributes:
        edit_id: The edit.
        outcome: applied; agreed, if the phase came to the same by itself; ground_changed, if the phase computed
            neither what it did when the edit was made nor what the edit says, or if the decision would now be about
            more rows than the person saw, and is not applied; not_found, if the row is gone.
        computed_value: What the cell would hold without the edit.
    """

    edit_id: str
    outcome: OutcomeName
    computed_value: object


class Unseen:
    """Stands for what a person saw in a cell, where nobody knows that."""


@dataclass(frozen=True)
class SetDraft:
    """A cell that a person wants to hold something else.

    Attributes:
        table_key: The table, flow/table.
        entity: Key of the row, or its name if no other row has it.
        column: The column.
        value: What it is to hold, as the person or a spreadsheet wrote it.
        seen: What the person saw in it; if it holds something else by now, the draft is refused.
    """

    table_key: str
    entity: str
    column: str
    value: object
    seen: object = Unseen


@dataclass(frozen=True)
class MergeDraft:
    """Two assets, by id or name, that a person says are one.

    Attributes:
        asset: One of them.
        other: The other one.
        records: Of each the record that the decision is about; any that stands for it if left out.
    """

    asset: str
    other: str
    records: tuple[str, str] | None = None


@dataclass(frozen=True)
class SplitDraft:
    """Records, by id, name or `file:row`, that a person says are another asset than the one they are in."""

    asset: str
    records: tuple[str, ...]


Draft = SetDraft | MergeDraft | SplitDraft


@dataclass(frozen=True)
class SignedDraft:
    """A draft with who makes it and why, where one session is signed differently from edit to edit."""

    draft: Draft
    actor: str
    reason: str


@dataclass(frozen=True)
class Decision:
    """An edit that is in the rows of a snapshot, and what its cell would hold without it."""

    edit: Edit
    computed_value: object


@dataclass(frozen=True)
class NewEdit:
    """An edit that may be made and is not stored yet; fields as of `Edit`."""

    kind: Kind
    table_key: str
    entity_id: str
    column: str
    old_value: object
    new_value: object
    withdraws: str | None = None
    covered: int | None = None


def active_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits that count, in order: none that is withdrawn, and of several for one cell the last."""
    ordered = sorted(edits, key=lambda edit: edit.number)
    withdrawn = {edit.withdraws for edit in ordered if edit.kind == "withdraw"}
    counting = [edit for edit in ordered if edit.kind != "withdraw" and edit.edit_id not in withdrawn]
    last = {cell_of(edit): edit.edit_id for edit in counting if edit.kind == "set"}
    return [edit for edit in counting if edit.kind != "set" or last[cell_of(edit)] == edit.edit_id]


def cell_of(edit: Edit) -> tuple[str, str, str]:
    """Return the cell that an edit sets: table, row, column."""
    return edit.table_key, edit.entity_id, edit.column


def made_where(draft: SetDraft, table: Table) -> SetDraft:
    """Return a draft as it is made: in the table that decides what this one shows."""
    editing = editable_columns(table).get(draft.column)
    return replace(draft, table_key=editing.made_in) if editing and editing.made_in else draft


def shown_edits(edits: Iterable[Edit], table: Table) -> list[Edit]:
    """Return the edits that a table's rows are to show: its own, and those of columns that are edited elsewhere.

    Args:
        edits: Of any tables.
        table: The declared table.
    """
    key = f"{table.schema}/{table.name}"
    elsewhere = {(editing.made_in, column) for column, editing in editable_columns(table).items() if editing.made_in}
    return [
        replace(edit, table_key=key) if (edit.table_key, edit.column) in elsewhere else edit
        for edit in edits
        if edit.table_key == key or (edit.table_key, edit.column) in elsewhere
    ]


def expected_edits(edits: Sequence[Edit], computed: Mapping[str, object]) -> list[Edit]:
    """Return the edits that turn a snapshot's rows into what the next run will make of them, as far as is known.

    Args:
        edits: All edits of the table.
        computed: What the snapshot's cells would hold without the edits applied in it, by edit id. Where such an edit
            no longer counts, nor another one for its cell, the cell falls back to that.
    """
    active = active_edits(edits)
    decided = {cell_of(edit) for edit in active if edit.kind == "set"}
    fallen_back = [
        replace(edit, new_value=computed[edit.edit_id])
        for edit in edits
        if edit.kind == "set" and edit.edit_id in computed and cell_of(edit) not in decided
    ]
    return [*fallen_back, *active]


def entity_ids(frame: pd.DataFrame, table: Table) -> list[str]:
    """Return the text by which edits name each row: its key, of several columns joined by a slash."""
    columns = [frame[name].astype("str").tolist() for name in table.info["key"]]
    return [KEY_SEPARATOR.join(parts) for parts in zip(*columns, strict=True)]


def apply_edits(frame: pd.DataFrame, table: Table, edits: Sequence[Edit]) -> tuple[pd.DataFrame, list[EditOutcome]]:
    """Set the cells that people decided.

    An edit is applied even where its ground has changed, unless it would cover more rows than when it was made; the
    outcome says so. What the table's declaration sets along
    with a column is set too, and who decided and why if the table has columns for it.

    Args:
        frame: Rows that conform to the table.
        table: The declared table.
        edits: Edits of this table; merges and splits, and what no longer counts, are passed over.

    Returns:
        A frame that conforms, and the outcome of each edit of a cell that counts, in order.
    """
    key = f"{table.schema}/{table.name}"
    chosen = [edit for edit in active_edits(edits) if edit.kind == "set" and edit.table_key == key]
    if not chosen:
        return frame, []
    edited = frame.reset_index(drop=True).copy()
    places = {entity_id: place for place, entity_id in enumerate(entity_ids(edited, table))}
    outcomes = [_apply(edited, table, edit, places.get(edit.entity_id)) for edit in chosen]
    return conform(edited, table), outcomes


def _apply(frame: pd.DataFrame, table: Table, edit: Edit, place: int | None) -> EditOutcome:
    """Apply one edit in place."""
    editing = editable_columns(table).get(edit.column)
    # A declaration that has changed since may have no room for the edit any more; that must not stop the phase.
    if place is None or editing is None:
        return EditOutcome(edit.edit_id, "not_found", None)
    by = editing.chosen_by
    row = {by: frame.at[place, by]} if by else {}  # noqa: PD008  (a cell)
    if value_problem(edit.new_value, table.columns[edit.column], editing, row):
        return EditOutcome(edit.edit_id, "not_found", None)
    computed = plain(frame.at[place, edit.column])  # noqa: PD008  (a cell)
    if editing.only_over and computed not in editing.only_over:
        return EditOutcome(edit.edit_id, "agreed", computed)
    if _covers_too_little(edit, editing, frame, place):
        return EditOutcome(edit.edit_id, "ground_changed", computed)
    decided = {"decided_by": edit.actor, "decision_reason": edit.reason}
    companions = {
        **{name: value for name, value in decided.items() if name in table.columns},
        **editing.companions(edit.new_value),
    }
    for name, value in {**companions, edit.column: edit.new_value}.items():
        is_moment = isinstance(table.columns[name].type, DateTime) and value is not None
        cell: Any = pd.Timestamp(value) if is_moment and isinstance(value, datetime) else value
        frame.at[place, name] = cell  # noqa: PD008  (loc would spread a list over rows)
    return EditOutcome(edit.edit_id, _outcome(edit, computed), computed)


def _covers_too_little(edit: Edit, editing: Editing, frame: pd.DataFrame, place: int) -> bool:
    if editing.covers is None or edit.covered is None:
        return False
    rows: Any = frame.at[place, editing.covers]  # noqa: PD008  (a cell)
    return bool(rows > edit.covered)


def _outcome(edit: Edit, computed: object) -> OutcomeName:
    # An edit that confirms what was computed has equal values; it does something as long as that is computed.
    if same(computed, edit.old_value):
        return "applied"
    return "agreed" if same(computed, edit.new_value) else "ground_changed"
