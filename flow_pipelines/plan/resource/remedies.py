"""What would mend missed deadlines and weeks in which more people are needed than are there, and what that costs.

Belongs here: the rows of `plan/resource_remedies`. Does not: finding how many more units help (`deadlines.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from flow_pipelines.plan.resource.load import rates_of
from flow_pipelines.plan.timeline.deadlines import capacity_remedies
from flow_pipelines.plan.timeline.programme import Programme
from flow_pipelines.plan.timeline.tasks import DECISION
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.resource import resource_remedies

RESOURCE_REMEDIES = f"{resource_remedies.schema}/{resource_remedies.name}"


def build_resource_remedies(
    programme: Programme,
    timeline: pd.DataFrame,
    loads: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
) -> pd.DataFrame:
    """Say what would mend what the timeline misses.

    Args:
        programme: See `scheduled_programme`.
        timeline: The rows of `plan/timeline`.
        loads: The rows of `plan/resource_plan`.
        scope: The engagement.
        settings: Its settings, for rates.

    Returns:
        The rows of `plan/resource_remedies`; none if nothing is missed and nobody is needed twice.
    """
    late = int(timeline["hours_late"].sum())
    rates = rates_of(settings)
    rows = list(_weeks(loads, rates, late))
    if late:
        rows += [*_hires(programme, timeline, rates, late), *_moves(timeline, late)]
    missed = sorted(timeline.loc[timeline["hours_late"] > 0, "task_id"])
    found = [
        {"task_ids": missed, "remedy_id": scope.id_of("resource_remedy", row["remedy_name"]), **row} for row in rows
    ]
    return conform(pd.DataFrame(found), resource_remedies) if found else empty(resource_remedies)


def _hires(
    programme: Programme, timeline: pd.DataFrame, rates: dict[str, float], late: int
) -> Iterator[dict[str, Any]]:
    """Yield more of one resource for the whole programme, where that alone makes it less late."""
    hours = int(programme.tasks["end"].max())
    # No capacity mends what fixed tasks themselves miss, so the comparison leaves that out.
    stays = int(timeline.loc[timeline["fixed_start"].notna(), "hours_late"].sum())
    for one in capacity_remedies(*programme.frames).to_dict("records"):
        resource, more, then = str(one["resource"]), int(one["more_units"]), int(one["periods_late_then"]) + stays
        if resource == DECISION or then >= late:
            continue
        rate = rates.get(resource)
        words = f"{more:,} more {resource}"
        told = "no rate is known." if rate is None else f"{hours:,} working hours each at {rate:,.2f} USD."
        yield {
            "remedy_name": f"{words} for the whole programme",
            "remedy": "widen" if rate is None else "hire",
            "resource": resource,
            "more": more,
            "hours_late_now": late,
            "hours_late_then": then,
            "price_usd": None if rate is None else round(more * hours * rate, 2),
            "reason": f"With {words} alone, deadlines are missed by {late - then:,} working hours less; {told}",
        }


def _moves(timeline: pd.DataFrame, late: int) -> Iterator[dict[str, Any]]:
    """Yield how far each missed deadline would have to move."""
    missed = timeline[timeline["hours_late"] > 0]
    for (day, reason), own in missed.groupby(["deadline", "deadline_reason"]):
        days = int(own["days_late"].max())
        last = own.sort_values(["planned_end", "task_id"])["task_name"].iloc[-1]
        yield {
            "remedy_name": f"{reason} {days:,} days later than {day}", "remedy": "move the deadline",
            "hours_late_now": late, "hours_late_then": late - int(own["hours_late"].sum()), "days_to_move": days,
            "reason": f"{len(own):,} workloads are done after it; the last task is {last}.",
        }  # fmt: skip


def _weeks(loads: pd.DataFrame, rates: dict[str, float], late: int) -> Iterator[dict[str, Any]]:
    """Yield the people who are lacking in a week because of starts that were fixed."""
    for one in loads[loads["hours_over"] > 0].to_dict("records"):
        role, week, hours = str(one["role"]), one["week"], int(one["hours_over"])
        yield {
            "remedy_name": f"{hours:,} hours of {role} in the week of {week}",
            "remedy": "hire for a week",
            "resource": role,
            "week": week,
            "hours_late_now": late,
            "hours_late_then": late,
            "price_usd": round(hours * rates[role], 2),
            "task_ids": list(one["task_ids"]),
            "reason": f"Up to {one['people_at_most']:,} are needed at once, as starts are fixed so.",
        }
