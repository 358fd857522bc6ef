from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from resources.differences import RowDifference, TableDifference, row_differences, table_difference
from resources.installation import Installation
from resources.snapshots import Snapshot, SnapshotStore
from tests.conftest import new_engagement

ASSETS = "discovery/inventory"
RULES = "handoffs/discovery_to_assess"
Facts = dict[int, dict[str, object]]
PROPERTY = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
OPPOSITE = {"added": "removed", "removed": "added", "changed": "changed"}

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
facts = st.fixed_dictionaries(
    {},
    optional={
        "name": words,
        "cpu_count": st.integers(-(2**62), 2**62),
        "memory_mib": st.floats(allow_infinity=False, allow_nan=False),
        "is_virtual": st.booleans(),
        "ip_addresses": st.lists(words, max_size=2),
        "installed_date": st.dates(),
    },
)
versions = st.dictionaries(st.integers(0, 5), facts, max_size=6)


def assets(scope: Scope, version: Facts) -> pd.DataFrame:
    rows = [
        {
            "asset_id": scope.id_of("asset", number),
            "asset_type": "server",
            **{name: value for name, value in fact.items() if name in output_tables()[ASSETS].columns},
            "application_ids": [],
            "source_entity_ids": [],
            "source_formats": [],
            "resolution_method": "single",
            "resolution_confidence": 1.0,
            "resolution_reason": "One record.",
            "quality_score": 1.0,
        }
        for number, fact in version.items()
    ]
    columns = [column.name for column in output_tables()[ASSETS].columns]
    return conform(pd.DataFrame(rows, columns=columns), output_tables()[ASSETS])


def publish(store: SnapshotStore, scope: Scope, frame: pd.DataFrame, key: str = ASSETS) -> Snapshot:
    candidates = store.write(scope, {key: frame}, inputs=[], run_id="run", code_version="1")
    store.publish(scope, candidates)
    return candidates[0]


def stored(connection: Connection, snapshot: Snapshot) -> dict[str, dict[str, object]]:
    query = text(
        "SELECT asset_id, to_jsonb(h) - 'snapshot_id' - 'client_account_id' - 'engagement_id' "
        "FROM discovery_history.inventory h WHERE snapshot_id = :rows"
    )
    return {str(row[0]): row[1] for row in connection.execute(query, {"rows": snapshot.rows_snapshot_id})}


def applied(rows: dict[str, dict[str, object]], differences: list[RowDifference]) -> dict[str, dict[str, object]]:
    result = {key: dict(row) for key, row in rows.items()}
    for difference in differences:
        key = difference.key[0]
        if difference.change == "removed":
            assert {c.column: c.before for c in difference.cells} == {
                column: value for column, value in result.pop(key).items() if value is not None
            }
            continue
        row = result.setdefault(key, dict.fromkeys(column.name for column in output_tables()[ASSETS].columns))
        for cell in difference.cells:
            assert row[cell.column] == cell.before
            row[cell.column] = cell.after
    return result


def mirrored(difference: RowDifference) -> RowDifference:
    cells = tuple(replace(cell, before=cell.after, after=cell.before) for cell in difference.cells)
    return replace(difference, change=OPPOSITE[difference.change], cells=cells)


@PROPERTY
@given(first=versions, second=versions)
def test_differences_applied_to_the_first_version_give_the_second_and_mirror_the_way_back(
    first: Facts, second: Facts, installation: Installation, store: SnapshotStore, scope: Scope
) -> None:
    before, after = publish(store, scope, assets(scope, first)), publish(store, scope, assets(scope, second))
    with installation.database.in_scope(scope) as connection:
        there = list(row_differences(connection, ASSETS, before, after))
        back = list(row_differences(connection, ASSETS, after, before))
        counted = table_difference(connection, ASSETS, before, after)
        assert applied(stored(connection, before), there) == stored(connection, after)
    # A row is called what it is called in the later version.
    assert [replace(row, label="") for row in back] == [replace(mirrored(row), label="") for row in there]
    changed = [difference for difference in there if difference.change == "changed"]
    assert counted == TableDifference(
        ASSETS,
        added=sum(difference.change == "added" for difference in there),
        removed=sum(difference.change == "removed" for difference in there),
        changed=len(changed),
        cells=sum(len(difference.cells) for difference in changed),
    )


@PROPERTY
@given(version=versions)
def test_a_version_does_not_differ_from_itself_nor_from_the_same_rows_materialized_again(
    version: Facts, installation: Installation, store: SnapshotStore, scope: Scope
) -> None:
    once, again = publish(store, scope, assets(scope, version)), publish(store, scope, assets(scope, version))
    with installation.database.in_scope(scope) as connection:
        for other in (once, again):
            assert table_difference(connection, ASSETS, once, other).is_empty
            assert list(row_differences(connection, ASSETS, once, other)) == []


def test_equal_versions_are_told_without_reading_a_row(store: SnapshotStore, scope: Scope) -> None:
    snapshot = publish(store, scope, assets(scope, {1: {}}))
    closed = Connection.__new__(Connection)
    assert table_difference(closed, ASSETS, snapshot, replace(snapshot, rows_snapshot_id=snapshot.snapshot_id)).is_empty
    assert table_difference(closed, ASSETS, None, snapshot).added == 1
    assert table_difference(closed, ASSETS, snapshot, None).removed == 1


def test_a_table_that_appears_or_vanishes_is_all_added_or_all_removed(
    store: SnapshotStore, scope: Scope, installation: Installation
) -> None:
    snapshot = publish(store, scope, assets(scope, {1: {"name": "web01"}, 2: {"name": "web02"}}))
    with installation.database.in_scope(scope) as connection:
        added = list(row_differences(connection, ASSETS, None, snapshot))
        removed = list(row_differences(connection, ASSETS, snapshot, None))
    assert {(row.change, row.label) for row in added} == {("added", "web01"), ("added", "web02")}
    assert [mirrored(row) for row in added] == removed


def test_examples_can_be_limited_to_some_rows_of_one_kind_of_change(
    store: SnapshotStore, scope: Scope, installation: Installation
) -> None:
    before = publish(store, scope, assets(scope, {number: {"name": "old"} for number in range(4)}))
    after = publish(store, scope, assets(scope, {number: {"name": "new"} for number in range(2, 9)}))
    with installation.database.in_scope(scope) as connection:
        found = list(row_differences(connection, ASSETS, before, after, change="changed", limit=1))
    assert [(row.change, row.label, [tuple(vars(cell).values()) for cell in row.cells]) for row in found] == [
        ("changed", "new", [("name", "old", "new")])
    ]


def test_a_table_keyed_by_words_is_compared_too(store: SnapshotStore, scope: Scope, installation: Installation) -> None:
    def rules(status: str) -> pd.DataFrame:
        rule = {
            "rule_id": "every_server_has_a_name",
            "title": "Every server has a name",
            "severity": "error",
            "status": status,
            "table_key": ASSETS,
            "rows_checked": 3,
            "rows_failed": 1,
            "offenders": [],
            "offender_names": [],
            "finding": "One has none.",
            "rule_is_builtin": True,
        }
        return conform(pd.DataFrame([rule]), output_tables()[RULES])

    before, after = publish(store, scope, rules("failed"), RULES), publish(store, scope, rules("waived"), RULES)
    with installation.database.in_scope(scope) as connection:
        found = list(row_differences(connection, RULES, before, after))
    assert [(row.key, row.cells[0].column, row.cells[0].after) for row in found] == [
        (("every_server_has_a_name",), "status", "waived")
    ]


@pytest.mark.parametrize("count_only", [True, False])
def test_another_tenants_rows_are_not_compared(
    count_only: bool, store: SnapshotStore, scope: Scope, installation: Installation
) -> None:
    foreign = new_engagement(installation)
    before = publish(store, foreign, assets(foreign, {1: {"name": "secret"}}))
    after = publish(store, foreign, assets(foreign, {1: {"name": "other secret"}, 2: {}}))
    with installation.database.in_scope(scope) as connection:
        if count_only:
            assert table_difference(connection, ASSETS, before, after).is_empty
        else:
            assert list(row_differences(connection, ASSETS, before, after)) == []
