"""The table of databases that go to a managed service, which the Plan flow's target phase fills.

Belongs here: what one row of it is, column by column. Does not: how the rows come about
(`flow_pipelines/plan/target/`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
    BOOLEAN,
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    TEXT,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.plan.target import MONTHLY, PROVIDERS, SIZING, STORAGE, TARGETS

COMPONENTS = "assess/component_treatments"
PRODUCT = (f"{COMPONENTS}.product", f"{INVENTORY}.database_edition")
SIZE = (*SIZING, "discovery/dependencies.target_id")

database_targets = output_table(
    "plan",
    "database_targets",
    "One row per database that goes to a managed service, and cloud: the service, the size that fits, and its price if "
    "one is known.",
    required("database_target_id", IDENTIFIER, "Deterministic id, from component and cloud."),
    required("database_target_name", TEXT, "The database and the cloud.", sources=[f"{COMPONENTS}.component_name"]),
    required("component_id", IDENTIFIER, "The database.", sources=[f"{COMPONENTS}.component_id"]),
    required("component_name", TEXT, "Its name and product.", sources=[f"{COMPONENTS}.component_name"]),
    required("provider", TEXT, "The cloud."),
    required("region", TEXT, "Its region, by the settings."),
    required(
        "is_chosen",
        BOOLEAN,
        "Whether it goes there: where its server goes, or the first cloud of the engagement that runs the product.",
        sources=[f"{TARGETS}.is_chosen"],
    ),
    optional("product", TEXT, "Product as the end-of-life facts call it.", sources=PRODUCT[:1]),
    optional("edition", TEXT, "Edition by which it is priced; empty if the product has none.", sources=PRODUCT[1:]),
    optional("service", TEXT, "The managed service; empty if the cloud runs the product as none.", sources=PRODUCT[:1]),
    optional("offer", TEXT, "The size of least known price that fits; empty if none is known.", sources=SIZE),
    optional("needed_vcpu", DECIMAL, "Processors that are needed.", unit="processors", sources=SIZE),
    optional("needed_memory_gib", DECIMAL, "Memory that is needed.", unit="GiB", sources=SIZE),
    optional(
        "needed_storage_gib",
        DECIMAL,
        "Storage that is needed.",
        unit="GiB",
        sources=[f"{INVENTORY}.database_size_gib", *STORAGE[:2]],
    ),
    optional("vcpu", DECIMAL, "Processors of the size.", unit="processors"),
    optional("memory_gib", DECIMAL, "Memory of the size.", unit="GiB"),
    optional("binding_dimension", TEXT, "The need that leaves the size the least room.", sources=SIZE),
    optional("runner_up_offer", TEXT, "The next cheapest size that fits.", sources=SIZE),
    optional("runner_up_usd_month", DECIMAL, "Its price, on demand.", unit=MONTHLY),
    optional("instance_usd_month", DECIMAL, "Price of the size in one zone, on demand.", unit=MONTHLY),
    optional("storage_usd_month", DECIMAL, "Price of the storage.", unit="USD a month"),
    optional("price_as_of", TEXT, "Day of the price."),
    optional("price_origin", TEXT, "Where it is from."),
    required("server_ids", IDENTIFIER_LIST, "The servers that it is on.", sources=SIZE[-1:]),
    required("workload_ids", IDENTIFIER_LIST, "Its workloads.", sources=[f"{COMPONENTS}.workload_ids"]),
    optional("assumptions", TEXT, "What is assumed because it is not known; empty if nothing.", sources=SIZE),
    required("reason", TEXT, "Why this size, or why none or no price, in words."),
    required(
        "source_entity_ids",
        IDENTIFIER_LIST,
        "The database, or the server it is seen on.",
        sources=[f"{COMPONENTS}.source_entity_ids"],
    ),
    one_of("provider", *PROVIDERS),
    one_of("binding_dimension", "vcpu", "memory_gib"),
    key=("database_target_id",),
    entity="database_target",
    subtype="provider",
    label="database_target_name",
)
