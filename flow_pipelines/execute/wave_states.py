"""The state of a wave: what follows from its tasks and gates, now and at every moment at which something was told.

Belongs here: that. Does not: which changes of state are as they should be (`reference/task_states.yaml`), and the
words for people (`overview.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import pandas as pd

from flow_pipelines.execute.progress import OVER
from flow_pipelines.execute.wave_gates import GATE
from flow_pipelines.reference.readiness_gates import readiness_gates
from flow_pipelines.reference.task_states import task_states
from flow_pipelines.tables.execute.overview import PASSED
from flow_pipelines.tables.execute.progress import BLOCKED, DONE, FAILED, IN_PROGRESS, PLANNED, ROLLED_BACK, STATES

TIMELINE = "plan/timeline"
RUNBOOK = "execute/cutover_runbook"
STOPS = (BLOCKED, FAILED)


@dataclass(frozen=True)
class Moment:
    """From when on a wave was in a state; None from before anything was told."""

    state: str
    since: pd.Timestamp | None


@dataclass
class WaveTasks:
    """The tasks of a wave that count, and how each stands.

    A workload's tasks and those of its servers say the same at two levels. Where one level is over, what nobody has
    told of the other is taken to be over too; so is a decision to go once its cutover has begun.

    Attributes:
        states: By task id, as told.
        of_unit: The ids of the tasks of each workload, by level.
        cutovers: The ids of the cutovers.
        decisions: The ids of the decisions to go.
    """

    states: dict[str, str]
    of_unit: Mapping[str, Mapping[str, Sequence[str]]]
    cutovers: frozenset[str]
    decisions: frozenset[str]

    def __post_init__(self) -> None:
        self._unit = {task: unit for unit, levels in self.of_unit.items() for ids in levels.values() for task in ids}
        self._settled = {unit: self._settle(unit) for unit in self.of_unit}

    @classmethod
    def of(cls, tasks: pd.DataFrame) -> WaveTasks:
        """Return the tasks that count among all of a wave, none of them told of yet; see `is_counted`."""
        of_unit: dict[str, dict[str, list[str]]] = {}
        for row in tasks[is_counted(tasks)].sort_values("task_id").to_dict("records"):
            unit = next((row[name] for name in ("workload_id", "asset_id") if pd.notna(row[name])), "")
            level = TIMELINE if row["table_key"] == TIMELINE else "its servers"
            of_unit.setdefault(unit, {}).setdefault(level, []).append(row["task_id"])
        ids = {kind: frozenset(tasks.loc[tasks["kind"] == kind, "task_id"]) for kind in ("cutover", "decision")}
        known = {task: PLANNED for levels in of_unit.values() for listed in levels.values() for task in listed}
        return cls(known, of_unit, ids["cutover"], ids["decision"])

    def tell(self, task: str, state: str) -> None:
        """Take in that a task is in a state; one that does not count changes nothing."""
        if task in self.states:
            self.states[task] = state
            self._settled[self._unit[task]] = self._settle(self._unit[task])

    @property
    def settled(self) -> dict[str, str]:
        """How each task stands, with what follows from others."""
        return {task: state for states in self._settled.values() for task, state in states.items()}

    def _settle(self, unit: str) -> dict[str, str]:
        levels = self.of_unit[unit]
        found = {task: self.states[task] for ids in levels.values() for task in ids}
        if any(found[task] not in (PLANNED, BLOCKED) for task in found.keys() & self.cutovers):
            found |= {task: DONE for task in found.keys() & self.decisions if found[task] == PLANNED}
        # What was only skipped says nothing of the other level.
        over = [
            level
            for level, ids in levels.items()
            if all(found[task] in OVER for task in ids) and any(found[task] == DONE for task in ids)
        ]
        return {task: DONE if over and state == PLANNED else state for task, state in found.items()}


def is_counted(tasks: pd.DataFrame) -> pd.Series[bool]:
    """Tell which tasks say how far a wave is: no milestones, gates and steps of a runbook, which say it over again."""
    return ~tasks["kind"].isin(["milestone", GATE]) & (tasks["table_key"] != RUNBOOK)


def state_of(tasks: WaveTasks, verdicts: Mapping[str, str]) -> str:
    """Return the state of a wave.

    Args:
        tasks: Its tasks.
        verdicts: The verdict of each of its gates, by name.
    """
    states = tasks.settled
    cutovers = [states[task] for task in sorted(tasks.cutovers & states.keys())]
    all_states = set(states.values())
    if all_states and all_states <= set(OVER):
        return "complete"
    if all_states & set(STOPS):
        return "blocked"
    if ROLLED_BACK in cutovers and IN_PROGRESS not in cutovers:
        return "rolled back"
    if cutovers and all(state in OVER for state in cutovers):
        return "validating"
    if all_states - {PLANNED}:
        return "executing"
    return _before_begin(verdicts)


def _before_begin(verdicts: Mapping[str, str]) -> str:
    missing = [one for one in readiness_gates().gates if verdicts.get(one.gate) != PASSED]
    if not missing:
        return "approved"
    return "ready" if all(one.approves for one in missing) else "planned"


def history_of(tasks: pd.DataFrame, updates: pd.DataFrame, gates: pd.DataFrame) -> list[Moment]:
    """Return the states that a wave has gone through, in order.

    Args:
        tasks: All of its tasks; see `all_tasks.py`.
        updates: What was told of them: rows of `execute/task_updates`.
        gates: Its rows of `execute/wave_gates`. What the tables tell of a gate is taken to have been so all along; what
            people said counts from when they said it was so.
    """
    own = WaveTasks.of(tasks)
    real = updates[~updates["is_rehearsal"].astype(bool) & updates["task_id"].isin(list(tasks["task_id"]))]
    gate_of = dict(zip(gates["task_id"], gates["gate"], strict=True))
    final = dict(zip(gates["gate"], gates["verdict"], strict=True))
    said = {gate_of[task] for task in set(real["task_id"]) & gate_of.keys()}
    verdicts = {gate: verdict for gate, verdict in final.items() if gate not in said}
    found = [Moment(state_of(own, verdicts), None)]
    still = Counter(gate_of[task] for task in real["task_id"] if task in gate_of)
    rows = real.assign(place=real["state"].map(STATES.index)).sort_values(["happened_at", "place"])
    rows = rows[["happened_at", "task_id", "state"]]
    for moment, told in groupby(rows.itertuples(index=False, name=None), key=lambda row: row[0]):
        for _, task, state in told:
            own.tell(task, state)
            if task in gate_of:
                gate = gate_of[task]
                still[gate] -= 1
                # The last word on a gate is judged with what the tables tell; see `wave_gates.py`.
                verdicts[gate] = (PASSED if state in OVER else "") if still[gate] else final[gate]
        state = state_of(own, verdicts)
        if state != found[-1].state:
            found.append(Moment(state, moment))
    return found


def deviations(history: Iterable[Moment]) -> list[str]:
    """Say which changes of a wave's state should not have been."""
    changes = task_states().wave_changes
    return [
        f"It went from {before.state} to {after.state} on {after.since:%Y-%m-%d %H:%M} UTC, out of turn."
        for before, after in pairwise(history)
        if after.state not in changes[before.state]
    ]


def state_of_programme(states: Iterable[str]) -> str:
    """Return the state of the programme: that of its waves if they agree, else what matters most of them."""
    found = set(states)
    if len(found) <= 1:
        return next(iter(found), "planned")
    if stopped := next((state for state in ("blocked", "rolled back") if state in found), None):
        return stopped
    begun = {"executing", "validating", "complete"}
    return "executing" if found & begun else "planned" if "planned" in found else "ready"
