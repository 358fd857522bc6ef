"""Questions about options whose scores are close.

Belongs here: which options are close, and what is told of scores, for every book of rules alike. Does not: what is told
besides (`treatment.py`, `modernization.py`), scoring (`assess/treatment/`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from flow_pipelines.reference.doubts import ScoreDoubt
from flow_pipelines.reference.rulebook import Rulebook

MOST_RULES = 20


def close_options(row: Mapping[Hashable, Any], book: Rulebook, doubt: ScoreDoubt) -> tuple[str, ...]:
    """Return the options of a row that are close to its best, itself the first; none if the choice is clear.

    An option that is ruled out has no score, so it is never among them.

    Args:
        row: With confidence and `score_<option>`.
        book: The rules that scored.
        doubt: What counts as close.
    """
    if row["confidence"] >= doubt.confidence:
        return ()
    points = {name: float(row[f"score_{name}"]) for name in book.options if pd.notna(row[f"score_{name}"])}
    best = max(points.values(), default=0.0)
    close = [name for name in points if points[name] >= best - doubt.margin]
    ranked = sorted(close, key=lambda name: (-points[name], list(book.options).index(name)))
    return tuple(ranked[: doubt.most_choices]) if len(ranked) > 1 else ()


def score_evidence(row: Mapping[Hashable, Any], book: Rulebook, choices: tuple[str, ...]) -> dict[str, Any]:
    """Return what is told of a row's scores: points and meaning of the choices, rules that hold, what is unknown."""
    says = {rule.name: rule.says for rule in book.rules}
    touches = {rule.name: set(rule.weights) & set(choices) for rule in book.rules}
    return {
        "points_of_choices": {name: float(row[f"score_{name}"]) for name in choices},
        "meaning_of_choices": {name: book.options[name].says for name in choices},
        "rules_that_hold": [says[name] for name in row["rules_fired"] if touches.get(name)][:MOST_RULES],
        "probability_of_first": float(row["confidence"]),
        "most_wanted_fact": row["most_wanted_fact"],
    }
