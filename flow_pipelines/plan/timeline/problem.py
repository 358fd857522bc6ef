"""A scheduling problem as numbers, read from frames and checked.

Belongs here: what a valid problem is, capacity over time, topological order. Does not: solving it.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.errors import ContractError

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Problem:
    """Tasks in order of their ids; times in whole periods from 0; capacity per resource and period."""

    ids: list[str]
    durations: list[int]
    releases: list[int]
    deadlines: list[int | None]
    before: list[list[tuple[int, int]]]
    after: list[list[tuple[int, int]]]
    demands: list[list[tuple[int, int]]]
    capacity: Ints
    order: list[int]

    @property
    def horizon(self) -> int:
        """A period by which some schedule is done."""
        return int(self.capacity.shape[1])


def build_problem(
    tasks: pd.DataFrame,
    precedences: pd.DataFrame,
    demands: pd.DataFrame,
    resources: pd.DataFrame,
    calendar: pd.DataFrame,
) -> Problem:
    """Read the frames that `schedule` describes.

    Raises:
        ContractError: Tasks repeat, names are unknown, numbers are negative, precedences form a circle, or a task
            demands more than a resource ever has.
    """
    tasks = tasks.sort_values("task_id")
    ids = [str(value) for value in tasks["task_id"]]
    place = {name: index for index, name in enumerate(ids)}
    names = sorted(resources["resource"])
    nominal = dict(zip(resources["resource"], resources["capacity"], strict=True))
    _check(tasks, precedences, demands, calendar, place, nominal)
    before: list[list[tuple[int, int]]] = [[] for _ in ids]
    after: list[list[tuple[int, int]]] = [[] for _ in ids]
    for first, second, lag in precedences[["before", "after", "lag"]].sort_values(["before", "after"]).to_numpy():
        before[place[second]].append((place[first], int(lag)))
        after[place[first]].append((place[second], int(lag)))
    needs: list[list[tuple[int, int]]] = [[] for _ in ids]
    for task, resource, units in demands[["task_id", "resource", "units"]].sort_values("resource").to_numpy():
        needs[place[task]].append((names.index(resource), int(units)))
    horizon = int(tasks["duration"].sum() + precedences["lag"].sum() + tasks["release"].max()) + 1
    horizon += 0 if calendar.empty else int(calendar["end"].max())
    capacity = np.array([[int(nominal[name])] * horizon for name in names], dtype=np.int64).reshape(-1, horizon)
    for row in calendar.sort_values(["resource", "begin", "end"]).itertuples():
        capacity[names.index(row.resource), int(row.begin) : int(row.end)] = int(row.capacity)  # type: ignore[call-overload]
    try:
        order = list(TopologicalSorter({i: [j for j, _ in before[i]] for i in range(len(ids))}).static_order())
    except CycleError as error:
        circle = ", ".join(ids[index] for index in error.args[1])
        raise ContractError(
            f"Tasks wait for each other in a circle: {circle}.", remedy="Remove one of them."
        ) from error
    deadlines = [None if pd.isna(value) else int(value) for value in tasks["deadline"]]
    whole = [[int(value) for value in tasks[column]] for column in ("duration", "release")]
    return Problem(ids, whole[0], whole[1], deadlines, before, after, needs, capacity, order)


def _check(
    tasks: pd.DataFrame,
    precedences: pd.DataFrame,
    demands: pd.DataFrame,
    calendar: pd.DataFrame,
    place: dict[str, int],
    nominal: dict[str, int],
) -> None:
    problems = [f"task {name!r} is there twice" for name in tasks.loc[tasks["task_id"].duplicated(), "task_id"]]
    for frame, column, known in (
        (precedences, "before", place), (precedences, "after", place), (demands, "task_id", place),
        (demands, "resource", nominal), (calendar, "resource", nominal),
    ):  # fmt: skip
        problems += [f"{column} {name!r} is not known" for name in frame[column] if name not in known]
    for frame, column in ((tasks, "duration"), (tasks, "release"), (precedences, "lag"), (demands, "units")):
        problems += [f"{column} {value} is negative" for value in frame[column] if value < 0]
    for row in demands.itertuples():
        if row.units > nominal.get(str(row.resource), row.units):
            problems.append(f"task {row.task_id!r} demands {row.units} of {row.resource!r}, more than there ever is")
    if problems:
        raise ContractError(f"The tasks can't be scheduled: {'; '.join(problems)}.", remedy="Correct these rows.")
