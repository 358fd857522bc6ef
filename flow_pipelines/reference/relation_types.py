"""What each relation type of a configuration database says about who needs whom, as data.

Belongs here: the loader of `relation_types.yaml` and reading a type as a source writes it. Does not: finding the
assets at its ends (`discovery/edges/relations.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from flow_pipelines.reference.documents import read_yaml

TYPES = Path(__file__).with_name("relation_types.yaml")
BETWEEN_DESCRIPTORS = re.compile(r"\s*:{1,2}\s*")


@dataclass(frozen=True)
class RelationRule:
    """What a relation says: its kind, which end needs the other, how sure that is, and what its ends usually are."""

    kind: str
    source: str  # parent or child
    confidence: float
    parent_types: tuple[str, ...] = ()
    child_types: tuple[str, ...] = ()
    is_known: bool = True


@dataclass(frozen=True)
class RelationTypes:
    """All rules; see the comments of `relation_types.yaml`."""

    version: int
    pairs: dict[tuple[str, str], RelationRule]
    descriptors: dict[str, RelationRule]
    unknown: RelationRule
    layers: dict[str, int]
    layered_kinds: tuple[str, ...]
    entered_backwards: float

    def rule_of(self, text: str | None) -> RelationRule:
        """Return the rule of a relation type as a source writes it.

        Args:
            text: Both descriptors (`Depends on::Used by`, in either order) or the first one alone, in any case and
                spacing; None if the source gives no type.
        """
        first, *rest = BETWEEN_DESCRIPTORS.split(_plain(text or ""))
        if rest and (first, rest[0]) in self.pairs:
            return self.pairs[first, rest[0]]
        return self.descriptors.get(first, self.unknown)


@cache
def relation_types() -> RelationTypes:
    """Load the rules."""
    data = read_yaml(TYPES.read_text(encoding="utf-8"))
    pairs: dict[tuple[str, str], RelationRule] = {}
    for entry in data["types"]:
        first, second = BETWEEN_DESCRIPTORS.split(_plain(entry["type"]))
        rule = _rule(entry)
        pairs[first, second] = rule
        pairs.setdefault((second, first), _turned(rule))
    descriptors: dict[str, RelationRule] = {}
    for (first, _), rule in pairs.items():
        descriptors.setdefault(first, rule)
    return RelationTypes(
        version=data["version"],
        pairs=pairs,
        descriptors=descriptors,
        unknown=replace(_rule(data["unknown"]), is_known=False),
        layers=data["layers"],
        layered_kinds=tuple(data["layered_kinds"]),
        entered_backwards=data["entered_backwards"],
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").split())


def _rule(entry: dict[str, Any]) -> RelationRule:
    return RelationRule(
        kind=entry["kind"],
        source=entry["source"],
        confidence=entry["confidence"],
        parent_types=tuple(entry.get("parent", ())),
        child_types=tuple(entry.get("child", ())),
    )


def _turned(rule: RelationRule) -> RelationRule:
    return replace(
        rule,
        source="child" if rule.source == "parent" else "parent",
        parent_types=rule.child_types,
        child_types=rule.parent_types,
    )
