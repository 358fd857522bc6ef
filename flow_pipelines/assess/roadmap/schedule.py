"""When each step is: as early as what comes before it, the calendar and people's fixed dates allow.

Belongs here: placing the network of steps in the calendar, once. Does not: the network (`steps.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from flow_pipelines.assess.roadmap.calendar import DAY, Calendar
from flow_pipelines.assess.roadmap.steps import Step, StepKey


@dataclass(frozen=True)
class Fixed:
    """What people fixed of a step: its first day, its last day, or both."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Placed:
    """When a step is.

    Attributes:
        start: Its first day.
        end: Its last day.
        free_start: Its first day if nobody had fixed it.
        free_end: Its last day if nobody had fixed that, from `start` on.
        driver: The step that it waited for longest; empty if it waited for none.
        blackout: Why it does not start when it could have, or takes longer than its working days.
    """

    start: date
    end: date
    free_start: date
    free_end: date
    driver: StepKey | None
    blackout: str | None


def place_steps(
    steps: Sequence[Step],
    calendar: Calendar,
    *,
    weekday: int,
    length: Callable[[Step], float],
    fixed: Mapping[StepKey, Fixed],
    holds_exactly: bool = True,
) -> dict[StepKey, Placed]:
    """Place every step.

    Args:
        steps: In an order in which each stands after those that it waits for.
        calendar: The programme's.
        weekday: On which day of the week a window begins, 0 for Monday.
        length: The factor on the working days of a step.
        fixed: What people fixed.
        holds_exactly: Whether a fixed date holds even against what comes before; if not, it only holds back.
    """
    placed: dict[StepKey, Placed] = {}
    for step in steps:
        driver = max(step.after, key=lambda key: (placed[key].end, key), default=None)
        decided = fixed.get(step.key, Fixed())
        earliest = max(
            filter(None, [step.not_before, placed[driver].end + _gap(step) if driver else None]), default=calendar.begin
        )
        free_start = _start(step, calendar, earliest, weekday)
        start = _decide(decided.start, free_start, holds_exactly)
        free_end = _end(step, calendar, start, length(step))
        end = _decide(decided.end, free_end, holds_exactly)
        waited = calendar.blackout_on(earliest, free_end) if step.placement != "milestone" else None
        placed[step.key] = Placed(start, end, free_start, free_end, driver, waited.reason if waited else None)
    return placed


def _gap(step: Step) -> timedelta:
    return timedelta(0) if step.placement == "milestone" else DAY


def _decide(fixed: date | None, free: date, holds_exactly: bool) -> date:
    if fixed is None:
        return free
    return fixed if holds_exactly else max(fixed, free)


def _start(step: Step, calendar: Calendar, earliest: date, weekday: int) -> date:
    match step.placement:
        case "work":
            return calendar.working_day_from(earliest)
        case "window":
            return calendar.window_from(earliest, weekday, step.days)
        case "milestone":
            return earliest


def _end(step: Step, calendar: Calendar, start: date, factor: float) -> date:
    match step.placement:
        case "work":
            return calendar.last_of(start, max(1, ceil(round(step.days * factor, 6))))
        case "window":
            return start + (step.days - 1) * DAY
        case "milestone":
            return start
