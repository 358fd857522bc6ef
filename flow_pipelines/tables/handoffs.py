"""The table of a hand-off between two flows: one shape for all of them.

Belongs here: what one row of a hand-off is. Does not: which rules there are (`flow_pipelines/reference/`) and how
they are checked (`flow_pipelines/handoffs.py`).
"""

from __future__ import annotations

from sqlalchemy import Table

from flow_pipelines.flows import HANDOFFS, Flow
from flow_pipelines.tables.declaration import (
    BOOLEAN,
    INTEGER,
    TEXT,
    TEXT_LIST,
    editable,
    one_of,
    optional,
    output_table,
    required,
)

SEVERITIES = ("error", "warning")
STATUSES = ("passed", "failed", "waived", "warned")


def handoff_table(flow: Flow) -> Table:
    """Declare the table of the hand-off that gates a flow."""
    return output_table(
        HANDOFFS,
        f"{flow.follows}_to_{flow.name}",
        f"One row per validation rule of the hand-off into {flow.title}, with its result. "
        "A failed rule of severity error that nobody waived keeps the flow from starting.",
        required("rule_id", TEXT, "Stable name of the rule."),
        required("title", TEXT, "What must hold, in words."),
        required("severity", TEXT, "error (keeps the next flow from starting) or warning."),
        editable(
            required("status", TEXT, "passed, failed, waived (failed, and a person let it pass) or warned."),
            values=("waived",),
            only_over=("failed",),
            covers="rows_failed",
        ),
        required("table_key", TEXT, "The table that the rule looks at."),
        required("rows_checked", INTEGER, "Rows that the rule applies to."),
        required("rows_failed", INTEGER, "Rows of them that break it."),
        required("offenders", TEXT_LIST, "Keys of up to 20 rows that break it, sorted."),
        required("offender_names", TEXT_LIST, "What a person calls those rows, in the same order."),
        required("finding", TEXT, "What was found, in words."),
        optional("remedy", TEXT, "What to do about it."),
        optional("decided_by", TEXT, "Who waived it."),
        optional("decision_reason", TEXT, "Why."),
        required("rule_is_builtin", BOOLEAN, "Whether it holds for every hand-off, whatever is handed over."),
        one_of("severity", *SEVERITIES),
        one_of("status", *STATUSES),
        key=("rule_id",),
        entity="validation",
    )
