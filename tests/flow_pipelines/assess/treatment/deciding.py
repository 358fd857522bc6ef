"""Running the treatment phase on small estates, for its tests.

Belongs here: from rows to decided tables. Does not: expectations.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flow_pipelines.assess.overview import assess_workloads
from flow_pipelines.assess.treatment.treatments import Treatment, treat_workloads
from flow_pipelines.assess.treatment_gates import answer_problems, component_problems, treatment_problems
from flow_pipelines.edits import Edit
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.assess.treatment import component_treatments, questionnaire_answers, treatments
from flow_pipelines.tables.contract import conform
from tests.flow_pipelines.assess.estates import SCOPE, Row, dependencies, inventory, tech_debt
from tests.flow_pipelines.editing import edit

TREATMENTS, ANSWERS = "assess/treatments", "assess/questionnaire_answers"


def decide(
    assets: Sequence[Row],
    edges: Sequence[Row] = (),
    findings: Sequence[Row] = (),
    edits: Sequence[Edit] = (),
    targets: Sequence[str] = (),
) -> Treatment:
    """Run the phase, hold it to its contracts and gates, and return its tables."""
    estate, graph, debt = inventory(*assets), dependencies(*edges), tech_debt(*findings)
    overview = assess_workloads(estate, graph, debt)
    settings = EngagementSettings.model_validate({"as_of": date(2026, 6, 30), "targets": targets})
    result = treat_workloads(overview, estate, graph, debt, scope=SCOPE, settings=settings, edits=edits)
    assert answer_problems(overview, result.questionnaire_answers) == []
    assert treatment_problems(overview, result.treatments) == []
    assert component_problems(estate, overview, result.component_treatments) == []
    conform(result.questionnaire_answers, questionnaire_answers)
    conform(result.treatments, treatments)
    conform(result.component_treatments, component_treatments)
    return result


def treated(assets: Sequence[Row], **more: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401  (as `decide` takes it)
    """Return the treatment of each workload by its name."""
    return {row["workload_name"]: row for row in decide(assets, **more).treatments.to_dict("records")}


def components(assets: Sequence[Row], **more: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401  (as `decide` takes it)
    """Return the treatment of each component by its name."""
    return {row["component_name"]: row for row in decide(assets, **more).component_treatments.to_dict("records")}


def answers_about(result: Treatment, workload: str) -> dict[str, dict[str, Any]]:
    """Return the answers about a workload by question."""
    rows = result.questionnaire_answers
    return {row["question"]: row for row in rows[rows["workload_name"] == workload].to_dict("records")}


def answer(workload_id: str, question: str, value: str) -> Edit:
    """A person's answer."""
    answer_id = SCOPE.id_of("answer", workload_id, question)
    return edit("set", answer_id, value, "unknown", column="answer", table_key=ANSWERS)
