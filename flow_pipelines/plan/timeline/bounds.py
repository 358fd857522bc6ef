"""What no schedule can do better than.

Belongs here: bounds that need no search. Does not: the bound that CP-SAT proves (`search.py`).
"""

from __future__ import annotations

from flow_pipelines.plan.timeline.problem import Problem
from flow_pipelines.plan.timeline.profile import Profile


def lower_bound(problem: Problem) -> int:
    """Return a cost that every schedule has at least: by chains of tasks, and by the work that each resource has."""
    starts = earliest_starts(problem)
    late = sum(problem.late(starts))
    ends = [max(problem.ends(starts)), *(_by_work(problem, resource, starts) for resource in _resources(problem))]
    return late * (problem.horizon + 1) + max(ends)


def earliest_starts(problem: Problem) -> list[int]:
    """Return when each task could start if resources had no limit."""
    starts = list(problem.releases)
    for task in problem.order:
        for other, lag in problem.before[task]:
            starts[task] = max(starts[task], starts[other] + problem.durations[other] + lag)
    return starts


def _resources(problem: Problem) -> range:
    return range(len(problem.capacity))


def _by_work(problem: Problem, resource: int, starts: list[int]) -> int:
    """Return when the work is done at the earliest if it begins at the earliest and runs at full capacity."""
    users = [(task, units) for task, needs in enumerate(problem.demands) for r, units in needs if r == resource]
    work = sum(problem.durations[task] * units for task, units in users)
    if work == 0:
        return 0
    after = [0] * len(starts)
    for task in reversed(problem.order):
        for other, lag in problem.after[task]:
            after[task] = max(after[task], lag + problem.durations[other] + after[other])
    busy = [task for task, units in users if problem.durations[task] * units > 0]
    done = _done_by(problem.capacity[resource], min(starts[task] for task in busy), work)
    return done + min(after[task] for task in busy)


def _done_by(profile: Profile, begin: int, work: int) -> int:
    for place, free in enumerate(profile.free):
        end = profile.times[place + 1] if place + 1 < len(profile.times) else None
        start = max(begin, profile.times[place])
        if free == 0 or (end is not None and end <= start):
            continue
        if end is None or (end - start) * free >= work:
            return start - (-work // free)
        work -= (end - start) * free
    raise AssertionError("a resource that has work has capacity in the end")
