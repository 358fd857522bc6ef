"""Points over two numbers: which thing is worth how much for what it takes.

Belongs here: points, axes, names of the most valuable. Does not: what the numbers are.
"""

from __future__ import annotations

from html import escape

import pandas as pd
from dagster import MarkdownMetadataValue, MetadataValue

from assets_defs.charts.svg import COLOURS, NOTHING, embedded, legend, line, svg, words
from flow_pipelines.edit_values import UNWRITABLE

WIDTH, HEIGHT, LEFT, TOP = 640, 360, 60, 40
# More would be one dark spot; the picture stays under 200 kB.
MOST_POINTS = 400
NAMED = 8


def scatter_chart(points: pd.DataFrame, *, x: str, y: str) -> MarkdownMetadataValue:
    """Return points over two numbers.

    Args:
        points: One row per point: name, x, y, and group, which gives the colour. Of more than 400 the highest are
            drawn.
        x: What the numbers to the right are.
        y: What the numbers upwards are.
    """
    if points.empty:
        return MetadataValue.md(NOTHING)
    drawn = points.astype({"x": float, "y": float}).sort_values(["y", "name"], ascending=[False, True])[:MOST_POINTS]
    wide, high = max(drawn["x"].max(), 1.0), max(drawn["y"].max(), 1.0)
    groups = sorted(drawn["group"].unique())
    colours = dict(zip(groups, COLOURS, strict=False))
    bottom = TOP + HEIGHT
    parts = [
        line(LEFT, bottom, LEFT + WIDTH, bottom),
        line(LEFT, TOP, LEFT, bottom),
        words(LEFT + WIDTH, bottom + 18, f"{x}, to {wide:,.0f}", anchor="end", longest=60),
        words(4, TOP - 8, f"{y}, to {high:,.0f}", longest=60),
        legend(LEFT + WIDTH / 2, 8, [(colours[group], group) for group in groups]),
    ]
    for place, (name, right, up, group) in enumerate(drawn[["name", "x", "y", "group"]].to_numpy().tolist()):
        left, top = LEFT + WIDTH * right / wide, bottom - HEIGHT * up / high
        hint = escape(UNWRITABLE.sub("", f"{name}: {right:,.1f} {x}, {up:,.0f} {y}"))
        parts.append(
            f'<circle cx="{left:.1f}" cy="{top:.1f}" r="5" fill="{colours[group]}" fill-opacity="0.7">'
            f"<title>{hint}</title></circle>"
        )
        if place < NAMED:
            is_right = left > LEFT + WIDTH * 0.7
            parts.append(words(left + (-8 if is_right else 8), top + 4, name, anchor="end" if is_right else "start"))
    return embedded(svg(LEFT + WIDTH + 20, bottom + 30, parts), "value over effort")
