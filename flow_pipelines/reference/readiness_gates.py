"""The readiness gates of a wave as data.

Belongs here: the loader of `readiness_gates.yaml`. Does not: what is found (`execute/wave_gates.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flow_pipelines.reference.documents import read_yaml

GATES = Path(__file__).with_name("readiness_gates.yaml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadinessGate(_Data):
    """One gate; see the comments of `readiness_gates.yaml`."""

    gate: str
    title: str
    role: str
    remedy: str
    found_in: Literal["readiness", "agreement", "targets", "dependencies", "licences"] | None = None
    approves: bool = False


class ReadinessGates(_Data):
    """All gates, in order."""

    version: int = Field(ge=1)
    gates: tuple[ReadinessGate, ...]

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        if len({one.gate for one in self.gates}) < len(self.gates):
            raise ValueError("two gates have the same name")
        return self


@cache
def readiness_gates() -> ReadinessGates:
    """Load the gates.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return ReadinessGates.model_validate(read_yaml(GATES.read_text(encoding="utf-8")))
