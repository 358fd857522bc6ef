"""What must hold before the tables of the treatment phase are published.

Belongs here: for each of them, a function that lists what does not hold, in words. Does not: column contracts
(`flow_pipelines/tables/contract.py`), which every frame has passed already.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.reference.questionnaire import answer_choices
from flow_pipelines.reference.rulebook import Rulebook, component_rules, treatment_rules

HIGHEST = 100


def answer_problems(overview: pd.DataFrame, answers: pd.DataFrame) -> list[str]:
    """List questions that are not asked exactly once about a workload, and answers that are none to their question."""
    choices = answer_choices()
    expected = {(workload, question) for workload in overview["workload_id"] for question in choices}
    found = list(answers[["workload_id", "question"]].itertuples(index=False, name=None))
    allowed = {(question, answer) for question, allowed in choices.items() for answer in allowed}
    given = set(answers[["question", "answer"]].itertuples(index=False, name=None))
    problems = listed("questions {} are not asked", (" about ".join(pair[::-1]) for pair in expected - set(found)))
    problems += listed(
        "questions {} are asked of nothing that is known",
        (" about ".join(pair[::-1]) for pair in set(found) - expected),
    )
    if len(found) > len(set(found)):
        problems.append(f"{len(found) - len(set(found))} questions are asked twice")
    return problems + listed("{} are no answers to their question", (f"{q}: {answer}" for q, answer in given - allowed))


def treatment_problems(overview: pd.DataFrame, treatments: pd.DataFrame) -> list[str]:
    """List workloads without exactly one treatment, or with other assets, and choices that can't be."""
    problems = listed("workloads {} have no treatment", set(overview["workload_id"]) - set(treatments["workload_id"]))
    problems += listed(
        "workloads {} are treated and not known", set(treatments["workload_id"]) - set(overview["workload_id"])
    )
    assets = dict(zip(overview["workload_id"], map(frozenset, overview["source_entity_ids"]), strict=True))
    other = [
        workload
        for workload, ids in zip(treatments["workload_id"], treatments["source_entity_ids"], strict=True)
        if assets.get(workload, frozenset(ids)) != frozenset(ids)
    ]
    problems += listed("workloads {} are made up of other assets than in the overview", other)
    problems += listed(
        "workloads {} take no effort at all", treatments.loc[~(treatments["effort_days"] > 0), "workload_id"]
    )
    return problems + _score_problems(treatments, "treatment", "workload_id", treatment_rules())


def component_problems(inventory: pd.DataFrame, overview: pd.DataFrame, components: pd.DataFrame) -> list[str]:
    """List databases without exactly one treatment, and components of unknown assets or workloads."""
    databases = inventory.loc[inventory["asset_type"] == "database", "asset_id"]
    is_database = components["component_type"] == "database"
    on = components["source_entity_ids"].map(lambda ids: ids[0])
    treated = on[is_database & on.isin(databases)]
    problems = listed("databases {} have no treatment", set(databases) - set(treated))
    problems += listed("databases {} have several treatments", set(treated[treated.duplicated()]))
    problems += listed(
        "components are found on {}, which the inventory does not have", set(on) - set(inventory["asset_id"])
    )
    workloads = set(components["workload_ids"].explode().dropna())
    problems += listed("components belong to {}, which is no workload", workloads - set(overview["workload_id"]))
    return problems + _score_problems(components, "component_treatment", "component_id", component_rules())


def _score_problems(rows: pd.DataFrame, choice: str, key: str, book: Rulebook) -> list[str]:
    scores = rows[[f"score_{name}" for name in book.options]]
    outside = ((scores < 0) | (scores > HIGHEST)).fillna(value=False).any(axis="columns")
    chosen = pd.Series(False, index=rows.index)
    for name in book.options:
        chosen |= (rows[choice] == name) & rows[f"score_{name}"].isna()
    problems = listed(f"scores of {{}} are not within 0 and {HIGHEST}", rows.loc[outside.astype(bool), key])
    return problems + listed("what was chosen for {} is ruled out", rows.loc[chosen, key])
