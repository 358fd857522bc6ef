"""The one shell that runs every phase: read a consistent set, compute, write, audit by the gate, publish.

Belongs here: how a phase's function becomes Dagster assets. Does not: what any phase computes
(`flow_pipelines/`), which phases there are (`flow_pipelines/flows.py`).
"""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    DataVersion,
    Failure,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)
from dagster_shared.utils.warnings import PreviewWarning

import flow_pipelines
from assets_defs.catalog_metadata import asset_key, materialization_metadata
from assets_defs.partitions import ENGAGEMENTS
from assets_defs.platform_resource import PlatformResource
from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.flows import Flow, Phase
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from resources.landing import content_hash
from resources.snapshots import Input, Snapshot
from resources.tenancy import engagement_settings

GATE = "gate"


@dataclass(frozen=True)
class PhaseInputs:
    """All that a phase may compute from."""

    scope: Scope
    settings: EngagementSettings
    frames: Mapping[str, pd.DataFrame]
    files: Sequence[SourceFile]
    progress: Callable[[str], None]


@dataclass(frozen=True)
class PhaseOutputs:
    """What a phase computed: a frame per table key, and the problems that its gate found in each.

    A table with a problem is never published, nor is any other table of the same phase.
    """

    frames: Mapping[str, pd.DataFrame]
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    metadata: Mapping[str, Mapping[str, MetadataValue[Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class PhaseShell:
    """How one phase is run: what it reads, and the function that computes it."""

    phase: str
    reads: tuple[str, ...]
    compute: Callable[[PhaseInputs], PhaseOutputs]
    reads_files: bool = False


def build_phase_assets(flow: Flow, shell: PhaseShell) -> AssetsDefinition:
    """Return the assets of one phase, one per table, each with its gate.

    Args:
        flow: The flow's declaration.
        shell: How the phase is run.
    """
    phase = next(phase for phase in flow.phases if phase.name == shell.phase)
    keys = [f"{flow.name}/{table}" for table in phase.tables]
    version = code_version(flow.name)

    @multi_asset(
        name=f"{flow.name}_{phase.name}",
        specs=[_asset_spec(flow, phase, key, shell.reads, version) for key in keys],
        check_specs=[_gate_spec(key) for key in keys],
        partitions_def=ENGAGEMENTS,
        group_name=None,
    )
    def phase_assets(
        context: AssetExecutionContext, platform: PlatformResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        yield from _materialize(context, platform, phase, shell, version)

    return phase_assets


def code_version(flow: str) -> str:
    """Return a hash of all the code and data that a flow's results can depend on.

    A version that a person has to raise is forgotten one day; this one can't be. Sources are hashed without
    regard to what changed in them, so at worst an asset is called stale whose rows then come out equal.
    """
    root = Path(flow_pipelines.__file__).parent
    digest = hashlib.sha256()
    for folder in (flow, "reference", "tables"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".yaml", ".csv"}:
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _materialize(
    context: AssetExecutionContext, platform: PlatformResource, phase: Phase, shell: PhaseShell, version: str
) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
    scope = Scope.parse(context.partition_key)
    inputs, manifest = _read_inputs(scope, shell, platform, context.log.info)
    outputs = shell.compute(inputs)
    store = platform.snapshots
    candidates = store.write(
        scope,
        outputs.frames,
        inputs=manifest,
        run_id=context.run.run_id,
        code_version=version,
    )
    problems = {
        candidate.table_key: [
            *outputs.problems.get(candidate.table_key, ()),
            *_storage_problems(candidate, store.stored_rows(scope, candidate)),
        ]
        for candidate in candidates
    }
    for candidate in candidates:
        yield _gate_result(candidate, problems[candidate.table_key])
    if any(problems.values()):
        reason = "; ".join(problem for found in problems.values() for problem in found)
        store.reject(scope, candidates, reason)
        raise Failure(
            f"The gate of {phase.title} refused its output for {scope}: {reason}. The last good version stays "
            f"current; the candidate is kept for inspection under status 'rejected' in platform.snapshots.",
            allow_retries=False,
        )
    store.publish(scope, candidates)
    for candidate in candidates:
        key = candidate.table_key
        yield MaterializeResult(
            asset_key=asset_key(key),
            data_version=DataVersion(candidate.data_version),
            metadata=materialization_metadata(output_tables()[key], outputs.frames[key], candidate)
            | dict(outputs.metadata.get(key, {})),
        )


def _asset_spec(flow: Flow, phase: Phase, key: str, reads: tuple[str, ...], version: str) -> AssetSpec:
    table = output_tables()[key]
    return AssetSpec(
        key=asset_key(key),
        deps=[asset_key(read) for read in reads],
        description=f"{table.comment}\n\n{flow.title}, {phase.title}: {phase.purpose}",
        group_name=flow.name,
        code_version=version,
        kinds={"postgres", "pandas"},
        tags={"flow": flow.name, "phase": phase.name},
    )


def _gate_spec(key: str) -> AssetCheckSpec:
    with warnings.catch_warnings():
        # A check's own partitions are in preview in Dagster 1.13; without them one tenant's failed gate blocks all.
        warnings.simplefilter("ignore", PreviewWarning)
        return AssetCheckSpec(
            name=GATE,
            asset=asset_key(key),
            description="Nothing lost, nothing invented, nothing dangling: without this the table is not published.",
            blocking=True,
            partitions_def=ENGAGEMENTS,
        )


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
    scope: Scope, shell: PhaseShell, platform: PlatformResource, progress: Callable[[str], None]
) -> tuple[PhaseInputs, list[Input]]:
    settings = engagement_settings(platform.database, scope)
    current = platform.snapshots.current(scope, shell.reads)
    if missing := [key for key in shell.reads if key not in current]:
        raise Failure(
            f"{scope} has no {', '.join(missing)} yet. Run the phases before this one first: flow run {scope}"
        )
    files = platform.landing.files(scope) if shell.reads_files else []
    manifest = [
        Input("settings", hashlib.sha256(settings.model_dump_json().encode()).hexdigest()),
        *(Input(f"file:{file.name}", content_hash(file.path)) for file in files),
        *(Input.of_snapshot(snapshot) for snapshot in current.values()),
    ]
    frames = {key: platform.snapshots.read(scope, snapshot) for key, snapshot in current.items()}
    return PhaseInputs(scope, settings, frames, files, progress), manifest
