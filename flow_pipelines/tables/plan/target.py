"""The tables of the Plan flow's target phase.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/plan/target/`).
"""

from __future__ import annotations

from flow_pipelines.reference.instance_types import known_types
from flow_pipelines.tables.declaration import (
    BOOLEAN,
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
from flow_pipelines.tables.discovery import INVENTORY

PLAN_OF_RECORD = "assess/plan_of_record"
PROVIDERS = ("aws", "azure", "google")
DIMENSIONS = ("vcpu", "memory_gib", "gpu_count")
USE = tuple(
    f"{INVENTORY}.{name}_{basis}"
    for name in ("cpu_usage_percent", "memory_usage_percent", "memory_used_mib")
    for basis in ("peak", "percentile_95")
)
SYSTEM = (f"{INVENTORY}.architecture", f"{INVENTORY}.operating_system")
SIZING = (f"{INVENTORY}.cpu_count", f"{INVENTORY}.memory_mib", *USE, *SYSTEM)
STORAGE = (
    f"{INVENTORY}.storage_allocated_gib",
    f"{INVENTORY}.storage_used_gib",
    *(
        f"{INVENTORY}.disk_{way}_operations_per_second_{basis}"
        for way in ("read", "write")
        for basis in ("peak", "percentile_95")
    ),
)
SQL_SERVER = (
    "assess/component_treatments.product",
    "assess/component_treatments.component_treatment",
    f"{INVENTORY}.database_edition",
    "discovery/dependencies.target_id",
)
TARGETS = "plan/targets"
MONTHLY = "USD a month of 730 hours"

targets = output_table(
    "plan",
    "targets",
    "One row per server that moves and cloud: the instance type of least price that fits it, or that a person chose, "
    "and what it costs.",
    required("target_id", IDENTIFIER, "Deterministic id, from server and cloud."),
    required("target_name", TEXT, "The server's name and the cloud.", sources=[f"{INVENTORY}.name"]),
    required("asset_id", IDENTIFIER, "The server.", sources=[f"{INVENTORY}.asset_id"]),
    required("server_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("provider", TEXT, "The cloud."),
    required("region", TEXT, "Its region, by the settings."),
    required(
        "is_chosen",
        BOOLEAN,
        "Whether the server goes there: the cloud of which a person chose a type; else the programme's, which of the "
        "clouds of the engagement has a price for most servers and of these the least total; else the cheapest.",
        sources=SIZING,
    ),
    editable(
        optional(
            "instance_type",
            TEXT,
            "The type; empty if nothing fits, or if a person rules the cloud out for this server. What a person "
            "chooses is kept and priced.",
            sources=SIZING,
        ),
        chosen_by="provider",
        choices=known_types(),
    ),
    optional("computed_instance_type", TEXT, "The type of least price that fits, whoever chose.", sources=SIZING),
    optional(
        "price_difference_usd_month",
        DECIMAL,
        "What the type that a person chose costs beyond the computed one, on demand; 0 if nobody chose.",
        unit=MONTHLY,
    ),
    optional("family", TEXT, "Family of the type."),
    optional("vcpu", DECIMAL, "Processors of the type.", unit="processors"),
    optional("memory_gib", DECIMAL, "Memory of the type.", unit="GiB"),
    optional("gpu_count", DECIMAL, "GPUs of the type."),
    optional("needed_vcpu", DECIMAL, "Processors that are needed.", unit="processors", sources=SIZING),
    optional("needed_memory_gib", DECIMAL, "Memory that is needed.", unit="GiB", sources=SIZING),
    required("needed_gpu", DECIMAL, "GPUs that are needed."),
    optional("architecture", TEXT, "Architecture that is needed; empty if no cloud has it.", sources=SYSTEM),
    required("is_windows", BOOLEAN, "Whether it is priced with Windows.", sources=SYSTEM),
    optional("binding_dimension", TEXT, "The need that leaves the computed type the least room.", sources=SIZING),
    optional("runner_up_type", TEXT, "The next cheapest type that fits.", sources=SIZING),
    optional("runner_up_usd_month", DECIMAL, "Its price, on demand.", unit=MONTHLY),
    optional("on_demand_usd_month", DECIMAL, "Price of the type, on demand.", unit=MONTHLY),
    optional("one_year_usd_month", DECIMAL, "Its price with a commitment of one year.", unit=MONTHLY),
    optional("three_year_usd_month", DECIMAL, "Its price with a commitment of three years.", unit=MONTHLY),
    optional("licence_usd_month", DECIMAL, "Part of each of them that is for Windows.", unit=MONTHLY),
    optional(
        "sql_server_edition",
        TEXT,
        "Edition of the SQL Server that stays on it; empty if none is known to.",
        sources=SQL_SERVER,
    ),
    optional(
        "sql_server_usd_month",
        DECIMAL,
        "What its licence costs by the type's processors, besides; 0 if brought along.",
        unit="USD a month",
        sources=SQL_SERVER,
    ),
    optional("price_as_of", TEXT, "Day, or month, of the catalogue's price."),
    optional("price_origin", TEXT, "Where the catalogue has it from."),
    optional("wave_number", INTEGER, "The first wave of its workloads.", sources=[f"{PLAN_OF_RECORD}.wave_number"]),
    required(
        "workload_ids",
        IDENTIFIER_LIST,
        "The workloads for which it moves.",
        sources=[f"{PLAN_OF_RECORD}.workload_id", f"{PLAN_OF_RECORD}.treatment"],
    ),
    optional("assumptions", TEXT, "What is assumed because it is not known; empty if nothing.", sources=SIZING),
    optional("conflict", TEXT, "What a chosen type, or a workload that stays, collides with; empty if nothing."),
    required("reason", TEXT, "Why this type, or why none, in words."),
    optional("decided_by", TEXT, "Who chose the type."),
    optional("decision_reason", TEXT, "Why."),
    required("source_entity_ids", IDENTIFIER_LIST, "The server.", sources=[f"{INVENTORY}.asset_id"]),
    one_of("provider", *PROVIDERS),
    one_of("binding_dimension", *DIMENSIONS),
    key=("target_id",),
    entity="target",
    subtype="provider",
    label="target_name",
)

storage_targets = output_table(
    "plan",
    "storage_targets",
    "One row per target: the block storage of least price that holds the server's data, priced as one volume.",
    required("storage_target_id", IDENTIFIER, "Deterministic id, from the target."),
    required("target_id", IDENTIFIER, "The target.", sources=[f"{TARGETS}.target_id"]),
    required("target_name", TEXT, "The server's name and the cloud.", sources=[f"{TARGETS}.target_name"]),
    required("asset_id", IDENTIFIER, "The server.", sources=[f"{TARGETS}.asset_id"]),
    required("provider", TEXT, "The cloud.", sources=[f"{TARGETS}.provider"]),
    required("region", TEXT, "Its region.", sources=[f"{TARGETS}.region"]),
    required("is_chosen", BOOLEAN, "Whether the server goes there.", sources=[f"{TARGETS}.is_chosen"]),
    optional("storage_class", TEXT, "The class; empty if nothing fits.", sources=STORAGE),
    optional("offer", TEXT, "The size of the class, or the class itself if it is sold in any size.", sources=STORAGE),
    optional("volume_count", INTEGER, "Volumes that it takes; several if one can't be that large."),
    optional("needed_gib", DECIMAL, "Capacity that is needed.", unit="GiB", sources=STORAGE[:2]),
    required("needed_iops", DECIMAL, "Operations that are needed; 0 if not known. Unit: 1/s.", sources=STORAGE[2:]),
    optional("storage_usd_month", DECIMAL, "Its price.", unit="USD a month", sources=STORAGE),
    optional("runner_up_class", TEXT, "The next cheapest class that fits.", sources=STORAGE),
    optional("runner_up_usd_month", DECIMAL, "Its price.", unit="USD a month", sources=STORAGE),
    optional("price_as_of", TEXT, "Day of the price."),
    optional("price_origin", TEXT, "Where it is from."),
    optional("assumptions", TEXT, "What is assumed because it is not known; empty if nothing.", sources=STORAGE),
    required("reason", TEXT, "Why this class, or why none, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "The server.", sources=[f"{TARGETS}.source_entity_ids"]),
    one_of("provider", *PROVIDERS),
    key=("storage_target_id",),
    entity="storage_target",
    subtype="provider",
    label="target_name",
)

business_case = output_table(
    "plan",
    "business_case",
    "One row for the programme and one per wave: what servers cost now, once, and after, and when that pays.",
    required("business_case_id", IDENTIFIER, "Deterministic id, from the wave."),
    required("case_name", TEXT, "Programme, or wave and its number."),
    optional("wave_number", INTEGER, "The wave; empty for the programme.", sources=[f"{PLAN_OF_RECORD}.wave_number"]),
    required("server_count", INTEGER, "Servers that move or are switched off.", sources=[f"{TARGETS}.asset_id"]),
    required("unpriced_server_count", INTEGER, "Those without a price in the cloud; no cost counts them."),
    required("retired_server_count", INTEGER, "Those that are switched off.", sources=[f"{PLAN_OF_RECORD}.treatment"]),
    required("effort_days", DECIMAL, "Effort. Unit: person days.", sources=[f"{PLAN_OF_RECORD}.effort_days"]),
    required("now_usd_month", DECIMAL, "What they cost now. Unit: USD a month.", sources=STORAGE[:2]),
    required("one_off_usd", DECIMAL, "Effort, and paying for both places. Unit: USD."),
    required(
        "after_usd_month",
        DECIMAL,
        "What they cost after. Unit: USD a month.",
        sources=[
            f"{TARGETS}.on_demand_usd_month",
            f"{TARGETS}.sql_server_usd_month",
            "plan/storage_targets.storage_usd_month",
        ],
    ),
    required(
        "licence_usd_month",
        DECIMAL,
        "Part of it that is for Windows and SQL Server. Unit: USD a month.",
        sources=[f"{TARGETS}.licence_usd_month", f"{TARGETS}.sql_server_usd_month"],
    ),
    required("network_usd_month", DECIMAL, "Part of it that is the allowance for network. Unit: USD a month."),
    required(
        "backup_usd_month",
        DECIMAL,
        "Part of it that is the allowance for backups. Unit: USD a month.",
        sources=STORAGE[:2],
    ),
    required("saving_usd_month", DECIMAL, "What is saved, less than 0 if it costs more. Unit: USD a month."),
    optional("payback_months", DECIMAL, "When the one-off cost is saved; empty if never.", unit="months"),
    required("assumptions", TEXT_LIST, "What it rests on, each with its figure."),
    required("reason", TEXT, "When it pays, or why not, in words."),
    key=("business_case_id",),
    entity="business_case",
    label="case_name",
)
