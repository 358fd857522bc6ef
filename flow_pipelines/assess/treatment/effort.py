"""The person days that a treatment takes.

Belongs here: applying the effort model to the size and complexity of workloads. Does not: its numbers
(`treatment_rules.yaml`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.reference.rulebook import EffortModel

GIB_PER_TIB = 1024
LEAST_DAYS = 0.1


def effort_days(overview: pd.DataFrame, treatment: pd.Series[Any], model: EffortModel) -> pd.Series[float]:
    """Return the effort of each workload under its treatment, in person days; a size that is unknown adds nothing.

    Args:
        overview: The rows of `assess/assessment_overview`.
        treatment: The treatment of each, in the same order.
        model: Person days by treatment.
    """
    rates = pd.DataFrame.from_dict({name: one.model_dump() for name, one in model.options.items()}, orient="index")
    of_row = rates.loc[treatment.to_numpy()].reset_index(drop=True)
    sizes = pd.DataFrame(
        {
            "per_server": overview["server_count"].astype(float),
            "per_database": overview["database_count"].astype(float),
            "per_tib": overview["storage_gib"].astype("Float64").fillna(0).astype(float) / GIB_PER_TIB,
        }
    ).reset_index(drop=True)
    days = of_row["fixed"] + (of_row[list(sizes)] * sizes.clip(lower=0) ** model.scale).sum(axis="columns")
    factor = overview["complexity"].map(model.complexity).astype(float).reset_index(drop=True)
    return (days * factor).round(1).clip(lower=LEAST_DAYS).set_axis(overview.index)
