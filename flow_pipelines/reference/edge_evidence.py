"""What the evidence for an edge is worth, as data.

Belongs here: the loader of `edge_evidence.yaml`. Does not: gathering the evidence (`discovery/edges/`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flow_pipelines.reference.documents import read_yaml

EVIDENCE = Path(__file__).with_name("edge_evidence.yaml")


@dataclass(frozen=True)
class EdgeEvidence:
    """All weights and patterns; see the comments of `edge_evidence.yaml`.

    Attributes:
        version: Raised with every change.
        confidence: By how an end was found, how often that is right.
        says: By how an end was found, how the reason puts it.
        factors: By circumstance, the factor on an end's confidence and how the reason puts it.
        stated: By what states an edge besides relations, how sure it is.
        listening_sources: Sources from which on a high port counts as one that its target listens at.
        observed: By how a connection was observed, how sure its edge is.
        address_kinds: Kind and pattern of canonical addresses, in order; the last one matches any.
        own_names: Host names that mean the machine itself.
    """

    version: int
    confidence: dict[str, float]
    says: dict[str, str]
    factors: dict[str, tuple[float, str]]
    stated: dict[str, float]
    listening_sources: int
    observed: dict[str, float]
    address_kinds: tuple[tuple[str, re.Pattern[str]], ...]
    own_names: frozenset[str]


@cache
def edge_evidence() -> EdgeEvidence:
    """Load the weights."""
    data = read_yaml(EVIDENCE.read_text(encoding="utf-8"))
    return EdgeEvidence(
        version=data["version"],
        confidence={found: entry["confidence"] for found, entry in data["ends"].items()},
        says={found: entry["says"] for found, entry in data["ends"].items()},
        factors={name: (entry["factor"], entry["says"]) for name, entry in data["factors"].items()},
        stated=data["stated"],
        listening_sources=data["listening_sources"],
        observed=data["observed"],
        address_kinds=tuple((entry["kind"], re.compile(entry["pattern"])) for entry in data["address_kinds"]),
        own_names=frozenset(data["own_names"]),
    )
