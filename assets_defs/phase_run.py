"""The one way in which every phase runs: read a consistent set, compute, correct, write, audit by the gate, publish.

Belongs here: what happens when a phase's assets are materialized. Does not: their definitions (`phase_assets.py`),
the second opinion on their rows (`second_opinion.py`), and a run that returns to pinned versions (`rollback_run.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pandas as pd
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    DataVersion,
    Failure,
    MaterializeResult,
    MetadataValue,
)
from sqlalchemy import Connection

from assets_defs.catalog_metadata import asset_key, materialization_metadata
from assets_defs.charts import Picture
from assets_defs.charts.svg import embedded
from assets_defs.phase_assets import GATE, ExportedFile, PhaseEvents, PhaseInputs, PhaseOutputs, PhasePlan
from assets_defs.platform_resource import PlatformResource
from assets_defs.rollback_run import report_current, return_to_pinned
from assets_defs.run_coordinator import RECOVERY_TAG, ROLLBACK_TAG
from assets_defs.second_opinion import with_second_opinion
from flow_pipelines.edits import Edit, EditOutcome, active_edits, apply_edits
from flow_pipelines.execute.updates.received import received
from flow_pipelines.flows import HANDOFF_PHASE, flow_of
from flow_pipelines.reference.end_of_life import installed_facts
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.approvals import APPROVALS
from resources.artefacts import Artefacts
from resources.edits import insert_outcomes
from resources.landed_files import take_in
from resources.landing import content_hash
from resources.phase_runs import complete, tracked
from resources.pins import set_pin
from resources.received_updates import UPDATES_INPUT, version_of
from resources.snapshots import Input, Snapshot
from resources.tenancy import engagement_settings
from resources.waiting_analyses import analysis_inputs

Also = Callable[[Connection], object]


class GateRefusalError(Failure):
    """A gate found problems: nothing of the phase is published."""

    kind = "gate"

    def __init__(self, description: str, results: Sequence[AssetCheckResult]) -> None:
        super().__init__(description, allow_retries=False)
        self.results = results


class MissingInputError(Failure):
    """A table that the phase reads has no version yet."""

    kind = "input"


@dataclass(frozen=True)
class Corrected:
    """A phase's output after people's corrections, and what became of each of them, by table key."""

    outputs: PhaseOutputs
    outcomes: Mapping[str, Sequence[EditOutcome]]


def run_phase(context: AssetExecutionContext, platform: PlatformResource, plan: PhasePlan) -> PhaseEvents:
    """Materialize a phase's tables for the run's engagement, return to pinned versions, or report current ones."""
    scope = Scope.parse(context.partition_key)
    tags, run_id = context.run.tags, context.run.run_id
    if tags.get(ROLLBACK_TAG):
        yield from return_to_pinned(platform, scope, UUID(tags[ROLLBACK_TAG]), plan.keys, run_id=run_id)
        return
    if tags.get(RECOVERY_TAG):
        yield from report_current(platform, scope, plan.keys)
        return
    try:
        with tracked(
            platform.database, scope, flow=plan.flow.name, phase=plan.shell.phase, run_id=run_id
        ) as phase_run_id:
            events = _materialize(context, platform, plan, scope, phase_run_id)
    except GateRefusalError as refusal:
        yield from refusal.results
        raise
    yield from events


def _materialize(
    context: AssetExecutionContext, platform: PlatformResource, plan: PhasePlan, scope: Scope, phase_run_id: UUID
) -> list[MaterializeResult[None]]:
    inputs, manifest = _read_inputs(scope, plan, platform, context)
    corrected = correct(plan.shell.compute(inputs), inputs.edits)
    outputs, store = corrected.outputs, platform.snapshots
    if plan.shell.ask and inputs.settings.advice.mode != "off":
        outputs = with_second_opinion(
            platform.advisor, plan, inputs, outputs, run_id=context.run.run_id, warn=context.log.warning
        )
    described = plan.shell.describe(inputs, outputs.frames) if plan.shell.describe else {}
    candidates = store.write(
        scope, outputs.frames, inputs=manifest, run_id=context.run.run_id, code_version=plan.code_version
    )
    audited = plan.shell.audit(outputs.frames) if plan.shell.audit else {}
    problems = {
        candidate.table_key: [
            *outputs.problems.get(candidate.table_key, ()),
            *audited.get(candidate.table_key, ()),
            *_storage_problems(candidate, store.stored_rows(scope, candidate)),
        ]
        for candidate in candidates
    }
    results = [_gate_result(candidate, problems[candidate.table_key]) for candidate in candidates]
    if any(problems.values()):
        reason = "; ".join(problem for found in problems.values() for problem in found)
        store.reject(scope, candidates, reason, also=_recorded(candidates, corrected, scope))
        raise GateRefusalError(
            f"The gate of {plan.title} refused its output for {scope}: {reason}. The last good version stays "
            f"current; the candidate is kept for inspection under status 'rejected' in platform.snapshots.",
            results,
        )
    also: list[Also] = [partial(complete, phase_run_id=phase_run_id)]
    also += _recorded(candidates, corrected, scope)
    if plan.shell.phase == HANDOFF_PHASE:
        also.append(partial(set_pin, scope=scope, kind="handoff", reason=plan.title, by="flow-pipelines"))
    store.publish(scope, candidates, watched=plan.upstream, also=also)
    # Each with its gate's result, so that Dagster holds the result for that version and not for the one before.
    return [
        _materialization(
            candidate,
            outputs.frames[candidate.table_key],
            result,
            {
                **outputs.metadata.get(candidate.table_key, {}),
                **_shown(platform.artefacts, scope, candidate.table_key, described.get(candidate.table_key, {})),
            },
        )
        for candidate, result in zip(candidates, results, strict=True)
    ]


def _shown(
    artefacts: Artefacts,
    scope: Scope,
    table_key: str,
    described: Mapping[str, MetadataValue[Any] | Picture | ExportedFile],
) -> dict[str, MetadataValue[Any]]:
    """Return descriptions as Dagster takes them, pictures small where they are readable; write what goes to files."""
    files = {
        name: ExportedFile(f"{name}.svg", one.full) if isinstance(one, Picture) else one
        for name, one in described.items()
        if isinstance(one, Picture | ExportedFile)
    }
    paths = artefacts.replace(scope, table_key, {file.name: file.content for file in files.values()})
    shown: dict[str, MetadataValue[Any]] = {}
    for name, one in described.items():
        if isinstance(one, Picture) and one.small:
            shown[name] = embedded(one.small, one.title)
        if name in files:
            shown[f"{name}_file"] = MetadataValue.path(str(paths[files[name].name]))
        elif isinstance(one, MetadataValue):
            shown[name] = one
    return shown


def _recorded(candidates: Sequence[Snapshot], corrected: Corrected, scope: Scope) -> list[Also]:
    """Return what writes down, with the fate of the candidates, what became of people's corrections in them."""
    return [
        partial(insert_outcomes, scope=scope, snapshot_id=one.snapshot_id, outcomes=outcomes)
        for one in candidates
        if (outcomes := corrected.outcomes.get(one.table_key))
    ]


def _materialization(
    candidate: Snapshot, frame: pd.DataFrame, gate: AssetCheckResult, described: Mapping[str, MetadataValue[Any]]
) -> MaterializeResult[None]:
    key = candidate.table_key
    return MaterializeResult(
        asset_key=asset_key(key),
        data_version=DataVersion(candidate.data_version),
        check_results=[gate],
        metadata=materialization_metadata(output_tables()[key], frame, candidate) | dict(described),
    )


def correct(outputs: PhaseOutputs, edits: Sequence[Edit]) -> Corrected:
    """Apply people's corrections to what a phase computed."""
    frames, outcomes = dict(outputs.frames), {}
    of_assets = {outcome.edit_id: outcome for outcome in outputs.edit_outcomes}
    for key, frame in outputs.frames.items():
        own = [edit for edit in edits if edit.table_key == key]
        if own:
            frames[key], of_cells = apply_edits(frame, output_tables()[key], own)
            outcomes[key] = [*of_cells, *(of_assets[edit.edit_id] for edit in own if edit.edit_id in of_assets)]
    return Corrected(PhaseOutputs(frames, outputs.problems, outputs.metadata), outcomes)


def _gate_result(candidate: Snapshot, problems: Sequence[str]) -> AssetCheckResult:
    return AssetCheckResult(
        check_name=GATE,
        asset_key=asset_key(candidate.table_key),
        passed=not problems,
        severity=AssetCheckSeverity.ERROR,
        description="; ".join(problems) or f"{candidate.row_count} rows hold.",
        metadata={"rows": candidate.row_count, "problems": len(problems), "snapshot_id": str(candidate.snapshot_id)},
    )


def _storage_problems(candidate: Snapshot, stored: int) -> list[str]:
    if stored == candidate.row_count:
        return []
    return [f"{candidate.row_count} rows were computed but {stored} are stored"]


def _read_inputs(
    scope: Scope, plan: PhasePlan, platform: PlatformResource, context: AssetExecutionContext
) -> tuple[PhaseInputs, list[Input]]:
    settings = engagement_settings(platform.database, scope)
    store = platform.snapshots
    chosen = _choose_snapshots(scope, plan, platform)
    landed = (
        take_in(platform.database, platform.landing, scope, by="flow-pipelines") if plan.shell.reads_files else None
    )
    files = landed.files if landed else ()
    analyses = platform.landing.analysis_files(scope) if plan.shell.reads_analyses else ()
    updates = _received(platform, scope, context) if plan.shell.reads_updates else received([])
    edits = active_edits(platform.edits.of_tables(scope, plan.keys))
    facts = platform.facts if plan.shell.reads_facts else installed_facts()
    is_handoff = plan.shell.phase == HANDOFF_PHASE
    approvals = platform.approvals.of_snapshots(scope, chosen.values()) if is_handoff else {}
    numbers = sorted(one.number for one in approvals.values())
    manifest = [
        Input("settings", _hash(settings.model_dump_json())),
        *([Input("edits", _hash(json.dumps([edit.edit_id for edit in edits])))] if edits else []),
        *([Input(APPROVALS, _hash(json.dumps(numbers)))] if numbers else []),
        *(Input(name, digest) for name, digest in (landed.inputs if landed else ())),
        *([Input("landings", _hash(json.dumps([[one.landing_number, one.name] for one in files])))] if files else []),
        *analysis_inputs(analyses, content_hash),
        *([Input(UPDATES_INPUT, version_of(updates))] if plan.shell.reads_updates else []),
        *([Input("facts:end_of_life", facts.version)] if plan.shell.reads_facts else []),
        *(Input.of_snapshot(snapshot) for snapshot in chosen.values()),
    ]
    return PhaseInputs(
        scope=scope,
        settings=settings,
        frames=store.read_all(scope, {key: one for key, one in chosen.items() if key in plan.shell.reads}),
        snapshots=chosen,
        manifests={
            key: {name: read.version for name, read in inputs.items()}
            for key, inputs in store.manifests(scope, chosen.values()).items()
        },
        edits=edits,
        files=files,
        progress=context.log.info,
        approvals=approvals,
        decisions=platform.edits.decisions_in(scope, chosen.values()),
        facts=facts,
        analyses=analyses,
        updates=updates,
    ), manifest


def _received(platform: PlatformResource, scope: Scope, context: AssetExecutionContext) -> pd.DataFrame:
    for name, kept in platform.updates.take_in(platform.landing, scope).items():
        context.log.info("%s: %d new rows, %d that had been told before", name, kept.new, kept.repeated)
    return platform.updates.rows(scope)


def _choose_snapshots(scope: Scope, plan: PhasePlan, platform: PlatformResource) -> dict[str, Snapshot]:
    """Return the versions to read: its own flow's current ones, and of other flows what was handed over."""
    store = platform.snapshots
    current = store.current(scope, plan.upstream)
    package: dict[str, Snapshot] = {}
    for key, snapshot in current.items():
        if output_tables()[key].schema != plan.flow.name and key == plan.flow.handoff:
            package = store.handed_over(scope, snapshot)
    chosen = {key: current.get(key) or package.get(key) for key in plan.reads}
    if missing := [key for key, snapshot in chosen.items() if snapshot is None]:
        first = flow_of(missing[0])
        raise MissingInputError(
            f"{scope} has no {', '.join(missing)} yet. Run what comes before first: flow run {scope}"
            f" --flow {first.name}"
        )
    return {key: snapshot for key, snapshot in chosen.items() if snapshot is not None}


def _hash(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()
