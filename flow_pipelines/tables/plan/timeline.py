"""The tables of the Plan flow's timeline phase.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/plan/timeline/`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
    BOOLEAN,
    DATE,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    editable,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.discovery import INVENTORY

PLAN_OF_RECORD = "assess/plan_of_record"
ROADMAP = "assess/roadmap"
COMPONENTS = "assess/component_treatments"
KINDS = ("work", "transfer", "decision", "cutover", "milestone")
HOLDS = ("predecessor", "resource", "release", "nothing", "fixed")
LENGTH_RESTS_ON = (
    f"{PLAN_OF_RECORD}.treatment",
    f"{PLAN_OF_RECORD}.effort_days",
    f"{PLAN_OF_RECORD}.server_count",
    f"{INVENTORY}.storage_used_gib",
    f"{INVENTORY}.storage_allocated_gib",
)
TIMES_REST_ON = (*LENGTH_RESTS_ON, f"{PLAN_OF_RECORD}.wave_number", f"{ROADMAP}.start_date")
TIMELINE = "plan/timeline"
WORKING_HOURS = "working hours"

timeline = output_table(
    "plan",
    "timeline",
    "One row per task of a workload, and per milestone of a wave: who does it when, and why then.",
    required("task_id", IDENTIFIER, "Deterministic id, from workload and task."),
    required("task_name", TEXT, "The workload's name and the task.", sources=[f"{PLAN_OF_RECORD}.workload_name"]),
    optional(
        "workload_id", IDENTIFIER, "The workload; empty for a milestone.", sources=[f"{PLAN_OF_RECORD}.workload_id"]
    ),
    optional("workload_name", TEXT, "Its name.", sources=[f"{PLAN_OF_RECORD}.workload_name"]),
    optional("treatment", TEXT, "Its treatment.", sources=[f"{PLAN_OF_RECORD}.treatment"]),
    optional("wave_number", INTEGER, "Its wave, if it has one.", sources=[f"{PLAN_OF_RECORD}.wave_number"]),
    required("task", TEXT, "The task, as its template names it."),
    required("kind", TEXT, "work, transfer of data, decision to go, cutover in a change window, or milestone."),
    optional("role", TEXT, "Who does it; empty if nobody's time is taken."),
    optional("people", INTEGER, "How many of them at once."),
    required(
        "skills",
        TEXT_LIST,
        "What at least one of them must know; may be empty.",
        sources=[f"{INVENTORY}.os_product", f"{COMPONENTS}.product"],
    ),
    required(
        "assigned_to", TEXT_LIST, "Who of them does it, by name; empty if nobody is named in the settings or free."
    ),
    required("duration_hours", INTEGER, "How long it takes, in working hours.", sources=LENGTH_RESTS_ON),
    required("planned_start", TIMESTAMP, "When it starts.", sources=TIMES_REST_ON),
    required("planned_end", TIMESTAMP, "When it ends.", sources=TIMES_REST_ON),
    editable(
        optional(
            "fixed_start",
            TIMESTAMP,
            "When it starts because a person says so, or because it has begun; all else is planned around it. A time "
            "without a zone is taken as UTC.",
        )
    ),
    required("computed_start", TIMESTAMP, "When it would start if nobody had fixed any start.", sources=TIMES_REST_ON),
    required(
        "moved_hours", INTEGER, "By how many working hours the fixed starts move its end; less than 0 if forward."
    ),
    required("float_hours", INTEGER, "By how many working hours it may end later and nothing else suffers."),
    required("is_critical", BOOLEAN, "Whether it has no float."),
    required("is_driving", BOOLEAN, "Whether it is of the chain that drives the end of the programme."),
    optional("deadline", DATE, "The last day that is in time, of the earliest deadline that it must keep."),
    optional("deadline_reason", TEXT, "What ends then."),
    required("days_late", INTEGER, "By how many days it misses that; 0 if it doesn't."),
    required("hours_late", INTEGER, "By how many working hours; 0 if it doesn't."),
    required("waits_for", TEXT, "Why it starts no earlier: predecessor, resource, release, nothing, or fixed."),
    optional("waits_for_task", TEXT, "The task that it waits for, or that has what it needs until then."),
    required("reason", TEXT, "Why it starts then, in words."),
    optional("assumptions", TEXT, "What is assumed because it is not known; empty if nothing."),
    optional(
        "conflict", TEXT, "What a fixed start collides with, and whose skill or time is lacking; empty if nothing."
    ),
    optional("decided_by", TEXT, "Who fixed the start."),
    optional("decision_reason", TEXT, "Why."),
    required(
        "source_entity_ids",
        IDENTIFIER_LIST,
        "The assets of the workload, or of all of the wave.",
        sources=[f"{INVENTORY}.asset_id"],
    ),
    one_of("kind", *KINDS),
    one_of("waits_for", *HOLDS),
    key=("task_id",),
    entity="task",
    subtype="kind",
    label="task_name",
)

timeline_links = output_table(
    "plan",
    "timeline_links",
    "One row per pair of tasks of which one waits for the end of the other.",
    required("link_id", IDENTIFIER, "Deterministic id, from both tasks."),
    required("link_name", TEXT, "Both names.", sources=[f"{TIMELINE}.task_name"]),
    required("predecessor_id", IDENTIFIER, "The task that comes first.", sources=[f"{TIMELINE}.task_id"]),
    required("predecessor_name", TEXT, "Its name.", sources=[f"{TIMELINE}.task_name"]),
    required("successor_id", IDENTIFIER, "The task that waits for its end.", sources=[f"{TIMELINE}.task_id"]),
    required("successor_name", TEXT, "Its name.", sources=[f"{TIMELINE}.task_name"]),
    required("lag_hours", INTEGER, "How many working hours must pass in between, at least."),
    key=("link_id",),
    entity="task_link",
    label="link_name",
)
