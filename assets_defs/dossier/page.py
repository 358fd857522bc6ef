"""A page that needs nothing but itself: no script, no font, no picture from elsewhere; safe whatever the text in it.

Belongs here: turning texts, tables and pictures into HTML. Does not: what is told (`parts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from flow_pipelines.edit_values import UNWRITABLE

# Nothing is loaded, sent or run, whatever a cell holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = Path(__file__).with_name("dossier.css")
NONE = "-"
# A longer table is folded: a page that has to be scrolled through is not read.
SHOWN_ROWS = 12


@dataclass(frozen=True)
class Part:
    """One part of the page.

    Attributes:
        anchor: Its name in links.
        title: Its heading.
        html: What is in it, safe already; empty if there is nothing yet.
    """

    anchor: str
    title: str
    html: str


@dataclass(frozen=True)
class Chapter:
    """The parts of one flow.

    Attributes:
        title: Its heading.
        purpose: What the flow is for.
        parts: In order.
    """

    title: str
    purpose: str
    parts: Sequence[Part]


def safe(text: object) -> str:
    """Return text as HTML shows it, without what no page can hold."""
    return escape(UNWRITABLE.sub("", str(text)))


def cell(value: Any) -> str:  # noqa: ANN401  (whatever a row holds)
    """Return a value as people read it, safe."""
    match value:
        case list() | tuple():
            text = "<br>".join(safe(one) for one in value) or NONE
        case _ if value is None or pd.isna(value):
            text = NONE
        case bool():
            text = "yes" if value else "no"
        case datetime():
            text = f"{value:%Y-%m-%d %H:%M}"
        case int():
            text = f"{value:,}"
        case float():
            text = f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"
        case _:
            text = safe(value)
    return text


def table(rows: pd.DataFrame, headings: Sequence[tuple[str, str]], *, of: int, kept_in: str) -> str:
    """Return rows as a table, with a line that says where the others are.

    Args:
        rows: The rows that are shown.
        headings: Of each column its heading and what it means.
        of: How many rows there are.
        kept_in: The table, flow/table, that has all of them.
    """
    if rows.empty:
        return ""
    numeric = [pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in rows.dtypes]
    head = "".join(f'<th title="{safe(hint)}">{safe(name)}</th>' for name, hint in headings)
    body = []
    for values in rows.astype(object).itertuples(index=False, name=None):
        cells = zip(values, numeric, strict=True)
        body.append("".join(f'<td class="number">{cell(v)}</td>' if n else f"<td>{cell(v)}</td>" for v, n in cells))
    lines = "".join(f"<tr>{row}</tr>" for row in body)
    shown = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
    if of <= SHOWN_ROWS:
        return shown
    counted = f"The first {len(rows):,} of {of:,} rows" if of > len(rows) else f"{of:,} rows"
    return f"<details><summary>{counted} of {safe(kept_in)}</summary>{shown}</details>"


def figure(svg: str | None, caption: str) -> str:
    """Return a picture of ours; nothing if there is none."""
    return f"<figure>{svg}<figcaption>{safe(caption)}</figcaption></figure>" if svg else ""


def cards(numbers: Iterable[tuple[str, object]]) -> str:
    """Return a few numbers, each with what it is."""
    shown = "".join(f"<div><b>{cell(value)}</b><span>{safe(name)}</span></div>" for name, value in numbers)
    return f'<div class="cards">{shown}</div>' if shown else ""


def page(title: str, intro: str, head: str, chapters: Sequence[Chapter]) -> str:
    """Return the whole page.

    Args:
        title: Of the page.
        intro: What it rests on, as text.
        head: What stands before the chapters, safe already.
        chapters: In order.
    """
    links, body = [], []
    for chapter in chapters:
        links.append(f"<b>{safe(chapter.title)}</b>")
        body.append(f'<h2>{safe(chapter.title)}</h2><p class="soft">{safe(chapter.purpose)}</p>')
        for part in chapter.parts:
            empty = "" if part.html else ' class="empty"'
            links.append(f'<a href="#{part.anchor}"{empty}>{safe(part.title)}</a>')
            told = part.html or '<p class="soft">Nothing yet.</p>'
            body.append(f'<section id="{part.anchor}"><h3>{safe(part.title)}</h3>{told}</section>')
    style = STYLE.read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{safe(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="referrer" content="no-referrer">'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body>'
        f'<nav aria-label="Parts">{"".join(links)}</nav>'
        f'<main><h1>{safe(title)}</h1><p class="soft">{safe(intro)}</p>{head}{"".join(body)}</main></body></html>'
    )
