"""In which order the items of a backlog are done: what must come first, then the most value for the effort.

Belongs here: precedence, places and earliest times. Does not: when people have time for it, which nobody plans yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any

import pandas as pd

from flow_pipelines.assess.wave_planning.edges import workload_dependencies
from flow_pipelines.circles import circles
from flow_pipelines.modernize.backlog.items import APPLICATION
from flow_pipelines.modernize.backlog.known import Known

DAYS_PER_WORKING_DAY = 7 / 5
Edges = Mapping[str, Sequence[str]]


def what_comes_first(known: Known, items: pd.DataFrame) -> dict[str, list[str]]:
    """Return, by item, the items of the same backlog that come first.

    The servers and databases of an application before the application; and an application that others need before
    those, since what it offers settles what they call.
    """
    first: dict[str, set[str]] = defaultdict(set)
    is_whole = items["subject_type"] == APPLICATION
    wholes = dict(items.loc[is_whole, ["workload_id", "task_id"]].to_numpy().tolist())
    for task, workload in items.loc[~is_whole, ["task_id", "workload_id"]].to_numpy().tolist():
        if workload in wholes:
            first[wholes[workload]].add(task)
    for one, other in _needs(known, wholes):
        first[wholes[one]].add(wholes[other])
    return {task: sorted(before) for task, before in first.items()}


def in_order(items: pd.DataFrame, first: Edges, fixed: Mapping[str, int]) -> list[str]:
    """Return the items in their order: those that people placed where they want them, the others around them.

    Of the items for which nothing is left to wait, that of the most value for its effort is next. Items that wait for
    each other in a circle are taken by value for effort too; what waits for a circle waits for all of it.
    """
    worth = {
        task: (-value / effort, name)
        for task, value, effort, name in items[["task_id", "value", "effort_days", "task_name"]].to_numpy().tolist()
    }
    waits = {
        task: {one for one in first.get(task, ()) if one in worth and one not in fixed and one != task}
        for task in worth
        if task not in fixed
    }
    after: dict[str, list[str]] = defaultdict(list)
    for task, before in waits.items():
        for one in before:
            after[one].append(task)
    ready = [(worth[task], task) for task, before in waits.items() if not before]
    heapify(ready)
    order: list[str] = []
    while waits:
        chosen = heappop(ready)[1] if ready else _first_of_a_circle(waits, worth)
        del waits[chosen]
        order.append(chosen)
        for task in after[chosen]:
            if task in waits:
                waits[task].discard(chosen)
                if not waits[task]:
                    heappush(ready, (worth[task], task))
    for task in sorted(fixed, key=lambda task: (fixed[task], task)):
        order.insert(max(fixed[task] - 1, 0), task)
    return order


def _first_of_a_circle(waits: Mapping[str, set[str]], worth: Mapping[str, tuple[float, str]]) -> str:
    """Return the item to go on with where every one waits: of those that wait for their own circle only."""
    circle = circles((task, one) for task, before in waits.items() for one in before)
    inner = (
        task
        for task, before in waits.items()
        if task in circle and all(circle.get(one) == circle[task] for one in before)
    )
    return min(inner, key=worth.__getitem__)


def place(known: Known, items: pd.DataFrame, first: Edges, fixed: Mapping[str, int]) -> pd.DataFrame:
    """Add to items their position, what comes first, and the earliest times.

    Args:
        known: What is known.
        items: Items with value and effort.
        first: By item, what comes first.
        fixed: Positions that people gave.
    """
    order = in_order(items, first, fixed)
    position = {task: number for number, task in enumerate(order, start=1)} | dict(fixed)
    rows = {row["task_id"]: row for row in items.to_dict("records")}
    begins: dict[str, datetime] = {}
    ends: dict[str, datetime] = {}
    reasons: dict[str, list[str]] = {}
    for task in order:
        row = rows[task]
        before = [one for one in first.get(task, ()) if one in ends]
        begins[task] = max([_moved(row, known), *(ends[one] for one in before)])
        ends[task] = begins[task] + timedelta(days=float(row["effort_days"]) * DAYS_PER_WORKING_DAY)
        wave = None if pd.isna(row["wave_number"]) else int(row["wave_number"])
        move = [] if wave is None or wave in known.moved_at else [f"Wave {wave}: the move of {row['workload_name']}"]
        reasons[task] = move + [rows[one]["task_name"] for one in before]
    tasks = items["task_id"]
    return items.assign(
        position=tasks.map(position),
        comes_first=tasks.map(reasons),
        planned_start=pd.to_datetime(tasks.map(begins), utc=True).dt.as_unit("us"),
        planned_end=pd.to_datetime(tasks.map(ends), utc=True).dt.as_unit("us").dt.floor("min"),
    )


def _moved(row: Mapping[Any, Any], known: Known) -> datetime:
    """Return when the workload has moved: the day after its wave's end, as it was or as it is planned; or at once."""
    if not pd.isna(row["wave_number"]) and (moved := known.moved_at.get(int(row["wave_number"]))) is not None:
        day = max(moved.date() + timedelta(days=1), known.as_of)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    day = known.as_of if pd.isna(row["end_date"]) else max(row["end_date"] + timedelta(days=1), known.as_of)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _needs(known: Known, wholes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pairs of workloads of which the first needs the second, both in the backlog as a whole."""
    plan = known.plan[known.plan["workload_id"].isin(list(wholes))]
    needs = workload_dependencies(plan, known.dependencies)
    return list(zip(needs["source_id"], needs["target_id"], strict=True))
