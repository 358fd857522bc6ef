"""What must hold before runbooks are published: no cutover lost, none invented, nobody in two places at once.

Belongs here: for each table of the phase, a function that lists what does not hold, in words. Does not: column
contracts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.execute.cutover.sections import Section, find_sections
from flow_pipelines.execute.tasks.build import moving
from flow_pipelines.reference.cutover_templates import BACK_OUT, CUTOVER
from flow_pipelines.settings import EngagementSettings

STOP, START = "stop", "start"
MISSING = (math.nan, math.nan)


def runbook_problems(
    frames: Mapping[str, pd.DataFrame], runbook: pd.DataFrame, settings: EngagementSettings
) -> list[str]:  # fmt: skip
    """List cutovers, servers and databases without steps, what is invented, and steps that can't be done as planned.

    Args:
        frames: What it was made from; see `build_runbook`.
        runbook: The rows of `execute/cutover_runbook`.
        settings: The engagement's.
    """
    timeline = frames["plan/timeline"]
    cutovers = timeline[timeline["kind"] == "cutover"]
    expected = set(cutovers["task_id"])
    of_gates = set(timeline.loc[timeline["kind"] == "decision", "task_id"])
    found = set(runbook["timeline_task_ids"].explode().dropna())
    assets = moving(frames)
    units, stepped = set(assets["asset_id"]), set(runbook["asset_id"].dropna())
    problems = listed("cutovers {} of the timeline are in no runbook", expected - found)
    problems += listed("runbooks are of tasks {} that are no cutovers", found - expected - of_gates)
    problems += listed("{} move and are in no runbook", units - stepped)
    problems += listed("{} are in a runbook and do not move", stepped - units)
    problems += listed(
        "step names {} are there twice", set(runbook.loc[runbook["task_name"].duplicated(), "task_name"])
    )
    problems += _links(runbook) + _lanes(runbook) + _times(cutovers, runbook)
    return problems + _order(find_sections(frames, assets, settings), runbook)


def _links(runbook: pd.DataFrame) -> list[str]:
    """List steps that wait for what is not there or not over; what begins after all of that is in no cycle."""
    links = runbook[["task_name", "predecessor_ids", "start_minute"]].explode("predecessor_ids").dropna()
    minutes = runbook.set_index("task_id")["end_minute"].astype("float64")
    ends = minutes.reindex(links["predecessor_ids"]).to_numpy()
    starts = links["start_minute"].to_numpy(dtype="float64")
    early = set(links.loc[~(ends <= starts), "task_name"])
    return listed("steps {} begin before what they wait for is over", early)


def _times(cutovers: pd.DataFrame, runbook: pd.DataFrame) -> list[str]:
    """List steps that begin before their cutover in the timeline, or end after a window of which it is said to fit."""
    rows = runbook[runbook["phase"] == CUTOVER]
    margins = rows.dropna(subset=["margin_minutes"]).groupby("section_name")["margin_minutes"].min()
    fits = rows["section_name"].map(margins >= 0).fillna(value=True).astype(bool)
    late = fits & (rows["planned_end"] > rows["window_closes_at"])
    steps = rows[rows["workload_id"].notna()].explode("timeline_task_ids")
    begins = cutovers.set_index("task_id")["planned_start"].reindex(steps["timeline_task_ids"])
    early = set(steps.loc[steps["planned_start"].to_numpy() < begins.to_numpy(), "task_name"])
    problems = listed("steps {} begin before their cutover in plan/timeline", early)
    return problems + listed(
        "steps {} end after their change window, which is not said", set(rows.loc[late, "task_name"])
    )


def _lanes(runbook: pd.DataFrame) -> list[str]:
    """List steps that begin while another one of their lane is going on; the way back is at a time of its own."""
    rows = runbook[runbook["duration_minutes"] > 0]
    way = (rows["phase"] == BACK_OUT).rename("way")
    rows = rows.assign(way=way).sort_values(["section_name", "way", "lane", "start_minute", "end_minute"])
    before = rows.groupby(["section_name", "way", "lane"])["end_minute"].shift()
    return listed(
        "steps {} begin while their lane is busy",
        rows.loc[(rows["start_minute"] < before).fillna(value=False), "task_name"],
    )


def _order(sections: Sequence[Section], runbook: pd.DataFrame) -> list[str]:
    """List what stops before all that needs it has stopped, and what starts before what it needs has started.

    That holds of the cutover and of the way back alike. A database and the server that it is on part at the cutover:
    the server stops after it; on the way back they are together again, and the server starts first.
    """
    names = runbook.dropna(subset=["asset_id"]).drop_duplicates("asset_id").set_index("asset_id")["subject"]
    wrong = set()
    for phase in (CUTOVER, BACK_OUT):
        rows = runbook[runbook["phase"] == phase]
        stops, starts = (_spans(rows[rows["kind"] == kind]) for kind in (STOP, START))
        for section in sections:
            stopped = (*section.needs, *(section.hosted if phase == CUTOVER else ()))
            started = (*section.needs, *(section.hosted if phase == BACK_OUT else ()))
            late = [(one, other) for one, other in stopped if _end(stops, one) > _begin(stops, other)]
            early = [(one, other) for one, other in started if _begin(starts, one) < _end(starts, other)]
            wrong |= {f"{names[one]} and {names[other]}, which it needs" for one, other in (*late, *early)}
    return listed("{} stop or start in the wrong order", wrong)


def _spans(rows: pd.DataFrame) -> dict[str, tuple[float, float]]:
    minutes = (rows[name].astype("float64") for name in ("start_minute", "end_minute"))
    return dict(zip(rows["asset_id"], zip(*minutes, strict=True), strict=True))


def _begin(spans: Mapping[str, tuple[float, float]], asset: str) -> float:
    """Return when an asset's step begins; of one that is missing, which is a problem of its own, no time."""
    return spans.get(asset, MISSING)[0]


def _end(spans: Mapping[str, tuple[float, float]], asset: str) -> float:
    return spans.get(asset, MISSING)[1]


def timing_problems(runbook: pd.DataFrame, updates: pd.DataFrame, timings: pd.DataFrame) -> list[str]:
    """List steps that somebody told of and that have no timing, and timings of steps that are not there.

    Args:
        runbook: The rows of `execute/cutover_runbook`.
        updates: The rows of `execute/task_updates`.
        timings: The rows of `execute/runbook_timings`.
    """
    steps = set(runbook["task_id"])
    told = set(updates["task_id"]) & steps
    problems = listed("steps {} were told of and have no timing", told - set(timings["task_id"]))
    return problems + listed("timings are of steps {} that are not there", set(timings["task_id"]) - steps)
