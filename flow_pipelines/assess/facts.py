"""What is known of a workload: the facts of its parts brought together.

Belongs here: sums, counts and common values over parts, edges and findings, one row per workload. Does not: judging
them (`complexity.py`, `readiness.py`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.assess.workloads import APPLICATION
from flow_pipelines.reference.assessment_weights import assessment_weights


def part_facts(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the facts that parts state.

    Args:
        parts: The result of `find_parts`.

    Returns:
        Indexed by workload_id: workload_name, workload_type, environment, criticality, owner, server_count,
        database_count, cpu_count, memory_mib, storage_gib, source_entity_ids of `assess/assessment_overview`, and
        for the reason environment_says and owner_says (who states it, or what differs), cpu_told, memory_told and
        storage_told (servers that tell), and shared (names of the parts that belong to other workloads too).
    """
    by_workload = parts.groupby("workload_id")
    head = parts[parts["workload_id"] == parts["asset_id"]].set_index("workload_id")
    facts = pd.DataFrame({"workload_name": head["label"]})
    facts["workload_type"] = (head["asset_type"] == APPLICATION).map({True: APPLICATION, False: "stand_alone"})
    is_server = parts["asset_type"] == "server"
    servers, others = parts[is_server], parts[~is_server]
    facts[["environment", "environment_says"]] = _agreed("environment", {"servers": servers, "other parts": others})
    applications = parts[parts["asset_type"] == APPLICATION]
    facts[["owner", "owner_says"]] = _agreed("owner", {"application": applications, "parts": parts})
    facts["criticality"] = _highest_criticality(parts)
    facts["server_count"] = _count(servers, facts.index)
    facts["database_count"] = _count(parts[parts["asset_type"] == "database"], facts.index)
    sizes = pd.DataFrame(
        {
            "workload_id": servers["workload_id"],
            "cpu": servers["cpu_count"],
            "memory": servers["memory_mib"],
            "storage": servers["storage_used_gib"].fillna(servers["storage_allocated_gib"]),
        }
    ).groupby("workload_id")
    # Sums without any summand are unknown, not 0.
    facts[["cpu_count", "memory_mib", "storage_gib"]] = sizes.sum(min_count=1).reindex(facts.index)
    facts[["cpu_told", "memory_told", "storage_told"]] = sizes.count().reindex(facts.index, fill_value=0)
    facts["shared"] = _stated(parts[parts["workload_count"] > 1], "label").str.join(", ")
    facts["source_entity_ids"] = by_workload["asset_id"].agg(list)
    return facts


def edge_facts(parts: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Return how workloads depend on one another; noise is left out.

    Args:
        parts: The result of `find_parts`.
        dependencies: The rows of `discovery/dependencies`.

    Returns:
        Indexed by workload_id: depends_on_count, needed_by_count, external_count.
    """
    workloads = pd.Index(parts["workload_id"].unique(), name="workload_id")
    edges = dependencies[~dependencies["is_noise"].astype(bool)]
    membership = parts[["asset_id", "workload_id"]]
    sources = membership.rename(columns={"asset_id": "source_id", "workload_id": "source"})
    targets = membership.rename(columns={"asset_id": "target_id", "workload_id": "target"})
    inner = edges[["source_id", "target_id"]].astype(object).drop_duplicates().merge(sources).merge(targets)
    pairs = inner.loc[inner["source"] != inner["target"], ["source", "target"]].drop_duplicates()
    outward = edges.loc[edges["target_is_external"].astype(bool), ["source_id", "target_id"]].astype(object)
    inward = edges.loc[edges["source_is_external"].astype(bool), ["source_id", "target_id"]].astype(object)
    talks = pd.concat(
        [
            outward.merge(sources)[["source", "target_id"]].set_axis(["workload_id", "node"], axis="columns"),
            inward.merge(targets)[["target", "source_id"]].set_axis(["workload_id", "node"], axis="columns"),
        ]
    ).drop_duplicates()
    return pd.DataFrame(
        {
            "depends_on_count": _count(pairs.rename(columns={"source": "workload_id"}), workloads),
            "needed_by_count": _count(pairs.rename(columns={"target": "workload_id"}), workloads),
            "external_count": _count(talks, workloads),
        }
    )


def finding_facts(parts: pd.DataFrame, tech_debt: pd.DataFrame) -> pd.DataFrame:
    """Return the debt of workloads.

    Args:
        parts: The result of `find_parts`.
        tech_debt: The rows of `discovery/tech_debt`.

    Returns:
        Indexed by workload_id: debt_finding_count, debt_score (0 without findings).
    """
    workloads = pd.Index(parts["workload_id"].unique(), name="workload_id")
    found = parts[["workload_id", "asset_id"]].merge(tech_debt[["asset_id", "score"]].astype({"asset_id": object}))
    return pd.DataFrame(
        {
            "debt_finding_count": _count(found, workloads),
            "debt_score": found.groupby("workload_id")["score"].max().reindex(workloads, fill_value=0.0),
        }
    )


def _count(rows: pd.DataFrame, workloads: pd.Index[Any]) -> pd.Series[int]:
    return rows.groupby("workload_id").size().reindex(workloads, fill_value=0)


def _stated(parts: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return the distinct values that a workload's parts state, sorted, as a list; nothing where none does."""
    values = parts[["workload_id", column]].dropna().drop_duplicates().sort_values(["workload_id", column])
    return values.groupby("workload_id")[column].agg(list).astype(object)


def _agreed(column: str, sayers: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the value on which those agree who are asked, and who that was; who comes first in `sayers` decides."""
    answers = []
    for sayer, parts in sayers.items():
        stated = _stated(parts, column)
        agree = stated.str.len() == 1
        says = ("differs between its " + sayer + ": " + stated.str.join(", ")).mask(agree, f"as stated by its {sayer}")
        answers.append(pd.DataFrame({column: stated.str[0].where(agree, None), "says": says}, dtype="object"))
    asked = pd.concat(answers)
    return asked[~asked.index.duplicated()]


def _highest_criticality(parts: pd.DataFrame) -> pd.Series[Any]:
    ranking = dict(enumerate(assessment_weights().criticality))
    rank = parts["criticality"].map({value: rank for rank, value in ranking.items()})
    return rank.astype(float).groupby(parts["workload_id"]).min().map(ranking)
