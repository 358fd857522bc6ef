"""Cutovers as the changes that ServiceNow imports.

Belongs here: what is written into its columns. Does not: their names and rules (`reference/export_formats.yaml`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flow_pipelines.exports.draft import Draft, DraftRow, cut, line
from flow_pipelines.exports.servers import PLAN_OF_RECORD, wave_name
from flow_pipelines.reference.export_formats import export_formats
from flow_pipelines.settings import EngagementSettings

TIMELINE = "plan/timeline"
READS = (TIMELINE, PLAN_OF_RECORD)
CUTOVER = "cutover"
# Impact by criticality, as ServiceNow numbers it: 1 high, 2 medium, 3 low.
IMPACT = {"critical": "1", "high": "1", "medium": "2", "low": "3"}
Task = Mapping[Any, Any]
MOMENT = "%Y-%m-%d %H:%M:%S"
BACK_OUT = (
    "Until the cutover is confirmed, the source is kept as it was. To go back: stop the target, start the source, "
    "point names and connections to it again, and validate as before. The runbook of the wave has the steps and the "
    "point of no return."
)
NOTICE = "Times are UTC: import them as a user whose time zone is GMT, or ServiceNow moves them."


def servicenow_rows(frames: Mapping[str, pd.DataFrame], *, settings: EngagementSettings, wave: int | None) -> Draft:
    """Return a row per cutover of a workload, by time and name; `correlation_id` is the task's id."""
    del settings
    tasks = frames[TIMELINE].sort_values(["planned_start", "task_name"])
    if wave is not None:
        tasks = tasks[(tasks["wave_number"] == wave).fillna(False).astype(bool)]
    workloads = frames[PLAN_OF_RECORD].set_index("workload_id")[["criticality"]].to_dict("index")
    of_workload: dict[object, list[Task]] = defaultdict(list)
    for task in tasks.to_dict("records"):
        of_workload[task["workload_id"]].append(task)
    rows = [
        _row(task, listed, workloads.get(workload, {}))
        for workload, listed in of_workload.items()
        for task in listed
        if task["kind"] == CUTOVER
    ]
    rows.sort(key=lambda row: (row.cells["start_date"], row.name))
    return Draft(rows, [NOTICE] if rows else [])


def _row(cutover: Task, tasks: Sequence[Task], workload: Mapping[Any, Any]) -> DraftRow:
    name, wave = line(cutover["workload_name"]), wave_name(cutover["wave_number"])
    before = [task for task in tasks if task["planned_end"] <= cutover["planned_start"]]
    after = [task for task in tasks if task["planned_start"] >= cutover["planned_end"]]
    cells = {
        "correlation_id": line(cutover["task_id"]),
        "correlation_display": "flow-pipelines",
        # Our own words first: no imported name is at the beginning of a cell, where a spreadsheet would compute it.
        "short_description": f"{wave or 'Programme'}: {line(cutover['task_name'])}",
        "description": f"Cutover of {name} ({line(cutover['treatment'])}). {line(cutover['reason'])}",
        "type": "normal",
        "category": "Other",
        "cmdb_ci": name,
        "assignment_group": line(cutover["role"]),
        "start_date": f"{cutover['planned_start']:{MOMENT}}",
        "end_date": f"{cutover['planned_end']:{MOMENT}}",
        "impact": IMPACT.get(line(workload.get("criticality")), ""),
        "justification": f"{wave or 'Programme'} of the migration, by the plan of record.",
        "implementation_plan": _steps(before, f"Cutover from {cutover['planned_start']:{MOMENT}} UTC."),
        "test_plan": _steps(after, "Validate before users return."),
        "backout_plan": BACK_OUT,
    }
    rules = export_formats().formats["servicenow"].rules
    fitting = {
        column: cut(cell, longest) if column in rules and (longest := rules[column].longest) else cell
        for column, cell in cells.items()
    }
    return DraftRow(line(cutover["task_name"]), fitting)


def _steps(tasks: Sequence[Task], last: str) -> str:
    steps = [
        f"- {task['planned_start']:{MOMENT}} {line(task['task'])} ({line(task['role']) or 'nobody'})" for task in tasks
    ]
    return "\n".join(["Steps:", *steps, last])
