"""The tables of the Plan flow's resource phase.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/plan/resource/`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
    DATE,
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.plan.timeline import TIMELINE

LOAD_RESTS_ON = tuple(
    f"{TIMELINE}.{column}" for column in ("role", "people", "duration_hours", "planned_start", "planned_end")
)
REMEDIES = ("hire", "widen", "move the deadline", "hire for a week")

resource_plan = output_table(
    "plan",
    "resource_plan",
    "One row per role and week in which there is work: what is needed, what there is, and what it costs.",
    required("load_id", IDENTIFIER, "Deterministic id, from role and week."),
    required("load_name", TEXT, "Role and week."),
    required("role", TEXT, "The role.", sources=[f"{TIMELINE}.role"]),
    required("week", DATE, "The week's Monday.", sources=[f"{TIMELINE}.planned_start"]),
    required("hours_needed", INTEGER, "Person hours that its tasks take.", sources=LOAD_RESTS_ON),
    required("hours_available", INTEGER, "Person hours that there are, absences and closed days left out."),
    required("hours_over", INTEGER, "Person hours in which more people are needed than are there."),
    required("people_at_most", INTEGER, "The most people who are needed at once.", sources=LOAD_RESTS_ON),
    optional("utilization", DECIMAL, "Hours needed as a share of hours available; empty if nobody is there."),
    required("cost_usd", DECIMAL, "What the hours needed cost. Unit: USD.", sources=LOAD_RESTS_ON),
    required("task_ids", IDENTIFIER_LIST, "The tasks that need them.", sources=[f"{TIMELINE}.task_id"]),
    key=("load_id",),
    entity="resource_load",
    subtype="role",
    label="load_name",
)

resource_remedies = output_table(
    "plan",
    "resource_remedies",
    "One row per way to mend missed deadlines or an over-allocated week, with its price.",
    required("remedy_id", IDENTIFIER, "Deterministic id, from what is mended and how."),
    required("remedy_name", TEXT, "It in words."),
    required("remedy", TEXT, "hire for the whole programme, widen, move the deadline, or hire for a week."),
    optional(
        "resource", TEXT, "The role, the replication streams or the cutovers at once that there would be more of."
    ),
    optional("more", INTEGER, "How many more there would be."),
    optional("week", DATE, "The week's Monday, of what is over-allocated."),
    required("hours_late_now", INTEGER, "Working hours by which all deadlines together are missed."),
    required("hours_late_then", INTEGER, "The same with this remedy alone.", sources=[f"{TIMELINE}.hours_late"]),
    optional("days_to_move", INTEGER, "By how many days the deadline would have to move.", unit="days"),
    optional("price_usd", DECIMAL, "What it costs; empty if that is not known.", unit="USD"),
    required("reason", TEXT, "What it rests on, in words."),
    required(
        "task_ids",
        IDENTIFIER_LIST,
        "The tasks that miss a deadline, or that need more people than there are.",
        sources=[f"{TIMELINE}.task_id"],
    ),
    one_of("remedy", *REMEDIES),
    key=("remedy_id",),
    entity="resource_remedy",
    subtype="remedy",
    label="remedy_name",
)
