"""The quality of a record: how much of what it should say it does say, validly.

Belongs here: scoring against expectations, which are data. Does not: finding invalid cells (they come from the
rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from flow_pipelines import reference

FILE = Path(reference.__file__).with_name("quality_expectations.yaml")


@dataclass(frozen=True)
class Expectation:
    """Something that a record should say, by any one of some attributes."""

    attributes: tuple[str, ...]
    weight: float
    word: str


@cache
def expectations() -> dict[str, tuple[Expectation, ...]]:
    """Load, by record type, what its records should say."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))["expectations"]
    return {
        record_type: tuple(Expectation(tuple(item["any"]), float(item["weight"]), item["word"]) for item in listed)
        for record_type, listed in content.items()
    }


def score(records: pd.DataFrame, issues: list[list[str]]) -> tuple[pd.Series[float], list[list[str]]]:
    """Score records and complete their issues by what is missing.

    Args:
        records: Rows with `record_type` and attribute columns; an absent column counts as empty.
        issues: Per row, the sentences about invalid cells.

    Returns:
        The share of weight that is met, 0 to 1; and per row all sentences, those about cells first.
    """
    scores = np.ones(len(records))
    completed = [sorted(found) for found in issues]
    positions = np.arange(len(records))
    for record_type, expected in expectations().items():
        mask = (records["record_type"] == record_type).to_numpy()
        if not mask.any():
            continue
        total = sum(expectation.weight for expectation in expected)
        met = np.zeros(int(mask.sum()))
        for expectation in expected:
            known = [name for name in expectation.attributes if name in records]
            filled = records.loc[mask, known].notna().any(axis=1).to_numpy()
            met += filled * expectation.weight
            for position in positions[mask][~filled]:
                completed[position].append(f"It lacks {expectation.word}.")
        scores[mask] = met / total
    return pd.Series(scores, index=records.index), completed
