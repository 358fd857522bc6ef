"""Whether an edit may be made: every draft held against the rows that people see, every problem collected.

Belongs here: turning drafts into edits to be stored, or into problems in words. Does not: storing them (`edits.py`),
what is special about merging and splitting assets (`asset_checks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table

from flow_pipelines.edit_values import read_value, same, shown, value_problem
from flow_pipelines.edits import (
    Draft,
    Edit,
    MergeDraft,
    NewEdit,
    SetDraft,
    SplitDraft,
    Unseen,
    active_edits,
    made_where,
)
from flow_pipelines.flows import HANDOFFS
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.declaration import editable_columns
from resources.asset_checks import AssetChecks
from resources.edited_rows import Outcome, Row, chosen_row, edits_of, looked_at, outcomes_in, rows_by_key, rows_by_name


@dataclass(frozen=True)
class _Seen:
    """What people see of a table, and what edits do to it.

    Attributes:
        table: The table.
        by_key: Rows by their key.
        by_name: Rows by their name, in lower case.
        active: The edit of each cell that counts, by row and column.
        outcomes: What became of edits in the snapshot.
        computed: What cells would hold without the edits applied in the snapshot, by row and column.
    """

    table: Table
    by_key: Mapping[str, Row]
    by_name: Mapping[str, Sequence[Row]]
    active: Mapping[tuple[str, str], Edit]
    outcomes: Mapping[str, Outcome]
    computed: Mapping[tuple[str, str], object]


def check_drafts(connection: Connection, drafts: Sequence[Draft]) -> tuple[list[NewEdit], list[str]]:
    """Return the edits that drafts come to, in order, and all that speaks against them.

    Args:
        connection: A transaction in the engagement's scope.
        drafts: What a person wants, in order.
    """
    edits: list[NewEdit] = []
    problems = []
    for checked in check_each(connection, drafts):
        if isinstance(checked, str):
            problems.append(checked)
        else:
            edits += checked
    cells = [(edit.table_key, edit.entity_id, edit.column) for edit in edits if edit.kind == "set"]
    problems += [f"{' '.join(cell)} is set twice" for cell in dict.fromkeys(cells) if cells.count(cell) > 1]
    return edits, problems


def check_each(connection: Connection, drafts: Sequence[Draft]) -> list[list[NewEdit] | str]:
    """Return for each draft by itself, in order, the edits that it comes to, or what speaks against it."""
    drafts = [_made_where(draft) for draft in drafts]
    sets = [draft for draft in drafts if isinstance(draft, SetDraft)]
    seen = {
        key: _see(connection, key, [draft.entity for draft in sets if draft.table_key == key])
        for key in dict.fromkeys(draft.table_key for draft in sets)
        if key in output_tables()
    }
    assets = AssetChecks(connection)
    results: list[list[NewEdit] | str] = []
    for draft in drafts:
        try:
            match draft:
                case SetDraft():
                    results.append([_check_set(draft, seen.get(draft.table_key))])
                case MergeDraft():
                    results.append([assets.merge(draft)])
                case SplitDraft():
                    results.append(assets.split(draft))
        except ValueError as problem:
            results.append(str(problem))
    return results


def _made_where(draft: Draft) -> Draft:
    if not isinstance(draft, SetDraft) or draft.table_key not in output_tables():
        return draft
    return made_where(draft, output_tables()[draft.table_key])


def _see(connection: Connection, table_key: str, entities: Sequence[str]) -> _Seen:
    snapshot = looked_at(connection, table_key)
    edits = edits_of(connection, [table_key])
    outcomes = outcomes_in(connection, snapshot)
    cells = {edit.edit_id: (edit.entity_id, edit.column) for edit in edits if edit.kind == "set"}
    return _Seen(
        table=output_tables()[table_key],
        by_key=rows_by_key(connection, snapshot, entities) if snapshot else {},
        by_name=rows_by_name(connection, snapshot, entities) if snapshot else {},
        active={cells[edit.edit_id]: edit for edit in active_edits(edits) if edit.kind == "set"},
        outcomes=outcomes,
        computed={cells[key]: found.computed_value for key, found in outcomes.items() if key in cells},
    )


def _check_set(draft: SetDraft, seen: _Seen | None) -> NewEdit:
    """Return the edit that a draft comes to.

    Raises:
        ValueError: It may not be made; says why.
    """
    where = f"{draft.table_key} {draft.entity} {draft.column}"
    if seen is None:
        raise ValueError(f"there is no table {draft.table_key}")
    editable = editable_columns(seen.table)
    if draft.column not in seen.table.columns:
        raise ValueError(f"{draft.table_key} has no column {draft.column!r}")
    if draft.column not in editable:
        columns = ", ".join(editable) or "none"
        raise ValueError(f"{where} can't be edited; what can is: {columns}")
    entity_id, row = chosen_row(seen.table, draft.entity, seen.by_key, seen.by_name)
    column, editing = seen.table.columns[draft.column], editable[draft.column]
    try:
        value = read_value(draft.value, column)
    except ValueError as problem:
        raise ValueError(f"{where}: {problem}") from problem
    if problem_with_value := value_problem(value, column, editing, row):
        raise ValueError(f"{where} {problem_with_value}")
    cell = (entity_id, draft.column)
    computed = seen.computed.get(cell, row[draft.column])
    edit = seen.active.get(cell)
    now = edit.new_value if edit else computed
    if draft.seen is not Unseen and not same(draft.seen, now):
        by_whom = f", set by {edit.actor} (edit {edit.number})" if edit else ""
        raise ValueError(f"{where} is {shown(now)!r} by now{by_whom}; you saw {shown(draft.seen)!r}")
    if same(value, now) and not _confirms(seen, edit):
        raise ValueError(f"{where} is {shown(value)!r} already" + (f", by edit {edit.number}" if edit else ""))
    if seen.table.schema == HANDOFFS and computed != "failed":
        raise ValueError(f"{where} is {shown(computed)!r}: only a failed rule can be waived")
    covered = int(str(row[editing.covers])) if editing.covers else None
    return NewEdit("set", draft.table_key, entity_id, draft.column, computed, value, covered=covered)


def _confirms(seen: _Seen, edit: Edit | None) -> bool:
    """Tell whether an edit to what a cell holds anyway says something: that it is right, and to stay so.

    So it does of what was computed, which the next run may compute otherwise, and where the ground of an earlier edit
    has changed.
    """
    if edit is None:
        return True
    found = seen.outcomes.get(edit.edit_id)
    return found is not None and found.outcome == "ground_changed"
