"""The tables of the cutover phase: the runbook of each wave, and how long its steps really took.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/execute/cutover/`).
"""

from __future__ import annotations

from flow_pipelines.reference.cutover_templates import PHASES, STEP_KINDS
from flow_pipelines.tables.declaration import (
    BOOLEAN,
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
)
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.execute.progress import UPDATES, progress_columns
from flow_pipelines.tables.execute.tasks import CONNECTIONS, METHOD_RESTS_ON, PLAN_OF_RECORD, TIMELINE, TIMES

RUNBOOK = "execute/cutover_runbook"
DATA = (f"{INVENTORY}.storage_used_gib", f"{INVENTORY}.storage_allocated_gib", *METHOD_RESTS_ON)
PLACED_BY = (*TIMES, *CONNECTIONS, *DATA)
MINUTES = "minutes from T-0"

cutover_runbook = output_table(
    "execute",
    "cutover_runbook",
    "One row per step of a wave's cutover and of the way back: who does what in which minute, after what, and what "
    "shows it. A wave that is cut over in several change windows has a section for each.",
    required("task_id", IDENTIFIER, "Deterministic id of the step; the same if the cutover is put off."),
    required("task_name", TEXT, "Wave, what it is about, and the step; no two alike.", sources=[f"{INVENTORY}.name"]),
    required("table_key", TEXT, "The table, flow/table, in which the step is planned."),
    optional("wave_number", INTEGER, "The wave.", sources=[f"{PLAN_OF_RECORD}.wave_number"]),
    required("section_name", TEXT, "The wave, and which of its change windows.", sources=TIMES),
    required("section_number", INTEGER, "Which of the wave's change windows, from 1.", sources=TIMES),
    required("begins_at", TIMESTAMP, "T-0: when the section's first cutover begins.", sources=TIMES),
    required("window_closes_at", TIMESTAMP, "When the change window closes.", sources=TIMES),
    required("phase", TEXT, "before T-0, cutover, or back-out, which is done only if it is decided."),
    required("step_number", INTEGER, "Its number in the section, in order of begin, from 1."),
    required("kind", TEXT, "What kind of step it is."),
    required("step", TEXT, "The step, as its template names it."),
    optional("subject", TEXT, "What it is about; empty if it is about all.", sources=[f"{INVENTORY}.name"]),
    optional("workload_id", IDENTIFIER, "Its workload.", sources=[f"{PLAN_OF_RECORD}.workload_id"]),
    optional("asset_id", IDENTIFIER, "Its server or database.", sources=[f"{INVENTORY}.asset_id"]),
    required("role", TEXT, "Who or what does it.", sources=[f"{PLAN_OF_RECORD}.owner"]),
    required("lane", TEXT, "Which of them: nobody does two things at once.", sources=[f"{PLAN_OF_RECORD}.owner"]),
    required("is_automatic", BOOLEAN, "Whether it takes nobody's time, such as copying."),
    required("start_minute", INTEGER, f"When it starts. Unit: {MINUTES}.", sources=PLACED_BY),
    required("end_minute", INTEGER, f"When it ends. Unit: {MINUTES}.", sources=PLACED_BY),
    required("duration_minutes", INTEGER, "How long it takes. Unit: minutes.", sources=DATA),
    required("planned_start", TIMESTAMP, "When it starts; of a way back, if it is begun at the last moment."),
    required("planned_end", TIMESTAMP, "When it ends."),
    required("predecessor_ids", IDENTIFIER_LIST, "The steps that it waits for."),
    required("float_minutes", INTEGER, "By how much it may end later and the end stays. Unit: minutes."),
    required("is_critical", BOOLEAN, "Whether the end waits for it."),
    required("waits_for_people", BOOLEAN, "Whether it starts only when somebody on its lane is free."),
    required("is_point_of_no_return", BOOLEAN, "Whether there is no way back after it but with loss of data."),
    optional(
        "margin_minutes",
        INTEGER,
        "Of a milestone: how many minutes are left until then; less than 0 if it does not fit.",
        unit="minutes",
        sources=PLACED_BY,
    ),
    required(
        "details", TEXT_LIST, "Whom to tell, criteria, or who must reach whom on which port.", sources=CONNECTIONS
    ),
    required("evidence", TEXT, "What shows that it is done."),
    required("reason", TEXT, "Why it is done and takes so long; of a milestone, whether it fits and what drives it."),
    required(
        "timeline_task_ids",
        IDENTIFIER_LIST,
        "The tasks of the plan that it is a part of.",
        sources=[TIMELINE + ".task_id"],
    ),
    required("source_entity_ids", IDENTIFIER_LIST, "Its assets.", sources=[f"{INVENTORY}.asset_id"]),
    *progress_columns(),
    one_of("phase", *PHASES),
    one_of("kind", *STEP_KINDS),
    key=("task_id",),
    entity="cutover_step",
    subtype="kind",
    label="task_name",
)

runbook_timings = output_table(
    "execute",
    "runbook_timings",
    "One row per step of a runbook and dry run or cutover in which somebody told of it: how long it took.",
    required("timing_id", IDENTIFIER, "Deterministic id, from the step and the run."),
    required("timing_name", TEXT, "The step and the run."),
    required("task_id", IDENTIFIER, "The step.", sources=[f"{RUNBOOK}.task_id"]),
    required("task_name", TEXT, "Its name.", sources=[f"{RUNBOOK}.task_name"]),
    required("section_name", TEXT, "The wave, and which of its change windows.", sources=[f"{RUNBOOK}.section_name"]),
    required("run_name", TEXT, "dry run or cutover, and its number.", sources=[f"{UPDATES}.is_rehearsal"]),
    required("run_number", INTEGER, "Its number, from 1: a new one begins when a step is begun again."),
    required("is_rehearsal", BOOLEAN, "Whether it was a dry run.", sources=[f"{UPDATES}.is_rehearsal"]),
    optional("begun_at", TIMESTAMP, "When the step was begun.", sources=[f"{UPDATES}.happened_at"]),
    optional("ended_at", TIMESTAMP, "When it was done.", sources=[f"{UPDATES}.happened_at"]),
    required("last_state", TEXT, "What was told last.", sources=[f"{UPDATES}.state"]),
    required(
        "planned_minutes", INTEGER, "How long it was to take. Unit: minutes.", sources=[f"{RUNBOOK}.duration_minutes"]
    ),
    optional("actual_minutes", INTEGER, "How long it took.", unit="minutes", sources=[f"{UPDATES}.happened_at"]),
    optional(
        "difference_minutes",
        INTEGER,
        "How much longer it took than planned; less than 0 if it was done sooner.",
        unit="minutes",
        sources=[f"{RUNBOOK}.duration_minutes", f"{UPDATES}.happened_at"],
    ),
    required("source_entity_ids", IDENTIFIER_LIST, "The assets of the step.", sources=[f"{RUNBOOK}.source_entity_ids"]),
    key=("timing_id",),
    entity="runbook_timing",
    subtype="run_name",
    label="timing_name",
)
