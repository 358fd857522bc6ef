"""A timeline: one line per workload, or per wave where there are too many, with its tasks on it.

Belongs here: bars, milestones, deadlines. Does not: when tasks are done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from assets_defs.charts.svg import COLOURS, RED, Picture, box, legend, line, month_lines, svg, words

LABEL_WIDTH, LINE_HEIGHT, HEAD, FOOT = 200, 20, 44, 22
SMALL_WIDTH, FULL_WIDTH = 640, 1400
MOST_SMALL, MOST_FULL = 25, 400
# A month's name stands right of its line, that of the last one too.
LAST_LABEL = 52
SECONDS_OF_DAY = 86_400
COLOUR_OF = {"work": COLOURS[4], "transfer": COLOURS[1], "cutover": COLOURS[0]}


@dataclass(frozen=True)
class _Axis:
    """Where a moment stands."""

    first: pd.Timestamp
    days: float
    width: float

    def x(self, moment: pd.Timestamp) -> float:
        return LABEL_WIDTH + (moment - self.first).total_seconds() / SECONDS_OF_DAY / self.days * self.width


def timeline_chart(timeline: pd.DataFrame) -> Picture | None:
    """Return a timeline as a picture; None if it has no tasks. Tasks without float are underlined in red.

    Args:
        timeline: The rows of `plan/timeline`.
    """
    if timeline.empty:
        return None
    rows = timeline.sort_values(["planned_start", "planned_end", "task_name"])
    return Picture(_draw(rows, SMALL_WIDTH, MOST_SMALL), _draw(rows, FULL_WIDTH, MOST_FULL), "timeline")


def _draw(rows: pd.DataFrame, width: float, most: int) -> str:
    lines = _lines(rows, most)
    # The roadmap's window of each wave would be a line per wave: what is cut over later is seen at its milestone.
    due = rows.loc[rows["kind"] != "cutover", ["deadline", "deadline_reason"]].dropna().drop_duplicates()
    deadlines = sorted(due.itertuples(index=False, name=None))
    ends = [_midnight(day + timedelta(days=1)) for day, _ in deadlines]
    first, last = rows["planned_start"].min().normalize(), max([rows["planned_end"].max(), *ends])
    axis = _Axis(first, max((last - first).total_seconds() / SECONDS_OF_DAY, 1.0), width)
    height = HEAD + len(lines) * LINE_HEIGHT + FOOT
    names = [(colour, name) for name, colour in COLOUR_OF.items()]
    parts = [legend(8, 4, [*names, (RED, "no float")]), *_months(axis, height)]
    for number, (name, own) in enumerate(lines.items()):
        top = HEAD + number * LINE_HEIGHT
        parts.append(words(LABEL_WIDTH - 8, top + 14, name, anchor="end"))
        for row in own:
            parts += _task(row, axis, top)
    for (day, why), end in zip(deadlines, ends, strict=True):
        parts += [line(axis.x(end), HEAD - 8, axis.x(end), height, RED)]
        parts += [words(axis.x(end) - 4, height - 2, f"{why} {day}", anchor="end", fill=RED)]
    return svg(LABEL_WIDTH + axis.width + LAST_LABEL, height, parts)


def _lines(rows: pd.DataFrame, most: int) -> dict[str, list[Mapping[Any, Any]]]:
    """Return tasks by line: by workload, by wave if those are too many, and what is beyond that as one."""
    waves = "Wave " + rows["wave_number"].astype("string")
    waves = waves.fillna("Without a wave")
    names = rows["workload_name"].astype("string").fillna(waves)
    names = names if names.nunique() <= most else waves
    shown = list(dict.fromkeys(names))
    kept = set(shown if len(shown) <= most else shown[: most - 1])
    found: dict[str, list[Mapping[Any, Any]]] = {}
    for name, row in zip(names, rows.to_dict("records"), strict=True):
        found.setdefault(name if name in kept else f"{len(shown) - len(kept):,} more", []).append(row)
    return found


def _task(row: Mapping[Any, Any], axis: _Axis, top: float) -> list[str]:
    left, right = axis.x(row["planned_start"]), axis.x(row["planned_end"])
    hint = f"{row['task_name']}: {row['planned_start']:%Y-%m-%d %H:%M} to {row['planned_end']:%Y-%m-%d %H:%M}"
    if row["kind"] == "milestone":
        return [f'<path d="M{left:g} {top + 4:g} l6 6 l-6 6 l-6 -6 z" fill="#222"/>']
    if row["kind"] not in COLOUR_OF:
        return []
    bar = box(left, top + 4, right - left, 10, COLOUR_OF[row["kind"]], hint)
    return [bar, box(left, top + 15, right - left, 2, RED)] if row["is_critical"] else [bar]


def _months(axis: _Axis, height: float) -> list[str]:
    months = pd.date_range(axis.first, axis.first + timedelta(days=axis.days), freq="MS")
    return month_lines([(f"{month:%Y-%m}", axis.x(month)) for month in months], HEAD - 8, height)


def _midnight(day: date) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")
