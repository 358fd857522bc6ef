"""The readiness gates of every wave: whether each is passed, what was found, and what to do if it is not.

Belongs here: the rows of `execute/wave_gates`. Does not: which gates there are (`reference/readiness_gates.yaml`), and
what they mean for the state of a wave (`wave_states.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from flow_pipelines.execute.progress import OVER, with_progress
from flow_pipelines.reference.readiness_gates import ReadinessGate, readiness_gates
from flow_pipelines.scope import Scope
from flow_pipelines.some_of import some_of
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.execute.overview import NOT_PASSED, PASSED, UNKNOWN, wave_gates
from flow_pipelines.tables.execute.progress import BLOCKED, FAILED, PLANNED, ROLLED_BACK

WAVE_GATES = "execute/wave_gates"
GATE = "gate"
TIMELINE = "plan/timeline"
PLAN_OF_RECORD = "assess/plan_of_record"
PLAN_OVERVIEW = "plan/plan_overview"
TARGETS = "plan/targets"
DEPENDENCIES = "discovery/dependencies"
# What the findings read, besides what was told.
GATES_READ = (TIMELINE, PLAN_OF_RECORD, PLAN_OVERVIEW, TARGETS, DEPENDENCIES)
# Treatments that leave nothing to be signed or moved.
STAYS = "retain"
# What is switched off: nothing waits for it to move.
ENDS = "retire"
NAMED = 3


@dataclass(frozen=True)
class Finding:
    """What the tables tell of a gate."""

    verdict: str
    words: str
    table: str


def gate_tasks(timeline: pd.DataFrame, *, scope: Scope) -> pd.DataFrame:
    """Return a task for every gate of every wave that has tasks.

    Args:
        timeline: The rows of `plan/timeline`.
        scope: The engagement.

    Returns:
        The columns that all tasks share (`all_tasks.py`), and gate and title; a gate is due when its wave's first
        decision or cutover is planned, or its first task where it has none. source_entity_ids are its workloads.
    """
    waves = timeline[timeline["wave_number"].notna()]
    rows = []
    for number, tasks in waves.groupby(waves["wave_number"].astype(int), sort=True):
        decided = tasks[tasks["kind"].isin(["decision", "cutover"])]
        begin = tasks["planned_start"].min()
        due = begin if decided.empty else decided["planned_start"].min()
        workloads = sorted(set(tasks["workload_id"].dropna()))
        rows += [_task(one, int(number), begin, due, workloads, scope) for one in readiness_gates().gates]
    columns = ["task_id", "task_name", "table_key", "wave_number", "kind", "role", "gate", "title", "planned_start"]
    return pd.DataFrame(rows, columns=[*columns, "planned_end", "source_entity_ids", "workload_id", "asset_id"])


def _task(  # noqa: PLR0917  (one row)
    gate: ReadinessGate, wave: int, begin: pd.Timestamp, due: pd.Timestamp, workloads: list[str], scope: Scope
) -> dict[str, Any]:
    return {
        "task_id": scope.id_of("task", "gate", wave, gate.gate),
        "task_name": f"Wave {wave}: {gate.gate}",
        "table_key": WAVE_GATES,
        "wave_number": wave,
        "kind": GATE,
        "role": gate.role,
        "gate": gate.gate,
        "title": gate.title,
        "planned_start": begin,
        "planned_end": due,
        "source_entity_ids": workloads,
    }


def build_wave_gates(
    frames: Mapping[str, pd.DataFrame], tasks: pd.DataFrame, updates: pd.DataFrame, *, scope: Scope
) -> pd.DataFrame:
    """Judge every gate of every wave: by what people said of it, else by what the tables tell.

    Args:
        frames: By key, the rows of the tables of `GATES_READ`.
        tasks: All tasks that exist; see `all_tasks.py`.
        updates: The rows of `execute/task_updates`.
        scope: The engagement.

    Returns:
        The rows of `execute/wave_gates`.
    """
    gates = gate_tasks(frames[TIMELINE], scope=scope)
    if gates.empty:
        return empty(wave_gates)
    evidence = _Evidence(frames, with_progress(tasks, updates))
    told = with_progress(gates, updates)
    shown = updates[~updates["is_rehearsal"].astype(bool) & updates["evidence"].notna()].sort_values("happened_at")
    evidence_told = shown.groupby("task_id")["evidence"].last()
    by_name = {one.gate: one for one in readiness_gates().gates}
    rows = []
    for row in told.to_dict("records"):
        gate = by_name[row["gate"]]
        found = evidence.find(gate, row["wave_number"])
        verdict, words = _verdict(row, found)
        named = evidence_told.get(row["task_id"]) if row["state"] != PLANNED else found and found.table
        remedy = None if verdict == PASSED else _remedy(gate, row["task_name"], scope)
        rows.append({"verdict": verdict, "finding": words, "evidence": named, "remedy": remedy})
    judged = pd.concat([told, pd.DataFrame(rows, index=told.index, dtype="object")], axis="columns")
    return conform(judged[[column.name for column in wave_gates.columns]], wave_gates)


def _remedy(gate: ReadinessGate, name: str, scope: Scope) -> str:
    return gate.remedy.replace("<scope>", str(scope)).replace("<task>", name)


def _verdict(row: Mapping[Any, Any], found: Finding | None) -> tuple[str, str]:
    """Return the verdict and what it rests on: people's word, if there is one, before the tables'."""
    computed = found.words if found else "Nothing tells it but what people say."
    if row["state"] == PLANNED:
        return (found.verdict, computed) if found else (UNKNOWN, f"Nobody has said so. {computed}")
    note = f": {row['note']}" if pd.notna(row["note"]) else ""
    said = f"{row['told_by']} said {row['state']} as of {row['told_at']:%Y-%m-%d %H:%M} UTC{note}."
    if row["state"] in OVER:
        return PASSED, f"{said} By the tables: {computed}" if found and found.verdict != PASSED else said
    if row["state"] in (FAILED, BLOCKED, ROLLED_BACK):
        return NOT_PASSED, said
    return (found.verdict if found else UNKNOWN), f"{said} {computed}"


class _Evidence:
    """What the tables tell of the waves."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], tasks: pd.DataFrame) -> None:
        self._frames, self._tasks = frames, tasks
        plan = frames[PLAN_OF_RECORD]
        self._plan = plan[(plan["treatment"] != STAYS) & plan["wave_number"].notna()]

    def find(self, gate: ReadinessGate, wave: int) -> Finding | None:
        """Return what is found of a gate; None if nothing tells it."""
        finders: dict[str, Callable[[int], Finding]] = {
            "readiness": self._readiness,
            "agreement": self._agreement,
            "targets": self._target,
            "dependencies": self._dependencies,
            "licences": self._licences,
        }
        return finders[gate.found_in](wave) if gate.found_in else None

    def _readiness(self, wave: int) -> Finding:
        overview = self._frames[PLAN_OVERVIEW]
        row = overview[overview["wave_number"] == wave]
        found = {
            "workloads are blocked": int(row["blocked_count"].sum()),
            "workloads of which too little is known": int(row["unknown_count"].sum()),
            "servers don't tell how much data they move": int(row["unknown_data_count"].sum()),
        }
        missing = [f"{words}: {count:,}" for words, count in found.items() if count]
        words = "; ".join(missing) or "all that is needed is known"
        return Finding(NOT_PASSED if missing else PASSED, f"{words[:1].upper()}{words[1:]}.", PLAN_OVERVIEW)

    def _agreement(self, wave: int) -> Finding:
        own = self._plan[self._plan["wave_number"] == wave]
        waits = own.loc[own["status"] == "on hold", "workload_name"]
        if len(waits):
            return Finding(NOT_PASSED, f"On hold: {_listed(waits)}.", PLAN_OF_RECORD)
        unsigned = own.loc[own["status"] != "agreed", "workload_name"]
        if len(unsigned):
            return Finding(UNKNOWN, f"Not agreed yet: {_listed(unsigned)}.", PLAN_OF_RECORD)
        return Finding(PASSED, f"All {len(own):,} workloads are agreed.", PLAN_OF_RECORD)

    def _target(self, wave: int) -> Finding:
        servers = self._targets(wave)
        chosen = servers[servers["is_chosen"].astype(bool)]
        fitted = chosen.loc[chosen["instance_type"].notna(), "asset_id"]
        missing = servers.loc[~servers["asset_id"].isin(fitted), "server_name"]
        if len(missing):
            return Finding(NOT_PASSED, f"Without a target that fits: {_listed(missing)}.", TARGETS)
        clashes = chosen.loc[chosen["conflict"].notna(), "target_name"]
        if len(clashes):
            return Finding(NOT_PASSED, f"The target collides with something: {_listed(clashes)}.", TARGETS)
        words = f"All {len(chosen):,} servers that move have a target." if len(chosen) else "No server of it moves."
        return Finding(PASSED, words, TARGETS)

    def _targets(self, wave: int) -> pd.DataFrame:
        targets = self._frames[TARGETS]
        return targets[targets["wave_number"] == wave]

    def _licences(self, wave: int) -> Finding:
        own = self._targets(wave)
        licensed = own.loc[own["is_chosen"].astype(bool) & own["sql_server_edition"].notna(), "server_name"]
        if len(licensed):
            return Finding(
                UNKNOWN, f"SQL Server stays on {_listed(licensed)}; nobody has said so of its licences.", TARGETS
            )
        return Finding(PASSED, "No licence is known that has to be taken along.", TARGETS)

    def _dependencies(self, wave: int) -> Finding:
        needed = self._needs[self._needs["wave"] == wave]
        earlier = needed[(needed["needed_wave"] < wave) & ~needed["needed_id"].isin(list(self._moved))]
        if len(earlier):
            words = f"Still to move before it: {_listed(earlier['needed'])}."
            return Finding(NOT_PASSED, words, DEPENDENCIES)
        later = needed[needed["needed_wave"] > wave]
        note = f" It needs, across waves, what moves later: {_listed(later['needed'])}." if len(later) else ""
        return Finding(PASSED, f"All that it needs of earlier waves has moved.{note}", DEPENDENCIES)

    @cached_property
    def _needs(self) -> pd.DataFrame:
        """Return which wave needs which workload of which wave: wave, needed_id, needed (its name), needed_wave."""
        columns = ["workload_id", "workload_name", "wave_number", "source_entity_ids"]
        parts = self._plan.loc[self._plan["treatment"] != ENDS, columns].explode("source_entity_ids")
        edges = self._frames[DEPENDENCIES]
        edges = edges.loc[~edges["is_noise"].astype(bool), ["source_id", "target_id"]].drop_duplicates()
        pairs = edges.merge(parts, left_on="source_id", right_on="source_entity_ids")
        pairs = pairs.merge(parts, left_on="target_id", right_on="source_entity_ids", suffixes=("", "_needed"))
        pairs = pairs[pairs["workload_id"] != pairs["workload_id_needed"]]
        found = pd.DataFrame(
            {
                "wave": pairs["wave_number"].astype(int),
                "needed_id": pairs["workload_id_needed"],
                "needed": pairs["workload_name_needed"],
                "needed_wave": pairs["wave_number_needed"].astype(int),
            }
        )
        return found.drop_duplicates().sort_values(["wave", "needed_id"], ignore_index=True)

    @cached_property
    def _moved(self) -> set[str]:
        """Return the workloads that are cut over: all of their cutovers in one of the tables that plan them."""
        cutovers = self._tasks[(self._tasks["kind"] == "cutover") & self._tasks["workload_id"].notna()]
        is_over = cutovers["state"].isin(OVER).groupby([cutovers["workload_id"], cutovers["table_key"]]).all()
        return {workload for workload, _ in is_over[is_over].index}


def _listed(names: Iterable[str]) -> str:
    return some_of(sorted(set(names)), NAMED)


def gate_problems(timeline: pd.DataFrame, gates: pd.DataFrame) -> list[str]:
    """List waves of the timeline that lack a gate, and gates of waves that are not there.

    Args:
        timeline: The rows of `plan/timeline`.
        gates: The rows of `execute/wave_gates`.
    """
    waves = set(timeline["wave_number"].dropna().astype(int))
    expected = {(wave, one.gate) for wave in waves for one in readiness_gates().gates}
    found = set(zip(gates["wave_number"].astype(int), gates["gate"], strict=True))
    problems = [f"wave {wave} has no gate {gate!r}" for wave, gate in sorted(expected - found)]
    return problems + [
        f"gate {gate!r} is of wave {wave}, which has no tasks" for wave, gate in sorted(found - expected)
    ]
