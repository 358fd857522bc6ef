"""The Assess flow in Dagster: which domain function computes each phase, and what its gate demands.

Belongs here: one short function per phase. Does not: how phases are read, written and published
(`phase_assets.py`).
"""

from __future__ import annotations

from assets_defs.charts import bar_chart
from assets_defs.phase_assets import PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.assess import gates
from flow_pipelines.assess.overview import assess_workloads

INVENTORY = "discovery/inventory"
DEPENDENCIES = "discovery/dependencies"
TECH_DEBT = "discovery/tech_debt"
OVERVIEW = "assess/assessment_overview"


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


ASSESS: tuple[PhaseShell, ...] = (PhaseShell("overview", (INVENTORY, DEPENDENCIES, TECH_DEBT), overview),)
