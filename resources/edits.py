"""People's edits as they are kept: added to, never changed; a session is made at once or not at all.

Belongs here: making, withdrawing and listing edits, and writing down what became of them. Does not: whether one may be
made (`edit_checks.py`), what an edit does to rows (`flow_pipelines/edits.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import pandas as pd
from sqlalchemy import Connection, func, insert, select

from flow_pipelines.edit_values import to_json
from flow_pipelines.edits import (
    Decision,
    Draft,
    Edit,
    EditOutcome,
    NewEdit,
    SetDraft,
    SignedDraft,
    active_edits,
    apply_edits,
    cell_of,
    expected_edits,
    shown_edits,
)
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.database import Database, scope_values
from resources.edit_checks import check_drafts, check_each
from resources.edited_rows import edits_of, looked_at, outcomes_in
from resources.event_tables import edit_outcomes, edits
from resources.pins import set_pin
from resources.pointers import hold_pointers
from resources.snapshots import Snapshot, SnapshotStore, snapshots_by_id

# Problems that a message names: enough to see what is wrong.
NAMED = 20
SUPPOSED = "what if"
# Outcomes of edits that make the rows what they are.
IN_THE_ROWS = ("applied", "agreed", "ground_changed")


@dataclass(frozen=True)
class ListedEdit:
    """An edit and where it stands.

    Attributes:
        edit: The edit.
        state: pending (its phase has not run since), applied, agreed, ground_changed, not_found, withdrawn,
            replaced (a later edit of the cell counts), or withdrawal.
        computed_value: What the cell would hold without it, as far as it was applied.
    """

    edit: Edit
    state: str
    computed_value: object


@dataclass(frozen=True)
class DecidedRows:
    """A table's rows with all edits made so far, applied by a run or not.

    Attributes:
        frame: The rows.
        snapshot_id: The snapshot that they rest on.
        last_edit: Number of the last edit that is in them; 0 if there is none.
    """

    frame: pd.DataFrame
    snapshot_id: UUID
    last_edit: int


@dataclass(frozen=True)
class DecidedElsewhere:
    """A decision that a person made in another system, to become an edit here.

    Attributes:
        edit_id: Its id here, which follows from its id there.
        draft: What the person decided.
        actor: Who it was.
        reason: Why, where and when.
    """

    edit_id: UUID
    draft: SetDraft
    actor: str
    reason: str


@dataclass(frozen=True)
class TakenOver:
    """What became of decisions made elsewhere.

    Attributes:
        made: The edits that are new.
        known: Ids of those that were taken over before.
        problems: What speaks against the others, by id.
    """

    made: list[Edit]
    known: frozenset[UUID]
    problems: dict[UUID, str]


@dataclass(frozen=True)
class _Signed:
    """An edit to be stored, with its id, who makes it and why."""

    edit_id: UUID
    edit: NewEdit
    actor: str
    reason: str


@dataclass(frozen=True)
class EditStore:
    """The edits of all engagements, seen through the pipeline's role, one scope at a time."""

    database: Database

    def add(self, scope: Scope, drafts: Sequence[Draft], *, actor: str, reason: str) -> list[Edit]:
        """Make a session of edits, after pinning the state before it.

        Args:
            scope: The engagement.
            drafts: What the person wants, in order.
            actor: Who makes them.
            reason: Why.

        Raises:
            InputError: One of them may not be made, so none is; all problems are listed.
        """
        with self.database.in_scope(scope) as connection:
            # Nobody publishes between the check and the edit.
            hold_pointers(connection, scope)
            found, problems = check_drafts(connection, drafts)
            refuse([*_words_missing(actor, reason), *problems])
            return _store(connection, scope, _signed(found, actor, reason), actor=actor, reason=reason)

    def add_signed(self, scope: Scope, drafts: Sequence[SignedDraft], *, actor: str, reason: str) -> list[Edit]:
        """Make a session of edits, each signed by itself, after pinning the state before it.

        Args:
            scope: The engagement.
            drafts: What is wanted, in order, each with who it is signed by and why.
            actor: Who makes the session; named by the pin of the state before.
            reason: Why.

        Raises:
            InputError: One of them may not be made, so none is; all problems are listed.
        """
        with self.database.in_scope(scope) as connection:
            hold_pointers(connection, scope)
            checked = check_each(connection, [one.draft for one in drafts])
            refuse([*_words_missing(actor, reason), *(one for one in checked if isinstance(one, str))])
            signed = [
                _Signed(uuid4(), edit, one.actor, one.reason)
                for one, found in zip(drafts, checked, strict=True)
                if not isinstance(found, str)
                for edit in found
            ]
            return _store(connection, scope, signed, actor=actor, reason=reason)

    def take_over(self, scope: Scope, decided: Sequence[DecidedElsewhere], *, actor: str, reason: str) -> TakenOver:
        """Make edits of decisions that people made in another system, each signed by who made it there.

        One that was taken over before is passed over, withdrawn here since or not. So is one whose cell people have
        edited here: what was decided here is the later word.

        Args:
            scope: The engagement.
            decided: The decisions, one per cell.
            actor: Who takes them over; named by the pin of the state before.
            reason: Why.
        """
        with self.database.in_scope(scope) as connection:
            hold_pointers(connection, scope)
            existing = edits_of(connection)
            ids = {UUID(edit.edit_id) for edit in existing}
            cells = {cell_of(edit): edit for edit in existing if edit.kind == "set"}
            new = [one for one in decided if one.edit_id not in ids]
            signed, problems = [], {}
            for one, checked in zip(new, check_each(connection, [one.draft for one in new]), strict=True):
                here = cells.get((one.draft.table_key, one.draft.entity, one.draft.column))
                if here is not None:
                    problems[one.edit_id] = f"edit {here.number} by {here.actor} decided it here"
                elif isinstance(checked, str):
                    problems[one.edit_id] = checked
                else:
                    signed += [_Signed(one.edit_id, edit, one.actor, one.reason) for edit in checked]
            made = _store(connection, scope, signed, actor=actor, reason=reason)
        return TakenOver(made, frozenset(one.edit_id for one in decided if one.edit_id in ids), problems)

    def check(self, scope: Scope, drafts: Sequence[Draft]) -> list[str]:
        """Return all that speaks against making edits."""
        with self.database.in_scope(scope) as connection:
            return check_drafts(connection, drafts)[1]

    def supposed(self, scope: Scope, drafts: Sequence[Draft]) -> list[Edit]:
        """Return the edits that drafts would become if they were made now; nothing is written.

        Raises:
            InputError: One of them may not be made; all problems are listed.
        """
        with self.database.in_scope(scope) as connection:
            found, problems = check_drafts(connection, drafts)
            refuse(problems)
            last = max((edit.number for edit in edits_of(connection)), default=0)
            moment = connection.execute(select(func.now())).scalar_one()
        return [
            Edit(
                **new.__dict__,
                edit_id=scope.id_of("supposed_edit", number),
                number=number,
                actor=SUPPOSED,
                reason=SUPPOSED,
                made_at=moment,
            )
            for number, new in enumerate(found, start=last + 1)
        ]

    def withdraw(self, scope: Scope, chosen: Sequence[str], *, actor: str, reason: str) -> list[Edit]:
        """Withdraw edits, by number or id: the next run of their phase does without them.

        Raises:
            InputError: One is unknown, a withdrawal itself, or withdrawn already; none is withdrawn then.
        """
        with self.database.in_scope(scope) as connection:
            hold_pointers(connection, scope)
            known = edits_of(connection)
            by_name = {name: edit for edit in known for name in (str(edit.number), edit.edit_id)}
            withdrawn = {edit.withdraws: edit.number for edit in known if edit.withdraws}
            problems = _words_missing(actor, reason)
            found = {}
            for name in chosen:
                edit = by_name.get(name.strip().lower())
                if edit is None:
                    problems.append(f"there is no edit {name}")
                elif edit.kind == "withdraw":
                    problems.append(f"edit {name} is a withdrawal; make the edit again instead")
                elif edit.edit_id in withdrawn:
                    problems.append(f"edit {name} is withdrawn already, by edit {withdrawn[edit.edit_id]}")
                else:
                    found[edit.edit_id] = edit
            refuse(problems)
            new = [
                NewEdit(
                    "withdraw",
                    edit.table_key,
                    edit.entity_id,
                    edit.column,
                    edit.new_value,
                    None if edit.kind != "set" else edit.old_value,
                    edit.edit_id,
                )
                for edit in found.values()
            ]
            return _store(connection, scope, _signed(new, actor, reason), actor=actor, reason=reason)

    def of_tables(self, scope: Scope, table_keys: Collection[str]) -> list[Edit]:
        """Return all edits of some tables, in order, those that no longer count too; see `active_edits`."""
        with self.database.in_scope(scope) as connection:
            return edits_of(connection, table_keys)

    def all(self, scope: Scope) -> list[Edit]:
        """Return all edits of an engagement, in order."""
        with self.database.in_scope(scope) as connection:
            return edits_of(connection)

    def listed(self, scope: Scope) -> list[ListedEdit]:
        """Return all edits of an engagement, in order, each with what became of it in what people see now."""
        with self.database.in_scope(scope) as connection:
            known = edits_of(connection)
            outcomes = {
                edit_id: outcome
                for key in dict.fromkeys(edit.table_key for edit in known)
                for edit_id, outcome in outcomes_in(connection, looked_at(connection, key)).items()
            }
        withdrawn = {edit.withdraws for edit in known}
        active = {edit.edit_id for edit in active_edits(known)}
        listed = []
        for edit in known:
            outcome = outcomes.get(edit.edit_id)
            if edit.kind == "withdraw":
                state = "withdrawal"
            elif edit.edit_id in withdrawn:
                state = "withdrawn"
            elif edit.edit_id not in active:
                state = "replaced"
            else:
                state = outcome.outcome if outcome else "pending"
            listed.append(ListedEdit(edit, state, outcome.computed_value if outcome else None))
        return listed

    def decided_rows(
        self, scope: Scope, table_key: str, *, snapshot_id: UUID | None = None, last_edit: int | None = None
    ) -> DecidedRows:
        """Return a table's rows as the next run is expected to make them, now or as of an earlier moment.

        Args:
            scope: The engagement.
            table_key: The table.
            snapshot_id: The snapshot that people saw; the one that they see now if not given.
            last_edit: Number of the last edit made by then; all if not given.

        Raises:
            InputError: There is no such snapshot, or its rows are gone.
        """
        with self.database.in_scope(scope) as connection:
            snapshot = _snapshot(connection, table_key, snapshot_id)
            known = [
                edit
                for edit in shown_edits(edits_of(connection), output_tables()[table_key])
                if last_edit is None or edit.number <= last_edit
            ]
            computed = {key: found.computed_value for key, found in outcomes_in(connection, snapshot).items()}
        store = SnapshotStore(self.database)
        if store.stored_rows(scope, snapshot) != snapshot.row_count:
            raise InputError(f"The rows of snapshot {snapshot.snapshot_id} are gone.", remedy="Export the table again.")
        frame, _ = apply_edits(store.read(scope, snapshot), output_tables()[table_key], expected_edits(known, computed))
        return DecidedRows(frame, snapshot.snapshot_id, max((edit.number for edit in known), default=0))

    def decisions_in(self, scope: Scope, snapshots: Iterable[Snapshot]) -> dict[str, list[Decision]]:
        """Return the edits of cells that are in the rows of snapshots, by table key and in order."""
        with self.database.in_scope(scope) as connection:
            return {
                snapshot.table_key: [
                    Decision(edit, outcomes[edit.edit_id].computed_value)
                    for edit in edits_of(connection, [snapshot.table_key])
                    if edit.kind == "set" and edit.edit_id in outcomes and outcomes[edit.edit_id].outcome in IN_THE_ROWS
                ]
                for snapshot in snapshots
                if (outcomes := outcomes_in(connection, snapshot))
            }

    def record_outcomes(self, scope: Scope, snapshot_id: UUID, outcomes: Iterable[EditOutcome]) -> None:
        """Write down what became of edits in the making of a snapshot, in a transaction of its own."""
        with self.database.in_scope(scope) as connection:
            insert_outcomes(connection, scope, snapshot_id, outcomes)


def insert_outcomes(connection: Connection, scope: Scope, snapshot_id: UUID, outcomes: Iterable[EditOutcome]) -> None:
    """Write down what became of edits in the making of a snapshot, in a transaction in the scope."""
    rows = [
        {
            **scope_values(scope),
            "snapshot_id": snapshot_id,
            "edit_id": UUID(one.edit_id),
            "outcome": one.outcome,
            "computed_value": to_json(one.computed_value),
        }
        for one in outcomes
    ]
    if rows:
        connection.execute(insert(edit_outcomes), rows)


def refuse(problems: Sequence[str]) -> None:
    """Refuse edits that something speaks against.

    Raises:
        InputError: There are problems; lists them.
    """
    if not problems:
        return
    more = [f"and {len(problems) - NAMED} more problems"] if len(problems) > NAMED else []
    raise InputError(
        f"Nothing was edited: {'; '.join([*problems[:NAMED], *more])}.",
        remedy="Correct that and try again; edits are made all at once or not at all.",
    )


def _words_missing(actor: str, reason: str) -> list[str]:
    words = {"say who makes the edit, with --by": actor, "say why, with --reason": reason}
    return [problem for problem, told in words.items() if not told.strip()]


def _signed(new: Sequence[NewEdit], actor: str, reason: str) -> list[_Signed]:
    return [_Signed(uuid4(), edit, actor.strip(), reason.strip()) for edit in new]


def _store(connection: Connection, scope: Scope, new: Sequence[_Signed], *, actor: str, reason: str) -> list[Edit]:
    if not new:
        return []
    pin = set_pin(connection, scope, kind="edit", reason=f"Before edits: {reason}", by=actor)
    session_id = uuid4()
    moment = connection.execute(select(func.clock_timestamp())).scalar_one()
    connection.execute(
        insert(edits),
        [
            {
                **scope_values(scope),
                "edit_id": one.edit_id,
                "session_id": session_id,
                "kind": one.edit.kind,
                "table_key": one.edit.table_key,
                "entity_id": one.edit.entity_id,
                "column_name": one.edit.column,
                "old_value": to_json(one.edit.old_value),
                "new_value": to_json(one.edit.new_value),
                "withdraws": one.edit.withdraws and UUID(one.edit.withdraws),
                "covered": one.edit.covered,
                "actor": one.actor,
                "reason": one.reason,
                "pin_before_id": pin.pin_id,
                # Not when the transaction began: a phase that reads its edits meanwhile would seem to know of them.
                "made_at": moment,
            }
            for one in new
        ],
    )
    stored = {edit.edit_id: edit for edit in edits_of(connection)}
    return [stored[str(one.edit_id)] for one in new]


def _snapshot(connection: Connection, table_key: str, snapshot_id: UUID | None) -> Snapshot:
    if snapshot_id is None:
        snapshot = looked_at(connection, table_key)
    else:
        snapshot = snapshots_by_id(connection, [snapshot_id]).get(snapshot_id)
    if snapshot is None or snapshot.table_key != table_key:
        raise InputError(
            f"There are no rows of {table_key} to edit." if snapshot_id is None else "The exported rows are unknown.",
            remedy="Run the flow first." if snapshot_id is None else "Export the table again.",
        )
    return snapshot
