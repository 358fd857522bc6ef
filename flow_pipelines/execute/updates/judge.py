"""From all that was received to the possible changes of state, and the rest with reasons.

Belongs here: the rows of `execute/task_updates` and `execute/rejected_updates`. Does not: reading a row (`told.py`),
finding its task (`matching.py`), what is possible (`replay.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from flow_pipelines.execute.progress import end_of_as_of
from flow_pipelines.execute.updates.matching import TaskFinder
from flow_pipelines.execute.updates.replay import ACCEPTED, REPEATED, Event, replay
from flow_pipelines.execute.updates.told import Refusal, Saying, Told, server_named_in, what_is_told
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.execute.updates import rejected_updates, task_updates

TASK_UPDATES = "execute/task_updates"
REJECTED_UPDATES = "execute/rejected_updates"
REJECTED = "rejected"
# Clocks and zones differ; what is told as of tomorrow may be of today elsewhere.
LENIENCE = timedelta(days=1)


@dataclass(frozen=True)
class Judged:
    """What became of all that was received.

    Attributes:
        updates: The rows of `execute/task_updates`.
        rejected: The rows of `execute/rejected_updates`.
        fates: By id of a received row, what became of each thing it says: accepted, repeated or rejected.
    """

    updates: pd.DataFrame
    rejected: pd.DataFrame
    fates: Mapping[str, tuple[str, ...]]

    @property
    def repeated(self) -> int:
        """How many things were told again, or say nothing new."""
        return sum(fates.count(REPEATED) for fates in self.fates.values())


@dataclass
class _Telling:
    """One thing that a received row says: what, of which task, and what becomes of it."""

    row: Mapping[Any, Any]
    told: Told | None
    position: int | None = None
    fate: str | Refusal = ""
    previous_state: str = ""


def judge_updates(
    received: pd.DataFrame,
    tasks: pd.DataFrame,
    inventory: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
) -> Judged:
    """Judge all that was received.

    Args:
        received: All that was received; see `received.py`.
        tasks: All tasks that exist; see `all_tasks.py`.
        inventory: The rows of `discovery/inventory`.
        scope: The engagement.
        settings: Its settings.

    Returns:
        The same whatever the order in which files are received and however often a thing is told, but for where it was
        told first.
    """
    tellings = _read(received, TaskFinder(tasks, inventory), settings)
    _replay(tellings)
    return Judged(_updates(tellings, tasks, scope), _rejected(tellings, scope), _fates(tellings))


def fates_of(
    received: pd.DataFrame, tasks: pd.DataFrame, inventory: pd.DataFrame, *, settings: EngagementSettings
) -> Mapping[str, tuple[str, ...]]:
    """Return what becomes of all that was received, as `Judged.fates`, without the words for it."""
    tellings = _read(received, TaskFinder(tasks, inventory, lookups_left=0), settings)
    _replay(tellings)
    return _fates(tellings)


def _fates(tellings: list[_Telling]) -> dict[str, tuple[str, ...]]:
    fates: dict[str, tuple[str, ...]] = {}
    for one in tellings:
        fate = REJECTED if isinstance(one.fate, Refusal) else one.fate
        fates[one.row["content_id"]] = (*fates.get(one.row["content_id"], ()), fate)
    return fates


@dataclass(frozen=True)
class Outcome:
    """What becomes of one row that is told besides all that was received.

    Attributes:
        told: The last thing that it says; None if it can't be read.
        fate: accepted, repeated, or why it does not count.
        undone: What counted and does not any more beside it, in words.
    """

    told: Told | None
    fate: str | Refusal
    undone: tuple[str, ...]


def outcome_beside(
    row: Mapping[Any, Any],
    received: pd.DataFrame,
    tasks: pd.DataFrame,
    inventory: pd.DataFrame,
    *,
    settings: EngagementSettings,
) -> Outcome:
    """Judge one more row just as the next run will.

    Args:
        row: The row, of the columns of `received.py`, received last.
        received: All that was received so far.
        tasks: All tasks that exist.
        inventory: The rows of `discovery/inventory`.
        settings: The engagement's settings.
    """
    # Nobody reads what others may have meant, and looking for it takes most of the time.
    finder = TaskFinder(tasks, inventory, lookups_left=0)
    before = _read(received, finder, settings)
    own = _tellings(row, _saying(row, settings, _servers_by_id(received)), finder, end_of_as_of(settings))
    _replay(before)
    counted = [one for one in before if one.fate == ACCEPTED]
    _replay([*before, *own])
    undone = [one for one in counted if one.fate != ACCEPTED and one.told]
    words = tuple(f"{_place(one.row)}: {one.told.state}" for one in undone if one.told)
    return Outcome(own[-1].told, own[-1].fate, words)


def _read(received: pd.DataFrame, finder: TaskFinder, settings: EngagementSettings) -> list[_Telling]:
    limit, servers = end_of_as_of(settings), _servers_by_id(received)
    tellings: list[_Telling] = []
    for row in received.sort_values("update_number").to_dict("records"):
        tellings += _tellings(row, _saying(row, settings, servers), finder, limit)
    return tellings


def _servers_by_id(received: pd.DataFrame) -> dict[str, str]:
    """Return the names of servers by the ids that tools gave them, where all that was told says the same."""
    names: dict[str, set[str]] = {}
    for told in filter(None, map(server_named_in, received["cells"])):
        names.setdefault(told[0], set()).add(told[1])
    return {own_id: min(found) for own_id, found in names.items() if len(found) == 1}


def _saying(row: Mapping[Any, Any], settings: EngagementSettings, servers: Mapping[str, str]) -> Saying:
    told = row["month_first"]
    month_first = settings.date_order == "month first" if pd.isna(told) else bool(told)
    return Saying(settings.schedule, row["received_at"].to_pydatetime(), month_first, servers)


def _tellings(row: Mapping[Any, Any], saying: Saying, finder: TaskFinder, limit: datetime) -> list[_Telling]:
    if row["problem"]:
        return [_Telling(row, None, fate=Refusal(row["problem_code"], row["problem"], row["remedy"]))]
    said = what_is_told(row["cells"], saying)
    if isinstance(said, Refusal):
        return [_Telling(row, None, fate=said)]
    tellings = []
    for told in said:
        telling = _Telling(row, told)
        found = finder.find(told.subject)
        if isinstance(found, Refusal):
            telling.fate = found
        elif to_come := _not_yet(told, saying, limit):
            telling.fate = to_come
        else:
            telling.position = found
        tellings.append(telling)
    return tellings


def _not_yet(told: Told, saying: Saying, limit: datetime) -> Refusal | None:
    if told.happened_at <= max(limit, saying.received_at + LENIENCE):
        return None
    as_of = limit.astimezone(ZoneInfo(saying.schedule.time_zone)) - timedelta(microseconds=1)
    words = (
        f"it is told of {told.happened_at:%Y-%m-%d %H:%M} UTC, which was still to come when it was received "
        f"({saying.received_at:%Y-%m-%d %H:%M} UTC) and is after the day as of which the engagement is looked at "
        f"({as_of:%Y-%m-%d})."
    )
    return Refusal("not_yet", words, "Correct the time; or set as_of to a later day: what is kept counts then.")


def _replay(tellings: list[_Telling]) -> None:
    by_task: dict[int, list[Event]] = {}
    for place, one in enumerate(tellings):
        if one.told and one.position is not None:
            event = Event(
                place,
                one.told.state,
                one.told.happened_at,
                int(one.row["update_number"]),
                one.told.is_rehearsal,
                one.told.is_of_a_job,
            )
            by_task.setdefault(one.position, []).append(event)
    for events in by_task.values():
        for verdict in replay(events):
            telling = tellings[verdict.place]
            telling.fate, telling.previous_state = verdict.fate, verdict.previous_state


def _where_from(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("source", "sheet", "row_number", "received_at", "received_by")}


def _updates(tellings: list[_Telling], tasks: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    columns = ["task_id", "task_name", "table_key", "source_entity_ids"]
    of_task: list[dict[Any, Any]] = tasks[columns].to_dict("records")
    rows = []
    for one in tellings:
        if one.fate != ACCEPTED or one.told is None or one.position is None:
            continue
        task, told = of_task[one.position], one.told
        key = (str(task["task_id"]), told.state, told.happened_at.isoformat(), told.is_rehearsal)
        rows.append(
            {
                **task,
                **_where_from(one.row),
                "update_id": scope.id_of("task_update", *key),
                "update_name": f"{task['task_name']}: {told.state}",
                "previous_state": one.previous_state,
                "state": told.state,
                "happened_at": told.happened_at,
                "told_by": told.by or one.row["received_by"],
                "note": told.note,
                "evidence": told.evidence,
                "is_rehearsal": told.is_rehearsal,
            }
        )
    return conform(pd.DataFrame(rows), task_updates) if rows else empty(task_updates)


def rejection_id(scope: Scope, content_id: str, part: int) -> str:
    """Return the id of the rejection of one of the things, from 1 on, that a received row says."""
    return scope.id_of("rejected_update", content_id, part)


def _rejected(tellings: list[_Telling], scope: Scope) -> pd.DataFrame:
    rows = []
    parts: Counter[str] = Counter()
    for one in tellings:
        if not isinstance(one.fate, Refusal):
            continue
        row = one.row
        parts[row["content_id"]] += 1
        place = _place(row)
        rows.append(
            {
                **_where_from(row),
                "update_id": rejection_id(scope, row["content_id"], parts[row["content_id"]]),
                "update_name": f"{place}: {one.told.subject}" if one.told else place,
                "reason_code": one.fate.code,
                "reason": one.fate.words if row["problem"] else f"{place}: {one.fate.words}",
                "remedy": one.fate.remedy,
                "cells": row["cells"],
            }
        )
    return conform(pd.DataFrame(rows), rejected_updates) if rows else empty(rejected_updates)


def _place(row: Mapping[Any, Any]) -> str:
    sheet = f", sheet {row['sheet']}" if row["sheet"] else ""
    number = f", row {row['row_number']}" if pd.notna(row["row_number"]) else ""
    return f"{row['source']}{sheet}{number}"
