"""The end of the Assess flow in Dagster: roadmap and editor, and the pictures of waves, dates and decisions.

Belongs here: one short function per phase, and what is drawn of it. Does not: the phases before (`assess.py`), how
pictures are drawn (`charts/`).
"""

from __future__ import annotations

from assets_defs.charts import bar_chart, gantt_chart, stacked_bars
from assets_defs.phase_assets import Descriptions, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.assess import plan_gates
from flow_pipelines.assess.plan_of_record import build_plan_of_record
from flow_pipelines.assess.roadmap.roadmap import ROADMAP, build_roadmap
from flow_pipelines.tables.assess.editor import OVERVIEW, TREATMENTS, WAVES

PLAN = "assess/plan_of_record"


def roadmap(phase: PhaseInputs) -> PhaseOutputs:
    """Put the waves into calendar time, around the dates that people fixed."""
    waves = phase.frames[WAVES]
    rows = build_roadmap(
        waves,
        phase.frames[TREATMENTS],
        phase.frames[OVERVIEW],
        scope=phase.scope,
        settings=phase.settings,
        edits=phase.edits,
    )
    return PhaseOutputs({ROADMAP: rows}, problems={ROADMAP: plan_gates.roadmap_problems(waves, rows)})


def roadmap_charts(phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw the roadmap as people have corrected it."""
    settings = phase.settings
    picture = gantt_chart(frames[ROADMAP], blackouts=settings.waves.blackouts, deadline=settings.roadmap.deadline)
    return {ROADMAP: {"gantt": picture} if picture else {}}


def editor(phase: PhaseInputs) -> PhaseOutputs:
    """Merge what rules and people decided into the plan of record."""
    plan = build_plan_of_record(
        phase.frames[OVERVIEW],
        phase.frames[TREATMENTS],
        phase.frames[WAVES],
        phase.frames[ROADMAP],
        decisions=phase.decisions,
    )
    return PhaseOutputs({PLAN: plan}, problems={PLAN: plan_gates.plan_problems(phase.frames[OVERVIEW], plan)})


def editor_charts(_phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw what the plan comes to, wave by wave, and who decided it."""
    plan = frames[PLAN]
    moving = plan[plan["wave_number"].notna()]
    by_wave = moving.groupby(["wave_number", "treatment"])["server_count"].sum().unstack(fill_value=0)
    return {
        PLAN: {
            "servers_by_wave_and_treatment": stacked_bars(by_wave.rename(index=lambda number: f"Wave {number}")),
            "treatments": bar_chart(plan["treatment"]),
            "waves_decided_by": bar_chart(plan["wave_decided_by"]),
            "status": bar_chart(plan["status"]),
        }
    }


PLANNED: tuple[PhaseShell, ...] = (
    PhaseShell("roadmap", (OVERVIEW, TREATMENTS, WAVES), roadmap, describe=roadmap_charts),
    PhaseShell("editor", (OVERVIEW, TREATMENTS, WAVES, ROADMAP), editor, describe=editor_charts),
)
