"""What a tech-debt finding weighs, as data.

Belongs here: the loader of `tech_debt_weights.yaml`. Does not: applying the weights (`discovery/tech_debt.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

WEIGHTS = Path(__file__).with_name("tech_debt_weights.yaml")


@dataclass(frozen=True)
class StatusWeight:
    """Weight of a status: `base`, and `per_year` for each of at most `most_years` past the end of life."""

    base: float
    per_year: float
    most_years: float


@dataclass(frozen=True)
class TechDebtWeights:
    """All weights; see the comments of `tech_debt_weights.yaml`."""

    version: int
    status: dict[str, StatusWeight]
    factors: dict[str, dict[str | bool, float]]  # attribute of the inventory to value to factor
    severity: dict[str, float]  # severity to its least score, most severe first


@cache
def tech_debt_weights() -> TechDebtWeights:
    """Load the weights."""
    data = yaml.safe_load(WEIGHTS.read_text(encoding="utf-8"))
    return TechDebtWeights(
        version=data["version"],
        status={name: StatusWeight(**weight) for name, weight in data["status"].items()},
        factors=data["factors"],
        severity=dict(sorted(data["severity"].items(), key=lambda item: -item[1])),
    )
