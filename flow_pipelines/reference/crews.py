"""The crews that give a second opinion, as data: role, goal and instructions by topic.

Belongs here: the loader of `crews.yaml`. Does not: what they are asked (`flow_pipelines/advice/`) and how
(`resources/advisor.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

CREWS = Path(__file__).with_name("crews.yaml")


class Crew(BaseModel):
    """Who is asked about one topic, and what they are told; never imported text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    role: str = Field(min_length=1)
    goal: str = Field(min_length=1)
    instructions: str = Field(min_length=1)


class _Crews(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    crews: dict[str, Crew]


@cache
def crews() -> dict[str, Crew]:
    """Load the crews by topic.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return _Crews.model_validate(read_yaml(CREWS.read_text(encoding="utf-8"))).crews
