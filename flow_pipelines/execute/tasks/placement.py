"""When each step is done: within the task of the timeline that it is a part of.

Belongs here: finding that task, and sharing its time among steps and assets. Does not: when tasks of the timeline are
(`plan/timeline/`), the minutes of a cutover (`cutover/`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.plan.timeline.clock import programme_clock
from flow_pipelines.plan.timeline.programme import first_day
from flow_pipelines.reference.execution_templates import execution_templates
from flow_pipelines.settings import EngagementSettings

CUTOVER, WORK = "cutover", "work"
# A cutover that is too long for a change window goes on in the next: `cutover (2 of 3)`.
PART = re.compile(r" \((\d+) of \d+\)$")
HOUR = 3_600_000_000
MINUTE = 60_000_000
DIGITS = 9
Numbers = npt.NDArray[np.float64]
Moments = npt.NDArray[np.int64]


def cutover_parts(timeline: pd.DataFrame) -> pd.DataFrame:
    """Return the cutovers of workloads in order: task_id, workload_id and part, from 0."""
    rows = timeline.loc[timeline["kind"] == CUTOVER, ["task_id", "workload_id", "task", "planned_start"]]
    numbers = rows["task"].str.extract(PART)[0].astype("Int64").fillna(1)
    return rows.assign(part=numbers.astype("int64") - 1)[["task_id", "workload_id", "part"]]


def with_cutover_part(assets: pd.DataFrame, timeline: pd.DataFrame) -> pd.DataFrame:
    """Say in which part of its workload's cutover each asset is cut over, in their order: column `part`, from 0.

    Args:
        assets: asset_id and workload_id, in order; databases before servers.
        timeline: The rows of `plan/timeline`.
    """
    counts = cutover_parts(timeline).groupby("workload_id")["part"].max() + 1
    of_workload = assets.groupby("workload_id")
    parts = assets["workload_id"].map(counts).fillna(1).astype("int64")
    rank, size = of_workload.cumcount(), of_workload["asset_id"].transform("size")
    return assets.assign(part=rank * parts // size)


def step_slots(assets: pd.DataFrame, timeline: pd.DataFrame) -> pd.DataFrame:
    """Return the steps of each workload and graph with the task of the timeline that they are in, and their share.

    Args:
        assets: workload_id, treatment and graph.
        timeline: The rows of `plan/timeline`.

    Returns:
        One row per workload, graph, step and part of the cutover: workload_id, graph, step_number, what the template
        says, part (0, or of a cutover), timeline_task_id, parent (its name), choice (0 if it is the first that the step
        names), task_start, task_end, is_work, from_share and share (of the task's time).
    """
    groups = assets[["workload_id", "graph"]].drop_duplicates()
    steps = groups.merge(_steps(), on="graph")
    choices = steps[["workload_id", "graph", "step_number", "within"]].explode("within")
    choices["choice"] = choices.groupby(["workload_id", "graph", "step_number"]).cumcount()
    tasks = _tasks(timeline)
    found = choices.merge(tasks, left_on=["workload_id", "within"], right_on=["workload_id", "parent"])
    best = found.groupby(["workload_id", "graph", "step_number"])["choice"].transform("min")
    found = found[found["choice"] == best].drop(columns="within")
    slots = steps.merge(found, on=["workload_id", "graph", "step_number"])
    slots = slots.sort_values(["workload_id", "graph", "step_number", "part"], ignore_index=True)
    shared = slots.groupby(["workload_id", "graph", "timeline_task_id"])["hours"]
    total = shared.transform("sum")
    return slots.assign(from_share=(shared.cumsum() - slots["hours"]) / total, share=slots["hours"] / total)


def placed(rows: pd.DataFrame, settings: EngagementSettings) -> pd.DataFrame:
    """Add planned_start and planned_end to steps of assets.

    Args:
        rows: What `step_slots` says, with asset_id.
        settings: When is worked.

    Returns:
        The rows. Work is done in working hours, as the task's; all else by the hours of the day.
    """
    keys = ["timeline_task_id", "graph", "step_number"]
    of_step = rows.groupby(keys, sort=False)
    rank, size = of_step.cumcount().to_numpy(), of_step["asset_id"].transform("size").to_numpy()
    at_once = rows["at_once"].to_numpy(dtype=bool)
    begin, share = rows["from_share"].to_numpy(float), rows["share"].to_numpy(float)
    start = begin + share * np.where(at_once, 0.0, rank / size)
    end = begin + share * np.where(at_once, 1.0, (rank + 1) / size)
    first, last = (_microseconds(rows[name]) for name in ("task_start", "task_end"))
    by_clock = ~rows["is_work"].to_numpy(dtype=bool)
    tasks = _Tasks(first, last, by_clock, _working_hours(rows, settings))
    moments = {"planned_start": tasks.moments(start, is_end=False), "planned_end": tasks.moments(end, is_end=True)}
    return rows.assign(**{name: pd.to_datetime(one, unit="us", utc=True) for name, one in moments.items()})


def _steps() -> pd.DataFrame:
    """Return all steps of all graphs, numbered from 1."""
    return pd.DataFrame(
        {"graph": graph.graph, "step_number": number, **step.model_dump(exclude={"after"})}
        for graph in execution_templates().graphs
        for number, step in enumerate(graph.steps, start=1)
    )


def _tasks(timeline: pd.DataFrame) -> pd.DataFrame:
    """Return the tasks of workloads in which steps may be: parts of a cutover are one by name."""
    rows = timeline[timeline["workload_id"].notna() & (timeline["kind"] != "decision")]
    parts = rows[["task_id"]].merge(cutover_parts(timeline)[["task_id", "part"]], how="left")["part"]
    return pd.DataFrame(
        {
            "workload_id": rows["workload_id"].to_numpy(),
            "parent": rows["task"].str.replace(PART, "", regex=True).to_numpy(),
            "part": parts.fillna(0).astype("int64").to_numpy(),
            "timeline_task_id": rows["task_id"].to_numpy(),
            "task_start": rows["planned_start"].array,
            "task_end": rows["planned_end"].array,
            "is_work": (rows["kind"] == WORK).to_numpy(),
        }
    )


def _microseconds(moments: pd.Series[Any]) -> Moments:
    found: Moments = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype("int64")
    return found


def _working_hours(rows: pd.DataFrame, settings: EngagementSettings) -> Moments:
    """Return the beginnings of all working hours from the first task to the last."""
    begin = first_day(settings, [rows["task_start"].min().to_pydatetime()])
    last = rows["task_end"].max().date() + timedelta(weeks=1)
    begins = pd.DatetimeIndex(programme_clock(settings, begin, last).time.begins)
    hours: Moments = begins.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]").astype("int64")
    return hours


@dataclass(frozen=True)
class _Tasks:
    """The task of each row: when it begins and ends, whether by the clock, and all working hours; in microseconds."""

    first: Moments
    last: Moments
    by_clock: npt.NDArray[np.bool_]
    hours: Moments

    def moments(self, share: Numbers, *, is_end: bool) -> Moments:
        """Return when a share of each task is over, to the minute.

        What ends with an hour ends on that evening; what begins with the next one begins in the morning.
        """
        place = np.searchsorted(self.hours, self.first, "left")
        count = np.searchsorted(self.hours, self.last, "left") - place
        worked = np.round(share * count, DIGITS)
        whole = np.maximum(np.ceil(worked) - 1, 0) if is_end else np.minimum(np.floor(worked), count - 1)
        period = np.clip(place + whole.astype("int64"), 0, len(self.hours) - 1)
        in_hours = self.hours[period] + (worked - whole) * HOUR
        found = np.where(self.by_clock | (count < 1), self.first + share * (self.last - self.first), in_hours)
        minutes = np.clip((found // MINUTE * MINUTE).astype("int64"), self.first, self.last)
        # The whole of a task ends when it does, be that within a minute.
        return np.where(is_end & (share >= 1), self.last, minutes)
