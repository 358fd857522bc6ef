"""How risky it is to move a workload.

Belongs here: one number from what is known. Does not: the weights (`reference/wave_rules.yaml`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.reference.wave_rules import wave_rules

UNKNOWN = 50.0


def risk_scores(workloads: pd.DataFrame) -> pd.Series[Any]:
    """Return the risk of each workload, 0 to 100: the weighted mean of what is known, 50 if nothing is.

    Args:
        workloads: criticality, complexity_score, debt_score, data_confidence.
    """
    known = {
        "criticality": workloads["criticality"].map(wave_rules().risk["criticality"].values),
        "complexity_score": workloads["complexity_score"],
        "debt_score": workloads["debt_score"],
        "uncertainty": 100 * (1 - workloads["data_confidence"]),
    }
    parts = pd.DataFrame({name: values.astype(float) for name, values in known.items()})
    weights = pd.Series({name: part.weight for name, part in wave_rules().risk.items()})
    told = parts.notna().mul(weights, axis="columns").sum(axis="columns")
    return (parts.mul(weights, axis="columns").sum(axis="columns") / told.where(told > 0)).fillna(UNKNOWN).round(1)
