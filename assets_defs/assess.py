"""The Assess flow in Dagster: which domain function computes each phase, and what its gate demands.

Belongs here: one short function per phase. Does not: how phases are read, written and published
(`phase_assets.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import MetadataValue

from assets_defs.assess_plan import PLANNED
from assets_defs.charts import bar_chart
from assets_defs.phase_assets import Frames, PhaseInputs, PhaseOutputs, PhaseShell
from assets_defs.wave_planning import WAVE_PLANNING
from flow_pipelines.advice.questions import Asked
from flow_pipelines.advice.treatment import treatment_questions
from flow_pipelines.assess import gates, treatment_gates
from flow_pipelines.assess.overview import assess_workloads
from flow_pipelines.assess.treatment.treatments import treat_workloads

INVENTORY = "discovery/inventory"
DEPENDENCIES = "discovery/dependencies"
TECH_DEBT = "discovery/tech_debt"
OVERVIEW = "assess/assessment_overview"
ANSWERS = "assess/questionnaire_answers"
TREATMENTS = "assess/treatments"
COMPONENTS = "assess/component_treatments"


def overview(phase: PhaseInputs) -> PhaseOutputs:
    """Assess every workload."""
    assets = phase.frames[INVENTORY]
    workloads = assess_workloads(assets, phase.frames[DEPENDENCIES], phase.frames[TECH_DEBT])
    return PhaseOutputs(
        {OVERVIEW: workloads},
        problems={OVERVIEW: gates.overview_problems(assets, workloads)},
        metadata={
            OVERVIEW: {
                "workloads_by_readiness": bar_chart(workloads["readiness"]),
                "workloads_by_complexity": bar_chart(workloads["complexity"]),
            },
        },
    )


def treatment(phase: PhaseInputs) -> PhaseOutputs:
    """Choose what to do with every workload and component; people's answers count in the same run."""
    workloads, assets = phase.frames[OVERVIEW], phase.frames[INVENTORY]
    result = treat_workloads(
        workloads,
        assets,
        phase.frames[DEPENDENCIES],
        phase.frames[TECH_DEBT],
        scope=phase.scope,
        settings=phase.settings,
        edits=phase.edits,
    )
    components = result.component_treatments
    return PhaseOutputs(
        {ANSWERS: result.questionnaire_answers, TREATMENTS: result.treatments, COMPONENTS: components},
        problems={
            ANSWERS: treatment_gates.answer_problems(workloads, result.questionnaire_answers),
            TREATMENTS: treatment_gates.treatment_problems(workloads, result.treatments),
            COMPONENTS: treatment_gates.component_problems(assets, workloads, components),
        },
    )


def ask_about_treatments(phase: PhaseInputs, frames: Frames) -> Mapping[str, Asked]:
    """Ask for the treatment of workloads whose scores are close."""
    return {TREATMENTS: treatment_questions(frames[TREATMENTS], phase.frames[OVERVIEW])}


def treatment_charts(_phase: PhaseInputs, frames: Frames) -> Mapping[str, Mapping[str, MetadataValue[Any]]]:
    """Draw the mix of treatments as people have corrected it."""
    return {
        ANSWERS: {
            "answers_by_origin": bar_chart(frames[ANSWERS]["derived_from"]),
            "answers_by_risk": bar_chart(frames[ANSWERS]["risk"]),
        },
        TREATMENTS: {"workloads_by_treatment": bar_chart(frames[TREATMENTS]["treatment"])},
        COMPONENTS: {"components_by_treatment": bar_chart(frames[COMPONENTS]["component_treatment"])},
    }


ASSESS: tuple[PhaseShell, ...] = (
    PhaseShell("overview", (INVENTORY, DEPENDENCIES, TECH_DEBT), overview),
    PhaseShell(
        "treatment",
        (OVERVIEW, INVENTORY, DEPENDENCIES, TECH_DEBT),
        treatment,
        describe=treatment_charts,
        ask=ask_about_treatments,
    ),
    WAVE_PLANNING,
    *PLANNED,
)
