"""Treatment: what to do with every workload, and with its databases and middleware.

Belongs here: bringing the parts of the decision together. Does not: the parts themselves (the modules beside this one),
the rules (`reference/treatment_rules.yaml`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from flow_pipelines.assess.treatment.answers import Answered, answer_questions, assessment_risk
from flow_pipelines.assess.treatment.components import Estate, treat_components
from flow_pipelines.assess.treatment.decision import CompiledRules, compile_rules
from flow_pipelines.assess.treatment.effort import effort_days
from flow_pipelines.assess.treatment.evidence import answer_evidence, workload_evidence
from flow_pipelines.assess.treatment.facts import Facts, gather_facts
from flow_pipelines.assess.treatment.scoring import score_options
from flow_pipelines.assess.treatment.wording import Voice
from flow_pipelines.edits import Edit, apply_edits
from flow_pipelines.reference.questionnaire import questionnaire
from flow_pipelines.reference.rulebook import EffortModel, Rulebook, answer_sources, treatment_rules
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.assess.treatment import treatments as treatments_table
from flow_pipelines.tables.contract import conform

# The confidence of a choice about which nothing is known.
EVEN = 0.5


@dataclass(frozen=True)
class Treatment:
    """The tables of the phase, people's corrections not yet set, but with all that follows from them.

    Attributes:
        questionnaire_answers: The rows of `assess/questionnaire_answers`.
        treatments: The rows of `assess/treatments`.
        component_treatments: The rows of `assess/component_treatments`.
    """

    questionnaire_answers: pd.DataFrame
    treatments: pd.DataFrame
    component_treatments: pd.DataFrame


def treat_workloads(
    overview: pd.DataFrame,
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    tech_debt: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    edits: Sequence[Edit] = (),
) -> Treatment:
    """Choose the treatment of every workload and component.

    Answers that people gave count in the choice, and treatments that they decided count in the effort and in the
    treatment of components; the cells themselves are left to the shell.

    Args:
        overview: The rows of `assess/assessment_overview`.
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        tech_debt: The rows of `discovery/tech_debt`.
        scope: The engagement.
        settings: Its settings; `targets` are the clouds that are chosen.
        edits: People's corrections of the tables of the phase.
    """
    overview = overview.sort_values("workload_id", ignore_index=True)
    rules, evidence = _rules(), workload_evidence(overview, inventory, tech_debt)
    facts = gather_facts(rules.book.facts, evidence, len(overview))
    answered = answer_questions(overview, facts, evidence["parts"], edits, scope=scope)
    places = {workload: place for place, workload in enumerate(overview["workload_id"])}
    answers = answer_evidence(answered.counted, places)
    asked = gather_facts(answer_sources(), answers, len(overview))
    rows = _rows(overview, rules, Facts(len(overview), {**facts.by_name, **asked.by_name}), answered)
    decided, _ = apply_edits(conform(rows.assign(effort_days=1.0), treatments_table), treatments_table, edits)
    rows["effort_days"] = effort_days(overview, decided["treatment"], _effort(rules.book))
    estate = Estate(
        overview, inventory, dependencies, tech_debt, evidence["parts"], decided, answers["answers"],
        settings.targets,
    )  # fmt: skip
    return Treatment(answered.rows, conform(rows, treatments_table), treat_components(estate, scope=scope))


def _rows(overview: pd.DataFrame, rules: CompiledRules, facts: Facts, answered: Answered) -> pd.DataFrame:
    book = rules.book
    said = {name: source.says for name, source in (book.facts | answer_sources()).items()}
    title = f"rules {book.version}, questionnaire {questionnaire().version}"
    scored = score_options(Voice(rules, said, title), facts).rename(columns={"option": "treatment"})
    risk = assessment_risk(answered.counted).reindex(overview["workload_id"]).reset_index(drop=True)
    rows = overview[["workload_id", "workload_name", "workload_type", "source_entity_ids"]].join([scored, risk])
    doubt = book.confidence.data_share * (1 - overview["data_confidence"].astype(float))
    rows["confidence"] = (EVEN + (rows["confidence"] - EVEN) * (1 - doubt)).round(3)
    return rows


@cache
def _rules() -> CompiledRules:
    return compile_rules(treatment_rules())


def _effort(book: Rulebook) -> EffortModel:
    if book.effort is None:
        raise ValueError("treatment_rules.yaml names no effort")
    return book.effort
