"""What must hold before the timeline is published: no workload lost, none invented, no task before what it waits for.

Belongs here: for each table of the phase, a function that lists what does not hold, in words. Does not: column
contracts.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.reference.task_templates import task_templates


def timeline_problems(plan: pd.DataFrame, timeline: pd.DataFrame) -> list[str]:
    """List workloads that have no tasks, or have tasks and are not planned, and tasks that end before they start.

    Args:
        plan: The rows of `assess/plan_of_record`.
        timeline: The rows of `plan/timeline`.
    """
    working = {name for name, template in task_templates().templates.items() if template}
    expected = set(plan.loc[plan["treatment"].isin(working), "workload_id"])
    found = set(timeline["workload_id"].dropna())
    problems = listed("workloads {} have no tasks", expected - found)
    problems += listed("workloads {} have tasks and no work to be done", found - expected)
    backward = timeline.loc[timeline["planned_end"] < timeline["planned_start"], "task_name"]
    return problems + listed("tasks {} end before they start", backward)


def link_problems(timeline: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """List links of tasks that are not there, and tasks that start before what they wait for, though nobody fixed them.

    Args:
        timeline: The rows of `plan/timeline`.
        links: The rows of `plan/timeline_links`.
    """
    tasks = timeline.set_index("task_id")
    known = links["predecessor_id"].isin(tasks.index) & links["successor_id"].isin(tasks.index)
    problems = listed("links {} are of tasks that are not there", links.loc[~known, "link_name"])
    there = links[known]
    first, second = tasks.loc[there["predecessor_id"]], tasks.loc[there["successor_id"]]
    is_early = first["planned_end"].to_numpy() > second["planned_start"].to_numpy()
    is_fixed = (second["waits_for"] == "fixed").to_numpy()
    return problems + listed("links {} are not kept", there.loc[is_early & ~is_fixed, "link_name"])
