"""What must hold before runbooks are published: no cutover lost, none invented, nobody in two places at once.

Belongs here: for each table of the phase, a function that lists what does not hold, in words. Does not: column
contracts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.execute.cutover.sections import Section, find_sections
from flow_pipelines.execute.tasks.build import moving
from flow_pipelines.reference.cutover_templates import BACK_OUT
from flow_pipelines.settings import EngagementSettings

STOP, START = "stop", "start"


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
    problems += _links(runbook) + _lanes(runbook)
    return problems + _order(find_sections(frames, assets, settings), runbook)


def _links(runbook: pd.DataFrame) -> list[str]:
    """List steps that wait for what is not there or not over; what begins after all of that is in no cycle."""
    links = runbook[["task_name", "predecessor_ids", "start_minute"]].explode("predecessor_ids").dropna()
    minutes = runbook.set_index("task_id")["end_minute"].astype("float64")
    ends = minutes.reindex(links["predecessor_ids"]).to_numpy()
    starts = links["start_minute"].to_numpy(dtype="float64")
    early = set(links.loc[~(ends <= starts), "task_name"])
    return listed("steps {} begin before what they wait for is over", early)


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
    """List what stops before all that needs it has stopped, and what starts before what it needs has started."""
    rows = runbook[runbook["phase"] != BACK_OUT]
    of_asset = {
        (kind, edge): rows[rows["kind"] == kind].set_index("asset_id")[f"{edge}_minute"].to_dict()
        for kind in (STOP, START)
        for edge in ("start", "end")
    }
    names = rows.dropna(subset=["asset_id"]).drop_duplicates("asset_id").set_index("asset_id")["subject"]
    wrong = set()
    for section in sections:
        for needing, needed in section.needs:
            stops_late = _minute(of_asset[STOP, "end"], needing) > _minute(of_asset[STOP, "start"], needed)
            starts_early = _minute(of_asset[START, "start"], needing) < _minute(of_asset[START, "end"], needed)
            if stops_late or (starts_early and _is_server(section.units, needing)):
                wrong.add(f"{names[needing]} and {names[needed]}, which it needs")
    return listed("{} stop or start in the wrong order", wrong)


def _minute(minutes: Mapping[Any, Any], asset: str) -> float:
    """Return when an asset's step is; of one that is missing, which is a problem of its own, no time."""
    return float(minutes.get(asset, math.nan))


def _is_server(units: pd.DataFrame, asset: str) -> bool:
    return bool((units.loc[units["asset_id"] == asset, "asset_type"] == "server").any())


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
