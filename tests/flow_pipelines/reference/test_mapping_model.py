from __future__ import annotations

import pytest

from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.mapping_model import mapping_model
from flow_pipelines.tables.discovery import RECORD_TYPES

MAPPABLE = {attribute.name for attribute in ATTRIBUTES if not attribute.derived}


def test_expects_something_of_the_values_of_every_mappable_attribute_and_of_no_other() -> None:
    assert set(mapping_model().expectations) == MAPPABLE


@pytest.mark.parametrize("attribute", sorted(MAPPABLE))
def test_expectations_are_probabilities_over_known_kinds_and_vocabularies(attribute: str) -> None:
    model = mapping_model()
    for expected in model.expectations[attribute]:
        assert sum(expected.kinds.values()) == pytest.approx(1)
        assert min(expected.kinds.values()) > 0
        assert set(expected.kinds) == set(model.background.kinds)
        assert set(expected.vocabularies) == set(model.vocabularies)
        assert all(0 < share < 1 for share in expected.vocabularies.values())
        assert expected.distinct in ("key", "category", None)


def test_every_record_type_has_candidates() -> None:
    assert set(mapping_model().candidates) == set(RECORD_TYPES)
    assert set(mapping_model().by_name_only) <= set(RECORD_TYPES)
    assert mapping_model().special_kinds <= set(mapping_model().background.kinds)


def test_what_may_be_applied_needs_more_than_what_may_be_proposed() -> None:
    model = mapping_model()

    assert model.proposal_floor < min(model.most_confidence.values()) < 1
    assert model.weights.likeness * (1 - model.weights.neutral_likeness) < model.weights.alias < model.weights.template
