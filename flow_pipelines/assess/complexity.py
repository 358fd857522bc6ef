"""How complex a workload is.

Belongs here: the score, its level and what each measure adds. Does not: the weights
(`reference/assessment_weights.yaml`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from flow_pipelines.reference.assessment_weights import assessment_weights

HIGHEST = 100


def judge_complexity(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the complexity of every workload.

    Args:
        facts: Indexed by workload_id, with a column for each measure of the weights.

    Returns:
        Indexed alike: complexity_score (0 to 100), complexity, and complexity_says (what each measure adds, as text).
    """
    weights = assessment_weights()
    values = facts[list(weights.measures)].astype("Float64").astype(float)
    weight = pd.Series({name: measure.weight for name, measure in weights.measures.items()})
    full = pd.Series({name: measure.full for name, measure in weights.measures.items()})
    level = values.apply(np.log1p).div(full.apply(np.log1p)).clip(upper=1)
    # A measure that nothing is known of counts on neither side.
    known = values.notna().mul(weight).sum(axis="columns")
    points = level.mul(weight).div(known, axis="index") * HIGHEST
    # One digit: more would promise a precision that weights do not have.
    score = points.sum(axis="columns").clip(0, HIGHEST).round(1)
    least = sorted(weights.levels.items(), key=lambda item: -item[1])
    return pd.DataFrame(
        {
            "complexity_score": score,
            "complexity": np.select([score >= limit for _, limit in least], [name for name, _ in least], default=""),
            "complexity_says": _says(values, points),
        },
        index=facts.index,
    )


def _says(values: pd.DataFrame, points: pd.DataFrame) -> list[str]:
    says = [measure.says for measure in assessment_weights().measures.values()]
    return [
        ", ".join(
            f"{name} unknown (left out)" if np.isnan(value) else f"{name} {_plain(value)} (+{point:.1f})"
            for name, value, point in zip(says, row, added, strict=True)
            if np.isnan(value) or value
        )
        for row, added in zip(values.to_numpy(), points.to_numpy(), strict=True)
    ]


def _plain(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
