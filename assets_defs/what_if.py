"""What a flow's next run would make of other settings or edits: computed in memory, written nowhere.

Belongs here: running a flow's phases one after the other without a snapshot. Does not: comparing what comes out
(`flow_pipelines/assess/plan_comparison.py`), what any phase computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from assets_defs.phase_assets import Frames, PhaseInputs, PhasePlan
from assets_defs.phase_run import Corrected, correct
from flow_pipelines.edits import Decision, Edit, active_edits
from flow_pipelines.errors import RunError
from flow_pipelines.flows import HANDOFF_PHASE, Flow
from flow_pipelines.reference.end_of_life import EndOfLifeFacts
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from resources.database import Database
from resources.edits import IN_THE_ROWS, EditStore
from resources.snapshots import SnapshotStore


@dataclass(frozen=True)
class Supposed:
    """What a run would make: the flow's tables by key, and what their gates would find wrong."""

    frames: Frames
    problems: Sequence[str]


@dataclass(frozen=True)
class WhatIf:
    """A flow of an engagement as it was handed over, to be computed as often as wanted.

    Attributes:
        scope: The engagement.
        flow: A flow that follows another one: what it starts from is what was handed over.
        plans: Its phases, in order.
        handed_over: The tables of earlier flows, by key.
        edits: People's edits of the flow's tables.
        facts: The end-of-life facts in use.
    """

    scope: Scope
    flow: Flow
    plans: Sequence[PhasePlan]
    handed_over: Frames
    edits: Sequence[Edit]
    facts: EndOfLifeFacts

    def suppose(self, settings: EngagementSettings, edits: Sequence[Edit] = ()) -> Supposed:
        """Return what the next run would make by these settings, with these edits beside those that were made."""
        frames: dict[str, pd.DataFrame] = {}
        decisions: dict[str, list[Decision]] = {}
        problems: list[str] = []
        for plan in self.plans:
            known = {**self.handed_over, **frames}
            own = active_edits([edit for edit in (*self.edits, *edits) if edit.table_key in plan.keys])
            inputs = PhaseInputs(
                scope=self.scope,
                settings=settings,
                frames={key: known[key] for key in plan.shell.reads},
                snapshots={},
                manifests={},
                edits=own,
                files=(),
                progress=lambda _: None,
                decisions={key: decisions[key] for key in plan.shell.reads if key in decisions},
                facts=self.facts,
            )
            outputs = plan.shell.compute(inputs)
            corrected = correct(outputs, own)
            audited = plan.shell.audit(corrected.outputs.frames) if plan.shell.audit else {}
            problems += [one for found in (outputs.problems, audited) for listed in found.values() for one in listed]
            frames |= corrected.outputs.frames
            decisions |= _decisions(corrected, own)
        return Supposed(frames, problems)


def _decisions(corrected: Corrected, edits: Sequence[Edit]) -> dict[str, list[Decision]]:
    by_id = {edit.edit_id: edit for edit in edits}
    return {
        key: [Decision(by_id[one.edit_id], one.computed_value) for one in outcomes if one.outcome in IN_THE_ROWS]
        for key, outcomes in corrected.outcomes.items()
    }


def open_what_if(
    database: Database, scope: Scope, flow: Flow, plans: Sequence[PhasePlan], facts: EndOfLifeFacts
) -> WhatIf:
    """Read what a flow starts from.

    Args:
        database: As the pipeline's role.
        scope: The engagement.
        flow: The flow.
        plans: The plans of all phases, of any flow.
        facts: The end-of-life facts in use.

    Raises:
        RunError: Nothing has been handed over to the flow yet.
    """
    store = SnapshotStore(database)
    chosen = [plan for plan in plans if plan.flow.name == flow.name and plan.shell.phase != HANDOFF_PHASE]
    handoff = store.current(scope, [str(flow.handoff)]).get(str(flow.handoff))
    if handoff is None:
        raise RunError(
            f"Nothing has been handed over to {flow.title} of {scope} yet.",
            remedy=f"Run it once: flow run {scope} --flow {flow.name}",
        )
    package = store.handed_over(scope, handoff)
    wanted = {key for plan in chosen for key in plan.shell.reads if key in package}
    frames = store.read_all(scope, {key: package[key] for key in sorted(wanted)})
    edits = EditStore(database).of_tables(scope, [key for plan in chosen for key in plan.keys])
    return WhatIf(scope, flow, chosen, frames, edits, facts)
