"""What must hold before roadmap and plan of record are published: no workload lost, none invented, none without a date.

Belongs here: for each of these tables, a function that lists what does not hold, in words. Does not: the gates of the
phases before (`gates.py`), column contracts.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed


def roadmap_problems(waves: pd.DataFrame, roadmap: pd.DataFrame) -> list[str]:
    """List workloads with a wave that are in no cutover, or in that of another wave.

    Args:
        waves: The rows of `assess/waves`.
        roadmap: The rows of `assess/roadmap`, edited or not.
    """
    moving = waves.loc[waves["wave_number"].notna(), ["workload_id", "wave_number"]]
    expected = {(one, int(number)) for one, number in moving.itertuples(index=False)}
    cutovers = roadmap.loc[roadmap["step_type"] == "cutover", ["workload_ids", "wave_number"]].explode("workload_ids")
    found = {(one, int(number)) for one, number in cutovers.itertuples(index=False)}
    problems = listed("workloads {} are cut over in no wave or another one", {one for one, _ in expected - found})
    return problems + listed("workloads {} are cut over without being planned", {one for one, _ in found - expected})


def plan_problems(overview: pd.DataFrame, plan: pd.DataFrame) -> list[str]:
    """List workloads that are missing from the plan or invented, and those that move at no time.

    Args:
        overview: The rows of `assess/assessment_overview`.
        plan: The rows of `assess/plan_of_record`.
    """
    known, planned = set(overview["workload_id"]), set(plan["workload_id"])
    problems = listed("workloads {} are missing from the plan", known - planned)
    problems += listed("workloads {} are in the plan and not in the overview", planned - known)
    timeless = plan.loc[plan["wave_number"].notna() & plan["cutover_date"].isna(), "workload_id"]
    return problems + listed("workloads {} have a wave and no date", timeless)
