"""The code location: everything that Dagster knows of, put together once.

Belongs here: composition and policy for all assets. Does not: any single asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from dagster import AssetsDefinition, AssetSelection, Definitions, define_asset_job, in_process_executor
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster.components import definitions

from assets_defs.assess import ASSESS
from assets_defs.automation import (
    analyses_sensor,
    approvals_sensor,
    corrections_sensor,
    landing_sensor,
    nightly_schedule,
    updates_sensor,
)
from assets_defs.automation_policies import automation_sensor, when_what_it_reads_has_changed
from assets_defs.catalog_metadata import asset_key
from assets_defs.discovery import DISCOVERY
from assets_defs.dossier_job import dossier_schedule
from assets_defs.execute_cutover import CUTOVER
from assets_defs.execute_overview import OVERVIEW as EXECUTE_OVERVIEW
from assets_defs.execute_reports import REPORTS
from assets_defs.execute_tasks import REHOST, REPLATFORM
from assets_defs.handoff_assets import handoff_shell
from assets_defs.modernize import MODERNIZE
from assets_defs.phase_assets import PhasePlan, PhaseShell, build_phase_assets, plan_phase
from assets_defs.phase_run import run_phase
from assets_defs.plan_overview import OVERVIEW
from assets_defs.plan_target import TARGET
from assets_defs.plan_timeline import RESOURCE, TIMELINE
from assets_defs.platform_resource import PlatformResource
from assets_defs.vacuum_job import vacuum_schedule
from flow_pipelines.flows import FLOWS, HANDOFF_PHASE, Flow, flow_named
from flow_pipelines.handoffs import approved_tables

# How each flow's phases are run: one line a flow. One that is declared and not named here has nothing to run yet.
SHELLS: dict[str, tuple[PhaseShell, ...]] = {
    "discovery": DISCOVERY,
    "assess": ASSESS,
    "plan": (OVERVIEW, TIMELINE, RESOURCE, TARGET),
    "execute": (EXECUTE_OVERVIEW, REHOST, REPLATFORM, CUTOVER, REPORTS),
    "modernize": MODERNIZE,
}
ROLLBACK_JOB = "rollback"


def phase_plans() -> list[PhasePlan]:
    """Return all that can run, in order: each flow's hand-off, if something is handed over to it, and its phases."""
    plans = []
    for flow in FLOWS:
        if flow.name in SHELLS:
            gate = [handoff_shell(flow)] if flow.handoff else []
            plans += [plan_phase(flow, shell) for shell in (*gate, *SHELLS[flow.name])]
    return plans


@cache
def build_definitions() -> Definitions:
    """Return the definitions: the assets of each flow, a job per flow, and what starts the jobs.

    What is declared does not change in a process, and neither do they: to build and resolve them takes 0.5 s of CPU.
    """
    plans = phase_plans()
    jobs = {flow.name: _flow_job(flow, plans) for flow in FLOWS if flow.name in SHELLS}
    everything = define_asset_job(
        ROLLBACK_JOB,
        selection=AssetSelection.assets(*(asset_key(key) for plan in plans for key in plan.keys)),
        description="Returns to pinned versions: started by `flow rollback`, which says to which and why.",
    )
    discovery = jobs["discovery"]
    return Definitions(
        assets=[_with_automation(plan) for plan in plans],
        jobs=[*jobs.values(), everything],
        sensors=[
            landing_sensor(discovery),
            corrections_sensor(list(jobs.values())),
            approvals_sensor([job for name, job in jobs.items() if approved_tables(flow_named(name))]),
            updates_sensor([jobs["execute"]]),
            analyses_sensor([jobs["execute"], jobs["modernize"]]),
            automation_sensor(),
        ],
        schedules=[nightly_schedule(discovery), vacuum_schedule(), dossier_schedule()],
        resources={"platform": PlatformResource()},
        # Measured on 25 small assets: 13 s in one process against 147 s with a process per step.
        executor=in_process_executor,
    )


def _flow_job(flow: Flow, plans: Sequence[PhasePlan]) -> UnresolvedAssetJobDefinition:
    keys = [asset_key(key) for plan in plans if plan.flow.name == flow.name for key in plan.keys]
    return define_asset_job(
        flow.name,
        selection=AssetSelection.assets(*keys),
        description=flow.purpose,
    )


def _with_automation(plan: PhasePlan) -> AssetsDefinition:
    assets = build_phase_assets(plan, run_phase)
    is_handoff = plan.shell.phase == HANDOFF_PHASE
    # The first flow starts when files land, by schedule or by command; one behind an approval when there is one.
    if not plan.flow.follows or (is_handoff and approved_tables(plan.flow)):
        return assets
    condition = when_what_it_reads_has_changed(also_with_it=not is_handoff)
    return assets.map_asset_specs(lambda spec: spec.replace_attributes(automation_condition=condition))


@definitions
def defs() -> Definitions:
    """Load the code location; workspace.yaml names this."""
    return build_definitions()
