"""The check after a rollback: what does not hold together is found and named, and what does is not."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text

from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.installation import Installation
from resources.integrity import integrity_problems
from resources.rollbacks import Move
from resources.snapshots import Input
from tests.resources.views.happenings import Engagement, Rows, frame

INVENTORY, DEBT, DEPENDENCIES = "discovery/inventory", "discovery/tech_debt", "discovery/dependencies"
IMPORTED, CLEANSED = "discovery/imported_records", "discovery/cleansed_records"


@pytest.fixture
def engagement(installation: Installation, scope: Scope) -> Engagement:
    return Engagement(installation.database, scope)


def estate(*, debt_of: str | None = None, edge_to: str | None = None, is_external: bool = False) -> Rows:
    """One imported server, and what is known of it: a finding and an edge, of itself unless others are named."""
    record, asset = str(uuid4()), str(uuid4())
    return {
        IMPORTED: [{"record_id": record, "raw_values": {"name": "web01"}}],
        CLEANSED: [{"record_id": record}],
        INVENTORY: [{"asset_id": asset, "source_entity_ids": [record]}],
        DEBT: [{"asset_id": debt_of or asset}],
        DEPENDENCIES: [
            {"source_id": asset, "target_id": edge_to or asset, "target_is_external": is_external}
            | {"source_is_external": False, "source_entity_ids": [record]}
        ],
    }


def problems_of(engagement: Engagement, *moved: str) -> list[str]:
    """What the check finds after a rollback that moved some tables; all of Discovery's unless they are named."""
    current = engagement.store.current(engagement.scope)
    moves = [Move(key, None, current[key]) for key in moved or flow_named("discovery").tables]
    return integrity_problems(engagement.database, engagement.scope, moves)


def test_an_estate_that_holds_together_has_no_problem(engagement: Engagement) -> None:
    engagement.run_flow("discovery", estate())
    assert problems_of(engagement) == []


def test_rows_that_were_tampered_with_are_found(engagement: Engagement, installation: Installation) -> None:
    engagement.run_flow("discovery", estate())
    registered = engagement.store.current(engagement.scope)[IMPORTED]
    with installation.owner.transaction() as connection:
        # Only the owner can, and even he only after taking the row security off that holds for him too.
        connection.execute(text("ALTER TABLE discovery_history.imported_records NO FORCE ROW LEVEL SECURITY"))
        tamper = (
            'UPDATE discovery_history.imported_records SET raw_values = \'{"name": "web02"}\' WHERE snapshot_id = :id'
        )
        assert connection.execute(text(tamper), {"id": registered.rows_snapshot_id}).rowcount == 1
        connection.execute(text("ALTER TABLE discovery_history.imported_records FORCE ROW LEVEL SECURITY"))
    [problem] = problems_of(engagement)
    assert IMPORTED in problem
    assert registered.data_version in problem
    assert problems_of(engagement, CLEANSED) == []


def test_a_table_computed_from_another_version_than_the_current_one_is_found(engagement: Engagement) -> None:
    engagement.run_flow("discovery", estate())
    engagement.run("discovery", "data_import", estate())
    problems = problems_of(engagement, CLEANSED)
    assert f"{CLEANSED} was computed from another version of {IMPORTED} than the current one" in problems
    assert all(CLEANSED in problem for problem in problems)


def test_a_phase_that_ran_once_more_and_came_to_equal_rows_is_no_problem(engagement: Engagement) -> None:
    rows = estate()
    engagement.run_flow("discovery", rows)
    before = engagement.store.current(engagement.scope)[IMPORTED]
    engagement.run("discovery", "data_import", rows)
    assert engagement.store.current(engagement.scope)[IMPORTED].snapshot_id != before.snapshot_id
    assert problems_of(engagement) == []


def test_a_table_whose_source_is_no_longer_current_is_found(engagement: Engagement) -> None:
    scope, store = engagement.scope, engagement.store
    imported = store.write(scope, {IMPORTED: frame(IMPORTED, [])}, inputs=[], run_id="run", code_version="1")
    inputs = [Input.of_snapshot(imported[0])]
    store.publish(scope, store.write(scope, {DEBT: frame(DEBT, [])}, inputs=inputs, run_id="run", code_version="1"))
    assert problems_of(engagement, DEBT) == [
        f"{DEBT} was computed from another version of {IMPORTED} than the current one"
    ]


def test_a_row_that_names_nothing_is_found(engagement: Engagement) -> None:
    engagement.run_flow("discovery", estate(debt_of=str(uuid4())))
    assert problems_of(engagement) == [f"1 ids in {DEBT}.asset_id name no current row of {INVENTORY}"]
    assert problems_of(engagement, IMPORTED) == []


def test_a_member_of_a_list_that_names_nothing_is_found(engagement: Engagement) -> None:
    rows = dict(estate())
    rows[CLEANSED] = []
    engagement.run_flow("discovery", rows)
    problems = problems_of(engagement, CLEANSED)
    assert f"1 ids in {INVENTORY}.source_entity_ids name no current row of {CLEANSED}" in problems


def test_an_end_outside_the_estate_names_nothing_and_may(engagement: Engagement) -> None:
    assert "target_is_external" in output_tables()[DEPENDENCIES].columns
    engagement.run_flow("discovery", estate(edge_to=str(uuid4()), is_external=True))
    assert problems_of(engagement) == []
