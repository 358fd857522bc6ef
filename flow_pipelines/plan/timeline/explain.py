"""Why a schedule is as it is: float, what each task waits for, and the chain that drives the end.

Belongs here: reading a finished schedule. Does not: making one, prices of deadlines (`deadlines.py`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.plan.timeline.problem import Problem
from flow_pipelines.plan.timeline.serial import as_late

CHAIN = ["position", "task_id", "start", "end", "waits_for", "name"]


def floats(problem: Problem, starts: list[int]) -> list[int]:
    """Return by how many periods each task may start later in the latest schedule that ends and is late no more.

    In that schedule all tasks are as late as they may be at once, the last first; resources are kept in it too.
    """
    return [last - begin for last, begin in zip(as_late(problem, starts), starts, strict=True)]


def driving_chain(problem: Problem, starts: list[int]) -> pd.DataFrame:
    """Return what drives the end: from the task that ends last back to one that waits for nothing, in order of time.

    Returns:
        position (from 1), task_id, start, end, waits_for (predecessor, resource, release or nothing) and name (the
        task that is waited for, or the resource if its capacity rises when the task starts: then the chain goes on
        with what the task had to wait for last before that; else empty).
    """
    ends = problem.ends(starts)
    users = _users(problem)
    task = max(range(len(starts)), key=lambda index: (ends[index], starts[index], -index))
    rows: list[tuple[str, int, int, str, str | None]] = []
    while True:
        reason, name, other = _held_by(problem, starts, ends, users, task)
        rows.append((problem.ids[task], starts[task], ends[task], reason, name))
        if other is None:
            break
        task = other
    chain = pd.DataFrame(rows[::-1], columns=CHAIN[1:])
    chain.insert(0, "position", range(1, len(chain) + 1))
    return chain


def _users(problem: Problem) -> list[list[int]]:
    """Return the tasks that use each resource for some time."""
    users: list[list[int]] = [[] for _ in problem.capacity]
    for task, needs in enumerate(problem.demands):
        for resource, units in needs:
            if units and problem.durations[task]:
                users[resource].append(task)
    return users


def _held_by(
    problem: Problem, starts: list[int], ends: list[int], users: list[list[int]], task: int
) -> tuple[str, str | None, int | None]:  # fmt: skip
    """Return why a task starts no earlier, whom that names, and the task to go on with."""
    start = starts[task]
    for other, lag in problem.before[task]:
        if ends[other] + lag == start:
            return "predecessor", problem.ids[other], other
    if start == problem.releases[task]:
        return ("release" if start else "nothing"), None, None
    for resource, units in problem.demands[task]:
        running = [other for other in users[resource] if starts[other] < start <= ends[other]]
        used = sum(amount for other in running for r, amount in problem.demands[other] if r == resource)
        room = problem.capacity[resource].at(start - 1)
        if not problem.durations[task] or used + units <= room:
            continue
        ending = [other for other in running if ends[other] == start]
        if ending:
            other = max(ending, key=lambda one: (problem.durations[one], -one))
            return "resource", problem.ids[other], other
        waited = {other: ends[other] for other in users[resource] if ends[other] < start}
        waited |= {other: ends[other] + lag for other, lag in problem.before[task]}
        return "resource", problem.names[resource], max(waited, key=lambda one: (waited[one], -one), default=None)
    return "nothing", None, None
