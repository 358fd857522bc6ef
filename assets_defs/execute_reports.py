"""The reports phase of the Execute flow in Dagster.

Belongs here: one short function, and what is drawn of it. Does not: what is foretold
(`flow_pipelines/execute/reports/`), the dossier (`dossier/`).
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from assets_defs.charts import burn_down_chart, stacked_bars
from assets_defs.phase_assets import Descriptions, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.execute.progress import known_at, with_parts, with_progress
from flow_pipelines.execute.reports import gates
from flow_pipelines.execute.reports.forecast import forecast
from flow_pipelines.execute.reports.report import (
    BURN_DOWN,
    FORECASTS,
    REPORT,
    build_burn_down,
    build_execution_report,
    build_task_forecasts,
    told_tasks,
)
from flow_pipelines.execute.tasks.build import REHOST_TASKS, REPLATFORM_TASKS
from flow_pipelines.plan.overview import PLAN_OVERVIEW
from flow_pipelines.plan.resource.load import rates_of
from flow_pipelines.plan.timeline.programme import Programme, scheduled_programme
from flow_pipelines.tables.contract import empty
from flow_pipelines.tables.execute.progress import UPDATES
from flow_pipelines.tables.execute.reports import burn_down, execution_report, task_forecasts
from flow_pipelines.tables.plan.timeline import TIMELINE

PARTS = (REHOST_TASKS, REPLATFORM_TASKS)
PLANNED = ("assess/plan_of_record", "assess/roadmap", "discovery/inventory", "assess/component_treatments", TIMELINE)


def reports(phase: PhaseInputs) -> PhaseOutputs:
    """Hold what has happened against the plan, and foretell the rest."""
    timeline, updates, settings, scope = phase.frames[TIMELINE], phase.frames[UPDATES], phase.settings, phase.scope
    if timeline.empty:
        nothing = {FORECASTS: task_forecasts, BURN_DOWN: burn_down, REPORT: execution_report}
        return PhaseOutputs({key: empty(table) for key, table in nothing.items()})

    now = known_at(updates, settings)
    rows = with_parts(with_progress(timeline, updates), pd.concat([phase.frames[key] for key in PARTS]))
    begun = updates["happened_at"].min()

    def programme_until(day: date) -> Programme:
        frames = (phase.frames[key] for key in PLANNED)
        since = None if pd.isna(begun) else begun.to_pydatetime()
        return scheduled_programme(*frames, scope=scope, settings=settings, since=since, until=day)

    told = told_tasks(forecast(rows, programme_until, now=now, seed=settings.schedule.seed), updates)
    forecasts, weeks = build_task_forecasts(told), build_burn_down(told, scope)
    report = build_execution_report(told, phase.frames[PLAN_OVERVIEW], rates_of(settings), scope)
    return PhaseOutputs(
        {FORECASTS: forecasts, BURN_DOWN: weeks, REPORT: report},
        problems={
            FORECASTS: gates.forecast_problems(timeline, forecasts),
            BURN_DOWN: gates.burn_down_problems(forecasts, weeks),
            REPORT: gates.report_problems(forecasts, report),
        },
    )


def report_charts(_phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw what is left week by week, and how far each wave is."""
    picture = burn_down_chart(frames[BURN_DOWN])
    rows = frames[REPORT].sort_values("wave_number", na_position="first").set_index("report_name")
    done = rows[["over_count", "open_count", "stuck_count"]].rename(columns=lambda name: name.removesuffix("_count"))
    waiting = rows["task_count"] - done.sum(axis="columns")
    return {
        BURN_DOWN: {"burn_down": picture} if picture else {},
        REPORT: {"tasks_by_state": stacked_bars(done.assign(waiting=waiting))},
    }


REPORTS = PhaseShell("reports", (*PLANNED, PLAN_OVERVIEW, UPDATES, *PARTS), reports, describe=report_charts)
