"""Approvals as they are kept: added to, never changed.

Belongs here: approving what is current, and telling which versions are approved. Does not: what waits for an approval
(`flow_pipelines/reference/handoff_rules.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, insert, select, tuple_

from flow_pipelines.approvals import Approval
from flow_pipelines.errors import InputError
from flow_pipelines.flows import flow_of
from flow_pipelines.scope import Scope
from resources.database import Database, scope_values
from resources.edited_rows import looked_at
from resources.event_tables import approvals
from resources.pins import set_pin
from resources.pointers import hold_pointers
from resources.snapshots import Snapshot
from resources.waiting_edits import waiting

# The name under which the inputs manifest of a hand-off holds the approvals that it counted.
APPROVALS = "approvals"
COLUMNS = select(
    approvals.c.approval_number, approvals.c.table_key, approvals.c.data_version, approvals.c.approved_by,
    approvals.c.reason, approvals.c.created_at,
).order_by(approvals.c.approval_number)  # fmt: skip


@dataclass(frozen=True)
class ApprovalStore:
    """The approvals of all engagements, seen through the pipeline's role, one scope at a time."""

    database: Database

    def approve(self, scope: Scope, table_key: str, *, by: str, reason: str) -> Approval:
        """Approve the current version of a table, and pin the state.

        Raises:
            InputError: Name or reason is missing, there is no version yet, edits of its flow wait for a run (the next
                one would make another version), or this version is approved by the same person already.
        """
        by, reason = by.strip(), reason.strip()
        if not by or not reason:
            raise InputError("An approval needs a name and a reason.", remedy="Say --by NAME --reason WHY.")
        waits = waiting(self.database, scope).get(flow_of(table_key).name)
        with self.database.in_scope(scope) as connection:
            # Nobody publishes between the look and the approval.
            hold_pointers(connection, scope)
            snapshot = looked_at(connection, table_key)
            run = f"Run: flow run {scope} --flow {flow_of(table_key).name}"
            if snapshot is None:
                raise InputError(f"{scope} has no {table_key} to approve.", remedy=run)
            if waits:
                phases = ", ".join(sorted(waits.phases))
                raise InputError(f"Edits of {phases} wait for a run, which may change the plan.", remedy=run)
            known = connection.execute(_of_versions([snapshot])).all()
            if any(row.approved_by == by for row in known):
                raise InputError(f"{by} has approved this version already.", remedy="There is nothing more to do.")
            return _store(connection, scope, snapshot, by=by, reason=reason)

    def listed(self, scope: Scope, table_key: str) -> list[Approval]:
        """Return all approvals of a table, of any version, in order."""
        with self.database.in_scope(scope) as connection:
            return [Approval(*row) for row in connection.execute(COLUMNS.where(approvals.c.table_key == table_key))]

    def of_snapshots(self, scope: Scope, snapshots: Iterable[Snapshot]) -> dict[str, Approval]:
        """Return the first approval of the rows of each snapshot, by table key; what nobody approved is left out."""
        with self.database.in_scope(scope) as connection:
            found = [Approval(*row) for row in connection.execute(_of_versions(snapshots))]
        return {one.table_key: one for one in reversed(found)}


def _of_versions(snapshots: Iterable[Snapshot]) -> Select[Any]:
    versions = [(snapshot.table_key, snapshot.data_version) for snapshot in snapshots]
    return COLUMNS.where(tuple_(approvals.c.table_key, approvals.c.data_version).in_(versions))


def _store(connection: Connection, scope: Scope, snapshot: Snapshot, *, by: str, reason: str) -> Approval:
    pin = set_pin(connection, scope, kind="person", reason=f"Approved: {reason}", by=by)
    values = {"table_key": snapshot.table_key, "data_version": snapshot.data_version}
    values |= {"approved_by": by, "reason": reason}
    stored = connection.execute(
        insert(approvals)
        .values(**scope_values(scope), **values, snapshot_id=snapshot.snapshot_id, pin_id=pin.pin_id)
        .returning(approvals.c.approval_number, approvals.c.created_at)
    ).one()
    return Approval(stored.approval_number, **values, approved_at=stored.created_at)
