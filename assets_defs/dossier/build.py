"""Building the dossier from the tables of an engagement and its trail.

Belongs here: `build_dossier`. Does not: which tables and columns are shown (`parts.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from assets_defs.dossier.page import Chapter, Part, cards, figure, page, table
from assets_defs.dossier.parts import MOST_ROWS, TOPICS, Frames, Topic, View
from flow_pipelines.advice.wording import advice_in_words
from flow_pipelines.flows import FLOWS, Flow
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.advice import ADVICE_COLUMNS, advised_column

# Columns that say where a row is from, which a page for people leaves out if a view names none.
INNER = ("source_entity_ids", "_id", "_ids")
ADVICE_HINT = "What a language model would choose, and why in its words. It has no effect unless a person accepts it."


def build_dossier(scope: Scope, frames: Frames, trail: Mapping[str, pd.DataFrame], settings: EngagementSettings) -> str:
    """Return the page; the same for the same rows, whatever their order.

    Args:
        scope: The engagement.
        frames: The current rows of every table that there is, by key.
        trail: Where they came from, by heading; see `audit_trail`.
        settings: Its settings.
    """
    chapters = [_chapter(flow, frames, settings) for flow in FLOWS]
    events = [
        Part(f"trail-{number}", title, _events(rows)) for number, (title, rows) in enumerate(trail.items(), start=1)
    ]
    chapters.append(Chapter("Lineage and audit trail", "Which versions this rests on, and who decided what.", events))
    intro = f"Findings as of {settings.as_of}. All that is told here is in the tables that are named."
    return page(f"Migration dossier of {scope}", intro, cards(_numbers(frames)), chapters)


def _events(rows: pd.DataFrame) -> str:
    headings = [(str(name), "") for name in rows.columns]
    return table(rows.head(MOST_ROWS), headings, of=len(rows), kept_in="the schema platform")


def _numbers(frames: Frames) -> Iterator[tuple[str, object]]:
    """Yield the few numbers that everybody asks for first."""
    if "discovery/inventory" in frames:
        kinds = frames["discovery/inventory"]["asset_type"]
        yield "servers", int((kinds == "server").sum())
    if "assess/plan_of_record" in frames:
        plan = frames["assess/plan_of_record"]
        yield "workloads", len(plan)
        yield "waves", int(plan["wave_number"].dropna().nunique())
    for row in _programmes(frames, "plan/plan_overview"):
        yield "USD a month now", round(float(row["now_usd_month"]))
        yield "USD a month after", round(float(row["after_usd_month"]))
    for row in _programmes(frames, "execute/execution_report"):
        yield "of the work is done", f"{row['share_done']:.0%}"
        yield "planned end", row["planned_end"].date()
        yield "likely end", row["forecast_end_likely"].date()


def _programmes(frames: Frames, key: str) -> list[dict[Any, Any]]:
    """Return the row of the programme in a table that has one for each wave too."""
    rows = frames.get(key, pd.DataFrame({"wave_number": []}))
    return rows[rows["wave_number"].isna()].to_dict("records")


def _chapter(flow: Flow, frames: Frames, settings: EngagementSettings) -> Chapter:
    parts = [Part(topic.anchor, topic.title, _topic(topic, frames, settings)) for topic in TOPICS[flow.name]]
    return Chapter(flow.title, flow.purpose, parts)


def _topic(topic: Topic, frames: Frames, settings: EngagementSettings) -> str:
    pictures = [
        figure(one.draw(frames, settings), one.caption)
        for one in topic.pictures
        if all(key in frames and len(frames[key]) for key in one.needs)
    ]
    views = [view for view in topic.views if view.key in frames]
    told = "".join([*pictures, *(_view(view, frames[view.key]) for view in views)])
    return told or ('<p class="soft">There is none.</p>' if views else "")


def _view(view: View, rows: pd.DataFrame) -> str:
    declared = output_tables()[view.key]
    left_out = set(ADVICE_COLUMNS) if advised_column(declared) else set()
    all_columns = (c.name for c in declared.columns if not c.name.endswith(INNER) and c.name not in left_out)
    shown = view.columns or tuple(all_columns)
    kept = rows[view.only(rows)] if view.only else rows
    order = view.order or (str(declared.info["label"]), str(declared.info["key"][0]))
    ordered = kept.sort_values(
        [name.removeprefix("-") for name in order],
        ascending=[not name.startswith("-") for name in order],
        na_position="first",
    )
    headings = [(name.replace("_", " "), declared.columns[name].comment or "") for name in shown]
    page_rows = ordered.head(view.most)[list(shown)]
    if left_out and kept["advice"].notna().any():
        said = [advice_in_words(row) for row in ordered.head(view.most).to_dict("records")]
        page_rows = page_rows.assign(advice=pd.Series(said, index=page_rows.index, dtype="object"))
        headings.append(("advice of a language model", ADVICE_HINT))
    return table(page_rows, headings, of=len(kept), kept_in=view.key)
