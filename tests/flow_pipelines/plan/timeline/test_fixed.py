"""What is done or fixed stays, all else keeps its constraints around it, and what moved is said."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.plan.timeline.fixed import moved_tasks
from flow_pipelines.plan.timeline.schedule import schedule
from tests.flow_pipelines.plan.timeline.checker import Frames, violations
from tests.flow_pipelines.plan.timeline.plans import QUICK, problems


@settings(max_examples=40)
@given(problems(most=7), st.integers(0, 127))
def test_a_schedule_that_is_fixed_in_part_keeps_that_and_is_late_no_more(frames: Frames, chosen: int) -> None:
    tasks, *others = frames
    first = schedule(*frames, settings=QUICK).tasks
    kept = {task for place, task in enumerate(first["task_id"]) if chosen >> place & 1}
    start = first.set_index("task_id")["start"]
    fixed = tasks.assign(fixed_start=[start[t] if t in kept else None for t in tasks["task_id"]])
    for near in (None, start.to_dict()):
        again = schedule(fixed, others[0], others[1], others[2], others[3], settings=QUICK, near=near).tasks
        starts = again.set_index("task_id")["start"].to_dict()
        broken = [told for told in violations(frames, starts) if told.rpartition(" before ")[2] not in kept]
        assert broken == []  # only in time for a fixed task one may fail to be, and that counts as late
        assert {task: starts[task] for task in kept} == {task: start[task] for task in kept}
        assert again["periods_late"].sum() <= first["periods_late"].sum()


def queue(durations: list[int]) -> Frames:
    """Tasks that one person does one after the other, in any order."""
    names = [f"t{number}" for number in range(len(durations))]
    return (
        pd.DataFrame({"task_id": names, "duration": durations, "release": 0, "deadline": None}),
        pd.DataFrame(columns=["before", "after", "lag"]),
        pd.DataFrame({"task_id": names, "resource": "r", "units": 1}),
        pd.DataFrame({"resource": ["r"], "capacity": [1]}),
        pd.DataFrame(columns=["resource", "begin", "end", "capacity"]),
    )


def test_what_is_planned_anew_stays_as_it_was_where_that_is_as_good() -> None:
    frames = queue([3, 3, 3, 3])
    before = {"t3": 0, "t1": 3, "t0": 6, "t2": 9}
    assert schedule(*frames, settings=QUICK).tasks.set_index("task_id")["start"].to_dict() != before
    again = schedule(*frames, settings=QUICK, near=before).tasks
    assert again.set_index("task_id")["start"].to_dict() == before


def test_what_is_planned_anew_moves_where_it_would_end_much_later_or_be_late() -> None:
    frames = queue([2, 9])
    closed = pd.DataFrame({"resource": ["r"], "begin": [10], "end": [40], "capacity": [0]})
    assert schedule(*frames[:4], closed, settings=QUICK, near={"t0": 0, "t1": 2}).end == 42, "t0 first would end at 49"
    tasks = frames[0].assign(deadline=[2, None])
    again = schedule(tasks, *frames[1:], settings=QUICK, near={"t1": 0, "t0": 9})
    assert again.tasks["periods_late"].sum() == 0


def pair(*, fixed_start: list[int | None]) -> Frames:
    """Two tasks, the second after the first."""
    return (
        pd.DataFrame(
            {"task_id": ["a", "b"], "duration": 3, "release": 0, "deadline": None, "fixed_start": fixed_start}
        ),
        pd.DataFrame({"before": ["a"], "after": ["b"], "lag": 1}),
        pd.DataFrame({"task_id": ["a", "b"], "resource": "r", "units": 1}),
        pd.DataFrame({"resource": ["r"], "capacity": [1]}),
        pd.DataFrame(columns=["resource", "begin", "end", "capacity"]),
    )


def test_a_fixed_task_holds_what_follows() -> None:
    result = schedule(*pair(fixed_start=[5, None]), settings=QUICK)
    assert list(result.tasks["start"]) == [5, 9]
    assert result.end == 12


def test_what_can_not_be_done_before_a_fixed_date_is_late_and_no_error() -> None:
    result = schedule(*pair(fixed_start=[None, 2]), settings=QUICK)
    assert result.tasks.loc[0, ["start", "periods_late"]].tolist() == [5, 7]


def test_all_may_be_fixed_even_against_every_limit() -> None:
    result = schedule(*pair(fixed_start=[0, 0]), settings=QUICK)
    assert list(result.tasks["start"]) == [0, 0]
    assert result.end == 3


def test_what_moved_is_said() -> None:
    before = schedule(*pair(fixed_start=[None, None]), settings=QUICK).tasks
    after = schedule(*pair(fixed_start=[1, None]), settings=QUICK).tasks
    assert moved_tasks(before, before).empty
    assert moved_tasks(before, after).to_numpy().tolist() == [["a", 0, 1, 3, 4], ["b", 4, 5, 7, 8]]
    gone = moved_tasks(before, after.iloc[1:])
    assert gone["start_after"].isna().tolist() == [True, False]
