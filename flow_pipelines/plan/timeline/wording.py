"""Why a task is when it is, and what a fixed start collides with, in words.

Belongs here: sentences for people. Does not: what they are about (`explain.py`, `fixed.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from flow_pipelines.plan.timeline.programme import Programme
from flow_pipelines.plan.timeline.tasks import DECISION, STREAMS, WINDOW
from flow_pipelines.plan.timeline.usage import free_capacity

RELEASES = {
    "programme": "The programme begins on {day}.",
    "wave": "Its wave is prepared from {day} on, by the roadmap.",
    "cutover": "Its wave is cut over from {day} on, by the roadmap.",
    "fixed": "What it waits for, whose start is fixed, has ended on {day}.",
    "landing zone": "The landing zone is ready for it on {day}, by the roadmap.",
}
OPENINGS = {
    WINDOW: "The change window opens then.",
    DECISION: "It is decided in the hour before a change window.",
    STREAMS: "There is no replication stream before.",
}


def reasons(rows: pd.DataFrame, programme: Programme) -> list[str]:
    """Say why each task starts when it does.

    Args:
        rows: task_id, task_name, waits_for, waits_for_task (an id), waits_for_resource, released_by and release_day.
        programme: The problem.
    """
    names = dict(zip(rows["task_id"], rows["task_name"], strict=True))
    lags = {(one, other): lag for one, other, lag in programme.precedences.itertuples(index=False, name=None) if lag}
    return [_reason(row, names, lags) for row in rows.to_dict("records")]


def _reason(row: Mapping[Any, Any], names: Mapping[str, str], lags: Mapping[tuple[str, str], int]) -> str:
    other, resource = row["waits_for_task"], row["waits_for_resource"]
    match row["waits_for"]:
        case "fixed":
            return "A person fixed its start."
        case "predecessor":
            lag = lags.get((other, row["task_id"]))
            return f"It waits for {names[other]}" + (f", and {lag:,} working hours more." if lag else ".")
        case "resource" if pd.notna(other):
            return f"No {resource} is free before: {names[other]} ends then."
        case "resource":
            return OPENINGS.get(resource, f"No {resource} is there before.")
        case "release":
            return RELEASES[row["released_by"]].format(day=row["release_day"])
    return "Nothing holds it back."


def conflicts(rows: pd.DataFrame, programme: Programme, fixed: Mapping[str, datetime]) -> pd.Series[Any]:
    """Say what the start of each fixed task collides with; None if nothing, or if it is not fixed.

    Args:
        rows: task_id, task_name, kind, start, end, planned_start and planned_end.
        programme: The problem.
        fixed: The starts that people fixed.
    """
    told: dict[str, list[str]] = {task: [] for task in fixed}
    by_id = rows.set_index("task_id")
    ends = {task: by_id["planned_end"][task].to_pydatetime() for task in fixed}
    names = dict(zip(rows["task_id"], rows["task_name"], strict=True))
    own = programme.precedences[programme.precedences["after"].isin(list(fixed))]
    for before, after, lag in zip(own["before"], own["after"], own["lag"], strict=True):
        first, second = by_id.loc[before], by_id.loc[after]
        if first["end"] + lag > second["start"] or first["planned_end"] > second["planned_start"]:
            told[after].append(f"It starts before {names[before]} has ended.")
    for task, moment in fixed.items():
        is_cutover = by_id.at[task, "kind"] == "cutover"  # noqa: PD008  (a cell)
        window = programme.clock.window_at(moment) if is_cutover else None
        if window and ends[task] > window.closes:
            told[task].append("It ends after its change window has closed.")
        if not programme.clock.is_open(moment, is_cutover=bool(is_cutover)):
            told[task].append(f"It starts outside of {'every change window' if is_cutover else 'working hours'}.")
    for task, resource in _overloaded(by_id, programme, fixed):
        told[task].append(f"More of {resource} is needed then than there is.")
    words = [" ".join(told.get(task, [])) or None for task in rows["task_id"]]
    return pd.Series(words, index=rows.index, dtype="object")


def _overloaded(
    by_id: pd.DataFrame, programme: Programme, fixed: Mapping[str, datetime]
) -> list[tuple[str, str]]:  # fmt: skip
    """Return fixed tasks and the resources of which more is used while they run than there is."""
    demands = programme.demands
    found = []
    for resource in sorted(set(demands.loc[demands["task_id"].isin(list(fixed)), "resource"]) - {WINDOW, DECISION}):
        free = free_capacity(by_id, programme, resource)
        users = demands.loc[(demands["resource"] == resource) & demands["task_id"].isin(list(fixed)), "task_id"]
        spans = by_id.loc[users, ["start", "end"]].astype("int64")
        found += [(task, resource) for task, start, end in spans.itertuples(name=None) if (free[start:end] < 0).any()]
    return found
