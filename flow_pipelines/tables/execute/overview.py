"""The tables of how far waves are, which the Execute flow's overview phase fills.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/execute/overview.py`, `flow_pipelines/execute/wave_gates.py`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
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
from flow_pipelines.tables.execute.progress import STATES, progress_columns

UPDATES = "execute/task_updates"
GATES = "execute/wave_gates"
TIMELINE = "plan/timeline"
PLAN_OF_RECORD = "assess/plan_of_record"
TARGETS = "plan/targets"
WAVE_STATES = ("planned", "ready", "approved", "executing", "validating", "complete", "rolled back", "blocked")
PASSED, NOT_PASSED, UNKNOWN = VERDICTS = ("passed", "failed", "unknown")
FINDING_RESTS_ON = (
    "plan/plan_overview.risks",
    f"{PLAN_OF_RECORD}.status",
    f"{TARGETS}.instance_type",
    "discovery/dependencies.target_id",
    f"{UPDATES}.state",
)

wave_gates = output_table(
    "execute",
    "wave_gates",
    "One row per wave and readiness gate: whether it is passed, what was found, and what to do if it is not. Each is a "
    "task of its own, so that people can say that it is done.",
    required("task_id", IDENTIFIER, "Deterministic id, from wave and gate."),
    required("task_name", TEXT, "The wave and the gate, such as Wave 2: backups."),
    required("wave_number", INTEGER, "The wave.", sources=[f"{PLAN_OF_RECORD}.wave_number"]),
    required("gate", TEXT, "The gate, as its data names it."),
    required("title", TEXT, "What it asks."),
    optional("role", TEXT, "Who sees to it."),
    required("planned_start", TIMESTAMP, "When its wave begins.", sources=[f"{TIMELINE}.planned_start"]),
    required("planned_end", TIMESTAMP, "By when it has to be passed.", sources=[f"{TIMELINE}.planned_start"]),
    required("verdict", TEXT, "passed, failed, or unknown if nothing tells.", sources=FINDING_RESTS_ON),
    required("finding", TEXT, "What was found, in words.", sources=FINDING_RESTS_ON),
    optional("evidence", TEXT, "What shows it: the table that tells, or what people named.", sources=FINDING_RESTS_ON),
    optional("remedy", TEXT, "What to do; empty if it is passed."),
    *progress_columns(),
    required("source_entity_ids", IDENTIFIER_LIST, "The wave's workloads.", sources=[f"{PLAN_OF_RECORD}.workload_id"]),
    one_of("verdict", *VERDICTS),
    key=("task_id",),
    entity="wave_gate",
    subtype="verdict",
    label="task_name",
)

execution_overview = output_table(
    "execute",
    "execution_overview",
    "One row for the programme and one per wave: how far it is, what holds it up, and what comes next.",
    required("overview_id", IDENTIFIER, "Deterministic id, from the wave."),
    required("overview_name", TEXT, "Programme, or wave and its number."),
    optional("wave_number", INTEGER, "The wave; empty for the programme.", sources=[f"{TIMELINE}.wave_number"]),
    required(
        "state",
        TEXT,
        "Where it stands: follows from its tasks and gates.",
        sources=[f"{UPDATES}.state", f"{GATES}.verdict"],
    ),
    optional(
        "state_since", TIMESTAMP, "When it came to that; empty if nothing was told.", sources=[f"{UPDATES}.state"]
    ),
    optional("previous_state", TEXT, "Where it stood before; empty if nowhere else.", sources=[f"{UPDATES}.state"]),
    required(
        "deviations",
        TEXT_LIST,
        "Changes of its state that should not have been, such as begun before it was approved; may be empty.",
        sources=[f"{UPDATES}.state"],
    ),
    required("task_count", INTEGER, "Its tasks; milestones and gates do not count.", sources=[f"{TIMELINE}.task_id"]),
    *(
        required(f"{name.replace(' ', '_')}_count", INTEGER, f"Tasks that are {name}.", sources=[f"{UPDATES}.state"])
        for name in STATES
    ),
    required("share_done", DECIMAL, "Tasks done or skipped, as a share of all.", sources=[f"{UPDATES}.state"]),
    required("late_count", INTEGER, "Tasks that should be over by the settings' as_of and are not."),
    required("passed_gate_count", INTEGER, "Gates passed.", sources=[f"{GATES}.verdict"]),
    required("failed_gate_count", INTEGER, "Gates failed.", sources=[f"{GATES}.verdict"]),
    required("unknown_gate_count", INTEGER, "Gates of which nothing is known.", sources=[f"{GATES}.verdict"]),
    optional("planned_start", TIMESTAMP, "When its first task is planned.", sources=[f"{TIMELINE}.planned_start"]),
    optional("planned_end", TIMESTAMP, "When its last task is planned to end.", sources=[f"{TIMELINE}.planned_end"]),
    optional("actual_start", TIMESTAMP, "When the first was begun or over.", sources=[f"{UPDATES}.happened_at"]),
    optional(
        "actual_end", TIMESTAMP, "When the last was over; empty if not all are.", sources=[f"{UPDATES}.happened_at"]
    ),
    optional("told_at", TIMESTAMP, "As of when the last thing is known of it.", sources=[f"{UPDATES}.happened_at"]),
    required("blockers", TEXT_LIST, "What holds it up, one sentence each; may be empty.", sources=FINDING_RESTS_ON),
    required("next_step", TEXT, "What comes next, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "Its workloads.", sources=[f"{PLAN_OF_RECORD}.workload_id"]),
    one_of("state", *WAVE_STATES),
    share("share_done"),
    key=("overview_id",),
    entity="wave_progress",
    subtype="state",
    label="overview_name",
)
