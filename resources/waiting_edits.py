"""Which edits wait for a run: made since the phase that applies them last began.

Belongs here: that one question. Does not: keeping edits (`edits.py`), running anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from flow_pipelines.flows import step_of
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.event_tables import edits
from resources.phase_runs import last_begun


@dataclass(frozen=True)
class WaitingEdits:
    """The edits of one flow that wait.

    Attributes:
        number: Number of the last one.
        phases: The phases that they belong to.
    """

    number: int
    phases: frozenset[str]


def waiting(database: Database, scope: Scope) -> dict[str, WaitingEdits]:
    """Return the edits that wait for a run, by the name of the flow that must run.

    A phase that failed after the edit is not waited for again: it would fail again until something else changes.
    """
    made = select(edits.c.table_key, func.max(edits.c.made_at).label("at"), func.max(edits.c.edit_number).label("last"))
    with database.in_scope(scope) as connection:
        begun = last_begun(connection)
        made_last = connection.execute(made.group_by(edits.c.table_key)).all()
    found: dict[str, WaitingEdits] = {}
    for row in made_last:
        flow, phase = step_of(row.table_key)
        if (flow, phase) in begun and row.at > begun[flow, phase]:
            known = found.get(flow, WaitingEdits(0, frozenset()))
            found[flow] = WaitingEdits(max(row.last, known.number), known.phases | {phase})
    return found
