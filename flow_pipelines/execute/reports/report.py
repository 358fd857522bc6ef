"""Planned against actual: the report of each wave and of the programme, and what remains week by week.

Belongs here: the rows of `execute/task_forecasts`, `execute/burn_down` and `execute/execution_report`. Does not: when
what is left is done (`forecast.py`), words (`wording.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.execute.progress import OVER
from flow_pipelines.execute.reports.durations import hours_spent, worked_hours
from flow_pipelines.execute.reports.forecast import PROGRAMME, UNDER_WAY, Cases, Forecast
from flow_pipelines.execute.reports.wording import forecast_basis, forecast_reasons, variance_reasons
from flow_pipelines.plan.timeline.clock import ProgrammeClock
from flow_pipelines.scope import Scope
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.execute.progress import BLOCKED, FAILED, IN_PROGRESS, ROLLED_BACK
from flow_pipelines.tables.execute.reports import burn_down, execution_report, task_forecasts

FORECASTS = f"{task_forecasts.schema}/{task_forecasts.name}"
BURN_DOWN = f"{burn_down.schema}/{burn_down.name}"
REPORT = f"{execution_report.schema}/{execution_report.name}"
STUCK = (BLOCKED, FAILED, ROLLED_BACK)
SUNDAY = timedelta(days=6)
QUANTILES = {"forecast_end_even": 0.5, "forecast_end_likely": 0.8, "forecast_end_safe": 0.95}


@dataclass(frozen=True)
class Told:
    """Tasks with all that is known of them, and the clock by which their hours are told.

    Attributes:
        rows: The rows of `plan/timeline` with progress, `forecast_start`, `forecast_end`, `left` (working hours to
            come), what each waits for, `worked` (working hours so far) and `hours_late`.
        forecast: What it rests on.
    """

    rows: pd.DataFrame
    forecast: Forecast

    @property
    def clock(self) -> ProgrammeClock:
        """The programme's clock."""
        return self.forecast.programme.clock


def told_tasks(found: Forecast, updates: pd.DataFrame) -> Told:
    """Bring tasks, their forecast and what was told of them together.

    Args:
        found: The forecast.
        updates: The rows of `execute/task_updates`.
    """
    time = found.programme.clock.time
    planned = found.rows.drop(columns=["waits_for", "waits_for_task"])
    told = planned.join(found.tasks, on="task_id")
    late = [
        time.periods_until(end.to_pydatetime()) - time.periods_until(planned.to_pydatetime())
        for end, planned in zip(told["forecast_end"], told["planned_end"], strict=True)
    ]
    spent = hours_spent(updates, time, found.now)
    worked = [_worked(row, spent, found) for row in told.to_dict("records")]
    return Told(told.assign(hours_late=late, worked=worked), found)


def _worked(row: Mapping[Any, Any], spent: Mapping[str, int], found: Forecast) -> int:
    """Return the working hours that a task has taken so far; the planned ones if nobody told when it began."""
    time, start = found.programme.clock.time, row["actual_start"]
    if row["task_id"] in spent:
        return spent[row["task_id"]]
    if row["state"] in OVER:
        return row["duration_hours"] if pd.isna(start) else worked_hours(start, row["actual_end"], time)
    if row["state"] in UNDER_WAY and not pd.isna(start):
        return worked_hours(start, found.now, time)
    return 0


def build_task_forecasts(told: Told) -> pd.DataFrame:
    """Return the rows of `execute/task_forecasts`."""
    rows = told.rows.assign(reason=forecast_reasons(told.rows, told.forecast))
    return conform(rows[[column.name for column in task_forecasts.columns]], task_forecasts)


def build_burn_down(told: Told, scope: Scope) -> pd.DataFrame:
    """Return the rows of `execute/burn_down`: every week from the first that was planned to the last that is foretold.

    Milestones count in neither number.
    """
    rows, clock, now = told.rows[told.rows["kind"] != "milestone"], told.clock, told.forecast.now
    first = min(rows["planned_start"].min(), rows["forecast_start"].min())
    last = max(rows["planned_end"].max(), rows["forecast_end"].max())
    found = []
    for monday in _mondays(clock.day_of(first), clock.day_of(last)):
        end = clock.midnight(monday + SUNDAY + timedelta(days=1))
        begun = clock.midnight(monday) <= now
        row: dict[str, Any] = {"week_id": scope.id_of("burn_down", monday), "week": monday}
        row |= _left_at(rows, rows["planned_end"] >= end, "planned_")
        if begun:
            # Of this week as far as it has come.
            row |= _left_at(rows, ~(rows["actual_end"] < min(end, now + timedelta(microseconds=1))).fillna(False), "")
        if end > now:
            row |= _left_at(rows, rows["forecast_end"] >= end, "forecast_")
        found.append(row)
    columns = [column.name for column in burn_down.columns]
    return conform(pd.DataFrame(found, columns=columns), burn_down)


def _mondays(first: date, last: date) -> Iterator[date]:
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        yield monday
        monday += timedelta(weeks=1)


def _left_at(rows: pd.DataFrame, is_left: pd.Series[bool], prefix: str) -> dict[str, int]:
    hours = int(rows.loc[is_left, "duration_hours"].sum())
    return {f"{prefix}tasks_left": int(is_left.sum()), f"{prefix}hours_left": hours}


def build_execution_report(
    told: Told, overview: pd.DataFrame, rates: Mapping[str, float], scope: Scope
) -> pd.DataFrame:  # fmt: skip
    """Return the rows of `execute/execution_report`: the programme, then each wave.

    Args:
        told: The tasks.
        overview: The rows of `plan/plan_overview`, for the risks that were seen.
        rates: What an hour of each role costs, in USD.
        scope: The engagement.
    """
    risks = {
        PROGRAMME if pd.isna(wave) else int(wave): list(found)
        for wave, found in zip(overview["wave_number"], overview["risks"], strict=True)
    }
    numbers = told.rows["wave_number"].astype("Int64").fillna(PROGRAMME)
    rows = []
    for wave in [PROGRAMME, *sorted(set(numbers.tolist()) - {PROGRAMME})]:
        own = told.rows if wave == PROGRAMME else told.rows[numbers == wave]
        name = "Programme" if wave == PROGRAMME else f"Wave {wave}"
        rows.append({
            "report_id": scope.id_of("execution_report", wave), "report_name": name,
            "wave_number": None if wave == PROGRAMME else wave, "known_at": told.forecast.now,
            **_counts(own, told.forecast.now), **_ends(own, told, told.forecast.ends.get(wave)),
            **_costs(own, rates), "variance_reasons": variance_reasons(own), "risks": risks.get(wave, []),
            "reason": forecast_basis(told.forecast), "source_entity_ids": sorted(set(own["workload_id"].dropna())),
        })  # fmt: skip
    return conform(pd.DataFrame(rows).astype({"wave_number": "Int64"}), execution_report)


def _counts(own: pd.DataFrame, now: datetime) -> dict[str, Any]:
    tasks = own[own["kind"] != "milestone"]
    is_over, is_due = tasks["state"].isin(OVER), tasks["planned_end"] <= now
    hours = tasks["duration_hours"].astype("int64")
    whole = max(1, int(hours.sum()))
    return {
        "task_count": len(tasks),
        "over_count": int(is_over.sum()),
        "open_count": int((tasks["state"] == IN_PROGRESS).sum()),
        "stuck_count": int(tasks["state"].isin(STUCK).sum()),
        "overdue_count": int((is_due & ~is_over).sum()),
        "share_done": int(hours[is_over].sum()) / whole,
        "share_due": int(hours[is_due].sum()) / whole,
    }


def _ends(own: pd.DataFrame, told: Told, cases: Cases | None) -> dict[str, Any]:
    clock, planned, expected = told.clock, own["planned_end"].max(), own["forecast_end"].max()
    over = own.loc[own["state"].isin(OVER), "forecast_end"].max()
    ends: dict[str, Any] = {"planned_end": planned, "forecast_end": expected}
    if cases is None:
        ends |= dict.fromkeys(QUANTILES, expected)
        in_time = float(clock.day_of(expected) <= clock.day_of(planned))
    else:
        ordered = np.sort(cases)
        for name, quantile in QUANTILES.items():
            end = clock.time.end(int(ordered[ceil(quantile * len(ordered)) - 1]))
            ends[name] = end if pd.isna(over) else max(end, over)
        due = clock.time.periods_until(clock.midnight(clock.day_of(planned) + timedelta(days=1)))
        in_time = float((cases <= due).mean())
    days = (clock.day_of(expected) - clock.day_of(planned)).days
    return {**ends, "days_late": days, "chance_in_time": in_time}


def _costs(own: pd.DataFrame, rates: Mapping[str, float]) -> dict[str, float]:
    people = own["people"].astype("Float64").fillna(0).astype(float)
    hourly = people * own["role"].map(rates).astype("Float64").fillna(0).astype(float)
    planned, so_far, left = (own[name].astype(float) * hourly for name in ("duration_hours", "worked", "left"))
    return {
        "planned_cost_usd": round(float(planned.sum()), 2),
        "cost_to_date_usd": round(float(so_far.sum()), 2),
        "forecast_cost_usd": round(float((so_far + left).sum()), 2),
    }
