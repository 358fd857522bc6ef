"""The applications that Konveyor imports, and what they need of each other.

Belongs here: what is written into its columns, which go by position. Does not: their names and rules
(`reference/export_formats.yaml`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flow_pipelines.assess.wave_planning.edges import workload_dependencies
from flow_pipelines.circles import circles
from flow_pipelines.exports.draft import Draft, DraftRow, line, some
from flow_pipelines.exports.servers import INVENTORY, PLAN_OF_RECORD, wave_name
from flow_pipelines.settings import EngagementSettings

DEPENDENCIES = "discovery/dependencies"
READS = (INVENTORY, PLAN_OF_RECORD, DEPENDENCIES)
APPLICATION, DEPENDENCY = "1", "2"
NEEDS = "southbound"  # the application needs the one that the row names
Pair = tuple[str, str]
TAGS = {"Migration treatment": "treatment", "Migration wave": "wave", "Environment": "environment"}


def konveyor_rows(frames: Mapping[str, pd.DataFrame], *, settings: EngagementSettings, wave: int | None) -> Draft:
    """Return a row per workload, and one per pair of which one needs the other.

    Told and left out: what needs, or is needed by, what is not listed, and what would close a circle.
    """
    del settings
    plan = frames[PLAN_OF_RECORD].sort_values(["workload_name", "workload_id"])
    names = dict(zip(plan["workload_id"], plan["workload_name"].map(line), strict=True))
    needs = workload_dependencies(plan, frames[DEPENDENCIES])
    if wave is not None:
        plan = plan[(plan["wave_number"] == wave).fillna(False).astype(bool)]
    assets = frames[INVENTORY][["asset_id", "description", "business_unit", "owner_email"]]
    described = plan.merge(assets, left_on="workload_id", right_on="asset_id", how="left")
    applications = [_application(workload) for workload in described.to_dict("records")]
    sides = needs[["source_id", "target_id"]].isin(set(plan["workload_id"]))
    kept, circular = _without_circles(needs[sides.all(axis="columns")])
    order = {workload: place for place, workload in enumerate(names)}
    pairs = sorted(kept, key=lambda pair: (order[pair[0]], order[pair[1]]))
    needed = [_dependency(names[one], names[other]) for one, other in pairs]
    across = needs[sides.any(axis="columns") & ~sides.all(axis="columns")]
    notices = [*_across(_pairs(across), names, wave), *_circular(circular, names), *_unowned(described)]
    return Draft([*applications, *needed], notices)


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


def _dependency(name: str, needed: str) -> DraftRow:
    return DraftRow(
        name,
        {
            "Record Type": DEPENDENCY,
            "Application Name": name,
            "Dependency": needed,
            "Dependency Direction": NEEDS,
        },
    )


def _pairs(needs: pd.DataFrame) -> list[Pair]:
    return list(zip(needs["source_id"], needs["target_id"], strict=True))


def _without_circles(needs: pd.DataFrame) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs that Konveyor takes, and those that would close a circle, which it refuses.

    Of a circle the strongest stay: those that must move in order, then those of the most traffic.
    """
    circle = circles(_pairs(needs))
    strongest = needs.sort_values(
        ["is_hard", "traffic", "source_id", "target_id"], ascending=[False, False, True, True], kind="stable"
    )
    kept, left_out = [], []
    beyond: dict[str, set[str]] = defaultdict(set)
    for one, other in _pairs(strongest):
        is_inside = one in circle and circle[one] == circle.get(other)
        if is_inside and _leads(other, one, beyond):
            left_out.append((one, other))
            continue
        kept.append((one, other))
        if is_inside:
            beyond[one].add(other)
    return kept, left_out


def _leads(begin: str, end: str, beyond: Mapping[str, set[str]]) -> bool:
    seen, waiting = {begin}, [begin]
    while waiting:
        following = beyond.get(waiting.pop(), set()) - seen
        if end in following:
            return True
        seen |= following
        waiting += following
    return False


def _across(pairs: Sequence[Pair], names: Mapping[str, str], wave: int | None) -> list[str]:
    if not pairs:
        return []
    told = some(f"{names[one]} needs {names[other]}" for one, other in pairs)
    return [f"{len(pairs):,} dependencies between wave {wave} and other applications are left out: {told}."]


def _circular(pairs: Sequence[Pair], names: Mapping[str, str]) -> list[str]:
    if not pairs:
        return []
    told = some(f"{names[one]} needs {names[other]}" for one, other in pairs)
    return [f"{len(pairs):,} dependencies would close a circle, which Konveyor refuses, and are left out: {told}."]
