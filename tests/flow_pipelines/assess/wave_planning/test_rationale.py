"""Why a wave is what it is, by rules alone."""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.wave_planning.rationale import HELD, wave_rationales
from flow_pipelines.reference.wave_rules import wave_rules
from tests.flow_pipelines.assess.wave_planning.instances import dependencies, needs, settings, workload, workloads


def placed(waves: dict[str, int | None], **facts: dict[str, object]) -> pd.DataFrame:
    frame = workloads(*(workload(name, **facts.get(name, {})) for name in waves))
    groups = [f"id-{name}" for name in waves]
    people = pd.Series([facts.get(name, {}).get("fixed_by") for name in waves], dtype=object)
    numbers = pd.array(list(waves.values()), dtype="Int64")
    return frame.assign(wave_number=numbers, move_group_id=groups, fixed_by=people)


def test_every_reason_of_the_rules_can_be_told_and_no_other() -> None:
    assert set(HELD) == set(wave_rules().rationales)


def test_what_later_waves_need_explains_a_wave_before_what_is_merely_full() -> None:
    waves = placed({"dns": 1, "shop": 2, "crm": 2})
    edges = dependencies(needs("shop", "dns"), needs("crm", "dns"))
    told = wave_rationales(waves, edges, settings(servers=2)).set_index("wave_number")
    assert told.loc[1, "rationale"] == "needed_by_later_waves"
    assert "filled_to_its_limit: 0.40" in told.loc[1, "rationales"]


def test_production_after_its_tests_is_said_of_the_later_wave_only() -> None:
    waves = placed({"a": 1, "b": 2}, a={"environment": "test"}, b={"environment": "production"})
    told = wave_rationales(waves, dependencies(), settings()).set_index("wave_number")
    assert told["rationale"].tolist() == ["before_production", "production_after_tests"]


def test_what_does_not_move_explains_nothing_and_order_does_not_matter() -> None:
    waves = placed({"a": 1, "b": None, "c": 2, "d": 2})
    told = wave_rationales(waves, dependencies(), settings())
    assert told["wave_number"].tolist() == [1, 2]
    shuffled = wave_rationales(waves.sample(frac=1, random_state=3), dependencies(), settings())
    pd.testing.assert_frame_equal(told, shuffled)
