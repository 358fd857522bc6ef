"""How far a task is: the columns that every table of tasks in the Execute flow carries.

Belongs here: the states of a task and those columns. Does not: which change of state is possible
(`flow_pipelines/execute/updates/`), and what fills the columns (`flow_pipelines/execute/progress.py`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column

from flow_pipelines.tables.declaration import TEXT, TIMESTAMP, one_of, optional, required

UPDATES = "execute/task_updates"
PLANNED, IN_PROGRESS, BLOCKED, DONE, FAILED, ROLLED_BACK, SKIPPED = STATES = (
    "planned",
    "in progress",
    "blocked",
    "done",
    "failed",
    "rolled back",
    "skipped",
)


def progress_columns() -> list[Column[Any] | CheckConstraint]:
    """Return new columns of what has really happened to a task, and the check of its state."""
    told = [f"{UPDATES}.state", f"{UPDATES}.happened_at"]
    return [
        required("state", TEXT, "Where it stands; planned if nobody has told anything.", sources=told[:1]),
        optional("actual_start", TIMESTAMP, "When it was begun last.", sources=told),
        optional("actual_end", TIMESTAMP, "When it was done, or skipped; empty if it is not.", sources=told),
        optional("told_at", TIMESTAMP, "As of when the last thing is known of it.", sources=told[1:]),
        optional("told_by", TEXT, "Who told it.", sources=[f"{UPDATES}.told_by"]),
        optional("note", TEXT, "What they said.", sources=[f"{UPDATES}.note"]),
        one_of("state", *STATES),
    ]
