"""The tables of the Assess flow's wave planning.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/assess/wave_planning/`).
"""

from __future__ import annotations

from flow_pipelines.reference.wave_rules import wave_rules
from flow_pipelines.tables.advice import advice_columns
from flow_pipelines.tables.declaration import (
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

OVERVIEW = "assess/assessment_overview"
TREATMENTS = "assess/treatments"
WAVES = "assess/waves"
DEPENDENCIES = "discovery/dependencies"
RESTS_ON = (
    f"{TREATMENTS}.treatment",
    f"{TREATMENTS}.effort_days",
    f"{OVERVIEW}.server_count",
    f"{OVERVIEW}.environment",
    f"{OVERVIEW}.owner",
    f"{DEPENDENCIES}.kind",
    f"{DEPENDENCIES}.bytes_total",
)
RISK_RESTS_ON = tuple(
    f"{OVERVIEW}.{name}" for name in ("criticality", "complexity_score", "debt_score", "data_confidence")
)
CONDITIONS = (
    "cut", "left_behind", "risky_first", "production_first", "mixed_wave", "owner_split", "site_split", "cycle_split",
    "too_large",
)  # fmt: skip

waves = output_table(
    "assess",
    "waves",
    "One row per workload: the wave in which it moves, why, and what the next best wave would cost.",
    required("workload_id", IDENTIFIER, "The workload.", sources=[f"{TREATMENTS}.workload_id"]),
    required("workload_name", TEXT, "Its name.", sources=[f"{TREATMENTS}.workload_name"]),
    required("treatment", TEXT, "What is done with it.", sources=[f"{TREATMENTS}.treatment"]),
    editable(
        optional(
            "wave_number",
            INTEGER,
            "The wave in which it moves, from 1 on; empty if it does not move. What a person sets is kept, and the "
            "rest planned around it.",
            sources=RESTS_ON,
        )
    ),
    editable(
        optional("forbidden_waves", TEXT_LIST, "Numbers of waves in which a person does not want it; empty if any.")
    ),
    editable(
        optional("tied_to", TEXT, "Name or id of a workload that a person wants it to move together with, if any.")
    ),
    required("move_group_id", IDENTIFIER, "Its move group: the workload that comes first in it."),
    required("move_group_name", TEXT, "What the move group is called."),
    optional("environment", TEXT, "Its environment.", sources=[f"{OVERVIEW}.environment"]),
    optional("criticality", TEXT, "Its criticality.", sources=[f"{OVERVIEW}.criticality"]),
    optional("owner", TEXT, "Who owns it.", sources=[f"{OVERVIEW}.owner"]),
    optional("site", TEXT, "Its data center, if its servers agree.", sources=["discovery/inventory.data_center"]),
    required("risk_score", DECIMAL, "How risky it is to move, 0 to 100.", sources=RISK_RESTS_ON),
    required("server_count", INTEGER, "Its servers.", sources=[f"{OVERVIEW}.server_count"]),
    optional("storage_gib", DECIMAL, "Its storage.", unit="GiB", sources=[f"{OVERVIEW}.storage_gib"]),
    required("effort_days", DECIMAL, "Effort to move it. Unit: person days.", sources=[f"{TREATMENTS}.effort_days"]),
    optional("next_best_wave", INTEGER, "The cheapest other wave; empty if there is none."),
    optional("next_best_cost", DECIMAL, "How many points more the plan would cost with it there."),
    optional("fixed_by", TEXT, "Who fixed its wave; empty if nobody did."),
    required("reason", TEXT, "Why it is in this wave, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "The workload.", sources=[f"{TREATMENTS}.workload_id"]),
    key=("workload_id",),
    entity="placement",
    subtype="treatment",
    label="workload_name",
)

wave_conditions = output_table(
    "assess",
    "wave_conditions",
    "One row per condition that the waves do not keep, with its price: what is cut, split, mixed or too early.",
    required("condition_id", IDENTIFIER, "Deterministic id, from kind, workloads and wave."),
    required("kind", TEXT, "Which condition: " + ", ".join(CONDITIONS) + "."),
    optional("workload_id", IDENTIFIER, "The workload that it is about.", sources=[f"{WAVES}.workload_id"]),
    optional("other_workload_id", IDENTIFIER, "The other one, if it is about two.", sources=[f"{WAVES}.workload_id"]),
    optional(
        "wave_number", INTEGER, "The wave that it is about, the later one of two.", sources=[f"{WAVES}.wave_number"]
    ),
    optional(
        "price",
        DECIMAL,
        "What it costs in points; of what is left behind, what it would cost if it could be avoided; empty if it has "
        "none.",
    ),
    required("reason", TEXT, "In words."),
    one_of("kind", *CONDITIONS),
    key=("condition_id",),
    entity="wave_condition",
    subtype="kind",
    label="kind",
)

wave_totals = output_table(
    "assess",
    "wave_totals",
    "One row per wave: what moves in it, and what it cuts. The first row says what the plan as a whole costs.",
    required("wave_id", IDENTIFIER, "Deterministic id, from the number."),
    optional("wave_number", INTEGER, "The wave; empty for the whole plan.", sources=[f"{WAVES}.wave_number"]),
    required("wave_name", TEXT, "Wave and its number, or Plan."),
    required("workload_count", INTEGER, "Workloads.", sources=[f"{WAVES}.workload_id"]),
    required("server_count", INTEGER, "Servers.", sources=[f"{WAVES}.server_count"]),
    required("storage_gib", DECIMAL, "Storage. Unit: GiB.", sources=[f"{WAVES}.storage_gib"]),
    required("effort_days", DECIMAL, "Effort. Unit: person days.", sources=[f"{WAVES}.effort_days"]),
    optional("mean_risk", DECIMAL, "Mean risk of its workloads, 0 to 100.", sources=[f"{WAVES}.risk_score"]),
    editable(
        optional(
            "rationale",
            TEXT,
            "Why the wave is what it is: the strongest of the reasons that hold; empty for the whole plan.",
            sources=[f"{WAVES}.wave_number", f"{WAVES}.fixed_by", f"{WAVES}.risk_score", f"{WAVES}.environment"],
        ),
        values=wave_rules().rationales,
    ),
    optional(
        "rationales", TEXT_LIST, "All reasons that hold, the strongest first, each with its strength of at most 1."
    ),
    optional("decided_by", TEXT, "Who chose another rationale."),
    optional("decision_reason", TEXT, "Why."),
    *advice_columns("rationale"),
    required("cut", DECIMAL, "Points for traffic that is cut between it and earlier waves."),
    optional("cost", DECIMAL, "Points of the whole plan; empty for a wave."),
    optional("bound", DECIMAL, "No plan costs fewer points; empty for a wave."),
    optional("gap", DECIMAL, "How far above the bound the plan is, as a share of its cost; empty for a wave."),
    required("reason", TEXT, "What it is made of, in words."),
    key=("wave_id",),
    entity="wave",
    label="wave_name",
)
