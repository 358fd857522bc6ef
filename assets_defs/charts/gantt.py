"""A Gantt picture of the roadmap: waves and milestones over months, with how late each may become.

Belongs here: drawing `assess/roadmap`. Does not: dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from assets_defs.charts.svg import COLOURS, GREY, LIGHT, RED, Picture, box, legend, line, month_lines, svg, words
from flow_pipelines.settings import Blackout

ROW_HEIGHT = 24
LABEL_WIDTH = 190
FULL_WIDTH, SMALL_WIDTH = 1100, 520
# The date of a milestone stands right of it, of the last one too.
LAST_LABEL = 90
HEAD = 44
MOST_ROWS_SMALL = 25
PHASES = ("landing_zone", "prepare", "migrate", "cutover", "hypercare", "decommission")
COLOUR_OF = dict(zip(PHASES, (GREY, COLOURS[4], COLOURS[0], COLOURS[5], COLOURS[2], GREY), strict=True))


@dataclass(frozen=True)
class _Axis:
    """Where a day stands."""

    first: date
    days: int
    width: float

    def x(self, day: date) -> float:
        return LABEL_WIDTH + (day - self.first).days / self.days * self.width


def gantt_chart(
    roadmap: pd.DataFrame, *, blackouts: Sequence[Blackout] = (), deadline: date | None = None
) -> Picture | None:
    """Return a roadmap as a picture; None if it has no steps.

    Args:
        roadmap: The rows of `assess/roadmap`.
        blackouts: Drawn as grey columns.
        deadline: Drawn as a red line.
    """
    if roadmap.empty:
        return None
    rows = _rows(roadmap)
    dates = [day for column in ("start_date", "end_date", "latest_end_date") for day in roadmap[column]]
    dates += [deadline] if deadline else []
    first, last = min(dates), max(dates)
    days = max((last - first).days + 1, 1)
    full = _draw(rows, _Axis(first, days, FULL_WIDTH), blackouts, deadline)
    small = _draw(_few(rows), _Axis(first, days, SMALL_WIDTH), blackouts, deadline)
    return Picture(small, full, "roadmap")


def _rows(roadmap: pd.DataFrame) -> list[tuple[str, list[dict[Any, Any]]]]:
    """Return the lines of the picture with the steps on each: one per wave, in order of time one per other step."""
    steps = roadmap.sort_values(["start_date", "end_date", "step_name"]).to_dict("records")
    lines: dict[str, list[dict[Any, Any]]] = {}
    for step in steps:
        name = step["step_name"] if pd.isna(step["wave_number"]) else f"Wave {step['wave_number']}"
        lines.setdefault(name, []).append(step)
    return list(lines.items())


def _few(rows: list[tuple[str, list[dict[Any, Any]]]]) -> list[tuple[str, list[dict[Any, Any]]]]:
    """Return so many lines that they can be read in the metadata: the waves in the middle as one."""
    if len(rows) <= MOST_ROWS_SMALL:
        return rows
    half = (MOST_ROWS_SMALL - 1) // 2
    between = rows[half : len(rows) - half]
    return [*rows[:half], (f"{len(between):,} more", [step for _, steps in between for step in steps]), *rows[-half:]]


def _draw(
    rows: list[tuple[str, list[dict[Any, Any]]]], axis: _Axis, blackouts: Sequence[Blackout], deadline: date | None
) -> str:
    height = HEAD + len(rows) * ROW_HEIGHT + 8
    parts = [legend(8, 4, [(COLOUR_OF[name], name.replace("_", " ")) for name in PHASES[1:5]])]
    end = axis.first + timedelta(days=axis.days)
    for one in blackouts:
        left, right = max(one.begin, axis.first), min(one.end + timedelta(days=1), end)
        if left < right:
            parts.append(box(axis.x(left), HEAD - 8, axis.x(right) - axis.x(left), height - HEAD, LIGHT, one.reason))
    parts += _months(axis, height)
    for number, (name, steps) in enumerate(rows):
        top = HEAD + number * ROW_HEIGHT
        parts.append(words(LABEL_WIDTH - 8, top + 15, name, anchor="end"))
        for step in steps:
            parts += _milestone(step, axis, top) if step["is_milestone"] else _bar(step, axis, top)
    if deadline:
        parts += [line(axis.x(deadline), HEAD - 8, axis.x(deadline), height, RED)]
        parts += [words(axis.x(deadline) - 4, 13, f"deadline {deadline}", anchor="end", fill=RED)]
    return svg(LABEL_WIDTH + axis.width + LAST_LABEL, height, parts)


def _months(axis: _Axis, height: float) -> list[str]:
    end = axis.first + timedelta(days=axis.days)
    months = [stamp.date() for stamp in pd.date_range(axis.first, end, freq="MS")]
    return month_lines([(f"{month:%Y-%m}", axis.x(month)) for month in months], HEAD - 8, height)


def _bar(step: dict[Any, Any], axis: _Axis, top: float) -> list[str]:
    day = timedelta(days=1)
    left, right = axis.x(step["start_date"]), axis.x(step["end_date"] + day)
    latest = axis.x(step["latest_end_date"] + day)
    hint = f"{step['step_name']}: {step['start_date']} to {step['end_date']}, at the latest {step['latest_end_date']}"
    parts = [box(left, top + 5, right - left, 12, COLOUR_OF[step["step_type"]], hint)]
    if latest > right and step["step_type"] in {"hypercare", "landing_zone", "decommission"}:
        parts += [line(right, top + 11, latest, top + 11), line(latest, top + 7, latest, top + 15)]
    return parts


def _milestone(step: dict[Any, Any], axis: _Axis, top: float) -> list[str]:
    x, y = axis.x(step["end_date"]), top + 11
    latest = axis.x(step["latest_end_date"])
    diamond = f'<path d="M{x:g} {y - 6:g} l6 6 l-6 6 l-6 -6 z" fill="#222"/>'
    return [line(x, y, latest, y), diamond, words(max(x, latest) + 9, y + 4, step["end_date"], fill=GREY)]
