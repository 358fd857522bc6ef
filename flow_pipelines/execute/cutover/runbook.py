"""The rows of `execute/cutover_runbook`.

Belongs here: placing steps in time, the milestones that say whether all fits, ids and texts. Does not: which steps
there are (`steps.py`), placing by people (`lanes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from flow_pipelines.execute.cutover.lanes import Placed, Work, place
from flow_pipelines.execute.cutover.sections import Section, find_sections
from flow_pipelines.execute.cutover.steps import OWNER_LANE, Context, Step, steps_of
from flow_pipelines.execute.progress import with_progress
from flow_pipelines.execute.tasks.build import moving
from flow_pipelines.execute.tasks.methods import allowed_downtime
from flow_pipelines.plan.timeline.capacity import people_of
from flow_pipelines.reference.cutover_templates import BACK_OUT, BEFORE, CUTOVER, cutover_templates
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.execute.cutover import RUNBOOK, cutover_runbook
from flow_pipelines.tables.execute.updates import task_updates

LAST_MOMENT, CLOSES = "last moment to back out", "change window closes"
MILESTONE, REPLICATION, DECIDE = "milestone", "replication", "go or no-go"
OWN_TIME = "It does not begin before its own cutover in plan/timeline."
NAMED = 3
MINUTE = timedelta(minutes=1)
Row = dict[str, Any]


@dataclass(frozen=True)
class _Timed:
    """A step with its minutes from T-0."""

    step: Step
    start: int
    placed: Placed
    before: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + self.step.minutes


def build_runbook(
    frames: Mapping[str, pd.DataFrame], *, scope: Scope, settings: EngagementSettings
) -> pd.DataFrame:  # fmt: skip
    """Make the runbook of every wave, of which nothing has happened yet.

    Args:
        frames: The tables that `tasks.build.READS` names, by key.
        scope: The engagement.
        settings: Its settings: people, change windows and what the line carries.

    Returns:
        The rows of `execute/cutover_runbook`, all planned.
    """
    people, mails = people_of(settings), _mails(frames["discovery/inventory"])
    downtime = allowed_downtime(frames["assess/questionnaire_answers"])
    rows: list[Row] = []
    for section in find_sections(frames, moving(frames), settings):
        rows += _section_rows(Context(section, settings, downtime, people, mails), scope)
    if not rows:
        return empty(cutover_runbook)
    return conform(with_progress(pd.DataFrame(rows), empty(task_updates)), cutover_runbook)


def _mails(inventory: pd.DataFrame) -> dict[str, str]:
    told = inventory.loc[inventory["owner_email"].notna(), ["asset_id", "owner_email"]]
    return dict(zip(told["asset_id"].astype(str), told["owner_email"].astype(str), strict=True))


def _section_rows(context: Context, scope: Scope) -> list[Row]:
    section = context.section
    before, during, back = steps_of(context, BEFORE, CUTOVER, BACK_OUT)
    people = _people([*before, *during, *back], context)
    main = _placed(during, people, 0)
    length = _length(back, people)
    window = int((section.closes - section.begin) / MINUTE)
    timed = [*_ahead(before, section), *main, *_placed(back, people, window - length)]
    # By what a step is about, whenever that is; of all of a section by its number.
    ids = scope.ids_of(RUNBOOK, ((one.step.element.key, one.step.template.step) for one in timed))
    offsets = [0] * len(before) + [len(before)] * len(during) + [len(before) + len(during)] * len(back)
    rows = [
        _row(one, section, ids[number], [ids[offset + place] for place in one.before])
        for number, (one, offset) in enumerate(zip(timed, offsets, strict=True))
    ]
    rows += [
        {**row, "task_id": _milestone_id(row, section, scope)} for row in _milestones(main, window, length, section)
    ]
    rows.sort(key=lambda row: (row["start_minute"], row["phase"] == BACK_OUT, row["end_minute"], row["task_name"]))
    common = {
        "table_key": RUNBOOK,
        "wave_number": section.wave,
        "section_name": section.name,
        "section_number": section.number,
        "begins_at": pd.Timestamp(section.begin),
        "window_closes_at": pd.Timestamp(section.closes),
    }
    return [
        {
            **row,
            **common,
            "step_number": number,
            "planned_start": pd.Timestamp(section.begin + row["start_minute"] * MINUTE),
            "planned_end": pd.Timestamp(section.begin + row["end_minute"] * MINUTE),
        }
        for number, row in enumerate(rows, start=1)
    ]


def _people(steps: Sequence[Step], context: Context) -> dict[str, int]:
    """Return how many there are of each lane."""
    own = cutover_templates().lanes
    found = dict(context.people)
    for step in steps:
        if step.template.lane == OWNER_LANE:
            found[step.lane] = own[OWNER_LANE].people or 1
        elif step.lane == REPLICATION:
            found[step.lane] = context.settings.schedule.replication_streams
        elif step.lane in own:
            found[step.lane] = own[step.lane].people or 1
    return found


def _placed(steps: Sequence[Step], people: Mapping[str, int], begin: int) -> list[_Timed]:
    found = place([Work(step.minutes, step.lane, step.after, _earliest(step)) for step in steps], people)
    return [_Timed(step, begin + one.start, one, step.after) for step, one in zip(steps, found, strict=True)]


def _earliest(step: Step) -> int:
    """Return before which minute a step must not begin: the way back is begun whenever it is decided."""
    return step.element.earliest if step.template.phase == CUTOVER else 0


def _length(steps: Sequence[Step], people: Mapping[str, int]) -> int:
    return max((one.end for one in _placed(steps, people, 0)), default=0)


def _ahead(steps: Sequence[Step], section: Section) -> list[_Timed]:
    """Place what is done before T-0: ahead of the decision to go, or of T-0 itself."""
    decided = (section.decision or (section.begin,))[0]
    length = next(step.minutes for step in steps if step.template.step == DECIDE)
    latest = -length if section.decision else -cutover_templates().decision_ahead
    decision = min(latest, int((decided - section.begin) / MINUTE))
    found = []
    for step in steps:
        ahead = step.template.ahead or 0
        start = ahead if ahead < 0 else decision - ahead
        # Whoever leads does one thing at a time: where it is decided in the very hour before T-0, that comes last.
        start = decision - step.minutes if ahead < 0 and start < decision + length else start
        free = max(0, -(start + step.minutes))
        found.append(_Timed(step, start, Placed(start, 1, free, waits_for_people=False), ()))
    return found


def _milestone_id(row: Row, section: Section, scope: Scope) -> str:
    return scope.id_of(RUNBOOK, f"{section.wave}/{section.number}", row["step"])


def _row(one: _Timed, section: Section, task_id: str, before: list[str]) -> Row:
    step, template, element = one.step, one.step.template, one.step.element
    about = f"{element.name}: " if element.name else ""
    wave = section.name if not element.name else section.name.split(" (")[0]
    is_own = element.reason and (template.kind == "sync" or element.kind == "bare workload")
    is_data = template.says == "Data"
    words = [] if is_data else [f"{template.says}."]
    is_own_time = one.start == _earliest(step) > 0
    machines = cutover_templates().lanes.get(step.lane)
    lane = step.lane if template.lane == OWNER_LANE else f"{step.lane} {one.placed.person}"
    decisions = section.decision_ids if template.kind == "gate" and template.phase == BEFORE else ()
    return {
        "task_id": task_id,
        "task_name": f"{wave}: {about}{template.step}",
        "phase": template.phase,
        "kind": template.kind,
        "step": template.step,
        "subject": element.name or None,
        "workload_id": element.workload_id,
        "asset_id": element.asset_id,
        "role": template.lane,
        "lane": lane,
        "is_automatic": bool(machines and machines.machines),
        "start_minute": one.start,
        "end_minute": one.end,
        "duration_minutes": step.minutes,
        "predecessor_ids": before,
        "float_minutes": one.placed.floating,
        "is_critical": one.placed.floating == 0 and template.phase == CUTOVER,
        "waits_for_people": one.placed.waits_for_people,
        "is_point_of_no_return": template.is_point_of_no_return,
        "margin_minutes": None,
        "details": list(step.details),
        "evidence": template.evidence,
        "reason": " ".join(
            [*words, *([element.reason] if is_own and element.reason else []), *([OWN_TIME] if is_own_time else [])]
        ),
        "timeline_task_ids": list(decisions or element.cutover_ids),
        "source_entity_ids": list(element.asset_ids) or _assets(section),
    }


def _assets(section: Section) -> list[str]:
    return sorted({*section.units["asset_id"]}) or sorted(section.cutovers["workload_id"])


def _milestones(main: Sequence[_Timed], window: int, back_out: int, section: Section) -> list[Row]:
    """Return the two moments that must not be missed, with what is left until then and what drives that."""
    decided = next(one.end for one in main if one.step.template.is_point_of_no_return)
    end = max(one.end for one in main)
    last = window - back_out
    way_back = f"The way back takes {back_out} minutes and must be over when the window closes."
    fits = [
        (LAST_MOMENT, last, last - decided, f"{way_back} {_fit('It is decided', decided, last)}"),
        (CLOSES, window, window - end, f"{_fit('All is done', end, window)} {_drivers(main)}"),
    ]
    return [
        {
            "task_name": f"{section.name}: {name}",
            "phase": CUTOVER,
            "kind": MILESTONE,
            "step": name,
            "subject": None,
            "workload_id": None,
            "asset_id": None,
            "role": "cutover lead",
            "lane": "cutover lead 1",
            "is_automatic": True,
            "start_minute": minute,
            "end_minute": minute,
            "duration_minutes": 0,
            "predecessor_ids": [],
            "float_minutes": max(0, margin),
            "is_critical": margin < 0,
            "waits_for_people": False,
            "is_point_of_no_return": False,
            "margin_minutes": margin,
            "details": [],
            "evidence": "The clock",
            "reason": words,
            "timeline_task_ids": sorted(section.cutovers["task_id"]),
            "source_entity_ids": _assets(section),
        }
        for name, minute, margin, words in fits
    ]


def _fit(what: str, end: int, until: int) -> str:
    if end <= until:
        return f"{what} at T+{end}, {until - end} minutes before. It fits."
    return (
        f"{what} at T+{end}: {end - until} minutes too late. It does not fit: shorten what drives it, or move a part."
    )


def _drivers(main: Sequence[_Timed]) -> str:
    """Say which steps without float take longest, and whose lanes the others wait for."""
    critical = [one for one in main if one.placed.floating == 0]
    longest = sorted(critical, key=lambda one: (-one.step.minutes, one.start, one.step.element.name))[:NAMED]
    parts = [
        f"{one.step.template.step} {one.step.element.name}".strip() + f" ({one.step.minutes} min)" for one in longest
    ]
    queues: dict[str, int] = {}
    for one in critical:
        if one.placed.waits_for_people:
            queues[one.step.lane] = queues.get(one.step.lane, 0) + 1
    busy = sorted(queues.items(), key=lambda one: (-one[1], one[0]))[:1]
    waits = "".join(f" {count} of them wait until someone is free on lane {lane}." for lane, count in busy)
    return f"What drives it: {', '.join(parts)}; {len(critical)} steps have no float.{waits}"
