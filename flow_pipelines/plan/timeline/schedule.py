"""Scheduling tasks: a serial generation scheme for the start, CP-SAT for the improvement and the bound.

Belongs here: `schedule` and its result. Does not: reading the problem (`problem.py`), where tasks come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from flow_pipelines.plan.timeline.bounds import lower_bound
from flow_pipelines.plan.timeline.problem import build_problem
from flow_pipelines.plan.timeline.search import SearchSettings, improve
from flow_pipelines.plan.timeline.serial import generate


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
    starts, bound = improve(problem, generate(problem), settings)
    rows = {"task_id": problem.ids, "start": starts, "end": problem.ends(starts), "periods_late": problem.late(starts)}
    placed = pd.DataFrame(rows).sort_values("task_id", ignore_index=True)
    return Schedule(placed, max(problem.ends(starts)), problem.cost(starts), max(bound, lower_bound(problem)))
