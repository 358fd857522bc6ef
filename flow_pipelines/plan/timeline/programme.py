"""The programme as a scheduling problem: tasks of all workloads, what they wait for, and what there is.

Belongs here: releases by the roadmap, wave order, putting all together. Does not: deadlines (`due_days.py`), who there
is (`capacity.py`), solving it (`schedule.py`), how a result is told (`timeline.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from flow_pipelines.errors import SettingsError
from flow_pipelines.plan.timeline.capacity import absences_of, capacity_of, people_of, skilled_people_of
from flow_pipelines.plan.timeline.clock import DAY, ProgrammeClock, hours_per_week, programme_clock
from flow_pipelines.plan.timeline.due_days import check_deadlines, with_deadlines
from flow_pipelines.plan.timeline.schedule import Schedule, schedule
from flow_pipelines.plan.timeline.search import SearchSettings
from flow_pipelines.plan.timeline.tasks import Expansion, WorkRates, expand_tasks
from flow_pipelines.plan.timeline.workloads import planned_workloads
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

HOURS_OF_A_WEEK = 168
MEGABITS_PER_GIGABYTE = 8_000
SECONDS_PER_HOUR = 3_600
# Windows of the search for each second of effort: a window takes about a second of which little is search.
WINDOWS_PER_SECOND = 30
# Waiting that no work tells of, such as hypercare and the end of the year; the calendar is laid out anew if it is more.
SLACK_WEEKS = 52
LONGEST_YEARS = 100


@dataclass(frozen=True)
class Programme:
    """A scheduling problem and what its numbers stand for.

    Attributes:
        tasks: As `schedule` reads them, and what `expand_tasks` says of each; also workload_name, treatment,
            wave_number, deadline_day, deadline_reason, released_by (why it has its release), source_entity_ids and
            unknown_data.
        precedences: As `schedule` reads them, like demands, resources and calendar.
        clock: What the periods are.
    """

    tasks: pd.DataFrame
    precedences: pd.DataFrame
    demands: pd.DataFrame
    resources: pd.DataFrame
    calendar: pd.DataFrame
    clock: ProgrammeClock

    @property
    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Tasks, precedences, demands, resources and calendar, as `schedule` reads them."""
        return self.tasks, self.precedences, self.demands, self.resources, self.calendar


def programme_begin(settings: EngagementSettings) -> date:
    """Return the programme's first day, as the roadmap has it."""
    return settings.waves.start or settings.as_of


def first_day(settings: EngagementSettings, fixed: Iterable[datetime]) -> date:
    """Return the day from which the calendar is laid out: the programme's first, or the week before an earlier start.

    A window on the very first day would have no working hour before it in which it is decided.
    """
    begin, zone = programme_begin(settings), ZoneInfo(settings.schedule.time_zone)
    earliest = min((moment.astimezone(zone).date() for moment in fixed), default=begin)
    return begin if earliest >= begin else earliest - timedelta(weeks=1)


def solve(
    plan: pd.DataFrame,
    roadmap: pd.DataFrame,
    inventory: pd.DataFrame,
    components: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    fixed: Mapping[str, datetime],
    first: date | None = None,
    near: Mapping[str, int] | None = None,
) -> tuple[Programme, Schedule]:
    """Make the programme and schedule it, over a calendar that is laid out as long as it takes.

    Args:
        plan: The rows of `assess/plan_of_record`.
        roadmap: The rows of `assess/roadmap`.
        inventory: The rows of `discovery/inventory`.
        components: The rows of `assess/component_treatments`.
        scope: The engagement, by which tasks have their ids.
        settings: Its settings.
        fixed: When tasks start that people fixed, by id; others are passed over.
        first: The day from which the calendar is laid out, if that is before the programme's first; see `first_day`.
        near: See `schedule`.

    Raises:
        SettingsError: No change window opens, a deadline is of no workload of the plan, or the programme would not end
            within a hundred years.
    """
    workloads = planned_workloads(plan, inventory, components)
    check_deadlines(workloads, settings)
    begin = first or programme_begin(settings)
    last = _first_guess(workloads, roadmap, settings, fixed)
    while last.year - begin.year <= LONGEST_YEARS:
        made = _programme(workloads, roadmap, scope, settings, programme_clock(settings, begin, last))
        made = _around(made, fixed)
        result = schedule(*made.frames, settings=search_effort(settings), near=near)
        if result.end < len(made.clock.time.begins):
            return made, result
        last += last - begin
    raise SettingsError(
        f"The timeline does not end within {LONGEST_YEARS} years of {begin}.",
        remedy="Add people to schedule.roles, widen schedule.change_windows, shorten black-outs and absences, "
        "or correct fixed starts.",
    )


def scheduled_programme(
    plan: pd.DataFrame,
    roadmap: pd.DataFrame,
    inventory: pd.DataFrame,
    components: pd.DataFrame,
    timeline: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    since: datetime | None = None,
    until: date | None = None,
) -> Programme:
    """Make the programme of which the timeline is a schedule, without scheduling it again.

    Args:
        plan: See `solve`.
        roadmap: See `solve`.
        inventory: See `solve`.
        components: See `solve`.
        timeline: The rows of `plan/timeline`, of at least one task.
        scope: See `solve`.
        settings: See `solve`.
        since: From when the calendar is laid out at the latest, if work began before it was planned to.
        until: The day until which the calendar is laid out at least, if anything is to be told of what comes after.

    Returns:
        The programme; its tasks have start and end too.
    """
    workloads = planned_workloads(plan, inventory, components)
    last = max(timeline["planned_end"].max().date(), until or date.min) + SLACK_WEEKS * timedelta(weeks=1)
    planned = _moments(timeline, "planned_start")
    begun = [*planned.values(), *([since] if since else [])]
    clock = programme_clock(settings, first_day(settings, begun), last)
    made = _around(_programme(workloads, roadmap, scope, settings, clock), _moments(timeline, "fixed_start"))
    starts = _periods(made, planned)
    return replace(made, tasks=made.tasks.assign(start=starts, end=starts + made.tasks["duration"]))


def _moments(timeline: pd.DataFrame, column: str) -> dict[str, datetime]:
    moments = zip(timeline["task_id"], timeline[column], strict=True)
    return {str(task): moment.to_pydatetime() for task, moment in moments if not pd.isna(moment)}


def _around(made: Programme, fixed: Mapping[str, datetime]) -> Programme:
    """Fix the starts of tasks; what waits for them is released when they have ended by the clocks of real days.

    On the axis a window stands for hours after it: a cutover could follow there what really ends days later.
    """
    tasks, clock = made.tasks.assign(fixed_start=_periods(made, fixed)), made.clock
    columns = ["task_id", "kind", "duration", "release", "release_day", "released_by"]
    rows = {row["task_id"]: row for row in tasks[columns].to_dict("records")}
    ends = {
        task: clock.fixed_end(moment, rows[task]["duration"], kind=rows[task]["kind"])
        for task, moment in fixed.items()
        if task in rows
    }
    after: dict[str, list[str]] = {}
    for before, task in zip(made.precedences["before"], made.precedences["after"], strict=True):
        after.setdefault(before, []).append(task)
    waiting = list(ends.items())
    while waiting:
        before, end = waiting.pop()
        for task in after.get(before, []):
            row = rows[task]
            if task in ends:
                continue
            period = clock.period_after(end, is_cutover=row["kind"] == "cutover")
            if period > row["release"]:
                row |= {"release": period, "release_day": clock.day_of(end), "released_by": "fixed"}
            if row["kind"] == "milestone":
                waiting.append((task, end))
    told = pd.DataFrame([rows[task] for task in tasks["task_id"]], columns=columns, index=tasks.index)
    return replace(made, tasks=tasks.assign(**{name: told[name] for name in columns[3:]}))


def _periods(made: Programme, moments: Mapping[str, datetime]) -> pd.Series[Any]:
    """Return the period in which each task starts; missing where no moment is known."""
    tasks = zip(made.tasks["task_id"], made.tasks["kind"], strict=True)
    periods = [
        made.clock.period(moments[task], is_cutover=kind == "cutover") if task in moments else None
        for task, kind in tasks
    ]
    return pd.Series(periods, index=made.tasks.index, dtype="Int64")


def search_effort(settings: EngagementSettings) -> SearchSettings:
    """Return how long to search, by the settings."""
    own = settings.schedule
    windows = max(1, round(own.effort_seconds * WINDOWS_PER_SECOND))
    return SearchSettings(seed=own.seed, deterministic_time=own.effort_seconds, windows=windows)


def _first_guess(
    workloads: pd.DataFrame, roadmap: pd.DataFrame, settings: EngagementSettings, fixed: Mapping[str, datetime]
) -> date:
    """Return a day by which the programme is likely to have ended: as if one role did half of the work."""
    weeks = workloads["effort_days"].sum() * settings.schedule.hours_per_day / hours_per_week(settings)
    weeks = weeks / 2 / min(people_of(settings).values()) + SLACK_WEEKS
    days = [programme_begin(settings), *roadmap["end_date"].dropna(), *(moment.date() for moment in fixed.values())]
    latest: date = max(days)
    return latest + timedelta(weeks=int(weeks))


def _programme(
    workloads: pd.DataFrame, roadmap: pd.DataFrame, scope: Scope, settings: EngagementSettings, clock: ProgrammeClock
) -> Programme:
    expanded = expand_tasks(workloads, _rates(settings, clock))
    columns = ["workload_id", "workload_name", "treatment", "wave_number", "start_date", "cutover_date"]
    told = [*columns, "source_entity_ids", "unknown_data"]
    tasks = expanded.tasks.merge(workloads[told], on="workload_id", validate="many_to_one")
    tasks = _released(tasks, _landing_zone_ready(roadmap), clock, programme_begin(settings))
    tasks = with_deadlines(tasks, settings, clock)
    clearings = _clearings(tasks)
    milestones, links = _milestones(tasks)
    tasks = pd.concat([tasks, milestones], ignore_index=True) if len(milestones) else tasks
    links = pd.concat([expanded.precedences, clearings, links], ignore_index=True).astype({"lag": "int64"})
    return _with_ids(Expansion(tasks, links, expanded.demands), scope, settings, clock)


def _rates(settings: EngagementSettings, clock: ProgrammeClock) -> WorkRates:
    own = settings.schedule
    if not clock.windows:
        raise SettingsError(
            "No change window opens, so nothing can be cut over.",
            remedy="Set schedule.change_windows to days that are not closed.",
        )
    # Streams run day and night: in a working hour they move what they do in all the hours of a week that it stands for.
    per_hour = own.bandwidth_mbit / own.replication_streams * SECONDS_PER_HOUR / MEGABITS_PER_GIGABYTE
    return WorkRates(
        hours_per_day=own.hours_per_day,
        gigabytes_per_hour=per_hour * HOURS_OF_A_WEEK / hours_per_week(settings),
        window_hours=clock.usual_window_hours(),
        hypercare_hours=settings.roadmap.hypercare_days * own.hours_per_day,
        people={**people_of(settings), **skilled_people_of(settings)},
    )


def _landing_zone_ready(roadmap: pd.DataFrame) -> date | None:
    days = roadmap.loc[roadmap["step_type"] == "landing_zone_ready", "end_date"]
    return max(days) + DAY if len(days) else None


def _released(tasks: pd.DataFrame, ready: date | None, clock: ProgrammeClock, begin: date) -> pd.DataFrame:
    """Give tasks the day before which they don't start: of their wave, of its cutover, or when the landing zone is."""
    days, reasons, periods = [], [], []
    rows = tasks[["kind", "needs_landing_zone", "start_date", "cutover_date"]].itertuples(index=False, name=None)
    for kind, needs_landing_zone, start, cutover in rows:
        day, reason = (begin, "programme") if pd.isna(start) else (max(begin, start), "wave")
        is_cutover = kind in {"cutover", "decision"}
        if is_cutover and not pd.isna(cutover) and cutover > day:
            day, reason = cutover, "cutover"
        if needs_landing_zone and ready and ready > day:
            day, reason = ready, "landing zone"
        days.append(day)
        reasons.append(reason)
        # The decision is taken in the hour before the window.
        periods.append(clock.opening(day, is_cutover=is_cutover) - (kind == "decision"))
    return tasks.assign(release=periods, release_day=days, released_by=reasons)


def _clearings(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return links to the last task of what is not cut over, but cleared: all that share its assets leave before."""
    is_last = ~tasks["workload_id"].duplicated(keep="last")
    cutovers = tasks[tasks["kind"] == "cutover"]
    clearing = tasks[is_last & ~tasks["workload_id"].isin(cutovers["workload_id"])]
    leaving = cutovers[~cutovers["workload_id"].duplicated(keep="last")]
    one, other = (rows[["task_id", "source_entity_ids"]].explode("source_entity_ids") for rows in (leaving, clearing))
    pairs = one.dropna().merge(other.dropna(), on="source_entity_ids", suffixes=("_leaving", "_clearing"))
    found = pairs[["task_id_leaving", "task_id_clearing"]].drop_duplicates().set_axis(["before", "after"], axis=1)
    return found.sort_values(["before", "after"], ignore_index=True).assign(lag=0)


def _milestones(tasks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a milestone for each wave, when all of it is cut over, and its links: the next wave's cutovers wait."""
    cutovers = tasks[(tasks["kind"] == "cutover") & tasks["wave_number"].notna()]
    numbers = cutovers["wave_number"].astype("int64")
    waves = {number: cutovers[numbers == number] for number in sorted(set(numbers.tolist()))}
    rows: list[dict[str, Any]] = []
    links: list[tuple[str, str, int]] = []
    for number, own in waves.items():
        name = f"wave/{number}"
        ends = own.loc[~own["workload_id"].duplicated(keep="last"), "task_id"]
        links += [(end, name, 0) for end in ends]
        assets = sorted({asset for ids in own["source_entity_ids"] for asset in ids})
        rows.append({
            "task_id": name, "task": "all cut over", "kind": "milestone", "duration": 0, "wave_number": number,
            "needs_landing_zone": False, "release": 0, "released_by": "programme", "source_entity_ids": assets,
            "unknown_data": 0, "skills": [],
        })  # fmt: skip
    for (number, _), (_, following) in pairwise(waves.items()):
        first = following.loc[~following["workload_id"].duplicated(), "task_id"]
        links += [(f"wave/{number}", name, 0) for name in first]
    found = pd.DataFrame(rows).astype({"wave_number": "Int64"}) if rows else pd.DataFrame(rows)
    return found, pd.DataFrame(links, columns=["before", "after", "lag"])


def _with_ids(made: Expansion, scope: Scope, settings: EngagementSettings, clock: ProgrammeClock) -> Programme:
    names = made.tasks["task_id"]
    ids = dict(zip(names, scope.ids_of("task", ((name,) for name in names)), strict=True))
    calendar = [clock.closures(), absences_of(settings, clock)]
    return Programme(
        made.tasks.assign(task_id=names.map(ids)),
        made.precedences.assign(before=made.precedences["before"].map(ids), after=made.precedences["after"].map(ids)),
        made.demands.assign(task_id=made.demands["task_id"].map(ids)),
        capacity_of(settings, len(names)),
        pd.concat([one for one in calendar if len(one)], ignore_index=True),
        clock,
    )
