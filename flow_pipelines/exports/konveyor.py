"""The applications that Konveyor imports, and what they need of each other.

Belongs here: what is written into its columns, which go by position. Does not: their names and rules
(`reference/export_formats.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.exports.draft import Draft, DraftRow, line
from flow_pipelines.exports.servers import INVENTORY, PLAN_OF_RECORD, wave_name
from flow_pipelines.settings import EngagementSettings

DEPENDENCIES = "discovery/dependencies"
READS = (INVENTORY, PLAN_OF_RECORD, DEPENDENCIES)
APPLICATION, DEPENDENCY = "1", "2"
NEEDS = "southbound"  # the application needs the one that the row names
TAGS = {"Migration treatment": "treatment", "Migration wave": "wave", "Environment": "environment"}


def konveyor_rows(frames: Mapping[str, pd.DataFrame], *, settings: EngagementSettings, wave: int | None) -> Draft:
    """Return a row per workload, and one per pair of which one needs the other, if both are listed."""
    del settings
    plan = frames[PLAN_OF_RECORD]
    if wave is not None:
        plan = plan[(plan["wave_number"] == wave).fillna(False).astype(bool)]
    plan = plan.sort_values(["workload_name", "workload_id"])
    assets = frames[INVENTORY][["asset_id", "description", "business_unit", "owner_email"]]
    described = plan.merge(assets, left_on="workload_id", right_on="asset_id", how="left")
    applications = [_application(workload) for workload in described.to_dict("records")]
    names = dict(zip(plan["workload_id"], plan["workload_name"], strict=True))
    needed = [
        DraftRow(
            line(names[one]),
            {
                "Record Type": DEPENDENCY,
                "Application Name": line(names[one]),
                "Dependency": line(names[other]),
                "Dependency Direction": NEEDS,
            },
        )
        for one, other in _pairs(plan, frames[DEPENDENCIES])
    ]
    return Draft([*applications, *needed], _unowned(described))


def _application(workload: Mapping[Any, Any]) -> DraftRow:
    name = line(workload["workload_name"])
    told = {**workload, "wave": wave_name(workload["wave_number"])}
    tags = [(category, line(told[column])) for category, column in TAGS.items() if line(told[column])]
    cells = {
        "Record Type": APPLICATION,
        "Application Name": name,
        "Description": line(workload["description"]),
        "Business Service": line(workload["business_unit"]),
        "Owner": _owner(workload),
    }
    for place, (category, tag) in enumerate(tags, start=1):
        cells |= {f"Tag Category {place}": category, f"Tag {place}": tag}
    return DraftRow(name, cells)


def _owner(workload: Mapping[Any, Any]) -> str:
    """Return the owner as Konveyor can read one; it refuses the whole row for a name without an address."""
    name, address = line(workload["owner"]), line(workload["owner_email"])
    return f"{name} <{address}>" if name and address else ""


def _unowned(described: pd.DataFrame) -> list[str]:
    without = int((described["owner"].notna() & described["owner_email"].isna()).sum())
    if not without:
        return []
    return [f"The owners of {without:,} applications are left out: Konveyor takes none without an e-mail address."]


def _pairs(plan: pd.DataFrame, dependencies: pd.DataFrame) -> list[tuple[str, str]]:
    """Return pairs of workloads of which the first needs the second, by the order of the plan."""
    parts = plan[["workload_id", "source_entity_ids"]].explode("source_entity_ids")
    edges = dependencies[["source_id", "target_id"]].dropna().drop_duplicates()
    joined = edges.merge(parts, left_on="source_id", right_on="source_entity_ids").merge(
        parts, left_on="target_id", right_on="source_entity_ids", suffixes=("", "_needed")
    )
    joined = joined[joined["workload_id"] != joined["workload_id_needed"]]
    found = set(zip(joined["workload_id"], joined["workload_id_needed"], strict=True))
    order = {workload: place for place, workload in enumerate(plan["workload_id"])}
    return sorted(found, key=lambda pair: (order[pair[0]], order[pair[1]]))
