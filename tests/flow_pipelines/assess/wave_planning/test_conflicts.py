"""Wishes that can't all be kept, and what people are told.

Belongs here: which wishes are named. Does not: plans (`test_hard_conditions.py`).
"""

from __future__ import annotations

import pandas as pd
import pytest

from flow_pipelines.assess.wave_planning.plan import plan_waves
from flow_pipelines.errors import PlanningError
from flow_pipelines.settings import WaveSettings
from tests.flow_pipelines.assess.wave_planning.instances import dependencies, needs, settings, workload, workloads


def told(rows: pd.DataFrame, edges: pd.DataFrame, limits: WaveSettings) -> str:
    with pytest.raises(PlanningError) as refused:
        plan_waves(rows, edges, limits)
    return str(refused.value)


def test_two_fixed_against_what_one_needs_are_named_and_nobody_else() -> None:
    rows = workloads(
        workload("shop", fixed_wave=1), workload("base", fixed_wave=3), workload("mail", fixed_wave=2), workload("fax")
    )
    message = told(rows, dependencies(needs("shop", "base")), settings())
    assert "shop in wave 1" in message
    assert "base in wave 3" in message
    assert "shop needs base" in message
    assert "mail" not in message


def test_too_many_in_one_wave_are_named_with_what_they_need() -> None:
    rows = workloads(*(workload(name, server_count=6, fixed_wave=2) for name in "ab"), workload("c", fixed_wave=3))
    message = told(rows, dependencies(), settings(servers=10))
    assert "a in wave 2; b in wave 2" in message
    assert "12 servers" in message
    assert "c in wave" not in message


def test_a_tie_between_two_that_are_fixed_apart_is_named() -> None:
    rows = workloads(workload("a", fixed_wave=1, tied_to="b"), workload("b", fixed_wave=2), workload("c", tied_to="b"))
    message = told(rows, dependencies(), settings())
    assert "a together with b" in message
    assert "c together" not in message


def test_a_tie_over_capacity_is_named_rather_than_parted() -> None:
    rows = workloads(workload("a", server_count=8, tied_to="b"), workload("b", server_count=8))
    assert "a together with b" in told(rows, dependencies(), settings(servers=10))


def test_what_is_fixed_and_forbidden_in_one_wave_is_named() -> None:
    rows = workloads(workload("a", fixed_wave=2, forbidden_waves=[2, 3]), workload("b", forbidden_waves=[1]))
    message = told(rows, dependencies(), settings())
    assert "a in wave 2; a not in wave 2, 3" in message
    assert "b" not in message.split("kept:")[1].split(".")[0]


def test_a_lack_of_room_is_no_fault_of_people() -> None:
    rows = workloads(*(workload(name, server_count=6) for name in "abc"), workload("d", server_count=6, fixed_wave=1))
    message = told(rows, dependencies(), settings(servers=10, most_waves=2))
    assert "4 workloads with 24 servers don't fit into 2 waves" in message


@pytest.mark.parametrize("wish", [{"fixed_wave": 2}, {"tied_to": "b"}])
def test_a_wave_for_what_stays_is_named(wish: dict[str, object]) -> None:
    rows = workloads(workload("a", treatment="retain", **wish), workload("b"))
    assert "a" in told(rows, dependencies(), settings())


def test_a_tie_to_nobody_known_is_named() -> None:
    rows = workloads(workload("a", tied_to="shopp"), workload("shop"))
    assert "shopp" in told(rows, dependencies(), settings())
