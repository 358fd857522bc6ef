"""What wave planning demands and what it makes of facts, as data.

Belongs here: the loader of `wave_rules.yaml`. Does not: applying the rules (`assess/wave_planning/`), and what an
engagement decides (`settings.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

RULES = Path(__file__).with_name("wave_rules.yaml")

Score = Annotated[float, Field(ge=0, le=100)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HardEdges(_Data):
    """Edges that demand their target in the same or an earlier wave."""

    origin: str
    kinds: tuple[str, ...] = Field(min_length=1)
    confidence: float = Field(ge=0, le=1)


class Traffic(_Data):
    """How much an edge weighs at most, and how much more a database link does."""

    most: float = Field(gt=0)
    database_link: float = Field(ge=1)


class RiskPart(_Data):
    """One part of the risk: its weight, and the score of each value if it is no number."""

    weight: float = Field(gt=0)
    values: dict[str, Score] = Field(default_factory=dict)


class Environments(_Data):
    """Which environments are production, and which move before it."""

    production: tuple[str, ...]
    before_production: tuple[str, ...]


class Rationale(_Data):
    """A reason why a wave is what it is: its weight, the share from which on it holds, and the words for it."""

    weight: float = Field(gt=0, le=1)
    least: float = Field(ge=0, le=1)
    says: str


class WaveRules(_Data):
    """All rules; see the comments of `wave_rules.yaml`."""

    version: int = Field(ge=1)
    not_moving: tuple[str, ...]
    hard: tuple[HardEdges, ...]
    traffic: Traffic
    risk: dict[str, RiskPart]
    risky: Score
    environments: Environments
    rationales: dict[str, Rationale] = Field(min_length=1)


@cache
def wave_rules() -> WaveRules:
    """Load the rules.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return WaveRules.model_validate(read_yaml(RULES.read_text(encoding="utf-8")))
