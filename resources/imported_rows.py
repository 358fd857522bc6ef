"""How many rows of each landed file were imported and how many rejected, counted by the database.

Belongs here: that one question. Does not: importing (`flow_pipelines/discovery/data_import.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from flow_pipelines.scope import Scope
from resources.control_tables import history_tables
from resources.database import Database
from resources.edited_rows import looked_at

TABLES = ("discovery/imported_records", "discovery/rejected_records")


@dataclass(frozen=True)
class FileRows:
    """What became of the rows of one file."""

    imported: int
    rejected: int


def rows_by_file(database: Database, scope: Scope) -> dict[str, FileRows]:
    """Return what became of the rows of each file in the current import of an engagement, by the file's name.

    Of a file that landed several times it is the version that landed last.
    """
    totals: dict[tuple[str, int], dict[str, int]] = {}
    with database.in_scope(scope) as connection:
        for key in TABLES:
            snapshot, history = looked_at(connection, key), history_tables()[key]
            if snapshot is None:
                continue
            query = (
                select(history.c.source_file, history.c.landing_number, func.sum(history.c.row_count))
                .where(history.c.snapshot_id == snapshot.rows_snapshot_id)
                .group_by(history.c.source_file, history.c.landing_number)
            )
            for name, landing, rows in connection.execute(query):
                totals.setdefault((name, landing or 0), {})[key] = int(rows)
    newest = {name: found for (name, _), found in sorted(totals.items(), key=lambda item: item[0])}
    return {name: FileRows(*(found.get(key, 0) for key in TABLES)) for name, found in newest.items()}
