"""Lanes over minutes: who does what when in a cutover, what has no float, and until when there is a way back.

Belongs here: drawing one section of a runbook. Does not: when steps are done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from assets_defs.charts.svg import COLOURS, GREY, INK, LIGHT, RED, Picture, box, legend, line, svg, words

LABEL_WIDTH, LINE_HEIGHT, HEAD, FOOT = 190, 18, 64, 24
WIDTH = 1_000
# Machines and owners beyond so many are one line: what they do at once is seen by how dark it is.
MOST_LANES = 6
MARKS = 12
STEPS_OF_SCALE = (5, 10, 15, 30, 60, 120, 240, 480, 720, 1440)
COLOUR_OF = {
    "stop": COLOURS[5],
    "sync": COLOURS[1],
    "launch": COLOURS[4],
    "dns": COLOURS[3],
    "start": COLOURS[2],
    "check": COLOURS[0],
    "acceptance": COLOURS[6],
    "gate": INK,
    "communication": GREY,
    "freeze": GREY,
}
BACK_OUT, MILESTONE = "back-out", "milestone"


@dataclass(frozen=True)
class _Axis:
    """Where a minute stands."""

    last: float

    def x(self, minute: float) -> float:
        return LABEL_WIDTH + minute / self.last * WIDTH


def lanes_chart(section: pd.DataFrame) -> Picture:
    """Return the cutover of a section as a picture. Steps without float are underlined in red.

    Args:
        section: The rows of `execute/cutover_runbook` of one section.
    """
    steps = section[(section["phase"] == "cutover") & (section["kind"] != MILESTONE)]
    steps = steps.sort_values(["start_minute", "end_minute", "task_name"])
    end = int(steps["end_minute"].max())
    axis = _Axis(max(end * 1.06, 1.0))
    lines = _lines(steps)
    height = HEAD + len(lines) * LINE_HEIGHT + FOOT
    parts = [legend(8, 4, [(colour, kind) for kind, colour in COLOUR_OF.items() if kind != "freeze"])]
    parts += _scale(axis, height)
    for number, (name, own) in enumerate(lines.items()):
        top = HEAD + number * LINE_HEIGHT
        parts += [words(LABEL_WIDTH - 8, top + 12, name, anchor="end")]
        parts += [line(LABEL_WIDTH, top + LINE_HEIGHT - 1, LABEL_WIDTH + WIDTH, top + LINE_HEIGHT - 1, LIGHT)]
        for row in own:
            parts += _step(row, axis, top)
    parts += _marks(section, axis, height, end)
    return Picture(None, svg(LABEL_WIDTH + WIDTH + 20, height, parts), "lanes over minutes")


def _lines(steps: pd.DataFrame) -> dict[str, list[Mapping[Any, Any]]]:
    """Return steps by line: roles in the order in which they begin, machines last."""
    machines = set(steps.loc[steps["is_automatic"].astype(bool), "role"])
    found: dict[str, list[Mapping[Any, Any]]] = {}
    for role in sorted(dict.fromkeys(steps["role"]), key=lambda one: one in machines):
        own = steps[steps["role"] == role]
        lanes = sorted(own["lane"].unique(), key=lambda lane: (len(lane), lane))
        is_one = len(lanes) > MOST_LANES
        found |= {f"{role}: {len(lanes)} at once" if is_one else lane: [] for lane in (lanes[:1] if is_one else lanes)}
        for row in own.to_dict("records"):
            found[f"{role}: {len(lanes)} at once" if is_one else str(row["lane"])].append(row)
    return found


def _step(row: Mapping[Any, Any], axis: _Axis, top: float) -> list[str]:
    left, right = axis.x(row["start_minute"]), axis.x(row["end_minute"])
    hint = f"{row['task_name']}: T+{row['start_minute']} to T+{row['end_minute']}, {row['lane']}"
    bar = box(left + 0.5, top + 2, right - left - 1, 10, COLOUR_OF[row["kind"]], hint, opacity=0.8)
    return [bar, box(left + 0.5, top + 13, right - left - 1, 2, RED)] if row["is_critical"] else [bar]


def _scale(axis: _Axis, height: float) -> list[str]:
    step = next((one for one in STEPS_OF_SCALE if axis.last / one <= MARKS), STEPS_OF_SCALE[-1])
    parts = []
    for minute in range(0, int(axis.last) + 1, step):
        parts += [line(axis.x(minute), HEAD - 6, axis.x(minute), height - FOOT, LIGHT)]
        parts += [words(axis.x(minute), HEAD - 10, f"T+{minute}", anchor="middle", fill=GREY)]
    return parts


def _marks(section: pd.DataFrame, axis: _Axis, height: float, end: int) -> list[str]:
    """Return the point of no return, and the milestones: those beyond the picture as words at its end."""
    decided = section.loc[section["is_point_of_no_return"].astype(bool), "end_minute"]
    marks = [(int(minute), "point of no return") for minute in decided]
    milestones = section[section["kind"] == MILESTONE].sort_values("start_minute")
    marks += [(int(row["start_minute"]), str(row["step"])) for row in milestones.to_dict("records")]
    parts, beyond = [], []
    for minute, name in marks:
        if 0 <= minute <= axis.last:
            parts += [line(axis.x(minute), HEAD - 28, axis.x(minute), height - FOOT, RED)]
            parts += [words(axis.x(minute) - 4, HEAD - 24, f"{name} T+{minute}", anchor="end", fill=RED, longest=50)]
        else:
            beyond.append(f"{name} T{minute:+d}")
    if beyond:
        text = f"all is done at T+{end}; {', '.join(beyond)} →"
        parts += [words(LABEL_WIDTH + WIDTH, height - 6, text, anchor="end", longest=120)]
    return parts
