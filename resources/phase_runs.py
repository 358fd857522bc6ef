"""What happened to phases: every attempt is written down when it starts and when it ends.

Belongs here: the rows of `phase_runs`. Does not: what is derived from them (`views/`), Dagster's own
events.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Update, func, insert, select, update

from flow_pipelines.scope import Scope
from resources.database import Database, scope_values
from resources.event_tables import phase_runs

LONGEST_ERROR = 4000
Cause = Literal["compute", "rollback"]


@dataclass(frozen=True)
class PhaseRun:
    """An attempt of a phase that has not ended as far as anybody knows."""

    phase_run_id: UUID
    flow_name: str
    phase_name: str
    run_id: str


@contextmanager
def tracked(database: Database, scope: Scope, *, flow: str, phase: str, run_id: str) -> Iterator[UUID]:
    """Write down that a phase started and, when the block ends, whether it completed or failed, and why.

    An error that has a `kind` (gate, input) is of that kind. A process that is killed leaves the attempt active;
    `interrupt` marks it once that is known.
    """
    phase_run_id = uuid4()
    with database.in_scope(scope) as connection:
        connection.execute(
            insert(phase_runs).values(
                **scope_values(scope),
                phase_run_id=phase_run_id,
                flow_name=flow,
                phase_name=phase,
                run_id=run_id,
                cause="compute",
                status="active",
            )
        )
    try:
        yield phase_run_id
    except BaseException as error:
        kind = getattr(error, "kind", None) or "error"
        _end(database, scope, phase_run_id, status="failed", error_kind=kind, error=str(error)[:LONGEST_ERROR])
        raise
    with database.in_scope(scope) as connection:
        complete(connection, phase_run_id)


def complete(connection: Connection, phase_run_id: UUID) -> None:
    """Write down that an attempt completed, in the transaction that publishes what it computed."""
    connection.execute(_ending(phase_run_id).values(status="completed"))


def add_completed(connection: Connection, scope: Scope, *, flow: str, phase: str, run_id: str, cause: Cause) -> None:
    """Write down an attempt that began and completed in the running transaction."""
    connection.execute(
        insert(phase_runs).values(
            **scope_values(scope),
            phase_run_id=uuid4(),
            flow_name=flow,
            phase_name=phase,
            run_id=run_id,
            cause=cause,
            status="completed",
            finished_at=func.clock_timestamp(),
        )
    )


def last_begun(connection: Connection) -> dict[tuple[str, str], datetime]:
    """Return when each phase of the scope's engagement last began, by flow and phase, whatever came of it."""
    query = select(phase_runs.c.flow_name, phase_runs.c.phase_name, func.max(phase_runs.c.started_at).label("at"))
    found = connection.execute(query.group_by(phase_runs.c.flow_name, phase_runs.c.phase_name))
    return {(row.flow_name, row.phase_name): row.at for row in found}


def unfinished(database: Database, scope: Scope) -> list[PhaseRun]:
    """Return the attempts of an engagement that started and are not known to have ended."""
    query = select(phase_runs.c.phase_run_id, phase_runs.c.flow_name, phase_runs.c.phase_name, phase_runs.c.run_id)
    with database.in_scope(scope) as connection:
        return [PhaseRun(*row) for row in connection.execute(query.where(phase_runs.c.status == "active"))]


def interrupt(database: Database, scope: Scope, phase_run: PhaseRun) -> None:
    """Mark an attempt whose process ended without a word."""
    _end(
        database,
        scope,
        phase_run.phase_run_id,
        status="interrupted",
        error_kind="error",
        error="The process ended before the phase did; nothing of it was published that is not current now.",
    )


def _end(database: Database, scope: Scope, phase_run_id: UUID, **values: str) -> None:
    with database.in_scope(scope) as connection:
        connection.execute(_ending(phase_run_id).values(**values))


def _ending(phase_run_id: UUID) -> Update:
    return (
        update(phase_runs)
        .where(phase_runs.c.phase_run_id == phase_run_id, phase_runs.c.status == "active")
        .values(finished_at=func.clock_timestamp())
    )
