"""Scheduling tasks: a serial generation scheme for the start, CP-SAT for the improvement and the bound.

Belongs here: `schedule`. Does not: reading the problem (`problem.py`), where tasks come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from ortools.sat.python import cp_model

from flow_pipelines.plan.timeline.problem import Problem, build_problem


@dataclass(frozen=True)
class SearchSettings:
    """Seed and deterministic time (seconds of a usual machine) of the search; the same result on any machine."""

    seed: int = 1
    deterministic_time: float = 2.0


@dataclass(frozen=True)
class Schedule:
    """Frame `tasks` (task_id, start, end, periods_late), the period it ends at, cost (see `schedule`) and its bound."""

    tasks: pd.DataFrame
    end: int
    cost: int
    lower_bound: int

    @property
    def gap(self) -> float:
        """Share of the cost that may be saved at most; 0 if the schedule is proven best."""
        return (self.cost - self.lower_bound) / self.cost if self.cost else 0.0


def schedule(
    tasks: pd.DataFrame, precedences: pd.DataFrame, demands: pd.DataFrame, resources: pd.DataFrame,
    calendar: pd.DataFrame, *, settings: SearchSettings,
) -> Schedule:  # fmt: skip
    """Say when each task is done, so that deadlines are kept if possible and then all ends early.

    The cost is the sum of periods late times (horizon + 1), plus the end. A task runs without a break.

    Args:
        tasks: task_id, duration, release, deadline (empty: none); whole periods from 0, the deadline being an end.
        precedences: before, after, lag: `after` starts at least `lag` periods after the end of `before`.
        demands: task_id, resource, units.
        resources: resource, capacity.
        calendar: resource, begin, end (exclusive), capacity: what the resource has then instead; where rows overlap,
            the one that sorts last by these columns.
        settings: Seed and effort.

    Raises:
        ContractError: The frames hold no problem that can be scheduled; see `build_problem`.
    """
    if tasks.empty:
        return Schedule(pd.DataFrame(columns=["task_id", "start", "end", "periods_late"]), 0, 0, 0)
    problem = build_problem(tasks, precedences, demands, resources, calendar)
    start = min((_generate(problem, rule) for rule in _rules(problem)), key=lambda starts: _cost(problem, starts))
    starts, bound = _improve(problem, start, settings)
    ends = [begin + problem.durations[task] for task, begin in enumerate(starts)]
    rows = {"task_id": problem.ids, "start": starts, "end": ends, "periods_late": _late(problem, starts)}
    placed = pd.DataFrame(rows).sort_values("task_id", ignore_index=True)
    return Schedule(placed, max(ends), _cost(problem, starts), bound)


def _late(problem: Problem, starts: list[int]) -> list[int]:
    return [
        0 if due is None else max(0, begin + length - due)
        for begin, length, due in zip(starts, problem.durations, problem.deadlines, strict=True)
    ]


def _cost(problem: Problem, starts: list[int]) -> int:
    end = max(begin + length for begin, length in zip(starts, problem.durations, strict=True))
    return sum(_late(problem, starts)) * (problem.horizon + 1) + end


def _rules(problem: Problem) -> list[list[int]]:
    """Return priorities, the lowest first: latest start by what follows, by deadlines too, and most work after."""
    by_tail, by_deadline, work = ([0] * len(problem.ids) for _ in range(3))
    for task in reversed(problem.order):
        length, due = problem.durations[task], problem.deadlines[task]
        by_tail[task] = min((by_tail[j] - lag for j, lag in problem.after[task]), default=problem.horizon) - length
        latest = min((by_deadline[j] - lag for j, lag in problem.after[task]), default=problem.horizon)
        by_deadline[task] = min(latest, problem.horizon if due is None else due) - length
        work[task] = -length + sum(work[j] for j, _ in problem.after[task])
    return [by_tail, by_deadline, work]


def _generate(problem: Problem, priorities: list[int]) -> list[int]:
    """Place the most urgent task whose predecessors are placed at its earliest, again and again."""
    free, starts = problem.capacity.copy(), [-1] * len(problem.ids)
    waiting = {task: len(problem.before[task]) for task in range(len(starts))}
    while waiting:
        task = min((t for t, count in waiting.items() if count == 0), key=lambda t: (priorities[t], t))
        del waiting[task]
        begin, length = problem.releases[task], problem.durations[task]
        begin = max([begin, *(starts[j] + problem.durations[j] + lag for j, lag in problem.before[task])])
        while short := [
            int(np.flatnonzero(free[r, begin : begin + length] < units)[-1])
            for r, units in problem.demands[task]
            if (free[r, begin : begin + length] < units).any()
        ]:
            begin += max(short) + 1
        for r, units in problem.demands[task]:
            free[r, begin : begin + length] -= units
        starts[task] = begin
        for j, _ in problem.after[task]:
            waiting[j] -= 1
    return starts


def _improve(problem: Problem, hint: list[int], settings: SearchSettings) -> tuple[list[int], int]:
    model = cp_model.CpModel()
    horizon = problem.horizon
    begins = [model.new_int_var(release, horizon, "") for release in problem.releases]
    spans = [model.new_fixed_size_interval_var(b, d, "") for b, d in zip(begins, problem.durations, strict=True)]
    end = model.new_int_var(0, horizon * 2, "")
    model.add_hint(end, max(begin + length for begin, length in zip(hint, problem.durations, strict=True)))
    late: list[Any] = []
    for task, begin in enumerate(begins):
        model.add_hint(begin, hint[task])
        model.add(end >= begin + problem.durations[task])
        for other, lag in problem.before[task]:
            model.add(begin >= begins[other] + problem.durations[other] + lag)
        if (due := problem.deadlines[task]) is not None:
            late.append(model.new_int_var(0, horizon * 2 + max(0, -due), ""))
            model.add_hint(late[-1], max(0, hint[task] + problem.durations[task] - due))
            model.add(late[-1] >= begin + problem.durations[task] - due)
    for resource in range(len(problem.capacity)):
        _cumulative(model, problem, resource, spans)
    model.minimize(sum(late) * (horizon + 1) + end)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = settings.seed
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = settings.deterministic_time
    status = solver.solve(model)
    bound = max(0, round(solver.best_objective_bound))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return hint, bound
    found = [solver.value(begin) for begin in begins]
    return (found if _cost(problem, found) < _cost(problem, hint) else hint), bound


def _cumulative(model: cp_model.CpModel, problem: Problem, resource: int, spans: list[Any]) -> None:
    capacity = problem.capacity[resource]
    most = int(capacity.max())
    users = [(spans[t], units) for t, needs in enumerate(problem.demands) for r, units in needs if r == resource]
    edges = [0, *(np.flatnonzero(np.diff(capacity)) + 1).tolist(), len(capacity)]
    for begin, finish in pairwise(edges):
        if capacity[begin] < most:
            users.append((model.new_fixed_size_interval_var(begin, finish - begin, ""), most - int(capacity[begin])))
    model.add_cumulative([span for span, _ in users], [units for _, units in users], most)
