"""Cycles: assets that need each other, directly or through others, and so can't be moved one after the other.

Belongs here: the strongly connected groups of the graph of needs. Does not: what is moved with what (Assess).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# A container needs its contents and they run on it: that is one statement, no cycle.
NEEDS = ("depends_on", "runs_on", "hosted_on", "connects_to")


def cycles(dependencies: pd.DataFrame) -> pd.DataFrame:
    """Find the groups of assets of which each needs every other one.

    Args:
        dependencies: The rows of `discovery/dependencies`; noise and external nodes are in no cycle.

    Returns:
        One row per asset and cycle: asset_id, cycle (number), dependency_ids (edges of the cycle that leave the
        asset, sorted), confidence (that the cycle is one: as sure as the least sure way into or out of a member).
    """
    is_need = dependencies["kind"].isin(NEEDS) & ~dependencies["is_noise"].astype(bool)
    is_inner = ~(dependencies["source_is_external"] | dependencies["target_is_external"]).astype(bool)
    is_apart = dependencies["source_id"] != dependencies["target_id"]
    edges = dependencies.loc[
        is_need & is_inner & is_apart, ["source_id", "target_id", "dependency_id", "confidence"]
    ].sort_values("dependency_id")
    ends = pd.concat([edges["source_id"], edges["target_id"]]).astype("str")
    numbers, assets = pd.factorize(ends, sort=True)
    source, target = np.split(numbers, 2)
    graph = coo_array((np.ones(len(edges)), (source, target)), shape=(len(assets), len(assets)))
    component = connected_components(graph.tocsr(), directed=True, connection="strong")[1] if len(assets) else numbers
    inner = edges.assign(cycle=component[source])[component[source] == component[target]]
    leaving = inner.groupby("source_id").agg(
        cycle=("cycle", "first"), dependency_ids=("dependency_id", list), out=("confidence", "max")
    )
    entering = inner.groupby("target_id")["confidence"].max()
    weakest = leaving["out"].where(leaving["out"] < entering.reindex(leaving.index), entering.reindex(leaving.index))
    members = leaving.assign(confidence=weakest.groupby(leaving["cycle"]).transform("min"))
    columns = ["asset_id", "cycle", "dependency_ids", "confidence"]
    named: pd.DataFrame = members.rename_axis("asset_id").reset_index()
    return named[columns]
