"""Questions about items of the backlogs whose patterns score close together.

Belongs here: what is told of an item. Does not: which patterns are close (`scores.py`), the rules
(`modernize/backlog/`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.advice.questions import Asked, Question
from flow_pipelines.advice.scores import close_options, score_evidence
from flow_pipelines.reference.doubts import doubts
from flow_pipelines.reference.modernization import modernization_rules

TOPIC = "modernization"


def modernization_questions(backlog: pd.DataFrame, tech_debt: pd.DataFrame) -> Asked:
    """Return a question for every item whose choice of pattern is close.

    Args:
        backlog: Conforms to one of the backlogs of `modernize/`.
        tech_debt: Conforms to `discovery/tech_debt`; of the debt the kind is told, never the name of an asset.
    """
    book, doubt = modernization_rules(), doubts().modernization
    unsure = backlog[backlog["confidence"] < doubt.confidence]
    named = {finding for findings in unsure["finding_ids"] for finding in findings}
    debt = tech_debt[tech_debt["finding_id"].isin(named)]
    kinds = {row["finding_id"]: f"{row['category']}: {row['status']}" for row in debt.to_dict("records")}
    questions = []
    for row in unsure.to_dict("records"):
        if choices := close_options(row, book, doubt):
            evidence = {
                "about": row["subject_type"],
                "moved_by": row["treatment"],
                "debt": sorted({kinds[one] for one in row["finding_ids"] if one in kinds}),
                "findings_in_code": int(row["code_finding_count"]),
                "effort_days_of_first": float(row["effort_days"]),
                "saving_usd_month_of_first": float(row["saving_usd_month"]),
                "risk": row["risk"],
                **score_evidence(row, book, choices),
            }
            questions.append(Question(str(row["task_id"]), evidence, choices))
    return Asked(TOPIC, questions)
