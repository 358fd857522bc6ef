"""Following a row through the database: what it rests on, and what rests on it.

Belongs here: finding a row by its name, and asking `platform.trace`. Does not: which tables are linked
(`flow_pipelines/lineage.py`), the function itself (`sql_functions.py`), what was decided on the way
(`trace_decisions.py`), and showing it (`flow_pipelines/cli/`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from flow_pipelines.lineage import PLACE, traceable
from flow_pipelines.tables import output_tables
from resources.sql_functions import TRACE, label_expression

# What a person is asked to choose from.
MOST_CANDIDATES = 50
# Table, id and snapshot: what tells one version of a row apart from all others.
RowVersion = tuple[str, UUID, UUID]


@dataclass(frozen=True)
class Named:
    """A current row that goes by a name."""

    table_key: str
    entity_id: UUID
    label: str


@dataclass(frozen=True)
class Step:
    """One row on the way; `via` is the row one step nearer to where the trace began."""

    direction: str
    depth: int
    table_key: str
    entity_id: UUID
    label: str
    via_table_key: str | None
    via_entity_id: UUID | None
    snapshot_id: UUID

    @property
    def row(self) -> RowVersion:
        """What tells the row apart, whatever way led to it."""
        return self.table_key, self.entity_id, self.snapshot_id


def entities_named(connection: Connection, name: str) -> list[Named]:
    """Return the current rows that a person calls by a name, in upper or lower case: assets, or else others.

    Rows that are called by their file only have no name of their own.

    Args:
        connection: A transaction in the engagement's scope.
        name: The name.

    Returns:
        At most `MOST_CANDIDATES`, each id once.
    """
    keys = list(traceable(output_tables()))
    assets = [key for key in keys if output_tables()[key].info["entity"] == "asset"]
    others = [key for key in keys if key not in assets and output_tables()[key].info["label"] not in PLACE]
    for group in (assets, others):
        if found := _labelled(connection, group, "lower({label}::text) = lower(:words)", name):
            return found
    return []


def entities_like(connection: Connection, name: str) -> list[Named]:
    """Return some assets in whose name the words occur."""
    assets = [key for key in traceable(output_tables()) if output_tables()[key].info["entity"] == "asset"]
    return _labelled(connection, assets, "strpos(lower({label}::text), lower(:words)) > 0", name)


def _labelled(connection: Connection, keys: Iterable[str], condition: str, words: str) -> list[Named]:
    ids, found = traceable(output_tables()), dict[UUID, Named]()
    for key in keys:
        table = output_tables()[key]
        query = (
            f"SELECT t.{ids[key]}, {label_expression(table, 't')} FROM {table.fullname} t "  # noqa: S608
            f"WHERE {condition.format(label='t.' + table.info['label'])} ORDER BY 2, 1 LIMIT {MOST_CANDIDATES}"
        )
        for row in connection.execute(text(query), {"words": words}):
            found.setdefault(row[0], Named(key, *row))
    return list(found.values())[:MOST_CANDIDATES]


def trace_steps(connection: Connection, entity_id: UUID) -> list[Step]:
    """Return the rows on the way from and to a row, in the order of depth and table; nothing if there is no such row.

    Args:
        connection: A transaction in the engagement's scope.
        entity_id: Id of the row; several tables may have a row of this id.
    """
    order = {key: place for place, key in enumerate(output_tables())}
    steps = [Step(*row) for row in connection.execute(text(f"SELECT * FROM {TRACE}(:id)"), {"id": entity_id})]  # noqa: S608
    return sorted(
        steps, key=lambda step: (step.direction, step.depth, order[step.table_key], step.label, step.entity_id)
    )
