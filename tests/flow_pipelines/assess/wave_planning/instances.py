"""Portfolios for the tests of wave planning, written out or drawn by lot.

Belongs here: building the frames that `plan_waves` reads. Does not: expectations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.settings import WaveSettings

Row = dict[str, Any]
ENVIRONMENTS = ("production", "test", "development", None)


def workload(name: str, **facts: object) -> Row:
    told = {"server_count": 2, "storage_gib": 10.0, "effort_days": 5.0, "risk_score": 30.0, "treatment": "rehost"}
    nothing = {"environment": None, "owner": None, "site": None, "fixed_wave": None, "forbidden_waves": None}
    return {"workload_id": f"id-{name}", "workload_name": name, **told, **nothing, "tied_to": None, **facts}


def workloads(*rows: Row) -> pd.DataFrame:
    columns = {name: [row[name] for row in rows] for name in workload("none")}
    wishes = ("environment", "owner", "site", "fixed_wave", "forbidden_waves", "tied_to")
    series = {name: pd.Series(cells, dtype=object if name in wishes else None) for name, cells in columns.items()}
    numbers = {"server_count": "int64", "storage_gib": float, "effort_days": float, "risk_score": float}
    return pd.DataFrame(series).astype(numbers)


def needs(source: str, target: str, traffic: float = 1.0, *, is_hard: bool = True) -> Row:
    return {"source_id": f"id-{source}", "target_id": f"id-{target}", "is_hard": is_hard, "traffic": traffic}


def traffic(source: str, target: str, points: float) -> Row:
    return needs(source, target, points, is_hard=False)


def dependencies(*rows: Row) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["source_id", "target_id", "is_hard", "traffic"])
    return frame.astype({"is_hard": bool, "traffic": float}).assign(dependency_count=1)


def settings(**told: object) -> WaveSettings:
    return WaveSettings.model_validate({"effort_seconds": 0.3, "pilot_servers": None, **told})


def drawn(count: int, seed: int, *, edges_each: float = 1.0, hard_share: float = 0.4) -> Sequence[pd.DataFrame]:
    """Draw workloads and edges among them; hard ones go from later to earlier names, so without cycles."""
    dice = np.random.default_rng(seed)
    rows = [
        workload(
            f"app-{place:05}",
            server_count=int(dice.integers(1, 6)),
            storage_gib=float(dice.integers(1, 100)),
            effort_days=float(dice.integers(1, 20)),
            risk_score=float(dice.integers(0, 100)),
            environment=ENVIRONMENTS[int(dice.integers(len(ENVIRONMENTS)))],
            owner=f"team {dice.integers(1 + count // 4)}",
            treatment="retain" if dice.random() < 0.1 else "rehost",
        )
        for place in range(count)
    ]
    found = {}
    for _ in range(int(count * edges_each)):
        first, second = sorted(int(one) for one in dice.integers(count, size=2))
        if first != second:
            found[first, second] = (bool(dice.random() < hard_share), float(dice.integers(1, 10)))
    edges = [
        needs(f"app-{second:05}", f"app-{first:05}", points, is_hard=is_hard)
        for (first, second), (is_hard, points) in found.items()
    ]
    return workloads(*rows), dependencies(*edges)
