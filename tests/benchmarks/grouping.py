"""How well applications are inferred, by how many servers' applications are unknown: adjusted Rand index.

Belongs here: taking application names and host names away, and comparing the groups with the truth. Does not: the
other measures (`quality.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from flow_pipelines.discovery.asset_groups import group_assets
from tests.benchmarks.discovery_run import SCOPE, Frames
from tests.benchmarks.truth import Truth

REMOVED = (0.0, 0.5, 0.9, 1.0)


@dataclass(frozen=True)
class GroupingScore:
    """How well the servers are grouped, with a share of them robbed of their applications."""

    removed: float
    names_tell: bool
    adjusted_rand: float
    groups: int


def measure_grouping(frames: Frames, true_ids: pd.Series[str], truth: Truth) -> list[GroupingScore]:
    """Group servers again with less and less stated, with their names and with names that tell nothing.

    Args:
        frames: The tables of a run.
        true_ids: By asset id, the thing that it is.
        truth: The truth.
    """
    inventory = frames["inventory"]
    # A server of several applications counts for the first: the one that it was set up for.
    main = truth.server_applications.drop_duplicates("true_server_id").set_index("true_server_id")
    servers = inventory[inventory["asset_type"] == "server"]
    expected = servers["asset_id"].map(true_ids).map(main["true_application_id"])
    chance = np.random.default_rng(1).random(len(inventory))
    scores = []
    for names_tell in (True, False):
        for removed in REMOVED:
            handicapped = _without(inventory, chance < removed, names_tell=names_tell)
            groups = group_assets(handicapped, frames["dependencies"], scope=SCOPE)
            found = _partition(handicapped, groups)[servers.index]
            known = expected.notna()
            index = adjusted_rand_index(found[known], expected[known])
            scores.append(GroupingScore(removed, names_tell, index, int(found[known].nunique())))
    return scores


def _without(inventory: pd.DataFrame, robbed: np.ndarray, *, names_tell: bool) -> pd.DataFrame:
    ids = [[] if gone else one for gone, one in zip(robbed, inventory["application_ids"], strict=True)]
    changed = inventory.assign(application_ids=pd.Series(ids, index=inventory.index, dtype=object))
    if names_tell:
        return changed
    order = np.random.default_rng(2).permutation(len(inventory))
    numbered = pd.Series([f"srv{number:06d}" for number in order], index=inventory.index, dtype="str")
    return changed.assign(host_name=numbered, name=numbered, fqdn=None)


def _partition(inventory: pd.DataFrame, groups: pd.DataFrame) -> pd.Series[str]:
    """Return the application of each asset: the first stated one, the inferred one, else itself."""
    inferred = groups[groups["group_kind"] == "application"].set_index("asset_id")
    of_group = inferred["application_id"].fillna(inferred["group_id"])
    stated = inventory["application_ids"].map(lambda ids: min(ids) if len(ids) else None)
    return stated.fillna(inventory["asset_id"].map(of_group)).fillna(inventory["asset_id"]).astype("str")


def adjusted_rand_index(found: pd.Series[str], expected: pd.Series[str]) -> float:
    """Return how alike two partitions are: 1 if they are the same, 0 if no more alike than chance would have it."""

    def pairs(sizes: pd.Series[int]) -> float:
        return float((sizes * (sizes - 1) / 2).sum())

    both = pairs(pd.DataFrame({"found": found, "expected": expected}).value_counts())
    one, other = pairs(found.value_counts()), pairs(expected.value_counts())
    every = len(found) * (len(found) - 1) / 2
    by_chance = one * other / every
    return (both - by_chance) / ((one + other) / 2 - by_chance)
