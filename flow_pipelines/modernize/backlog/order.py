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
    each other in a circle are taken by value for effort too.
    """
    worth = {
        task: (-value / effort, name)
        for task, value, effort, name in items[["task_id", "value", "effort_days", "task_name"]].to_numpy().tolist()
    }
    waits = {task: {one for one in first.get(task, ()) if one in worth and one not in fixed} for task in worth}
    left = {task: len(before) for task, before in waits.items() if task not in fixed}
    after: dict[str, list[str]] = defaultdict(list)
    for task in left:
        for one in waits[task]:
            after[one].append(task)
    by_worth = sorted(left, key=lambda task: worth[task], reverse=True)
    ready = [(worth[task], task) for task, count in left.items() if not count]
    heapify(ready)
    order: list[str] = []
    while left:
        chosen = heappop(ready)[1] if ready else by_worth.pop()
        if left.pop(chosen, None) is None:
            continue
        order.append(chosen)
        for task in after[chosen]:
            if task in left:
                left[task] -= 1
                if not left[task]:
                    heappush(ready, (worth[task], task))
    for task in sorted(fixed, key=lambda task: (fixed[task], task)):
        order.insert(max(fixed[task] - 1, 0), task)
    return order


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
    members = plan[["workload_id", "source_entity_ids"]].explode("source_entity_ids").dropna()
    edges = known.dependencies[~known.dependencies["is_noise"].astype(bool)]
    joined = (
        edges[["source_id", "target_id"]]
        .dropna()
        .merge(members, left_on="source_id", right_on="source_entity_ids")
        .merge(members, left_on="target_id", right_on="source_entity_ids", suffixes=("", "_needed"))
    )
    apart = joined[joined["workload_id"] != joined["workload_id_needed"]]
    return sorted(set(zip(apart["workload_id"], apart["workload_id_needed"], strict=True)))
