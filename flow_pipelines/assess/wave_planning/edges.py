"""Edges between workloads, lifted from the dependencies of their assets.

Belongs here: what an edge between two workloads is. Does not: what an edge between two assets is (Discovery).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.reference.wave_rules import wave_rules

COLUMNS = ["source_id", "target_id", "is_hard", "traffic", "dependency_count"]
MEGABYTE = 1e6


def workload_dependencies(workloads: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Lift the dependencies of assets to the workloads that they are part of.

    Args:
        workloads: workload_id, source_entity_ids (the assets that make it up).
        dependencies: The rows of `discovery/dependencies`.

    Returns:
        One row per pair of different workloads of which the source needs the target, sorted: source_id, target_id,
        is_hard (the target must not move later), traffic (1 to 20), dependency_count. Noise and edges to external
        nodes are left out, as are edges between assets that share a workload.
    """
    parts = workloads[["workload_id", "source_entity_ids"]].explode("source_entity_ids").dropna()
    edges = dependencies[~dependencies["is_noise"].astype(bool)]
    judged = pd.DataFrame(
        {
            "source_asset": edges["source_id"],
            "target_asset": edges["target_id"],
            "is_hard": _is_hard(edges),
            "traffic": _traffic(edges),
        }
    )
    lifted = judged.merge(
        parts.rename(columns={"workload_id": "source_id", "source_entity_ids": "source_asset"}), on="source_asset"
    ).merge(parts.rename(columns={"workload_id": "target_id", "source_entity_ids": "target_asset"}), on="target_asset")
    shared = lifted.merge(
        parts.rename(columns={"workload_id": "source_id", "source_entity_ids": "target_asset"}).assign(is_shared=True),
        on=["source_id", "target_asset"],
        how="left",
    )["is_shared"].notna()
    apart = lifted[~shared.to_numpy() & (lifted["source_id"] != lifted["target_id"]).to_numpy()]
    found = apart.groupby(["source_id", "target_id"], sort=True).agg(
        is_hard=("is_hard", "any"), traffic=("traffic", "max"), dependency_count=("traffic", "size")
    )
    return found.reset_index()[COLUMNS]


def _is_hard(edges: pd.DataFrame) -> pd.Series[Any]:
    is_hard = pd.Series(data=False, index=edges.index)
    for rule in wave_rules().hard:
        is_hard |= (
            (edges["origin"] == rule.origin)
            & edges["kind"].isin(rule.kinds)
            & (edges["confidence"].astype(float) >= rule.confidence)
        )
    return is_hard


def _traffic(edges: pd.DataFrame) -> pd.Series[Any]:
    rule = wave_rules().traffic
    connections = edges["connection_count"].fillna(0).astype(float)
    megabytes = edges["bytes_total"].fillna(0).astype(float) / MEGABYTE
    size = 1 + np.log10(1 + np.maximum(connections, megabytes))
    factor = pd.Series(np.where(edges["is_database_link"].astype(bool), rule.database_link, 1.0), index=edges.index)
    traffic: pd.Series[Any] = size.clip(upper=rule.most).astype(float) * factor
    return traffic
