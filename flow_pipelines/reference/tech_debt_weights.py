"""What counts as tech debt beside dated facts, and what a finding weighs, as data.

Belongs here: the loader of `tech_debt_weights.yaml`. Does not: applying it (`discovery/debt/`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

WEIGHTS = Path(__file__).with_name("tech_debt_weights.yaml")

Share = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatusWeight(_Data):
    """Weight of a status: `base`, and `per_year` for each of at most `most_years` past the date it is about."""

    base: Percent
    per_year: float = 0
    most_years: float = 0


class ApplicationWeights(_Data):
    """How an application's categories follow from its assets': the worst at this weight, the mean at the rest."""

    worst: Share


class HardwareRule(_Data):
    """Which physical assets are judged by their age, and after how many years they count as aged."""

    asset_types: tuple[str, ...]
    aged_after_years: float = Field(gt=0)


class IdleRule(_Data):
    """Average and high use of the processor, in percent, up to which a machine is idle."""

    cpu_average: Percent
    cpu_high: Percent


class OversizedRule(_Data):
    """High use up to which a machine of at least that size is oversized, and the use that its size should give."""

    cpu_high: Percent
    cpu_count: int
    memory_high: Percent
    memory_mib: float
    target_percent: float = Field(gt=0, le=100)


class UtilizationRule(_Data):
    """The attributes that tell use, of which the first stated one counts, and what follows from them."""

    cpu_average: tuple[str, ...]
    cpu_high: tuple[str, ...]
    memory_high: tuple[str, ...]
    memory_high_mib: tuple[str, ...]
    idle: IdleRule
    oversized: OversizedRule


class DependencyRule(_Data):
    """From how many sole dependents on an asset is a single point of failure, and when an orphan means something."""

    sole_dependents: int = Field(ge=1)
    seen: Share


class TechDebtWeights(_Data):
    """All weights and thresholds; see the comments of `tech_debt_weights.yaml`."""

    version: int = Field(ge=1)
    status: dict[str, StatusWeight]
    factors: dict[str, dict[str | bool, float]]  # attribute of the inventory to value to factor
    severity: dict[str, float]  # severity to its least score, most severe first
    categories: dict[str, Share]  # category to its weight in the score of an asset
    application: ApplicationWeights
    hardware: HardwareRule
    utilization: UtilizationRule
    dependency: DependencyRule


@cache
def tech_debt_weights() -> TechDebtWeights:
    """Load the weights."""
    data = read_yaml(WEIGHTS.read_text(encoding="utf-8"))
    data["severity"] = dict(sorted(data["severity"].items(), key=lambda item: -item[1]))
    return TechDebtWeights.model_validate(data)
