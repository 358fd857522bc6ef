"""Steps on lanes: when each begins, who does it, and how much later it could end.

Belongs here: scheduling by minutes with people who do one thing at a time. Does not: which steps there are
(`steps.py`).

The rule: a step begins once its time has come, all that it waits for is over and one of the people of its lane is free;
of those that could begin, the one goes first after which most is left to do. Nobody does two things at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """One step to be placed.

    Attributes:
        minutes: How long it takes.
        lane: Who does it.
        after: The places of the steps that it waits for; all are before it in order.
        earliest: Before which minute it must not begin, from the begin of all.
    """

    minutes: int
    lane: str
    after: tuple[int, ...]
    earliest: int = 0


@dataclass(frozen=True)
class Placed:
    """When a step is done.

    Attributes:
        start: In minutes from the begin.
        person: Who of the lane, from 1.
        floating: By how many minutes it may end later and the end of all stays.
        waits_for_people: Whether it begins only when somebody of its lane is free.
    """

    start: int
    person: int
    floating: int
    waits_for_people: bool


def place(steps: Sequence[Work], people: Mapping[str, int]) -> list[Placed]:
    """Place steps as early as people allow.

    Args:
        steps: The steps, each after those that it waits for.
        people: How many there are of each lane.

    Returns:
        For each step, in order, when it is done.
    """
    followers: list[list[int]] = [[] for _ in steps]
    for number, step in enumerate(steps):
        for before in step.after:
            followers[before].append(number)
    tails = _tails(steps, followers)
    starts, persons = _started(steps, followers, tails, people)
    ends = [start + step.minutes for start, step in zip(starts, steps, strict=True)]
    last: dict[tuple[str, int], int] = {}
    queued: list[list[int]] = [[] for _ in steps]
    waits = [False] * len(steps)
    for number in sorted(range(len(steps)), key=lambda one: (starts[one], ends[one])):
        lane = steps[number].lane, persons[number]
        if lane in last:
            queued[last[lane]].append(number)
        last[lane] = number
        ready = max([steps[number].earliest, *(ends[before] for before in steps[number].after)])
        waits[number] = starts[number] > ready
    end = max(ends, default=0)
    latest = [end] * len(steps)
    for number in sorted(range(len(steps)), key=lambda one: (starts[one], ends[one]), reverse=True):
        for later in (*followers[number], *queued[number]):
            latest[number] = min(latest[number], latest[later] - steps[later].minutes)
    return [
        Placed(starts[one], persons[one], latest[one] - ends[one], waits[one]) for one in range(len(steps))
    ]  # fmt: skip


def _tails(steps: Sequence[Work], followers: Sequence[Sequence[int]]) -> list[int]:
    """Return for each step how long it and the longest chain after it take."""
    tails = [0] * len(steps)
    for number in range(len(steps) - 1, -1, -1):
        tails[number] = steps[number].minutes + max((tails[later] for later in followers[number]), default=0)
    return tails


def _started(
    steps: Sequence[Work], followers: Sequence[Sequence[int]], tails: Sequence[int], people: Mapping[str, int]
) -> tuple[list[int], list[int]]:
    """Return when each step starts and who of its lane does it, minute by minute at which anything happens."""
    # Its own time is one more thing that a step waits for.
    waiting = [len(set(step.after)) + 1 for step in steps]
    free = {lane: list(range(1, people[lane] + 1)) for lane in {step.lane for step in steps}}
    ready: dict[str, list[tuple[int, int]]] = {lane: [] for lane in free}
    starts, persons = [0] * len(steps), [0] * len(steps)
    events = [(step.earliest, False, number) for number, step in enumerate(steps)]
    heapq.heapify(events)
    while events:
        now = events[0][0]
        touched = set()
        while events and events[0][0] == now:
            _, is_end, number = heapq.heappop(events)
            if is_end:
                heapq.heappush(free[steps[number].lane], persons[number])
                touched.add(steps[number].lane)
            for later in set(followers[number]) if is_end else (number,):
                waiting[later] -= 1
                if not waiting[later]:
                    heapq.heappush(ready[steps[later].lane], (-tails[later], later))
                    touched.add(steps[later].lane)
        for lane in sorted(touched):
            while ready[lane] and free[lane]:
                number = heapq.heappop(ready[lane])[1]
                starts[number], persons[number] = now, heapq.heappop(free[lane])
                heapq.heappush(events, (now + steps[number].minutes, True, number))
    return starts, persons
