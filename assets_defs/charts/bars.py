"""Bars: how often each value occurs, and what each row adds up to by kind.

Belongs here: horizontal bars, simple and stacked. Does not: time (`gantt.py`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from dagster import MarkdownMetadataValue, MetadataValue

from assets_defs.charts.svg import COLOURS, NOTHING, box, embedded, legend, svg, words

MOST_BARS = 12
MOST_STACKS = 30
ROW_HEIGHT = 22
LABEL_WIDTH = 210
BAR_WIDTH = 260
TOTAL_WIDTH = 560


def bar_chart(values: pd.Series[Any]) -> MarkdownMetadataValue:
    """Return a horizontal bar chart of how often each value occurs, the commonest first.

    Args:
        values: One value per row; missing ones are not counted.
    """
    drawn = counted_bars(values)
    if drawn is None:
        return MetadataValue.md(NOTHING)
    more = values.nunique() - MOST_BARS
    chart = embedded(drawn, "bar chart")
    rest = f"\n\nand {more} more" if more > 0 else ""
    return MetadataValue.md(f"{chart.md_str}{rest}")


def counted_bars(values: pd.Series[Any]) -> str | None:
    """Return how often each value occurs as SVG, the twelve commonest; None if there is none.

    Args:
        values: See `bar_chart`.
    """
    counted = values.value_counts()
    counts = sorted(((int(count), str(value)) for value, count in counted.items()), key=lambda bar: (-bar[0], bar[1]))
    return _bars(counts[:MOST_BARS]) if counts else None


def _bars(bars: list[tuple[int, str]]) -> str:
    longest = bars[0][0]
    parts = []
    for row, (count, label) in enumerate(bars):
        top = row * ROW_HEIGHT
        width = max(1, round(BAR_WIDTH * count / longest))
        parts += [
            words(LABEL_WIDTH - 8, top + 15, label, anchor="end"),
            box(LABEL_WIDTH, top + 4, width, 14, COLOURS[0]),
            words(LABEL_WIDTH + width + 6, top + 15, f"{count:,}"),
        ]
    return svg(TOTAL_WIDTH, len(bars) * ROW_HEIGHT + 4, parts)


def stacked_bars(table: pd.DataFrame) -> MarkdownMetadataValue:
    """Return one bar per row, made up of its columns.

    Args:
        table: Numbers from 0 on; its index names the bars, in the order in which they are drawn, its columns the
            parts. Bars beyond the first thirty are drawn as one.
    """
    drawn = summed_bars(table)
    return embedded(drawn, "stacked bars") if drawn else MetadataValue.md(NOTHING)


def summed_bars(table: pd.DataFrame) -> str | None:
    """Return one bar per row as SVG; None if there is nothing to sum up.

    Args:
        table: See `stacked_bars`.
    """
    if table.empty or not table.columns.size:
        return None
    table = table.astype(float)
    if len(table) > MOST_STACKS:
        rest = table.iloc[MOST_STACKS - 1 :]
        summed = pd.DataFrame([rest.sum()], index=[f"{len(rest):,} more"])
        table = pd.concat([table.iloc[: MOST_STACKS - 1], summed])
    longest = max(float(table.sum(axis="columns").max()), 1.0)
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(table.columns))]
    parts = [legend(8, 4, zip(colours, map(str, table.columns), strict=True))]
    for row, (label, numbers) in enumerate(table.iterrows(), start=1):
        top, left = row * ROW_HEIGHT, float(LABEL_WIDTH)
        parts.append(words(LABEL_WIDTH - 8, top + 15, label, anchor="end"))
        for colour, name, number in zip(colours, table.columns, numbers, strict=True):
            width = round(BAR_WIDTH * number / longest, 1)
            if width:
                parts.append(box(left, top + 4, width, 14, colour, f"{name}: {number:,.6g}"))
            left += width
        parts.append(words(left + 6, top + 15, f"{numbers.sum():,.6g}"))
    return svg(TOTAL_WIDTH, (len(table) + 1) * ROW_HEIGHT + 4, parts)
