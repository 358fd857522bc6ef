"""Edits for tests, put together by hand.

Belongs here: building edits. Does not: expectations.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flow_pipelines.edits import Edit, Kind

NUMBERS = itertools.count(1)
INVENTORY = "discovery/inventory"
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


def edit(
    kind: Kind,
    entity_id: str,
    new_value: object,
    old_value: object = None,
    *,
    column: str = "source_entity_ids",
    table_key: str = INVENTORY,
    actor: str = "ann",
    reason: str = "seen in the rack",
    withdraws: str | None = None,
) -> Edit:
    """An edit; each one is later than the one before."""
    number = next(NUMBERS)
    made_at = NOON + timedelta(minutes=number)
    return Edit(
        str(UUID(int=number)),
        number,
        kind,
        table_key,
        entity_id,
        column,
        old_value,
        new_value,
        withdraws,
        actor,
        reason,
        made_at,
    )


def merge(record_id: str, other: str, *, names: object = None, **words: str) -> Edit:
    return edit("merge", record_id, other, names, actor=words.get("actor", "ann"))


def split(record_id: str, *, name: object = None, **words: str) -> Edit:
    return edit("split", record_id, name, "any asset", actor=words.get("actor", "ann"))


def withdraw(earlier: Edit) -> Edit:
    return edit("withdraw", earlier.entity_id, None, withdraws=earlier.edit_id)
