"""How sure the dates of a roadmap are, as data.

Belongs here: the loader of `roadmap_model.yaml`. Does not: putting steps into the calendar (`assess/roadmap.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

MODEL = Path(__file__).with_name("roadmap_model.yaml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shorter(_Data):
    """Factors on the length of a step that goes well."""

    sure: Annotated[float, Field(gt=0, le=1)]
    unsure: Annotated[float, Field(gt=0, le=1)]


class Longer(_Data):
    """Factors on the length of a step that goes badly."""

    sure: Annotated[float, Field(ge=1)]
    unsure: Annotated[float, Field(ge=1)]


class RoadmapModel(_Data):
    """The model; see the comments of `roadmap_model.yaml`."""

    version: int = Field(ge=1)
    earliest: Shorter
    latest: Longer
    confidence_of_programme_steps: float = Field(ge=0, le=1)


def factor(ends: Shorter | Longer, confidence: float) -> float:
    """Return the factor on the length of a step in which there is such a confidence, 0 to 1."""
    return ends.unsure + (ends.sure - ends.unsure) * confidence


@cache
def roadmap_model() -> RoadmapModel:
    """Load the model.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return RoadmapModel.model_validate(read_yaml(MODEL.read_text(encoding="utf-8")))
