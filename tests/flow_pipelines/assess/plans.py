"""Small plans for the tests of roadmap and editor: rows of treatments and waves, without the phases that make them.

Belongs here: building frames with the columns that later phases read. Does not: expectations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from flow_pipelines.edits import Edit
from flow_pipelines.scope import Scope

SCOPE = Scope("acme", "dc-exit")


@dataclass(frozen=True)
class Planned:
    """One workload of a plan; wave 0 stands for none."""

    name: str
    wave: int
    effort_days: float = 10.0
    treatment: str = "rehost"
    confidence: float = 0.8
    server_count: int = 2
    fixed_by: str | None = None
    next_best_wave: int | None = None
    next_best_cost: float | None = None

    @property
    def workload_id(self) -> str:
        return workload_id(self.name)


def workload_id(name: str) -> str:
    return SCOPE.id_of("asset", name)


def waves(planned: Sequence[Planned]) -> pd.DataFrame:
    rows = [
        {
            "workload_id": one.workload_id,
            "workload_name": one.name,
            "treatment": one.treatment,
            "wave_number": one.wave or None,
            "move_group_name": one.name,
            "environment": "production",
            "criticality": "high",
            "owner": "Jane",
            "risk_score": 40.0,
            "server_count": one.server_count,
            "storage_gib": 100.0,
            "effort_days": one.effort_days,
            "reason": "It fits.",
            "next_best_wave": one.next_best_wave,
            "next_best_cost": one.next_best_cost,
            "fixed_by": one.fixed_by,
            "source_entity_ids": [one.workload_id],
        }
        for one in planned
    ]
    return pd.DataFrame(rows).astype({"wave_number": "Int64", "server_count": "Int64", "effort_days": "Float64"})


def treatments(planned: Sequence[Planned]) -> pd.DataFrame:
    rows = [
        {
            "workload_id": one.workload_id,
            "workload_name": one.name,
            "treatment": one.treatment,
            "confidence": one.confidence,
            "runner_up": "replatform",
            "effort_days": one.effort_days,
            "reason": "The rules say so.",
            "source_entity_ids": [one.workload_id],
        }
        for one in planned
    ]
    return pd.DataFrame(rows).astype({"confidence": "Float64", "effort_days": "Float64"})


def overview(planned: Sequence[Planned]) -> pd.DataFrame:
    told = {"data_confidence": 0.9, "owner": "Jane", "criticality": "high", "environment": "production"}
    rows = [{"workload_id": one.workload_id, **told} for one in planned]
    return pd.DataFrame(rows).astype({"data_confidence": "Float64"})


def edit(table_key: str, entity_id: str, column: str, value: object, **told: object) -> Edit:
    facts = {
        "edit_id": SCOPE.id_of("edit", table_key, entity_id, column),
        "number": 1,
        "kind": "set",
        "table_key": table_key,
        "entity_id": entity_id,
        "column": column,
        "old_value": None,
        "new_value": value,
        "withdraws": None,
        "actor": "Jane",
        "reason": "agreed in the workshop",
        "made_at": datetime(2026, 7, 1, tzinfo=UTC),
    }
    return Edit(**{**facts, **told})  # type: ignore[arg-type]
