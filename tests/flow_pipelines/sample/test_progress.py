"""The story of a made-up programme is possible, begins alike whenever it is told, and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from flow_pipelines.sample.progress import BACKED_OUT_WAVE, drawn_updates
from tests.flow_pipelines.plan.timeline.programmes import programme, timeline_of

MADE = timeline_of(programme(1, 1, 2, 2, 3))
END = datetime(2028, 1, 1, tzinfo=UTC)
NEXT = {
    None: {"in progress"},
    "in progress": {"blocked", "rolled back", "done"},
    "blocked": {"in progress"},
    "rolled back": {"in progress"},
}


def test_every_task_is_done_in_the_end_by_possible_steps_and_after_what_it_waits_for() -> None:
    told = drawn_updates(MADE.tasks, MADE.links, until=END, seed=1)
    tasks = MADE.tasks[MADE.tasks["kind"] != "milestone"]
    assert set(told["task"]) == set(tasks["task_name"])
    for _, own in told.groupby("task"):
        states = [None, *own["state"]]
        assert all(after in NEXT[before] for before, after in pairwise(states))
        assert states[-1] == "done"
    done = told[told["state"] == "done"].set_index("task")["at"]
    begun = told[told["state"] == "in progress"].groupby("task")["at"].max()
    for first, second in zip(MADE.links["predecessor_name"], MADE.links["successor_name"], strict=True):
        if first in done and second in done:
            assert done[first] <= begun[second]


def test_a_cutover_of_the_second_wave_is_backed_out_and_done_a_week_later() -> None:
    told = drawn_updates(MADE.tasks, MADE.links, until=END, seed=1)
    (name,) = told.loc[told["state"] == "rolled back", "task"]
    assert MADE.tasks.set_index("task_name")["wave_number"][name] == BACKED_OUT_WAVE
    begun = told.loc[(told["task"] == name) & (told["state"] == "in progress"), "at"].tolist()
    assert begun[1] - begun[0] == timedelta(weeks=1)


def test_what_is_told_later_begins_with_what_was_told_before() -> None:
    early = drawn_updates(MADE.tasks, MADE.links, until=datetime(2026, 8, 15, tzinfo=UTC), seed=1)
    late = drawn_updates(MADE.tasks.iloc[::-1], MADE.links, until=END, seed=1)
    assert 0 < len(early) < len(late)
    assert late.head(len(early)).equals(early)
    assert not drawn_updates(MADE.tasks, MADE.links, until=END, seed=2).equals(late)
