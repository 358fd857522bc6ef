"""Which treatment needs which kind of target, as data.

Belongs here: the loader of `target_model.yaml`. Does not: finding the targets (`plan/target/`) and what they cost
(`instance_types.csv`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml

MODEL = Path(__file__).with_name("target_model.yaml")


class TargetModel(Data):
    """All of it; see the comments of `target_model.yaml`."""

    version: int = Field(ge=1)
    without_server: frozenset[str]


@cache
def target_model() -> TargetModel:
    """Load the model.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return TargetModel.model_validate(read_yaml(MODEL.read_text(encoding="utf-8")))
