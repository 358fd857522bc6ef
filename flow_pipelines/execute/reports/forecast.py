"""When the rest of a programme is done, by what has really happened.

Belongs here: `forecast`. Does not: how long tasks take (`durations.py`), what is told of it (`report.py`).

What is left is placed in the order of the plan: people have been told theirs, and a forecast that shuffles tasks would
tell of another plan. Nothing begins before it was planned to, as its people and windows are booked for then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.errors import SettingsError
from flow_pipelines.execute.progress import OVER
from flow_pipelines.execute.reports.durations import Factor, drawn_factors, learned_factors, worked_hours
from flow_pipelines.plan.timeline.explain import HOLDS, find_holds, holds_by_name
from flow_pipelines.plan.timeline.problem import Problem, build_problem
from flow_pipelines.plan.timeline.programme import LONGEST_YEARS, Programme
from flow_pipelines.plan.timeline.serial import as_early
from flow_pipelines.reference.forecast_model import forecast_model
from flow_pipelines.tables.execute.progress import BLOCKED, DONE, IN_PROGRESS

UNDER_WAY = (IN_PROGRESS, BLOCKED)
PROGRAMME = 0
Cases = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Forecast:
    """When each task is done.

    Attributes:
        rows: The rows of `plan/timeline` with progress, sorted by task_id; a milestone is done once all is over that
            it waits for.
        tasks: By task_id: forecast_start and forecast_end (moments), left (working hours to come; 0 if it is over),
            and of those that are not over waits_for, waits_for_task (an id) and waits_for_resource, as in `Schedule`.
        ends: By wave, 0 being the programme: in each case the period by which the last of its tasks that are left ends;
            waves of which nothing is left are not there.
        factors: What was learned of durations, by kind.
        programme: The problem that it rests on.
        now: As of when it is told.
    """

    rows: pd.DataFrame
    tasks: pd.DataFrame
    ends: Mapping[int, Cases]
    factors: Mapping[str, Factor]
    programme: Programme
    now: datetime


def forecast(rows: pd.DataFrame, programme_until: Callable[[date], Programme], *, now: datetime, seed: int) -> Forecast:
    """Place what is left of a programme after what has happened.

    Args:
        rows: The rows of `plan/timeline`, of at least one task, with progress.
        programme_until: Returns the programme over a calendar that reaches at least to a day; see
            `scheduled_programme`.
        now: As of when things are known.
        seed: Of the cases that are drawn.

    Raises:
        SettingsError: The programme would not end within a hundred years.
    """
    rows = rows.sort_values("task_id", ignore_index=True)
    last = max(rows["planned_end"].max(), now).date()
    first = rows["planned_start"].min().date()
    until = last + (last - first)
    while until.year - last.year <= LONGEST_YEARS:
        made = programme_until(until)
        found = _placed(rows, made, now, seed)
        if found:
            return found
        until += until - first
    raise SettingsError(
        f"By what has happened until {now:%Y-%m-%d}, the programme does not end within {LONGEST_YEARS} years.",
        remedy="Add people to schedule.roles, or widen schedule.change_windows, and plan anew.",
    )


@dataclass(frozen=True)
class _Left:
    """What is left of a programme, as a problem, and how to vary how long it takes.

    Attributes:
        rows: The tasks that are not over, in order of the problem.
        elapsed: Working hours that each has taken so far; 0 if it has not begun.
        problem: The problem; its durations are of no account.
        near: By when each is wanted, in order of the plan; what has begun comes first.
    """

    rows: pd.DataFrame
    elapsed: npt.NDArray[np.int64]
    problem: Problem
    near: list[int]

    def placed(self, factors: npt.NDArray[np.float64]) -> tuple[Problem, list[int]]:
        """Return the problem with durations by factors, and starts."""
        planned = self.rows["duration_hours"].to_numpy(dtype=np.int64)
        whole = np.maximum(np.rint(planned * factors).astype(np.int64), np.minimum(planned, 1))
        lengths = np.where(self.elapsed > 0, np.maximum(whole - self.elapsed, 1), whole)
        own = replace(self.problem, durations=[int(length) for length in lengths])
        return own, as_early(own, self.near)


def _placed(rows: pd.DataFrame, made: Programme, now: datetime, seed: int) -> Forecast | None:
    """Return the forecast; None if the calendar is too short for it."""
    rows = _with_milestones(rows, made.precedences)
    factors = learned_factors(rows, made.clock.time)
    if rows["state"].isin(OVER).all():
        nothing = pd.DataFrame(columns=["start", "end", *HOLDS])
        return Forecast(rows, _told(rows, nothing, made, now), {}, factors, made, now)
    left = _left(rows, made, now)
    medians = [factors[kind].median if kind in factors else 1.0 for kind in left.rows["kind"]]
    expected, starts = left.placed(np.array(medians, dtype=np.float64))
    cases = forecast_model().cases_for(len(left.rows))
    by_id = left.rows.sort_values("task_id")
    drawn = drawn_factors(by_id["kind"], factors, cases=cases, seed=seed)[:, by_id.index.argsort()]
    ends = np.array([own.ends(begun) for own, begun in map(left.placed, drawn)], dtype=np.int64)
    if max(int(ends.max()), *expected.ends(starts)) >= len(made.clock.time.begins):
        return None
    waves = left.rows["wave_number"].astype("Int64").fillna(PROGRAMME).to_numpy(dtype=np.int64)
    by_wave = {int(wave): ends[:, waves == wave].max(axis=1) for wave in np.unique(waves) if wave != PROGRAMME}
    spans = holds_by_name(expected, find_holds(expected, starts)).assign(start=starts, end=expected.ends(starts))
    told = _told(rows, spans.set_index(pd.Index(expected.ids)), made, now)
    return Forecast(rows, told, {PROGRAMME: ends.max(axis=1), **by_wave}, factors, made, now)


def _with_milestones(rows: pd.DataFrame, precedences: pd.DataFrame) -> pd.DataFrame:
    """Count milestones as done of which all is over that they wait for: nobody tells of them."""
    ended = rows.set_index("task_id")["actual_end"]
    ends = precedences.assign(ended=ended.reindex(precedences["before"]).to_numpy())
    whole = ends.groupby("after")["ended"].agg(["max", "count", "size"])
    reached = pd.to_datetime(whole.loc[whole["count"] == whole["size"], "max"], utc=True)
    is_one = (rows["kind"] == "milestone") & ~rows["state"].isin(OVER) & rows["task_id"].isin(reached.index)
    ends_then = pd.Series(reached.reindex(rows["task_id"]).array, index=rows.index)
    return rows.assign(
        state=rows["state"].mask(is_one, DONE), actual_end=rows["actual_end"].mask(is_one, ends_then)
    )  # fmt: skip


def _left(rows: pd.DataFrame, made: Programme, now: datetime) -> _Left:
    clock, is_over = made.clock, rows["state"].isin(OVER)
    left = rows[~is_over].merge(made.tasks[["task_id", "start"]], on="task_id", validate="one_to_one")
    begun = left["state"].isin(UNDER_WAY)
    soonest = [clock.period_after(now, is_cutover=kind == "cutover") for kind in left["kind"]]
    planned = left["start"].astype("int64").where(~begun, 0)
    ended = {task: clock.period_after(end, is_cutover=False) for task, end in _ends(rows[is_over])}
    links = made.precedences[~made.precedences["after"].isin([*ended, *left.loc[begun, "task_id"]])]
    waits = links["before"].isin(list(ended))
    after = links[waits].assign(free=links.loc[waits, "before"].map(ended).astype("int64") + links.loc[waits, "lag"])
    released = left["task_id"].map(after.groupby("after")["free"].max()).fillna(0).astype("int64")
    release = pd.concat([pd.Series(soonest, index=left.index), planned, released], axis="columns").max(axis="columns")
    tasks = left[["task_id"]].assign(
        duration=left["duration_hours"].astype("int64"), release=release.astype("int64"), deadline=None
    )
    demands = made.demands[made.demands["task_id"].isin(left["task_id"])]
    problem = build_problem(tasks, links[~waits], demands, made.resources, made.calendar)
    in_order = left.set_index("task_id").loc[problem.ids].reset_index()
    is_begun = in_order["state"].isin(UNDER_WAY)
    near = in_order["start"].astype("int64").mask(is_begun, -1).tolist()
    return _Left(in_order, _elapsed(in_order, is_begun, made, now), problem, near)


def _ends(over: pd.DataFrame) -> list[tuple[str, datetime]]:
    return [(task, end.to_pydatetime()) for task, end in zip(over["task_id"], over["actual_end"], strict=True)]


def _elapsed(
    left: pd.DataFrame, begun: pd.Series[bool], made: Programme, now: datetime
) -> npt.NDArray[np.int64]:  # fmt: skip
    """Return the working hours that each task that is under way has taken, at least 1; 0 for the others."""
    starts = left["actual_start"].fillna(left["planned_start"])
    hours = [
        worked_hours(start.to_pydatetime(), now, made.clock.time) if is_begun else 0
        for start, is_begun in zip(starts, begun, strict=True)
    ]
    return np.array(hours, dtype=np.int64)


def _told(rows: pd.DataFrame, spans: pd.DataFrame, made: Programme, now: datetime) -> pd.DataFrame:
    """Return the moments of all tasks: the real ones as far as they are over or begun."""
    clock = made.clock
    placed = {task: (first, beyond) for task, first, beyond in spans[["start", "end"]].itertuples(name=None)}
    found: dict[str, tuple[datetime, datetime, int]] = {}
    columns = ["task_id", "kind", "state", "actual_start", "actual_end"]
    for task, kind, state, start, end in rows[columns].itertuples(index=False, name=None):
        if state in OVER:
            ended = end.to_pydatetime()
            found[task] = (ended if pd.isna(start) else min(start.to_pydatetime(), ended), ended, 0)
            continue
        first, beyond = placed[task]
        is_cutover = kind == "cutover"
        begins = clock.start(first, is_cutover=is_cutover)
        ends = max(begins, clock.end(first, beyond, is_cutover=is_cutover))
        is_begun = state in UNDER_WAY and not pd.isna(start)
        found[task] = (start.to_pydatetime() if is_begun else begins, max(ends, now), beyond - first)
    told = pd.DataFrame.from_dict(found, orient="index", columns=["forecast_start", "forecast_end", "left"])
    milestones = rows.loc[(rows["kind"] == "milestone") & ~rows["state"].isin(OVER), "task_id"]
    reached = made.precedences["before"].map(told["forecast_end"]).groupby(made.precedences["after"]).max()
    for column in ("forecast_start", "forecast_end"):
        told.loc[milestones, column] = reached.reindex(milestones).to_numpy()
    return told.join(spans[HOLDS])
