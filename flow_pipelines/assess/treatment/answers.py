"""Answering the questionnaire about each workload: from people, tags, attributes and archetypes.

Belongs here: which of several answers counts, and what risk they come to. Does not: the questions and archetypes
(`reference/questionnaire.yaml`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.assess.treatment.conditions import compile_condition
from flow_pipelines.assess.treatment.facts import PLACE, Facts
from flow_pipelines.edits import Edit, apply_edits
from flow_pipelines.reference.questionnaire import UNKNOWN, Question, Questionnaire, questionnaire
from flow_pipelines.scope import Scope
from flow_pipelines.tables.assess.treatment import questionnaire_answers
from flow_pipelines.tables.contract import conform

NOT_SAID = "Nobody has answered it, and nothing known of the workload does."
# What makes an answer, the strongest last; a person's edit is stronger than all of them.
COLUMNS = ("answer", "derived_from", "reason")


@dataclass(frozen=True)
class Answered:
    """The questionnaire, answered.

    Attributes:
        rows: The rows of `assess/questionnaire_answers`, people's corrections not yet set but in the risk.
        counted: The same with people's corrections.
    """

    rows: pd.DataFrame
    counted: pd.DataFrame


def answer_questions(
    overview: pd.DataFrame, facts: Facts, parts: pd.DataFrame, edits: Sequence[Edit], *, scope: Scope
) -> Answered:
    """Answer every question about every workload.

    Args:
        overview: The rows of `assess/assessment_overview`.
        facts: What is known of them, in the order of the overview.
        parts: The evidence of that name, for imported answers.
        edits: People's corrections.
        scope: The engagement.
    """
    asked = questionnaire()
    imported = _imported(parts, asked)
    blocks = []
    for section in asked.sections:
        for question in section.questions:
            block = _derived(question, facts, asked)
            block.update(imported.get(question.question, block.iloc[:0]))
            blocks.append(
                overview[["workload_id", "workload_name"]]
                .reset_index(drop=True)
                .assign(section=section.section, question=question.question, asks=question.asks, **block)
            )
    rows = pd.concat(blocks, ignore_index=True)
    rows["answer_id"] = scope.ids_of("answer", zip(rows["workload_id"], rows["question"], strict=True))
    rows["risk"] = _risks(rows)
    rows = conform(rows, questionnaire_answers)
    counted, _ = apply_edits(rows, questionnaire_answers, edits)
    # The risk is that of the answer that counts: an edit sets the answer only.
    counted["risk"] = _risks(counted)
    return Answered(rows.assign(risk=counted["risk"]), counted)


def assessment_risk(answers: pd.DataFrame) -> pd.DataFrame:
    """Return what the answers about each workload come to.

    Args:
        answers: The rows of `assess/questionnaire_answers`.

    Returns:
        Indexed by workload_id: questionnaire_risk (red, yellow, green or unknown), answered_share.
    """
    shares = pd.crosstab(answers["workload_id"], answers["risk"], normalize="index")
    shares = shares.reindex(columns=["red", "unknown", "yellow", "green"], fill_value=0.0)
    limits = questionnaire().thresholds.model_dump()
    # A threshold of 15 percent is reached by 2 of 13: rounding must not decide that.
    reached = [shares[risk] * 100 >= limit - 1e-9 for risk, limit in limits.items()]
    return pd.DataFrame(
        {
            "questionnaire_risk": np.select(reached, list(limits), default="green"),
            "answered_share": (1 - shares["unknown"]).clip(0, 1).round(3),
        },
        index=shares.index,
    )


def _derived(question: Question, facts: Facts, asked: Questionnaire) -> pd.DataFrame:
    """Return the answer that attributes or archetypes give in each row: answer, derived_from, reason."""
    block = pd.DataFrame(
        {"answer": UNKNOWN, "derived_from": "unknown", "reason": NOT_SAID}, index=range(facts.count), dtype="object"
    )
    # The weakest first: what is stronger is written over it.
    for archetype in reversed(asked.archetypes):
        if question.question in archetype.answers:
            told = (archetype.answers[question.question], "archetype", f"So it is for the kind: {archetype.archetype}.")
            block.loc[compile_condition(archetype.when)(facts).holds, list(COLUMNS)] = told
    for answer in reversed(question.answers):
        if answer.when is not None:
            told = (answer.answer, "attribute", "Its attributes say so.")
            block.loc[compile_condition(answer.when)(facts).holds, list(COLUMNS)] = told
    return block


def _imported(parts: pd.DataFrame, asked: Questionnaire) -> dict[str, pd.DataFrame]:
    """Return by question the answers that tags give, by place: answer, derived_from, reason."""
    tags = parts[[PLACE, "is_head", "tags"]].explode("tags").dropna(subset=["tags"])
    told = tags["tags"].astype(str).str.split(":", n=1, expand=True).reindex(columns=[0, 1]).astype(object)
    tags = tags.assign(
        question=told[0].str.strip().str.casefold().str.replace(r"[\s-]+", "_", regex=True),
        said=told[1].str.strip(),
    )
    tags = tags[tags["question"].isin(asked.questions) & tags["said"].notna()].drop(columns="tags").drop_duplicates()
    known = {
        (name, answer.answer.casefold()): answer.answer
        for name, question in asked.questions.items()
        for answer in question.answers
    }
    pairs = zip(tags["question"], tags["said"].str.casefold(), strict=True)
    given: list[Any] = [known.get(pair) for pair in pairs]
    tags["answer"] = pd.Series(given, index=tags.index, dtype=object)
    return {str(name): _agreed(of_question) for name, of_question in tags.groupby("question")}


def _agreed(tags: pd.DataFrame) -> pd.DataFrame:
    """Return the one answer of each workload: the application's own, else that on which its parts agree."""
    has_own = tags.groupby(PLACE)["is_head"].transform("any")
    speaking = tags[tags["is_head"] | ~has_own].sort_values([PLACE, "said"])
    rows: dict[Any, tuple[Any, str, str]] = {}
    for place, of_place in speaking.groupby(PLACE):
        said = ", ".join(dict.fromkeys(of_place["said"]))
        given = set(of_place["answer"])
        if len(given) == 1 and not given & {None}:
            rows[place] = (given.pop(), "import", f"A tag says so: {said}.")
        else:
            rows[place] = (UNKNOWN, "unknown", f"Tags say {said}: not one of the answers, or several.")
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS), dtype="object")


def _risks(rows: pd.DataFrame) -> pd.Series[Any]:
    risks = {
        (name, answer.answer): answer.risk
        for name, question in questionnaire().questions.items()
        for answer in question.answers
    }
    pairs = zip(rows["question"], rows["answer"], strict=True)
    return pd.Series([risks.get(pair, "unknown") for pair in pairs], index=rows.index, dtype=object)
