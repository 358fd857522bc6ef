"""The quality of a record: how much of what it should say it does say, validly.

Belongs here: scoring against expectations, which are data. Does not: finding invalid cells (they come from the
rules).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from flow_pipelines import reference
from flow_pipelines.discovery.cleansing.draft import Objects, objects, spread
from flow_pipelines.reference.documents import read_yaml

FILE = Path(reference.__file__).with_name("quality_expectations.yaml")
Scores = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Expectation:
    """Something that a record should say, by any one of some attributes."""

    attributes: tuple[str, ...]
    weight: float
    word: str


@cache
def expectations() -> dict[str, tuple[Expectation, ...]]:
    """Load, by record type, what its records should say."""
    content = read_yaml(FILE.read_text(encoding="utf-8"))["expectations"]
    return {
        record_type: tuple(Expectation(tuple(item["any"]), float(item["weight"]), item["word"]) for item in listed)
        for record_type, listed in content.items()
    }


def score(
    record_types: pd.Series[str], values: Mapping[str, Objects], issues: Mapping[int, Sequence[str]]
) -> tuple[Scores, Objects]:
    """Score records, and say all that is wrong with them.

    Args:
        record_types: What each record describes; a type of which nothing is expected scores 1.
        values: The records' values by attribute; an absent attribute counts as empty.
        issues: By position, the sentences about invalid cells.

    Returns:
        The share of weight that is met, 0 to 1; and per record all sentences, those about cells first. Records that
        lack the same and have no invalid cell share one list.
    """
    filled = {attribute: pd.notna(column) for attribute, column in values.items()}
    scores = np.ones(len(record_types))
    sentences = objects(([] for _ in range(len(record_types))), len(record_types))
    for record_type in record_types.unique().tolist():
        rows = (record_types == record_type).to_numpy().nonzero()[0]
        expected = expectations().get(record_type, ())
        if not expected:
            continue
        met = np.array([_met(expectation, filled, rows) for expectation in expected])
        patterns, codes = np.unique(met, axis=1, return_inverse=True)
        weights = np.array([expectation.weight for expectation in expected])
        scores[rows] = (weights @ patterns / weights.sum())[codes]
        sentences[rows] = spread([_lacking(expected, pattern) for pattern in patterns.T], codes)
    for position, found in issues.items():
        sentences[position] = sorted(found) + sentences[position]
    return scores, sentences


def _met(
    expectation: Expectation,
    filled: Mapping[str, np.ndarray[tuple[int], np.dtype[np.bool_]]],
    rows: np.ndarray[tuple[int], np.dtype[np.intp]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    met = np.zeros(len(rows), dtype=np.bool_)
    for attribute in expectation.attributes:
        if attribute in filled:
            met |= filled[attribute][rows]
    return met


def _lacking(expected: Sequence[Expectation], pattern: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[str]:
    return [
        f"It lacks {expectation.word}." for expectation, met in zip(expected, pattern.tolist(), strict=True) if not met
    ]
