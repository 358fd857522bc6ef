"""The tables of the Execute flow's reports phase.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/execute/reports/`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
    DATE,
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    one_of,
    optional,
    output_table,
    required,
    share,
)
from flow_pipelines.tables.execute.progress import STATES, UPDATES
from flow_pipelines.tables.plan.timeline import TIMELINE

FORECASTS = "execute/task_forecasts"
TOLD = (f"{UPDATES}.state", f"{UPDATES}.happened_at")
FORETOLD = (*TOLD, f"{TIMELINE}.planned_start", f"{TIMELINE}.duration_hours", "plan/timeline_links.lag_hours")

task_forecasts = output_table(
    "execute",
    "task_forecasts",
    "One row per task of the timeline: what really happened to it, and when it is done by what has happened so far.",
    required("task_id", IDENTIFIER, "The task.", sources=[f"{TIMELINE}.task_id"]),
    required("task_name", TEXT, "Its name.", sources=[f"{TIMELINE}.task_name"]),
    optional("workload_id", IDENTIFIER, "Its workload.", sources=[f"{TIMELINE}.workload_id"]),
    optional("wave_number", INTEGER, "Its wave.", sources=[f"{TIMELINE}.wave_number"]),
    required("kind", TEXT, "What kind of task it is.", sources=[f"{TIMELINE}.kind"]),
    optional("role", TEXT, "Who does it.", sources=[f"{TIMELINE}.role"]),
    required("state", TEXT, "Where it stands.", sources=TOLD[:1]),
    required("planned_start", TIMESTAMP, "When it was planned to start.", sources=[f"{TIMELINE}.planned_start"]),
    required("planned_end", TIMESTAMP, "When it was planned to end.", sources=[f"{TIMELINE}.planned_end"]),
    optional("actual_start", TIMESTAMP, "When it was begun last.", sources=TOLD),
    optional("actual_end", TIMESTAMP, "When it was done or skipped.", sources=TOLD),
    required("forecast_start", TIMESTAMP, "When it starts, or has started.", sources=FORETOLD),
    required("forecast_end", TIMESTAMP, "When it ends, or has ended.", sources=FORETOLD),
    required("hours_late", INTEGER, "Working hours that it ends later than planned; less than 0 if earlier."),
    required("reason", TEXT, "Why then, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "Its assets.", sources=[f"{TIMELINE}.source_entity_ids"]),
    one_of("state", *STATES),
    key=("task_id",),
    entity="task_forecast",
    subtype="state",
    label="task_name",
)

burn_down = output_table(
    "execute",
    "burn_down",
    "One row per week of the programme: the tasks and hours left at its end as planned, as it was, and as foretold.",
    required("week_id", IDENTIFIER, "Deterministic id, from the week."),
    required("week", DATE, "The week's Monday.", sources=[f"{TIMELINE}.planned_start"]),
    required("planned_tasks_left", INTEGER, "Tasks left at its end, as planned.", sources=[f"{TIMELINE}.planned_end"]),
    required("planned_hours_left", INTEGER, "Their working hours.", sources=[f"{TIMELINE}.duration_hours"]),
    optional("tasks_left", INTEGER, "Tasks that were really left; empty for weeks to come.", sources=TOLD),
    optional("hours_left", INTEGER, "Their working hours.", sources=TOLD),
    optional(
        "forecast_tasks_left", INTEGER, "Tasks that will be left; empty for weeks that are over.", sources=FORETOLD
    ),
    optional("forecast_hours_left", INTEGER, "Their working hours.", sources=FORETOLD),
    key=("week_id",),
    entity="burn_down",
    label="week",
)

execution_report = output_table(
    "execute",
    "execution_report",
    "One row for the programme and one per wave: planned against actual, when it ends, how surely, at what cost.",
    required("report_id", IDENTIFIER, "Deterministic id, from the wave."),
    required("report_name", TEXT, "Programme, or wave and its number."),
    optional("wave_number", INTEGER, "The wave; empty for the programme.", sources=[f"{TIMELINE}.wave_number"]),
    required("known_at", TIMESTAMP, "As of when it is told: as_of of the settings, or the last thing told if later."),
    required("task_count", INTEGER, "Its tasks.", sources=[f"{TIMELINE}.task_id"]),
    required("over_count", INTEGER, "Tasks that are done or skipped.", sources=TOLD[:1]),
    required("open_count", INTEGER, "Tasks that are in progress.", sources=TOLD[:1]),
    required("stuck_count", INTEGER, "Tasks that are blocked, failed or rolled back.", sources=TOLD[:1]),
    required("overdue_count", INTEGER, "Tasks that should be over and are not.", sources=FORETOLD),
    required("share_done", DECIMAL, "Working hours of tasks that are over, as a share of all.", sources=FORETOLD),
    required("share_due", DECIMAL, "Working hours of tasks that should be over, as a share of all.", sources=FORETOLD),
    required("planned_end", TIMESTAMP, "When its last task was planned to end.", sources=[f"{TIMELINE}.planned_end"]),
    required("forecast_end", TIMESTAMP, "When its last task ends.", sources=FORETOLD),
    required("forecast_end_even", TIMESTAMP, "By when it ends in half of the cases.", sources=FORETOLD),
    required("forecast_end_likely", TIMESTAMP, "By when it ends in four of five cases.", sources=FORETOLD),
    required("forecast_end_safe", TIMESTAMP, "By when it ends in 19 of 20 cases.", sources=FORETOLD),
    required(
        "days_late", INTEGER, "Days from the planned to the forecast end; less than 0 if earlier.", sources=FORETOLD
    ),
    required("chance_in_time", DECIMAL, "Share of cases in which it ends by the planned day.", sources=FORETOLD),
    required("planned_cost_usd", DECIMAL, "What its work was planned to cost. Unit: USD.", sources=FORETOLD[3:4]),
    required("cost_to_date_usd", DECIMAL, "What has been worked costs so far. Unit: USD.", sources=TOLD),
    required(
        "forecast_cost_usd", DECIMAL, "What all its work costs, by what has happened. Unit: USD.", sources=FORETOLD
    ),
    required("variance_reasons", TEXT_LIST, "What the differences come from, the most hours first; may be empty."),
    required("risks", TEXT_LIST, "What may go wrong from here on; may be empty.", sources=["plan/plan_overview.risks"]),
    required("reason", TEXT, "What the forecast rests on, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "Its workloads.", sources=[f"{TIMELINE}.workload_id"]),
    share("share_done"),
    share("share_due"),
    share("chance_in_time"),
    key=("report_id",),
    entity="execution_report",
    label="report_name",
)
