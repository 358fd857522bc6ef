"""What becomes of single rows: whose they are, what their cells say, whose decision they hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.relation_types import relation_types
from flow_pipelines.reference.replaced_platform import replaced_platform
from flow_pipelines.takeover.account import RefusedError, TableAccount, account_problems
from flow_pipelines.takeover.approvals import approval_of, latest_approvals, row_for
from flow_pipelines.takeover.attribution import Attribution
from flow_pipelines.takeover.cells import import_file_name, json_cell, raw_record

RECORDS = replaced_platform().tables["raw_records"]
DEPENDENCIES = replaced_platform().tables["dependencies"]
MAPPING = {"id": "m", "import": "i", "source_field": "Owner", "target_field": "technical_owner", "status": "approved"}


def attribution() -> Attribution:
    known = {"imports": {"i1": "e1", "i2": "e2"}, "assets": {"a1": "e1", "b1": "e1", "a2": "e2"}}
    return Attribution({"e1": "c1", "e2": "c2"}, known)


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ({"import": "i1"}, "e1"),
        ({"engagement": "e1", "client": "c1"}, "e1"),
        ({"engagement": "e1", "import": "lost"}, "e1"),
        ({}, "no_scope"),
        ({"client": "c1"}, "client_only"),
        ({"import": "lost"}, "parent_missing"),
        ({"engagement": "e9"}, "engagement_unknown"),
        ({"engagement": "e1", "client": "c2"}, "client_contradicts"),
        ({"engagement": "e1", "import": "i2"}, "engagements_contradict"),
        ({"client": "c2", "import": "i1"}, "client_contradicts"),
    ],
)
def test_a_record_is_attributed_by_what_agrees_and_refused_otherwise(row: dict[str, str], outcome: str) -> None:
    try:
        found = attribution().engagement_of(row, RECORDS, columns=RECORDS.columns)
    except RefusedError as refused:
        found = refused.code
    assert found == outcome


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ({"asset": "a1", "depends_on": "b1"}, "e1"),
        ({"asset": "a1", "depends_on": "a2"}, "engagements_contradict"),
        ({"asset": "a1", "depends_on": "lost", "engagement": "e1"}, "parent_missing"),
        ({"asset": "a1", "engagement": "e1"}, "parent_missing"),
    ],
)
def test_a_dependency_needs_both_its_assets_in_one_engagement(row: dict[str, str], outcome: str) -> None:
    try:
        found = attribution().engagement_of(row, DEPENDENCIES, columns=DEPENDENCIES.columns)
    except RefusedError as refused:
        found = refused.code
    assert found == outcome


def test_raw_data_keeps_its_order_and_its_numbers_as_written() -> None:
    text = '{"b": 1.10, "a": "007", "none": null, "tags": ["x", "y"], "on": true, "deep": {"k": [1]}, "": "", "e": []}'
    record = raw_record(text)
    assert list(record) == ["b", "a", "tags", "on", "deep"]
    assert (record["b"], record["a"], record["tags"], record["on"]) == ("1.10", "007", "x; y", "true")
    assert json.loads(record["deep"]) == {"k": ["1"]}
    assert raw_record(json.dumps(text)) == record  # stored as a text in a JSON column


@pytest.mark.parametrize("text", ["", "null", "[1]", '"text"', "{broken", "12"])
def test_raw_data_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="no_record"):
        raw_record(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_any_json_becomes_a_cell(value: object) -> None:
    assert isinstance(json_cell(json.dumps(value)), str)


@given(st.text(), st.uuids().map(str))
def test_a_file_name_stays_in_its_folder_and_tells_its_import(name: str, import_id: str) -> None:
    made = import_file_name(name, import_id)
    assert made.endswith(f".{import_id}.csv")
    assert not set(made) & set("/\\\0\n")
    assert not made.startswith(".")


def test_an_approval_is_signed_by_the_person_who_gave_it() -> None:
    row = {**MAPPING, "approved_by": "u1", "approved_at": "2025-07-01 09:30:00+00", "reason": "asked the team"}
    approval = approval_of(row, {"u1": "jane@acme.example"})
    assert (approval.attribute, approval.actor) == ("owner", "jane@acme.example")
    assert "2025-07-01 09:30:00+00" in approval.reason
    assert approval.reason.endswith("asked the team")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "suggested"}, "not_approved"),
        ({"status": "rejected", "is_validated": "true"}, "not_approved"),
        ({"approved_by": "AI_mapper"}, "approved_by_machine"),
        ({"method": "rule_based"}, "approved_by_machine"),
        ({"target_field": "six_r_strategy"}, "no_attribute"),
    ],
)
def test_what_no_person_decided_or_nothing_here_fits_is_no_edit(change: dict[str, str], code: str) -> None:
    with pytest.raises(RefusedError, match=code):
        approval_of({**MAPPING, **change}, {})


def test_older_revisions_say_validated_instead_of_approved() -> None:
    assert approval_of({**MAPPING, "status": "pending", "is_validated": "true"}, {}).attribute == "owner"


def test_a_column_that_a_person_left_out_stays_out() -> None:
    assert approval_of({**MAPPING, "target_field": "UNMAPPED"}, {}).attribute == ""


def test_of_several_approvals_of_a_column_the_last_counts() -> None:
    rows = [
        {**MAPPING, "id": "m1", "approved_at": "2025-07-02", "target_field": "hostname"},
        {**MAPPING, "id": "m2", "approved_at": "2025-07-01"},
        {**MAPPING, "id": "m3", "import": "other"},
    ]
    counting, superseded = latest_approvals(approval_of(row, {}) for row in rows)
    assert [one.mapping_id for one in counting] == ["m1", "m3"]
    assert [one.mapping_id for one in superseded] == ["m2"]


def test_the_account_notices_a_lost_row() -> None:
    account = TableAccount("assets", "assets", counted=3, found=3)
    account.bring("acme/exit")
    account.refuse("no_scope", "1")
    assert "3 rows were read" in account_problems([account])[0]
    account.elsewhere = 1
    assert account_problems([account]) == []
    account.counted = 4
    assert "counts 4 rows" in account_problems([account])[0]


def test_what_the_reference_says_of_the_platform_is_known_here() -> None:
    known = replaced_platform()
    names = {attribute.name for attribute in ATTRIBUTES if not attribute.derived}
    assert set(known.attributes.values()) <= names
    for relation in (*known.relations.values(), known.other_relation):
        assert relation_types().rule_of(relation).is_known
    for table in known.tables.values():
        assert set(table.parents) <= set(table.columns)
        assert set(table.parents.values()) <= set(known.tables)
    assert known.attribute_of("asset.hostname") == "host_name"
    assert known.attribute_of("quantum_flux") is None


def test_an_approval_is_about_the_part_of_a_column_that_feeds_its_attribute_or_else_about_the_whole_cell() -> None:
    parts = [("a", "host_name", "name"), ("b", "ip_addresses", "address"), ("c", "description", None)]
    rows = [dict(zip(("mapping_id", "attribute", "part"), part, strict=True)) for part in parts]
    for turned in (rows, rows[::-1]):
        assert row_for("host_name", turned) == "a"
        assert row_for("ip_addresses", turned) == "b"
        assert row_for("owner", turned) == "c"
