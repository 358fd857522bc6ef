"""Charts: well-formed whatever the text, the same for the same rows, readable at any size."""

from __future__ import annotations

import base64
import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from dagster import MarkdownMetadataValue

from assets_defs.charts import bar_chart, dependency_picture, gantt_chart, matrix_chart, stacked_bars
from flow_pipelines.assess.roadmap.roadmap import build_roadmap
from flow_pipelines.settings import Blackout, EngagementSettings
from tests.flow_pipelines.assess.plans import SCOPE, Planned, treatments, waves
from tests.flow_pipelines.assess.plans import overview as overview_of

HOSTILE = '</text><script>alert("x")</script>\x00\x1b&lt; "\' ]]>'
LARGEST_SMALL = 60_000


def picture(chart: MarkdownMetadataValue) -> str:
    found = re.search(r"base64,([^)]*)\)", str(chart.md_str))
    assert found
    return base64.b64decode(found.group(1)).decode()


def texts(svg: str) -> list[str]:
    # What the charts themselves wrote: nothing of it comes from outside.
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314


def workloads(count: int, *, in_wave: int = 1, name: str = "app") -> pd.DataFrame:
    rows = [
        {
            "workload_id": f"id{number:04}",
            "workload_name": f"{name}{number:04}",
            "wave_number": in_wave if number < count - 5 else 2,
            "move_group_name": f"group{number // 3:03}",
        }
        for number in range(count)
    ]
    return pd.DataFrame(rows).astype({"wave_number": "Int64"})


def edges(count: int) -> pd.DataFrame:
    pairs = [(f"id{number:04}", f"id{(number * 7 + 3) % count:04}") for number in range(count)]
    return pd.DataFrame(pairs, columns=["source_id", "target_id"])


def roadmap(count: int) -> pd.DataFrame:
    planned = [Planned(f"app{number}", number) for number in range(1, count + 1)]
    settings = EngagementSettings(as_of=date(2026, 9, 7))
    return build_roadmap(waves(planned), treatments(planned), overview_of(planned), scope=SCOPE, settings=settings)


def test_hostile_text_is_shown_as_text_and_breaks_nothing() -> None:
    frame = workloads(6, name=HOSTILE)
    shown = dependency_picture(frame, edges(6), 1)
    charts = [picture(bar_chart(pd.Series([HOSTILE]))), shown.small, shown.full]
    charts.append(picture(stacked_bars(pd.DataFrame({HOSTILE: [1.0]}, index=[HOSTILE]))))
    for svg in charts:
        assert svg is not None
        assert "<script" not in svg
        assert any("script" in words for words in texts(svg))


@pytest.mark.parametrize("count", [12, 500])
def test_the_order_of_rows_does_not_change_the_dependency_picture(count: int) -> None:
    frame, lines = workloads(count), edges(count)
    shuffled = frame.sample(frac=1, random_state=3), lines.sample(frac=1, random_state=4)
    assert dependency_picture(frame, lines, 1) == dependency_picture(*shuffled, 1)


def test_a_small_wave_shows_every_workload_and_the_waves_it_needs() -> None:
    shown = texts(dependency_picture(workloads(12), edges(12), 1).full)
    assert {f"app{number:04}" for number in range(7)} <= set(shown)
    assert "wave 2" in shown


def test_a_wave_of_hundreds_is_drawn_by_groups_and_stays_small() -> None:
    drawn = dependency_picture(workloads(500), edges(500), 1)
    assert drawn.small is not None
    assert len(drawn.small) < LARGEST_SMALL
    assert any(re.fullmatch(r"[\d,]+ more", words) for words in texts(drawn.small))
    assert any(words.startswith("group") for words in texts(drawn.full))


@pytest.mark.parametrize("count", [3, 300])
def test_a_roadmap_of_any_length_is_readable_and_names_its_milestones(count: int) -> None:
    rows = roadmap(count)
    freeze = Blackout(begin=date(2026, 12, 15), end=date(2027, 1, 8), reason="year-end close")
    drawn = gantt_chart(rows, blackouts=[freeze], deadline=date(2027, 6, 30))
    assert drawn is not None
    assert drawn.small is not None
    assert len(drawn.small) < LARGEST_SMALL * 4
    for svg in (drawn.small, drawn.full):
        assert {"Landing zone", "Data-centre exit", "Wave 1", "deadline 2027-06-30"} <= set(texts(svg))
    assert f"Wave {count}" in texts(drawn.full)
    assert "year-end close" in drawn.full


def test_no_bar_is_drawn_outside_of_the_picture() -> None:
    drawn = gantt_chart(roadmap(4), deadline=date(2026, 9, 7) + timedelta(days=2000))
    assert drawn is not None
    root = ET.fromstring(drawn.full)  # noqa: S314  (written by the chart itself)
    width = float(root.attrib["width"])
    boxes = root.iter("{http://www.w3.org/2000/svg}rect")
    assert all(float(box.attrib["x"]) + float(box.attrib["width"]) <= width for box in boxes)


def test_a_roadmap_without_steps_has_no_picture() -> None:
    assert gantt_chart(roadmap(1).iloc[:0]) is None


def test_stacked_bars_name_each_bar_and_add_up_what_is_too_much() -> None:
    table = pd.DataFrame({"low": range(100), "high": range(100)}, index=[f"Wave {n}" for n in range(100)])
    shown = texts(picture(stacked_bars(table)))
    assert "Wave 0" in shown
    assert "71 more" in shown
    assert f"{2 * sum(range(29, 100)):,}" in shown


def test_a_matrix_tells_how_much_each_needs_of_each_and_marks_what_comes_too_late() -> None:
    pairs = pd.DataFrame({"source": [1, 1, 2], "target": [2, 2, 1], "count": [3, 4, 9]})
    svg = picture(matrix_chart(pairs))
    assert "1 needs 2: 7" in svg
    assert {"7", "9"} <= set(texts(svg))
    many = pd.DataFrame({"source": range(1, 101), "target": range(2, 102), "count": 1})
    assert "20+" in texts(picture(matrix_chart(many)))


def test_nothing_is_said_to_be_nothing() -> None:
    empty = pd.DataFrame({"source": [], "target": [], "count": []})
    for chart in (bar_chart(pd.Series([], dtype=object)), stacked_bars(pd.DataFrame()), matrix_chart(empty)):
        assert chart.md_str == "Nothing to show."
