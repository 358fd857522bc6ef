"""The table of what static analysis found in code.

Belongs here: what one row of it is, column by column. Does not: how the rows come about
(`flow_pipelines/modernize/findings/`).
"""

from __future__ import annotations

from flow_pipelines.tables.declaration import (
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.discovery import INVENTORY

PLAN = "assess/plan_of_record"
FILE_FORMATS = ("konveyor", "sarif", "cyclonedx", "unreadable")
SEVERITIES = ("mandatory", "optional", "potential", "information", "unreadable")

code_findings = output_table(
    "modernize",
    "code_findings",
    "One row per finding of a static analysis, and per file or part of one that can't be read: nothing is lost.",
    required("code_finding_id", IDENTIFIER, "Deterministic id, from file, rule and place, told apart by number."),
    required("code_finding_name", TEXT, "The rule, and where."),
    optional(
        "workload_id",
        IDENTIFIER,
        "The application it is about; empty if none is found.",
        sources=[f"{PLAN}.workload_id"],
    ),
    optional("workload_name", TEXT, "Its name.", sources=[f"{PLAN}.workload_name"]),
    required("joined_by", TEXT, "What tells the application, in words; or why none is found."),
    required("file_format", TEXT, "konveyor, sarif, cyclonedx, or unreadable."),
    required("tool", TEXT, "The tool that found it."),
    required("rule", TEXT, "Its rule, or the vulnerability."),
    optional("category", TEXT, "Its group of rules, as the tool names it."),
    required(
        "severity",
        TEXT,
        "mandatory (it does not run in the cloud, or is a grave vulnerability), optional, potential or information.",
    ),
    optional("stated_severity", TEXT, "What the tool calls that."),
    optional("effort_points", DECIMAL, "Effort as the tool states it for one place.", unit="points"),
    required("place_count", INTEGER, "Places where the rule holds, of this finding."),
    optional("component", TEXT, "The library it is about, with its version."),
    optional("location", TEXT, "File and line of the first place."),
    optional("message", TEXT, "What the tool says."),
    required("source_file", TEXT, "The file it is from."),
    required("source_entity_ids", IDENTIFIER_LIST, "The application.", sources=[f"{INVENTORY}.asset_id"]),
    one_of("file_format", *FILE_FORMATS),
    one_of("severity", *SEVERITIES),
    key=("code_finding_id",),
    entity="code_finding",
    subtype="severity",
    label="code_finding_name",
)
