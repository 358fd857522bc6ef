"""By which pattern an item is made modern: evidence for the rules, which score the patterns as they score treatments.

Belongs here: gathering the evidence. Does not: the rules (`reference/modernization_rules.yaml`) and the arithmetic
(`assess/treatment/scoring.py`).
"""

from __future__ import annotations

from functools import cache

import pandas as pd

from flow_pipelines.assess.treatment.decision import CompiledRules, compile_rules
from flow_pipelines.assess.treatment.evidence import MEASURED, Evidence, answer_evidence
from flow_pipelines.assess.treatment.facts import PLACE, gather_facts
from flow_pipelines.assess.treatment.scoring import score_options
from flow_pipelines.assess.treatment.wording import Voice
from flow_pipelines.modernize.backlog.items import APPLICATION
from flow_pipelines.modernize.backlog.known import Known
from flow_pipelines.reference.modernization import modernization_rules
from flow_pipelines.reference.rulebook import answer_sources

# The confidence of a choice about which nothing is known.
EVEN = 0.5


def choose_patterns(known: Known, items: pd.DataFrame) -> pd.DataFrame:
    """Choose the pattern of every item.

    Args:
        known: What is known.
        items: Items with `complexity`, `criticality`, counts and `data_confidence` of their workloads.

    Returns:
        One row per item, in order: pattern, runner_up, confidence, score_<pattern>, vetoes, rules_fired, would_change,
        most_wanted_fact, reason.
    """
    rules, sources = _rules(), modernization_rules().facts | answer_sources()
    facts = gather_facts(sources, _evidence(known, items.assign(**{PLACE: range(len(items))})), len(items))
    said = {name: source.says for name, source in sources.items()}
    voice = Voice(rules, said, f"modernization rules {rules.book.version}")
    rows = score_options(voice, facts).rename(columns={"option": "pattern"}).drop(columns="rules_unknown")
    doubt = rules.book.confidence.data_share * (1 - items["data_confidence"].astype(float).to_numpy())
    return rows.assign(confidence=(EVEN + (rows["confidence"] - EVEN) * (1 - doubt)).round(3))


def _evidence(known: Known, placed: pd.DataFrame) -> Evidence:
    assets = placed[[PLACE, "asset_ids"]].explode("asset_ids").rename(columns={"asset_ids": "asset_id"})
    attributes = known.inventory[["asset_id", "asset_type", "os_product", "database_product", *MEASURED]]
    debt = known.tech_debt[["asset_id", "category", "status"]].astype(object)
    debt = debt.assign(finding=debt["category"] + "/" + debt["status"])
    parts = assets.merge(attributes.astype({"asset_id": object}), on="asset_id")
    idle = parts["asset_id"].isin(debt.loc[debt["finding"] == "utilization/idle", "asset_id"])
    measured = parts[list(MEASURED)].notna().any(axis="columns")
    use = pd.Series(None, index=parts.index, dtype=object).mask(measured, "in use").mask(idle, "idle")
    return {
        "items": placed,
        "parts": parts.assign(use=use),
        "findings": assets.merge(debt, on="asset_id"),
        "code": _code(known, placed),
        "answers": _answers(known, placed),
    }


def _code(known: Known, placed: pd.DataFrame) -> pd.DataFrame:
    """Return what was found in the code of whole applications: nobody looks for a server's code."""
    wholes = placed.loc[placed["subject_type"] == APPLICATION, [PLACE, "workload_id"]]
    rows = wholes.merge(known.code_findings, on="workload_id")
    told = rows[["category", "rule", "message"]].fillna("").agg(" ".join, axis="columns") if len(rows) else ""
    mandatory = rows["place_count"].where(rows["severity"] == "mandatory", 0)
    return rows.assign(text=told, mandatory=mandatory)[[PLACE, "text", "mandatory"]]


def _answers(known: Known, placed: pd.DataFrame) -> pd.DataFrame:
    workloads = known.answers["workload_id"].unique()
    told = answer_evidence(known.answers, {one: place for place, one in enumerate(workloads)})["answers"]
    return placed[[PLACE, "workload_id"]].merge(told.drop(columns=PLACE), on="workload_id")


@cache
def _rules() -> CompiledRules:
    return compile_rules(modernization_rules())
