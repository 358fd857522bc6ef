"""Whether a schedule keeps its constraints; shares no code with what makes schedules.

Belongs here: looking at each task, precedence and period. Does not: expectations of how good it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def violations(frames: Frames, starts: dict[Any, int]) -> list[str]:
    """Name what a schedule breaks: releases, precedences, and each resource in each period."""
    tasks, precedences, demands, resources, calendar = frames
    start = tasks.set_index("task_id").index.to_series().map(starts)
    length = tasks.set_index("task_id")["duration"]
    release = tasks.set_index("task_id")["release"]
    found = [f"{task} early" for task in start.index[start < release]]
    begun, ended = precedences["after"].map(start), precedences["before"].map(start + length)
    broken = precedences[begun < ended + precedences["lag"]]
    found += [f"{p.before} before {p.after}" for p in broken.itertuples()]
    for name, nominal in resources[["resource", "capacity"]].itertuples(index=False, name=None):
        room = np.full(int((start + length).max()) + 1, nominal)
        for row in calendar.loc[calendar["resource"] == name, ["begin", "end", "capacity"]].to_numpy():
            room[row[0] : row[1]] = row[2]
        own = demands[demands["resource"] == name]
        used = np.zeros_like(room)
        np.add.at(used, own["task_id"].map(start).to_numpy(dtype=int), own["units"].to_numpy(dtype=int))
        np.add.at(used, own["task_id"].map(start + length).to_numpy(dtype=int), -own["units"].to_numpy(dtype=int))
        found += [f"{name} at {now}" for now in np.flatnonzero(np.cumsum(used) > room)]
    return found
