"""What must hold before the resource plan is published: no hour of the timeline lost, none invented.

Belongs here: for each table of the phase, a function that lists what does not hold, in words. Does not: column
contracts.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed


def load_problems(timeline: pd.DataFrame, loads: pd.DataFrame) -> list[str]:
    """List roles whose hours are others than those of their tasks.

    Args:
        timeline: The rows of `plan/timeline`.
        loads: The rows of `plan/resource_plan`.
    """
    tasks = timeline[timeline["people"].notna()]
    expected = (tasks["people"] * tasks["duration_hours"]).groupby(tasks["role"]).sum()
    found = loads.groupby("role")["hours_needed"].sum()
    both = pd.concat([expected.rename("expected"), found.rename("found")], axis="columns").fillna(0)
    return listed("the hours of {} are not those of their tasks", both.index[both["expected"] != both["found"]])


def remedy_problems(timeline: pd.DataFrame, remedies: pd.DataFrame) -> list[str]:
    """List missed deadlines for which nothing is said.

    Args:
        timeline: The rows of `plan/timeline`.
        remedies: The rows of `plan/resource_remedies`.
    """
    is_missed = bool((timeline["hours_late"] > 0).any())
    is_told = bool((remedies["remedy"] == "move the deadline").any())
    return ["deadlines are missed and no remedy is named"] if is_missed and not is_told else []
