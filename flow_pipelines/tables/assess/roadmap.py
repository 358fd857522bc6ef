"""The table of the Assess flow's roadmap.

Belongs here: what one row of it is, column by column. Does not: how the rows come about
(`flow_pipelines/assess/roadmap.py`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
    BOOLEAN,
    DATE,
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    editable,
    one_of,
    optional,
    output_table,
    required,
    share,
)

WAVES = "assess/waves"
TREATMENTS = "assess/treatments"
STEP_TYPES = (
    "landing_zone",
    "landing_zone_ready",
    "prepare",
    "migrate",
    "cutover",
    "hypercare",
    "pilot_done",
    "all_moved",
    "decommission",
    "data_centre_exit",
)
LENGTH_RESTS_ON = (f"{WAVES}.wave_number", f"{WAVES}.effort_days")
BAND_RESTS_ON = (*LENGTH_RESTS_ON, f"{TREATMENTS}.confidence", "assess/assessment_overview.data_confidence")

roadmap = output_table(
    "assess",
    "roadmap",
    "One row per step of a wave, step of the programme, or milestone.",
    required("step_id", IDENTIFIER, "Deterministic id, from wave and type."),
    required("step_name", TEXT, "Its name, such as Wave 3: cutover."),
    required("step_type", TEXT, "What it is; a milestone takes no time."),
    required("is_milestone", BOOLEAN, "Whether it is a moment and takes no time."),
    optional("wave_number", INTEGER, "The wave; empty for the programme's own.", sources=[f"{WAVES}.wave_number"]),
    editable(
        required("start_date", DATE, "Its first day, as expected; fixed if a person sets it.", sources=LENGTH_RESTS_ON)
    ),
    editable(
        required("end_date", DATE, "Its last day, as expected; fixed if a person sets it.", sources=LENGTH_RESTS_ON)
    ),
    required("earliest_end_date", DATE, "The last day that is beaten in one of ten cases.", sources=BAND_RESTS_ON),
    required("latest_end_date", DATE, "The last day that is missed in one of ten cases.", sources=BAND_RESTS_ON),
    optional("working_days", INTEGER, "Its expected length; empty for a milestone.", unit="working days"),
    optional("effort_days", DECIMAL, "Effort that it takes.", unit="person days", sources=[f"{WAVES}.effort_days"]),
    required("confidence", DECIMAL, "How sure its length is.", sources=[f"{TREATMENTS}.confidence"]),
    required("workload_count", INTEGER, "Workloads of its wave.", sources=[f"{WAVES}.workload_id"]),
    required("server_count", INTEGER, "Servers of its wave.", sources=[f"{WAVES}.server_count"]),
    optional("slack_days", INTEGER, "Days from its last day to the deadline; negative if too late.", unit="days"),
    optional("conflict", TEXT, "What a date that a person fixed, or the deadline, collides with; empty if nothing."),
    required("reason", TEXT, "Why it is then, and what its length rests on."),
    required("workload_ids", IDENTIFIER_LIST, "The workloads of its wave.", sources=[f"{WAVES}.workload_id"]),
    one_of("step_type", *STEP_TYPES),
    share("confidence"),
    key=("step_id",),
    entity="roadmap_step",
    subtype="step_type",
    label="step_name",
)
