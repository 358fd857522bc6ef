"""Questions about why a wave is what it is.

Belongs here: what is told of a wave. Does not: which reasons hold (`assess/wave_planning/rationale.py`).
"""

from __future__ import annotations

from collections import Counter

import pandas as pd

from flow_pipelines.advice.questions import Asked, Question
from flow_pipelines.reference.wave_rules import wave_rules

TOPIC = "wave_rationale"
COUNTED = ("environment", "criticality", "treatment")


def wave_questions(totals: pd.DataFrame, waves: pd.DataFrame) -> Asked:
    """Return a question for every wave of which several reasons hold.

    Args:
        totals: Conforms to `assess/wave_totals`.
        waves: Conforms to `assess/waves`.
    """
    says = {name: rule.says for name, rule in wave_rules().rationales.items()}
    questions = []
    for row in totals[totals["wave_number"].notna()].to_dict("records"):
        strengths = dict(told.split(": ") for told in row["rationales"] or ())
        choices = tuple(name for name in strengths if name in says)
        if len(choices) < 2:  # noqa: PLR2004  (one is no choice)
            continue
        inside = waves[waves["wave_number"] == row["wave_number"]]
        evidence = {
            "wave": int(row["wave_number"]),
            "waves_in_all": int(totals["wave_number"].notna().sum()),
            "strength_of_choices": {name: float(strengths[name]) for name in choices},
            "meaning_of_choices": {name: says[name] for name in choices},
            "workloads": int(row["workload_count"]),
            "servers": int(row["server_count"]),
            "mean_risk": round(float(row["mean_risk"]), 1) if pd.notna(row["mean_risk"]) else None,
            "traffic_cut": round(float(row["cut"]), 1),
            "move_groups": int(inside["move_group_id"].nunique()),
            "owners": int(inside["owner"].nunique()),
            "sites": int(inside["site"].nunique()),
            **{name: dict(_counts(inside[name])) for name in COUNTED},
        }
        questions.append(Question(str(row["wave_id"]), evidence, choices))
    return Asked(TOPIC, questions)


def _counts(values: pd.Series[str]) -> list[tuple[str, int]]:
    counts = Counter(map(str, values.dropna()))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
