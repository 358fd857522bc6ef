"""A missed deadline is priced, and the remedy that is named does mend it when the plan is made again."""

import pandas as pd
from hypothesis import given, settings

from flow_pipelines.plan.timeline.deadlines import capacity_remedies, missed_deadlines
from flow_pipelines.plan.timeline.schedule import schedule
from tests.flow_pipelines.plan.timeline.checker import Frames
from tests.flow_pipelines.plan.timeline.plans import QUICK, problems


def four_moves(*, deadline: int) -> Frames:
    """Four moves of two periods, one after the other for want of people, all due together."""
    names = ["a", "b", "c", "d"]
    return (
        pd.DataFrame({"task_id": names, "duration": 2, "release": 0, "deadline": deadline}),
        pd.DataFrame(columns=["before", "after", "lag"]).astype({"lag": int}),
        pd.DataFrame({"task_id": names, "resource": "people", "units": 1}),
        pd.DataFrame({"resource": ["people", "trucks"], "capacity": [1, 1]}),
        pd.DataFrame(columns=["resource", "begin", "end", "capacity"]),
    )


def test_one_more_person_keeps_what_one_alone_misses() -> None:
    frames = four_moves(deadline=4)
    remedies = capacity_remedies(*frames)
    assert remedies.to_dict("records") == [
        {"resource": "people", "more_units": 1, "periods_late_now": 6, "periods_late_then": 0}
    ]
    missed = missed_deadlines(*frames, placed=schedule(*frames, settings=QUICK).tasks)
    assert list(missed["periods_late"]) == [4, 2]
    assert list(missed["periods_late_at_best"]) == [0, 0]


def test_no_capacity_is_named_for_what_is_too_long() -> None:
    frames = four_moves(deadline=1)
    remedies = capacity_remedies(*frames)
    assert remedies.loc[0, ["more_units", "periods_late_then"]].tolist() == [3, 4]
    missed = missed_deadlines(*frames, placed=schedule(*frames, settings=QUICK).tasks)
    assert list(missed["periods_late_at_best"]) == [1, 1, 1, 1]


def test_a_plan_in_time_needs_nothing() -> None:
    frames = four_moves(deadline=8)
    assert capacity_remedies(*frames).empty
    assert missed_deadlines(*frames, placed=schedule(*frames, settings=QUICK).tasks).empty


@settings(max_examples=25)
@given(problems(most=6))
def test_the_units_that_are_named_suffice(frames: Frames) -> None:
    tasks, precedences, demands, resources, calendar = frames
    for remedy in capacity_remedies(*frames).itertuples():
        wider = resources.assign(capacity=resources["capacity"] + remedy.more_units)
        result = schedule(tasks, precedences, demands, wider, calendar, settings=QUICK)
        assert result.tasks["periods_late"].sum() <= remedy.periods_late_then
