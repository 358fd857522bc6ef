"""What missed deadlines cost, and what would mend them.

Belongs here: which lateness no capacity mends, and how many more units of which resource mend the rest. Does not:
making the schedule, money (rates belong to resources).
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from flow_pipelines.plan.timeline.bounds import earliest_starts
from flow_pipelines.plan.timeline.problem import Problem, build_problem
from flow_pipelines.plan.timeline.profile import Profile
from flow_pipelines.plan.timeline.serial import generate, generate_quickly

# Of 5,000 tasks all remedies took 173 s with justified schedules; larger plans than this are compared without.
JUSTIFIED = 500
REMEDIES = ["resource", "more_units", "periods_late_now", "periods_late_then"]


def missed_deadlines(
    tasks: pd.DataFrame, precedences: pd.DataFrame, demands: pd.DataFrame, resources: pd.DataFrame,
    calendar: pd.DataFrame, *, placed: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """List the deadlines that a schedule misses, the most late first.

    Args:
        tasks: As `schedule` reads it, like the other frames.
        precedences: See `schedule`.
        demands: See `schedule`.
        resources: See `schedule`.
        calendar: See `schedule`.
        placed: The schedule's tasks.

    Returns:
        task_id, deadline, end, periods_late: by how much the deadline would have to move for this schedule, and
        periods_late_at_best: by how much if resources had no limit, which only shorter tasks, fewer precedences or an
        earlier release mend.

    Raises:
        ContractError: The frames hold no problem that can be scheduled; see `build_problem`.
    """
    problem = build_problem(tasks, precedences, demands, resources, calendar)
    at_best = pd.Series(problem.late(earliest_starts(problem)), index=problem.ids, dtype="int64")
    missed = placed.loc[placed["periods_late"] > 0, ["task_id", "end", "periods_late"]]
    missed["deadline"] = missed["end"] - missed["periods_late"]
    own = missed["task_id"].map(at_best)
    missed["periods_late_at_best"] = own.fillna(missed["periods_late"]).astype("int64")
    columns = ["task_id", "deadline", "end", "periods_late", "periods_late_at_best"]
    return missed.sort_values(["periods_late", "task_id"], ascending=[False, True], ignore_index=True)[columns]


def capacity_remedies(
    tasks: pd.DataFrame, precedences: pd.DataFrame, demands: pd.DataFrame, resources: pd.DataFrame,
    calendar: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """Say for each resource how many more units of it alone would make the plan least late.

    Units are added in all periods in which the resource has any: a black-out stays. Plans are compared as the serial
    scheme makes them, so the numbers suffice but may not be the fewest: found by doubling and halving.

    Returns:
        resource, more_units, periods_late_now and periods_late_then (sums over all deadlines); only resources that
        help, the one that helps most first, of equals the one that needs fewer units.

    Raises:
        ContractError: The frames hold no problem that can be scheduled; see `build_problem`.
    """
    problem = build_problem(tasks, precedences, demands, resources, calendar)
    now = _late_with(problem, 0, 0) if problem.ids else 0
    rows = []
    for resource, name in enumerate(problem.names):
        most = sum(units for needs in problem.demands for r, units in needs if r == resource)
        then = _late_with(problem, resource, most) if now and most else now
        if then < now:
            rows.append((name, _fewest(problem, resource, most, then), now, then))
    found = pd.DataFrame(rows, columns=REMEDIES)
    return found.sort_values(["periods_late_then", "more_units", "resource"], ignore_index=True)


def _fewest(problem: Problem, resource: int, most: int, late: int) -> int:
    """Return a number of units with which the plan is no later than `late`, which it is with `most`."""
    enough = 1
    while enough < most and _late_with(problem, resource, enough) > late:
        enough *= 2
    too_few, enough = enough // 2, min(enough, most)
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if _late_with(problem, resource, middle) > late:
            too_few = middle
        else:
            enough = middle
    return enough


def _late_with(problem: Problem, resource: int, more: int) -> int:
    capacity = list(problem.capacity)
    if more:
        old = capacity[resource]
        capacity[resource] = Profile(old.times, [free + more if free else 0 for free in old.free])
    wider = replace(problem, capacity=capacity)
    make = generate if len(problem.ids) <= JUSTIFIED else generate_quickly
    return sum(wider.late(make(wider)))
