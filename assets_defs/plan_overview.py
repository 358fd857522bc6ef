"""The overview phase of the Plan flow in Dagster.

Belongs here: one short function, and what is drawn of it. Does not: what is summed up
(`flow_pipelines/plan/overview.py`), how pictures are drawn (`charts/`).
"""

from __future__ import annotations

import pandas as pd

from assets_defs.charts import stacked_bars
from assets_defs.phase_assets import Descriptions, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.plan.overview import BY_READINESS, PLAN_OVERVIEW, Assessed, build_plan_overview, overview_problems
from flow_pipelines.plan.target.costs import find_costs
from flow_pipelines.tables.discovery import INVENTORY

COMPONENTS = "assess/component_treatments"
DEPENDENCIES = "discovery/dependencies"
PLAN_OF_RECORD = "assess/plan_of_record"
ASSESSED = (PLAN_OF_RECORD, "assess/assessment_overview", "assess/waves", "assess/wave_conditions", "assess/roadmap")


def overview(phase: PhaseInputs) -> PhaseOutputs:
    """Sum up every wave and the programme, at the prices that nobody has chosen otherwise yet."""
    inventory, plan = phase.frames[INVENTORY], phase.frames[PLAN_OF_RECORD]
    components, dependencies = phase.frames[COMPONENTS], phase.frames[DEPENDENCIES]
    costs = find_costs(inventory, dependencies, plan, components, scope=phase.scope, settings=phase.settings)
    assessed = Assessed(*(phase.frames[key] for key in ASSESSED))
    bandwidth = phase.settings.schedule.bandwidth_mbit
    rows = build_plan_overview(inventory, assessed, costs.case, scope=phase.scope, bandwidth_mbit=bandwidth)
    return PhaseOutputs({PLAN_OVERVIEW: rows}, problems={PLAN_OVERVIEW: overview_problems(plan, rows)})


def overview_charts(_phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw how ready each wave is, how long its data takes, and what it costs now and after."""
    rows = frames[PLAN_OVERVIEW]
    waves = rows[rows["wave_number"].notna()].sort_values("wave_number").set_index("overview_name")
    ready = waves[[f"{name}_count" for name in BY_READINESS]].rename(columns=lambda name: name.removesuffix("_count"))
    whole = rows.loc[rows["wave_number"].isna(), ["now_usd_month", "after_usd_month"]].to_numpy(dtype=float).ravel()
    costs = pd.DataFrame({"USD a month": whole}, index=["now", "after"])
    return {
        PLAN_OVERVIEW: {
            "workloads_by_wave_and_readiness": stacked_bars(ready),
            "transfer_hours_by_wave": stacked_bars(
                waves[["transfer_hours"]].rename(columns={"transfer_hours": "hours"})
            ),
            "cost_now_and_after": stacked_bars(costs),
        }
    }


OVERVIEW = PhaseShell("overview", (*ASSESSED, COMPONENTS, INVENTORY, DEPENDENCIES), overview, describe=overview_charts)
