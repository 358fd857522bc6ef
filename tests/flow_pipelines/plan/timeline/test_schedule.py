"""Schedules keep every constraint, by a checker that shares no code, and are the best where all can be tried."""

from collections import Counter
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.timeline.schedule import Schedule, schedule
from flow_pipelines.plan.timeline.search import SearchSettings
from tests.flow_pipelines.plan.timeline.checker import Frames, violations
from tests.flow_pipelines.plan.timeline.plans import QUICK, problems

WINDOWS = SearchSettings(whole=1, window=3)


def starts_of(result: Schedule) -> dict[Any, int]:
    return dict(zip(result.tasks.task_id, result.tasks.start, strict=True))


@settings(max_examples=60)
@given(problems(most=7), st.sampled_from([QUICK, WINDOWS]))
def test_every_constraint_is_kept_and_row_order_changes_nothing(frames: Frames, search: SearchSettings) -> None:
    result = schedule(*frames, settings=search)
    assert violations(frames, starts_of(result)) == []
    assert result.lower_bound <= result.cost
    assert (result.end, list(result.tasks.end - result.tasks.start)) == (
        max(result.tasks.end), list(frames[0].sort_values("task_id").duration),
    )  # fmt: skip
    turned = [frame.iloc[::-1] for frame in frames]
    again = schedule(turned[0], turned[1], turned[2], turned[3], turned[4], settings=search)
    pd.testing.assert_frame_equal(result.tasks, again.tasks)


@settings(max_examples=60)
@given(problems(most=7), st.permutations(range(7)))
def test_other_names_give_the_same_schedule(frames: Frames, names: list[int]) -> None:
    tasks, precedences, demands, resources, calendar = frames
    other = {f"t{i}": f"x{name}" for i, name in enumerate(names)}
    renamed = (
        tasks.assign(task_id=tasks.task_id.map(other)),
        precedences.assign(before=precedences.before.map(other), after=precedences.after.map(other)),
        demands.assign(task_id=demands.task_id.map(other)),
        resources,
        calendar,
    )

    def placed(frames: Frames) -> Counter[tuple[Any, ...]]:
        """Count what starts when; twins may change places."""
        needs = frames[2][["task_id", "units"]]
        rows = frames[0].merge(schedule(*frames, settings=QUICK).tasks, on="task_id").merge(needs, on="task_id")
        columns = ["duration", "release", "deadline", "units", "start"]
        return Counter(map(tuple, rows[columns].astype(object).fillna(-1).to_numpy()))

    assert placed(frames) == placed(renamed)


@settings(max_examples=25)
@given(problems(most=3))
def test_no_schedule_of_a_tiny_plan_is_better(frames: Frames) -> None:
    tasks = frames[0]
    result = schedule(*frames, settings=QUICK)

    rows = [
        (name, length, None if pd.isna(due) else due)
        for name, length, due in zip(tasks.task_id, tasks.duration, tasks.deadline, strict=True)
    ]

    def value(starts: dict[Any, int]) -> tuple[int, int]:
        late = sum(max(0, starts[name] + length - due) for name, length, due in rows if due is not None)
        return late, max(starts[name] + length for name, length, _ in rows)

    best = value(starts_of(result))
    length = {name: own for name, own, _ in rows}
    waits = list(frames[1].itertuples(index=False, name=None))
    for times in product(*(range(first, best[1] + 4) for first in tasks.release)):  # later ends too
        starts = dict(zip(tasks.task_id, times, strict=True))
        if value(starts) < best and all(starts[b] >= starts[a] + length[a] + lag for a, b, lag in waits):
            assert violations(frames, starts)


@settings(max_examples=40)
@given(problems(most=7), st.sampled_from([QUICK, WINDOWS]))
def test_one_more_unit_never_makes_it_worse_beyond_the_gap(frames: Frames, search: SearchSettings) -> None:
    tasks, precedences, demands, resources, calendar = frames
    wider = resources.assign(capacity=resources["capacity"] + 1)
    result = schedule(tasks, precedences, demands, resources, calendar, settings=search)
    more = schedule(tasks, precedences, demands, wider, calendar, settings=search)
    assert more.cost * (1 - more.gap) <= result.cost + 1e-6


def frames_of(*, lag: int = 0, calendar: list[tuple[str, int, int, int]] | None = None) -> Frames:
    """Two tasks, one after the other, and one resource."""
    return (
        pd.DataFrame({"task_id": ["a", "b"], "duration": 1, "release": 0, "deadline": None}),
        pd.DataFrame({"before": ["a"], "after": ["b"], "lag": lag}),
        pd.DataFrame({"task_id": ["a"], "resource": ["r"], "units": [1]}),
        pd.DataFrame({"resource": ["r"], "capacity": [1]}),
        pd.DataFrame(calendar or [], columns=["resource", "begin", "end", "capacity"]),
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("r", -2, 3, 0), "begin -2 is negative"),
        (("r", 1, 3, -1), "capacity -1 is negative"),
        (("r", 3, 3, 0), "calendar of 'r' ends at 3"),
        (("q", 1, 3, 0), "'q' is not known"),
    ],
)
def test_a_calendar_row_out_of_range_is_named(row: tuple[str, int, int, int], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        schedule(*frames_of(calendar=[row]), settings=QUICK)


def test_a_circle_is_named() -> None:
    tasks, precedences, *others = frames_of()
    back = precedences.assign(before="b", after="a")
    with pytest.raises(ContractError, match="circle: "):
        schedule(tasks, pd.concat([precedences, back]), others[0], others[1], others[2], settings=QUICK)
