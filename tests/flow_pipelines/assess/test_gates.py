"""The gate of the overview is shown something broken, and must say so."""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import overview_problems

INVENTORY = pd.DataFrame(
    {
        "asset_id": ["a", "s1", "s2", "h"],
        "asset_type": ["application", "server", "server", "hypervisor_host"],
        "application_ids": [[], ["a"], [], ["a"]],
    }
)
OVERVIEW = pd.DataFrame(
    {
        "workload_id": ["a", "s2"],
        "server_count": [1, 1],
        "database_count": [0, 0],
        "source_entity_ids": [["a", "s1"], ["s2"]],
    }
)


def test_a_sound_overview_passes() -> None:
    assert overview_problems(INVENTORY, OVERVIEW) == []


def test_a_lost_workload_is_named() -> None:
    assert overview_problems(INVENTORY, OVERVIEW.iloc[:1]) == [
        "assets s2 (of s2) are missing from a workload that they belong to"
    ]


def test_a_lost_part_and_its_count_are_named() -> None:
    broken = OVERVIEW.assign(source_entity_ids=[["a"], ["s2"]])
    assert overview_problems(INVENTORY, broken) == [
        "assets s1 (of a) are missing from a workload that they belong to",
        "the servers of workloads a are miscounted",
    ]


def test_an_invented_part_is_named() -> None:
    broken = OVERVIEW.assign(source_entity_ids=[["a", "s1"], ["s2", "h"]])
    assert overview_problems(INVENTORY, broken) == ["assets h (in s2) are in a workload that they don't belong to"]
