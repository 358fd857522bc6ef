"""The tables that say what happened: phases, pointer moves, pins, rollbacks, edits, updates.

Belongs here: their declaration. Rows are added and, but for the end of what they describe, never changed; the
mission's tables (`migration_flows`, `flow_phases` and so on) are views over them (`control_views.py`), so that no
rollback and no killed process can leave one of those wrong.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from resources.control_tables import METADATA, PLATFORM, created, of_engagement, of_snapshot, scope_columns


def _of(table: str, column: str, constraint: str | None = None) -> ForeignKeyConstraint:
    key = {"pins": "pin_id", "rollbacks": "rollback_id", "edits": "edit_id"}[table]
    return ForeignKeyConstraint(
        ["client_account_id", "engagement_id", column],
        [f"{PLATFORM}.{table}.{name}" for name in ("client_account_id", "engagement_id", key)],
        name=constraint,
    )


phase_runs = Table(
    "phase_runs",
    METADATA,
    *scope_columns(),
    Column("phase_run_id", Uuid(), nullable=False, comment="One attempt of one phase."),
    Column("flow_name", Text(), nullable=False, comment="The flow."),
    Column("phase_name", Text(), nullable=False, comment="The phase, or handoff for the hand-off into the flow."),
    Column("run_id", Text(), nullable=False, comment="The Dagster run."),
    Column("cause", Text(), nullable=False, comment="compute, or rollback if pinned rows were made current again."),
    Column("status", Text(), nullable=False, comment="active, completed, failed, or interrupted (its process ended)."),
    Column(
        "started_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
        comment="When it started.",
    ),
    Column("finished_at", DateTime(timezone=True), comment="When it ended, or was found to have ended."),
    Column("error_kind", Text(), comment="gate, input or error; empty if it did not fail."),
    Column("error", Text(), comment="What went wrong, in words."),
    PrimaryKeyConstraint("phase_run_id"),
    of_engagement(),
    CheckConstraint("status IN ('active', 'completed', 'failed', 'interrupted')", name="status_is_known"),
    CheckConstraint("cause IN ('compute', 'rollback')", name="cause_is_known"),
    CheckConstraint("(status = 'active') = (finished_at IS NULL)", name="ends_once"),
    Index(None, "engagement_id", "flow_name", "phase_name", "started_at"),
    schema=PLATFORM,
    comment="One row per attempt of a phase, added when it starts and completed when it ends.",
)

pins = Table(
    "pins",
    METADATA,
    *scope_columns(),
    Column("pin_id", Uuid(), nullable=False, comment="The pin."),
    Column("name", Text(), nullable=False, comment="Its name, unique in the engagement."),
    Column("kind", Text(), nullable=False, comment="What set it: handoff, rollback, edit, import or person."),
    Column("reason", Text(), nullable=False, comment="Why it was set."),
    Column("created_by", Text(), nullable=False, comment="Who set it."),
    created(),
    PrimaryKeyConstraint("client_account_id", "engagement_id", "pin_id"),
    UniqueConstraint("engagement_id", "name"),
    of_engagement(),
    CheckConstraint("kind IN ('handoff', 'rollback', 'edit', 'import', 'person')", name="kind_is_known"),
    schema=PLATFORM,
    comment="Named, consistent sets of snapshots of one engagement: what a rollback can return to.",
)

pinned_snapshots = Table(
    "pinned_snapshots",
    METADATA,
    *scope_columns(),
    Column("pin_id", Uuid(), nullable=False, comment="The pin."),
    Column("table_key", Text(), nullable=False, comment="The table, flow/table."),
    Column("snapshot_id", Uuid(), nullable=False, comment="The snapshot that was current."),
    PrimaryKeyConstraint("pin_id", "table_key"),
    _of("pins", "pin_id"),
    of_snapshot(),
    schema=PLATFORM,
    comment="The snapshots of each pin.",
)

landed_files = Table(
    "landed_files",
    METADATA,
    *scope_columns(),
    Column(
        "landing_number", BigInteger(), nullable=False, comment="Order of landings; files taken in at once share one."
    ),
    Column("file_name", Text(), nullable=False, comment="Its name when it landed."),
    Column("content_hash", Text(), nullable=False, comment="SHA-256 of its bytes."),
    Column("size_bytes", BigInteger(), nullable=False, comment="Its size."),
    Column(
        "landed_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        comment="When a run took it in.",
    ),
    Column("pin_before_id", Uuid(), nullable=False, comment="The pin of the state before this landing."),
    PrimaryKeyConstraint("engagement_id", "landing_number", "file_name"),
    of_engagement(),
    _of("pins", "pin_before_id"),
    schema=PLATFORM,
    comment="The ledger of files that landed: in which order, and what was in them. Added to, never changed.",
)

rollbacks = Table(
    "rollbacks",
    METADATA,
    *scope_columns(),
    Column("rollback_id", Uuid(), nullable=False, comment="The rollback."),
    Column("flow_name", Text(), nullable=False, comment="The flow that is rolled back, or whose phase is."),
    Column("phase_name", Text(), comment="The phase, if the scope is one."),
    Column("rollback_scope", Text(), nullable=False, comment="phase, flow or cascade."),
    Column("target", Text(), nullable=False, comment="What it returns to, as the person named it."),
    Column("reason", Text(), nullable=False, comment="Why."),
    Column("requested_by", Text(), nullable=False, comment="Who asked for it."),
    Column("pin_before_id", Uuid(), nullable=False, comment="The pin of the state before, to roll forward to."),
    Column(
        "status",
        Text(),
        nullable=False,
        comment="pending, executed (pointers moved), completed (checked too) or abandoned.",
    ),
    created(),
    Column("run_id", Text(), comment="The Dagster run that executed it."),
    Column("executed_at", DateTime(timezone=True), comment="When the pointers moved, all in one transaction."),
    Column("completed_at", DateTime(timezone=True), comment="When its integrity was checked."),
    Column("integrity_problems", ARRAY(Text()), comment="What the check found; empty list if all holds."),
    PrimaryKeyConstraint("client_account_id", "engagement_id", "rollback_id"),
    of_engagement(),
    _of("pins", "pin_before_id"),
    CheckConstraint("rollback_scope IN ('phase', 'flow', 'cascade')", name="scope_is_known"),
    CheckConstraint("status IN ('pending', 'executed', 'completed', 'abandoned')", name="status_is_known"),
    schema=PLATFORM,
    comment="One row per rollback, from request to checked result.",
)

rollback_moves = Table(
    "rollback_moves",
    METADATA,
    *scope_columns(),
    Column("rollback_id", Uuid(), nullable=False, comment="The rollback."),
    Column("table_key", Text(), nullable=False, comment="The table, flow/table."),
    Column("from_snapshot_id", Uuid(), comment="What was current; empty if nothing was."),
    Column("to_snapshot_id", Uuid(), comment="What becomes current; empty if nothing was at that point."),
    PrimaryKeyConstraint("rollback_id", "table_key"),
    _of("rollbacks", "rollback_id"),
    of_snapshot("from_snapshot_id", "move_from_snapshot"),
    of_snapshot("to_snapshot_id", "move_to_snapshot"),
    schema=PLATFORM,
    comment="Which pointers a rollback moves, fixed when it was asked for.",
)

pointer_moves = Table(
    "pointer_moves",
    METADATA,
    *scope_columns(),
    Column("move_number", BigInteger(), Identity(always=True), nullable=False, comment="Order of moves."),
    Column("table_key", Text(), nullable=False, comment="The table, flow/table."),
    Column("snapshot_id", Uuid(), comment="What became current; empty if nothing is any more."),
    Column("moved_at", DateTime(timezone=True), nullable=False, server_default=func.now(), comment="When."),
    Column("rollback_id", Uuid(), comment="The rollback that moved it; empty if a run published it."),
    PrimaryKeyConstraint("move_number"),
    of_engagement(),
    of_snapshot(),
    _of("rollbacks", "rollback_id"),
    Index(None, "engagement_id", "table_key", "moved_at"),
    schema=PLATFORM,
    comment="Every move of every pointer, so that the state at any time can be told.",
)

edits = Table(
    "edits",
    METADATA,
    *scope_columns(),
    Column("edit_id", Uuid(), nullable=False, comment="The edit."),
    Column("edit_number", BigInteger(), Identity(always=True), nullable=False, comment="Order of edits."),
    Column("session_id", Uuid(), nullable=False, comment="The session; all its edits were made at once or none."),
    Column("kind", Text(), nullable=False, comment="set, merge, split, or withdraw of an earlier edit."),
    Column("table_key", Text(), nullable=False, comment="The table, flow/table."),
    Column("entity_id", Text(), nullable=False, comment="Key of the row; of a merge or split, a record of the asset."),
    Column("column_name", Text(), nullable=False, comment="The column."),
    Column("old_value", Text(), comment="What it would have held without edits when the edit was made, as JSON."),
    Column("new_value", Text(), comment="What it is to hold, as JSON; of a merge, a record of the other asset."),
    Column("withdraws", Uuid(), comment="The edit that this one withdraws."),
    Column("covered", BigInteger(), comment="How many rows a waiver was about; it does not count for more."),
    Column("actor", Text(), nullable=False, comment="Who made it."),
    Column("reason", Text(), nullable=False, comment="Why."),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now(), comment="When."),
    Column("pin_before_id", Uuid(), nullable=False, comment="The pin of the state before the session."),
    PrimaryKeyConstraint("client_account_id", "engagement_id", "edit_id"),
    of_engagement(),
    _of("pins", "pin_before_id"),
    _of("edits", "withdraws", "edit_that_is_withdrawn"),
    CheckConstraint("kind IN ('set', 'merge', 'split', 'withdraw')", name="kind_is_known"),
    Index(None, "engagement_id", "table_key", "edit_number"),
    schema=PLATFORM,
    comment="People's corrections: added to and never changed; applied again by every run of their phase.",
)

edit_outcomes = Table(
    "edit_outcomes",
    METADATA,
    *scope_columns(),
    Column("snapshot_id", Uuid(), nullable=False, comment="The snapshot in whose making the edit was applied."),
    Column("edit_id", Uuid(), nullable=False, comment="The edit."),
    Column("outcome", Text(), nullable=False, comment="applied, agreed, ground_changed or not_found."),
    Column("computed_value", Text(), comment="What the row would hold without the edit, as JSON."),
    PrimaryKeyConstraint("snapshot_id", "edit_id"),
    of_snapshot(),
    _of("edits", "edit_id"),
    CheckConstraint("outcome IN ('applied', 'agreed', 'ground_changed', 'not_found')", name="outcome_is_known"),
    schema=PLATFORM,
    comment="What became of each edit in each snapshot: the value that lost, and whether its ground has changed.",
)

approvals = Table(
    "approvals",
    METADATA,
    *scope_columns(),
    Column("approval_number", BigInteger(), Identity(always=True), nullable=False, comment="Order of the rows."),
    Column("table_key", Text(), nullable=False, comment="The table, flow/table, whose rows are approved."),
    Column("snapshot_id", Uuid(), nullable=False, comment="The snapshot that the person saw."),
    Column("data_version", Text(), nullable=False, comment="Hash of its rows: any version of equal rows is approved."),
    Column("approved_by", Text(), nullable=False, comment="Who approved it."),
    Column("reason", Text(), nullable=False, comment="Why."),
    Column("pin_id", Uuid(), nullable=False, comment="The pin of the state that was approved."),
    created(),
    PrimaryKeyConstraint("approval_number"),
    of_engagement(),
    of_snapshot(),
    _of("pins", "pin_id"),
    Index(None, "engagement_id", "table_key", "data_version"),
    schema=PLATFORM,
    comment="Who approved which version of a table: added to, never changed; a version that differs is not approved.",
)

received_updates = Table(
    "received_updates",
    METADATA,
    *scope_columns(),
    Column("update_number", BigInteger(), Identity(always=True), nullable=False, comment="Order of receipt."),
    Column("content_id", Uuid(), nullable=False, comment="Id of what was told: the same row told twice is one."),
    Column("source", Text(), nullable=False, comment="The file, or flow task."),
    Column("sheet", Text(), comment="The sheet, of a workbook."),
    Column("row_number", BigInteger(), comment="The row in it, from 1; empty if it is about the file as a whole."),
    Column("cells", JSONB(), nullable=False, comment="What was told, as it was: column to cell."),
    Column("problem_code", Text(), comment="Why it could not be read, as a word; empty if it could."),
    Column("problem", Text(), comment="Why, in words."),
    Column("remedy", Text(), comment="What to do about that."),
    Column(
        "month_first",
        Boolean(),
        comment="Whether its file writes the month first; empty if that does not matter, or the file does not show it.",
    ),
    Column(
        "received_at",
        DateTime(timezone=True),
        nullable=False,
        comment="When it was received; the rows of one file share it.",
    ),
    Column("received_by", Text(), nullable=False, comment="Who brought it."),
    PrimaryKeyConstraint("update_number"),
    UniqueConstraint("engagement_id", "content_id"),
    of_engagement(),
    CheckConstraint("(problem IS NULL) = (problem_code IS NULL)", name="problem_has_a_code"),
    schema=PLATFORM,
    comment="What was told of tasks, as it came: rows are added and never changed; every run judges all of them anew.",
)
