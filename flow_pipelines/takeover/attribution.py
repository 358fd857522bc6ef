"""Attribution: which engagement a row of the source belongs to.

Belongs here: the one rule for all tables. Does not: any particular table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from flow_pipelines.reference.replaced_platform import SourceTable
from flow_pipelines.takeover.account import RefusedError

Row = Mapping[str, str]


@dataclass
class Attribution:
    """The engagements of the source, and the rows already attributed that others refer to.

    Attributes:
        clients: Client by engagement.
        known: For each kind of rows that others refer to, the engagement by id.
    """

    clients: Mapping[str, str]
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def engagement_of(self, row: Row, table: SourceTable, *, columns: Collection[str]) -> str:
        """Return the engagement that a row belongs to.

        What the row itself says and what it refers to must agree on one engagement, and on that engagement's client.
        A client alone never tells an engagement, even if it has only one: the next one would make it a wrong guess.

        Args:
            row: Column, as this code calls it, to text; without empty cells.
            table: What is known of its table.
            columns: The columns that the table has.

        Raises:
            RefusedError: It can't be told, or is contradicted.
        """
        parents = {
            column: self.known.get(kind, {}).get(row.get(column, ""))
            for column, kind in table.parents.items()
            if column in row or (column in table.needed and column in columns)
        }
        if any(parents.get(column) is None for column in table.needed):
            raise RefusedError("parent_missing")
        told = {one for one in (row.get("engagement"), *parents.values()) if one is not None}
        if len(told) > 1:
            raise RefusedError("engagements_contradict")
        if not told:
            raise RefusedError(
                "client_only" if "client" in row else "parent_missing" if parents else "no_scope",
            )
        engagement = told.pop()
        client = self.clients.get(engagement)
        if client is None:
            raise RefusedError("engagement_unknown")
        if row.get("client", client) != client:
            raise RefusedError("client_contradicts")
        return engagement

    def remember(self, kind: str, row_id: str, engagement: str) -> None:
        """Remember the engagement of a row that others may refer to."""
        self.known.setdefault(kind, {})[row_id] = engagement
