"""A matrix: how much there is between each pair of things.

Belongs here: squares, the darker the more. Does not: what is counted.
"""

from __future__ import annotations

import pandas as pd
from dagster import MarkdownMetadataValue, MetadataValue

from assets_defs.charts.svg import COLOURS, LIGHT, NOTHING, RED, box, embedded, svg, words

MOST_SIDES = 20
SIDE = 34
LABEL_WIDTH = 110
PALEST = 0.12
DARK = 0.6
LARGEST_WRITTEN = 10_000


def matrix_chart(pairs: pd.DataFrame) -> MarkdownMetadataValue:
    """Return a matrix of numbers, in red below the diagonal: what comes first needs what comes later.

    Args:
        pairs: source and target, by number, and count; a pair may occur several times. What goes from one to itself
            is drawn paler. Numbers beyond the first twenty are drawn as one.
    """
    known = pairs.dropna(subset=["source", "target"])
    if known.empty:
        return MetadataValue.md(NOTHING)
    sides = sorted({int(number) for column in ("source", "target") for number in known[column]})
    last = sides[MOST_SIDES - 1] if len(sides) > MOST_SIDES else sides[-1]
    names = {number: f"{number}" if number < last or last == sides[-1] else f"{last}+" for number in sides}
    placed = known.assign(**{side: known[side].astype("int64").clip(upper=last) for side in ("source", "target")})
    summed = placed.groupby(["source", "target"], as_index=False)["count"].sum()
    ends = zip(summed["source"].tolist(), summed["target"].tolist(), strict=True)
    sums = dict(zip(ends, summed["count"].astype(float).tolist(), strict=True))
    shown = [number for number in sides if number <= last]
    between = max([count for (one, other), count in sums.items() if one != other], default=1.0)
    parts = [words(LABEL_WIDTH, 12, "row needs column")]
    for row, source in enumerate(shown):
        top = 24 + (row + 1) * SIDE
        parts += [words(LABEL_WIDTH - 8, top + 21, names[source], anchor="end")]
        parts += [words(LABEL_WIDTH + row * SIDE + SIDE / 2, 24 + 21, names[source], anchor="middle")]
        for column, target in enumerate(shown):
            parts += _cell(LABEL_WIDTH + column * SIDE, top, sums.get((source, target), 0.0), source, target, between)
    size = (len(shown) + 1) * SIDE + 30
    return embedded(svg(LABEL_WIDTH + size, size, parts), "matrix")


def _cell(  # noqa: PLR0917  (place, number and pair of a square)
    left: float, top: float, count: float, source: int, target: int, most: float
) -> list[str]:
    if not count:
        return [box(left + 1, top + 1, SIDE - 2, SIDE - 2, LIGHT, opacity=0.4)]
    hint = f"{source} needs {target}: {count:,.6g}"
    share = 0.25 if source == target else max(PALEST, min(count / most, 1.0))
    colour = RED if target > source else COLOURS[0]
    written = f"{count:,.0f}" if count < LARGEST_WRITTEN else f"{count / 1000:,.0f}k"
    ink = "#fff" if share > DARK else "#222"
    return [
        box(left + 1, top + 1, SIDE - 2, SIDE - 2, colour, hint, opacity=share),
        words(left + SIDE / 2, top + 21, written, anchor="middle", fill=ink),
    ]
