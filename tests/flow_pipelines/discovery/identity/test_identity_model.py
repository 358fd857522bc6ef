from __future__ import annotations

from flow_pipelines.discovery.identity.names import compact
from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.identity_model import identity_model
from flow_pipelines.tables.discovery import ASSET_ATTRIBUTES, ASSET_TYPES, RECORD_TYPES

KNOWN = {attribute.name for attribute in ATTRIBUTES}


def test_every_attribute_that_the_model_names_is_in_the_catalogue() -> None:
    survivorship = identity_model().survivorship
    named = {name for group in survivorship.groups for name in group.attributes}
    named |= {name for bundle in survivorship.bundles for name in (*bundle.lead, *bundle.wording, *bundle.attributes)}
    named |= {*survivorship.extremes, *survivorship.of_the_source}
    assert named <= {attribute.name for attribute in ASSET_ATTRIBUTES}
    folds = [fold for folds in identity_model().details.values() for fold in folds]
    assert {fold.attribute for fold in folds} <= KNOWN
    assert {fold.source for fold in folds} <= KNOWN | {"record_id"}


def test_an_attribute_is_trusted_in_one_order_only() -> None:
    groups = identity_model().survivorship.groups
    listed = [name for group in groups for name in group.attributes]
    assert len(listed) == len(set(listed))
    for bundle in identity_model().survivorship.bundles:
        assert set(bundle.lead) | set(bundle.wording) <= set(bundle.attributes)


def test_every_asset_type_has_a_natural_key_and_every_detail_a_record_type() -> None:
    assert set(identity_model().natural_keys) == set(ASSET_TYPES)
    assert set(identity_model().details) < set(RECORD_TYPES)


def test_agreement_speaks_for_one_asset_and_disagreement_against_it() -> None:
    for levels in identity_model().comparisons.values():
        for level, weight in levels.items():
            assert (weight.bits < 0) == (level == "different")


def test_listed_defaults_are_written_as_they_are_compared() -> None:
    no_evidence = identity_model().no_evidence
    assert all(serial == compact(serial) for serial in no_evidence["serial"])
    assert all(name == name.casefold() for name in no_evidence["name"])
