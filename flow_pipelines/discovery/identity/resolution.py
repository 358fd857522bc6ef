"""Resolving the records of one asset type to assets.

Belongs here: the order of the steps from records to assets, and the columns that the inventory has for every type.
Does not: the steps, and what ties assets of different types together (`belonging.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from flow_pipelines.discovery.identity.asset_ids import asset_ids
from flow_pipelines.discovery.identity.candidates import candidate_rows, find_candidates
from flow_pipelines.discovery.identity.clusters import Cluster, cluster
from flow_pipelines.discovery.identity.decided import decide
from flow_pipelines.discovery.identity.evidence import gather
from flow_pipelines.discovery.identity.exports import Standing, stand
from flow_pipelines.discovery.identity.pairs import accepted, scored_pairs
from flow_pipelines.discovery.identity.ranking import are_newest
from flow_pipelines.discovery.identity.reasons import reason
from flow_pipelines.discovery.identity.survivorship import survive
from flow_pipelines.edits import Edit, EditOutcome
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings


@dataclass(frozen=True)
class Resolved:
    """The assets of one type.

    Attributes:
        records: Rows of `cleansed_records`, ordered by record id, with `asset_id` of the asset of each.
        assets: Rows of `inventory`, without those columns that tie assets together.
        conflicts: Rows of `inventory_conflicts`, without their ids.
        outcomes: What became of the merges and splits that are about records of this type.
        candidates: Rows of `identity_candidates`, without their ids.
        candidates_left_out: How many more there are than the model allows.
    """

    records: pd.DataFrame
    assets: pd.DataFrame
    conflicts: pd.DataFrame
    outcomes: tuple[EditOutcome, ...]
    candidates: pd.DataFrame
    candidates_left_out: int


def resolve(
    records: pd.DataFrame,
    asset_type: str,
    *,
    details: Mapping[int, Sequence[str]],
    settings: EngagementSettings,
    scope: Scope,
    edits: Sequence[Edit],
) -> Resolved:
    """Resolve the records of one asset type to assets.

    Args:
        records: Rows of `cleansed_records`, ordered by record id, with a fresh index.
        asset_type: What they describe.
        details: Record ids of details that were folded into a record, by its position.
        settings: The engagement's: DNS domains of the enterprise, and what people say about sources.
        scope: The engagement, for the ids.
        edits: Merges and splits that count, in order; those of other types are passed over.
    """
    evidence = gather(records, asset_type, settings.domains)
    pairs = scored_pairs(evidence)
    by_model = cluster(evidence.facts, accepted(pairs))
    clusters, outcomes = decide(by_model, records, details, edits)
    asset_of = np.zeros(len(records), dtype=np.int64)
    for number, one in enumerate(clusters):
        asset_of[list(one.members)] = number
    record_ids, formats = records["record_id"].tolist(), records["source_format"].tolist()
    sources = [
        sorted(one for member in cluster.members for one in (record_ids[member], *details.get(member, ())))
        for cluster in clusters
    ]
    standing = stand(records, asset_of, settings.sources)
    now = [_without_history(one, standing) for one in clusters]
    survivors = survive(records, asset_of, standing)
    ids = pd.Series(asset_ids(clusters, evidence, asset_type, record_ids=record_ids, scope=scope), dtype="object")
    assets = survivors.assets.assign(
        asset_id=ids,
        asset_type=asset_type,
        source_entity_ids=pd.Series(sources, dtype="object"),
        source_formats=pd.Series(
            [sorted({formats[member] for member in one.members}) for one in clusters], dtype="object"
        ),
        last_seen_in=pd.Series(standing.last_seen_in, dtype="object"),
        is_missing_from_latest=[bool(one) for one in standing.missing],
        missing_reason=pd.Series([one or None for one in standing.missing], dtype="object"),
        resolution_method=[one.method for one in now],
        resolution_confidence=[one.confidence for one in now],
        resolution_reason=[reason(one, evidence.facts) for one in now],
        quality_score=records["quality_score"].where(standing.age == 0).groupby(asset_of).mean(),
    )
    candidates, left_out = find_candidates(pairs, evidence, by_model, clusters)
    conflicts = survivors.conflicts
    conflicts.insert(0, "asset_id", ids.take(conflicts.pop("asset").to_numpy(dtype=np.int64)).to_numpy())
    # What an earlier export said of an asset's applications does not count beside what a newer one says.
    is_told = records["application_names"].notna().to_numpy()
    names = records["application_names"].where(are_newest(is_told, asset_of, standing), None)
    records = records.assign(asset_id=ids.take(asset_of).to_numpy(), application_names=names)
    told = candidate_rows(candidates, assets, records["record_id"])
    return Resolved(records, assets, conflicts, outcomes, told, left_out)


def _without_history(one: Cluster, standing: Standing) -> Cluster:
    """Return a cluster without its sources' earlier exports: that a source repeats itself is no evidence, nor doubt."""
    links = tuple(link for link in one.links if standing.source[link.left] != standing.source[link.right])
    members = tuple(member for member in one.members if standing.age[member] == 0)
    if len(members) == len(one.members):
        return one
    return replace(one, members=members, links=links)
