"""What the target clouds do not take as it is, as data.

Belongs here: the loader of `target_support.yaml`. Does not: applying its rules (`discovery/debt/targets.py`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

SUPPORT = Path(__file__).with_name("target_support.yaml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SupportRule(_Data):
    """One thing that a target does not take; see the comments of `target_support.yaml`."""

    name: str
    status: Literal["unsupported", "conditional"]
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    above: dict[str, float] = Field(default_factory=dict)
    says: str
    remedy: str
    source: str
    as_of: date


class Target(_Data):
    """A target cloud and its rules."""

    title: str
    rules: tuple[SupportRule, ...]


class TargetSupport(_Data):
    """All targets, by the name that an engagement's settings call them."""

    version: int = Field(ge=1)
    targets: dict[str, Target]


@cache
def target_support() -> TargetSupport:
    """Load the rules."""
    return TargetSupport.model_validate(read_yaml(SUPPORT.read_text(encoding="utf-8")))
