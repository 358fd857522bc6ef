"""Why a schedule is as it is: float, what each task waits for, and the chain that drives the end.

Belongs here: reading a finished schedule. Does not: making one, prices of deadlines (`deadlines.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.plan.timeline.problem import Problem
from flow_pipelines.plan.timeline.profile import Profile
from flow_pipelines.plan.timeline.serial import as_late

HOLDS = ["waits_for", "waits_for_task", "waits_for_resource"]
CHAIN = ["position", "task_id", "start", "end", "waits_for", "name"]


@dataclass(frozen=True)
class Hold:
    """Why a task starts no earlier.

    Attributes:
        reason: predecessor, resource, release or nothing.
        task: The place of the task that is waited for, if it is one.
        resource: The place of the resource that was not free, or not there, before.
        follows: The place of the task to go on with to find what drives it.
    """

    reason: str
    task: int | None = None
    resource: int | None = None
    follows: int | None = None


def floats(problem: Problem, starts: list[int]) -> list[int]:
    """Return by how many periods each task may start later in the latest schedule that ends and is late no more.

    In that schedule all tasks are as late as they may be at once, the last first; resources are kept in it too.
    """
    return [last - begin for last, begin in zip(as_late(problem, starts), starts, strict=True)]


def find_holds(problem: Problem, starts: list[int]) -> list[Hold]:
    """Return why each task starts no earlier."""
    ends = problem.ends(starts)
    room = [profile.copy() for profile in problem.capacity]
    users: list[list[tuple[int, int]]] = [[] for _ in room]
    for task, needs in enumerate(problem.demands):
        for resource, units in needs:
            if units and problem.durations[task]:
                room[resource].take(starts[task], ends[task], units)
                users[resource].append((ends[task], -task))
    for own in users:
        own.sort()
    return [_held_by(problem, starts, ends, room, users, task) for task in range(len(starts))]


def holds_by_name(problem: Problem, holds: list[Hold]) -> pd.DataFrame:
    """Return reason, task and resource of what holds each task, by name, in the problem's order."""
    rows = [
        (
            hold.reason,
            None if hold.task is None else problem.ids[hold.task],
            None if hold.resource is None else problem.names[hold.resource],
        )
        for hold in holds
    ]
    return pd.DataFrame(rows, columns=HOLDS, dtype="object")


def driving_chain(problem: Problem, starts: list[int], holds: list[Hold]) -> pd.DataFrame:
    """Return what drives the end: from the task that ends last back to one that waits for nothing, in order of time.

    Returns:
        position (from 1), task_id, start, end, waits_for (predecessor, resource, release or nothing) and name (the
        task that is waited for, or the resource if its capacity rises when the task starts: then the chain goes on
        with what the task had to wait for last before that; else empty).
    """
    ends = problem.ends(starts)
    task: int | None = max(range(len(starts)), key=lambda index: (ends[index], starts[index], -index))
    rows: list[tuple[str, int, int, str, str | None]] = []
    while task is not None:
        hold = holds[task]
        name = None if hold.resource is None else problem.names[hold.resource]
        name = name if hold.task is None else problem.ids[hold.task]
        rows.append((problem.ids[task], starts[task], ends[task], hold.reason, name))
        task = hold.follows
    chain = pd.DataFrame(rows[::-1], columns=CHAIN[1:])
    chain.insert(0, "position", range(1, len(chain) + 1))
    return chain


def _held_by(  # noqa: PLR0917  (a schedule, read in several ways)
    problem: Problem,
    starts: list[int],
    ends: list[int],
    room: list[Profile],
    users: list[list[tuple[int, int]]],
    task: int,
) -> Hold:
    start = starts[task]
    for other, lag in problem.before[task]:
        if ends[other] + lag == start:
            return Hold("predecessor", task=other, follows=other)
    if start == problem.releases[task]:
        return Hold("release" if start else "nothing")
    for resource, units in problem.demands[task]:
        if not problem.durations[task] or room[resource].at(start - 1) >= units:
            continue
        first, beyond = (bisect_left(users[resource], (end, -len(starts))) for end in (start, start + 1))
        if first < beyond:
            ending = [-negative for _, negative in users[resource][first:beyond]]
            other = max(ending, key=lambda one: (problem.durations[one], -one))
            return Hold("resource", task=other, resource=resource, follows=other)
        waited = {-negative: end for end, negative in users[resource][max(0, first - 1) : first]}
        waited |= {other: ends[other] + lag for other, lag in problem.before[task]}
        last = max(waited, key=lambda one: (waited[one], -one), default=None)
        return Hold("resource", resource=resource, follows=last)
    return Hold("nothing")
