"""How assets are grouped to applications that no source names, as data.

Belongs here: the loader of `grouping_model.yaml`. Does not: grouping (`discovery/grouping/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flow_pipelines.reference.documents import read_yaml

MODEL = Path(__file__).with_name("grouping_model.yaml")


@dataclass(frozen=True)
class NameConvention:
    """When a part of host names counts as the application's; see the comments of `grouping_model.yaml`."""

    links: int
    lift: float
    as_good: float
    longest_part: int
    last_start: int


@dataclass(frozen=True)
class GroupingModel:
    """All weights and words; see the comments of `grouping_model.yaml`.

    Attributes:
        version: Raised with every change.
        name_convention: When a part of names counts.
        resolution: What a link must weigh for each server of a group to join it.
        passes: How often all servers are looked at, at most.
        weight: Weight of a link by its service.
        default_weight: Weight of any other link.
        confidence: How sure a membership is, by what it rests on.
        common_words: Parts of names that tell no application.
    """

    version: int
    name_convention: NameConvention
    resolution: float
    passes: int
    weight: dict[str, float]
    default_weight: float
    confidence: dict[str, float]
    common_words: frozenset[str]


@cache
def grouping_model() -> GroupingModel:
    """Load the model."""
    data = read_yaml(MODEL.read_text(encoding="utf-8"))
    return GroupingModel(
        version=data["version"],
        name_convention=NameConvention(**data["name_convention"]),
        resolution=data["resolution"],
        passes=data["passes"],
        weight={service: data["weights"][kind] for kind, listed in data["kinds"].items() for service in listed},
        default_weight=data["weights"]["default"],
        confidence=data["confidence"],
        common_words=frozenset(data["common_words"]),
    )
