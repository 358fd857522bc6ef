"""What must hold before reports are published: no task lost, none invented, and the numbers add up.

Belongs here: for each table of the phase, a function that lists what does not hold, in words. Does not: column
contracts.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.execute.progress import OVER


def forecast_problems(timeline: pd.DataFrame, forecasts: pd.DataFrame) -> list[str]:
    """List tasks that are lost or invented, and tasks that end before they start or are told over and are not.

    Args:
        timeline: The rows of `plan/timeline`.
        forecasts: The rows of `execute/task_forecasts`.
    """
    expected, found = set(timeline["task_id"]), set(forecasts["task_id"])
    problems = listed("tasks {} have no forecast", expected - found)
    problems += listed("forecasts {} are of tasks that are not there", found - expected)
    backward = forecasts["forecast_end"] < forecasts["forecast_start"]
    problems += listed("tasks {} end before they start", forecasts.loc[backward, "task_name"])
    is_open = forecasts["state"].isin(OVER) & forecasts["actual_end"].isna()
    return problems + listed("tasks {} are over and have no end", forecasts.loc[is_open, "task_name"])


def burn_down_problems(forecasts: pd.DataFrame, weeks: pd.DataFrame) -> list[str]:
    """List weeks at whose end more tasks are left than there are, and a last week at whose end any is.

    Args:
        forecasts: The rows of `execute/task_forecasts`.
        weeks: The rows of `execute/burn_down`.
    """
    if weeks.empty:
        return []
    tasks = int((forecasts["kind"] != "milestone").sum())
    foretold = ["planned_tasks_left", "forecast_tasks_left"]
    too_many = weeks[(weeks[[*foretold, "tasks_left"]] > tasks).fillna(value=False).any(axis="columns")]
    # What is left so far may be more than none: the week may not be over.
    last = weeks.sort_values("week").iloc[-1]
    left = [name for name in foretold if pd.notna(last[name]) and last[name] > 0]
    problems = listed("more tasks than there are are left in the weeks of {}", too_many["week"].astype(str))
    return problems + listed("{} is not 0 in the last week", left)


def report_problems(forecasts: pd.DataFrame, report: pd.DataFrame) -> list[str]:
    """List waves that are not reported, and counts that don't add up to the programme's.

    Args:
        forecasts: The rows of `execute/task_forecasts`.
        report: The rows of `execute/execution_report`.
    """
    missing = set(forecasts["wave_number"].dropna()) - set(report["wave_number"].dropna())
    problems = listed("waves {} are not reported", map(str, missing))
    whole = report.loc[report["wave_number"].isna(), "task_count"].tolist()
    tasks = int((forecasts["kind"] != "milestone").sum())
    return problems + ([] if whole in ([tasks], []) else [f"the programme reports {whole} of {tasks} tasks"])
