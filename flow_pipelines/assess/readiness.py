"""Whether a workload can move as it is, and what keeps it from that.

Belongs here: gathering evidence against it, one sentence per kind, and how far its data can be relied upon. Does not:
which evidence counts how (`reference/assessment_weights.yaml`).
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pandas as pd

from flow_pipelines.reference.assessment_weights import assessment_weights
from flow_pipelines.some_of import some_of

# The gravest first. What is unknown may turn out to block: it outweighs a condition.
EFFECTS = ("blocked", "unknown", "conditional")
READY = "ready"
# How many parts a sentence names: enough to start looking, short enough to read.
NAMED = 5
EVIDENCE = ["workload_id", "effect", "says", "label"]


def judge_readiness(parts: pd.DataFrame, dependencies: pd.DataFrame, tech_debt: pd.DataFrame) -> pd.DataFrame:
    """Return whether each workload can move as it is.

    A workload is what its gravest evidence says. Without evidence it is ready, and that takes that every needed fact
    is told: a missing one makes it unknown.

    Args:
        parts: The result of `find_parts`.
        dependencies: The rows of `discovery/dependencies`, for what runs where.
        tech_debt: The rows of `discovery/tech_debt`.

    Returns:
        Indexed by workload_id: readiness, and blockers (a list of sentences, the gravest first).
    """
    gathered = [_findings(parts, tech_debt), _obstacles(parts), _missing(parts), _without_servers(parts, dependencies)]
    evidence = pd.concat([one for one in gathered if len(one)] or [pd.DataFrame(columns=EVIDENCE)])
    evidence = evidence.assign(rank=evidence["effect"].map(EFFECTS.index))
    ordered = evidence.sort_values(["workload_id", "rank", "says", "label"]).drop_duplicates()
    rows = ordered[["workload_id", "rank", "says", "label"]].itertuples(index=False, name=None)
    effects: dict[str, str] = {}
    blockers: dict[str, list[str]] = {}
    for (workload_id, rank, says), alike in groupby(rows, key=lambda row: row[:3]):
        effects.setdefault(workload_id, EFFECTS[rank])
        blockers.setdefault(workload_id, []).append(_sentence(says, [label for *_, label in alike]))
    workloads = pd.Index(parts["workload_id"].unique(), name="workload_id")
    return pd.DataFrame(
        {
            "readiness": [effects.get(one, READY) for one in workloads],
            "blockers": [blockers.get(one, []) for one in workloads],
        },
        index=workloads,
        dtype="object",
    )


def data_confidence(parts: pd.DataFrame, dependencies: pd.DataFrame) -> pd.Series[float]:
    """Return how far the data about each workload can be relied upon, 0 to 1.

    It is the mean of identity times quality of its parts, times the share of the needed facts that they tell; less
    for a workload of which nobody knows where it runs.

    Args:
        parts: The result of `find_parts`.
        dependencies: The rows of `discovery/dependencies`, for what runs where.
    """
    needed, told = pd.Series(0, index=parts.index), pd.Series(0, index=parts.index)
    for asset_type, facts in assessment_weights().needed_facts.items():
        of_type = parts["asset_type"] == asset_type
        for fact in facts:
            needed += of_type
            told += of_type & parts[list(fact.columns)].notna().any(axis="columns")
    by_workload = parts["workload_id"]
    share = told.groupby(by_workload).sum() / needed.groupby(by_workload).sum().where(lambda count: count > 0)
    sound = (parts["resolution_confidence"] * parts["quality_score"]).astype(float).groupby(by_workload).mean()
    confidence = sound * share.fillna(1.0)
    homeless = confidence.index.isin(_without_servers(parts, dependencies)["workload_id"])
    return confidence.mask(homeless, confidence * assessment_weights().without_servers.confidence).round(3)


def _findings(parts: pd.DataFrame, tech_debt: pd.DataFrame) -> pd.DataFrame:
    tech_debt = tech_debt[tech_debt["category"].isin(assessment_weights().finding_categories)]
    effects = tech_debt["status"].map(assessment_weights().findings)
    grave = pd.DataFrame(
        {"asset_id": tech_debt["asset_id"], "effect": effects, "says": tech_debt["fact"].str.rstrip(".")},
        dtype="object",
    )
    return parts[["workload_id", "asset_id", "label"]].merge(grave.dropna())[EVIDENCE]


def _obstacles(parts: pd.DataFrame) -> pd.DataFrame:
    rules = pd.DataFrame(
        [
            (obstacle.column, value, obstacle.effect, obstacle.says.format(value=value))
            for obstacle in assessment_weights().obstacles
            for value in obstacle.any_of
        ],
        columns=["column", "value", "effect", "says"],
        dtype="object",
    )
    columns = list(rules["column"].unique())
    stated = parts[["workload_id", "label", *columns]].astype(object)
    return stated.melt(["workload_id", "label"], var_name="column").astype(object).merge(rules)[EVIDENCE]


def _missing(parts: pd.DataFrame) -> pd.DataFrame:
    found = [
        _evidence(
            parts[(parts["asset_type"] == asset_type) & parts[list(fact.columns)].isna().all(axis="columns")],
            "unknown",
            fact.says,
        )
        for asset_type, facts in assessment_weights().needed_facts.items()
        for fact in facts
    ]
    return pd.concat(found)


def _without_servers(parts: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Return the workloads without a server of their own of which no part is known to run on another one's."""
    is_hosted = (dependencies["kind"] == "runs_on") & ~dependencies["target_is_external"].astype(bool)
    runs = (parts["asset_type"] == "server") | parts["asset_id"].isin(dependencies.loc[is_hosted, "source_id"])
    heads = parts[parts["workload_id"] == parts["asset_id"]]
    homeless = heads[~heads["workload_id"].isin(parts.loc[runs, "workload_id"])]
    return _evidence(homeless, "unknown", assessment_weights().without_servers.says)


def _evidence(stated: pd.DataFrame, effect: str, says: str) -> pd.DataFrame:
    return stated[["workload_id", "label"]].assign(effect=effect, says=says).astype(object)[EVIDENCE]


def _sentence(says: str, labels: list[Any]) -> str:
    return f"{says}: {some_of(labels, NAMED)}."
