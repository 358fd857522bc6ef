"""The table of the Assess flow's overview.

Belongs here: what one row of it is, column by column. Does not: how the rows come about
(`flow_pipelines/assess/`).
"""

from __future__ import annotations

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
    share,
)
from flow_pipelines.tables.discovery import CHOICES, INVENTORY

DEPENDENCIES = "discovery/dependencies"
TECH_DEBT = "discovery/tech_debt"
# What readiness and its blockers rest on.
EVIDENCE = (
    f"{INVENTORY}.architecture",
    f"{INVENTORY}.os_product",
    f"{INVENTORY}.database_product",
    f"{INVENTORY}.cpu_count",
    f"{INVENTORY}.memory_mib",
    f"{INVENTORY}.lifecycle_status",
    f"{DEPENDENCIES}.kind",
    f"{TECH_DEBT}.status",
)
LEVELS = ("low", "medium", "high")
READINESS = ("ready", "conditional", "blocked", "unknown")

assessment_overview = output_table(
    "assess",
    "assessment_overview",
    "One row per workload: an application with all that belongs to it, or an asset that belongs to none.",
    required(
        "workload_id", IDENTIFIER, "Id of the application, or of the only asset.", sources=[f"{INVENTORY}.asset_id"]
    ),
    required("workload_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("workload_type", TEXT, "application or stand_alone.", sources=[f"{INVENTORY}.asset_type"]),
    editable(
        optional(
            "environment",
            TEXT,
            "Environment of its servers, else of its other parts; empty if they differ.",
            sources=[f"{INVENTORY}.environment"],
        ),
        values=CHOICES["environment"],
    ),
    editable(
        optional("criticality", TEXT, "Highest criticality of its parts.", sources=[f"{INVENTORY}.criticality"]),
        values=CHOICES["criticality"],
    ),
    editable(
        optional(
            "owner",
            TEXT,
            "Who owns it: as the application states, else as its parts agree; empty if they differ.",
            sources=[f"{INVENTORY}.owner"],
        )
    ),
    required(
        "server_count",
        INTEGER,
        "Servers that belong to it; one of several applications counts in each.",
        sources=[f"{INVENTORY}.application_ids"],
    ),
    required(
        "database_count",
        INTEGER,
        "Databases that belong to it; one of several applications counts in each.",
        sources=[f"{INVENTORY}.application_ids"],
    ),
    optional(
        "cpu_count",
        INTEGER,
        "Processors of those of its servers that tell; empty if none does.",
        unit="processors",
        sources=[f"{INVENTORY}.cpu_count"],
    ),
    optional(
        "memory_mib",
        DECIMAL,
        "Memory of those of its servers that tell; empty if none does.",
        unit="MiB",
        sources=[f"{INVENTORY}.memory_mib"],
    ),
    optional(
        "storage_gib",
        DECIMAL,
        "Disk capacity of those of its servers that tell, used if known, else allocated; empty if none does.",
        unit="GiB",
        sources=[f"{INVENTORY}.storage_used_gib", f"{INVENTORY}.storage_allocated_gib"],
    ),
    required(
        "depends_on_count",
        INTEGER,
        "Other workloads that it needs, noise left out.",
        sources=[f"{DEPENDENCIES}.source_id", f"{DEPENDENCIES}.target_id"],
    ),
    required(
        "needed_by_count",
        INTEGER,
        "Other workloads that need it, noise left out.",
        sources=[f"{DEPENDENCIES}.source_id", f"{DEPENDENCIES}.target_id"],
    ),
    required(
        "external_count",
        INTEGER,
        "External nodes that it needs or that need it, noise left out.",
        sources=[f"{DEPENDENCIES}.source_is_external", f"{DEPENDENCIES}.target_is_external"],
    ),
    required("debt_finding_count", INTEGER, "Findings about its parts.", sources=[f"{TECH_DEBT}.finding_id"]),
    required(
        "debt_score", DECIMAL, "Highest score of its findings, 0 to 100; 0 without any.", sources=[f"{TECH_DEBT}.score"]
    ),
    required(
        "complexity_score", DECIMAL, "Weighted size, dependencies and debt, 0 to 100; what is unknown is left out."
    ),
    editable(required("complexity", TEXT, "low, medium or high."), values=LEVELS),
    required(
        "data_confidence",
        DECIMAL,
        "How far its data can be relied upon: identity and quality of its parts, and whether they tell what is needed.",
        sources=[f"{INVENTORY}.resolution_confidence", f"{INVENTORY}.quality_score"],
    ),
    editable(
        required(
            "readiness",
            TEXT,
            "ready, conditional, blocked or unknown: whether it can move as it is.",
            sources=EVIDENCE,
        ),
        values=READINESS,
    ),
    required(
        "blockers",
        TEXT_LIST,
        "What keeps it from moving as it is, or is not known, one sentence each, the gravest first; may be empty.",
        sources=EVIDENCE,
    ),
    required("reason", TEXT, "What complexity and readiness rest on, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "The assets that make it up.", sources=[f"{INVENTORY}.asset_id"]),
    one_of("workload_type", "application", "stand_alone"),
    one_of("complexity", *LEVELS),
    one_of("readiness", *READINESS),
    share("data_confidence"),
    key=("workload_id",),
    entity="workload",
    subtype="workload_type",
    label="workload_name",
)
