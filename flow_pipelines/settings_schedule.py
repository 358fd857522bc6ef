"""What a person decides about the timeline: who works when, what moves data, and by when what must be done.

Belongs here: the validated model, its defaults and their meaning. Does not: black-outs, cutover days and the data
centre's exit, which waves and roadmap have already (`settings.py`), and scheduling itself (`plan/timeline/`).
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from flow_pipelines.reference.skills import skills
from flow_pipelines.reference.task_templates import task_templates

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
People = Annotated[int, Field(ge=1, le=10_000)]
HOURS_OF_A_DAY = 24


class Span(BaseModel):
    """Some days, one after the other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begin: date = Field(description="The first day.")
    end: date = Field(description="The last day.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.end < self.begin:
            raise ValueError(f"an absence ends on {self.end}, before it begins on {self.begin}")
        return self


class Absence(Span):
    """Days on which a role has fewer people than usual."""

    people: People = Field(description="How many are not there.")


def _known_role(role: str) -> str:
    known = task_templates().roles
    if role not in known:
        raise ValueError(f"no task is done by the role {role!r}; roles are {', '.join(sorted(known))}")
    return role


Role = Annotated[str, AfterValidator(_known_role)]


class RoleSettings(BaseModel):
    """How many people of a role there are, and what they cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role = Field(description="The role, as the task templates name it.")
    people: People = Field(description="How many people; as many as are named if schedule.people names any.")
    usd_hour: float | None = Field(
        default=None, ge=0, le=1_000_000, description="What an hour costs; by costs.person_day_usd if not set."
    )
    absences: tuple[Absence, ...] = Field(default=(), description="When there are fewer.")


class Person(BaseModel):
    """Somebody who does tasks of a role: what they know, and when they are not there."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=200, description="By what name others know them.")
    role: Role = Field(description="The role, as the task templates name it.")
    skills: tuple[str, ...] = Field(default=(), description="What they know: operating systems and databases.")
    absences: tuple[Span, ...] = Field(default=(), description="When they are not there.")

    @field_validator("skills")
    @classmethod
    def _are_known(cls, named: tuple[str, ...]) -> tuple[str, ...]:
        known = skills().names
        if unknown := sorted({name for name in named if name.casefold() not in known}):
            raise ValueError(f"no task takes the skill {', '.join(map(repr, unknown))}; skills are {', '.join(known)}")
        return tuple(sorted({name.casefold() for name in named}))


class ChangeWindow(BaseModel):
    """When in a week workloads may be cut over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weekday: Weekday = Field(description="The day on which it begins.")
    begins: int = Field(ge=0, le=23, description="The hour at which it begins.")
    hours: int = Field(ge=1, le=96, description="How long it is.")


class TaskDeadline(BaseModel):
    """A day by which all tasks of some workloads must be done, such as the end of a licence or of support."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date = Field(description="The last day that is in time.")
    reason: str = Field(min_length=1, description="What ends then.")
    workloads: str = Field(default="*", min_length=1, description="Names of the workloads; * stands for any letters.")


class ScheduleSettings(BaseModel):
    """Who works when, what moves data, and by when what must be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: str = Field(default="UTC", description="By whose clocks all hours are told, such as Europe/Zurich.")
    working_days: tuple[Weekday, ...] = Field(default=(), description="Monday to Friday if empty.")
    day_begins: int = Field(default=9, ge=0, le=23, description="The hour at which a working day begins.")
    hours_per_day: int = Field(default=8, ge=1, le=24, description="How many hours a working day has.")
    holidays: tuple[date, ...] = Field(default=(), description="Days on which nobody works, besides black-outs.")
    roles: tuple[RoleSettings, ...] = Field(
        default=(), description="People by role; those of the task templates where a role is not named."
    )
    people: tuple[Person, ...] = Field(
        default=(), max_length=10_000, description="People by name: a role of which any is named has these and no more."
    )
    change_windows: tuple[ChangeWindow, ...] = Field(
        default=(), description="When workloads are cut over; the roadmap's cutover days, from 8 to 20, if empty."
    )
    cutovers_at_once: int = Field(default=10, ge=1, le=10_000, description="How many workloads are cut over at once.")
    replication_streams: int = Field(default=4, ge=1, le=10_000, description="How many workloads replicate at once.")
    bandwidth_mbit: float = Field(
        default=1000.0, gt=0, le=10_000_000, description="What all streams together move, in Mbit/s, day and night."
    )
    deadlines: tuple[TaskDeadline, ...] = Field(default=(), description="Deadlines besides the data-centre exit.")
    effort_seconds: float = Field(
        default=2.0,
        gt=0,
        le=3600,
        description="How long to look for a better plan, in seconds of a usual machine; the same plan on any machine.",
    )
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="Seed of the search.")

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"time zone {name!r} is not known") from error
        return name

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.day_begins + self.hours_per_day > HOURS_OF_A_DAY:
            raise ValueError(f"{self.hours_per_day} hours from {self.day_begins} on reach into the next day")
        names = [one.role for one in self.roles]
        if len(set(names)) < len(names):
            raise ValueError("a role is named twice")
        named = Counter(one.name.casefold() for one in self.people)
        if twice := sorted({one.name for one in self.people if named[one.name.casefold()] > 1}):
            raise ValueError(f"there are two people called {', '.join(twice)}")
        of_role = Counter(one.role for one in self.people)
        for one in self.roles:
            if of_role[one.role] not in {0, one.people}:
                raise ValueError(f"of the role {one.role}, {of_role[one.role]} are named and {one.people} are said")
        return self
