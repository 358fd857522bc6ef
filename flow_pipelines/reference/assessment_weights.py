"""What makes a workload complex and what keeps it from moving, as data.

Belongs here: the loader of `assessment_weights.yaml`. Does not: applying the weights (`assess/`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

WEIGHTS = Path(__file__).with_name("assessment_weights.yaml")

Effect = Literal["blocked", "unknown", "conditional"]
Score = Annotated[float, Field(ge=0, le=100)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Data):
    """How much a number about a workload adds to its complexity: `weight`, all of it from the value `full` on."""

    weight: float = Field(gt=0)
    full: float = Field(gt=0)
    says: str


class NeededFact(_Data):
    """Columns of which a part must fill one before it can be called ready, and what is said if it does not."""

    columns: tuple[str, ...] = Field(min_length=1)
    says: str


class WithoutServers(_Data):
    """What is said of a workload that no server is known to run, and the factor on the confidence in its data."""

    says: str
    confidence: float = Field(gt=0, le=1)


class Obstacle(_Data):
    """Values of a column of the inventory that keep a part from moving as it is; `says` may name the `{value}`."""

    column: str
    any_of: tuple[str, ...] = Field(min_length=1)
    effect: Effect
    says: str


class AssessmentWeights(_Data):
    """All weights; see the comments of `assessment_weights.yaml`."""

    version: int = Field(ge=1)
    measures: dict[str, Measure]  # by column of assessment_overview
    levels: dict[Literal["low", "medium", "high"], Score]
    criticality: tuple[str, ...]
    needed_facts: dict[Literal["server", "database"], tuple[NeededFact, ...]]
    without_servers: WithoutServers
    finding_categories: tuple[str, ...]  # of tech_debt; the others keep nothing from moving
    findings: dict[Literal["past", "extended", "near", "unknown", "unsupported", "conditional"], Effect]
    obstacles: tuple[Obstacle, ...]


@cache
def assessment_weights() -> AssessmentWeights:
    """Load the weights.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return AssessmentWeights.model_validate(read_yaml(WEIGHTS.read_text(encoding="utf-8")))
