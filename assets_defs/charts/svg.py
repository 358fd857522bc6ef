"""The few shapes that charts are made of, as SVG, safe whatever the text in them.

Belongs here: shapes, colours, embedding. Does not: any particular chart.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from dagster import MarkdownMetadataValue, MetadataValue

from flow_pipelines.edit_values import UNWRITABLE

GREY, LIGHT, RED, INK = "#9aa3b2", "#e6e9ef", "#c0392b", "#444"
# Apart for people who don't see all colours, after Okabe and Ito.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6bb1", "#7f7f7f", "#b5a300")
NOTHING = "Nothing to show."
MOST_MONTHS = 12
# Marks that turn the direction of what follows them: a name could read as another one.
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Picture:
    """A chart in two sizes.

    Attributes:
        small: SVG that is embedded in the metadata; None if it would not be readable there.
        full: SVG that is written to a file.
        title: What it shows, in a few words.
    """

    small: str | None
    full: str
    title: str


def harmless(text: object) -> str:
    """Return a text without what no picture can hold, and without what turns the direction of writing around it."""
    return TURNING.sub("", UNWRITABLE.sub("", str(text)))


def svg(width: float, height: float, parts: Iterable[str]) -> str:
    """Return a picture of shapes."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    font = f'font-family="sans-serif" font-size="12" fill="{INK}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(parts)}</svg>'


def embedded(picture: str, title: str) -> MarkdownMetadataValue:
    """Return a picture as metadata that Dagster shows."""
    image = base64.b64encode(picture.encode()).decode()
    return MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{image})")


def words(x: float, y: float, text: object, *, anchor: str = "start", longest: int = 30, fill: str = INK) -> str:
    """Return text at a place, cut to a length; the whole of it is shown when pointed at."""
    whole = harmless(text)
    shown = whole if len(whole) <= longest else whole[: longest - 1] + "…"
    hint = f"<title>{escape(whole)}</title>" if shown != whole else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{fill}">{escape(shown)}{hint}</text>'


def box(  # noqa: PLR0917  (a rectangle has four numbers and a colour)
    x: float, y: float, width: float, height: float, fill: str, hint: str = "", *, opacity: float = 1.0
) -> str:
    """Return a filled rectangle, of which a hint is shown when pointed at."""
    title = f"<title>{escape(harmless(hint))}</title>" if hint else ""
    faint = f' fill-opacity="{opacity:.3g}"' if opacity < 1 else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{max(width, 1):g}" height="{height:g}" fill="{fill}"{faint}>{title}</rect>'
    )


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = GREY) -> str:
    """Return a thin line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{stroke}"/>'


def month_lines(months: Sequence[tuple[object, float]], top: float, height: float) -> list[str]:
    """Return a line at the first of months, with its name above; of more than twelve only so many as can be read.

    Args:
        months: Of each first of a month its name and where it stands.
        top: Where lines begin.
        height: Where they end.
    """
    every = max(1, -(-len(months) // MOST_MONTHS))
    return [
        part
        for name, x in months[::every]
        for part in (line(x, top, x, height, LIGHT), words(x + 2, top - 4, name, fill=GREY))
    ]


def legend(x: float, y: float, names: Iterable[tuple[str, str]]) -> str:
    """Return pairs of colour and name in a row."""
    parts = []
    for colour, name in names:
        parts += [box(x, y, 10, 10, colour), words(x + 14, y + 9, name)]
        x += 14 + 7 * min(len(name), 30) + 14
    return "".join(parts)
