"""Overview: size, complexity, criticality and readiness of every workload.

Belongs here: bringing the parts of the judgement together, and saying in words what it rests on. Does not: the facts
(`facts.py`), the judgement (`complexity.py`, `readiness.py`) and the weights (`reference/assessment_weights.yaml`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.assess.complexity import judge_complexity
from flow_pipelines.assess.facts import edge_facts, finding_facts, part_facts
from flow_pipelines.assess.readiness import data_confidence, judge_readiness
from flow_pipelines.assess.workloads import find_parts
from flow_pipelines.reference.assessment_weights import assessment_weights
from flow_pipelines.tables.assess.overview import assessment_overview
from flow_pipelines.tables.contract import conform


def assess_workloads(inventory: pd.DataFrame, dependencies: pd.DataFrame, tech_debt: pd.DataFrame) -> pd.DataFrame:
    """Assess every workload of an estate: applications, and servers and databases that belong to none.

    What no part tells stays empty, is left out of the complexity, and keeps a workload from being called ready.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        tech_debt: The rows of `discovery/tech_debt`.

    Returns:
        The rows of `assess/assessment_overview`; a workload's id is that of its application or only asset. A server
        or database of several applications counts in each of them.
    """
    parts = find_parts(inventory)
    facts = part_facts(parts).join(edge_facts(parts, dependencies)).join(finding_facts(parts, tech_debt))
    facts = facts.join(judge_complexity(facts)).join(judge_readiness(parts, dependencies, tech_debt))
    facts["data_confidence"] = data_confidence(parts, dependencies)
    facts["reason"] = [_reason(row) for row in facts.to_dict("records")]
    rows = facts.rename_axis("workload_id").reset_index()
    return conform(rows[[column.name for column in assessment_overview.columns]], assessment_overview)


def _reason(row: dict[Any, Any]) -> str:
    version = assessment_weights().version
    sentences = [
        f"Complexity {row['complexity_score']:.1f} of 100 (weights {version}): {row['complexity_says'] or 'nothing'}.",
        f"Readiness {row['readiness']}: {_evidence(len(row['blockers']))}.",
        _sizes(row),
        _said("Environment", row["environment_says"]),
        _said("Owner", row["owner_says"]),
        "Criticality is the highest of its parts." if pd.notna(row["criticality"]) else "No part tells a criticality.",
    ]
    if pd.notna(row["shared"]):
        sentences.append(f"Counted in several workloads: {row['shared']}.")
    return " ".join(filter(None, sentences))


def _evidence(count: int) -> str:
    if not count:
        return "every needed fact is told and none speaks against it"
    return "1 sentence of evidence under blockers" if count == 1 else f"{count} sentences of evidence under blockers"


def _sizes(row: dict[Any, Any]) -> str:
    servers = row["server_count"]
    if not servers:
        return ""
    told = ", ".join(f"{name} {row[f'{name}_told']}" for name in ("cpu", "memory", "storage"))
    return f"Servers that tell their size, of {servers}: {told}."


def _said(what: str, says: str) -> str:
    return f"{what} {says if pd.notna(says) else 'not stated by any part'}."
