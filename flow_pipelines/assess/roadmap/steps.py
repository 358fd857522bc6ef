"""The steps of a programme: what each wave and the programme itself take, and what has to come before.

Belongs here: the network of steps. Does not: when they are (`schedule.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, fsum
from typing import Literal

import pandas as pd

from flow_pipelines.reference.roadmap_model import roadmap_model
from flow_pipelines.settings import EngagementSettings

WORKING_DAYS_PER_WEEK = 5
Placement = Literal["work", "window", "milestone"]
StepKey = tuple[str, int]  # type and wave; 0 for the programme's own


@dataclass(frozen=True)
class Wave:
    """What a roadmap needs to know of one wave.

    Attributes:
        number: Its number.
        workload_ids: Its workloads, sorted.
        server_count: Their servers.
        effort_days: Person days to move them.
        confidence: How sure that effort is, 0 to 1: the weaker one of the confidence in treatment and data, weighted by
            the effort of each workload.
    """

    number: int
    workload_ids: tuple[str, ...]
    server_count: int
    effort_days: float
    confidence: float


@dataclass(frozen=True)
class Step:
    """One step or milestone.

    Attributes:
        key: Its type and wave.
        name: What people call it.
        placement: work is done on working days; a window is a span of days on end, at the weekday for cutovers;
            a milestone is reached when all before it has ended.
        days: Working days, or days of the window; 0 for a milestone.
        confidence: How sure that is, 0 to 1.
        after: What has to end before it starts.
        not_before: The day before which it does not start, if there is one.
        says: What its length rests on, in words.
        effort_days: Person days that it takes, if it is known.
        wave: Its wave, if it is one's.
    """

    key: StepKey
    name: str
    placement: Placement
    days: int
    confidence: float
    after: tuple[StepKey, ...]
    says: str
    not_before: date | None = None
    effort_days: float | None = None
    wave: Wave | None = None


def find_waves(waves: pd.DataFrame, treatments: pd.DataFrame, overview: pd.DataFrame) -> list[Wave]:
    """Return the waves in order; workloads without a wave are in none.

    Args:
        waves: workload_id, wave_number, server_count and effort_days of the rows of `assess/waves`.
        treatments: workload_id and confidence of the rows of `assess/treatments`.
        overview: workload_id and data_confidence of the rows of `assess/assessment_overview`.
    """
    columns = ["workload_id", "wave_number", "server_count", "effort_days"]
    moving = waves.loc[waves["wave_number"].notna(), columns].sort_values("workload_id")
    sure = moving.merge(treatments[["workload_id", "confidence"]], on="workload_id", how="left")
    sure = sure.merge(overview[["workload_id", "data_confidence"]], on="workload_id", how="left")
    sure["confidence"] = sure[["confidence", "data_confidence"]].min(axis="columns").astype(float).fillna(0.0)
    numbers = sure["wave_number"].astype("int64")
    return [_wave(number, sure[numbers == number]) for number in sorted(set(numbers.tolist()))]


def _wave(number: int, rows: pd.DataFrame) -> Wave:
    efforts = rows["effort_days"].astype(float).tolist()
    effort = fsum(efforts)
    weighted = fsum(one * sure for one, sure in zip(efforts, rows["confidence"], strict=True))
    confidence = weighted / effort if effort else fsum(rows["confidence"]) / len(rows)
    # Weights divide with a rounding error, which must not lift a share beyond 1.
    return Wave(number, tuple(rows["workload_id"]), int(rows["server_count"].sum()), effort, min(confidence, 1.0))


def programme_steps(waves: Sequence[Wave], settings: EngagementSettings, *, begin: date) -> list[Step]:
    """Return all steps, each after those that it waits for; none if there is no wave.

    Args:
        waves: In order.
        settings: The engagement's.
        begin: The programme's first day.
    """
    if not waves:
        return []
    return [*_landing_zone(settings, begin), *_wave_steps(waves, settings, begin), *_end(waves, settings)]


def _landing_zone(settings: EngagementSettings, begin: date) -> Iterator[Step]:
    sure, days = roadmap_model().confidence_of_programme_steps, settings.roadmap.landing_zone_days
    says = f"{days:,} working days by the settings."
    yield Step(("landing_zone", 0), "Landing zone", "work", days, sure, (), says, not_before=begin)
    ready = (("landing_zone", 0),)
    yield Step(("landing_zone_ready", 0), "Landing zone ready", "milestone", 0, 1.0, ready, "Nothing is moved before.")


def _wave_steps(waves: Sequence[Wave], settings: EngagementSettings, begin: date) -> Iterator[Step]:
    for place, wave in enumerate(waves):
        number, before = wave.number, waves[place - 1].number if place else None
        not_before = begin + place * timedelta(days=settings.waves.cadence_days)
        yield _work("prepare", wave, settings, _after([("prepare", before)]), not_before=not_before)
        waits = [("prepare", number), ("landing_zone_ready", 0), ("migrate", before)]
        yield _work("migrate", wave, settings, _after(waits))
        # The second wave and all later ones wait for what the pilot teaches.
        waits = [("migrate", number), ("cutover", before), ("pilot_done", 0 if place else None)]
        yield _cutover(wave, settings, _after(waits))
        yield _hypercare(wave, settings)
        if not place:
            says = "No other wave is cut over before."
            yield Step(("pilot_done", 0), "Pilot done", "milestone", 0, 1.0, (("hypercare", number),), says)


def _after(keys: Sequence[tuple[str, int | None]]) -> tuple[StepKey, ...]:
    return tuple((step_type, number) for step_type, number in keys if number is not None)


def _work(
    step_type: Literal["prepare", "migrate"],
    wave: Wave,
    settings: EngagementSettings,
    after: tuple[StepKey, ...],
    *,
    not_before: date | None = None,
) -> Step:
    team = settings.roadmap.team_days_per_week
    # Half of the team prepares a wave while the other half migrates the one before: each half has half of the effort.
    days = max(1, ceil(round(wave.effort_days / team * WORKING_DAYS_PER_WEEK, 6)))
    half = wave.effort_days / 2
    says = f"{days:,} working days: {half:,.1f} person days, of which half of the team does {team / 2:,.1f} a week."
    name = f"Wave {wave.number}: {step_type}"
    return Step((step_type, wave.number), name, "work", days, wave.confidence, after, says, not_before, half, wave)


def _cutover(wave: Wave, settings: EngagementSettings, after: tuple[StepKey, ...]) -> Step:
    roadmap = settings.roadmap
    says = f"The first free {roadmap.cutover_weekday.capitalize()}, {roadmap.cutover_days} days on end."
    name = f"Wave {wave.number}: cutover"
    return Step(("cutover", wave.number), name, "window", roadmap.cutover_days, 1.0, after, says, wave=wave)


def _hypercare(wave: Wave, settings: EngagementSettings) -> Step:
    days = settings.roadmap.hypercare_days
    after = (("cutover", wave.number),)
    says = f"{days:,} working days by the settings."
    return Step(("hypercare", wave.number), f"Wave {wave.number}: hypercare", "work", days, 1.0, after, says, wave=wave)


def _end(waves: Sequence[Wave], settings: EngagementSettings) -> Iterator[Step]:
    sure, days = roadmap_model().confidence_of_programme_steps, settings.roadmap.decommission_days
    watched = tuple(("hypercare", wave.number) for wave in waves)
    yield Step(("all_moved", 0), "All workloads moved", "milestone", 0, 1.0, watched, f"{len(waves):,} waves are done.")
    says = f"{days:,} working days by the settings."
    yield Step(("decommission", 0), "Decommissioning", "work", days, sure, (("all_moved", 0),), says)
    after = (("decommission", 0),)
    yield Step(("data_centre_exit", 0), "Data-centre exit", "milestone", 0, 1.0, after, "What was left is cleared.")
