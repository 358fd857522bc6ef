"""A scheduling problem as numbers, read from frames and checked.

Belongs here: what a valid problem is, capacity over time, topological order. Does not: solving it.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import pandas as pd

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.timeline.content_order import content_order
from flow_pipelines.plan.timeline.fixed import split_fixed
from flow_pipelines.plan.timeline.profile import Profile

Links = list[list[tuple[int, int]]]


@dataclass(frozen=True)
class Problem:
    """Tasks that are free to move, in order of their content; times in whole periods; capacity in order of `names`."""

    ids: list[str]
    durations: list[int]
    releases: list[int]
    deadlines: list[int | None]
    before: Links
    after: Links
    demands: Links
    capacity: list[Profile]
    order: list[int]
    horizon: int
    names: list[str]

    def ends(self, starts: list[int]) -> list[int]:
        """Return when tasks end that begin at `starts`."""
        return [begin + length for begin, length in zip(starts, self.durations, strict=True)]

    def late(self, starts: list[int]) -> list[int]:
        """Return by how many periods each task misses its deadline."""
        return [
            0 if due is None else max(0, end - due) for end, due in zip(self.ends(starts), self.deadlines, strict=True)
        ]

    def cost(self, starts: list[int]) -> int:
        """Return the periods late times (horizon + 1), plus the end."""
        return sum(self.late(starts)) * (self.horizon + 1) + max(self.ends(starts))


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
    nominal = dict(zip(resources["resource"], resources["capacity"], strict=True))
    demands = demands.groupby(["task_id", "resource"])["units"].sum().reset_index()
    _check(tasks, precedences, demands, calendar, nominal=nominal)
    horizon = int(tasks["duration"].sum() + precedences["lag"].sum() + tasks["release"].max()) + 1
    horizon += 0 if calendar.empty else int(calendar["end"].max())
    split = split_fixed(tasks, precedences, demands)
    horizon += max([0, *split.fixed["end"]])
    ids, order = _in_order(split.free.sort_values("task_id"), split.precedences, split.demands)
    tasks = split.free.set_index("task_id").loc[ids]
    place, names = {name: index for index, name in enumerate(ids)}, sorted(nominal)
    before, after = _links(split.precedences, place)
    needs: list[list[tuple[int, int]]] = [[] for _ in ids]
    for task, resource, units in split.demands[["task_id", "resource", "units"]].sort_values("resource").to_numpy():
        needs[place[task]].append((names.index(resource), int(units)))
    capacity = [Profile([0], [int(nominal[name])]) for name in names]
    for resource, begin, end, units in _sorted_calendar(calendar):
        capacity[names.index(resource)].put(begin, end, units)
    for resource, begin, end, units in split.taken.itertuples(index=False, name=None):
        capacity[names.index(resource)].take(begin, end, units)
    for profile in capacity:
        profile.free[:] = [max(0, free) for free in profile.free]  # fixed tasks may use more than there is
    deadlines = [None if pd.isna(value) else int(value) for value in tasks["deadline"]]
    whole = [[int(value) for value in tasks[column]] for column in ("duration", "release")]
    return Problem(ids, whole[0], whole[1], deadlines, before, after, needs, capacity, order, horizon, names)


def _sorted_calendar(calendar: pd.DataFrame) -> list[tuple[str, int, int, int]]:
    columns = ["resource", "begin", "end", "capacity"]
    rows = calendar[columns].sort_values(columns).itertuples(index=False, name=None)
    return [(str(resource), int(begin), int(end), int(units)) for resource, begin, end, units in rows]


def _links(precedences: pd.DataFrame, place: dict[str, int]) -> tuple[Links, Links]:
    """Return predecessors and successors with lags; of several lags between two tasks the longest holds."""
    longest: dict[tuple[int, int], int] = {}
    for first, second, lag in precedences[["before", "after", "lag"]].itertuples(index=False, name=None):
        pair = place[first], place[second]
        longest[pair] = max(longest.get(pair, 0), int(lag))
    before: Links = [[] for _ in place]
    after: Links = [[] for _ in place]
    for (first, second), lag in sorted(longest.items()):
        before[second].append((first, lag))
        after[first].append((second, lag))
    return before, after


def _in_order(tasks: pd.DataFrame, precedences: pd.DataFrame, demands: pd.DataFrame) -> tuple[list[str], list[int]]:
    """Return ids in the order of what the tasks are, and places in that order such that predecessors come first."""
    ids = [str(value) for value in tasks["task_id"]]
    before, after = _links(precedences, {name: index for index, name in enumerate(ids)})
    needs = demands.groupby("task_id")[["resource", "units"]].apply(
        lambda rows: sorted(rows.itertuples(index=False, name=None))
    )
    topological = _topological(before, ids)
    columns = ["duration", "release", "deadline"]
    rows = tasks[columns].astype("Float64").itertuples(index=False, name=None)
    labels = [repr((*map(str, row), needs.get(name, []))) for name, row in zip(ids, rows, strict=True)]
    order = content_order(labels, before, after, topological)
    place = {task: index for index, task in enumerate(order)}
    renamed = [sorted((place[other], lag) for other, lag in before[task]) for task in order]
    return [ids[task] for task in order], _topological(renamed, [ids[task] for task in order])


def _topological(before: Links, ids: list[str]) -> list[int]:
    try:
        return list(TopologicalSorter({i: [j for j, _ in before[i]] for i in range(len(ids))}).static_order())
    except CycleError as error:
        circle = ", ".join(ids[index] for index in error.args[1])
        raise ContractError(
            f"Tasks wait for each other in a circle: {circle}.", remedy="Remove one of them."
        ) from error


def _check(
    tasks: pd.DataFrame,
    precedences: pd.DataFrame,
    demands: pd.DataFrame,
    calendar: pd.DataFrame,
    *,
    nominal: dict[str, int],
) -> None:
    place = set(tasks["task_id"])
    problems = [f"task {name!r} is there twice" for name in tasks.loc[tasks["task_id"].duplicated(), "task_id"]]
    for frame, column, known in (
        (precedences, "before", place), (precedences, "after", place), (demands, "task_id", place),
        (demands, "resource", nominal), (calendar, "resource", nominal),
    ):  # fmt: skip
        problems += [f"{column} {name!r} is not known" for name in frame[column] if name not in known]
    for frame, column in ((tasks, "duration"), (tasks, "release"), (precedences, "lag"), (demands, "units"),
        (calendar, "begin"), (calendar, "capacity")):  # fmt: skip
        problems += [f"{column} {value} is negative" for value in frame[column] if value < 0]
    for task, resource, units in demands[["task_id", "resource", "units"]].itertuples(index=False, name=None):
        if units > nominal.get(resource, units):
            problems.append(f"task {task!r} demands {units} of {resource!r}, more than there ever is")
    if "fixed_start" in tasks:
        problems += [f"fixed_start {value} is negative" for value in tasks["fixed_start"].dropna() if value < 0]
    for resource, begin, end, _ in calendar[["resource", "begin", "end", "capacity"]].itertuples(
        index=False, name=None
    ):
        if end <= begin:
            problems.append(f"the calendar of {resource!r} ends at {end}, no later than it begins, at {begin}")
    if problems:
        raise ContractError(f"The tasks can't be scheduled: {'; '.join(problems)}.", remedy="Correct these rows.")
