"""Resolving the records of one asset type to assets.

Belongs here: the order of the steps from records to assets, and the columns that the inventory has for every type.
Does not: the steps, and what ties assets of different types together (`belonging.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.discovery.identity.asset_ids import asset_ids
from flow_pipelines.discovery.identity.clusters import cluster
from flow_pipelines.discovery.identity.evidence import gather
from flow_pipelines.discovery.identity.pairs import likely_pairs
from flow_pipelines.discovery.identity.reasons import reason
from flow_pipelines.discovery.identity.survivorship import survive
from flow_pipelines.scope import Scope


@dataclass(frozen=True)
class Resolved:
    """The assets of one type.

    Attributes:
        records: Rows of `cleansed_records`, ordered by record id, with `asset_id` of the asset of each.
        assets: Rows of `inventory`, without those columns that tie assets together.
        conflicts: Rows of `inventory_conflicts`, without their ids.
    """

    records: pd.DataFrame
    assets: pd.DataFrame
    conflicts: pd.DataFrame


def resolve(
    records: pd.DataFrame,
    asset_type: str,
    *,
    details: Mapping[int, Sequence[str]],
    domains: Collection[str],
    scope: Scope,
) -> Resolved:
    """Resolve the records of one asset type to assets.

    Args:
        records: Rows of `cleansed_records`, ordered by record id, with a fresh index.
        asset_type: What they describe.
        details: Record ids of details that were folded into a record, by its position.
        domains: DNS domains of the enterprise.
        scope: The engagement, for the ids.
    """
    evidence = gather(records, asset_type, domains)
    clusters = cluster(evidence.facts, likely_pairs(evidence))
    asset_of = np.zeros(len(records), dtype=np.int64)
    for number, one in enumerate(clusters):
        asset_of[list(one.members)] = number
    record_ids = records["record_id"].tolist()
    survivors = survive(records, asset_of)
    ids = pd.Series(
        asset_ids(clusters, evidence, asset_type, record_ids=record_ids, scope=scope), dtype="object"
    )
    assets = survivors.assets.assign(
        asset_id=ids,
        asset_type=asset_type,
        source_entity_ids=[
            sorted(one for member in cluster.members for one in (record_ids[member], *details.get(member, ())))
            for cluster in clusters
        ],
        source_formats=_formats(records["source_format"], asset_of),
        resolution_method=[one.method for one in clusters],
        resolution_confidence=[one.confidence for one in clusters],
        resolution_reason=[reason(one, evidence.facts) for one in clusters],
        quality_score=records["quality_score"].groupby(asset_of).mean(),
    )
    conflicts = survivors.conflicts
    conflicts.insert(0, "asset_id", ids.take(conflicts.pop("asset").astype("int64")).to_numpy())
    return Resolved(records.assign(asset_id=ids.take(asset_of).to_numpy()), assets, conflicts)


def _formats(source_formats: pd.Series[Any], asset_of: np.ndarray[Any, Any]) -> list[list[str]]:
    formats: list[set[str]] = [set() for _ in range(int(asset_of.max(initial=-1)) + 1)]
    for asset, source_format in zip(asset_of.tolist(), source_formats, strict=True):
        formats[asset].add(source_format)
    return [sorted(one) for one in formats]
