"""The table of the Assess flow's editor: the plan of record.

Belongs here: what one row of it is, column by column. Does not: how the rows come about
(`flow_pipelines/assess/plan_of_record.py`).
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
    editable,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.discovery import CHOICES

OVERVIEW = "assess/assessment_overview"
TREATMENTS = "assess/treatments"
WAVES = "assess/waves"
ROADMAP = "assess/roadmap"
TREATMENT_NAMES = (
    "rehost",
    "relocate",
    "replatform",
    "refactor",
    "rearchitect",
    "rewrite",
    "repurchase",
    "retire",
    "retain",
)
DECIDERS = ("rule", "person", "advice")
STATUSES = ("proposed", "agreed", "on hold")
DATES = (f"{ROADMAP}.start_date", f"{ROADMAP}.end_date", f"{ROADMAP}.wave_number")
WHO = "rule if it is as computed, person, or advice that was taken over from a tool or model."

plan_of_record = output_table(
    "assess",
    "plan_of_record",
    "One row per workload: the plan as decided by rules and people together, who decided what, and what it costs.",
    required("workload_id", IDENTIFIER, "The workload.", sources=[f"{TREATMENTS}.workload_id"]),
    required("workload_name", TEXT, "Its name.", sources=[f"{TREATMENTS}.workload_name"]),
    editable(
        required("treatment", TEXT, "What is done with it.", sources=[f"{TREATMENTS}.treatment"]),
        values=TREATMENT_NAMES,
        made_in=TREATMENTS,
    ),
    editable(
        optional(
            "wave_number",
            INTEGER,
            "The wave in which it moves; empty if it does not.",
            sources=[f"{WAVES}.wave_number"],
        ),
        made_in=WAVES,
    ),
    editable(optional("owner", TEXT, "Who owns it.", sources=[f"{OVERVIEW}.owner"]), made_in=OVERVIEW),
    editable(
        optional("criticality", TEXT, "Its criticality.", sources=[f"{OVERVIEW}.criticality"]),
        values=CHOICES["criticality"],
        made_in=OVERVIEW,
    ),
    editable(
        required("status", TEXT, "proposed until the people concerned say agreed or on hold."),
        values=STATUSES,
    ),
    optional("environment", TEXT, "Its environment.", sources=[f"{OVERVIEW}.environment"]),
    optional("start_date", DATE, "First day on which its wave is prepared; fixed in the roadmap.", sources=DATES),
    optional("cutover_date", DATE, "First day of its wave's cutover; fixed in the roadmap.", sources=DATES),
    optional("end_date", DATE, "Last day of its wave's hypercare, as expected.", sources=DATES),
    optional(
        "latest_end_date",
        DATE,
        "Last day of its wave's hypercare if all goes badly.",
        sources=[f"{ROADMAP}.latest_end_date", f"{ROADMAP}.wave_number"],
    ),
    required("server_count", INTEGER, "Its servers.", sources=[f"{WAVES}.server_count"]),
    required(
        "effort_days", DECIMAL, "Effort of its treatment. Unit: person days.", sources=[f"{TREATMENTS}.effort_days"]
    ),
    required("treatment_decided_by", TEXT, f"Who decided the treatment: {WHO}", sources=[f"{TREATMENTS}.treatment"]),
    required("wave_decided_by", TEXT, f"Who decided the wave: {WHO}", sources=[f"{WAVES}.wave_number"]),
    required(
        "decision_makers",
        TEXT_LIST,
        "The people whose decisions are in the row; empty if rules decided all of it.",
    ),
    required("computed_treatment", TEXT, "The treatment that the rules chose.", sources=[f"{TREATMENTS}.treatment"]),
    optional(
        "computed_wave_number",
        INTEGER,
        "The wave that was chosen without people's word on this workload.",
        sources=[f"{WAVES}.wave_number"],
    ),
    required(
        "changes",
        TEXT_LIST,
        "What people changed against what was computed, one sentence each, with name and reason; may be empty.",
    ),
    required(
        "decision_price",
        DECIMAL,
        "What the wave that people fixed costs beyond the best other one, in the units of the waves' objective; 0 if"
        " nobody fixed it or nothing would be better.",
        sources=[f"{WAVES}.next_best_cost", f"{WAVES}.fixed_by"],
    ),
    optional(
        "conflict",
        TEXT,
        "What a fixed date of its wave collides with; empty if nothing.",
        sources=[f"{ROADMAP}.conflict"],
    ),
    required(
        "reason",
        TEXT,
        "Why it is treated and placed so.",
        sources=[f"{TREATMENTS}.reason", f"{WAVES}.reason"],
    ),
    required(
        "source_entity_ids", IDENTIFIER_LIST, "The assets that make it up.", sources=[f"{TREATMENTS}.source_entity_ids"]
    ),
    one_of("treatment", *TREATMENT_NAMES),
    one_of("status", *STATUSES),
    one_of("treatment_decided_by", *DECIDERS),
    one_of("wave_decided_by", *DECIDERS),
    key=("workload_id",),
    entity="plan_item",
    subtype="treatment",
    label="workload_name",
)
