"""Execute's overview: how far each wave and the programme are, what holds them up, and what comes next.

Belongs here: the rows of `execute/execution_overview`. Does not: the state of a wave (`wave_states.py`), its gates
(`wave_gates.py`), and how the rest will go (`reports/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from flow_pipelines.execute.progress import OVER, known_at, with_progress
from flow_pipelines.execute.wave_states import (
    STOPS,
    Moment,
    WaveTasks,
    deviations,
    history_of,
    is_counted,
    state_of_programme,
)
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.execute.overview import NOT_PASSED, PASSED, UNKNOWN, VERDICTS, execution_overview
from flow_pipelines.tables.execute.progress import IN_PROGRESS, PLANNED, STATES

EXECUTION_OVERVIEW = "execute/execution_overview"
PROGRAMME = 0
# How many blockers of one kind a wave names: enough to start with.
NAMED = 5
MOMENTS = ("state_since", "planned_start", "planned_end", "actual_start", "actual_end", "told_at")


@dataclass(frozen=True)
class _Wave:
    """A wave as it stands: its tasks that count, with their progress, its gates and the states it went through."""

    number: int
    tasks: pd.DataFrame
    gates: pd.DataFrame
    history: list[Moment]

    @property
    def state(self) -> str:
        return self.history[-1].state

    @property
    def name(self) -> str:
        return f"Wave {self.number}"


def build_execution_overview(
    tasks: pd.DataFrame, updates: pd.DataFrame, gates: pd.DataFrame, *, scope: Scope, settings: EngagementSettings
) -> pd.DataFrame:
    """Sum up every wave and the programme.

    Args:
        tasks: All tasks that exist; see `all_tasks.py`.
        updates: The rows of `execute/task_updates`.
        gates: The rows of `execute/wave_gates`.
        scope: The engagement.
        settings: Its settings; a task is late by what is known; see `known_at`.

    Returns:
        The rows of `execute/execution_overview`: the programme, then each wave that has tasks.
    """
    of_waves = tasks[tasks["wave_number"].notna()]
    waves = [
        _wave(number, own, updates, gates)
        for number in sorted(set(of_waves["wave_number"].astype(int)))
        if is_counted(own := of_waves[of_waves["wave_number"] == number]).any()
    ]
    if not waves:
        return empty(execution_overview)
    limit = known_at(updates, settings).astimezone(ZoneInfo(settings.schedule.time_zone))
    rows = [_programme(waves, limit), *(_row(wave, limit) for wave in waves)]
    ids = scope.ids_of("execution_overview", [(row["wave_number"] or PROGRAMME,) for row in rows])
    frame = pd.DataFrame(rows).assign(overview_id=ids)
    moments = {name: pd.to_datetime(frame[name], utc=True) for name in MOMENTS}
    return conform(frame.assign(**moments).astype({"wave_number": "Int64"}), execution_overview)


def _wave(number: int, tasks: pd.DataFrame, updates: pd.DataFrame, gates: pd.DataFrame) -> _Wave:
    own_gates = gates[gates["wave_number"] == number]
    history = history_of(tasks, updates, own_gates)
    counted = with_progress(tasks[is_counted(tasks)], updates)
    known = WaveTasks.of(tasks)
    for task, state in zip(counted["task_id"], counted["state"], strict=True):
        known.tell(task, state)
    return _Wave(number, counted.assign(state=counted["task_id"].map(known.settled)), own_gates, history)


def _row(wave: _Wave, limit: datetime) -> dict[str, Any]:
    before = wave.history[-2].state if len(wave.history) > 1 else None
    late = _late(wave.tasks, limit)
    blockers = [*_gate_blockers(wave), *_task_blockers(wave), *_late_words(late, limit)]
    return {
        "overview_name": wave.name,
        "wave_number": wave.number,
        "state": wave.state,
        "state_since": wave.history[-1].since,
        "previous_state": before,
        "deviations": deviations(wave.history),
        **_sums(wave.tasks, wave.gates, len(late)),
        "blockers": blockers,
        "next_step": _next_step(wave, blockers),
    }


def _programme(waves: list[_Wave], limit: datetime) -> dict[str, Any]:
    tasks = pd.concat([wave.tasks for wave in waves], ignore_index=True)
    gates = pd.concat([wave.gates for wave in waves], ignore_index=True)
    state = state_of_programme(wave.state for wave in waves)
    stopped = [wave for wave in waves if wave.state in {"blocked", "rolled back"}]
    going = [wave for wave in waves if wave.state != "complete"]
    first = going[0] if going else None
    return {
        "overview_name": "Programme",
        "wave_number": None,
        "state": state,
        "state_since": max(
            (wave.history[-1].since for wave in waves if wave.history[-1].since is not None), default=None
        ),
        "previous_state": None,
        "deviations": [f"{wave.name}: {one}" for wave in waves for one in deviations(wave.history)],
        **_sums(tasks, gates, len(_late(tasks, limit))),
        "blockers": [f"{wave.name} is {wave.state}." for wave in stopped],
        "next_step": f"{first.name}: {_next_step(first, _gate_blockers(first))}"
        if first
        else "All waves are complete.",
    }


def _sums(tasks: pd.DataFrame, gates: pd.DataFrame, late: int) -> dict[str, Any]:
    counts = {f"{state.replace(' ', '_')}_count": int((tasks["state"] == state).sum()) for state in STATES}
    is_over = tasks["state"].isin(OVER)
    begun = pd.concat([tasks["actual_start"], tasks["actual_end"]]).dropna()
    return {
        "task_count": len(tasks),
        **counts,
        "share_done": round(float(is_over.mean()), 4),
        "late_count": late,
        **{f"{verdict}_gate_count": int((gates["verdict"] == verdict).sum()) for verdict in VERDICTS},
        "planned_start": tasks["planned_start"].min(),
        "planned_end": tasks["planned_end"].max(),
        "actual_start": begun.min() if len(begun) else None,
        "actual_end": tasks["actual_end"].max() if is_over.all() else None,
        "told_at": pd.concat([tasks["told_at"], gates["told_at"]]).max(),
        "source_entity_ids": sorted(set(tasks["workload_id"].dropna())),
    }


def _late(tasks: pd.DataFrame, limit: datetime) -> pd.DataFrame:
    return tasks[(tasks["planned_end"] < limit) & ~tasks["state"].isin(OVER)].sort_values(["planned_end", "task_id"])


def _late_words(late: pd.DataFrame, limit: datetime) -> list[str]:
    if late.empty:
        return []
    day, first = f"{limit - timedelta(microseconds=1):%Y-%m-%d}", late.iloc[0]
    when = f"planned to end on {first['planned_end']:%Y-%m-%d}"
    return [f"{len(late):,} tasks should be over by {day} and are not, first {first['task_name']} ({when})."]


def _gate_blockers(wave: _Wave) -> list[str]:
    if wave.state in {"validating", "complete"}:
        return []
    opening = "It was begun and the gate" if wave.state in {"executing", "rolled back"} else "The gate"
    missing = wave.gates[wave.gates["verdict"] != PASSED]
    how = missing["verdict"].map({NOT_PASSED: "not passed", UNKNOWN: "open"})
    rows = zip(missing["gate"], how, missing["finding"], strict=True)
    return [f"{opening} {gate!r} is {word}: {finding}" for gate, word, finding in rows]


def _task_blockers(wave: _Wave) -> list[str]:
    stopped = wave.tasks[wave.tasks["state"].isin(STOPS)].sort_values(["told_at", "task_id"])
    words = [_stopped(row) for row in stopped.head(NAMED).to_dict("records")]
    return words + (
        [f"{len(stopped) - NAMED:,} more tasks are blocked or have failed."] if len(stopped) > NAMED else []
    )


def _stopped(row: Mapping[Any, Any]) -> str:
    what = "has failed" if row["state"] == "failed" else "is blocked"
    note = f": {row['note']}" if pd.notna(row["note"]) else ""
    return f"{row['task_name']} {what} since {row['told_at']:%Y-%m-%d %H:%M} UTC{note}."


def _next_step(wave: _Wave, blockers: Iterable[str]) -> str:
    if wave.state == "complete":
        return "Nothing: all of it is done."
    if wave.state == "blocked":
        return f"Clear what stops it: {next(iter(_task_blockers(wave)), next(iter(blockers), ''))}"
    if wave.state == "rolled back":
        return "Find out why it was rolled back, and plan its cutover anew."
    if wave.state in {"planned", "ready"}:
        missing = wave.gates[wave.gates["verdict"] != PASSED].sort_values("planned_end", kind="stable")
        return next(f"{row['gate'].capitalize()}: {row['remedy']}" for row in missing.to_dict("records"))
    waiting = wave.tasks[wave.tasks["state"].isin([PLANNED, IN_PROGRESS])].sort_values(["planned_start", "task_id"])
    if waiting.empty:
        return "Tell what became of what was rolled back."
    row = waiting.iloc[0]
    verb = "Finish" if row["state"] == IN_PROGRESS else "Begin"
    return f"{verb} {row['task_name']}, planned for {row['planned_start']:%Y-%m-%d %H:%M} UTC."


def overview_problems(tasks: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """List waves with tasks that are not told, or told and not there, and counts that don't add up.

    Args:
        tasks: All tasks that exist; see `all_tasks.py`.
        rows: The rows of `execute/execution_overview`.
    """
    counted = tasks[is_counted(tasks) & tasks["wave_number"].notna()]
    expected = counted.groupby(counted["wave_number"].astype(int)).size().to_dict()
    told = rows.dropna(subset="wave_number").set_index("wave_number")["task_count"].to_dict()
    problems = [
        f"wave {wave} has {expected.get(wave, 0)} tasks, and {told.get(wave, 0)} are told"
        for wave in sorted({*expected, *told}, key=str)
        if expected.get(wave, 0) != told.get(wave, 0)
    ]
    by_state = rows[[f"{state.replace(' ', '_')}_count" for state in STATES]].sum(axis="columns")
    wrong = rows.loc[by_state != rows["task_count"], "overview_name"]
    problems += [f"the states of {name} are not those of all its tasks" for name in wrong]
    whole = rows.loc[rows["wave_number"].isna(), "task_count"].sum()
    return problems + ([] if whole == sum(expected.values()) else [f"the programme tells {whole} of all tasks"])
