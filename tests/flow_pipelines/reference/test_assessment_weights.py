"""The weights of Assess speak of columns and values that there are."""

from __future__ import annotations

from flow_pipelines.reference.assessment_weights import assessment_weights
from flow_pipelines.tables.assess.overview import LEVELS, assessment_overview
from flow_pipelines.tables.contract import closed_lists
from flow_pipelines.tables.discovery import CHOICES, inventory, tech_debt


def test_every_column_that_the_weights_name_exists() -> None:
    weights = assessment_weights()
    assert set(weights.measures) <= set(assessment_overview.columns.keys())
    named = {obstacle.column for obstacle in weights.obstacles}
    named |= {column for facts in weights.needed_facts.values() for fact in facts for column in fact.columns}
    assert named <= set(inventory.columns.keys())


def test_every_level_criticality_and_status_is_one_of_the_closed_lists() -> None:
    weights = assessment_weights()
    assert set(weights.levels) == set(LEVELS)
    assert min(weights.levels.values()) == 0  # so that every score has a level
    assert weights.criticality == CHOICES["criticality"]
    assert set(weights.findings) <= closed_lists(tech_debt)["status"]
    for obstacle in weights.obstacles:
        assert set(obstacle.any_of) <= set(CHOICES.get(obstacle.column, obstacle.any_of))
