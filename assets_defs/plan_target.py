"""The target phase of the Plan flow in Dagster.

Belongs here: one short function, and what is drawn of it. Does not: how targets are found
(`flow_pipelines/plan/target/`), how pictures are drawn (`charts/`).
"""

from __future__ import annotations

from assets_defs.charts import bar_chart, stacked_bars
from assets_defs.phase_assets import Descriptions, ExportedFile, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.plan.target import gates
from flow_pipelines.plan.target.address_conflicts import ADDRESS_CONFLICTS, find_address_conflicts
from flow_pipelines.plan.target.business_case import BUSINESS_CASE
from flow_pipelines.plan.target.costs import find_costs
from flow_pipelines.plan.target.databases import DATABASE_TARGETS, build_database_targets
from flow_pipelines.plan.target.landing_zone import LANDING_ZONE, SUBNET, build_landing_zone
from flow_pipelines.plan.target.storage import STORAGE_TARGETS
from flow_pipelines.plan.target.targets import TARGETS
from flow_pipelines.plan.target.terraform import terraform_files

INVENTORY = "discovery/inventory"
DEPENDENCIES = "discovery/dependencies"
PLAN_OF_RECORD = "assess/plan_of_record"
COMPONENTS = "assess/component_treatments"
COMMITMENTS = {
    "on_demand_usd_month": "on demand",
    "one_year_usd_month": "committed for one year",
    "three_year_usd_month": "committed for three years",
}


def target(phase: PhaseInputs) -> PhaseOutputs:
    """Find the targets of every server that moves, around the types that people chose."""
    inventory, plan = phase.frames[INVENTORY], phase.frames[PLAN_OF_RECORD]
    components, dependencies = phase.frames[COMPONENTS], phase.frames[DEPENDENCIES]
    costs = find_costs(
        inventory, dependencies, plan, components, scope=phase.scope, settings=phase.settings, edits=phase.edits
    )
    rows, storage = costs.targets, costs.storage
    databases = build_database_targets(
        components,
        inventory,
        dependencies,
        rows,
        scope=phase.scope,
        settings=phase.settings,
    )
    networks = phase.settings.landing_zone
    zone = build_landing_zone(inventory, rows, scope=phase.scope, settings=networks)
    conflicts = find_address_conflicts(inventory, zone, scope=phase.scope, settings=networks)
    return PhaseOutputs(
        {
            TARGETS: rows,
            STORAGE_TARGETS: storage,
            DATABASE_TARGETS: databases,
            LANDING_ZONE: zone,
            ADDRESS_CONFLICTS: conflicts,
            BUSINESS_CASE: costs.case,
        },
        problems={
            TARGETS: gates.target_problems(inventory, plan, rows),
            STORAGE_TARGETS: gates.storage_problems(rows, storage),
            DATABASE_TARGETS: gates.database_problems(components, databases),
            LANDING_ZONE: gates.landing_zone_problems(rows, zone),
            ADDRESS_CONFLICTS: gates.conflict_problems(conflicts),
        },
    )


def target_charts(phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw where servers go, and what that costs with each commitment; write it down as Terraform configuration."""
    rows, stored, zone = frames[TARGETS], frames[STORAGE_TARGETS], frames[LANDING_ZONE]
    chosen = rows[rows["is_chosen"].astype(bool)]
    chosen_storage = stored[stored["is_chosen"].astype(bool)]
    monthly = chosen[list(COMMITMENTS)].sum().rename(COMMITMENTS).to_frame("USD a month")
    files = terraform_files(phase.frames[INVENTORY], rows, stored, zone, settings=phase.settings.sizing)
    databases = frames[DATABASE_TARGETS]
    subnets = zone[zone["kind"] == SUBNET].set_index("landing_zone_name")
    return {
        TARGETS: {
            "servers_by_cloud": bar_chart(chosen["provider"]),
            "servers_by_family": bar_chart(chosen["provider"] + " " + chosen["family"]),
            "price_by_commitment": stacked_bars(monthly),
            **{f"terraform_{name.split('.')[0]}": ExportedFile(name, text) for name, text in files.items()},
        },
        STORAGE_TARGETS: {
            "servers_by_class": bar_chart(chosen_storage["provider"] + " " + chosen_storage["storage_class"])
        },
        DATABASE_TARGETS: {
            "databases_by_service": bar_chart(databases.loc[databases["is_chosen"].astype(bool), "service"])
        },
        LANDING_ZONE: {"servers_by_subnet": stacked_bars(subnets["server_count"].to_frame("servers"))},
    }


TARGET = PhaseShell("target", (PLAN_OF_RECORD, COMPONENTS, INVENTORY, DEPENDENCIES), target, describe=target_charts)
