"""By when tasks must be done: the deadlines of the settings, and the roadmap's windows.

Belongs here: giving each task the earliest deadline that it must keep. Does not: what would keep a deadline that is
missed (`deadlines.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from glob import escape

import pandas as pd

from flow_pipelines.errors import SettingsError
from flow_pipelines.plan.timeline.clock import DAY, ProgrammeClock
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.settings_schedule import TaskDeadline

EXIT = "data-centre exit"
ROADMAP_CUTOVER = "cutover in the roadmap"


def with_deadlines(tasks: pd.DataFrame, settings: EngagementSettings, clock: ProgrammeClock) -> pd.DataFrame:
    """Give the last task of each workload the earliest deadline that it must keep, its cutover the roadmap's window.

    The roadmap's window counts as a deadline so that a wave is not put off only because nothing forbids it.
    """
    is_last = ~tasks["workload_id"].duplicated(keep="last")
    cutovers = tasks.loc[tasks["kind"] == "cutover", "workload_id"]
    is_cut_over = tasks.index.isin(cutovers.index[~cutovers.duplicated(keep="last")])
    due: list[tuple[int, date, str] | None] = []
    for name, day, last, cut_over in zip(
        tasks["workload_name"], tasks["cutover_date"], is_last, is_cut_over, strict=True
    ):
        window = clock.window_from(day) if cut_over and not pd.isna(day) else None
        found = min(_deadlines(str(name), settings), default=None) if last else None
        if found:
            due.append((clock.time.periods_until(clock.midnight(found[0] + DAY)), *found))
        elif window:
            due.append((window.period + window.hours, clock.day_of(window.ends), ROADMAP_CUTOVER))
        else:
            due.append(None)
    told = zip(("deadline", "deadline_day", "deadline_reason"), ("Int64", "object", "object"), strict=True)
    columns = {
        name: pd.Series([one and one[place] for one in due], index=tasks.index, dtype=kind)
        for place, (name, kind) in enumerate(told)
    }
    return tasks.assign(**columns)


def _deadlines(name: str, settings: EngagementSettings) -> Iterator[tuple[date, str]]:
    if settings.roadmap.deadline:
        yield settings.roadmap.deadline, EXIT
    for one in settings.schedule.deadlines:
        if _is_meant(name, one):
            yield one.day, one.reason


def _is_meant(name: str, deadline: TaskDeadline) -> bool:
    """Tell whether a workload has a deadline: only * stands for other letters."""
    pattern = "*".join(escape(part) for part in deadline.workloads.casefold().split("*"))
    return fnmatchcase(name.casefold(), pattern)


def check_deadlines(workloads: pd.DataFrame, settings: EngagementSettings) -> None:
    """Refuse a deadline of no workload of the plan: a contract that ends would be passed over for a slip of the pen."""
    names = sorted(set(workloads["workload_name"].astype(str)))
    folded = {name.casefold(): name for name in names}
    for one in settings.schedule.deadlines if names else ():
        if any(_is_meant(name, one) for name in names):
            continue
        close = get_close_matches(one.workloads.casefold().strip("*"), list(folded))
        near = f" Names near it: {', '.join(folded[name] for name in close)}." if close else ""
        raise SettingsError(
            f"The deadline of {one.day} ({one.reason}) is for {one.workloads!r}: the plan has no such workload.{near}",
            remedy="Correct schedule.deadlines, or take the deadline out.",
        )
