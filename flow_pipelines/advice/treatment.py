"""Questions about workloads whose treatments score close together.

Belongs here: what is told of a workload. Does not: which options are close (`scores.py`), the rules
(`assess/treatment/`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.advice.facts import plain_fact
from flow_pipelines.advice.questions import Asked, Question
from flow_pipelines.advice.scores import close_options, score_evidence
from flow_pipelines.reference.doubts import doubts
from flow_pipelines.reference.rulebook import treatment_rules

TOPIC = "treatment"
# Of the overview, what tells treatments apart; what names people and machines, such as its blockers, is left out.
FACTS = (
    "workload_type", "environment", "criticality", "server_count", "database_count", "cpu_count", "memory_mib",
    "storage_gib", "depends_on_count", "needed_by_count", "external_count", "complexity", "readiness",
    "data_confidence",
)  # fmt: skip


def treatment_questions(treatments: pd.DataFrame, overview: pd.DataFrame) -> Asked:
    """Return a question for every workload whose choice of treatment is close.

    Args:
        treatments: Conforms to `assess/treatments`.
        overview: Conforms to `assess/assessment_overview`.
    """
    book, doubt = treatment_rules(), doubts().treatment
    unsure = treatments[treatments["confidence"] < doubt.confidence]
    wanted = overview[overview["workload_id"].isin(unsure["workload_id"])]
    workloads = {row["workload_id"]: row for row in wanted.to_dict("records")}
    questions = []
    for row in unsure.to_dict("records"):
        choices = close_options(row, book, doubt)
        workload = workloads.get(row["workload_id"], {})
        if not choices:
            continue
        evidence = {
            "facts": {name: plain_fact(workload[name]) for name in FACTS if pd.notna(workload.get(name))},
            "questionnaire_risk": row["questionnaire_risk"],
            "answered_share": float(row["answered_share"]),
            **score_evidence(row, book, choices),
        }
        questions.append(Question(str(row["workload_id"]), evidence, choices))
    return Asked(TOPIC, questions)
