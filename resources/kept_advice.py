"""Answers that are kept, and what asking for them took: reading and writing the tables of second opinions.

Belongs here: SQL about them, each in a short transaction of its own. Does not: their declaration (`advice_tables.py`),
asking (`advisor.py`), when they are let go of (`retention.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Text, any_, bindparam, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from flow_pipelines.advice.questions import Advice
from flow_pipelines.scope import Scope
from resources.advice_tables import advice, advice_usage
from resources.control_tables import history_tables
from resources.database import Database, scope_values


@dataclass(frozen=True)
class Occasion:
    """When and for what something is asked: a topic of a phase in a run."""

    flow: str
    phase: str
    topic: str
    run_id: str
    model: str


@dataclass(frozen=True)
class KeptAdvice:
    """The kept answers of one engagement; another's are neither seen nor written."""

    database: Database
    scope: Scope

    def find(self, keys: Iterable[str]) -> dict[str, Advice]:
        """Return the kept answers among some keys."""
        wanted = bindparam("keys", sorted(set(keys)), type_=ARRAY(Text()))
        columns = (advice.c.choice, advice.c.confidence, advice.c.reason, advice.c.model, advice.c.advice_key)
        query = select(*columns).where(advice.c.advice_key == any_(wanted), *self._own())
        with self.database.in_scope(self.scope) as connection:
            return {row.advice_key: Advice(*row) for row in connection.execute(query)}

    def keep(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Advice]:
        """Keep answers unless the same was answered before, and return what is kept now: of two runs, the first's.

        Args:
            rows: Columns of `platform.advice` without the scope's.
        """
        if rows:
            own = scope_values(self.scope)
            with self.database.in_scope(self.scope) as connection:
                connection.execute(
                    insert_or(advice).values([{**own, **row} for row in rows]).on_conflict_do_nothing(),
                )
        return self.find(row["advice_key"] for row in rows)

    def spent(self, run_id: str) -> tuple[int, int, float]:
        """Return the requests, tokens and seconds that a run has spent, over all its phases and topics."""
        query = select(
            func.coalesce(func.sum(advice_usage.c.requests), 0),
            func.coalesce(func.sum(advice_usage.c.input_tokens + advice_usage.c.output_tokens), 0),
            func.coalesce(func.sum(advice_usage.c.seconds), 0.0),
        ).where(
            advice_usage.c.engagement_id == self.scope.engagement_id,
            advice_usage.c.run_id == run_id,
        )
        with self.database.in_scope(self.scope) as connection:
            requests, tokens, seconds = connection.execute(query).one()
        return int(requests), int(tokens), float(seconds)

    def write_down(self, occasion: Occasion, counts: Mapping[str, Any]) -> None:
        """Write down what an occasion took: the columns of `platform.advice_usage` that count something."""
        described = {
            "crewai_flow_id": UUID(self.scope.id_of("crewai_flow", occasion.flow)),
            "flow_name": occasion.flow,
            "phase_name": occasion.phase,
            "topic": occasion.topic,
            "run_id": occasion.run_id,
            "model": occasion.model,
        }
        with self.database.in_scope(self.scope) as connection:
            connection.execute(insert(advice_usage).values(**scope_values(self.scope), **described, **counts))

    def _own(self) -> tuple[Any, ...]:
        return tuple(advice.c[name] == value for name, value in scope_values(self.scope).items())


def drop_unnamed(connection: Connection, before: datetime) -> int:
    """Delete the kept answers of the scope's engagement that were given before a time and that no stored row names.

    What they hold was imported, so they stay for no longer than what they are about; to lose one costs a request.

    Returns:
        How many were deleted.
    """
    named = [
        select(history.c.advice_key).where(history.c.advice_key == advice.c.advice_key).exists()
        for history in history_tables().values()
        if "advice_key" in history.columns
    ]
    gone = connection.execute(delete(advice).where(advice.c.created_at < before, *(~one for one in named)))
    return gone.rowcount
