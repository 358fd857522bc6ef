"""The tables of the Assess flow's treatment phase.

Belongs here: what one row of each is, column by column. Does not: how the rows come about
(`flow_pipelines/assess/treatment/`).
"""

from __future__ import annotations

from flow_pipelines.reference.questionnaire import RISKS, answer_choices
from flow_pipelines.reference.rulebook import component_rules, treatment_rules
from flow_pipelines.tables.advice import advice_columns
from flow_pipelines.tables.assess.overview import DEPENDENCIES, EVIDENCE, TECH_DEBT, assessment_overview
from flow_pipelines.tables.declaration import (
    DATE,
    DECIMAL,
    IDENTIFIER,
    IDENTIFIER_LIST,
    TEXT,
    TEXT_LIST,
    editable,
    one_of,
    optional,
    output_table,
    required,
    share,
)
from flow_pipelines.tables.discovery import INVENTORY

OVERVIEW = f"{assessment_overview.schema}/{assessment_overview.name}"
ANSWERS = "assess/questionnaire_answers"
TREATMENTS = "assess/treatments"
DECIDING = (*EVIDENCE, f"{OVERVIEW}.readiness", f"{OVERVIEW}.complexity", f"{OVERVIEW}.criticality")
ANSWER = f"{ANSWERS}.answer"

questionnaire_answers = output_table(
    "assess",
    "questionnaire_answers",
    "One row per workload and question about it: the answer, and how it came about.",
    required(
        "answer_id",
        IDENTIFIER,
        "Deterministic id, from workload and question.",
    ),
    required("workload_id", IDENTIFIER, "The workload.", sources=[f"{OVERVIEW}.workload_id"]),
    required("workload_name", TEXT, "Its name.", sources=[f"{OVERVIEW}.workload_name"]),
    required("section", TEXT, "What the question is about."),
    required("question", TEXT, "Stable name of the question."),
    required("asks", TEXT, "The question in words."),
    editable(
        required(
            "answer",
            TEXT,
            "The answer; unknown if nobody and nothing tells, which never means no.",
            sources=[f"{INVENTORY}.name", f"{INVENTORY}.description", f"{INVENTORY}.tags", *EVIDENCE],
        ),
        chosen_by="question",
        choices=answer_choices(),
        sets={"derived_from": "person"},
    ),
    required("derived_from", TEXT, "person, import (a tag), attribute, archetype or unknown."),
    required("risk", TEXT, "What the answer means for the move: red, yellow, green or unknown."),
    required("reason", TEXT, "Where the answer comes from without a person, in words."),
    optional("decided_by", TEXT, "Who answered it."),
    optional("decision_reason", TEXT, "Why."),
    one_of("derived_from", "person", "import", "attribute", "archetype", "unknown"),
    one_of("risk", *RISKS),
    key=("answer_id",),
    entity="answer",
    subtype="question",
    label="workload_name",
)

treatments = output_table(
    "assess",
    "treatments",
    "One row per workload: what to do with it, how sure that is, and what would change it.",
    required("workload_id", IDENTIFIER, "The workload.", sources=[f"{OVERVIEW}.workload_id"]),
    required("workload_name", TEXT, "Its name.", sources=[f"{OVERVIEW}.workload_name"]),
    required("workload_type", TEXT, "application or stand_alone.", sources=[f"{OVERVIEW}.workload_type"]),
    editable(
        required("treatment", TEXT, "What to do with it.", sources=[*DECIDING, ANSWER]),
        values=treatment_rules().options,
        sets={"confidence": 1.0},
    ),
    required(
        "confidence",
        DECIMAL,
        "Probability that it stays the choice if weights were a little different and what is unknown became known; "
        "1 if a person decided.",
    ),
    optional("runner_up", TEXT, "The next best treatment; empty if all others are ruled out."),
    *(
        optional(f"score_{name}", DECIMAL, f"Points of {name}, 0 to 100; empty if ruled out. {option.says}.")
        for name, option in treatment_rules().options.items()
    ),
    required("vetoes", TEXT_LIST, "Treatments that are ruled out, each with why."),
    required("rules_fired", TEXT_LIST, "Names of the rules that hold."),
    required("rules_unknown", TEXT_LIST, "Names of the rules of which nobody knows whether they hold."),
    required("would_change", TEXT_LIST, "What would have to be different for another treatment, cheapest first."),
    optional("most_wanted_fact", TEXT, "The unknown fact that matters most to the choice."),
    required(
        "questionnaire_risk",
        TEXT,
        "What the answers come to: red, yellow, green or unknown.",
        sources=[f"{ANSWERS}.risk"],
    ),
    required("answered_share", DECIMAL, "Share of the questions that are answered.", sources=[ANSWER]),
    required(
        "effort_days",
        DECIMAL,
        "Effort of the treatment that counts, by size and complexity. Unit: person days.",
        sources=[f"{OVERVIEW}.{name}" for name in ("server_count", "database_count", "storage_gib", "complexity")],
    ),
    required("reason", TEXT, "Why the rules choose it, in words."),
    optional("decided_by", TEXT, "Who decided otherwise."),
    optional("decision_reason", TEXT, "Why."),
    *advice_columns("treatment"),
    required("source_entity_ids", IDENTIFIER_LIST, "The assets that make it up.", sources=[f"{INVENTORY}.asset_id"]),
    one_of("workload_type", "application", "stand_alone"),
    one_of("treatment", *treatment_rules().options),
    one_of("questionnaire_risk", *RISKS),
    share("confidence"),
    share("answered_share"),
    key=("workload_id",),
    entity="treatment",
    subtype="treatment",
    label="workload_name",
)

component_treatments = output_table(
    "assess",
    "component_treatments",
    "One row per database, and per middleware that is seen on a server: whether the cloud runs it as a service.",
    required("component_id", IDENTIFIER, "Deterministic id, from the asset and, for middleware, the product."),
    required("component_name", TEXT, "Name of the asset and the product.", sources=[f"{INVENTORY}.name"]),
    required("component_type", TEXT, "database or middleware.", sources=[f"{INVENTORY}.asset_type"]),
    optional(
        "product",
        TEXT,
        "Product as the end-of-life facts call it; empty if not known.",
        sources=[f"{INVENTORY}.database_product", f"{TECH_DEBT}.product", f"{DEPENDENCIES}.service"],
    ),
    required(
        "workload_ids", IDENTIFIER_LIST, "The workloads that it belongs to.", sources=[f"{TREATMENTS}.workload_id"]
    ),
    editable(
        required(
            "component_treatment",
            TEXT,
            "What to do with it.",
            sources=[f"{TREATMENTS}.treatment", ANSWER, f"{INVENTORY}.database_product", f"{TECH_DEBT}.status"],
        ),
        values=component_rules().options,
        sets={"confidence": 1.0},
    ),
    required("confidence", DECIMAL, "Probability that it stays the choice; 1 if a person decided."),
    optional("runner_up", TEXT, "The next best; empty if all others are ruled out."),
    *(
        optional(f"score_{name}", DECIMAL, f"Points of {name}, 0 to 100; empty if ruled out. {option.says}.")
        for name, option in component_rules().options.items()
    ),
    required(
        "managed_services", TEXT_LIST, "The service of each chosen cloud, of all if none is chosen: `cloud: service`."
    ),
    required("substitutes", TEXT_LIST, "The service of another product that it is commonly moved to, alike."),
    required("services_as_of", DATE, "The day for which the clouds' services were recorded."),
    required("vetoes", TEXT_LIST, "What is ruled out, each with why."),
    required("would_change", TEXT_LIST, "What would have to be different for another choice, cheapest first."),
    required("reason", TEXT, "Why the rules choose it, in words."),
    optional("decided_by", TEXT, "Who decided otherwise."),
    optional("decision_reason", TEXT, "Why."),
    required(
        "source_entity_ids",
        IDENTIFIER_LIST,
        "The database, or the server it is seen on.",
        sources=[f"{INVENTORY}.asset_id"],
    ),
    one_of("component_type", "database", "middleware"),
    one_of("component_treatment", *component_rules().options),
    share("confidence"),
    key=("component_id",),
    entity="component_treatment",
    subtype="component_treatment",
    label="component_name",
)
