"""The timeline: each task with its time, its reason and its float, around the starts that people fixed.

Belongs here: the rows of `plan/timeline` and `plan/timeline_links`. Does not: the problem (`programme.py`), solving it
(`schedule.py`), words (`wording.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from flow_pipelines.edits import Edit
from flow_pipelines.plan.timeline.assignment import assign
from flow_pipelines.plan.timeline.clock import ProgrammeClock
from flow_pipelines.plan.timeline.programme import Programme, first_day, solve
from flow_pipelines.plan.timeline.schedule import Schedule
from flow_pipelines.plan.timeline.wording import conflicts, reasons
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.timeline import TIMELINE, timeline, timeline_links

LINKS = f"{timeline_links.schema}/{timeline_links.name}"


@dataclass(frozen=True)
class Timeline:
    """The rows of both tables, and how good the schedule is.

    Attributes:
        tasks: The rows of `plan/timeline`.
        links: The rows of `plan/timeline_links`.
        gap: Share of the cost that could be saved at most; see `Schedule`.
        moved: How many tasks that are not fixed end at another time than if nobody had fixed a start.
    """

    tasks: pd.DataFrame
    links: pd.DataFrame
    gap: float
    moved: int


def build_timeline(
    plan: pd.DataFrame,
    roadmap: pd.DataFrame,
    inventory: pd.DataFrame,
    components: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    edits: Iterable[Edit] = (),
) -> Timeline:
    """Schedule every task of every workload of the plan.

    A wave's tasks start no earlier than its preparation in the roadmap, what needs the landing zone no earlier than
    that is ready, its cutovers no earlier than its cutover there and than all cutovers of the wave before.

    Args:
        plan: The rows of `assess/plan_of_record`.
        roadmap: The rows of `assess/roadmap`.
        inventory: The rows of `discovery/inventory`.
        components: The rows of `assess/component_treatments`.
        scope: The engagement.
        settings: Its settings.
        edits: People's edits of `plan/timeline` that count: the starts that they fixed.

    Returns:
        The rows; `fixed_start` is empty in all of them: the edits set it, together with all others.

    Raises:
        SettingsError: See `solve`.
    """
    estate = plan, roadmap, inventory, components
    chosen = fixed_starts(edits)
    first = first_day(settings, chosen.values())
    free = programme, result = solve(*estate, scope=scope, settings=settings, fixed={}, first=first)
    if programme.tasks.empty:
        return Timeline(empty(timeline), empty(timeline_links), 0.0, 0)
    fixed = {one: chosen[one] for one in programme.tasks["task_id"] if one in chosen}
    if fixed:
        near = dict(zip(result.tasks["task_id"], result.tasks["start"], strict=True))
        programme, result = solve(*estate, scope=scope, settings=settings, fixed=fixed, first=first, near=near)
    rows = _placed(programme, result, fixed)
    rows = rows.merge(_placed(*free, {})[["task_id", "planned_start", "end"]], on="task_id", suffixes=("", "_free"))
    rows = rows.assign(
        computed_start=rows["planned_start_free"],
        moved_hours=rows["end"] - rows["end_free"],
        float_hours=rows["float"],
        is_driving=rows["task_id"].isin(result.chain["task_id"]),
        hours_late=(rows["end"] - rows["deadline"].astype("Int64")).clip(lower=0).fillna(0),
    )
    rows = rows.assign(days_late=_days_late(rows, programme.clock))
    rows = rows.assign(reason=reasons(rows, programme)).join(assign(rows, settings, programme.clock))
    rows = rows.assign(conflict=_joined(conflicts(rows, programme, fixed), rows["unmet"]))
    rows = rows.assign(waits_for_task=rows["waits_for_task"].map(rows.set_index("task_id")["task_name"]))
    rows = rows.assign(deadline=rows["deadline_day"])
    moved = int((rows["moved_hours"].ne(0) & ~rows["task_id"].isin(list(fixed))).sum())
    kept = [column.name for column in timeline.columns if column.name in rows]
    return Timeline(conform(rows[kept], timeline), _links(programme, rows, scope), result.gap, moved)


def fixed_starts(edits: Iterable[Edit]) -> dict[str, datetime]:
    """Return when tasks start that people fixed, by id."""
    return {
        edit.entity_id: edit.new_value
        for edit in edits
        if edit.kind == "set"
        and edit.table_key == TIMELINE
        and edit.column == "fixed_start"
        and isinstance(edit.new_value, datetime)
    }


def _joined(one: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[Any]:
    words = [" ".join(told for told in pair if told) or None for pair in zip(one, other, strict=True)]
    return pd.Series(words, index=one.index, dtype="object")


def _placed(programme: Programme, result: Schedule, fixed: Mapping[str, datetime]) -> pd.DataFrame:
    """Return the tasks with what the schedule says of them, as moments too."""
    told = result.tasks.drop(columns=["fixed_start"], errors="ignore")
    rows = programme.tasks.merge(told, on="task_id", validate="one_to_one")
    clock = programme.clock
    starts, ends = [], []
    for task, kind, start, end in rows[["task_id", "kind", "start", "end"]].itertuples(index=False, name=None):
        moment, is_cutover = fixed.get(task), kind == "cutover"
        starts.append(moment or clock.start(start, is_cutover=is_cutover))
        usual = (
            clock.fixed_end(moment, end - start, kind=kind) if moment else clock.end(start, end, is_cutover=is_cutover)
        )
        ends.append(max(starts[-1], usual))
    rows = rows.assign(planned_start=pd.to_datetime(starts, utc=True), planned_end=pd.to_datetime(ends, utc=True))
    rows = _with_milestones(rows, programme, fixed)
    names = rows["workload_name"].where(rows["workload_name"].notna(), "Wave " + rows["wave_number"].astype("string"))
    unknown = rows["unknown_data"].astype("int64")
    words = "The data of " + unknown.astype(str) + " of its servers is not known and counts as none."
    return rows.assign(
        task_name=(names.astype("string") + ": " + rows["task"]).astype(object),
        duration_hours=rows["duration"],
        assumptions=words.where(unknown > 0),
    )


def _with_milestones(rows: pd.DataFrame, programme: Programme, fixed: Mapping[str, datetime]) -> pd.DataFrame:
    """Put milestones to when what they wait for has ended, which may be in a change window."""
    ends = rows.set_index("task_id")["planned_end"]
    reached = programme.precedences["before"].map(ends).groupby(programme.precedences["after"]).max()
    is_one = (rows["kind"] == "milestone") & ~rows["task_id"].isin(list(fixed))
    moments = rows["task_id"].map(reached)
    times = {name: rows[name].mask(is_one, moments) for name in ("planned_start", "planned_end")}
    return rows.assign(**times)


def _days_late(rows: pd.DataFrame, clock: ProgrammeClock) -> list[int]:
    return [
        max(0, (clock.day_of(end) - due).days) if late else 0
        for end, due, late in zip(rows["planned_end"], rows["deadline_day"], rows["hours_late"], strict=True)
    ]


def _links(programme: Programme, rows: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    names = rows.set_index("task_id")["task_name"]
    columns = {"before": "predecessor_id", "after": "successor_id", "lag": "lag_hours"}
    links = programme.precedences.rename(columns=columns)
    links = links.assign(
        link_id=scope.ids_of("task_link", zip(links["predecessor_id"], links["successor_id"], strict=True)),
        predecessor_name=links["predecessor_id"].map(names),
        successor_name=links["successor_id"].map(names),
    )
    return conform(
        links.assign(link_name=links["predecessor_name"] + " before " + links["successor_name"]), timeline_links
    )
