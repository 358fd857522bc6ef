"""Steps on lanes: nobody does two things at once, nothing begins too early, and nobody stands idle beside work."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.execute.cutover.lanes import Work, place

PEOPLE = {"one": 1, "two": 2}


@st.composite
def works(draw: st.DrawFn) -> list[Work]:
    count = draw(st.integers(1, 25))
    return [
        Work(
            draw(st.integers(1, 9)),
            draw(st.sampled_from(sorted(PEOPLE))),
            tuple(sorted(draw(st.sets(st.integers(0, number - 1), max_size=3)))) if number else (),
            draw(st.sampled_from((0, 0, 7, 30))),
        )
        for number in range(count)
    ]


@given(works())
def test_what_is_waited_for_is_over_and_nobody_does_two_things_at_once(steps: list[Work]) -> None:
    placed = place(steps, PEOPLE)
    ends = [one.start + step.minutes for one, step in zip(placed, steps, strict=True)]
    for number, step in enumerate(steps):
        assert all(ends[before] <= placed[number].start for before in step.after)
        assert step.earliest <= placed[number].start
        assert 1 <= placed[number].person <= PEOPLE[step.lane]
    for one in range(len(steps)):
        for other in range(one):
            if (steps[one].lane, placed[one].person) == (steps[other].lane, placed[other].person):
                assert ends[one] <= placed[other].start or ends[other] <= placed[one].start


@given(works())
def test_a_step_waits_only_for_what_it_needs_or_for_people_who_are_all_busy(steps: list[Work]) -> None:
    placed = place(steps, PEOPLE)
    ends = [one.start + step.minutes for one, step in zip(placed, steps, strict=True)]
    for number, step in enumerate(steps):
        ready = max([step.earliest, *(ends[before] for before in step.after)])
        assert placed[number].waits_for_people == (placed[number].start > ready)
        for minute in range(ready, placed[number].start):
            busy = sum(
                placed[other].start <= minute < ends[other]
                for other in range(len(steps))
                if steps[other].lane == step.lane
            )
            assert busy == PEOPLE[step.lane]


@given(works())
def test_a_step_may_end_later_by_its_float_and_some_may_not_at_all(steps: list[Work]) -> None:
    placed = place(steps, PEOPLE)
    assert all(one.floating >= 0 for one in placed)
    ends = [one.start + step.minutes for one, step in zip(placed, steps, strict=True)]
    assert any(one.floating == 0 and end == max(ends) for one, end in zip(placed, ends, strict=True))
    # The chain without float goes back to the begin, or to a step that begins at its own time.
    assert any(one.floating == 0 and one.start == step.earliest for one, step in zip(placed, steps, strict=True))


def test_the_step_after_which_most_is_left_goes_first() -> None:
    steps = [Work(1, "one", ()), Work(1, "one", ()), Work(30, "two", (1,))]
    assert [one.start for one in place(steps, PEOPLE)] == [1, 0, 1]
