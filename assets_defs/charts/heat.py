"""A heat map: how much of each role is needed in each week.

Belongs here: squares, the darker the more, red where it is too much. Does not: what is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from assets_defs.charts.svg import COLOURS, GREY, LIGHT, RED, Picture, box, svg, words

LABEL_WIDTH, SIDE, HEAD = 150, 22, 40
MOST_SMALL, MOST_FULL = 26, 260
PALEST = 0.08
COLUMNS_BETWEEN_LABELS = 3
WEEK = timedelta(weeks=1)


def heat_map(loads: pd.DataFrame) -> Picture | None:
    """Return the load of roles by week as a picture; None if nobody has work.

    Where there are more weeks than can be drawn, several in a row are drawn as one, by the fullest of them.

    Args:
        loads: The rows of `plan/resource_plan`.
    """
    if loads.empty:
        return None
    return Picture(_draw(loads, MOST_SMALL), _draw(loads, MOST_FULL), "load of roles by week")


def _draw(loads: pd.DataFrame, most: int) -> str:
    first, last = min(loads["week"]), max(loads["week"])
    count = (last - first) // WEEK + 1
    together = -(-count // most)
    roles = sorted(set(loads["role"]))
    columns = -(-count // together)
    cells: dict[tuple[str, int], list[Mapping[Any, Any]]] = {}
    for row in loads.sort_values(["role", "week"]).to_dict("records"):
        cells.setdefault((row["role"], (row["week"] - first) // WEEK // together), []).append(row)
    parts = _weeks(first, columns, together)
    for number, role in enumerate(roles):
        top = HEAD + number * SIDE
        parts.append(words(LABEL_WIDTH - 8, top + 15, role, anchor="end"))
        for column in range(columns):
            parts.append(_cell(LABEL_WIDTH + column * SIDE, top, cells.get((role, column), [])))
    return svg(LABEL_WIDTH + columns * SIDE + 60, HEAD + len(roles) * SIDE + 8, parts)


def _cell(left: float, top: float, rows: list[Mapping[Any, Any]]) -> str:
    if not rows:
        return box(left + 1, top + 1, SIDE - 2, SIDE - 2, LIGHT, opacity=0.4)
    over = [row for row in rows if row["hours_over"]]
    fullest = max(over or rows, key=lambda row: (row["hours_needed"] / max(row["hours_available"], 1), row["week"]))
    share = min(1.0, fullest["hours_needed"] / max(fullest["hours_available"], 1))
    hint = f"{fullest['role']}, week of {fullest['week']}: {fullest['hours_needed']:,} of "
    hint += f"{fullest['hours_available']:,} hours" + (f", {fullest['hours_over']:,} too many" if over else "")
    colour, opacity = (RED, 1.0) if over else (COLOURS[0], max(PALEST, share))
    return box(left + 1, top + 1, SIDE - 2, SIDE - 2, colour, hint, opacity=opacity)


def _weeks(first: date, columns: int, together: int) -> list[str]:
    parts = []
    for column in range(0, columns, COLUMNS_BETWEEN_LABELS):
        week = first + column * together * WEEK
        parts.append(words(LABEL_WIDTH + column * SIDE + 2, HEAD - 8, f"{week:%y-%m-%d}", fill=GREY))
    return parts
