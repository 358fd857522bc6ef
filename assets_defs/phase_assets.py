"""How a phase becomes Dagster assets, one per table, each with its gate.

Belongs here: what a phase declares of itself, and the definitions that follow. Does not: what happens when it runs
(`phase_run.py`, `rollback_run.py`), what any phase computes (`flow_pipelines/`).
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import getfile
from pathlib import Path
from typing import Any

import pandas as pd
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)
from dagster_shared.utils.warnings import PreviewWarning

from assets_defs.catalog_metadata import asset_key
from assets_defs.charts import Picture
from assets_defs.code_versions import code_version
from assets_defs.partitions import ENGAGEMENTS
from assets_defs.platform_resource import PlatformResource
from flow_pipelines.advice.questions import Asked
from flow_pipelines.approvals import Approval
from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.edits import Decision, Edit, EditOutcome
from flow_pipelines.execute.updates.received import received
from flow_pipelines.flows import HANDOFF_PHASE, HANDOFFS, Flow, flow_of
from flow_pipelines.reference.end_of_life import EndOfLifeFacts, installed_facts
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from resources.snapshots import Snapshot

GATE = "gate"
# Of phases that may wait for a language model. Without a limit, which only an operator sets, it keeps nobody waiting.
ADVICE_POOL = "advice"
Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class ExportedFile:
    """A file that other programs read, written beside the table that it belongs to.

    Attributes:
        name: Its name, of the program's own making, never of imported text.
        content: What is in it; text is written as UTF-8.
    """

    name: str
    content: str | bytes


Descriptions = Mapping[str, Mapping[str, MetadataValue[Any] | Picture | ExportedFile]]


@dataclass(frozen=True)
class PhaseInputs:
    """All that a phase may compute from.

    Attributes:
        scope: The engagement.
        settings: Its settings.
        frames: The tables that the phase reads, by key.
        snapshots: Which version of each table that is, hand-offs included.
        manifests: What each of those versions was computed from: table key to table key to data version.
        edits: People's corrections of the phase's own tables. Those of single cells are applied by the shell.
        files: The landed files, if the phase reads them.
        analyses: The files of static analyses, if the phase reads them.
        updates: All that was told of tasks, as it was received, if the phase reads it.
        progress: Takes a line for the log.
        decisions: By table key, the edits that are in the rows of the tables that it reads.
        approvals: Of a hand-off, by table key, people's approval of the very version that it reads.
        facts: The end-of-life facts that the installation uses; part of the inputs manifest if the phase reads them.
    """

    scope: Scope
    settings: EngagementSettings
    frames: Frames
    snapshots: Mapping[str, Snapshot]
    manifests: Mapping[str, Mapping[str, str]]
    edits: Sequence[Edit]
    files: Sequence[SourceFile]
    progress: Callable[[str], None]
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    facts: EndOfLifeFacts = field(default_factory=installed_facts)
    analyses: Sequence[SourceFile] = ()
    updates: pd.DataFrame = field(default_factory=lambda: received([]))


@dataclass(frozen=True)
class PhaseOutputs:
    """What a phase computed: a frame per table key, and the problems that its gate found in each.

    A table with a problem is never published, nor is any other table of the same phase.
    """

    frames: Frames
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    metadata: Mapping[str, Mapping[str, MetadataValue[Any]]] = field(default_factory=dict)
    edit_outcomes: Sequence[EditOutcome] = ()


@dataclass(frozen=True)
class PhaseShell:
    """How one phase is run: what it reads, the function that computes it, and what else must hold once it is edited.

    Attributes:
        phase: The phase's name in the flow's declaration, or `handoff`.
        reads: Keys of the tables that it reads. Those of another flow are read as they were handed over.
        compute: The function.
        reads_files: Whether it reads the landed files.
        reads_facts: Whether it reads the end-of-life facts.
        reads_analyses: Whether it reads the files of static analyses.
        reads_updates: Whether it reads what was told of tasks, and takes in the files that tell of them.
        audit: Lists the problems of the frames after people's corrections.
        describe: Returns metadata of the frames after people's corrections, by table key and name; pictures are written
            to files too, and some to files only, as are files for other programs.
        ask: Returns what a second opinion is asked for, by table key, of the frames after people's corrections. Called
            only where a language model is configured and the engagement wants it asked.
    """

    phase: str
    reads: tuple[str, ...]
    compute: Callable[[PhaseInputs], PhaseOutputs]
    reads_files: bool = False
    reads_facts: bool = False
    reads_analyses: bool = False
    reads_updates: bool = False
    audit: Callable[[Frames], Mapping[str, Sequence[str]]] | None = None
    describe: Callable[[PhaseInputs, Frames], Descriptions] | None = None
    ask: Callable[[PhaseInputs, Frames], Mapping[str, Asked]] | None = None


@dataclass(frozen=True)
class PhasePlan:
    """A phase ready to run: its shell in its flow."""

    flow: Flow
    shell: PhaseShell
    title: str
    purpose: str
    keys: tuple[str, ...]
    code_version: str

    @property
    def home(self) -> str:
        """The flow whose own tables it reads as they are; a hand-off is at home in the flow that hands over."""
        return self.flow.follows or "" if self.shell.phase == HANDOFF_PHASE else self.flow.name

    @property
    def reads(self) -> tuple[str, ...]:
        """Keys of what it reads; the hand-off first if anything came through it."""
        gate = _gate_of(self.home)
        comes_through = [key for key in self.shell.reads if flow_of(key).name != self.home and key != gate]
        return (*((gate,) if gate and comes_through else ()), *self.shell.reads)

    @property
    def upstream(self) -> list[str]:
        """The keys that it depends on in Dagster: its own flow's, and the hand-off instead of what came through it."""
        gate = _gate_of(self.home)
        return [key for key in self.reads if key == gate or flow_of(key).name == self.home]


PhaseEvents = Iterator[MaterializeResult[None] | AssetCheckResult]
PhaseRunner = Callable[[AssetExecutionContext, PlatformResource, PhasePlan], PhaseEvents]


def plan_phase(flow: Flow, shell: PhaseShell) -> PhasePlan:
    """Return the plan of a flow's phase, or of the hand-off into the flow."""
    module = Path(getfile(shell.compute))
    if shell.phase == HANDOFF_PHASE:
        title, purpose = f"Hand-off into {flow.title}", "Validate and package what the flow before hands over."
        return PhasePlan(flow, shell, title, purpose, (str(flow.handoff),), code_version(HANDOFFS, module))
    phase = next(phase for phase in flow.phases if phase.name == shell.phase)
    keys = tuple(f"{flow.name}/{table}" for table in phase.tables)
    return PhasePlan(flow, shell, phase.title, phase.purpose, keys, code_version(flow.name, module))


def build_phase_assets(plan: PhasePlan, run: PhaseRunner) -> AssetsDefinition:
    """Return the assets of one phase, one per table, each with its gate.

    Args:
        plan: The phase.
        run: What happens when they are materialized.
    """

    @multi_asset(
        name=f"{plan.flow.name}_{plan.shell.phase}",
        specs=[_asset_spec(plan, key) for key in plan.keys],
        check_specs=[_gate_spec(key) for key in plan.keys],
        partitions_def=ENGAGEMENTS,
        group_name=None,
        pool=ADVICE_POOL if plan.shell.ask else None,
    )
    def phase_assets(context: AssetExecutionContext, platform: PlatformResource) -> PhaseEvents:
        yield from run(context, platform, plan)

    return phase_assets


def _gate_of(flow: str) -> str | None:
    return next(
        (str(key) for key in output_tables() if key.startswith(f"{HANDOFFS}/") and flow_of(key).name == flow), None
    )


def _asset_spec(plan: PhasePlan, key: str) -> AssetSpec:
    table = output_tables()[key]
    return AssetSpec(
        key=asset_key(key),
        deps=[asset_key(upstream) for upstream in plan.upstream],
        description=f"{table.comment}\n\n{plan.flow.title}, {plan.title}: {plan.purpose}",
        group_name=str(table.schema),
        code_version=plan.code_version,
        kinds={"postgres", "pandas"},
        tags={"flow": plan.flow.name, "phase": plan.shell.phase},
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
