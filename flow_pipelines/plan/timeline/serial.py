"""The serial generation scheme, its priority rules, and justification.

Belongs here: schedules made task by task. Does not: search (`search.py`), reading the problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush

from flow_pipelines.plan.timeline.problem import Problem

# Most of what justification gains comes from its first two rounds; a round that gains nothing ends it.
ROUNDS = 10


def generate(problem: Problem) -> list[int]:
    """Return the starts of the best schedule among those of all priority rules, each justified."""
    made = (justify(problem, place_by(problem, rule)) for rule in _rules(problem))
    return min(made, key=problem.cost)


def generate_quickly(problem: Problem) -> list[int]:
    """Return the starts of the best schedule among those of all priority rules, none of them justified."""
    return min((place_by(problem, rule) for rule in _rules(problem)), key=problem.cost)


def place_by(problem: Problem, priorities: Sequence[int]) -> list[int]:
    """Place the most urgent task (lowest number) whose predecessors are placed at its earliest, again and again."""
    free, starts = [profile.copy() for profile in problem.capacity], [0] * len(problem.ids)
    missing = [len(links) for links in problem.before]
    heap = sorted((priorities[task], task) for task, count in enumerate(missing) if count == 0)
    while heap:
        _, task = heappop(heap)
        length = problem.durations[task]
        begin = max((starts[j] + problem.durations[j] + lag for j, lag in problem.before[task]), default=0)
        begin, tried = max(begin, problem.releases[task]), -1
        while begin != tried:
            tried = begin
            for resource, units in problem.demands[task]:
                begin = free[resource].earliest(begin, length, units)
        for resource, units in problem.demands[task]:
            free[resource].take(begin, begin + length, units)
        starts[task] = begin
        for other, _ in problem.after[task]:
            missing[other] -= 1
            if missing[other] == 0:
                heappush(heap, (priorities[other], other))
    return starts


def justify(problem: Problem, starts: list[int]) -> list[int]:
    """Move all tasks as late as they may be, then as early, for as long as that gains.

    No task ends later than before or, if it has no deadline, than the plan; so the cost never grows.
    """
    best = starts
    for _ in range(ROUNDS):
        starts = as_early(problem, as_late(problem, best))
        if problem.cost(starts) >= problem.cost(best):
            return best
        best = starts
    return best


def as_early(problem: Problem, starts: Sequence[int]) -> list[int]:
    """Place tasks in the order of `starts`, each at its earliest: in a valid schedule no later than it was."""
    return place_by(problem, _ranks(problem, starts))


def as_late(problem: Problem, starts: list[int]) -> list[int]:
    """Place tasks from the last end on, each as late as the end of the plan and its deadline allow.

    A task that is late already becomes no later.
    """
    ends = problem.ends(starts)
    end = max(ends)
    latest = [end if due is None else min(end, max(due, own)) for own, due in zip(ends, problem.deadlines, strict=True)]
    mirror = replace(
        problem,
        releases=[end - last for last in latest],
        before=problem.after,
        after=problem.before,
        capacity=[profile.mirrored(end) for profile in problem.capacity],
        order=problem.order[::-1],
    )
    turned = as_early(mirror, [end - own for own in ends])
    return [end - begin - length for begin, length in zip(turned, problem.durations, strict=True)]


def _ranks(problem: Problem, starts: Sequence[int]) -> list[int]:
    """Return each task's place in the order of `starts`; of those that start together, predecessors come first."""
    ranks = [0] * len(starts)
    place = {task: index for index, task in enumerate(problem.order)}
    for rank, task in enumerate(sorted(problem.order, key=lambda task: (starts[task], place[task]))):
        ranks[task] = rank
    return ranks


def _rules(problem: Problem) -> list[list[int]]:
    """Return priorities, the lowest first: latest start by what follows, by deadlines too, and most work next."""
    by_tail, by_deadline, work = ([0] * len(problem.ids) for _ in range(3))
    for task in reversed(problem.order):
        length, due = problem.durations[task], problem.deadlines[task]
        by_tail[task] = min((by_tail[j] - lag for j, lag in problem.after[task]), default=problem.horizon) - length
        latest = min((by_deadline[j] - lag for j, lag in problem.after[task]), default=problem.horizon)
        by_deadline[task] = min(latest, problem.horizon if due is None else due) - length
        work[task] = -length - sum(problem.durations[j] for j, _ in problem.after[task])
    return [by_tail, by_deadline, work]
