"""The timeline and resource phases of the Plan flow in Dagster.

Belongs here: one short function per phase, and what is drawn and written of it. Does not: how tasks are scheduled
(`flow_pipelines/plan/timeline/`), how pictures are drawn (`charts/`).
"""

from __future__ import annotations

from dagster import MetadataValue

from assets_defs.phase_assets import PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.plan.resource import gates as resource_gates
from flow_pipelines.plan.resource.load import RESOURCE_PLAN, build_resource_plan
from flow_pipelines.plan.resource.remedies import RESOURCE_REMEDIES, build_resource_remedies
from flow_pipelines.plan.timeline import gates
from flow_pipelines.plan.timeline.programme import scheduled_programme
from flow_pipelines.plan.timeline.timeline import LINKS, build_timeline
from flow_pipelines.tables.contract import empty
from flow_pipelines.tables.plan.resource import resource_plan, resource_remedies
from flow_pipelines.tables.plan.timeline import TIMELINE as TASKS

INVENTORY = "discovery/inventory"
PLAN_OF_RECORD = "assess/plan_of_record"
ROADMAP = "assess/roadmap"


def timeline(phase: PhaseInputs) -> PhaseOutputs:
    """Schedule every task, around the starts that people fixed."""
    plan = phase.frames[PLAN_OF_RECORD]
    made = build_timeline(
        plan,
        phase.frames[ROADMAP],
        phase.frames[INVENTORY],
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


TIMELINE = PhaseShell("timeline", (PLAN_OF_RECORD, ROADMAP, INVENTORY), timeline)


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


RESOURCE = PhaseShell("resource", (PLAN_OF_RECORD, ROADMAP, INVENTORY, TASKS), resource)
