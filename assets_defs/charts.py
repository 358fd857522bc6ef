"""Small charts embedded in an asset's metadata, drawn as SVG.

Belongs here: pictures that say more than a table, small enough for an event log. Does not: reports and dossiers.
"""

from __future__ import annotations

import base64
from html import escape
from typing import Any

import pandas as pd
from dagster import MarkdownMetadataValue, MetadataValue

MOST_BARS = 12
ROW_HEIGHT = 22
LABEL_WIDTH = 210
BAR_WIDTH = 260
TOTAL_WIDTH = 560
LONGEST_LABEL = 30


def bar_chart(values: pd.Series[Any]) -> MarkdownMetadataValue:
    """Return a horizontal bar chart of how often each value occurs, the commonest first.

    Args:
        values: One value per row; missing ones are not counted.
    """
    counted = values.value_counts()
    counts = sorted(((int(count), str(value)) for value, count in counted.items()), key=lambda bar: (-bar[0], bar[1]))
    if not counts:
        return MetadataValue.md("Nothing to show.")
    image = base64.b64encode(_svg(counts[:MOST_BARS]).encode()).decode()
    rest = f"\n\nand {len(counts) - MOST_BARS} more" if len(counts) > MOST_BARS else ""
    return MetadataValue.md(f"![bar chart](data:image/svg+xml;base64,{image}){rest}")


def _svg(bars: list[tuple[int, str]]) -> str:
    longest = bars[0][0]
    parts = []
    for row, (count, label) in enumerate(bars):
        top = row * ROW_HEIGHT
        width = max(1, round(BAR_WIDTH * count / longest))
        shown = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
        parts.append(
            f'<text x="{LABEL_WIDTH - 8}" y="{top + 15}" text-anchor="end">{escape(shown)}</text>'
            f'<rect x="{LABEL_WIDTH}" y="{top + 4}" width="{width}" height="14" fill="#3a66db"/>'
            f'<text x="{LABEL_WIDTH + width + 6}" y="{top + 15}">{count:,}</text>'
        )
    height = len(bars) * ROW_HEIGHT + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{TOTAL_WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="12" fill="#555">{"".join(parts)}</svg>'
    )
