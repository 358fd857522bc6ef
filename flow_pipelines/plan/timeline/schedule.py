"""Scheduling tasks: a serial generation scheme for the start, CP-SAT for the improvement and the bound.

Belongs here: `schedule` and its result. Does not: reading the problem (`problem.py`), where tasks come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.plan.timeline.bounds import lower_bound
from flow_pipelines.plan.timeline.explain import CHAIN, HOLDS, driving_chain, find_holds, floats, holds_by_name
from flow_pipelines.plan.timeline.fixed import split_fixed
from flow_pipelines.plan.timeline.problem import Problem, build_problem
from flow_pipelines.plan.timeline.search import SearchSettings, improve
from flow_pipelines.plan.timeline.serial import as_early, generate

COLUMNS = ["task_id", "start", "end", "periods_late", "float", "is_critical"]
# One cutover put off by a week moved 21 of 598 tasks, or 338 for an end 10 of 2,513 hours earlier: nobody who has told
# people their dates would want that.
WORTH = 0.01
NO_CHAIN = pd.DataFrame(columns=CHAIN)


@dataclass(frozen=True)
class Schedule:
    """When each task is done and why.

    Attributes:
        tasks: task_id, start, end (exclusive), periods_late, float (periods; see `floats`), is_critical (float of 0),
            waits_for (predecessor, resource, release, nothing, or fixed), and the task and the resource that it waits
            for, if there are (`waits_for_task`, `waits_for_resource`).
        chain: What drives the end of the tasks that are not fixed, whose ends are releases here; see `driving_chain`.
        end: The period by which all is done.
        cost: See `schedule`.
        lower_bound: A cost that no schedule is below.
    """

    tasks: pd.DataFrame
    chain: pd.DataFrame
    end: int
    cost: int
    lower_bound: int

    @property
    def gap(self) -> float:
        """Share of the cost that may be saved at most; 0 if the schedule is proven best."""
        return (self.cost - self.lower_bound) / self.cost if self.cost else 0.0


def schedule(
    tasks: pd.DataFrame, precedences: pd.DataFrame, demands: pd.DataFrame, resources: pd.DataFrame,
    calendar: pd.DataFrame, *, settings: SearchSettings, near: Mapping[str, int] | None = None,
) -> Schedule:  # fmt: skip
    """Say when each task is done, so that deadlines are kept if possible and then all ends early.

    The cost is the sum of periods late times (horizon + 1), plus the end. A task runs without a break.

    Args:
        tasks: task_id, duration, release, deadline (empty: none); whole periods from 0, the deadline being an end.
            Also, if there is any, fixed_start: a task that has one is done or fixed and starts then, whatever else is
            said; the cost does not count it.
        precedences: before, after, lag: `after` starts at least `lag` periods after the end of `before`.
        demands: task_id, resource, units.
        resources: resource, capacity.
        calendar: resource, begin, end (exclusive), capacity: what the resource has then instead; where rows overlap,
            the one that sorts last by these columns.
        settings: Seed and effort.
        near: By task, starts of another schedule: tasks are placed in its order, so that few of them move, if nothing
            is later than its deadline for that and the end at most a hundredth later.

    Raises:
        ContractError: The frames hold no problem that can be scheduled; see `build_problem`.
    """
    if tasks.empty:
        return Schedule(pd.DataFrame(columns=[*COLUMNS, *HOLDS]), NO_CHAIN, 0, 0, 0)
    problem = build_problem(tasks, precedences, demands, resources, calendar)
    fixed = split_fixed(tasks, precedences, demands).fixed.assign(float=0, is_critical=False)
    fixed = fixed.assign(waits_for="fixed", waits_for_task=None, waits_for_resource=None)
    if not problem.ids:
        return Schedule(fixed.sort_values("task_id", ignore_index=True), NO_CHAIN, int(fixed["end"].max()), 0, 0)
    starts, bound = improve(problem, generate(problem), settings)
    if near:
        alike = as_early(problem, [near.get(name, start) for name, start in zip(problem.ids, starts, strict=True)])
        starts = alike if _is_worth_it(problem, alike, starts) else starts
    spare, holds = floats(problem, starts), find_holds(problem, starts)
    columns = (problem.ids, starts, problem.ends(starts), problem.late(starts), spare, [not own for own in spare])
    placed = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))).join(holds_by_name(problem, holds))
    placed = placed if fixed.empty else pd.concat([placed, fixed])
    placed = placed.sort_values("task_id", ignore_index=True)
    chain = driving_chain(problem, starts, holds)
    bound = max(bound, lower_bound(problem))
    return Schedule(placed, chain, int(placed["end"].max()), problem.cost(starts), bound)


def _is_worth_it(problem: Problem, alike: list[int], starts: list[int]) -> bool:
    """Tell whether to stay near another schedule is worth what it costs."""
    is_no_later = sum(problem.late(alike)) <= sum(problem.late(starts))
    return is_no_later and max(problem.ends(alike)) <= max(problem.ends(starts)) * (1 + WORTH)
