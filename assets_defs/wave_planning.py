"""Wave planning in Dagster: the phase's function, and the pictures of its waves.

Belongs here: one short function, and what is drawn of it. Does not: the phases before and after (`assess.py`,
`assess_plan.py`), how pictures are drawn (`charts/`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from assets_defs.charts import bar_chart, dependency_picture, matrix_chart, stacked_bars
from assets_defs.phase_assets import Descriptions, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.advice.questions import Asked
from flow_pipelines.advice.wave_rationale import wave_questions
from flow_pipelines.assess.wave_planning.edges import workload_dependencies
from flow_pipelines.assess.waves import plan_of_waves, wave_problems
from flow_pipelines.tables.assess.wave_planning import DEPENDENCIES, OVERVIEW, TREATMENTS, WAVES

INVENTORY = "discovery/inventory"
CONDITIONS = "assess/wave_conditions"
TOTALS = "assess/wave_totals"
RISKS = ("low risk", "medium risk", "high risk")
RISK_BOUNDS = (-1, 33, 66, 100)


def wave_planning(phase: PhaseInputs) -> PhaseOutputs:
    """Plan the waves around what people fixed."""
    overview, treatments = phase.frames[OVERVIEW], phase.frames[TREATMENTS]
    dependencies, settings = phase.frames[DEPENDENCIES], phase.settings.waves
    phase.progress(f"Planning waves for {len(treatments):,} workloads")
    planned = plan_of_waves(
        overview,
        treatments,
        phase.frames[INVENTORY],
        dependencies,
        scope=phase.scope,
        settings=settings,
        edits=phase.edits,
    )
    problems = wave_problems(treatments, workload_dependencies(overview, dependencies), planned, settings)
    return PhaseOutputs(
        {WAVES: planned.waves, CONDITIONS: planned.wave_conditions, TOTALS: planned.wave_totals},
        problems={WAVES: problems},
    )


def ask_about_waves(_phase: PhaseInputs, frames: Frames) -> Mapping[str, Asked]:
    """Ask which reason explains each wave best."""
    return {TOTALS: wave_questions(frames[TOTALS], frames[WAVES])}


def wave_charts(phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw waves by size and risk, the cut between them, and the dependencies of each."""
    waves = frames[WAVES]
    moving = waves[waves["wave_number"].notna()]
    risk = pd.cut(moving["risk_score"].astype(float), list(RISK_BOUNDS), labels=list(RISKS)).astype("str")
    by_risk = moving.assign(risk=risk).pivot_table(
        index="wave_number", columns="risk", values="server_count", aggfunc="sum", fill_value=0
    )
    by_risk = by_risk.reindex(columns=list(RISKS), fill_value=0)
    edges = workload_dependencies(phase.frames[OVERVIEW], phase.frames[DEPENDENCIES])
    numbers = waves.set_index("workload_id")["wave_number"]
    crossing = pd.DataFrame(
        {
            "source": edges["source_id"].map(numbers).astype("Int64"),
            "target": edges["target_id"].map(numbers).astype("Int64"),
            "count": edges["traffic"],
        }
    )
    pictures = {
        f"dependencies_of_wave_{number}": dependency_picture(waves, edges, int(number))
        for number in sorted(moving["wave_number"].unique())
    }
    return {
        WAVES: {
            "servers_by_wave_and_risk": stacked_bars(by_risk.rename(index=lambda number: f"Wave {number}")),
            "traffic_between_waves": matrix_chart(crossing),
            **pictures,
        },
        CONDITIONS: {"conditions": bar_chart(frames[CONDITIONS]["kind"])},
    }


WAVE_PLANNING = PhaseShell(
    "wave_planning",
    (OVERVIEW, TREATMENTS, INVENTORY, DEPENDENCIES),
    wave_planning,
    describe=wave_charts,
    ask=ask_about_waves,
)
