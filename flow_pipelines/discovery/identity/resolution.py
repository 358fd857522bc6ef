"""Resolving the records of one asset type to assets.

Belongs here: the order of the steps from records to assets, and the columns that the inventory has for every type.
Does not: the steps, and what ties assets of different types together (`belonging.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flow_pipelines.discovery.identity.asset_ids import asset_ids
from flow_pipelines.discovery.identity.clusters import cluster
from flow_pipelines.discovery.identity.decided import decide
from flow_pipelines.discovery.identity.evidence import gather
from flow_pipelines.discovery.identity.pairs import likely_pairs
from flow_pipelines.discovery.identity.reasons import reason
from flow_pipelines.discovery.identity.survivorship import survive
from flow_pipelines.edits import Edit, EditOutcome
from flow_pipelines.scope import Scope


@dataclass(frozen=True)
class Resolved:
    """The assets of one type.

    Attributes:
        records: Rows of `cleansed_records`, ordered by record id, with `asset_id` of the asset of each.
        assets: Rows of `inventory`, without those columns that tie assets together.
        conflicts: Rows of `inventory_conflicts`, without their ids.
        outcomes: What became of the merges and splits that are about records of this type.
    """

    records: pd.DataFrame
    assets: pd.DataFrame
    conflicts: pd.DataFrame
    outcomes: tuple[EditOutcome, ...]


def resolve(
    records: pd.DataFrame,
    asset_type: str,
    *,
    details: Mapping[int, Sequence[str]],
    domains: Collection[str],
    scope: Scope,
    edits: Sequence[Edit],
) -> Resolved:
    """Resolve the records of one asset type to assets.

    Args:
        records: Rows of `cleansed_records`, ordered by record id, with a fresh index.
        asset_type: What they describe.
        details: Record ids of details that were folded into a record, by its position.
        domains: DNS domains of the enterprise.
        scope: The engagement, for the ids.
        edits: Merges and splits that count, in order; those of other types are passed over.
    """
    evidence = gather(records, asset_type, domains)
    clusters, outcomes = decide(cluster(evidence.facts, likely_pairs(evidence)), records, details, edits)
    asset_of = np.zeros(len(records), dtype=np.int64)
    for number, one in enumerate(clusters):
        asset_of[list(one.members)] = number
    record_ids, formats = records["record_id"].tolist(), records["source_format"].tolist()
    sources = [
        sorted(one for member in cluster.members for one in (record_ids[member], *details.get(member, ())))
        for cluster in clusters
    ]
    survivors = survive(records, asset_of)
    ids = pd.Series(asset_ids(clusters, evidence, asset_type, record_ids=record_ids, scope=scope), dtype="object")
    assets = survivors.assets.assign(
        asset_id=ids,
        asset_type=asset_type,
        source_entity_ids=pd.Series(sources, dtype="object"),
        source_formats=pd.Series(
            [sorted({formats[member] for member in one.members}) for one in clusters], dtype="object"
        ),
        resolution_method=[one.method for one in clusters],
        resolution_confidence=[one.confidence for one in clusters],
        resolution_reason=[reason(one, evidence.facts) for one in clusters],
        quality_score=records["quality_score"].groupby(asset_of).mean(),
    )
    conflicts = survivors.conflicts
    conflicts.insert(0, "asset_id", ids.take(conflicts.pop("asset").to_numpy(dtype=np.int64)).to_numpy())
    return Resolved(records.assign(asset_id=ids.take(asset_of).to_numpy()), assets, conflicts, outcomes)
