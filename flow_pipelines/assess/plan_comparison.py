"""Two plans side by side: what differs for which workload, when things end, and what each plan costs.

Belongs here: comparing the tables of two plans. Does not: how either came about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flow_pipelines.edit_values import plain, same

PLAN, ROADMAP, CONDITIONS = "assess/plan_of_record", "assess/roadmap", "assess/wave_conditions"
# What makes two plans differ for a workload.
COMPARED = (
    "treatment",
    "wave_number",
    "cutover_date",
    "effort_days",
    "owner",
    "criticality",
    "status",
    "decision_price",
)
Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Difference:
    """A cell that differs; values are None where the row or the value is missing."""

    entity_id: str
    name: str
    column: str
    before: object
    after: object


@dataclass(frozen=True)
class PlanComparison:
    """How two plans differ.

    Attributes:
        figures: By name, the figure of each plan, differing or not.
        workloads: What differs per workload, by name.
        steps: What ends at another date, by name.
        conditions_added: Soft conditions that only the second plan violates, in words.
        conditions_removed: Those that only the first one does.
    """

    figures: Mapping[str, tuple[object, object]]
    workloads: tuple[Difference, ...]
    steps: tuple[Difference, ...]
    conditions_added: tuple[str, ...]
    conditions_removed: tuple[str, ...]


def compare_plans(before: Frames, after: Frames) -> PlanComparison:
    """Compare two plans.

    Args:
        before: The tables of Assess by key, of one plan.
        after: Those of the other one.
    """
    one, other = _figures(before), _figures(after)
    violated, violated_after = _violated(before), _violated(after)
    return PlanComparison(
        figures={name: (one[name], other[name]) for name in one},
        workloads=tuple(_differences(before[PLAN], after[PLAN], "workload_id", "workload_name", COMPARED)),
        steps=tuple(_differences(before[ROADMAP], after[ROADMAP], "step_id", "step_name", ("end_date",))),
        conditions_added=tuple(sorted(violated_after - violated)),
        conditions_removed=tuple(sorted(violated - violated_after)),
    )


def _figures(plan: Frames) -> dict[str, object]:
    rows, roadmap = plan[PLAN], plan[ROADMAP]
    leaving = roadmap[roadmap["step_type"] == "data_centre_exit"]
    conditions = plan.get(CONDITIONS, pd.DataFrame({"price": []}))
    return {
        "workloads that move": int(rows["wave_number"].notna().sum()),
        "waves": int(rows["wave_number"].nunique()),
        "effort, person days": round(float(rows["effort_days"].sum()), 1),
        "data-centre exit": _first(leaving["end_date"]),
        "data-centre exit at the latest": _first(leaving["latest_end_date"]),
        "days before the deadline": _first(leaving["slack_days"]),
        "violated conditions": len(conditions),
        "their price": round(float(conditions["price"].sum()), 3),
        "price of fixed waves": round(float(rows["decision_price"].sum()), 3),
        "steps in conflict": int(roadmap["conflict"].notna().sum()),
    }


def _first(values: pd.Series[Any]) -> object:
    return plain(values.iloc[0]) if len(values) else None


def _violated(plan: Frames) -> set[str]:
    """Return the violated soft conditions in words, without their price, which moves with everything else."""
    conditions = plan.get(CONDITIONS)
    return set() if conditions is None else set(conditions["reason"].astype(str))


def _differences(
    before: pd.DataFrame, after: pd.DataFrame, key: str, label: str, columns: tuple[str, ...]
) -> Iterator[Difference]:
    one, other = (frame.set_index(key) for frame in (before, after))
    names = {**one[label].to_dict(), **other[label].to_dict()}
    cells = [{column: frame[column].to_dict() for column in columns} for frame in (one, other)]
    for entity_id in sorted(names, key=lambda entity: (str(names[entity]), str(entity))):
        for column in columns:
            value, value_after = (plain(side[column].get(entity_id)) for side in cells)
            if not same(value, value_after):
                yield Difference(str(entity_id), str(names[entity_id]), column, value, value_after)
