"""The tables of the landing zone, which the Plan flow's target phase fills.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/plan/target/`), targets of servers (`target.py`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
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
from flow_pipelines.tables.plan.target import PROVIDERS, TARGETS

LANDING_ZONE = "plan/landing_zone"
CHOSEN = (f"{TARGETS}.provider", f"{TARGETS}.is_chosen", f"{INVENTORY}.environment")
OBSERVED = (f"{INVENTORY}.ip_addresses", f"{INVENTORY}.network_name")

landing_zone = output_table(
    "plan",
    "landing_zone",
    "One row per account, network and subnet in the clouds: for each environment of each cloud to which servers go.",
    required("landing_zone_id", IDENTIFIER, "Deterministic id, from kind and name."),
    required(
        "landing_zone_name", TEXT, "Its name: letters, digits and hyphens, unique among its kind.", sources=CHOSEN
    ),
    required("kind", TEXT, "account, network or subnet."),
    required("provider", TEXT, "The cloud.", sources=[f"{TARGETS}.provider"]),
    required("provider_kind", TEXT, "What the cloud calls it, such as subscription or VPC."),
    required("environment", TEXT, "The environment; unknown where servers state none.", sources=CHOSEN[2:]),
    optional("region", TEXT, "Its region; empty for an account.", sources=[f"{TARGETS}.region"]),
    optional("zone_number", INTEGER, "Which of the region's availability zones a subnet is in, from 1."),
    optional("address_range", TEXT, "Its range; empty for an account, or if the pools had no room.", sources=OBSERVED),
    optional("usable_address_count", INTEGER, "Addresses of a subnet that the cloud does not keep for itself."),
    required("server_count", INTEGER, "Servers that go there.", sources=[f"{TARGETS}.asset_id"]),
    optional("parent_id", IDENTIFIER, "The account of a network, the network of a subnet."),
    optional("parent_name", TEXT, "Its name."),
    required("tags", TEXT_LIST, "Tags, key:value, sorted."),
    required("reason", TEXT, "Why it is there and as large as it is, in words."),
    required("source_entity_ids", IDENTIFIER_LIST, "The servers that go there.", sources=[f"{INVENTORY}.asset_id"]),
    one_of("kind", "account", "network", "subnet"),
    one_of("provider", *PROVIDERS),
    key=("landing_zone_id",),
    entity="landing_zone",
    subtype="kind",
    label="landing_zone_name",
)

address_conflicts = output_table(
    "plan",
    "address_conflicts",
    "One row per network in the clouds and range in use that overlap: what is at one of them can't reach the other.",
    required("conflict_id", IDENTIFIER, "Deterministic id, from both ranges and where they are."),
    required("conflict_name", TEXT, "The network and the other range."),
    required("landing_zone_id", IDENTIFIER, "The network.", sources=[f"{LANDING_ZONE}.landing_zone_id"]),
    required("network_name", TEXT, "Its name.", sources=[f"{LANDING_ZONE}.landing_zone_name"]),
    required("address_range", TEXT, "Its range.", sources=[f"{LANDING_ZONE}.address_range"]),
    required("other_kind", TEXT, "observed (in the inventory), reserved (in the settings) or planned (in a cloud)."),
    required("other_range", TEXT, "The range that it overlaps.", sources=[*OBSERVED, f"{LANDING_ZONE}.address_range"]),
    required("reason", TEXT, "What overlaps, in words, naming both ranges and who is there."),
    required("remedy", TEXT, "What to do about it."),
    required(
        "source_entity_ids", IDENTIFIER_LIST, "The assets with addresses there.", sources=[f"{INVENTORY}.asset_id"]
    ),
    one_of("other_kind", "observed", "reserved", "planned"),
    key=("conflict_id",),
    entity="address_conflict",
    subtype="other_kind",
    label="conflict_name",
)
