"""The Discovery flow in Dagster: which domain function computes each phase, and what its gate demands.

Belongs here: one short function per phase. Does not: how phases are read, written and published
(`phase_assets.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from dagster import MetadataValue

from assets_defs.charts import bar_chart
from assets_defs.phase_assets import Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.advice.identity import identity_questions
from flow_pipelines.advice.mapping import mapping_questions
from flow_pipelines.advice.questions import Asked
from flow_pipelines.discovery import gates
from flow_pipelines.discovery.asset_groups import group_assets
from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_cleansing import cleanse_records
from flow_pipelines.discovery.data_import import import_files
from flow_pipelines.discovery.data_quality import judge_data_quality
from flow_pipelines.discovery.dependencies import find_dependencies
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.discovery.tech_debt import find_tech_debt

IMPORTED = "discovery/imported_records"
REJECTED = "discovery/rejected_records"
MAPPINGS = "discovery/attribute_mappings"
CLEANSED = "discovery/cleansed_records"
CHANGES = "discovery/cleansing_changes"
INVENTORY = "discovery/inventory"
CONFLICTS = "discovery/inventory_conflicts"
CANDIDATES = "discovery/identity_candidates"
DEPENDENCIES = "discovery/dependencies"
GROUPS = "discovery/asset_groups"
TECH_DEBT = "discovery/tech_debt"
DEBT_SCORES = "discovery/debt_scores"
DATA_QUALITY = "discovery/data_quality"
COLLECTION_GAPS = "discovery/collection_gaps"


def data_import(phase: PhaseInputs) -> PhaseOutputs:
    """Read the landed files."""
    result = import_files(phase.files, scope=phase.scope, settings=phase.settings, progress=phase.progress)
    return PhaseOutputs(
        {IMPORTED: result.imported_records, REJECTED: result.rejected_records},
        problems={IMPORTED: gates.import_problems(result)},
        metadata={
            IMPORTED: {"records_by_type": bar_chart(result.imported_records["record_type"])},
            REJECTED: {"rejections_by_reason": bar_chart(result.rejected_records["reason_code"])},
        },
    )


def attribute_mapping(phase: PhaseInputs) -> PhaseOutputs:
    """Decide what each column holds."""
    imported = phase.frames[IMPORTED]
    mappings = map_attributes(imported, scope=phase.scope, settings=phase.settings)
    return PhaseOutputs(
        {MAPPINGS: mappings},
        problems={MAPPINGS: gates.mapping_problems(imported, mappings)},
        metadata={MAPPINGS: {"columns_by_method": bar_chart(mappings["method"])}},
    )


def ask_about_mappings(phase: PhaseInputs, frames: Frames) -> Mapping[str, Asked]:
    """Ask what the columns hold of which the rules are not sure."""
    return {MAPPINGS: mapping_questions(frames[MAPPINGS], phase.frames[IMPORTED])}


def data_cleansing(phase: PhaseInputs) -> PhaseOutputs:
    """Cleanse every cell."""
    imported = phase.frames[IMPORTED]
    mappings = phase.frames[MAPPINGS]
    result = cleanse_records(imported, mappings, scope=phase.scope, settings=phase.settings, facts=phase.facts)
    return PhaseOutputs(
        {CLEANSED: result.cleansed_records, CHANGES: result.cleansing_changes},
        problems={
            CLEANSED: gates.cleansing_problems(imported, result.cleansed_records),
            CHANGES: gates.change_problems(result.cleansed_records, result.cleansing_changes),
        },
        metadata={CHANGES: {"changes_by_rule": bar_chart(result.cleansing_changes["rule"])}},
    )


def inventory(phase: PhaseInputs) -> PhaseOutputs:
    """Resolve records to assets."""
    cleansed = phase.frames[CLEANSED]
    result = resolve_inventory(cleansed, scope=phase.scope, settings=phase.settings, edits=phase.edits)
    for asset_type, left_out in result.candidates_left_out.items():
        phase.progress(f"{left_out:,} more pairs of {asset_type} records may be one than identity_candidates lists")
    return PhaseOutputs(
        {
            INVENTORY: result.inventory,
            CONFLICTS: result.inventory_conflicts,
            CANDIDATES: result.identity_candidates,
        },
        problems={
            INVENTORY: gates.inventory_problems(cleansed, result.inventory),
            CONFLICTS: gates.conflict_problems(result.inventory, result.inventory_conflicts),
            CANDIDATES: gates.candidate_problems(result.inventory, result.identity_candidates),
        },
        metadata={
            INVENTORY: {
                "assets_by_type": bar_chart(result.inventory["asset_type"]),
                "assets_by_resolution": bar_chart(result.inventory["resolution_method"]),
            },
            CANDIDATES: {"left_out": MetadataValue.int(sum(result.candidates_left_out.values()))},
        },
        edit_outcomes=result.edit_outcomes,
    )


def ask_about_identity(_phase: PhaseInputs, frames: Frames) -> Mapping[str, Asked]:
    """Ask whether pairs of assets are one that the model can't decide."""
    return {CANDIDATES: identity_questions(frames[CANDIDATES], frames[INVENTORY])}


def dependencies(phase: PhaseInputs) -> PhaseOutputs:
    """Find the edges between assets, and the groups that they show."""
    cleansed, assets = phase.frames[CLEANSED], phase.frames[INVENTORY]
    edges = find_dependencies(cleansed, assets, scope=phase.scope, settings=phase.settings)
    groups = group_assets(assets, edges, scope=phase.scope)
    return PhaseOutputs(
        {DEPENDENCIES: edges, GROUPS: groups},
        problems={
            DEPENDENCIES: gates.dependency_problems(assets, edges) + gates.connection_problems(cleansed, edges),
            GROUPS: gates.group_problems(assets, edges, groups),
        },
        metadata={
            DEPENDENCIES: {"edges_by_kind": bar_chart(edges["kind"])},
            GROUPS: {"memberships_by_evidence": bar_chart(groups["evidence"])},
        },
    )


def tech_debt(phase: PhaseInputs) -> PhaseOutputs:
    """Hold assets against facts, use and dependencies; and say how good the data is."""
    assets, edges, cleansed = phase.frames[INVENTORY], phase.frames[DEPENDENCIES], phase.frames[CLEANSED]
    debt = find_tech_debt(assets, edges, cleansed, scope=phase.scope, settings=phase.settings, facts=phase.facts)
    judged = judge_data_quality(
        assets, edges, cleansed, phase.frames[MAPPINGS], phase.frames[CONFLICTS], scope=phase.scope
    )
    return PhaseOutputs(
        {
            TECH_DEBT: debt.findings,
            DEBT_SCORES: debt.scores,
            DATA_QUALITY: judged.quality,
            COLLECTION_GAPS: judged.gaps,
        },
        problems={
            TECH_DEBT: gates.finding_problems(assets, debt.findings),
            DEBT_SCORES: gates.score_problems(assets, debt.findings, debt.scores),
            DATA_QUALITY: gates.quality_problems(assets, judged.quality),
            COLLECTION_GAPS: gates.gap_problems(judged.quality, judged.gaps),
        },
        metadata={
            TECH_DEBT: {
                "findings_by_status": bar_chart(debt.findings["status"]),
                "findings_by_category": bar_chart(debt.findings["category"]),
                "end_of_life_facts": MetadataValue.text(phase.facts.version),
            },
            DEBT_SCORES: {"assets_by_severity": bar_chart(debt.scores["severity"])},
        },
    )


DISCOVERY = (
    PhaseShell("data_import", (), data_import, reads_files=True),
    PhaseShell("attribute_mapping", (IMPORTED,), attribute_mapping, ask=ask_about_mappings),
    PhaseShell("data_cleansing", (IMPORTED, MAPPINGS), data_cleansing, reads_facts=True),
    PhaseShell("inventory", (CLEANSED,), inventory, ask=ask_about_identity),
    PhaseShell("dependencies", (CLEANSED, INVENTORY), dependencies),
    PhaseShell(
        "tech_debt",
        (INVENTORY, DEPENDENCIES, CLEANSED, MAPPINGS, CONFLICTS),
        tech_debt,
        reads_facts=True,
    ),
)
