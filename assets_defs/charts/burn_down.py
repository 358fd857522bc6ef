"""A burn-down: what is left week by week as planned, as it was, and as it will be.

Belongs here: its three lines. Does not: what they are (`flow_pipelines/execute/reports/`).
"""

from __future__ import annotations

import pandas as pd

from assets_defs.charts.svg import COLOURS, GREY, INK, LIGHT, Picture, legend, line, svg, words

LEFT, TOP, HEIGHT, FOOT = 60, 40, 220, 28
SMALL_WIDTH, FULL_WIDTH = 560, 1200
LINES = {"planned_tasks_left": ("as planned", GREY), "tasks_left": ("as it was", COLOURS[0]),
         "forecast_tasks_left": ("as foretold", COLOURS[1])}  # fmt: skip
MOST_LABELS = 10


def burn_down_chart(weeks: pd.DataFrame) -> Picture | None:
    """Return the tasks left at the end of each week as a picture; None if there is no week.

    Args:
        weeks: The rows of `execute/burn_down`.
    """
    if weeks.empty:
        return None
    rows = weeks.sort_values("week", ignore_index=True)
    return Picture(_draw(rows, SMALL_WIDTH), _draw(rows, FULL_WIDTH), "burn-down of tasks")


def _draw(rows: pd.DataFrame, width: float) -> str:
    most = max(1.0, float(rows[list(LINES)].astype("Float64").max().max()))
    step = width / max(1, len(rows) - 1)
    parts = [legend(8, 8, [(colour, name) for name, colour in LINES.values()])]
    for share in (0.0, 0.5, 1.0):
        y = TOP + HEIGHT * (1 - share)
        parts += [line(LEFT, y, LEFT + width, y, LIGHT), words(LEFT - 8, y + 4, f"{most * share:,.0f}", anchor="end")]
    for number in range(0, len(rows), max(1, -(-len(rows) // MOST_LABELS))):
        x = LEFT + number * step
        parts += [
            line(x, TOP, x, TOP + HEIGHT, LIGHT),
            words(x, TOP + HEIGHT + 18, rows["week"][number], anchor="middle"),
        ]
    for column, (_, colour) in LINES.items():
        told = [(number, float(left)) for number, left in enumerate(rows[column]) if not pd.isna(left)]
        points = [f"{LEFT + number * step:g},{TOP + HEIGHT * (1 - left / most):g}" for number, left in told]
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return svg(LEFT + width + 40, TOP + HEIGHT + FOOT, [*parts, line(LEFT, TOP, LEFT, TOP + HEIGHT, INK)])
