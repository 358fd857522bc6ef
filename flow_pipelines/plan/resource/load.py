"""The load of each role in each week, and what it costs.

Belongs here: the rows of `plan/resource_plan`. Does not: what would mend an overload (`remedies.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.plan.timeline.capacity import people_of
from flow_pipelines.plan.timeline.programme import Programme
from flow_pipelines.plan.timeline.usage import capacity_by_period, used_by_period
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.resource import resource_plan

RESOURCE_PLAN = f"{resource_plan.schema}/{resource_plan.name}"


def rates_of(settings: EngagementSettings) -> dict[str, float]:
    """Return what an hour of each role costs, in USD: its own rate, or else its part of a person day's."""
    usual = settings.costs.person_day_usd / settings.schedule.hours_per_day
    own = {one.role: one.usd_hour for one in settings.schedule.roles if one.usd_hour is not None}
    return {role: own.get(role, usual) for role in people_of(settings)}


def build_resource_plan(programme: Programme, *, scope: Scope, settings: EngagementSettings) -> pd.DataFrame:
    """Sum up what tasks ask of each role, week by week.

    An hour in a change window counts in the working hour that is taken off for it, which may be in the week after.

    Args:
        programme: See `scheduled_programme`.
        scope: The engagement.
        settings: Its settings, for rates.

    Returns:
        The rows of `plan/resource_plan`: those in which a role has work.
    """
    by_id, clock, rates = programme.tasks.set_index("task_id"), programme.clock, rates_of(settings)
    days = [clock.day_of(moment) for moment in clock.time.begins]
    weeks, week_of = np.unique([day - timedelta(days=day.weekday()) for day in days], return_inverse=True)
    rows = []
    for role in sorted(rates):
        used, there = used_by_period(by_id, programme, role), capacity_by_period(programme, role)
        sums = [np.bincount(week_of, counts) for counts in (used, there, np.maximum(used - there, 0))]
        most = np.zeros(len(weeks), dtype=np.int64)
        np.maximum.at(most, week_of, used)
        tasks = _tasks_by_week(programme.tasks[programme.tasks["role"] == role], week_of)
        for place in np.flatnonzero(most):
            needed, available, over = (int(counts[place]) for counts in sums)
            rows.append({
                "load_id": scope.id_of("resource_load", role, weeks[place]),
                "load_name": f"{role} in the week of {weeks[place]}",
                "role": role, "week": weeks[place], "hours_needed": needed, "hours_available": available,
                "hours_over": over, "people_at_most": int(most[place]),
                "utilization": needed / available if available else None, "cost_usd": round(needed * rates[role], 2),
                "task_ids": sorted(tasks[int(place)]),
            })  # fmt: skip
    return conform(pd.DataFrame(rows), resource_plan) if rows else empty(resource_plan)


def _tasks_by_week(tasks: pd.DataFrame, week_of: np.ndarray[Any, np.dtype[np.intp]]) -> dict[int, list[str]]:
    """Return the tasks that are worked on in each week."""
    found: dict[int, list[str]] = {}
    working = tasks[tasks["people"].notna()]
    for task, start, end in zip(working["task_id"], working["start"], working["end"], strict=True):
        for week in range(int(week_of[start]), int(week_of[end - 1]) + 1):
            found.setdefault(week, []).append(task)
    return found
