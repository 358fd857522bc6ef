"""What the timeline knows of each workload: its treatment, effort, dates and data.

Belongs here: bringing the plan of record and the inventory together. Does not: tasks (`tasks.py`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.reference.skills import skills

GIGABYTES_PER_GIB = 1024**3 / 1000**3
COLUMNS = [
    "workload_id",
    "workload_name",
    "treatment",
    "wave_number",
    "start_date",
    "cutover_date",
    "server_count",
    "effort_days",
    "source_entity_ids",
]


def planned_workloads(plan: pd.DataFrame, inventory: pd.DataFrame, components: pd.DataFrame) -> pd.DataFrame:
    """Return the workloads of the plan with their data and what one must know for them.

    The data of a server is what is used of its storage, or else what it has; that of a server of several workloads
    moves once, with the one that moves first.

    Args:
        plan: The rows of `assess/plan_of_record`.
        inventory: The rows of `discovery/inventory`.
        components: The rows of `assess/component_treatments`.

    Returns:
        In order of workload_id, the plan's columns that matter with data_gigabytes, unknown_data (how many of its
        servers don't tell), and the sorted skills that its operating systems and databases take (`operating_system`,
        `database`).
    """
    servers = inventory[inventory["asset_type"] == "server"]
    gibibytes = servers["storage_used_gib"].astype("Float64").fillna(servers["storage_allocated_gib"].astype("Float64"))
    data = (gibibytes * GIGABYTES_PER_GIB).set_axis(servers["asset_id"])
    parts = plan[["workload_id", "wave_number", "source_entity_ids"]].explode("source_entity_ids")
    parts = parts[parts["source_entity_ids"].isin(data.index)].sort_values(["wave_number", "workload_id"])
    parts = parts.drop_duplicates("source_entity_ids").sort_values(["workload_id", "source_entity_ids"])
    parts["data"] = parts["source_entity_ids"].map(data).astype("Float64")
    of_workload = parts.groupby("workload_id")["data"]
    found = plan[COLUMNS].sort_values("workload_id", ignore_index=True)
    names = found["workload_id"]
    return found.assign(
        data_gigabytes=names.map(of_workload.sum()).astype("Float64").fillna(0),
        unknown_data=names.map(of_workload.size() - of_workload.count()).astype("Int64").fillna(0),
        operating_system=_skills(found, _systems(plan, servers), "operating_system"),
        database=_skills(found, components[["workload_ids", "product"]].explode("workload_ids"), "database"),
    )


def _systems(plan: pd.DataFrame, servers: pd.DataFrame) -> pd.DataFrame:
    parts = plan[["workload_id", "source_entity_ids"]].explode("source_entity_ids")
    products = servers.set_index("asset_id")["os_product"]
    return parts.assign(product=parts["source_entity_ids"].map(products))


def _skills(found: pd.DataFrame, seen: pd.DataFrame, knowledge: str) -> pd.Series[Any]:
    """Return the skills of each workload; `seen` has a workload and a product in its first and last column."""
    pairs = pd.DataFrame({"workload": seen.iloc[:, 0], "skill": seen.iloc[:, -1].map(skills().of_products(knowledge))})
    by_workload = pairs.dropna().groupby("workload")["skill"].agg(lambda names: sorted(set(names)))
    known = by_workload.to_dict()
    own = [known.get(workload, []) for workload in found["workload_id"]]
    return pd.Series(own, index=found.index, dtype="object")
