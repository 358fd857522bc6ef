"""Improving a schedule by CP-SAT, and the bound that it proves.

Belongs here: the model, solving it for all tasks or for windows of them. Does not: the start (`serial.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ortools.sat.python import cp_model

from flow_pipelines.plan.timeline.problem import Problem
from flow_pipelines.plan.timeline.profile import Profile
from flow_pipelines.plan.timeline.serial import as_early, justify


@dataclass(frozen=True)
class SearchSettings:
    """Seed and deterministic time (seconds of a usual machine) of the search; the same result on any machine.

    Plans of up to `whole` tasks are searched as a whole, for `deterministic_time`; larger ones in windows of `window`
    tasks, at most `windows` of them spread over the plan, each for `window_time`: CP-SAT finds little in a large model
    within seconds, and a window takes about a second of which most is building and simplifying its model.
    """

    seed: int = 1
    deterministic_time: float = 2.0
    window_time: float = 0.1
    whole: int = 300
    window: int = 100
    windows: int = 60


def improve(problem: Problem, starts: list[int], settings: SearchSettings) -> tuple[list[int], int]:
    """Return starts that cost no more, and a lower bound of the cost (0: nothing is known)."""
    if len(starts) > settings.whole:
        return _by_windows(problem, starts, settings), 0
    latest = [problem.horizon] * len(starts)
    found, bound = _solve(problem, starts, latest, settings.seed, settings.deterministic_time, compact=False)
    found = as_early(problem, found)
    return (found if problem.cost(found) < problem.cost(starts) else starts), bound


def _by_windows(problem: Problem, starts: list[int], settings: SearchSettings) -> list[int]:
    """Solve windows from the first to the last, at least half a window apart; then close the gaps left behind."""
    best, order = starts, sorted(range(len(starts)), key=lambda task: (starts[task], task))
    found = list(starts)
    for begin in range(0, len(order), max(1, settings.window // 2, -(-len(order) // settings.windows))):
        part = sorted(order[begin : begin + settings.window])
        window, latest = _window(problem, found, part)
        hint = [found[task] for task in part]
        solved, _ = _solve(window, hint, latest, settings.seed, settings.window_time, compact=True)
        for task, start in zip(part, solved, strict=True):
            found[task] = start
    found = justify(problem, as_early(problem, found))
    return found if problem.cost(found) < problem.cost(best) else best


def _window(problem: Problem, starts: list[int], part: list[int]) -> tuple[Problem, list[int]]:
    """Return the problem of some tasks while all others stay, and the latest start of each."""
    ends = problem.ends(starts)
    begin, finish = min(starts[task] for task in part), max(ends[task] for task in part)
    place = {task: index for index, task in enumerate(part)}
    capacity = [profile.copy() for profile in problem.capacity]
    for task, (first, last) in enumerate(zip(starts, ends, strict=True)):
        if first < finish and last > begin and task not in place:
            for resource, units in problem.demands[task]:
                capacity[resource].take(first, last, units)
    releases, latest = [], []
    for task in part:
        fixed = [ends[j] + lag for j, lag in problem.before[task] if j not in place]
        releases.append(max([begin, problem.releases[task], *fixed]))
        until = [starts[j] - lag for j, lag in problem.after[task] if j not in place]
        latest.append(min([finish, *until]) - problem.durations[task])
    links = [
        [[(place[j], lag) for j, lag in side[task] if j in place] for task in part]
        for side in (problem.before, problem.after)
    ]
    window = replace(
        problem, ids=[problem.ids[task] for task in part], durations=[problem.durations[task] for task in part],
        releases=releases, deadlines=[problem.deadlines[task] for task in part], before=links[0], after=links[1],
        demands=[problem.demands[task] for task in part], capacity=capacity, order=[], horizon=finish,
    )  # fmt: skip
    return window, latest


def _solve(
    problem: Problem, hint: list[int], latest: list[int], seed: int, effort: float, *, compact: bool
) -> tuple[list[int], int]:  # fmt: skip
    """Minimise the cost, or lateness and then the sum of all starts (`compact`)."""
    model = cp_model.CpModel()
    begins = [model.new_int_var(low, high, "") for low, high in zip(problem.releases, latest, strict=True)]
    spans = [model.new_fixed_size_interval_var(b, d, "") for b, d in zip(begins, problem.durations, strict=True)]
    for task, begin in enumerate(begins):
        model.add_hint(begin, hint[task])
        for other, lag in problem.before[task]:
            model.add(begin >= begins[other] + problem.durations[other] + lag)
    for resource, profile in enumerate(problem.capacity):
        users = [(spans[t], units) for t, needs in enumerate(problem.demands) for r, units in needs if r == resource]
        _limit(model, profile, users, min(problem.releases), max(problem.ends(latest)))
    late = _lateness(model, problem, begins, hint)
    if compact:
        model.minimize(sum(late) * (problem.horizon * len(begins) + 1) + sum(begins))
    else:
        end = model.new_int_var(0, problem.horizon * 2, "")
        model.add_hint(end, max(problem.ends(hint)))
        for begin, length in zip(begins, problem.durations, strict=True):
            model.add(end >= begin + length)
        model.minimize(sum(late) * (problem.horizon + 1) + end)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 0  # a third faster, and its relaxation says little about capacities
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    bound = max(0, round(solver.best_objective_bound))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return hint, bound
    return [solver.value(begin) for begin in begins], bound


def _lateness(model: cp_model.CpModel, problem: Problem, begins: list[Any], hint: list[int]) -> list[Any]:
    late: list[Any] = []
    for task, due in enumerate(problem.deadlines):
        if due is not None:
            length = problem.durations[task]
            late.append(model.new_int_var(0, problem.horizon + length + max(0, -due), ""))
            model.add_hint(late[-1], max(0, hint[task] + length - due))
            model.add(late[-1] >= begins[task] + length - due)
    return late


def _limit(model: cp_model.CpModel, profile: Profile, users: list[tuple[Any, int]], low: int, high: int) -> None:
    """Keep what tasks use within the profile: what it has less than at most is used by a span of its own."""
    most = max(profile.free)
    for begin, finish, free in zip(profile.times, [*profile.times[1:], high], profile.free, strict=True):
        first, last = max(begin, low), min(finish, high)
        if free < most and first < last:
            users.append((model.new_fixed_size_interval_var(first, last - first, ""), most - free))
    model.add_cumulative([span for span, _ in users], [units for _, units in users], most)
