"""What was told of tasks, as it is kept: row by row, added to and never changed.

Belongs here: keeping rows, taking in the files that landed, and which of them wait for a run. Does not: reading a file
and judging what it says (`flow_pipelines/execute/updates/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from flow_pipelines.execute.updates.received import COLUMNS, raw_rows, received
from flow_pipelines.reference.update_formats import is_update_header
from flow_pipelines.row_files import FileRow, read_rows
from flow_pipelines.scope import Scope
from resources.database import Database, scope_values
from resources.event_tables import received_updates
from resources.landing import Landing
from resources.phase_runs import last_begun

# The name under which the inputs manifest holds what was told, and the phase that judges it.
UPDATES_INPUT = "updates"
JUDGED_BY = ("execute", "overview")


@dataclass(frozen=True)
class Kept:
    """How many rows were new, and how many had been told before, cell for cell."""

    new: int
    repeated: int


@dataclass(frozen=True)
class ReceivedUpdateStore:
    """What was told of tasks in all engagements, seen through the pipeline's role, one scope at a time."""

    database: Database

    def add(self, scope: Scope, rows: Sequence[FileRow], *, by: str) -> Kept:
        """Keep rows, in order; one that was told before, cell for cell, is there once.

        Args:
            scope: The engagement.
            rows: All rows of one file, or one that was told by command.
            by: Who brought them.
        """
        with self.database.in_scope(scope) as connection:
            before = _count(connection)
            # Not when the transaction began: a phase that reads meanwhile would seem to know of them.
            moment = connection.execute(select(func.clock_timestamp())).scalar_one()
            if rows:
                statement = insert(received_updates).on_conflict_do_nothing()
                own = scope_values(scope) | {"received_at": moment, "received_by": by}
                connection.execute(statement, [own | row for row in raw_rows(scope, rows)])
            new = _count(connection) - before
        return Kept(new, len(rows) - new)

    def rows(self, scope: Scope) -> pd.DataFrame:
        """Return all that was received, in order of receipt; see `flow_pipelines/execute/updates/received.py`."""
        query = select(*(received_updates.c[name] for name in COLUMNS)).order_by(received_updates.c.update_number)
        with self.database.in_scope(scope) as connection:
            found = connection.execute(query).all()
        return received(tuple(row) for row in found)

    def take_in(self, landing: Landing, scope: Scope) -> dict[str, Kept]:
        """Keep the rows of the files that landed and move the files away; the caller holds the engagement's lock.

        One that may still be arriving waits for the next run, which the sensor starts once it is whole. A process that
        is killed in between leaves the file: its rows are then told twice, and there once.

        Returns:
            By name of file, what became of its rows.
        """
        kept = {}
        for file in landing.settled_update_files(scope):
            kept[file.name] = self.add(
                scope, list(read_rows(file.path, file.name, is_update_header)), by=_owner(file.path)
            )
            landing.take_in_update(scope, file)
        return kept

    def waiting(self, scope: Scope) -> int:
        """Return the number of the last row told by command that waits to be judged, 0 if none does.

        It was received since the phase last began. A phase that failed is not waited for again, nor one that has never
        run: its flow starts by itself. Rows of files do not wait: the run that takes them in judges them.
        """
        query = select(func.max(received_updates.c.received_at), func.max(received_updates.c.update_number)).where(
            received_updates.c.row_number.is_(None), received_updates.c.problem.is_(None)
        )
        with self.database.in_scope(scope) as connection:
            received_at, number = connection.execute(query).one()
            begun = last_begun(connection).get(JUDGED_BY)
        return int(number) if begun and received_at and received_at > begun else 0

    def are_judged(self, scope: Scope) -> bool:
        """Tell whether the phase that judges what was told has ever begun."""
        with self.database.in_scope(scope) as connection:
            return JUDGED_BY in last_begun(connection)


def version_of(rows: pd.DataFrame) -> str:
    """Return a hash of what was received, for the inputs manifest."""
    return hashlib.sha256("\n".join(sorted(rows["content_id"])).encode()).hexdigest()


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(received_updates)).scalar_one())


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, NotImplementedError):  # a container's user may have no name, and Windows no owners
        return "unknown"
