"""Which edits wait for a run: made since the phase that applies them last began.

Belongs here: that one question. Does not: keeping edits (`edits.py`), running anything.
"""

from __future__ import annotations

from sqlalchemy import func, select

from flow_pipelines.flows import step_of
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.event_tables import edits, phase_runs


def waiting(database: Database, scope: Scope) -> dict[str, int]:
    """Return the number of the last edit that waits for a run, by the name of the flow that must run.

    A phase that failed after the edit is not waited for again: it would fail again until something else changes.
    """
    made = select(
        edits.c.table_key, func.max(edits.c.made_at).label("at"), func.max(edits.c.edit_number).label("number")
    )
    begun = select(phase_runs.c.flow_name, phase_runs.c.phase_name, func.max(phase_runs.c.started_at).label("at"))
    with database.in_scope(scope) as connection:
        last_begun = {
            (row.flow_name, row.phase_name): row.at
            for row in connection.execute(begun.group_by(phase_runs.c.flow_name, phase_runs.c.phase_name))
        }
        made_last = connection.execute(made.group_by(edits.c.table_key)).all()
    found: dict[str, int] = {}
    for row in made_last:
        step = step_of(row.table_key)
        if step in last_begun and row.at > last_begun[step]:
            found[step[0]] = max(row.number, found.get(step[0], 0))
    return found
