"""The tables of the Discovery flow.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/discovery/`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.cell_parts import part_names
from flow_pipelines.tables.advice import advice_columns
from flow_pipelines.tables.declaration import (
    BOOLEAN,
    DATE,
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    JSON,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    attribute_columns,
    editable,
    one_of,
    optional,
    output_table,
    required,
    share,
)

RECORD_TYPES = (
    "server",
    "server_disk",
    "server_partition",
    "server_network",
    "server_processor",
    "server_memory",
    "server_performance",
    "server_tag",
    "hypervisor_host",
    "cluster",
    "application",
    "database",
    "network_device",
    "relation",
    "connection",
    "quality_issue",
)
ASSET_TYPES = ("server", "application", "database", "hypervisor_host", "cluster", "network_device")
IMPORTED = "discovery/imported_records"
MAPPED = "discovery/attribute_mappings"
CLEANSED = "discovery/cleansed_records"
INVENTORY = "discovery/inventory"
CONFLICTS = "discovery/inventory_conflicts"
DEPENDENCIES = "discovery/dependencies"
DEBT = "discovery/tech_debt"

imported_records = output_table(
    "discovery",
    "imported_records",
    "One row per row of an imported file that could be read. Observed connections of one file between the same "
    "two ends are folded into one record that says for how many rows it stands.",
    required("record_id", IDENTIFIER, "Deterministic id, from file, sheet and row number."),
    required("source_file", TEXT, "Name of the file in the landing folder."),
    optional("sheet", TEXT, "Name of the worksheet; empty for a text file."),
    required(
        "row_number",
        INTEGER,
        "Row as a person sees it in the file, counting from 1; the first one if folded.",
    ),
    optional(
        "landing_number", INTEGER, "Order in which its file landed: of two versions of a file the newer is higher."
    ),
    optional("exported_at", TIMESTAMP, "When the export was made, if it says so itself."),
    required("row_count", INTEGER, "Number of source rows that the record stands for; 1 unless folded."),
    required("source_format", TEXT, "Detected format, such as rvtools or servicenow."),
    required("record_type", TEXT, "What the row describes."),
    required("raw_values", JSON, "The row as read: header to text, empty cells left out."),
    optional("observed_from", TIMESTAMP, "Earliest observation folded into the record."),
    optional("observed_to", TIMESTAMP, "Latest observation folded into the record."),
    one_of("record_type", *RECORD_TYPES),
    key=("record_id",),
    entity="record",
    subtype="record_type",
    label="source_file",
)

rejected_records = output_table(
    "discovery",
    "rejected_records",
    "One row per row, sheet or file that could not be used, with the reason and what to do about it.",
    required("record_id", IDENTIFIER, "Deterministic id, from file, sheet, row number and reason."),
    required("source_file", TEXT, "Name of the file in the landing folder."),
    optional("sheet", TEXT, "Name of the worksheet; empty for a text file."),
    optional(
        "row_number",
        INTEGER,
        "Row as a person sees it, counting from 1; empty if it is about a sheet or file.",
    ),
    optional("landing_number", INTEGER, "Order in which its file landed."),
    optional("column_name", TEXT, "Header of the offending column, if it is about one."),
    required("row_count", INTEGER, "Number of source rows rejected by this; 0 if the file has no readable row."),
    required("reason_code", TEXT, "Stable name of the reason, such as too_many_cells."),
    required("reason", TEXT, "What is wrong, in words, naming file, sheet, row and column."),
    required("remedy", TEXT, "What to do about it."),
    optional("raw_text", TEXT, "The row as read, up to 10,000 characters."),
    key=("record_id",),
    entity="rejection",
    subtype="reason_code",
    label="source_file",
)

attribute_mappings = output_table(
    "discovery",
    "attribute_mappings",
    "One row per column of an imported file or sheet and attribute that it feeds: how that was decided, how sure it "
    "is. A column that feeds none has one row.",
    required(
        "mapping_id",
        IDENTIFIER,
        "Deterministic id, from file, sheet and column, and from the attribute if it is a further one of its column.",
        sources=[f"{IMPORTED}.source_file", f"{IMPORTED}.sheet", f"{IMPORTED}.raw_values"],
    ),
    required("source_file", TEXT, "Name of the file.", sources=[f"{IMPORTED}.source_file"]),
    optional("sheet", TEXT, "Name of the worksheet.", sources=[f"{IMPORTED}.sheet"]),
    required("source_format", TEXT, "Detected format.", sources=[f"{IMPORTED}.source_format"]),
    required("record_type", TEXT, "What the sheet's rows describe.", sources=[f"{IMPORTED}.record_type"]),
    required("source_column", TEXT, "Header of the column.", sources=[f"{IMPORTED}.raw_values"]),
    editable(
        optional("attribute", TEXT, "Canonical attribute; empty if none fits.", sources=[f"{IMPORTED}.raw_values"]),
        values=[attribute.name for attribute in ATTRIBUTES if not attribute.derived],
        sets={"status": "applied", "method": "person", "confidence": 1.0},
        sets_if_emptied={"status": "unmapped", "method": "person", "confidence": 1.0},
    ),
    editable(
        optional(
            "part",
            TEXT,
            "Part of each cell that feeds the attribute, such as address or memory; for first and last name the part "
            "of the value that the cell is. Empty if the whole cell is the value.",
        ),
        values=part_names(),
    ),
    required("status", TEXT, "applied, proposed (below the threshold, not applied) or unmapped."),
    required("method", TEXT, "How it was decided: template, alias, likeness, person or none."),
    required("confidence", DECIMAL, "Probability that the mapping is right."),
    optional("runner_up", TEXT, "The next best attribute."),
    optional("runner_up_confidence", DECIMAL, "Its confidence."),
    optional(
        "candidates",
        TEXT_LIST,
        "The attributes that header and values make possible, the most probable first, at most six; empty if a "
        "template or a part decided.",
    ),
    optional("source_unit", TEXT, "Unit of the column's values, told by template, header or values."),
    required(
        "filled_rows",
        INTEGER,
        "Rows in which the column holds something.",
        sources=[f"{IMPORTED}.raw_values"],
    ),
    optional("example", TEXT, "One of its values.", sources=[f"{IMPORTED}.raw_values"]),
    required("reason", TEXT, "Why, in words."),
    *advice_columns("attribute"),
    one_of("status", "applied", "proposed", "unmapped"),
    one_of("method", "template", "alias", "likeness", "person", "none"),
    share("confidence"),
    key=("mapping_id",),
    entity="mapping",
    subtype="status",
    label="source_column",
)

cleansed_records = output_table(
    "discovery",
    "cleansed_records",
    "One row per imported record, every mapped cell in its canonical unit, name and type.",
    required("record_id", IDENTIFIER, "The imported record.", sources=[f"{IMPORTED}.record_id"]),
    required("source_file", TEXT, "Name of the file.", sources=[f"{IMPORTED}.source_file"]),
    optional("sheet", TEXT, "Name of the worksheet.", sources=[f"{IMPORTED}.sheet"]),
    required("row_number", INTEGER, "Row as a person sees it.", sources=[f"{IMPORTED}.row_number"]),
    optional("landing_number", INTEGER, "Order in which its file landed.", sources=[f"{IMPORTED}.landing_number"]),
    optional("exported_at", TIMESTAMP, "When the export was made.", sources=[f"{IMPORTED}.exported_at"]),
    required("row_count", INTEGER, "Source rows it stands for.", sources=[f"{IMPORTED}.row_count"]),
    required("source_format", TEXT, "Detected format.", sources=[f"{IMPORTED}.source_format"]),
    required("record_type", TEXT, "What the row describes.", sources=[f"{IMPORTED}.record_type"]),
    optional("observed_from", TIMESTAMP, "Earliest observation.", sources=[f"{IMPORTED}.observed_from"]),
    optional("observed_to", TIMESTAMP, "Latest observation.", sources=[f"{IMPORTED}.observed_to"]),
    *attribute_columns(ATTRIBUTES, sources=[f"{IMPORTED}.raw_values", f"{MAPPED}.attribute"]),
    optional(
        "custom_attributes",
        JSON,
        "Cells of columns that no mapping was applied to: header to text.",
        sources=[f"{IMPORTED}.raw_values"],
    ),
    required("quality_score", DECIMAL, "Share of what a record of its type should say that it does say, validly."),
    required("quality_issues", TEXT_LIST, "What is wrong or missing, one sentence each, naming the column."),
    one_of("record_type", *RECORD_TYPES),
    share("quality_score"),
    key=("record_id",),
    entity="record",
    subtype="record_type",
    label="name",
)

cleansing_changes = output_table(
    "discovery",
    "cleansing_changes",
    "One row per cell that cleansing changed.",
    required("change_id", IDENTIFIER, "Deterministic id, from record and attribute."),
    required("record_id", IDENTIFIER, "The record.", sources=[f"{IMPORTED}.record_id"]),
    required("attribute", TEXT, "The attribute.", sources=[f"{MAPPED}.attribute"]),
    optional("source_column", TEXT, "Header of the column; empty if derived.", sources=[f"{MAPPED}.source_column"]),
    optional("value_before", TEXT, "The cell as read.", sources=[f"{IMPORTED}.raw_values"]),
    optional("value_after", TEXT, "The cell as cleansed; empty if it held nothing usable."),
    required("rule", TEXT, "Stable name of the rule that changed it, with its version."),
    key=("change_id",),
    entity="change",
    subtype="rule",
    label="attribute",
)

ASSET_ATTRIBUTES = tuple(attribute for attribute in ATTRIBUTES if attribute.describes_asset)

# What resolves records to assets, or ties assets together, is corrected by merging and splitting assets.
TIES = ("external_id", "vm_uuid", "bios_uuid", "serial_number", "application_names")
CHOICES = {
    "environment": ("production", "staging", "test", "development", "disaster recovery"),
    "criticality": ("critical", "high", "medium", "low"),
    "migration_strategy": ("rehost", "relocate", "replatform", "refactor", "repurchase", "retire", "retain"),
    "power_state": ("on", "off", "suspended"),
    "lifecycle_status": ("operational", "planned", "maintenance", "standby", "retired"),
}


def _as_fact(column: Column[Any]) -> Column[Any]:
    return column if column.name in TIES else editable(column, values=CHOICES.get(column.name, ()))


inventory = output_table(
    "discovery",
    "inventory",
    "One row per real asset: server, application, database and so on, resolved from the records of all sources.",
    required("asset_id", IDENTIFIER, "Deterministic id, from the asset's strongest natural key."),
    required("asset_type", TEXT, "What it is.", sources=[f"{CLEANSED}.record_type"]),
    *map(_as_fact, attribute_columns(ASSET_ATTRIBUTES, sources=[f"{CLEANSED}.*"])),
    required(
        "application_ids",
        IDENTIFIER_LIST,
        "Applications that it belongs to; may be empty or several.",
        sources=[
            f"{CLEANSED}.application_names",
            f"{CLEANSED}.relation_parent",
            f"{CLEANSED}.relation_child",
        ],
    ),
    required(
        "source_entity_ids",
        IDENTIFIER_LIST,
        "The cleansed records it was resolved from.",
        sources=[f"{CLEANSED}.record_id"],
    ),
    required(
        "source_formats",
        TEXT_LIST,
        "The formats of its sources, sorted.",
        sources=[f"{CLEANSED}.source_format"],
    ),
    optional("last_seen_in", TEXT_LIST, "The newest export of each of its sources that mentions it."),
    optional(
        "is_missing_from_latest",
        BOOLEAN,
        "Whether a source that listed it has a newer full export, which does not.",
    ),
    optional("missing_reason", TEXT, "From which export it is missing and when it was seen last, in words."),
    required(
        "resolution_method",
        TEXT,
        "The weakest evidence that joined its records; single if there is one record, person if someone merged them.",
    ),
    required("resolution_confidence", DECIMAL, "Probability that all its records are one asset."),
    required("resolution_reason", TEXT, "Why its records are one asset, in words."),
    required("quality_score", DECIMAL, "Mean quality of its records.", sources=[f"{CLEANSED}.quality_score"]),
    one_of("asset_type", *ASSET_TYPES),
    one_of(
        "resolution_method",
        "single",
        "external_id",
        "uuid",
        "serial",
        "host_and_address",
        "close_name",
        "name",
        "person",
    ),
    share("resolution_confidence"),
    share("quality_score"),
    key=("asset_id",),
    entity="asset",
    subtype="asset_type",
    label="name",
)

inventory_conflicts = output_table(
    "discovery",
    "inventory_conflicts",
    "One row per value that lost against another source's value for the same asset and attribute.",
    required("conflict_id", IDENTIFIER, "Deterministic id, from asset, attribute and losing record."),
    required("asset_id", IDENTIFIER, "The asset.", sources=[f"{INVENTORY}.asset_id"]),
    required("attribute", TEXT, "The attribute on which the sources differ."),
    required("kept_value", TEXT, "The value in the inventory."),
    required("kept_record_id", IDENTIFIER, "The record it came from.", sources=[f"{CLEANSED}.record_id"]),
    required("losing_value", TEXT, "The value that was not kept."),
    required("losing_record_id", IDENTIFIER, "The record it came from.", sources=[f"{CLEANSED}.record_id"]),
    required("rule", TEXT, "Why the kept value won."),
    key=("conflict_id",),
    entity="conflict",
    subtype="attribute",
    label="attribute",
)

identity_candidates = output_table(
    "discovery",
    "identity_candidates",
    "One row per pair of assets that may be one: evidence speaks for it, and the model or a contradiction keeps them "
    "apart. Merge them with: flow edit merge.",
    required("candidate_id", IDENTIFIER, "Deterministic id, from both assets."),
    required("asset_type", TEXT, "What both are.", sources=[f"{INVENTORY}.asset_type"]),
    required("asset_id", IDENTIFIER, "The one asset.", sources=[f"{INVENTORY}.asset_id"]),
    optional("asset_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("record_id", IDENTIFIER, "Its record that is most like the other one.", sources=[f"{CLEANSED}.record_id"]),
    required("other_asset_id", IDENTIFIER, "The other asset.", sources=[f"{INVENTORY}.asset_id"]),
    optional("other_asset_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("other_record_id", IDENTIFIER, "Its record that is most like.", sources=[f"{CLEANSED}.record_id"]),
    required(
        "probability",
        DECIMAL,
        "How probable the evidence of those two records makes it that they are one asset; contradictions not counted.",
    ),
    required("speaks_for", TEXT_LIST, "In what they agree."),
    required("speaks_against", TEXT_LIST, "What contradicts it, and in what they differ; may be empty."),
    editable(
        required("verdict", TEXT, "undecided, or different if a person said so. One asset they are by a merge."),
        values=("undecided", "different"),
    ),
    optional("decided_by", TEXT, "Who said so."),
    optional("decision_reason", TEXT, "Why."),
    *advice_columns("verdict"),
    one_of("asset_type", *ASSET_TYPES),
    one_of("verdict", "undecided", "different"),
    share("probability"),
    key=("candidate_id",),
    entity="identity_candidate",
    subtype="asset_type",
    label="asset_name",
)

dependencies = output_table(
    "discovery",
    "dependencies",
    "One row per directed edge: the source needs the target. An endpoint that is no known asset is an external node.",
    required("dependency_id", IDENTIFIER, "Deterministic id, from both ends, kind, port and protocol."),
    required("source_id", IDENTIFIER, "The asset or external node that depends.", sources=[f"{INVENTORY}.asset_id"]),
    required("source_name", TEXT, "Its name or address.", sources=[f"{INVENTORY}.name"]),
    required("source_is_external", BOOLEAN, "Whether the source is no known asset."),
    required("target_id", IDENTIFIER, "The asset or external node depended on.", sources=[f"{INVENTORY}.asset_id"]),
    required("target_name", TEXT, "Its name or address.", sources=[f"{INVENTORY}.name"]),
    required("target_is_external", BOOLEAN, "Whether the target is no known asset."),
    required(
        "kind",
        TEXT,
        "depends_on, runs_on, hosted_on, contains, connects_to or other.",
        sources=[f"{CLEANSED}.relation_type"],
    ),
    required(
        "origin",
        TEXT,
        "cmdb or connection_string (stated), or network (observed).",
        sources=[f"{CLEANSED}.record_type"],
    ),
    optional("port", INTEGER, "Port of the target.", sources=[f"{CLEANSED}.destination_port"]),
    optional("protocol", TEXT, "Transport protocol.", sources=[f"{CLEANSED}.protocol"]),
    optional(
        "service",
        TEXT,
        "Service at the target: of the process that answers, the connection string, or else the port.",
        sources=[f"{CLEANSED}.destination_process", f"{CLEANSED}.custom_attributes"],
    ),
    required(
        "is_database_link",
        BOOLEAN,
        "Whether the target is used as a database: it is one, or the service at it is.",
        sources=[f"{INVENTORY}.asset_type"],
    ),
    optional(
        "intermediary",
        TEXT,
        "load_balancer or address_translation, if an end is a node in between, which hides who really needs whom.",
    ),
    optional("intermediary_id", IDENTIFIER, "Which end that is.", sources=[f"{INVENTORY}.asset_id"]),
    optional(
        "connection_count",
        INTEGER,
        "Connections observed.",
        sources=[f"{CLEANSED}.connection_count", f"{CLEANSED}.row_count"],
    ),
    optional(
        "bytes_total",
        INTEGER,
        "Bytes in both directions.",
        unit="bytes",
        sources=[f"{CLEANSED}.bytes_sent", f"{CLEANSED}.bytes_received"],
    ),
    optional("first_seen", TIMESTAMP, "Earliest observation.", sources=[f"{CLEANSED}.observed_from"]),
    optional("last_seen", TIMESTAMP, "Latest observation.", sources=[f"{CLEANSED}.observed_to"]),
    required("is_noise", BOOLEAN, "Whether it is infrastructure traffic that says nothing about applications."),
    optional("noise_reason", TEXT, "Why it counts as noise."),
    optional("shared_service", TEXT, "What noise serves, such as backup, name resolution, monitoring or management."),
    optional(
        "shared_service_provider_id",
        IDENTIFIER,
        "The end that provides it: the one of which a port has more partners.",
        sources=[f"{INVENTORY}.asset_id"],
    ),
    optional("shared_service_clients", INTEGER, "Ends that the provider is seen to serve on this port."),
    required("confidence", DECIMAL, "Probability that the dependency is real and its ends are right."),
    required("reason", TEXT, "Which rule gave it its kind and direction, in words."),
    required(
        "source_entity_ids",
        IDENTIFIER_LIST,
        "The cleansed records it was seen in.",
        sources=[f"{CLEANSED}.record_id"],
    ),
    one_of("kind", "depends_on", "runs_on", "hosted_on", "contains", "connects_to", "other"),
    one_of("origin", "cmdb", "connection_string", "network"),
    one_of("intermediary", "load_balancer", "address_translation"),
    share("confidence"),
    key=("dependency_id",),
    entity="dependency",
    subtype="kind",
    label="source_name",
)

asset_groups = output_table(
    "discovery",
    "asset_groups",
    "One row per asset and group that the graph shows it to be in: an application that no source names for all its "
    "members, or a cycle of assets that need each other.",
    required("membership_id", IDENTIFIER, "Deterministic id, from group and asset."),
    required("group_id", IDENTIFIER, "The group; deterministic, from its kind and its application or first member."),
    required("group_kind", TEXT, "application (inferred) or cycle (each member needs every other one)."),
    required("group_name", TEXT, "The application's name, what its members' names share, or the first member's name."),
    optional(
        "application_id",
        IDENTIFIER,
        "The stated application that the group is; empty if it is inferred as a new one, and for cycles.",
        sources=[f"{INVENTORY}.asset_id", f"{INVENTORY}.application_ids"],
    ),
    required("asset_id", IDENTIFIER, "The member.", sources=[f"{INVENTORY}.asset_id"]),
    required("asset_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("member_count", INTEGER, "Members of the group."),
    required(
        "evidence",
        TEXT,
        "What the membership rests on: stated (a source names the application), name, connections or cycle.",
        sources=[f"{INVENTORY}.host_name", f"{INVENTORY}.application_ids", f"{DEPENDENCIES}.target_id"],
    ),
    required("confidence", DECIMAL, "Probability that the asset belongs to the group."),
    required("reason", TEXT, "Why it does, in words."),
    required(
        "dependency_ids",
        IDENTIFIER_LIST,
        "Edges within the group that leave the asset; of all members together, the group's edges.",
        sources=[f"{DEPENDENCIES}.dependency_id"],
    ),
    one_of("group_kind", "application", "cycle"),
    one_of("evidence", "stated", "name", "connections", "cycle"),
    share("confidence"),
    key=("membership_id",),
    entity="membership",
    subtype="group_kind",
    label="group_name",
)

FINDING_CATEGORIES = (
    "operating_system",
    "hypervisor",
    "database",
    "runtime",
    "middleware",
    "target",
    "hardware",
    "utilization",
    "dependency",
    "protocol",
)
FINDING_STATUSES = (
    "past",
    "extended",
    "near",
    "unknown",
    "unsupported",
    "conditional",
    "aged",
    "out_of_warranty",
    "idle",
    "oversized",
    "single_point_of_failure",
    "orphan",
    "weak_protocol",
)

tech_debt = output_table(
    "discovery",
    "tech_debt",
    "One row per finding: a product past or near its end of life, a machine that a target does not take, that is old, "
    "idle or too large, a single point of failure, an orphan, or a weak protocol.",
    required("finding_id", IDENTIFIER, "Deterministic id, from asset, category and what it is about."),
    required("asset_id", IDENTIFIER, "The asset.", sources=[f"{INVENTORY}.asset_id"]),
    required("asset_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("asset_type", TEXT, "What it is.", sources=[f"{INVENTORY}.asset_type"]),
    required("category", TEXT, "What kind of debt it is, such as operating_system, target or protocol."),
    optional(
        "product",
        TEXT,
        "The product as known to the end-of-life facts, or as the source writes it; empty if it is about none.",
        sources=[
            f"{INVENTORY}.os_product",
            f"{INVENTORY}.database_product",
            f"{CLEANSED}.custom_attributes",
            f"{CLEANSED}.source_process",
            f"{CLEANSED}.destination_process",
        ],
    ),
    optional("cycle", TEXT, "Its release cycle.", sources=[f"{INVENTORY}.os_cycle", f"{INVENTORY}.database_cycle"]),
    required("subject", TEXT, "What the finding is about within its category: product, target, protocol and so on."),
    required("status", TEXT, "past, extended, near, unknown, unsupported, idle and so on, as of the as-of date."),
    required("severity", TEXT, "critical, high, medium or low."),
    required("score", DECIMAL, "Weight of the finding, 0 to 100."),
    optional("end_of_life", DATE, "End of regular security support."),
    optional("end_of_extended_support", DATE, "End of paid extended support."),
    optional(
        "days_past_end_of_life",
        INTEGER,
        "Days from end of life to the as-of date; negative if ahead.",
        unit="days",
    ),
    optional("extended_support", TEXT, "The vendor's offer of extended support, its terms and where they are written."),
    optional("extended_support_price", DECIMAL, "Its price in the current year, where the source names one."),
    optional("extended_support_price_unit", TEXT, "Currency, and what the price is for: USD per device and year."),
    required("as_of", DATE, "The date for which the finding holds, from the engagement's settings."),
    required("check_name", TEXT, "Stable name of the check that found it."),
    optional(
        "evidence",
        TEXT,
        "What of the estate shows it: attribute, custom attribute, process, port.",
        sources=[
            f"{INVENTORY}.operating_system",
            f"{INVENTORY}.database_engine",
            f"{CLEANSED}.custom_attributes",
            f"{DEPENDENCIES}.port",
        ],
    ),
    required("fact", TEXT, "The fact it rests on, in words."),
    optional("fact_source", TEXT, "Where the fact comes from."),
    optional("fact_date", DATE, "When the fact was recorded."),
    required("remedy", TEXT, "What to do about it."),
    one_of("category", *FINDING_CATEGORIES),
    one_of("status", *FINDING_STATUSES),
    one_of("severity", "critical", "high", "medium", "low"),
    key=("finding_id",),
    entity="finding",
    subtype="category",
    label="asset_name",
)

debt_scores = output_table(
    "discovery",
    "debt_scores",
    "One row per asset: what its debt comes to, 0 to 100, with its parts. An application's follows from its assets'.",
    required("asset_id", IDENTIFIER, "The asset.", sources=[f"{INVENTORY}.asset_id", f"{DEBT}.asset_id"]),
    required("asset_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("asset_type", TEXT, "What it is.", sources=[f"{INVENTORY}.asset_type"]),
    required("score", DECIMAL, "All its debt, 0 to 100.", sources=[f"{DEBT}.score"]),
    required("severity", TEXT, "critical, high, medium or low.", sources=[f"{DEBT}.score"]),
    required("finding_count", INTEGER, "Findings that it rests on.", sources=[f"{DEBT}.finding_id"]),
    required("asset_count", INTEGER, "Assets that it is the score of; 1 unless it is an application."),
    *(
        optional(
            f"{category}_score",
            DECIMAL,
            f"Part of the category {category.replace('_', ' ')}: its highest finding, 0 if there is none, empty if "
            "there was nothing to judge by.",
            sources=[f"{DEBT}.score"],
        )
        for category in FINDING_CATEGORIES
    ),
    required("reason", TEXT, "What it is made of, in words."),
    one_of("severity", "critical", "high", "medium", "low"),
    key=("asset_id",),
    entity="debt_score",
    subtype="asset_type",
    label="asset_name",
)

data_quality = output_table(
    "discovery",
    "data_quality",
    "One row per asset, per type of asset and for the estate: how complete and how sure the data about it is.",
    required("quality_id", IDENTIFIER, "Deterministic id, from level and asset or type."),
    required("level", TEXT, "asset, asset_type (mean of its assets) or estate (mean of all)."),
    optional("asset_id", IDENTIFIER, "The asset; empty for a type and the estate.", sources=[f"{INVENTORY}.asset_id"]),
    optional("asset_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    optional("asset_type", TEXT, "What it is, or the type; empty for the estate.", sources=[f"{INVENTORY}.asset_type"]),
    required("asset_count", INTEGER, "Assets that it is the mean of; 1 for an asset."),
    required("completeness", DECIMAL, "Share of what is expected of it that is known, by weight."),
    required("confidence", DECIMAL, "How likely what is known is right: the product of the three that follow."),
    required("quality_score", DECIMAL, "Completeness times confidence."),
    required(
        "identity_confidence",
        DECIMAL,
        "Probability that its records are one asset.",
        sources=[f"{INVENTORY}.resolution_confidence"],
    ),
    required(
        "mapping_confidence",
        DECIMAL,
        "Mean confidence of the mappings of its files' columns.",
        sources=[f"{MAPPED}.confidence", f"{CLEANSED}.source_file"],
    ),
    required(
        "agreement",
        DECIMAL,
        "Share of its attributes on which its sources do not contradict each other.",
        sources=[f"{CONFLICTS}.attribute"],
    ),
    optional("source_count", INTEGER, "Formats that tell of it.", sources=[f"{INVENTORY}.source_formats"]),
    required("missing", TEXT_LIST, "What is expected of it and not known; empty for a type and the estate."),
    required("reason", TEXT, "What the scores are made of, in words."),
    one_of("level", "asset", "asset_type", "estate"),
    share("completeness"),
    share("confidence"),
    share("quality_score"),
    key=("quality_id",),
    entity="data_quality",
    subtype="level",
    label="asset_name",
)

collection_gaps = output_table(
    "discovery",
    "collection_gaps",
    "What to collect next, ranked by how much it raises the estate's completeness: by attribute and by source.",
    required("gap_id", IDENTIFIER, "Deterministic id, from kind, type of asset and what is lacking."),
    required("kind", TEXT, "attribute (one thing that assets of a type lack) or source (all that it can tell)."),
    required("rank", INTEGER, "1 is what raises the completeness most; counted within its kind."),
    required("subject", TEXT, "What is lacking, or the source."),
    optional("asset_type", TEXT, "The type of the assets that lack it; empty for a source."),
    required("attributes", TEXT_LIST, "The attributes of which one would do; for a source all that it can fill."),
    required("sources", TEXT_LIST, "Sources that tell it."),
    required("assets_lacking", INTEGER, "Assets that lack it.", sources=[f"{INVENTORY}.asset_id"]),
    required("assets_expected", INTEGER, "Assets of which it is expected.", sources=[f"{INVENTORY}.asset_type"]),
    required("gain", DECIMAL, "By how much the estate's completeness rises if all of them have it."),
    required("reason", TEXT, "The same in words."),
    one_of("kind", "attribute", "source"),
    share("gain"),
    key=("gap_id",),
    entity="collection_gap",
    subtype="kind",
    label="subject",
)
