"""When rules are unsure enough for a second opinion, as data.

Belongs here: the loader of `doubts.yaml`. Does not: the questions that follow (`flow_pipelines/advice/`), and when
rules apply what they are not sure of (each rule's own model).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

DOUBTS = Path(__file__).with_name("doubts.yaml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MappingDoubt(_Data):
    """When a column is asked about, and how much of its sheet is told."""

    least_probability: float = Field(gt=0, lt=1)
    most_headers: int = Field(ge=0)
    most_samples: int = Field(ge=0)
    longest_text: int = Field(ge=8)
    counted_words: frozenset[str]


class IdentityDoubt(_Data):
    """How many pairs of assets are asked about, and which parts of their names are told in clear."""

    most_pairs: int = Field(ge=0)
    remarks: frozenset[str]


class ScoreDoubt(_Data):
    """When scores are close: below this confidence, within so many points, and how many options are the choices."""

    confidence: float = Field(gt=0, le=1)
    margin: float = Field(gt=0)
    most_choices: int = Field(ge=2)


class Doubts(_Data):
    """All of it; see the comments of the file."""

    version: int = Field(ge=1)
    mapping: MappingDoubt
    identity: IdentityDoubt
    treatment: ScoreDoubt
    modernization: ScoreDoubt


@cache
def doubts() -> Doubts:
    """Load when rules count as unsure.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return Doubts.model_validate(read_yaml(DOUBTS.read_text(encoding="utf-8")))
