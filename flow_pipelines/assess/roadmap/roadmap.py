"""The roadmap: steps, milestones, their dates, how sure those are, and what they collide with.

Belongs here: the rows of `assess/roadmap`. Does not: the network of steps (`steps.py`), placing it (`schedule.py`), and
the model of confidence (`reference/roadmap_model.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import pandas as pd

from flow_pipelines.assess.roadmap.calendar import Calendar
from flow_pipelines.assess.roadmap.schedule import Fixed, Placed, place_steps
from flow_pipelines.assess.roadmap.steps import Step, StepKey, find_waves, programme_steps
from flow_pipelines.edits import Edit
from flow_pipelines.reference.roadmap_model import Longer, Shorter, factor, roadmap_model
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.assess.roadmap import roadmap
from flow_pipelines.tables.contract import conform, empty

ROADMAP = "assess/roadmap"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Schedule = Mapping[StepKey, Placed]


@dataclass(frozen=True)
class _Plan:
    """The steps, placed three times: as expected, and at both ends of what is likely."""

    steps: Mapping[StepKey, Step]
    expected: Schedule
    earliest: Schedule
    latest: Schedule
    fixed: Mapping[StepKey, Fixed]
    calendar: Calendar
    settings: EngagementSettings


def build_roadmap(
    waves: pd.DataFrame,
    treatments: pd.DataFrame,
    overview: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    edits: Iterable[Edit] = (),
) -> pd.DataFrame:
    """Put waves into calendar time.

    A date that a person fixed holds, and all that waits for the step follows from it; what it collides with is said.

    Args:
        waves: The rows of `assess/waves`.
        treatments: The rows of `assess/treatments`.
        overview: The rows of `assess/assessment_overview`.
        scope: The engagement.
        settings: Its settings.
        edits: People's edits of `assess/roadmap` that count.

    Returns:
        The rows of `assess/roadmap`; none if no workload has a wave. The very cells that people fixed hold what they
        would without that: they are set with all other edits, which then know what was computed.

    Raises:
        SettingsError: The programme would not end within a hundred years.
    """
    begin = settings.waves.start or settings.as_of
    steps = programme_steps(find_waves(waves, treatments, overview), settings, begin=begin)
    if not steps:
        return empty(roadmap)
    ids = {step.key: scope.id_of("roadmap_step", *step.key) for step in steps}
    plan = _place(steps, settings, begin, _fixed_dates(ids, edits))
    staying = int((waves["treatment"] == "retain").sum())
    rows = [{"step_id": ids[step.key], **_row(step, plan, staying)} for step in steps]
    return conform(pd.DataFrame(rows), roadmap)


def _place(steps: Sequence[Step], settings: EngagementSettings, begin: date, fixed: Mapping[StepKey, Fixed]) -> _Plan:
    calendar, model = Calendar(begin, settings.waves.blackouts), roadmap_model()
    place = partial(place_steps, steps, calendar, weekday=WEEKDAYS.index(settings.roadmap.cutover_weekday), fixed=fixed)
    return _Plan(
        steps={step.key: step for step in steps},
        expected=place(length=lambda _: 1.0),
        earliest=place(length=partial(_length, model.earliest)),
        latest=place(length=partial(_length, model.latest), holds_exactly=False),
        fixed=fixed,
        calendar=calendar,
        settings=settings,
    )


def _length(ends: Shorter | Longer, step: Step) -> float:
    return factor(ends, step.confidence)


def _fixed_dates(ids: Mapping[StepKey, str], edits: Iterable[Edit]) -> dict[StepKey, Fixed]:
    cells: dict[tuple[str, str], date] = {
        (edit.entity_id, edit.column): edit.new_value
        for edit in edits
        if edit.kind == "set" and edit.table_key == ROADMAP and isinstance(edit.new_value, date)
    }
    found = {key: Fixed(cells.get((one, "start_date")), cells.get((one, "end_date"))) for key, one in ids.items()}
    return {key: decided for key, decided in found.items() if decided != Fixed()}


def _row(step: Step, plan: _Plan, staying: int) -> dict[str, object]:
    placed, wave = plan.expected[step.key], step.wave
    deadline = plan.settings.roadmap.deadline
    is_exit = step.key[0] == "data_centre_exit"
    return {
        "step_name": step.name,
        "step_type": step.key[0],
        "is_milestone": step.placement == "milestone",
        "wave_number": wave.number if wave else None,
        "start_date": placed.free_start,
        "end_date": placed.free_end,
        # A date that a person fixed may lie outside of what is likely; the band then reaches to it.
        "earliest_end_date": min(plan.earliest[step.key].end, placed.end),
        "latest_end_date": max(plan.latest[step.key].end, placed.end),
        "working_days": step.days or None,
        "effort_days": step.effort_days,
        "confidence": step.confidence,
        "workload_count": len(wave.workload_ids) if wave else 0,
        "server_count": wave.server_count if wave else 0,
        "slack_days": (deadline - placed.end).days if deadline and is_exit else None,
        "conflict": " ".join(_conflicts(step, plan)),
        "reason": _reason(step, plan, staying if is_exit else 0),
        "workload_ids": list(wave.workload_ids) if wave else [],
    }


def _conflicts(step: Step, plan: _Plan) -> list[str]:
    placed, deadline = plan.expected[step.key], plan.settings.roadmap.deadline
    found = []
    if step.key in plan.fixed:
        found += [
            f"It starts on {placed.start}, but {plan.steps[key].name} ends on {plan.expected[key].end}."
            for key in step.after
            if plan.expected[key].end > placed.start
            or (plan.expected[key].end == placed.start and step.placement != "milestone")
        ]
        if placed.end < placed.start:
            found.append(f"It ends on {placed.end}, before it starts on {placed.start}.")
        days = (
            [(placed.start, placed.end)] if step.placement == "window" else [(d, d) for d in (placed.start, placed.end)]
        )
        hits = [plan.calendar.blackout_on(first, last) for first, last in days]
        found += [f"It falls into the black-out: {why}." for why in dict.fromkeys(hit.reason for hit in hits if hit)]
    if step.key[0] == "data_centre_exit" and deadline:
        latest = plan.latest[step.key].end
        if placed.end > deadline:
            found.append(f"The deadline is {deadline}: it comes {(placed.end - deadline).days:,} days too late.")
        elif latest > deadline:
            found.append(f"The deadline is {deadline}: it is met as expected, and missed if all goes badly ({latest}).")
    return found


def _reason(step: Step, plan: _Plan, staying: int) -> str:
    placed = plan.expected[step.key]
    words = [step.says]
    if step.key in plan.fixed:
        words.append("A person fixed its dates.")
    if placed.driver and (step.not_before is None or plan.expected[placed.driver].end >= step.not_before):
        words.append(f"It waits for {plan.steps[placed.driver].name}.")
    elif step.not_before:
        words.append(f"It does not start before {step.not_before}, by begin and cadence.")
    if placed.blackout:
        words.append(f"It makes way for the black-out: {placed.blackout}.")
    if staying:
        what = "1 retained workload stays" if staying == 1 else f"{staying:,} retained workloads stay"
        words.append(f"{what}: nothing is left only once they have another place.")
    return " ".join(words)
