"""Schedules keep every constraint by a checker that shares no code, and are the best there are where all can be tried."""

from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.timeline.schedule import Schedule, SearchSettings, schedule

QUICK = SearchSettings(deterministic_time=0.5)


def violations(frames, starts):
    tasks, precedences, demands, resources, calendar = frames
    length = dict(zip(tasks.task_id, tasks.duration, strict=True))
    found = [f"{t.task_id} early" for t in tasks.itertuples() if starts[t.task_id] < t.release]
    for p in precedences.itertuples():
        if starts[p.after] < starts[p.before] + length[p.before] + p.lag:
            found.append(f"{p.before} before {p.after}")
    for r in resources.itertuples():
        for now in range(max(starts[t] + length[t] for t in starts)):
            room = r.capacity
            for c in calendar.itertuples():
                room = c.capacity if c.resource == r.resource and c.begin <= now < c.end else room
            used = sum(
                d.units
                for d in demands.itertuples()
                if d.resource == r.resource and starts[d.task_id] <= now < starts[d.task_id] + length[d.task_id]
            )
            found += [f"{r.resource} at {now}"] if used > room else []
    return found


def starts_of(result: Schedule):
    return dict(zip(result.tasks.task_id, result.tasks.start, strict=True))


@st.composite
def problems(draw, most=4):
    names = [f"t{i}" for i in range(draw(st.integers(1, most)))]
    small = st.integers(0, 3)
    tasks = pd.DataFrame(
        [(n, draw(small), draw(small), draw(st.none() | st.integers(1, 6))) for n in names],
        columns=["task_id", "duration", "release", "deadline"],
    )
    pairs = [
        (a, b, draw(st.integers(0, 1))) for i, a in enumerate(names) for b in names[i + 1 :] if draw(st.booleans())
    ]
    room = draw(st.integers(1, 3))
    needs = [(n, "r", draw(st.integers(0, room))) for n in names]
    begin = draw(small)
    closed = [("r", begin, begin + draw(st.integers(1, 2)), 0)] if draw(st.booleans()) else []
    return (
        tasks,
        pd.DataFrame(pairs, columns=["before", "after", "lag"]).astype({"lag": int}),
        pd.DataFrame(needs, columns=["task_id", "resource", "units"]),
        pd.DataFrame([("r", room)], columns=["resource", "capacity"]),
        pd.DataFrame(closed, columns=["resource", "begin", "end", "capacity"]),
    )


@settings(max_examples=60, deadline=None)
@given(problems(most=7))
def test_every_constraint_is_kept_and_row_order_changes_nothing(frames):
    result = schedule(*frames, QUICK)
    assert violations(frames, starts_of(result)) == []
    assert result.lower_bound <= result.cost
    again = schedule(*(frame.iloc[::-1] for frame in frames), QUICK)
    pd.testing.assert_frame_equal(result.tasks, again.tasks)


@settings(max_examples=25, deadline=None)
@given(problems(most=3))
def test_no_schedule_of_a_tiny_plan_is_better(frames):
    tasks = frames[0]
    result = schedule(*frames, QUICK)

    def value(starts):
        ends = {t.task_id: starts[t.task_id] + t.duration for t in tasks.itertuples()}
        late = sum(max(0, ends[t.task_id] - t.deadline) for t in tasks.itertuples() if not pd.isna(t.deadline))
        return late, max(ends.values())

    best = value(starts_of(result))
    for times in product(range(best[1] + 1), repeat=len(tasks)):
        starts = dict(zip(tasks.task_id, times, strict=True))
        assert value(starts) >= best or violations(frames, starts)


def test_a_circle_is_named():
    tasks = pd.DataFrame({"task_id": ["a", "b"], "duration": 1, "release": 0, "deadline": None})
    circle = pd.DataFrame({"before": ["a", "b"], "after": ["b", "a"], "lag": 0})
    none = pd.DataFrame(columns=["task_id", "resource", "units", "begin", "end", "capacity"])
    with pytest.raises(ContractError, match="circle: "):
        schedule(tasks, circle, none, none, none, QUICK)
