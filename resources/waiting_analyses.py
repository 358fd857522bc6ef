"""Which files of static analyses wait for a run: new or changed since a phase that reads them last ran.

Belongs here: that one question, and their entries in inputs manifests. Does not: where the files lie (`landing.py`),
running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.scope import Scope
from flow_pipelines.tables.execute.progress import UPDATES
from resources.control_tables import snapshots
from resources.database import Database
from resources.landing import Landing, content_hash
from resources.snapshots import SNAPSHOT_COLUMNS, Input, Snapshot, SnapshotStore

# A table of each phase that reads them: Execute judges by them what is told of items, Modernize makes these items.
READ_INTO = (UPDATES, "modernize/code_findings")


def analysis_inputs(files: Iterable[SourceFile], hash_of: Callable[[Path], str]) -> list[Input]:
    """Return the entries of an inputs manifest for files of analyses."""
    return [Input(f"analysis:{file.name}", hash_of(file.path)) for file in files]


def waiting_analyses(database: Database, landing: Landing, scope: Scope) -> dict[str, str]:
    """Return for whom the files of analyses wait, as one is new or changed and none still arrives.

    The version that was written last tells what was read, be it refused by a gate or gone behind by a rollback: neither
    is undone by itself. Nothing waits before there is any version: the flow starts by itself.

    Returns:
        By the key of the table that they are read into: what tells these files after that version from any others.
        The same files can be news again, after others were read in between.
    """
    if not (fingerprint := landing.settled_analyses(scope)):
        return {}
    there = {(one.name, one.version) for one in analysis_inputs(landing.analysis_files(scope), _known_hash)}
    waiting = {}
    for table_key in READ_INTO:
        if last := _last_written(database, scope, table_key):
            read = {(one.name, one.version) for one in SnapshotStore(database).inputs_of(scope, last)}
            if not there <= read:
                waiting[table_key] = f"{fingerprint}-{last.snapshot_id}"
    return waiting


def _last_written(database: Database, scope: Scope, table_key: str) -> Snapshot | None:
    query = SNAPSHOT_COLUMNS.where(
        snapshots.c.table_key == table_key, snapshots.c.status.in_(["published", "rejected"])
    ).order_by(snapshots.c.created_at.desc())
    with database.in_scope(scope) as connection:
        found = connection.execute(query.limit(1)).first()
    return Snapshot(*found) if found else None


def _known_hash(path: Path) -> str:
    status = path.stat()
    return _hash(path, status.st_size, status.st_mtime_ns)


# Looked at every 15 s, in order: were there room for fewer than there are files, each look would read all of them. A
# report of 100 MB takes 0.1 s.
@lru_cache(maxsize=100_000)
def _hash(path: Path, _size: int, _changed_at: int) -> str:
    return content_hash(path)
