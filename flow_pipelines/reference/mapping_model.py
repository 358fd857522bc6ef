"""The model by which columns are mapped: what values of each attribute look like, and what each evidence weighs.

Belongs here: loading `mapping_model.yaml` and the shape of its content. Does not: applying it
(`discovery/mapping/`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from flow_pipelines.reference.attributes import Subject
from flow_pipelines.reference.documents import read_yaml

PLACES_OF_TERMS = {"whole": "(?:{})", "start": "(?:{}).*", "word": r".*\b(?:{})\b.*", "anywhere": ".*(?:{}).*"}


@dataclass(frozen=True)
class Weights:
    """What each evidence weighs, in natural logarithms; see the comments of `mapping_model.yaml`."""

    template: float
    alias: float
    told_by_values: float
    later_meaning: float
    less_usual: float
    least_usual: float
    likeness: float
    neutral_likeness: float
    least_likeness: float
    turning_word: float
    contrast: float
    values: float
    most_of_usual_kind: float
    few_rows: float
    few_distinct: float
    beyond_most: float
    cardinality: float
    none: float
    temperature_of_likeness: float
    taken: float
    duplicate: float


@dataclass(frozen=True)
class ValueExpectation:
    """What the values of one attribute look like."""

    kinds: Mapping[str, float]  # kind of value to its share; sums to 1
    vocabularies: Mapping[str, float]  # vocabulary to the share of values in it, all vocabularies
    distinct: str | None  # key, category, or None for neither
    most: float | None  # the largest number that can be meant


@dataclass(frozen=True)
class MappingModel:
    """The content of `mapping_model.yaml`, see its comments."""

    version: int
    weights: Weights
    most_confidence: Mapping[str, float]
    proposal_floor: float
    special_kinds: frozenset[str]
    background: ValueExpectation
    expectations: Mapping[str, tuple[ValueExpectation, ...]]  # several where an attribute is written in several ways
    vocabularies: Mapping[str, re.Pattern[str]]
    told_apart_by_cell: Mapping[str, str]  # attribute to the one from which cleansing tells it in each cell
    candidates: Mapping[str, frozenset[Subject]]
    by_name_only: Mapping[str, frozenset[Subject]]
    turning_words: frozenset[str]
    contrasts: tuple[tuple[frozenset[str], ...], ...]
    placeholders: frozenset[str]


@cache
def mapping_model() -> MappingModel:
    """Load the model."""
    data: dict[str, Any] = read_yaml(files(__package__).joinpath("mapping_model.yaml").read_text(encoding="utf-8"))
    total = sum(data["background"].values())
    background = {kind: share / total for kind, share in data["background"].items()}
    elsewhere = dict.fromkeys(data["vocabularies"], data["vocabulary_background"])
    return MappingModel(
        version=data["version"],
        weights=Weights(**data["weights"]),
        most_confidence=data["most_confidence"],
        proposal_floor=data["proposal_floor"],
        special_kinds=frozenset(data["special_kinds"]),
        background=ValueExpectation(background, elsewhere, None, None),
        expectations={
            attribute: tuple(
                ValueExpectation(
                    kinds=_completed(data["shapes"][entry["shape"]], background),
                    vocabularies=elsewhere | entry.get("own", {}),
                    distinct=entry.get("distinct"),
                    most=entry.get("most"),
                )
                for entry in (entries if isinstance(entries, list) else [entries])
            )
            for attribute, entries in data["attributes"].items()
        },
        vocabularies={
            name: re.compile(PLACES_OF_TERMS[entry["in"]].format("|".join(map(str, entry["terms"]))))
            for name, entry in data["vocabularies"].items()
        },
        told_apart_by_cell={one: other for pair in data["told_apart_by_cell"] for one, other in (pair, reversed(pair))},
        candidates=_subjects(data["candidates"]),
        by_name_only=_subjects(data["by_name_only"]),
        turning_words=frozenset(data["turning_words"]),
        contrasts=tuple(tuple(map(frozenset, sides)) for sides in data["contrasts"]),
        placeholders=frozenset(data["placeholders"]),
    )


def _completed(shape: Mapping[str, float], background: Mapping[str, float]) -> dict[str, float]:
    """Spread what a shape leaves to one over all kinds, like the background."""
    rest = 1 - sum(shape.values())
    return {kind: shape.get(kind, 0.0) + rest * share for kind, share in background.items()}


def _subjects(record_types: Mapping[str, list[str]]) -> dict[str, frozenset[Subject]]:
    return {record_type: frozenset(map(Subject, subjects)) for record_type, subjects in record_types.items()}
