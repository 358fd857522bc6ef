"""The timeline and resource phases of the Plan flow in Dagster.

Belongs here: one short function per phase, and what is drawn and written of it. Does not: how tasks are scheduled
(`flow_pipelines/plan/timeline/`), how pictures are drawn (`charts/`).
"""

from __future__ import annotations

from dagster import MetadataValue

from assets_defs.charts import bar_chart, heat_map, stacked_bars, timeline_chart
from assets_defs.phase_assets import Descriptions, ExportedFile, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.plan.resource import gates as resource_gates
from flow_pipelines.plan.resource.load import RESOURCE_PLAN, build_resource_plan, rates_of
from flow_pipelines.plan.resource.remedies import RESOURCE_REMEDIES, build_resource_remedies
from flow_pipelines.plan.timeline import gates
from flow_pipelines.plan.timeline.calendar_file import calendar_file
from flow_pipelines.plan.timeline.capacity import people_of
from flow_pipelines.plan.timeline.programme import scheduled_programme
from flow_pipelines.plan.timeline.project_xml import project_xml
from flow_pipelines.plan.timeline.timeline import LINKS, build_timeline
from flow_pipelines.tables.contract import empty
from flow_pipelines.tables.plan.resource import resource_plan, resource_remedies
from flow_pipelines.tables.plan.timeline import TIMELINE as TASKS

INVENTORY = "discovery/inventory"
PLAN_OF_RECORD = "assess/plan_of_record"
ROADMAP = "assess/roadmap"
COMPONENTS = "assess/component_treatments"


def timeline(phase: PhaseInputs) -> PhaseOutputs:
    """Schedule every task, around the starts that people fixed."""
    plan = phase.frames[PLAN_OF_RECORD]
    made = build_timeline(
        plan,
        phase.frames[ROADMAP],
        phase.frames[INVENTORY],
        phase.frames[COMPONENTS],
        scope=phase.scope,
        settings=phase.settings,
        edits=phase.edits,
    )
    rows, links = made.tasks, made.links
    told = {"tasks_moved_by_fixed_starts": MetadataValue.int(made.moved), "gap": MetadataValue.float(made.gap)}
    return PhaseOutputs(
        {TASKS: rows, LINKS: links},
        problems={TASKS: gates.timeline_problems(plan, rows), LINKS: gates.link_problems(rows, links)},
        metadata={TASKS: told},
    )


def timeline_files(phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw the timeline, and write it down for Microsoft Project and for calendars."""
    rows, settings, name = frames[TASKS], phase.settings, str(phase.scope)
    cutovers = rows[rows["kind"].isin(["decision", "cutover", "milestone"])]
    project = project_xml(
        rows,
        frames[LINKS],
        title=name,
        people=people_of(settings),
        rates=rates_of(settings),
        settings=settings,
    )
    picture = timeline_chart(rows)
    return {
        TASKS: {
            **({"gantt": picture} if picture else {}),
            "why_tasks_wait": bar_chart(rows["waits_for"]),
            "microsoft_project": ExportedFile("timeline.xml", project),
            "calendar": ExportedFile("timeline.ics", calendar_file(rows, name=name, as_of=settings.as_of)),
            "calendar_of_cutovers": ExportedFile(
                "cutovers.ics", calendar_file(cutovers, name=f"{name}: cutovers", as_of=settings.as_of)
            ),
        }
    }


TIMELINE = PhaseShell("timeline", (PLAN_OF_RECORD, ROADMAP, INVENTORY, COMPONENTS), timeline, describe=timeline_files)


def resource(phase: PhaseInputs) -> PhaseOutputs:
    """Sum up what the timeline asks of each role, and say what would mend it."""
    rows = phase.frames[TASKS]
    if rows.empty:
        return PhaseOutputs({RESOURCE_PLAN: empty(resource_plan), RESOURCE_REMEDIES: empty(resource_remedies)})
    scope, settings = phase.scope, phase.settings
    programme = scheduled_programme(
        phase.frames[PLAN_OF_RECORD],
        phase.frames[ROADMAP],
        phase.frames[INVENTORY],
        phase.frames[COMPONENTS],
        rows,
        scope=scope,
        settings=settings,
    )
    loads = build_resource_plan(programme, scope=scope, settings=settings)
    remedies = build_resource_remedies(programme, rows, loads, scope=scope, settings=settings)
    return PhaseOutputs(
        {RESOURCE_PLAN: loads, RESOURCE_REMEDIES: remedies},
        problems={
            RESOURCE_PLAN: resource_gates.load_problems(rows, loads),
            RESOURCE_REMEDIES: resource_gates.remedy_problems(rows, remedies),
        },
    )


def resource_charts(_phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw how full each role is, week by week, and what it costs."""
    loads = frames[RESOURCE_PLAN]
    picture = heat_map(loads)
    costs = loads.groupby("role")[["cost_usd"]].sum().rename(columns={"cost_usd": "USD"})
    return {RESOURCE_PLAN: {**({"heat_map": picture} if picture else {}), "cost_by_role": stacked_bars(costs)}}


RESOURCE = PhaseShell(
    "resource", (PLAN_OF_RECORD, ROADMAP, INVENTORY, COMPONENTS, TASKS), resource, describe=resource_charts
)
