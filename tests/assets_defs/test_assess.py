"""The Assess flow's shells: what they read, what they fill, and that their gate is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from assets_defs import assess
from assets_defs.phase_assets import PhaseInputs, build_phase_assets, plan_phase
from assets_defs.phase_run import run_phase
from flow_pipelines.flows import flow_named
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import built_phases
from tests.flow_pipelines.assess.estates import SCOPE, application, dependencies, inventory, server, tech_debt


def inputs() -> PhaseInputs:
    frames = {
        assess.INVENTORY: inventory(application("shop"), server("web", ["shop"])),
        assess.DEPENDENCIES: dependencies(),
        assess.TECH_DEBT: tech_debt(),
    }
    settings = EngagementSettings(as_of=date(2026, 6, 30))
    return PhaseInputs(SCOPE, settings, frames, {}, {}, edits=(), files=(), progress=lambda _: None)


def test_the_overview_is_an_asset_that_waits_for_the_hand_off() -> None:
    shell = assess.ASSESS[0]
    plan = plan_phase(flow_named("assess"), shell)
    assets = build_phase_assets(plan, run_phase)
    assert {key.to_user_string() for key in assets.keys} == {assess.OVERVIEW}
    assert {key.to_user_string() for key in assets.dependency_keys} == {"handoffs/discovery_to_assess"}
    assert set(plan.reads) == {"handoffs/discovery_to_assess", *shell.reads}


def test_every_built_phase_has_a_shell() -> None:
    assert [shell.phase for shell in assess.ASSESS] == [phase.name for phase in built_phases(flow_named("assess"))]


def test_the_overview_is_computed_and_passes_its_gate() -> None:
    outputs = assess.overview(inputs())
    assert list(outputs.frames[assess.OVERVIEW]["workload_name"]) == ["shop"]
    assert outputs.problems == {assess.OVERVIEW: []}


def test_a_lost_workload_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assess, "assess_workloads", lambda *_: _nothing())
    problems = assess.overview(inputs()).problems[assess.OVERVIEW]
    assert any("missing from a workload" in problem for problem in problems)


def test_the_treatment_reads_the_overview_as_it_was_corrected_and_fills_three_tables() -> None:
    shell = assess.ASSESS[1]
    plan = plan_phase(flow_named("assess"), shell)
    assets = build_phase_assets(plan, run_phase)
    expected = {assess.ANSWERS, assess.TREATMENTS, assess.COMPONENTS}
    assert {key.to_user_string() for key in assets.keys} == expected
    phase = inputs()
    frames = {**phase.frames, **assess.overview(phase).frames}
    outputs = assess.treatment(replace(phase, frames=frames))
    assert set(outputs.frames) == expected
    assert not any(outputs.problems.values())
    assert set(assess.treatment_charts(phase, outputs.frames)) == expected


def _nothing() -> pd.DataFrame:
    columns = ["workload_id", "server_count", "database_count", "source_entity_ids", "readiness", "complexity"]
    return pd.DataFrame({column: [] for column in columns})
