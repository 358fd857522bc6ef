"""Tasks and backlog items as the issues that Jira imports.

Belongs here: what is written into its columns. Does not: their names and rules (`reference/export_formats.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.exports.draft import Draft, DraftRow, cut, decimal, line
from flow_pipelines.exports.servers import wave_name
from flow_pipelines.flows import flow_of
from flow_pipelines.reference.export_formats import export_formats
from flow_pipelines.settings import EngagementSettings

TIMELINE = "plan/timeline"
READS = (TIMELINE,)
# Other tables of tasks, each listed as soon as there is one.
ALSO_READS = (
    "execute/rehost_tasks",
    "execute/replatform_tasks",
    "modernize/refactor_backlog",
    "modernize/rearchitect_backlog",
    "modernize/rewrite_backlog",
)
ISSUE_TYPES = {"modernize": "Story"}
TASK = "Task"
SECONDS_PER_HOUR, HOURS_PER_DAY = 3600, 8
# What Jira's markup would make of imported text: macros, links, pictures.
MARKUP, ESCAPED = re.compile(r"([{\[!])"), r"\\\1"
NOTICE = "In Jira's import, give yyyy-MM-dd as the format of dates, and map Original estimate as seconds."


def jira_rows(frames: Mapping[str, pd.DataFrame], *, settings: EngagementSettings, wave: int | None) -> Draft:
    """Return a row per task, by wave, time and name; milestones, which nobody does, are none."""
    del settings
    rows = []
    for key in (*READS, *ALSO_READS):
        for task in frames[key].to_dict("records") if key in frames else ():
            if task.get("kind") != "milestone" and (wave is None or _number(task["wave_number"]) == wave):
                order = (_number(task["wave_number"]) or 0, _day(task.get("planned_end")), line(task["task_name"]))
                rows.append((order, _row(key, task)))
    return Draft([row for _, row in sorted(rows, key=lambda row: row[0])], [NOTICE] if rows else [])


def _row(key: str, task: Mapping[Any, Any]) -> DraftRow:
    name, layout = line(task["task_name"]), export_formats().formats["jira"]
    wave = wave_name(task["wave_number"]) or "Programme"
    flow = flow_of(key).name
    labels = [flow, wave, task.get("treatment"), task.get("role"), task.get("state")]
    return DraftRow(
        name,
        {
            # Our own words first: no imported name is at the beginning of a cell, where a spreadsheet would compute it.
            "Summary": cut(f"[{wave}] {name}", layout.rules["Summary"].longest or len(name)),
            "Issue Type": ISSUE_TYPES.get(flow, TASK),
            "Description": cut(_description(key, task), layout.rules["Description"].longest or 0),
            "Due date": _day(task.get("planned_end")),
            "Original estimate": _seconds(task),
            "Labels": tuple(filter(None, map(_label, labels))),
        },
    )


def _description(key: str, task: Mapping[Any, Any]) -> str:
    told = {
        "Task": task["task_name"],
        "Of": task.get("workload_name"),
        "Who": task.get("role"),
        "From": task.get("planned_start"),
        "To": task.get("planned_end"),
        "Why": task.get("reason"),
        "Kept in": f"{key}, {task['task_id']}",
    }
    return "\n".join(f"{word}: {MARKUP.sub(ESCAPED, line(value))}" for word, value in told.items() if line(value))


def _label(told: object) -> str:
    return re.sub(r"\s+", "-", line(told).casefold())


def _number(wave: object) -> int | None:
    told = decimal(wave)
    return None if told is None else int(told)


def _day(moment: object) -> str:
    return line(moment)[:10]


def _seconds(task: Mapping[Any, Any]) -> str:
    hours, days = decimal(task.get("duration_hours")), decimal(task.get("effort_days"))
    if hours is None and days is not None:
        hours = days * HOURS_PER_DAY
    return "" if hours is None else str(round(hours * SECONDS_PER_HOUR))
