"""What happens to an engagement, without Dagster: phases that run, fail or are killed, hand-offs, rollbacks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from uuid import uuid4

import pandas as pd
from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Date, Double, Table, insert, text, update
from sqlalchemy.dialects.postgresql import JSONB

from flow_pipelines.errors import GateError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.declaration import IDENTIFIER
from resources.database import Database
from resources.event_tables import rollback_moves, rollbacks
from resources.phase_runs import interrupt, tracked, unfinished
from resources.pins import set_pin, state_at
from resources.pointers import hold_pointers, move_pointer
from resources.snapshots import Input, Snapshot, SnapshotStore, scope_values
from resources.views.declaration import stages

Rows = Mapping[str, list[dict[str, object]]]


def row(table: Table, **given: object) -> dict[str, object]:
    """Return a row that keeps a table's contract, with the given cells and the least of the others."""
    closed = {
        constraint.info["column"]: constraint.info["values"][0]
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint) and "values" in constraint.info
    }
    required = {column.name: _least(column) for column in table.columns if not column.nullable}
    return required | closed | given


def _least(column: Column[object]) -> object:
    if column.type is IDENTIFIER:
        return str(uuid4())
    forms = ((BigInteger, 1), (Double, 0.5), (Boolean, False), (ARRAY, []), (JSONB, {}), (Date, "2026-01-01"))
    return next((value for kind, value in forms if isinstance(column.type, kind)), column.name)


def frame(key: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    table = output_tables()[key]
    columns = [column.name for column in table.columns]
    return conform(pd.DataFrame([row(table, **cells) for cells in rows], columns=columns), table)


@dataclass
class Engagement:
    """One engagement to which things happen."""

    database: Database
    scope: Scope
    store: SnapshotStore = field(init=False)
    running: list[AbstractContextManager[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = SnapshotStore(self.database)

    def run(self, flow: str, phase: str, rows: Rows | None = None, run_id: str = "run") -> list[Snapshot]:
        """Run a phase that succeeds."""
        with tracked(self.database, self.scope, flow=flow, phase=phase, run_id=run_id):
            written = self.write(flow, phase, rows, run_id)
            self.store.publish(self.scope, written)
        return written

    def write(self, flow: str, phase: str, rows: Rows | None = None, run_id: str = "run") -> list[Snapshot]:
        stage = next(stage for stage in stages(flow_named(flow)) if stage.name == phase)
        frames = {key: frame(key, (rows or {}).get(key, [])) for key in stage.tables}
        return self.store.write(
            self.scope, frames, inputs=self._inputs(flow, stage.order), run_id=run_id, code_version="1"
        )

    def run_flow(self, flow: str, rows: Rows | None = None, run_id: str = "run") -> None:
        for stage in stages(flow_named(flow)):
            self.run(flow, stage.name, rows, run_id)

    def refuse(self, flow: str, phase: str, reason: str, rows: Rows | None = None, run_id: str = "run") -> None:
        """Run a phase whose gate refuses its result."""
        try:
            with tracked(self.database, self.scope, flow=flow, phase=phase, run_id=run_id):
                self.store.reject(self.scope, self.write(flow, phase, rows, run_id), reason)
                error = GateError(reason, remedy="Mend it.")
                error.kind = "gate"  # type: ignore[attr-defined]
                raise error
        except GateError:
            pass

    def start(self, flow: str, phase: str, run_id: str = "run") -> None:
        """Start a phase and leave it running."""
        self.running.append(tracked(self.database, self.scope, flow=flow, phase=phase, run_id=run_id))
        self.running[-1].__enter__()

    def kill(self) -> None:
        """Find out that the processes of all running phases ended."""
        for phase_run in unfinished(self.database, self.scope):
            interrupt(self.database, self.scope, phase_run)

    def pin(self, name: str) -> None:
        with self.database.in_scope(self.scope) as connection:
            set_pin(connection, self.scope, kind="person", reason="to be safe", by="jane", name=name)

    def roll_back(self, flow: str, to: str | None, reason: str) -> None:
        """Roll a flow's tables back to a pin, or to before there were any."""
        rollback = {**scope_values(self.scope), "rollback_id": uuid4()}
        keys = [key for stage in stages(flow_named(flow)) for key in stage.tables]
        with self.database.in_scope(self.scope) as connection:
            hold_pointers(connection, self.scope)
            target = state_at(connection, to) if to else {}
            before = state_at(connection, "current")
            pin = set_pin(connection, self.scope, kind="rollback", reason=reason, by="jane")
            described = {"flow_name": flow, "rollback_scope": "flow", "target": to or "nothing", "reason": reason}
            connection.execute(
                insert(rollbacks).values(
                    **rollback, **described, requested_by="jane", pin_before_id=pin.pin_id, status="pending"
                )
            )
            for key in keys:
                old, new = before.get(key), target.get(key)
                if (old and old.snapshot_id) != (new and new.snapshot_id):
                    ids = {"from_snapshot_id": old and old.snapshot_id, "to_snapshot_id": new and new.snapshot_id}
                    connection.execute(insert(rollback_moves).values(**rollback, table_key=key, **ids))
                    move_pointer(connection, self.scope, key, new, rollback_id=rollback["rollback_id"])
            connection.execute(
                update(rollbacks)
                .where(rollbacks.c.rollback_id == rollback["rollback_id"])
                .values(
                    status="completed", executed_at=text("now()"), completed_at=text("now()"), integrity_problems=[]
                )
            )

    def select(self, query: str) -> list[dict[str, object]]:
        with self.database.in_scope(self.scope) as connection:
            return [dict(found) for found in connection.execute(text(query)).mappings()]

    def flow(self, name: str) -> dict[str, object]:
        (found,) = self.select(f"SELECT * FROM platform.migration_flows WHERE flow_type = '{name}'")
        return found

    def phases(self, flow: str) -> dict[str, dict[str, object]]:
        found = self.select(f"SELECT * FROM platform.flow_phases WHERE flow_type = '{flow}' ORDER BY phase_order")
        return {str(phase["phase_name"]): phase for phase in found}

    def statuses(self, flow: str) -> dict[str, str]:
        return {name: str(phase["status"]) for name, phase in self.phases(flow).items()}

    def _inputs(self, flow: str, order: int) -> list[Input]:
        declared = flow_named(flow)
        current = self.store.current(self.scope)
        if order == 0:
            followed = [key for stage in stages(flow_named(str(declared.follows))) for key in stage.tables]
            return [Input.of_snapshot(current[key]) for key in followed]
        earlier = [key for stage in stages(declared) if stage.order < order for key in stage.tables]
        own = [Input.of_snapshot(current[key]) for key in earlier]
        if declared.handoff is None:
            return own
        return own + self.store.inputs_of(self.scope, current[declared.handoff])
