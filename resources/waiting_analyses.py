"""Which files of static analyses wait for a run: new or changed since the phase that reads them last ran.

Belongs here: that one question. Does not: where the files lie (`landing.py`), running anything.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.scope import Scope
from resources.control_tables import snapshots
from resources.database import Database
from resources.landing import Landing, content_hash
from resources.snapshots import SNAPSHOT_COLUMNS, Input, Snapshot, SnapshotStore

READ_INTO = "modernize/code_findings"


def analysis_inputs(landing: Landing, scope: Scope) -> list[Input]:
    """Return the entries of an inputs manifest for the files of analyses as they lie there."""
    return [Input(f"analysis:{file.name}", _content(file)) for file in landing.analysis_files(scope)]


def waiting_analyses(database: Database, landing: Landing, scope: Scope) -> str:
    """Return a fingerprint of the files of analyses if one is new or changed; empty if not, or one still arrives.

    The version that was written last tells what was read, be it refused by a gate or gone behind by a rollback: neither
    is undone by itself. Nothing waits before there is any version: the flow starts by itself.
    """
    fingerprint = landing.settled_analyses(scope)
    if not fingerprint or not (last := _last_written(database, scope)):
        return ""
    read = {(one.name, one.version) for one in SnapshotStore(database).inputs_of(scope, last)}
    is_news = any((one.name, one.version) not in read for one in analysis_inputs(landing, scope))
    return fingerprint if is_news else ""


def _last_written(database: Database, scope: Scope) -> Snapshot | None:
    query = SNAPSHOT_COLUMNS.where(
        snapshots.c.table_key == READ_INTO, snapshots.c.status.in_(["published", "rejected"])
    ).order_by(snapshots.c.created_at.desc())
    with database.in_scope(scope) as connection:
        found = connection.execute(query.limit(1)).first()
    return Snapshot(*found) if found else None


def _content(file: SourceFile) -> str:
    status = file.path.stat()
    return _hash(file.path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=1_000)
def _hash(path: Path, _size: int, _changed_at: int) -> str:
    # Looked at every 15 s; a report of 100 MB takes 0.1 s.
    return content_hash(path)
