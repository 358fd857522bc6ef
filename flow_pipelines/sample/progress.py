"""What a made-up programme's people tell of its tasks: late, blocked, rolled back once, done in the end.

Belongs here: drawing updates from a timeline. Does not: writing files, reading them (`execute/updates/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pandas as pd

COLUMNS = ["task", "state", "at", "by", "note"]
WEEK = timedelta(weeks=1)
# A task takes its planned time times a lognormal factor of this median (its logarithm) and spread.
LOCATION, SPREAD = 0.05, 0.25
BLOCKED_SHARE = 0.04
# The wave of which a cutover is backed out and done again a week later.
BACKED_OUT_WAVE = 2
BACKED_OUT = "validation failed: two services could not reach their database; backed out by the runbook"
NOTES = ("waits for the firewall team", "the owner is away", "the replica lags behind", "the licence server is unknown")


@dataclass(frozen=True)
class _Span:
    """When a task is really done."""

    start: datetime
    end: datetime


def drawn_updates(timeline: pd.DataFrame, links: pd.DataFrame, *, until: datetime, seed: int) -> pd.DataFrame:
    """Return what people have told of tasks until a moment.

    Args:
        timeline: The rows of `plan/timeline`.
        links: The rows of `plan/timeline_links`.
        until: The moment. What is told until a later one begins with what is told until this one.
        seed: The same seed tells the same story.

    Returns:
        task (its name), state, at, by and note, in order of time.
    """
    rows = timeline[timeline["kind"] != "milestone"].sort_values(["planned_start", "planned_end", "task_id"])
    before = links.groupby("successor_id")["predecessor_id"].agg(sorted).to_dict()
    second = rows[(rows["kind"] == "cutover") & (rows["wave_number"] == BACKED_OUT_WAVE)]
    backed_out = set(second["task_id"].head(1))
    done: dict[str, _Span] = {}
    told: list[tuple[str, str, datetime, str, str]] = []
    for row in rows.to_dict("records"):
        random = Random(f"{seed}/{row['task_id']}")  # noqa: S311  (a story, no secret)
        span = _span(row, [done[task].end for task in before.get(row["task_id"], []) if task in done], random)
        if row["task_id"] in backed_out:
            told += [*_backed_out(row, span)]
            span = _Span(span.start + WEEK, span.end + WEEK)
        told += [*_told(row, span, random)]
        done[row["task_id"]] = span
    frame = pd.DataFrame(told, columns=COLUMNS)
    order = frame["state"].map({"planned": 0, "in progress": 1}).fillna(2)
    frame = frame.assign(order=order).sort_values(["at", "order", "task"], kind="stable")
    return frame.loc[frame["at"] <= until, COLUMNS].reset_index(drop=True)


def _span(row: Mapping[Any, Any], ends: list[datetime], random: Random) -> _Span:
    planned, ready = row["planned_start"].to_pydatetime(), max(ends, default=row["planned_start"].to_pydatetime())
    length = row["planned_end"].to_pydatetime() - planned
    if row["kind"] in {"cutover", "decision"}:
        # A window that was missed comes again in a week.
        weeks = max(0, -(-(ready - planned) // WEEK))
        return _Span(planned + weeks * WEEK, planned + weeks * WEEK + length)
    start = max(planned, ready)
    minutes = round(length / timedelta(minutes=1) * random.lognormvariate(LOCATION, SPREAD))
    return _Span(start, start + timedelta(minutes=max(1, minutes)))


def _told(row: Mapping[Any, Any], span: _Span, random: Random) -> Iterator[tuple[str, str, datetime, str, str]]:
    name, by = row["task_name"], row["role"] or "migration engineer"
    yield name, "in progress", span.start, by, ""
    if row["kind"] == "work" and random.random() < BLOCKED_SHARE:
        third = (span.end - span.start) / 3
        yield name, "blocked", span.start + third, by, random.choice(NOTES)
        yield name, "in progress", span.start + 2 * third, by, ""
    yield name, "done", span.end, by, ""


def _backed_out(row: Mapping[Any, Any], span: _Span) -> Iterator[tuple[str, str, datetime, str, str]]:
    yield row["task_name"], "in progress", span.start, row["role"], ""
    yield row["task_name"], "rolled back", span.end, row["role"], BACKED_OUT
