"""The servers that move, as every tool that moves servers wants them.

Belongs here: one row per server with its workload, wave and target. Does not: any tool's columns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from flow_pipelines.exports.draft import decimal, some
from flow_pipelines.reference.export_formats import export_formats

INVENTORY = "discovery/inventory"
PLAN_OF_RECORD = "assess/plan_of_record"
TARGETS = "plan/targets"
SERVERS_READ = (INVENTORY, PLAN_OF_RECORD, TARGETS)
OF_TARGET = ["asset_id", "server_name", "provider", "region", "is_chosen", "instance_type", "workload_ids"]


def moving_servers(frames: Mapping[str, pd.DataFrame], *, wave: int | None, provider: str | None) -> pd.DataFrame:
    """Return the servers that move, with what is planned for them.

    Args:
        frames: The tables of `SERVERS_READ`, by key.
        wave: Only those that move in this wave; all if None.
        provider: The cloud of which the target is wanted; the one that is chosen if None.

    Returns:
        One row per server, by wave and name: the columns of the inventory, those of its target in the cloud, and
        `workload_name`, `treatment` and `wave_number` of the first of its workloads that moves, and `workload_count`.
    """
    targets = frames[TARGETS]
    if provider is not None:
        targets = targets[targets["provider"] == provider]
    targets = targets[OF_TARGET].sort_values(["is_chosen", "provider"], ascending=[False, True])
    targets = targets.drop_duplicates("asset_id")
    plan = frames[PLAN_OF_RECORD][["workload_id", "workload_name", "treatment", "wave_number"]]
    of_each = targets[["asset_id", "workload_ids"]].explode("workload_ids")
    of_each = of_each.merge(plan, left_on="workload_ids", right_on="workload_id")
    of_each = of_each.sort_values(["wave_number", "workload_name", "workload_id"])
    of_each["workload_count"] = of_each.groupby("asset_id")["workload_id"].transform("size")
    first = of_each.drop_duplicates("asset_id").drop(columns="workload_ids")
    servers = frames[INVENTORY].merge(targets.drop(columns="workload_ids"), on="asset_id").merge(first, on="asset_id")
    if wave is not None:
        servers = servers[(servers["wave_number"] == wave).fillna(False).astype(bool)]
    return servers.sort_values(["wave_number", "server_name", "asset_id"], ignore_index=True)


def shared_notices(servers: pd.DataFrame) -> list[str]:
    """Tell of the servers of several workloads: a tool with one application for each knows the first only."""
    shared = servers[servers["workload_count"] > 1]
    if shared.empty:
        return []
    names = some(shared["server_name"])
    return [f"{len(shared):,} servers belong to several workloads and are listed under the first to move: {names}."]


def treated_as(servers: pd.DataFrame, treatments: Collection[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return the servers whose workload is treated so, and what to tell of the others."""
    is_one = servers["treatment"].isin(treatments)
    others = servers[~is_one]
    if others.empty:
        return servers, []
    told = some(others["server_name"] + " (" + others["treatment"] + ")")
    return servers[is_one], [f"{len(others):,} servers are left out, as they are not to be copied as they are: {told}."]


def going_to(servers: pd.DataFrame, provider: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the servers that go to a cloud, and what to tell of the others.

    If none goes there, all are returned, as if they did: who asks for the file wants to see it.
    """
    going = servers[servers["is_chosen"].astype(bool)]
    others = servers[~servers["is_chosen"].astype(bool)]
    if others.empty:
        return going, []
    if going.empty:
        told = f"By the plan no server goes to {provider}; all {len(others):,} are listed as if they did."
        return others, [told]
    return going, [
        f"{len(others):,} servers are left out, as they do not go to {provider}: {some(others['server_name'])}."
    ]


def system_family(system: object) -> str:
    """Return the family of an operating system; its own name if it is of none that tools tell apart."""
    text = str(system).casefold()
    families = export_formats().system_families
    return next((family for family, words in families.items() if any(word in text for word in words)), str(system))


def wave_name(wave: object) -> str:
    """Return what a wave is called in every export; empty if there is none."""
    told = decimal(wave)
    return "" if told is None else f"Wave {int(told)}"
