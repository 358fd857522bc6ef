from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.edit_values import from_json, plain, read_value, same, to_json
from flow_pipelines.edits import Edit, active_edits, apply_edits, expected_edits
from flow_pipelines.flows import flow_named
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.declaration import editable_columns
from flow_pipelines.tables.handoffs import STATUSES
from tests.flow_pipelines.editing import INVENTORY, edit, withdraw

TABLE = output_tables()[INVENTORY]
MAPPINGS = output_tables()["discovery/attribute_mappings"]
HANDOFF = output_tables()[str(flow_named("assess").handoff)]
A, B = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


def assets() -> pd.DataFrame:
    row = {
        "asset_type": "server",
        "environment": "test",
        "cpu_count": 4,
        "memory_mib": 8192.0,
        "application_ids": [],
        "source_entity_ids": [A],
        "source_formats": ["rvtools"],
        "resolution_method": "single",
        "resolution_confidence": 1.0,
        "resolution_reason": "1 record",
        "quality_score": 0.5,
    }
    return conform(pd.DataFrame([{"asset_id": one, "name": one[-1], **row} for one in (A, B)]), TABLE)


def set_edit(column: str, new: object, old: object, entity_id: str = A, table_key: str = INVENTORY) -> Edit:
    return edit("set", entity_id, new, old, column=column, table_key=table_key)


def result(*edits: Edit) -> tuple[pd.Series, list[str]]:  # type: ignore[type-arg]
    frame, outcomes = apply_edits(assets(), TABLE, edits)
    pd.testing.assert_frame_equal(frame, conform(frame, TABLE))
    return frame.set_index("asset_id").loc[A], [one.outcome for one in outcomes]


def test_an_edit_sets_its_cell_and_nothing_else() -> None:
    frame, outcomes = apply_edits(assets(), TABLE, [set_edit("environment", "production", "test")])
    expected = assets()
    expected.loc[expected["asset_id"] == A, "environment"] = "production"
    pd.testing.assert_frame_equal(frame, expected)
    assert [(one.outcome, one.computed_value) for one in outcomes] == [("applied", "test")]


def test_an_edit_of_every_type_conforms() -> None:
    row, outcomes = result(
        set_edit("cpu_count", 8, 4),
        set_edit("memory_mib", 16384.5, 8192.0),
        set_edit("ip_addresses", ["10.1.2.3", "10.1.2.4"], None),
        set_edit("environment", None, "test"),
        set_edit("last_discovered", datetime(2026, 5, 1, tzinfo=UTC), None),
    )
    assert outcomes == ["applied"] * 5
    assert (row["cpu_count"], row["memory_mib"]) == (8, 16384.5)
    assert row["ip_addresses"] == ["10.1.2.3", "10.1.2.4"]
    assert row["environment"] is None
    assert row["last_discovered"] == pd.Timestamp("2026-05-01", tz="UTC")


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        ("test", "production", "applied"),
        ("staging", "test", "agreed"),
        ("staging", "production", "ground_changed"),
        ("test", "test", "applied"),
    ],
)
def test_an_outcome_tells_what_the_phase_made_of_the_cell_meanwhile(old: str, new: str, outcome: str) -> None:
    row, outcomes = result(set_edit("environment", new, old))
    assert row["environment"] == new
    assert outcomes == [outcome]


def test_an_edit_of_a_row_that_is_gone_or_of_a_value_no_longer_allowed_stops_nothing() -> None:
    row, outcomes = result(
        set_edit("environment", "production", "test", entity_id="gone"),
        set_edit("environment", "moon", "test"),
        set_edit("asset_type", "database", "server"),
        set_edit("no_such_column", 1, 2),
    )
    assert outcomes == ["not_found"] * 4
    assert row["environment"] == "test"


def test_the_last_edit_of_a_cell_counts_and_if_withdrawn_the_one_before() -> None:
    first, second = set_edit("environment", "staging", "test"), set_edit("environment", "production", "test")
    other = set_edit("owner", "Ann", None)
    assert active_edits([second, other, first]) == [second, other]
    assert active_edits([first, second, other, withdraw(second)]) == [first, other]
    assert active_edits([first, second, withdraw(first), withdraw(second)]) == []


def test_a_person_s_mapping_is_applied_and_says_that_a_person_made_it() -> None:
    mapping = {
        "mapping_id": A, "source_file": "a.csv", "source_format": "generic", "record_type": "server",
        "source_column": "Box", "attribute": "host_name", "status": "proposed", "method": "likeness",
        "confidence": 0.4, "filled_rows": 3, "reason": "looks like it",
    }  # fmt: skip
    frame = conform(pd.DataFrame([mapping]), MAPPINGS)
    key = "discovery/attribute_mappings"
    named, _ = apply_edits(frame, MAPPINGS, [set_edit("attribute", "name", "host_name", table_key=key)])
    assert named.iloc[0][["attribute", "status", "method", "confidence"]].tolist() == ["name", "applied", "person", 1.0]
    emptied, _ = apply_edits(frame, MAPPINGS, [set_edit("attribute", None, "host_name", table_key=key)])
    assert emptied.iloc[0][["attribute", "status", "method"]].tolist() == [None, "unmapped", "person"]


def test_a_waiver_says_who_decided_and_why_and_holds_for_no_more_rows_than_it_was_made_for() -> None:
    rule = {
        "rule_id": "has_owner", "title": "t", "severity": "error", "status": "failed", "table_key": INVENTORY,
        "rows_checked": 3, "rows_failed": 1, "offenders": [A], "offender_names": ["web01"], "finding": "f",
        "rule_is_builtin": False,
    }  # fmt: skip
    key = f"{HANDOFF.schema}/{HANDOFF.name}"
    waiver = set_edit("status", "waived", "failed", entity_id="has_owner", table_key=key)
    for covered, status in ((0, "failed"), (1, "waived"), (2, "waived")):
        frame, outcomes = apply_edits(
            conform(pd.DataFrame([rule]), HANDOFF), HANDOFF, [replace(waiver, covered=covered)]
        )
        assert (frame.iloc[0]["status"], outcomes[0].outcome == "applied") == (status, status == "waived")
    frame, _ = apply_edits(conform(pd.DataFrame([rule]), HANDOFF), HANDOFF, [waiver])
    assert frame.iloc[0][["status", "decided_by", "decision_reason"]].tolist() == ["waived", "ann", "seen in the rack"]
    assert frame.iloc[0]["status"] in STATUSES


def test_a_withdrawn_edit_that_was_applied_is_expected_to_fall_back_to_what_was_computed() -> None:
    first = set_edit("environment", "production", "test")
    edited, outcomes = apply_edits(assets(), TABLE, [first])
    computed = {one.edit_id: one.computed_value for one in outcomes}
    frame, _ = apply_edits(edited, TABLE, expected_edits([first, withdraw(first)], computed))
    pd.testing.assert_frame_equal(frame, assets())
    again = set_edit("environment", "staging", "test")
    frame, _ = apply_edits(edited, TABLE, expected_edits([first, withdraw(first), again], computed))
    assert frame.iloc[0]["environment"] == "staging"


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)
VALUES = {
    "owner": TEXTS,
    "cpu_count": st.integers(-(2**63), 2**63 - 1),
    "memory_mib": st.floats(allow_nan=False, allow_infinity=False),
    "is_template": st.booleans(),
    "last_discovered": st.datetimes(timezones=st.just(UTC)),
    "ip_addresses": st.lists(TEXTS, min_size=1),
}


@settings(max_examples=20)
@given(st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name])))
def test_every_value_survives_being_stored_as_json(cell: tuple[str, object]) -> None:
    name, value = cell
    assert from_json(to_json(value), TABLE.columns[name]) == value


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(sorted(VALUES)), st.sampled_from((A, B)), st.data())), st.data())
def test_applying_edits_again_changes_nothing(cells: list[tuple[str, str, st.DataObject]], data: st.DataObject) -> None:
    edits = [set_edit(name, drawn.draw(VALUES[name]), None, entity_id) for name, entity_id, drawn in cells]
    once, _ = apply_edits(assets(), TABLE, data.draw(st.permutations(edits)))
    twice, outcomes = apply_edits(once, TABLE, edits)
    pd.testing.assert_frame_equal(once, twice)
    assert {one.outcome for one in outcomes} <= {"agreed"}


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("cpu_count", 8.0, 8),
        ("cpu_count", "8", 8),
        ("cpu_count", "9223372036854775807", 2**63 - 1),
        ("memory_mib", "16384.5", 16384.5),
        ("is_template", "TRUE", True),
        ("is_template", 0.0, False),
        ("is_template", "Nein", False),
        ("owner", 4711.0, "4711"),
        ("owner", True, "TRUE"),
        ("owner", datetime(2026, 5, 1), "2026-05-01"),  # noqa: DTZ001  (as a spreadsheet gives it)
        ("owner", "  ", None),
        ("owner", "two\r\nlines\x07", "two\nlines"),
        ("last_discovered", "2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("last_discovered", 46143.5, datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("last_discovered", date(2026, 5, 1), datetime(2026, 5, 1, tzinfo=UTC)),
        ("ip_addresses", "10.1.2.3; 10.1.2.4", ["10.1.2.3", "10.1.2.4"]),
        ("ip_addresses", '["a; b"]', ["a; b"]),
    ],
)
def test_a_value_is_read_as_a_person_or_a_spreadsheet_writes_it(column: str, cell: object, value: object) -> None:
    assert read_value(cell, TABLE.columns[column]) == value


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("cpu_count", "four"),
        ("cpu_count", 4.5),
        ("cpu_count", True),
        ("memory_mib", "nan"),
        ("is_template", "maybe"),
        ("last_discovered", "soon"),
        ("last_discovered", 5.0),
        ("ip_addresses", "[1"),
        ("ip_addresses", "[1]"),
        ("custom", "x"),
    ],
)
def test_what_is_no_value_of_the_column_is_refused_in_words(column: str, cell: object) -> None:
    table = output_tables()["discovery/imported_records"]
    chosen = table.columns["raw_values"] if column == "custom" else TABLE.columns[column]
    with pytest.raises(ValueError, match=r"no |neither|none"):
        read_value(cell, chosen)


def test_missing_cells_are_equal_and_numbers_as_far_as_spreadsheets_keep_them() -> None:
    assert same(pd.NA, None)
    assert same("", None)
    assert same(0.1 + 0.2, 0.3)
    assert not same(1, True)
    assert not same("1", 1)
    assert plain(pd.Timestamp("2026-05-01", tz="UTC")) == datetime(2026, 5, 1, tzinfo=UTC)


def test_what_decides_which_records_are_one_asset_is_not_edited_cell_by_cell() -> None:
    assert not {"external_id", "vm_uuid", "bios_uuid", "serial_number"} & set(editable_columns(TABLE))
