"""The table of the Plan flow's overview.

Belongs here: what one row of it is, column by column. Does not: how the rows come about
(`flow_pipelines/plan/overview.py`).
"""

from __future__ import annotations

from flow_pipelines.tables.assess.overview import READINESS
from flow_pipelines.tables.declaration import (
    DATE,
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    TEXT_LIST,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.plan.target import SQL_SERVER

PLAN_OF_RECORD = "assess/plan_of_record"
OVERVIEW = "assess/assessment_overview"
WAVES = "assess/waves"
STORAGE = (f"{INVENTORY}.storage_used_gib", f"{INVENTORY}.storage_allocated_gib")
WAVE = f"{PLAN_OF_RECORD}.wave_number"
PRICED_BY = (f"{INVENTORY}.cpu_count", f"{INVENTORY}.memory_mib", *STORAGE, *SQL_SERVER)

plan_overview = output_table(
    "plan",
    "plan_overview",
    "One row for the programme and one per wave: what is to be moved, how long its data takes, what it costs, what may "
    "go wrong.",
    required("overview_id", IDENTIFIER, "Deterministic id, from the wave."),
    required("overview_name", TEXT, "Programme, or wave and its number."),
    optional("wave_number", INTEGER, "The wave; empty for the programme.", sources=[WAVE]),
    required("workload_count", INTEGER, "Workloads; those that stay are in the programme alone.", sources=[WAVE]),
    required(
        "server_count",
        INTEGER,
        "Servers that move or are switched off, each in the first wave of its workloads.",
        sources=[f"{PLAN_OF_RECORD}.source_entity_ids", f"{PLAN_OF_RECORD}.treatment"],
    ),
    optional(
        "storage_gib",
        DECIMAL,
        "Storage of the servers whose treatment moves data: what is allocated, else used.",
        unit="GiB",
        sources=STORAGE,
    ),
    required(
        "data_gib",
        DECIMAL,
        "Data to move: what is used, else allocated, of the servers whose treatment moves data. Unit: GiB.",
        sources=STORAGE,
    ),
    required("unknown_data_count", INTEGER, "Servers that move data and don't tell how much.", sources=STORAGE),
    required(
        "transfer_hours",
        DECIMAL,
        "How long the data takes at the bandwidth of the settings, day and night. Unit: hours.",
        sources=STORAGE,
    ),
    required("effort_days", DECIMAL, "Effort. Unit: person days.", sources=[f"{PLAN_OF_RECORD}.effort_days"]),
    optional("start_date", DATE, "First day of preparation.", sources=[f"{PLAN_OF_RECORD}.start_date"]),
    optional("end_date", DATE, "Last day of hypercare.", sources=[f"{PLAN_OF_RECORD}.end_date"]),
    optional("latest_end_date", DATE, "Its last day if all goes badly.", sources=[f"{PLAN_OF_RECORD}.latest_end_date"]),
    required("now_usd_month", DECIMAL, "What its servers cost now. Unit: USD a month.", sources=STORAGE),
    required(
        "after_usd_month",
        DECIMAL,
        "What they cost after, licences included, each as the type of least price that fits. Unit: USD a month.",
        sources=PRICED_BY,
    ),
    required("unpriced_server_count", INTEGER, "Servers without a price in the cloud; no cost counts them."),
    optional("mean_risk", DECIMAL, "Mean risk of its workloads, 0 to 100.", sources=[f"{WAVES}.risk_score"]),
    required(
        "readiness",
        TEXT,
        "The least ready of its workloads that move; ready if none does.",
        sources=[f"{OVERVIEW}.readiness"],
    ),
    *(
        required(f"{name}_count", INTEGER, f"Workloads that move and are {name}.", sources=[f"{OVERVIEW}.readiness"])
        for name in READINESS
    ),
    required(
        "risks",
        TEXT_LIST,
        "What may go wrong, one sentence each: what blocks, what is not known, what collides; may be empty.",
        sources=[f"{OVERVIEW}.blockers", "assess/wave_conditions.reason", "assess/roadmap.conflict"],
    ),
    required("reason", TEXT, "What the figures rest on, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "Its workloads.", sources=[f"{PLAN_OF_RECORD}.workload_id"]),
    one_of("readiness", *READINESS),
    key=("overview_id",),
    entity="plan_overview",
    label="overview_name",
)
