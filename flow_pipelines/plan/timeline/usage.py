"""What is there of a resource, and what of it is used, in each period.

Belongs here: counting along the axis of working hours. Does not: weeks, money (`plan/resource/`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.plan.timeline.programme import Programme

Counts = np.ndarray[Any, np.dtype[np.int64]]


def free_capacity(by_id: pd.DataFrame, programme: Programme, resource: str) -> Counts:
    """Return what of a resource is left in each period; less than 0 where more is used than there is.

    Args:
        by_id: start and end of all tasks, by id.
        programme: The problem.
        resource: Its name.
    """
    return capacity_by_period(programme, resource) - used_by_period(by_id, programme, resource)


def capacity_by_period(programme: Programme, resource: str) -> Counts:
    """Return how much of a resource there is in each period."""
    nominal = programme.resources.set_index("resource")["capacity"]
    there = np.full(len(programme.clock.time.begins), int(nominal[resource]), dtype=np.int64)
    own = programme.calendar[programme.calendar["resource"] == resource]
    for begin, end, units in own[["begin", "end", "capacity"]].itertuples(index=False, name=None):
        there[begin:end] = units
    return there


def used_by_period(by_id: pd.DataFrame, programme: Programme, resource: str) -> Counts:
    """Return how much of a resource is used in each period."""
    change = np.zeros(len(programme.clock.time.begins) + 1, dtype=np.int64)
    own = programme.demands[programme.demands["resource"] == resource]
    units = own["units"].to_numpy(dtype=np.int64)
    for column, sign in (("start", 1), ("end", -1)):
        places = own["task_id"].map(by_id[column]).to_numpy(dtype=np.int64)
        np.add.at(change, places, sign * units)
    return np.cumsum(change)[:-1]
