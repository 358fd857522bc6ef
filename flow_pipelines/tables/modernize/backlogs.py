"""The backlogs of what is made modern after the move: one declaration for the three of them.

Belongs here: what one row of each is, column by column. Does not: how the rows come about
(`flow_pipelines/modernize/backlog/`).
"""

from __future__ import annotations

from sqlalchemy import Table

from flow_pipelines.reference.modernization import modernization_rules
from flow_pipelines.tables.advice import advice_columns
from flow_pipelines.tables.declaration import (
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    editable,
    one_of,
    optional,
    output_table,
    required,
    share,
)
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.execute.progress import progress_columns

PLAN_OF_RECORD = "assess/plan_of_record"
TECH_DEBT = "discovery/tech_debt"
TARGETS = "plan/targets"
CODE_FINDINGS = "modernize/code_findings"
MOVED = ("execute/execution_overview.actual_end", f"{PLAN_OF_RECORD}.end_date")
SUBJECTS = ("application", "server", "database")
RISKS = ("low", "medium", "high")
DECIDING = (
    f"{PLAN_OF_RECORD}.treatment",
    f"{TECH_DEBT}.category",
    f"{TECH_DEBT}.status",
    f"{CODE_FINDINGS}.severity",
    "assess/assessment_overview.complexity",
    "assess/questionnaire_answers.answer",
)


def backlog_table(name: str, comment: str) -> Table:
    """Declare one of the backlogs."""
    rules = modernization_rules()
    return output_table(
        "modernize",
        name,
        comment,
        required("task_id", IDENTIFIER, "Deterministic id, from the workload and what of it."),
        required("task_name", TEXT, "The workload, and what of it is made modern; updates name the item so."),
        required("table_key", TEXT, "The table, flow/table, that it is of."),
        required("workload_id", IDENTIFIER, "The workload.", sources=[f"{PLAN_OF_RECORD}.workload_id"]),
        required("workload_name", TEXT, "Its name.", sources=[f"{PLAN_OF_RECORD}.workload_name"]),
        optional(
            "asset_id", IDENTIFIER, "The server or database; empty if all of it.", sources=[f"{INVENTORY}.asset_id"]
        ),
        required("subject_type", TEXT, "application, server or database."),
        required("treatment", TEXT, "How it is moved.", sources=[f"{PLAN_OF_RECORD}.treatment"]),
        optional("wave_number", INTEGER, "The wave in which it moves.", sources=[f"{PLAN_OF_RECORD}.wave_number"]),
        required("kind", TEXT, "modernization."),
        required("role", TEXT, "Who does it."),
        editable(
            required("pattern", TEXT, "By which pattern.", sources=DECIDING),
            values=rules.options,
            sets={"confidence": 1.0},
        ),
        required("confidence", DECIMAL, "Probability that it stays the choice; 1 if a person decided."),
        optional("runner_up", TEXT, "The next best pattern; empty if all others are ruled out."),
        *(
            optional(f"score_{option}", DECIMAL, f"Points of {option}, 0 to 100; empty if ruled out. {told.says}.")
            for option, told in rules.options.items()
        ),
        required("vetoes", TEXT_LIST, "Patterns that are ruled out, each with why."),
        required("rules_fired", TEXT_LIST, "Names of the rules that hold."),
        required("would_change", TEXT_LIST, "What would have to be different for another pattern, cheapest first."),
        optional("most_wanted_fact", TEXT, "The unknown fact that matters most to the choice."),
        required("finding_ids", IDENTIFIER_LIST, "The debt that it removes.", sources=[f"{TECH_DEBT}.finding_id"]),
        required("debt", TEXT_LIST, "That debt in words.", sources=[f"{TECH_DEBT}.fact"]),
        required(
            "code_finding_count",
            INTEGER,
            "Findings in its code that it settles.",
            sources=[f"{CODE_FINDINGS}.code_finding_id"],
        ),
        required(
            "effort_days",
            DECIMAL,
            "Effort, by pattern, size, complexity and what was found in code. Unit: person days.",
            sources=[f"{CODE_FINDINGS}.effort_points", "assess/assessment_overview.complexity"],
        ),
        required("debt_removed", DECIMAL, "Sum of the scores of its debt and of the findings in its code."),
        required(
            "saving_usd_month",
            DECIMAL,
            "What running it costs less then, by the pattern's share of the price. Unit: USD a month.",
            sources=[f"{TARGETS}.on_demand_usd_month", f"{TARGETS}.sql_server_usd_month"],
        ),
        required("value", DECIMAL, "Debt and cost that it removes, as points; see the model of weights."),
        required("risk", TEXT, "low, medium or high.", sources=["assess/assessment_overview.criticality"]),
        required("risk_reasons", TEXT_LIST, "What makes it risky."),
        editable(required("position", INTEGER, "Its place in the order of the backlog, from 1.")),
        required(
            "comes_first",
            TEXT_LIST,
            "What has to be done before: its move if it has not moved, and items of this backlog.",
            sources=MOVED,
        ),
        required(
            "planned_start", TIMESTAMP, "The earliest: its wave is over, and what comes first is done.", sources=MOVED
        ),
        required("planned_end", TIMESTAMP, "If one person works on it from then on."),
        *progress_columns(),
        required("assumptions", TEXT_LIST, "What figures rest on; may be empty."),
        required("reason", TEXT, "Why it is here, why by this pattern, and why at this place, in words."),
        optional("decided_by", TEXT, "Who decided otherwise."),
        optional("decision_reason", TEXT, "Why."),
        *advice_columns("pattern"),
        required("source_entity_ids", IDENTIFIER_LIST, "Its assets.", sources=[f"{INVENTORY}.asset_id"]),
        one_of("subject_type", *SUBJECTS),
        one_of("pattern", *rules.options),
        one_of("risk", *RISKS),
        share("confidence"),
        key=("task_id",),
        entity=name.removesuffix("_backlog") + "_item",
        subtype="pattern",
        label="task_name",
    )


refactor_backlog = backlog_table(
    "refactor_backlog",
    "One row per application whose code is changed, and per debt of a moved server or database that is worth removing.",
)
rearchitect_backlog = backlog_table(
    "rearchitect_backlog", "One row per application whose architecture is changed: how, what for, and in which order."
)
rewrite_backlog = backlog_table(
    "rewrite_backlog", "One row per application that is written anew: how, what for, and in which order."
)
BACKLOGS = {f"{one.schema}/{one.name}": one for one in (refactor_backlog, rearchitect_backlog, rewrite_backlog)}
