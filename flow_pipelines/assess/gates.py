"""What must hold before a table of Assess is published: nothing lost, nothing invented, nothing dangling.

Belongs here: for each table, a function that lists what does not hold, in words. Does not: column contracts
(`flow_pipelines/tables/contract.py`), which every frame has passed already.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from flow_pipelines.some_of import some_of

# How many offenders a message names: enough to start looking, short enough to read.
NAMED = 5
MOVED_TYPES = ("application", "server", "database")


def overview_problems(inventory: pd.DataFrame, overview: pd.DataFrame) -> list[str]:
    """List assets that are in a workload that they don't belong to, or not in one that they do."""
    assets = inventory[inventory["asset_type"].isin(MOVED_TYPES)]
    expected = _memberships(assets)
    made_up_of = overview[["workload_id", "source_entity_ids"]].explode("source_entity_ids").dropna()
    found = set(made_up_of.itertuples(index=False, name=None))
    lost = {f"{asset} (of {workload})" for workload, asset in expected - found}
    invented = {f"{asset} (in {workload})" for workload, asset in found - expected}
    problems = listed("assets {} are missing from a workload that they belong to", lost)
    problems += listed("assets {} are in a workload that they don't belong to", invented)
    types = dict(zip(assets["asset_id"], assets["asset_type"], strict=True))
    return problems + _count_problems(overview, made_up_of.assign(type=made_up_of["source_entity_ids"].map(types)))


def _memberships(assets: pd.DataFrame) -> set[tuple[str, str]]:
    """Return the workload and the asset of every membership."""
    columns = ["asset_id", "asset_type", "application_ids"]
    rows = list(assets[columns].itertuples(index=False, name=None))
    applications = {asset_id for asset_id, asset_type, _ in rows if asset_type == "application"}
    return {
        (workload, asset_id)
        for asset_id, asset_type, named in rows
        for workload in (asset_type != "application" and applications.intersection(named)) or {asset_id}
    }


def _count_problems(overview: pd.DataFrame, made_up_of: pd.DataFrame) -> list[str]:
    problems = []
    for asset_type in ("server", "database"):
        counted = made_up_of[made_up_of["type"] == asset_type].groupby("workload_id").size()
        expected = overview["workload_id"].map(counted).fillna(0).astype(int)
        wrong = overview.loc[expected != overview[f"{asset_type}_count"].astype(int), "workload_id"]
        problems += listed(f"the {asset_type}s of workloads {{}} are miscounted", wrong)
    return problems


def listed(sentence: str, offenders: Iterable[str]) -> list[str]:
    """Return a problem that names its offenders in place of `{}`; none if there are none."""
    found = sorted(offenders)
    if not found:
        return []
    return [sentence.format(some_of(found, NAMED))]
