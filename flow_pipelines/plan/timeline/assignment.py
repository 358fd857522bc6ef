"""Who does which task, by name, where people are named.

Belongs here: `assign`. Does not: when a task is done (`schedule.py`), how many people there are (`capacity.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flow_pipelines.plan.timeline.capacity import periods_of
from flow_pipelines.plan.timeline.clock import ProgrammeClock
from flow_pipelines.plan.timeline.staffing import Effort, Job, staffed
from flow_pipelines.settings import EngagementSettings

Spans = list[tuple[int, int]]
Row = Mapping[Any, Any]


@dataclass
class _Colleague:
    """Somebody with a skill or none, the periods in which they are away, and until when they are busy."""

    name: str
    skills: frozenset[str]
    away: Spans
    busy_until: int = 0
    hours: int = 0

    def is_there(self, start: int, end: int) -> bool:
        return all(beyond <= start or end <= begin for begin, beyond in self.away)

    def is_free(self, start: int, end: int) -> bool:
        # Tasks come in order of their start, so that only the last one can be in the way.
        return self.busy_until <= start and self.is_there(start, end)

    def take(self, start: int, end: int) -> None:
        self.busy_until, self.hours = max(end, self.busy_until), self.hours + end - start


def assign(tasks: pd.DataFrame, settings: EngagementSettings, clock: ProgrammeClock) -> pd.DataFrame:
    """Name who does each task of a role of which people are named.

    Tasks are looked at in order of their start, those first that take most skills which somebody has: nobody who is the
    only one to know something is spent on what anybody could do. Then the longer come first. For each, of those who are
    free throughout, whoever has most of the skills that it takes, then fewest others, then least work so far. If that
    leaves something lacking, all tasks that overlap are looked at together (`staffing.py`), and what lacks less counts.
    The schedule counts people by skill; that one and the same has all the skills of a task, or is free throughout, it
    does not promise.

    Args:
        tasks: task_id, start, end (periods), role, people, skills.
        settings: The engagement's settings.
        clock: What the periods are.

    Returns:
        In order of the tasks, assigned_to (names, sorted; empty if nobody is named or free) and unmet (what is lacking,
        in words; missing if nothing).
    """
    teams: dict[str, list[_Colleague]] = {}
    for one in sorted(settings.schedule.people, key=lambda person: person.name):
        away = [periods_of(span, clock) for span in one.absences]
        teams.setdefault(one.role, []).append(_Colleague(one.name, frozenset(one.skills), away))
    known = {role: frozenset().union(*(one.skills for one in team)) for role, team in teams.items()}
    nobody: frozenset[str] = frozenset()
    taken = zip(tasks["role"], tasks["skills"], strict=True)
    asked = [-len(known.get(role, nobody).intersection(needed)) for role, needed in taken]
    ordered = tasks.assign(asked=asked, length=tasks["start"] - tasks["end"])
    ordered = ordered.sort_values(["start", "asked", "length", "task_id"])
    effort = Effort()
    told: dict[str, tuple[list[str], str | None]] = {}
    for role, team in teams.items():
        own = ordered[(ordered["role"] == role) & ordered["people"].notna()]
        for together in _overlapping(own.to_dict("records")):
            for row, chosen in zip(together, _staffed(together, team, effort), strict=True):
                told[row["task_id"]] = sorted(one.name for one in chosen), _unmet(row, chosen, team)
    rows = [told.get(task, ([], None)) for task in tasks["task_id"]]
    return pd.DataFrame(rows, columns=["assigned_to", "unmet"], index=tasks.index, dtype="object")


def _overlapping(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Part tasks, in order of their start, wherever all before are over."""
    together: list[Row] = []
    over = 0
    for row in rows:
        if together and row["start"] >= over:
            yield together
            together = []
        together.append(row)
        over = max(over, row["end"])
    if together:
        yield together


def _staffed(rows: Sequence[Row], team: Sequence[_Colleague], effort: Effort) -> list[list[_Colleague]]:
    """Choose who does each of some tasks that overlap, before which all are free."""
    spans = [(int(row["start"]), int(row["end"])) for row in rows]
    before = [(one.busy_until, one.hours) for one in team]
    in_turn = []
    for row, span in zip(rows, spans, strict=True):
        chosen = _chosen(team, span, int(row["people"]), frozenset(row["skills"]))
        for colleague in chosen:
            colleague.take(*span)
        in_turn.append(frozenset(team.index(one) for one in chosen))
    skills = [one.skills for one in team]
    jobs = [
        Job(
            *span,
            people=int(row["people"]),
            needed=frozenset(row["skills"]).intersection(frozenset().union(*skills)),
            available=frozenset(place for place, one in enumerate(team) if one.is_there(*span)),
        )
        for row, span in zip(rows, spans, strict=True)
    ]
    together = staffed(jobs, skills, in_turn, effort)
    if together is not in_turn:
        for colleague, (busy_until, hours) in zip(team, before, strict=True):
            colleague.busy_until, colleague.hours = busy_until, hours
        for span, places in zip(spans, together, strict=True):
            for place in places:
                team[place].take(*span)
    return [[team[place] for place in sorted(places)] for places in together]


def _chosen(team: Sequence[_Colleague], span: tuple[int, int], people: int, needed: frozenset[str]) -> list[_Colleague]:
    free = [one for one in team if one.is_free(*span)]
    chosen: list[_Colleague] = []
    while free and len(chosen) < people:
        lacking = needed.difference(*(one.skills for one in chosen))
        best = min(free, key=lambda one: (-len(one.skills & lacking), len(one.skills), one.hours, one.name))
        free.remove(best)
        chosen.append(best)
    return chosen


def _unmet(row: Row, chosen: Collection[_Colleague], team: Sequence[_Colleague]) -> str | None:
    role, needed, words = row["role"], frozenset(row["skills"]), []
    unknown = sorted(needed.difference(*(one.skills for one in team)))
    if unknown:
        words.append(f"No {role} knows {', '.join(unknown)}.")
    missing = int(row["people"]) - len(chosen)
    if missing:
        words.append(f"{missing:,} more {role} would have to be free throughout: somebody has to take over meanwhile.")
    busy = sorted(needed.difference(unknown, *(one.skills for one in chosen)))
    if busy and not missing:
        words.append(f"Nobody of them knows {', '.join(busy)}: whoever does is not free, and has to be asked.")
    return " ".join(words) or None
