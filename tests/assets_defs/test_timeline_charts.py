"""Gantt chart and heat map: well-formed whatever the text, the same for the same rows, readable at any size."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pandas as pd

from assets_defs.charts import heat_map, timeline_chart
from tests.flow_pipelines.plan.timeline.programmes import programme, timeline_of

HOSTILE = '</text><script>alert("x")</script>\x00\x1b&lt; "\' ]]>'
MADE = timeline_of(programme(1, 2, 2), "schedule: {effort_seconds: 0.2}\nroadmap: {deadline: 2027-06-30}").tasks


def texts(svg: str) -> list[str]:
    # What the charts themselves wrote: nothing of it comes from outside.
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314


def many(count: int) -> pd.DataFrame:
    frames = [
        MADE.assign(workload_name=MADE["workload_name"].map(lambda name, n=n: f"{name}-{n}")) for n in range(count)
    ]
    return pd.concat(frames, ignore_index=True)


def loads(weeks: int) -> pd.DataFrame:
    mondays = [day.date() for day in pd.date_range("2026-06-29", periods=weeks, freq="W-MON")]
    told = {"hours_needed": 20, "hours_available": 40, "hours_over": 0}
    return pd.DataFrame([{"role": HOSTILE, "week": day, **told} for day in mondays])


def test_a_timeline_shows_each_workload_its_milestones_and_the_deadline() -> None:
    picture = timeline_chart(MADE)
    assert picture
    shown = texts(picture.full)
    assert {"w1", "w2", "w3"} <= set(shown)
    assert any("data-centre exit" in text for text in shown)


def test_hostile_names_are_shown_as_text() -> None:
    picture = timeline_chart(MADE.assign(workload_name=HOSTILE, task_name=HOSTILE))
    heat = heat_map(loads(3))
    assert picture
    assert heat
    for svg in (picture.full, picture.small, heat.full, heat.small):
        assert svg
        assert "<script" not in svg
        assert any("alert" in text for text in texts(svg))


def test_too_many_workloads_are_drawn_by_wave() -> None:
    picture = timeline_chart(many(20))
    assert picture
    assert picture.small
    assert {"Wave 1", "Wave 2"} <= set(texts(picture.small))
    assert not any(text.startswith("w1-") for text in texts(picture.small))


def test_row_order_changes_no_picture() -> None:
    for one, other in (
        (timeline_chart(MADE), timeline_chart(MADE.iloc[::-1])),
        (heat_map(loads(9)), heat_map(loads(9).iloc[::-1])),
    ):
        assert one == other


def test_weeks_that_are_too_many_are_drawn_together_and_too_much_is_red() -> None:
    crowded = loads(200)
    crowded.loc[150, "hours_over"] = 8
    picture = heat_map(crowded)
    assert picture
    assert picture.small
    assert picture.small.count("<rect") <= 26
    assert "8 too many" in picture.small


def test_nothing_is_drawn_of_nothing() -> None:
    assert timeline_chart(MADE.iloc[:0]) is None
    assert heat_map(loads(1).iloc[:0]) is None
