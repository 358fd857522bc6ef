"""Where the answers to the questionnaire come from, and what they come to."""

from __future__ import annotations

import pytest

from flow_pipelines.assess.treatment.answers import assessment_risk
from flow_pipelines.edit_values import value_problem
from flow_pipelines.edits import apply_edits
from flow_pipelines.reference.conditions import misused_facts
from flow_pipelines.reference.questionnaire import questionnaire
from flow_pipelines.reference.rulebook import component_rules, read_rulebook, treatment_rules
from flow_pipelines.tables.assess.treatment import questionnaire_answers
from flow_pipelines.tables.declaration import editable_columns
from tests.flow_pipelines.assess.estates import application, asset_id, server
from tests.flow_pipelines.assess.treatment.deciding import answer, answers_about, decide


def test_without_any_evidence_an_answer_is_unknown_and_that_is_no_risk_and_no_no() -> None:
    value = answers_about(decide([application("thing")]), "thing")["business_value"]
    assert (value["answer"], value["derived_from"], value["risk"]) == ("unknown", "unknown", "unknown")


def test_an_archetype_answers_for_its_kind_and_attributes_of_the_workload_come_before_it() -> None:
    told = answers_about(decide([application("SAP ERP"), server("s", ["SAP ERP"])]), "SAP ERP")
    assert (told["source_code"]["answer"], told["source_code"]["derived_from"]) == ("vendor's", "attribute")
    assert (told["vendor_support"]["answer"], told["vendor_support"]["derived_from"]) == ("in the cloud", "archetype")
    assert "packaged software" in told["vendor_support"]["reason"]


def test_a_tag_is_an_imported_answer_that_comes_before_attributes_and_archetypes() -> None:
    tags = ["Vendor-Support: NOT in a cloud", "env:prod"]
    told = answers_about(decide([application("SAP ERP", tags=tags)]), "SAP ERP")["vendor_support"]
    assert (told["answer"], told["derived_from"], told["risk"]) == ("not in a cloud", "import", "red")


def test_the_applications_own_tag_outweighs_its_servers_and_servers_that_differ_say_nothing() -> None:
    servers = [
        server("a", ["own", "none"], tags=["downtime:minutes"]),
        server("b", ["own", "none"], tags=["downtime:a night"]),
    ]
    result = decide([application("own", tags=["downtime:a weekend"]), application("none"), *servers])
    assert answers_about(result, "own")["downtime"]["answer"] == "a weekend"
    differing = answers_about(result, "none")["downtime"]
    assert differing["answer"] == "unknown"
    assert "a night, minutes" in differing["reason"]


def test_a_tag_that_is_no_answer_is_told_and_not_guessed() -> None:
    told = answers_about(decide([application("x", tags=["downtime:never"])]), "x")["downtime"]
    assert (told["answer"], told["reason"]) == ("unknown", "Tags say never: not one of the answers, or several.")


def test_a_persons_answer_brings_its_own_risk_and_says_that_a_person_gave_it() -> None:
    edits = [answer(asset_id("x"), "source_code", "lost")]
    rows = decide([application("x"), server("s", ["x"])], edits=edits).questionnaire_answers
    row = apply_edits(rows, questionnaire_answers, edits)[0].set_index("question").loc["source_code"]
    assert (row["answer"], row["derived_from"], row["risk"], row["decided_by"]) == ("lost", "person", "red", "ann")


def test_an_answer_to_another_question_may_not_be_chosen() -> None:
    column, editing = questionnaire_answers.columns["answer"], editable_columns(questionnaire_answers)["answer"]
    assert value_problem("lost", column, editing, {"question": "source_code"}) is None
    assert value_problem("unknown", column, editing, {"question": "downtime"}) is None
    problem = value_problem("lost", column, editing, {"question": "downtime"})
    assert problem is not None
    assert "must be one of a weekend, a night, minutes, unknown" in problem


def test_the_risk_of_a_workload_is_decided_by_the_thresholds() -> None:
    workload = asset_id("x")
    reds = [answer(workload, name, value) for name, value in (("source_code", "lost"), ("tests", "none"))]
    thing = [application("x"), server("s", ["x"], is_virtual=False)]
    silent, red = decide(thing), decide(thing, edits=reds)
    assert silent.treatments["questionnaire_risk"][0] == "unknown"
    assert red.treatments["questionnaire_risk"][0] == "red", "2 of 13 are 15 percent"
    green = [
        answer(workload, name, next(one.answer for one in question.answers if one.risk == "green"))
        for name, question in questionnaire().questions.items()
    ]
    answered = decide(thing, edits=green)
    risk = assessment_risk(answered.questionnaire_answers)
    assert list(risk["questionnaire_risk"]) == ["green"]
    assert answered.treatments["answered_share"][0] == 1.0


def test_conditions_of_the_questionnaire_ask_facts_that_there_are() -> None:
    kinds = {name: fact.kind for name, fact in treatment_rules().facts.items()}
    conditions = [one.when for question in questionnaire().questions.values() for one in question.answers if one.when]
    conditions += [archetype.when for archetype in questionnaire().archetypes]
    assert [problem for one in conditions for problem in misused_facts(one, kinds)] == []


def test_every_answer_that_a_rule_asks_is_one_that_can_be_given() -> None:
    from flow_pipelines.reference.conditions import comparisons_of  # noqa: PLC0415
    from flow_pipelines.reference.questionnaire import ANSWER_FACT, answer_choices  # noqa: PLC0415

    asked = [
        (one.fact.removeprefix(ANSWER_FACT), value)
        for book in (treatment_rules(), component_rules())
        for rule in book.rules
        for one in comparisons_of(rule.when)
        if one.fact.startswith(ANSWER_FACT)
        for value in one.value
    ]
    assert asked
    assert [pair for pair in asked if pair[1] not in answer_choices()[pair[0]]] == []


BOOK = """
version: 1
last_resort: stay
options: {{go: {{base: 1, says: go}}, stay: {{base: 0, says: stay}}}}
facts: {{size: {{source: overview, column: size, kind: number, says: size}}}}
confidence: {{weight_error: 1, likelihood: 0.2, unknown_veto: 1, data_share: 0}}
rules: [{{name: large, says: it is large, when: {when}, {effect}}}]
"""
LARGE = "{fact: size, operator: above, value: 3}"


@pytest.mark.parametrize(
    ("when", "effect", "problem"),
    [
        ("{fact: sise, operator: above, value: 3}", "weights: {go: 1}", "fact sise is not declared"),
        ("{fact: size, operator: includes, value: x}", "weights: {go: 1}", "has no operator includes"),
        ("{fact: size, operator: above, value: x}", "weights: {go: 1}", "needs"),
        (LARGE, "weights: {fly: 1}", "fly is no option"),
        (LARGE, "vetoes: [stay]", "last resort"),
        (LARGE, "is_fixed: true", "neither weighs nor vetoes"),
    ],
)
def test_a_damaged_book_of_rules_is_refused_with_the_reason(when: str, effect: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_rulebook(BOOK.format(when=when, effect=effect))
