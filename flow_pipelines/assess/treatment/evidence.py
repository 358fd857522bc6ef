"""The evidence from which the facts about workloads are gathered.

Belongs here: frames that say of which workload they speak. Does not: turning them into facts (`facts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.assess.treatment.facts import PLACE
from flow_pipelines.assess.workloads import find_parts
from flow_pipelines.reference.questionnaire import UNKNOWN, questionnaire

Evidence = dict[str, pd.DataFrame]
# Attributes of which one shows that somebody has measured how much a server is used.
MEASURED = ("cpu_usage_percent_average", "cpu_usage_percent_percentile_95", "cpu_usage_percent_peak")
TEXTS = ("name", "description", "tags")
ATTRIBUTES = (
    "asset_id", "asset_type", "os_product", "architecture", "is_virtual", "is_template", "hypervisor", "manufacturer",
    "power_state", "database_product", "lifecycle_status", "is_missing_from_latest", "migration_strategy", *TEXTS,
    *MEASURED,
)  # fmt: skip


def workload_evidence(overview: pd.DataFrame, inventory: pd.DataFrame, tech_debt: pd.DataFrame) -> Evidence:
    """Return what is known of the workloads; `place` is the workload's row in the overview.

    Args:
        overview: The rows of `assess/assessment_overview`.
        inventory: The rows of `discovery/inventory`.
        tech_debt: The rows of `discovery/tech_debt`.

    Returns:
        overview; parts (one row per part: attributes of the inventory, use, hypervisor_text, is_head); findings
        (`category/status`, of each part); texts (what each workload is called, and the tags of its parts).
    """
    places = pd.Series(range(len(overview)), index=overview["workload_id"].to_numpy(), dtype="int64")
    members = find_parts(inventory)[["workload_id", "asset_id"]]
    parts = members.merge(inventory[list(ATTRIBUTES)].astype({"asset_id": object}), on="asset_id")
    parts[PLACE] = parts["workload_id"].map(places)
    # A gate refuses a part of no workload; here it speaks of nothing.
    parts = parts[parts[PLACE].notna()].astype({PLACE: "int64"})
    findings = tech_debt[["asset_id", "category", "status"]].astype(object)
    findings = findings.assign(finding=findings["category"] + "/" + findings["status"])
    parts["use"] = _use(parts, findings)
    parts["hypervisor_text"] = parts["hypervisor"].fillna(parts["manufacturer"])
    parts["is_head"] = parts["workload_id"] == parts["asset_id"]
    return {
        "overview": overview.assign(**{PLACE: range(len(overview))}),
        "parts": parts,
        "findings": parts[[PLACE, "asset_id"]].merge(findings, on="asset_id"),
        "texts": _texts(parts),
    }


def answer_evidence(answers: pd.DataFrame, places: Mapping[str, int]) -> Evidence:
    """Return the answers to the questionnaire as evidence, one column per question; what is unknown is left empty.

    Args:
        answers: The rows of `assess/questionnaire_answers`, people's corrections included.
        places: Row of each workload.
    """
    told = answers["answer"].where(answers["answer"] != UNKNOWN, None)
    table = answers.assign(answer=told).pivot(index="workload_id", columns="question", values="answer")  # noqa: PD010
    table = table.reindex(columns=list(questionnaire().questions)).astype(object)
    table = table.where(table.notna(), None)
    return {"answers": table.reset_index().assign(**{PLACE: [places[one] for one in table.index]})}


def _use(parts: pd.DataFrame, findings: pd.DataFrame) -> pd.Series[Any]:
    idle = findings.loc[findings["finding"] == "utilization/idle", "asset_id"]
    measured = parts[list(MEASURED)].notna().any(axis="columns")
    use = pd.Series(None, index=parts.index, dtype=object).mask(measured, "in use")
    return use.mask(parts["asset_id"].isin(idle), "idle")


def _texts(parts: pd.DataFrame) -> pd.DataFrame:
    heads = parts[parts["is_head"]]
    told = [
        heads[[PLACE, column]].rename(columns={column: "text"}).assign(attribute=column)
        for column in ("name", "description")
    ]
    tags = parts[[PLACE, "tags"]].explode("tags").rename(columns={"tags": "text"}).assign(attribute="tag")
    return pd.concat([*told, tags]).dropna(subset=["text"]).drop_duplicates()
