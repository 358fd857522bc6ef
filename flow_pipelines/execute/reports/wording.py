"""Why a task ends when it does, and what differences come from, in words.

Belongs here: sentences for people. Does not: what they are about (`forecast.py`, `report.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.execute.reports.forecast import Forecast
from flow_pipelines.tables.execute.progress import BLOCKED, DONE, FAILED, IN_PROGRESS, PLANNED, ROLLED_BACK, SKIPPED

# How many reasons a report gives, and tasks a reason names: enough to start looking.
REASONS, NAMED = 5, 2


def forecast_reasons(rows: pd.DataFrame, found: Forecast) -> list[str]:
    """Say why each task starts and ends when it does.

    Args:
        rows: As in `Told`.
        found: The forecast.
    """
    names = dict(zip(rows["task_id"], rows["task_name"], strict=True))
    return [_reason(row, names, found) for row in rows.to_dict("records")]


def _reason(row: Mapping[Any, Any], names: Mapping[str, str], found: Forecast) -> str:
    state, late = row["state"], _late(row["hours_late"])
    match state:
        case str() if state == DONE:
            return f"It was done {late}."
        case str() if state == SKIPPED:
            return "It was skipped."
        case str() if state in {IN_PROGRESS, BLOCKED}:
            factor = found.factors.get(row["kind"])
            words = f", as tasks of its kind take {factor.median:.2f} times as long" if factor and factor.tasks else ""
            stuck = f"It is blocked since {row['told_at']:%Y-%m-%d}{_said(row)}. " if state == BLOCKED else ""
            return f"{stuck}It has taken {row['worked']:,} of {row['duration_hours']:,} hours; it ends {late}{words}."
        case str() if state in {FAILED, ROLLED_BACK}:
            word = "failed" if state == FAILED else "was rolled back"
            return f"It {word} on {row['told_at']:%Y-%m-%d}{_said(row)}, and is done anew; it ends {late}."
    if row["planned_start"] < found.now and row["forecast_start"] > row["planned_start"]:
        return f"It should have begun and has not; {_wait(row, names)}"
    words = _wait(row, names) if row["hours_late"] else "it is as planned."
    return words[0].upper() + words[1:]


def _wait(row: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    other, resource = row["waits_for_task"], row["waits_for_resource"]
    if row["waits_for"] == "predecessor":
        return f"it waits for {names[other]}."
    if row["waits_for"] == "resource":
        return f"no {resource} is free before" + (f": {names[other]} ends then." if other else ".")
    return "nothing else holds it back."


def _said(row: Mapping[Any, Any]) -> str:
    return "" if pd.isna(row["note"]) else f" ({row['note']})"


def _late(hours: int) -> str:
    if not hours:
        return "in time"
    return f"{abs(hours):,} working hours {'late' if hours > 0 else 'early'}"


def forecast_basis(found: Forecast) -> str:
    """Say what the forecast rests on."""
    learned = [
        f"{kind} takes {factor.median:.2f} times as long as planned, by {factor.tasks:,} that are done"
        for kind, factor in sorted(found.factors.items())
        if factor.tasks
    ]
    cases = next((len(ends) for ends in found.ends.values()), 0)
    left = f" What is left is placed in order, in {cases:,} cases." if cases else ""
    words = "; ".join(learned) or "nothing is known yet of how long tasks really take"
    return f"As of {found.now:%Y-%m-%d %H:%M} UTC: {words}.{left}"


def variance_reasons(own: pd.DataFrame) -> list[str]:
    """Say what the differences between plan and fact come from, what took most hours first.

    Args:
        own: Rows as in `Told`.
    """
    done = own[own["state"] == DONE]
    longer = (done["worked"] - done["duration_hours"]).astype("int64")
    found: list[tuple[int, str]] = []
    for kind, task in sorted(set(zip(done["kind"], done["task"], strict=True))):
        is_one = (done["kind"] == kind) & (done["task"] == task)
        hours, count = int(longer[is_one].sum()), int((longer[is_one] != 0).sum())
        if hours:
            found.append(
                (
                    abs(hours),
                    f"{task}: {abs(hours):,} hours {'more' if hours > 0 else 'less'} than planned, in {count:,} tasks.",
                )
            )
    for state, words in ((BLOCKED, "blocked"), (FAILED, "failed"), (ROLLED_BACK, "rolled back")):
        stuck = own[own["state"] == state].sort_values("task_name")
        if len(stuck):
            named = ", ".join(f"{row['task_name']}{_said(row)}" for row in stuck.head(NAMED).to_dict("records"))
            more = f" and {len(stuck) - NAMED:,} more" if len(stuck) > NAMED else ""
            found.append((int(stuck["hours_late"].clip(lower=0).sum()), f"{words.capitalize()}: {named}{more}."))
    overdue = own[(own["state"] == PLANNED) & (own["hours_late"] > 0) & (own["waits_for"] != "predecessor")]
    if len(overdue):
        hours = int(overdue["hours_late"].sum())
        found.append((hours, f"Not begun in time: {len(overdue):,} tasks, {hours:,} hours together."))
    return [words for _, words in sorted(found, key=lambda one: (-one[0], one[1]))[:REASONS]]
