"""Whatever the waves, treatments and settings: every limit holds, on the axis and by the clocks of real days."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.plan.timeline import gates
from flow_pipelines.plan.timeline.programme import scheduled_programme, solve
from tests.flow_pipelines.plan.timeline.checker import violations
from tests.flow_pipelines.plan.timeline.programmes import SCOPE, programme, settings_of, timeline_of

TREATMENTS = ("rehost", "relocate", "replatform", "refactor", "repurchase", "retire", "retain")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
EVERY_NIGHT = ", ".join(f"{{weekday: {day}, begins: 22, hours: 8}}" for day in DAYS)
WINDOWS = (
    f"[{EVERY_NIGHT}]",
    "[]",
    "[{weekday: tuesday, begins: 22, hours: 6}]",
    "[{weekday: friday, begins: 15, hours: 10}]",
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    zone = draw(st.sampled_from(["UTC", "Europe/Zurich", "America/New_York"]))
    people = draw(st.integers(1, 2))
    absence = "{begin: 2026-07-20, end: 2026-07-24, people: 1}"
    return (
        f"schedule: {{effort_seconds: 0.1, time_zone: {zone}, change_windows: {draw(st.sampled_from(WINDOWS))}, "
        f"roles: [{{role: migration engineer, people: {people}, absences: [{absence}]}}], holidays: [2026-08-03]}}\n"
        "waves: {blackouts: [{begin: 2026-08-17, end: 2026-08-28, reason: close}]}"
    )


def test_no_cutover_goes_on_from_one_night_into_the_next() -> None:
    text = (
        "schedule: {effort_seconds: 0.2, roles: [{role: migration engineer, people: 1}], "
        f"change_windows: [{EVERY_NIGHT}]}}"
    )
    rows = timeline_of(programme(*[1] * 6, effort_days=12.0), text).tasks
    nights = rows[rows["kind"] == "cutover"]
    assert set(nights["duration_hours"]) == {6}
    assert set(nights["planned_end"].dt.hour) <= {4, 5, 6}


@settings(max_examples=12)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=4), st.sampled_from(TREATMENTS), texts())
def test_every_limit_holds(waves: list[int], treatment: str, text: str) -> None:
    frames = programme(*waves, treatment=treatment, effort_days=15.0)
    own = settings_of(text)
    made, result = solve(*frames, scope=SCOPE, settings=own, fixed={})
    told = timeline_of(frames, text)
    assert gates.timeline_problems(frames[0], told.tasks) == []
    assert gates.link_problems(told.tasks, told.links) == []
    if made.tasks.empty:
        return
    tasks = made.tasks[["task_id", "duration", "release"]]
    starts = dict(zip(result.tasks["task_id"], result.tasks["start"], strict=True))
    assert violations((tasks, *made.frames[1:]), starts) == []
    rows = told.tasks
    for row in rows.to_dict("records"):
        is_cutover = row["kind"] == "cutover"
        if row["kind"] != "milestone":
            assert made.clock.is_open(row["planned_start"], is_cutover=is_cutover)
        if is_cutover:
            assert row["planned_end"] - row["planned_start"] == pd.Timedelta(hours=row["duration_hours"])
            window = made.clock.window_at(row["planned_start"])
            assert window is not None
            assert row["planned_end"] <= window.closes
    again = scheduled_programme(*frames, rows, scope=SCOPE, settings=own).tasks.set_index("task_id")
    working = rows.loc[rows["kind"] != "milestone", "task_id"]
    assert {one: again.at[one, "start"] for one in working} == {one: starts[one] for one in working}  # noqa: PD008
