"""The tables of the Discovery flow.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/discovery/`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from flow_pipelines.reference.attributes import ATTRIBUTES
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
    "hypervisor_host",
    "cluster",
    "application",
    "database",
    "network_device",
    "relation",
    "connection",
)
ASSET_TYPES = ("server", "application", "database", "hypervisor_host", "cluster", "network_device")
IMPORTED = "discovery/imported_records"
MAPPED = "discovery/attribute_mappings"
CLEANSED = "discovery/cleansed_records"
INVENTORY = "discovery/inventory"
DEPENDENCIES = "discovery/dependencies"

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
    "One row per column of an imported file or sheet: the attribute it holds, how that was decided, how sure it is.",
    required(
        "mapping_id",
        IDENTIFIER,
        "Deterministic id, from file, sheet and column.",
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
    required("status", TEXT, "applied, proposed (below the threshold, not applied) or unmapped."),
    required("method", TEXT, "How it was decided: template, alias, likeness, person or none."),
    required("confidence", DECIMAL, "Probability that the mapping is right."),
    optional("runner_up", TEXT, "The next best attribute."),
    optional("runner_up_confidence", DECIMAL, "Its confidence."),
    optional("source_unit", TEXT, "Unit of the column's values, told by template, header or values."),
    required(
        "filled_rows",
        INTEGER,
        "Rows in which the column holds something.",
        sources=[f"{IMPORTED}.raw_values"],
    ),
    optional("example", TEXT, "One of its values.", sources=[f"{IMPORTED}.raw_values"]),
    required("reason", TEXT, "Why, in words."),
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
    required("origin", TEXT, "cmdb (stated) or network (observed).", sources=[f"{CLEANSED}.record_type"]),
    optional("port", INTEGER, "Port of the target.", sources=[f"{CLEANSED}.destination_port"]),
    optional("protocol", TEXT, "Transport protocol.", sources=[f"{CLEANSED}.protocol"]),
    optional("service", TEXT, "Well-known service of the port."),
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
    one_of("origin", "cmdb", "network"),
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

tech_debt = output_table(
    "discovery",
    "tech_debt",
    "One row per finding: a product of an asset that is past or near its end of life, or about which nothing is known.",
    required("finding_id", IDENTIFIER, "Deterministic id, from asset, category and product."),
    required("asset_id", IDENTIFIER, "The asset.", sources=[f"{INVENTORY}.asset_id"]),
    required("asset_name", TEXT, "Its name.", sources=[f"{INVENTORY}.name"]),
    required("asset_type", TEXT, "What it is.", sources=[f"{INVENTORY}.asset_type"]),
    required("category", TEXT, "operating_system or database."),
    required(
        "product",
        TEXT,
        "The product as known to the end-of-life facts, or as the source writes it.",
        sources=[f"{INVENTORY}.os_product", f"{INVENTORY}.database_product"],
    ),
    optional("cycle", TEXT, "Its release cycle.", sources=[f"{INVENTORY}.os_cycle", f"{INVENTORY}.database_cycle"]),
    required("status", TEXT, "past, extended, near or unknown, as of the as-of date."),
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
    required("as_of", DATE, "The date for which the finding holds, from the engagement's settings."),
    required("fact", TEXT, "The end-of-life fact it rests on, in words."),
    optional("fact_source", TEXT, "Where the fact comes from."),
    optional("fact_date", DATE, "When the fact was recorded."),
    one_of("category", "operating_system", "database"),
    one_of("status", "past", "extended", "near", "unknown"),
    one_of("severity", "critical", "high", "medium", "low"),
    key=("finding_id",),
    entity="finding",
    subtype="category",
    label="asset_name",
)
