"""What must hold before a table of Assess is published: nothing lost, nothing invented, nothing dangling.

Belongs here: for each table, a function that lists what does not hold, in words. Does not: column contracts
(`flow_pipelines/tables/contract.py`), which every frame has passed already.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

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
    problems = _problems("assets {} are missing from a workload that they belong to", lost)
    problems += _problems("assets {} are in a workload that they don't belong to", invented)
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
        problems += _problems(f"the {asset_type}s of workloads {{}} are miscounted", wrong)
    return problems


def _problems(sentence: str, offenders: Iterable[str]) -> list[str]:
    listed = sorted(offenders)
    if not listed:
        return []
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return [sentence.format(", ".join(listed[:NAMED]) + more)]


def roadmap_problems(waves: pd.DataFrame, roadmap: pd.DataFrame) -> list[str]:
    """List workloads with a wave that are in no cutover, or in that of another wave.

    Args:
        waves: The rows of `assess/waves`.
        roadmap: The rows of `assess/roadmap`, edited or not.
    """
    moving = waves.loc[waves["wave_number"].notna(), ["workload_id", "wave_number"]]
    expected = {(one, int(number)) for one, number in moving.itertuples(index=False)}
    cutovers = roadmap.loc[roadmap["step_type"] == "cutover", ["workload_ids", "wave_number"]].explode("workload_ids")
    found = {(one, int(number)) for one, number in cutovers.itertuples(index=False)}
    problems = _problems("workloads {} are cut over in no wave or another one", {one for one, _ in expected - found})
    return problems + _problems("workloads {} are cut over without being planned", {one for one, _ in found - expected})


def plan_problems(overview: pd.DataFrame, plan: pd.DataFrame) -> list[str]:
    """List workloads that are missing from the plan or invented, and those that move at no time.

    Args:
        overview: The rows of `assess/assessment_overview`.
        plan: The rows of `assess/plan_of_record`.
    """
    known, planned = set(overview["workload_id"]), set(plan["workload_id"])
    problems = _problems("workloads {} are missing from the plan", known - planned)
    problems += _problems("workloads {} are in the plan and not in the overview", planned - known)
    timeless = plan.loc[plan["wave_number"].notna() & plan["cutover_date"].isna(), "workload_id"]
    return problems + _problems("workloads {} have a wave and no date", timeless)
