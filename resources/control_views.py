"""The mission's control tables, as views over what happened: flows, phases, entities, hand-offs, assets, rollbacks.

Belongs here: their queries and the meaning of their columns. Does not: the tables they read (`control_tables.py`,
`event_tables.py`), and who may see them (`access.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ControlView:
    """A view of the schema `platform`.

    Attributes:
        name: Qualified name.
        comment: What one row is.
        columns: Every column in order, with its meaning.
        query: Its query, which reads under its reader's row security.
    """

    name: str
    comment: str
    columns: Mapping[str, str]
    query: str


def control_views() -> tuple[ControlView, ...]:
    """Return the views, each after those that it reads."""
    return ()
