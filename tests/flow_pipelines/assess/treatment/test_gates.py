"""The gates of the treatment phase are shown something broken, and must say so."""

from __future__ import annotations

import pandas as pd
import pytest

from flow_pipelines.assess.treatment_gates import answer_problems, component_problems, treatment_problems
from tests.flow_pipelines.assess.estates import application, asset_id, database, inventory, server
from tests.flow_pipelines.assess.treatment.deciding import decide

ASSETS = [application("shop"), server("web", ["shop"]), database("pg", ["shop"]), server("alone")]
RESULT = decide(ASSETS)
OVERVIEW = RESULT.treatments[["workload_id", "source_entity_ids"]]
SHOP = RESULT.treatments["workload_id"] == asset_id("shop")


def changed(frame: pd.DataFrame, column: str, value: object, rows: pd.Series | None = None) -> pd.DataFrame:  # type: ignore[type-arg]
    copy = frame.copy()
    copy[column] = copy[column].mask(rows if rows is not None else pd.Series(True, index=copy.index), value)  # type: ignore[arg-type]
    return copy


@pytest.mark.parametrize(
    ("treatments", "problem"),
    [
        (RESULT.treatments[SHOP], "have no treatment"),
        (changed(RESULT.treatments, "workload_id", asset_id("ghost"), SHOP), "treated and not known"),
        (changed(RESULT.treatments, "score_rehost", 101.0), "not within 0 and 100"),
        (changed(RESULT.treatments, "treatment", "relocate").assign(score_relocate=pd.NA), "is ruled out"),
        (changed(RESULT.treatments, "effort_days", 0.0), "take no effort"),
        (RESULT.treatments.assign(source_entity_ids=[["x"]] * 2), "made up of other assets"),
    ],
)
def test_a_broken_treatment_is_named(treatments: pd.DataFrame, problem: str) -> None:
    assert problem in " ".join(treatment_problems(OVERVIEW, treatments))


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        (RESULT.questionnaire_answers.iloc[1:], "are not asked"),
        (changed(RESULT.questionnaire_answers, "answer", "lost"), "no answers to their question"),
        (
            pd.concat([RESULT.questionnaire_answers, RESULT.questionnaire_answers.iloc[:1]]),
            "1 questions are asked twice",
        ),
        (changed(RESULT.questionnaire_answers, "workload_id", asset_id("ghost")), "asked of nothing that is known"),
    ],
)
def test_a_broken_answer_is_named(answers: pd.DataFrame, problem: str) -> None:
    assert problem in " ".join(answer_problems(OVERVIEW, answers))


@pytest.mark.parametrize(
    ("components", "problem"),
    [
        (RESULT.component_treatments.iloc[:0], "have no treatment"),
        (pd.concat([RESULT.component_treatments] * 2), "several treatments"),
        (RESULT.component_treatments.assign(source_entity_ids=[["x"]]), "which the inventory does not have"),
        (RESULT.component_treatments.assign(workload_ids=[["x"]]), "which is no workload"),
    ],
)
def test_a_broken_component_is_named(components: pd.DataFrame, problem: str) -> None:
    assert problem in " ".join(component_problems(inventory(*ASSETS), OVERVIEW, components))
