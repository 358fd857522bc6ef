"""Who and what there is for tasks: people by role and skill, streams and windows, and when there are fewer.

Belongs here: the resources and the calendar that `schedule` reads. Does not: who does which task (`assignment.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pandas as pd

from flow_pipelines.plan.timeline.clock import CALENDAR, DAY, ProgrammeClock
from flow_pipelines.plan.timeline.tasks import DECISION, STREAMS, WINDOW, with_skill
from flow_pipelines.reference.task_templates import task_templates
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.settings_schedule import Span

Away = tuple[Span, int]


def people_of(settings: EngagementSettings) -> dict[str, int]:
    """Return how many people of each role there are."""
    named = Counter(one.role for one in settings.schedule.people)
    return {**task_templates().roles, **{one.role: one.people for one in settings.schedule.roles}, **named}


def skilled_people_of(settings: EngagementSettings) -> dict[str, int]:
    """Return how many people have each skill, by role and skill, of the roles of which people are named."""
    return dict(Counter(with_skill(one.role, skill) for one in settings.schedule.people for skill in one.skills))


def capacity_of(settings: EngagementSettings, tasks: int) -> pd.DataFrame:
    """Return what there is of each resource, as `schedule` reads it.

    Args:
        settings: The engagement's settings.
        tasks: How many tasks there are: as many decisions can be taken at once.
    """
    own = settings.schedule
    special = {STREAMS: own.replication_streams, WINDOW: own.cutovers_at_once, DECISION: tasks + 1}
    capacity = {**people_of(settings), **skilled_people_of(settings), **special}
    return pd.DataFrame(capacity.items(), columns=["resource", "capacity"])


def absences_of(settings: EngagementSettings, clock: ProgrammeClock) -> pd.DataFrame:
    """Return who is there while some are absent, as rows of the calendar; absences that overlap add up."""
    away: dict[str, list[Away]] = {
        role.role: [(one, one.people) for one in role.absences] for role in settings.schedule.roles
    }
    for person in settings.schedule.people:
        for resource in (person.role, *(with_skill(person.role, skill) for skill in person.skills)):
            away.setdefault(resource, []).extend((one, 1) for one in person.absences)
    there = {**people_of(settings), **skilled_people_of(settings)}
    rows = [row for resource, spans in away.items() for row in _while_away(resource, there[resource], spans, clock)]
    return pd.DataFrame(rows, columns=CALENDAR)


def periods_of(span: Span, clock: ProgrammeClock) -> tuple[int, int]:
    """Return the periods of some days, the second one exclusive."""
    return clock.opening(span.begin, is_cutover=False), clock.opening(span.end + DAY, is_cutover=False)


def _while_away(
    resource: str, there: int, spans: Iterable[Away], clock: ProgrammeClock
) -> Iterator[tuple[str, int, int, int]]:
    away = [(*periods_of(span, clock), count) for span, count in spans]
    edges = sorted({edge for begin, end, _ in away for edge in (begin, end)})
    for begin, end in pairwise(edges):
        absent = sum(count for first, beyond, count in away if first <= begin and end <= beyond)
        if absent:
            yield resource, begin, end, max(0, there - absent)
