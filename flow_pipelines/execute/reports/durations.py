"""How long tasks really take, against what was planned, learned from those that are over.

Belongs here: hours that were worked, factors by kind. Does not: placing what is left (`forecast.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.plan.timeline.working_time import WorkingTime
from flow_pipelines.reference.forecast_model import forecast_model
from flow_pipelines.tables.execute.progress import DONE, IN_PROGRESS, STATES

# What else is done is done in a window or in an hour, whose length is given.
LEARNED = ("work", "transfer")


@dataclass(frozen=True)
class Factor:
    """By how much longer tasks of a kind take than planned: lognormal.

    Attributes:
        location: Logarithm of the median.
        spread: Standard deviation of the logarithm.
        tasks: How many tasks it was learned from.
    """

    location: float
    spread: float
    tasks: int

    @property
    def median(self) -> float:
        """The median factor."""
        return exp(self.location)


def worked_hours(begun: datetime, ended: datetime, time: WorkingTime) -> int:
    """Return the working hours from one moment to another, at least 1."""
    return max(1, time.periods_until(ended) - time.periods_until(begun))


def hours_spent(updates: pd.DataFrame, time: WorkingTime, now: datetime) -> dict[str, int]:
    """Return the working hours that each task was in progress, of every attempt, as far as its begin was told.

    Args:
        updates: The rows of `execute/task_updates`.
        time: Working hours.
        now: Until when what is still in progress counts.
    """
    real = updates[~updates["is_rehearsal"].astype(bool)]
    real = real.assign(place=real["state"].map(STATES.index)).sort_values(["happened_at", "place"])
    found: dict[str, int] = {}
    begun: dict[str, datetime] = {}
    for task, state, moment in real[["task_id", "state", "happened_at"]].itertuples(index=False, name=None):
        if task in begun:
            found[task] = found.get(task, 0) + worked_hours(begun.pop(task), moment, time)
        if state == IN_PROGRESS:
            begun[task] = moment
    for task, moment in begun.items():
        found[task] = found.get(task, 0) + worked_hours(moment, now, time)
    return found


def learned_factors(rows: pd.DataFrame, time: WorkingTime) -> dict[str, Factor]:
    """Return the factor of each kind of task that is not of a given length.

    Args:
        rows: The rows of `plan/timeline` with progress.
        time: Working hours.
    """
    model = forecast_model()
    longest = log(model.longest_factor)
    found = {}
    for kind in LEARNED:
        done = rows[(rows["kind"] == kind) & (rows["state"] == DONE) & rows["actual_start"].notna()]
        taken = [
            min(longest, max(-longest, log(worked_hours(begun, ended, time) / planned)))
            for begun, ended, planned in zip(
                done["actual_start"], done["actual_end"], done["duration_hours"], strict=True
            )
        ]
        weight = len(taken) + model.prior_tasks
        location = sum(taken) / weight
        squares = model.prior_tasks * model.prior_spread**2 + sum((one - location) ** 2 for one in taken)
        found[kind] = Factor(location, sqrt(squares / weight), len(taken))
    return found


def drawn_factors(
    kinds: pd.Series[Any], factors: Mapping[str, Factor], *, cases: int, seed: int
) -> npt.NDArray[np.float64]:
    """Draw a factor for each task and case; what is sure about a kind is drawn once a case for all its tasks.

    Args:
        kinds: Of each task, in an order that does not depend on that of rows.
        factors: By kind; 1 for others.
        cases: How many.
        seed: Of the draw.

    Returns:
        One row per case, one column per task.
    """
    source = np.random.default_rng(seed)
    own = source.standard_normal((cases, len(kinds)))
    drawn = np.ones((cases, len(kinds)))
    for kind in sorted(factors):
        factor, is_one = factors[kind], (kinds == kind).to_numpy()
        weight = factor.tasks + forecast_model().prior_tasks
        shared = source.standard_normal((cases, 1)) * factor.spread / sqrt(weight)
        drawn[:, is_one] = np.exp(factor.location + shared + factor.spread * own[:, is_one])
    return drawn
