"""Which workloads there are, and which assets make up each.

Belongs here: the rule by which an asset is part of a workload. Does not: what is said about a workload.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.reference.assessment_weights import assessment_weights

APPLICATION = "application"
# What moves with a workload. Hypervisor hosts, clusters and network devices stay where they are.
PART_TYPES = (APPLICATION, "server", "database")
NAMES = ("name", "host_name", "fqdn", "asset_id")
# What is judged of a part, beside what the weights name.
FACTS = (
    "asset_id", "asset_type", "environment", "criticality", "owner", "cpu_count", "memory_mib", "storage_used_gib",
    "storage_allocated_gib", "resolution_confidence", "quality_score",
)  # fmt: skip


def find_parts(inventory: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of every workload.

    An application is a workload, made up of itself and of all servers and databases that belong to it. A server or
    database that belongs to no application of the inventory is a workload of its own.

    Args:
        inventory: The rows of `discovery/inventory`.

    Returns:
        One row per workload and part, sorted by both ids whatever the order of the inventory, so that sums of
        decimals come out equal: workload_id, the columns of the inventory that are judged, label (what a person calls
        the part) and workload_count (of how many workloads it is a part).
    """
    assets = inventory.loc[inventory["asset_type"].isin(PART_TYPES), [*_judged(), "application_ids"]]
    names = inventory.loc[assets.index, list(NAMES)].bfill(axis="columns").iloc[:, 0]
    parts = _workload_of_each(assets).merge(assets[_judged()].assign(label=names), on="asset_id")
    parts["workload_count"] = parts.groupby("asset_id")["workload_id"].transform("size")
    return parts.sort_values(["workload_id", "asset_id"], ignore_index=True)


def _judged() -> list[str]:
    weights = assessment_weights()
    needed = [column for facts in weights.needed_facts.values() for fact in facts for column in fact.columns]
    return list(dict.fromkeys([*FACTS, *needed, *(obstacle.column for obstacle in weights.obstacles)]))


def _workload_of_each(assets: pd.DataFrame) -> pd.DataFrame:
    """Return workload_id and asset_id, without repetitions."""
    is_application = assets["asset_type"] == APPLICATION
    applications = assets.loc[is_application, "asset_id"]
    stated = assets.loc[~is_application, ["asset_id", "application_ids"]].explode("application_ids")
    stated = stated[stated["application_ids"].isin(applications)].drop_duplicates()
    is_alone = ~assets["asset_id"].isin(stated["asset_id"])
    return pd.concat(
        [
            _pairs(assets.loc[is_alone, "asset_id"], assets.loc[is_alone, "asset_id"]),
            _pairs(stated["application_ids"], stated["asset_id"]),
        ],
        ignore_index=True,
    )


def _pairs(workload_ids: pd.Series[Any], asset_ids: pd.Series[Any]) -> pd.DataFrame:
    # Ids as objects: a frame without rows would call them numbers and could not be joined to one with rows.
    return pd.DataFrame({"workload_id": workload_ids, "asset_id": asset_ids}, dtype="object")
