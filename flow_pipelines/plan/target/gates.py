"""What must hold before targets are published: no server lost, none invented, each going to one cloud at most.

Belongs here: for each table of the phase, a function that lists what does not hold, in words. Does not: column
contracts.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.plan.target.right_size import ON_DEMAND
from flow_pipelines.reference.target_model import target_model


def target_problems(inventory: pd.DataFrame, plan: pd.DataFrame, targets: pd.DataFrame) -> list[str]:
    """List servers that move and have no target, or a target and do not move, and those that go to several clouds.

    Args:
        inventory: The rows of `discovery/inventory`.
        plan: The rows of `assess/plan_of_record`.
        targets: The rows of `plan/targets`.
    """
    parts = plan.loc[~plan["treatment"].isin(target_model().without_server), "source_entity_ids"].explode()
    servers = inventory.loc[inventory["asset_type"] == "server", "asset_id"]
    moving = set(servers) & set(parts.dropna())
    sized = targets.groupby("asset_id")
    counts, clouds = sized.size(), targets["provider"].nunique()
    chosen = targets.loc[targets["is_chosen"].astype(bool)]
    problems = listed("servers {} move and have no target", moving - set(counts.index))
    problems += listed("servers {} have a target and do not move", set(counts.index) - moving)
    problems += listed("servers {} are not compared in every cloud once", counts.index[counts != clouds])
    problems += listed("servers {} go to several clouds", set(chosen.loc[chosen["asset_id"].duplicated(), "asset_id"]))
    return problems + listed("servers {} go where they have no price", chosen.loc[chosen[ON_DEMAND].isna(), "asset_id"])


def storage_problems(targets: pd.DataFrame, storage: pd.DataFrame) -> list[str]:
    """List targets that have no row of storage, or several, and rows of no target.

    Args:
        targets: The rows of `plan/targets`.
        storage: The rows of `plan/storage_targets`.
    """
    expected, found = set(targets["target_id"]), storage["target_id"]
    problems = listed("targets {} have no storage", expected - set(found))
    problems += listed("storage is of targets {} that are not there", set(found) - expected)
    return problems + listed("targets {} have storage twice", set(found[found.duplicated()]))
