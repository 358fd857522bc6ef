"""An engagement's settings: what a person decides about how its flows work.

Belongs here: the validated model, its defaults and their meaning. Does not: installation settings (state
folder, database URL), which belong to `resources/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flow_pipelines.errors import SettingsError
from flow_pipelines.settings_advice import AdviceSettings
from flow_pipelines.settings_cost import CostSettings
from flow_pipelines.settings_landing_zone import LandingZoneSettings
from flow_pipelines.settings_schedule import Person, ScheduleSettings, Weekday
from flow_pipelines.settings_target import TargetSettings

Share = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(ge=0, le=65535)]
Weight = Annotated[float, Field(ge=0, le=10_000)]
WaveNumber = Annotated[int, Field(ge=1, le=200)]


class SourceStatement(BaseModel):
    """What a person says about files: which source they are exports of, and whether they list all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: str = Field(min_length=1, description="Names of the files; * stands for any letters.")
    source: str | None = Field(default=None, description="The source that all of them are exports of.")
    coverage: Literal["full", "partial"] | None = Field(
        default=None, description="Whether what one of them does not mention has vanished; found out if not set."
    )


class Blackout(BaseModel):
    """Days on which nothing may be changed, such as the end of the business year."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begin: date = Field(description="The first day.")
    end: date = Field(description="The last day.")
    reason: str = Field(min_length=1, description="Why.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.end < self.begin:
            raise ValueError(f"the black-out {self.reason!r} ends on {self.end}, before it begins on {self.begin}")
        return self


class WaveWeights(BaseModel):
    """What each soft condition of wave planning costs in points where it is violated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cut: Weight = Field(
        default=1.0, description="An edge between two waves, for each point of its traffic, which is 1 to 20."
    )
    low_risk_first: Weight = Field(
        default=10.0, description="The riskiest workload in the first wave; less for less risk and for a later wave."
    )
    pilot: Weight = Field(default=40.0, description="A first wave, the pilot, that nothing is in.")
    risky_not_first: Weight = Field(default=30.0, description="A critical or complex workload in the first wave.")
    before_production: Weight = Field(
        default=10.0, description="An application's production before its own development or test."
    )
    production_last: Weight = Field(
        default=3.0, description="Production in the first wave, less for a later one; and the reverse for the rest."
    )
    apart: Weight = Field(default=5.0, description="A wave with production and anything else in it.")
    owner: Weight = Field(default=3.0, description="Each wave beyond the first that an owner has workloads in.")
    site: Weight = Field(default=3.0, description="Each wave beyond the first that a data center has workloads in.")
    waves: Weight = Field(default=20.0, description="Each wave.")
    delay: Weight = Field(default=1.0, description="Each wave that a workload comes after the first.")
    balance: Weight = Field(
        default=50.0, description="A fullest wave with twice the mean effort; in proportion for other shares."
    )


class WaveSettings(BaseModel):
    """How waves are planned: what a wave has room for, what costs what, and their place in the calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: date | None = Field(default=None, description="The first day of the programme; as_of if not set.")
    cadence_days: int = Field(
        default=28, ge=1, le=366, description="Days from one wave's begin to the next one's, at least."
    )
    blackouts: tuple[Blackout, ...] = Field(default=(), description="Days on which nothing may be changed.")
    most_waves: int | None = Field(
        default=None, ge=1, le=200, description="How many waves there may be; as many as are useful if not set."
    )
    closed: tuple[WaveNumber, ...] = Field(default=(), description="Numbers of waves in which nothing may move.")
    servers: int | None = Field(default=60, ge=1, description="How many servers a wave has room for.")
    storage_gib: float | None = Field(default=None, gt=0, description="How much storage, in GiB.")
    applications: int | None = Field(default=None, ge=1, description="How many applications and stand-alone assets.")
    effort_days: float | None = Field(default=None, gt=0, description="How many person days of effort.")
    pilot_servers: int | None = Field(
        default=15, ge=1, description="How many servers the first wave has room for, which is the pilot."
    )
    weights: WaveWeights = Field(default=WaveWeights(), description="What each soft condition costs.")
    effort_seconds: float = Field(
        default=2.0,
        gt=0,
        le=3600,
        description="How long to look for a better plan, in seconds of a usual machine; the same plan on any machine.",
    )
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="Seed of the search.")


class RoadmapSettings(BaseModel):
    """How long the steps of the roadmap take, and by when all must be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team_days_per_week: float = Field(
        default=25.0,
        gt=0,
        le=10_000,
        description="Person days that the migration team can spend in a week.",
    )
    landing_zone_days: int = Field(
        default=30, ge=1, le=1000, description="Working days until the landing zone is ready; nothing is moved before."
    )
    cutover_weekday: Weekday = Field(default="saturday", description="On which day of the week a wave is cut over.")
    cutover_days: int = Field(default=2, ge=1, le=14, description="How many days on end a cutover takes.")
    hypercare_days: int = Field(
        default=10, ge=1, le=366, description="Working days for which a wave is watched closely after its cutover."
    )
    decommission_days: int = Field(
        default=20, ge=1, le=1000, description="Working days to clear the data centre once the last wave is done."
    )
    deadline: date | None = Field(default=None, description="The day by which the data centre must be left.")


class EngagementSettings(BaseModel):
    """Settings of one engagement; written as YAML, stored with the engagement, part of every input manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: date = Field(
        ge=date(1990, 1, 1),
        le=date(2999, 12, 31),
        description="The date for which findings hold; the day the engagement was added if not set.",
    )
    near_end_of_life_days: int = Field(
        default=365,
        ge=0,
        le=3650,
        description="How many days before its end of life a product counts as near.",
    )
    mapping_threshold: Share = Field(
        default=0.7, description="Confidence below which a mapping is proposed, not applied."
    )
    date_order: Literal["day first", "month first"] = Field(
        default="day first", description="How to read 03/04/2025 where the column itself does not tell."
    )
    decimal_mark: Literal[".", ","] = Field(
        default=".", description="How to read 1,234 where the column itself does not tell."
    )
    noise_ports: tuple[Port, ...] = Field(
        default=(), description="Ports that count as infrastructure noise besides the built-in ones."
    )
    targets: tuple[Literal["aws", "azure", "google"], ...] = Field(
        default=(), description="Clouds to move to; what they do not take as it is, is found as tech debt."
    )
    domains: tuple[str, ...] = Field(
        default=(), description="DNS domains of the enterprise; stripped from host names when comparing them."
    )
    sources: tuple[SourceStatement, ...] = Field(
        default=(), description="What people say about which files are newer exports of one source; the first counts."
    )
    waves: WaveSettings = Field(default_factory=WaveSettings, description="How waves are planned.")
    roadmap: RoadmapSettings = Field(
        default_factory=RoadmapSettings, description="How long the steps of the roadmap take, and the deadline."
    )
    sizing: TargetSettings = Field(
        default_factory=TargetSettings, description="How servers are sized for the clouds, and what is compared."
    )
    landing_zone: LandingZoneSettings = Field(
        default_factory=LandingZoneSettings, description="Which addresses networks in the clouds may have, and tags."
    )
    costs: CostSettings = Field(default_factory=CostSettings, description="Rates of the business case, in USD.")
    schedule: ScheduleSettings = Field(
        default_factory=ScheduleSettings,
        description="Who works when, what moves data, and by when what must be done.",
    )
    advice: AdviceSettings = Field(
        default_factory=AdviceSettings,
        description="Whether a language model is asked for a second opinion, and what that may cost.",
    )

    @model_validator(mode="after")
    def _targets_are_compared(self) -> Self:
        compared = {cloud.provider for cloud in self.sizing.clouds}
        if left_out := [name for name in self.targets if name not in compared]:
            raise ValueError(f"{', '.join(left_out)} of targets is not among the providers of sizing")
        return self


def parse_settings(text: str, *, origin: str, today: date) -> EngagementSettings:
    """Read an engagement's settings from YAML.

    Args:
        text: YAML, a mapping of setting to value; may be empty.
        origin: File name for messages.
        today: The as-of date where the text sets none.

    Raises:
        SettingsError: The YAML can't be read, or settings are unknown or out of range; every problem is listed.
    """
    remedy = "See docs/settings.md for every setting."
    try:
        values = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError) as error:
        # A date such as 2026-13-40 is YAML in form and no date in fact, which the reader says by a ValueError.
        raise SettingsError(f"{origin} is not YAML: {' '.join(str(error).split())}.", remedy=remedy) from error
    if not isinstance(values, dict):
        raise SettingsError(f"{origin} holds no mapping of setting to value.", remedy=remedy)
    try:
        return EngagementSettings.model_validate({"as_of": today, **values})
    except ValidationError as error:
        raise SettingsError(f"{origin} has invalid settings: {_told(error)}.", remedy=remedy) from error


def _told(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())


def read_settings(path: Path, *, today: date) -> EngagementSettings:
    """Read an engagement's settings file; see `parse_settings`.

    Raises:
        SettingsError: The file can't be read, is not UTF-8, or holds no valid settings.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not in UTF-8: {error.reason}.", remedy="Save it in UTF-8.") from error
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}.", remedy="Name a readable file.") from error
    return parse_settings(text, origin=str(path), today=today)


def with_people(settings: EngagementSettings, people: Sequence[Person]) -> EngagementSettings:
    """Return settings in which these people do the tasks, and no others.

    Raises:
        SettingsError: Together with the other settings they make no sense; every problem is listed.
    """
    values = settings.model_dump()
    values["schedule"]["people"] = [person.model_dump() for person in people]
    try:
        return EngagementSettings.model_validate(values)
    except ValidationError as error:
        remedy = "Correct the sheet, or schedule.roles of the settings."
        raise SettingsError(f"With these people the settings are invalid: {_told(error)}.", remedy=remedy) from error
