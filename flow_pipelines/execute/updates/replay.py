"""What was told of one task, one after the other: which changes of its state are possible, and which say nothing new.

Belongs here: that. Does not: which states may follow which (`reference/task_states.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flow_pipelines.execute.updates.told import Refusal
from flow_pipelines.reference.task_states import task_states
from flow_pipelines.tables.execute.progress import DONE, IN_PROGRESS, PLANNED, STATES

ACCEPTED, REPEATED = "accepted", "repeated"
INSTEAD = {
    "done": "Tell first that it was rolled back, or that it failed, if so; else correct the state or the time.",
    "failed": "Tell when it was begun again, then that it is done.",
    "rolled back": "Tell when it was begun again, then that it is done.",
    "skipped": "Tell first that it is planned again.",
    "planned": "Tell when it was begun; what was not begun can't be rolled back.",
}
FALLBACK = "Correct the state or the time and tell it again."
ORDER = {state: place for place, state in enumerate(STATES)}


@dataclass(frozen=True)
class Event:
    """A change of a task's state, as told.

    Attributes:
        place: Where the caller finds what it is of.
        state: The state.
        happened_at: When.
        receipt: Order of receipt: of the same thing told twice, the first counts.
        is_rehearsal: Whether it is of a dry run.
        is_of_a_job: Whether a tool's job says so: tools run again what is done, people do not.
    """

    place: int
    state: str
    happened_at: datetime
    receipt: int
    is_rehearsal: bool
    is_of_a_job: bool


@dataclass(frozen=True)
class Verdict:
    """What becomes of an event: accepted, repeated, or why it can't be; and the state before it."""

    place: int
    fate: str | Refusal
    previous_state: str


def replay(events: Iterable[Event]) -> list[Verdict]:
    """Judge all that was told of one task, in order of happening whatever the order of receipt.

    Of what happened at the same moment, the states come in the order of a task's life: begun before it is done. A state
    that the task is in already says nothing new, and so does the same thing told again, and a tool's job that begins
    again though its step is done. Dry runs go beside: each may be done again and again.
    """
    verdicts = []
    state: dict[bool, str] = {True: PLANNED, False: PLANNED}
    since: datetime | None = None
    told: set[tuple[str, datetime, bool]] = set()
    for event in sorted(events, key=lambda one: (one.happened_at, ORDER[one.state], one.receipt, one.place)):
        before = state[event.is_rehearsal]
        key = (event.state, event.happened_at, event.is_rehearsal)
        fate: str | Refusal = ACCEPTED
        is_again = event.is_of_a_job and (before, event.state) == (DONE, IN_PROGRESS)
        if key in told or (not event.is_rehearsal and (event.state == before or is_again)):
            fate = REPEATED
        elif not event.is_rehearsal and not task_states().may_follow(before, event.state):
            fate = _impossible(before, since, event)
        else:
            told.add(key)
            state[event.is_rehearsal] = event.state
            since = since if event.is_rehearsal else event.happened_at
        verdicts.append(Verdict(event.place, fate, before))
    return verdicts


def _impossible(before: str, since: datetime | None, event: Event) -> Refusal:
    when = f"since {since:%Y-%m-%d %H:%M} UTC" if since else "as nothing else was told"
    moment = f"{event.happened_at:%Y-%m-%d %H:%M} UTC"
    words = f"the task was {before} {when}, so it can't have become {event.state} on {moment}."
    return Refusal("impossible_change", words, INSTEAD.get(before, FALLBACK))
