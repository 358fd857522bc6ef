from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

from flow_pipelines.advice.wording import advice_in_words
from flow_pipelines.lineage import Link, links
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.installation import Installation
from resources.snapshots import SnapshotStore
from resources.tenancy import add_analyst
from resources.trace_decisions import Decisions, decisions_on
from resources.tracing import Step, entities_like, entities_named, trace_steps
from tests.conftest import new_engagement
from tests.resources.traced_estate import (
    ADVICE,
    CANDIDATES,
    CHANGES,
    CLEANSED,
    CONFLICTS,
    DEBT,
    DEPENDENCIES,
    GROUPS,
    IMPORTED,
    INVENTORY,
    MAPPINGS,
    OVERVIEW,
    QUALITY,
    SCORES,
    Estate,
    make_edit,
    small_estate,
)


@pytest.fixture(scope="module")
def estate(installation: Installation) -> Estate:
    """A small estate, published, that nobody changes."""
    return small_estate(SnapshotStore(installation.database), new_engagement(installation))


@pytest.fixture(scope="module")
def treated(installation: Installation) -> Estate:
    """A small estate whose workload has been treated and planned, and moves."""
    estate = small_estate(SnapshotStore(installation.database), new_engagement(installation))
    estate.treatment("run-1")
    estate.planned("run-1")
    estate.scheduled("run-1")
    estate.targeted("run-1")
    estate.executed("run-1")
    estate.modernized("run-1")
    return estate


@pytest.fixture(scope="module")
def traced_in_treated(treated: Estate, installation: Installation) -> Callable[[str], list[Step]]:
    """Traces a row of that estate, each once: 77 links lead to the same few rows, and a trace takes the server 1 s."""
    return cache(lambda entity_id: traced(installation, treated.scope, entity_id))


@pytest.fixture
def changing(store: SnapshotStore, scope: Scope) -> Estate:
    """A small estate, published, of the test's own."""
    return small_estate(store, scope)


def traced(installation: Installation, scope: Scope, entity_id: str) -> list[Step]:
    with installation.database.in_scope(scope) as connection:
        return trace_steps(connection, UUID(entity_id))


def decided(installation: Installation, scope: Scope, steps: Sequence[Step]) -> Decisions:
    with installation.database.in_scope(scope) as connection:
        return decisions_on(connection, steps)


def seen(steps: Sequence[Step], direction: str) -> list[tuple[int, str, str]]:
    return [(step.depth, step.table_key, step.label) for step in steps if step.direction == direction]


def test_an_asset_is_traced_back_to_the_rows_of_its_files_and_forward_to_all_decided_from_it(
    estate: Estate, installation: Installation
) -> None:
    steps = traced(installation, estate.scope, estate.id("asset", "web01"))
    # Its score is told under its own id.
    assert seen(steps, "self") == [(0, INVENTORY, "web01"), (0, SCORES, "web01")]
    assert seen(steps, "back") == [
        (1, CLEANSED, "web01, servers.csv, row 1"),
        (1, CLEANSED, "web01, servers.csv, row 2"),
        (2, IMPORTED, "servers.csv, row 1"),
        (2, IMPORTED, "servers.csv, row 2"),
    ]
    assert seen(steps, "forward") == [
        (1, CONFLICTS, "cpu_count"),
        (1, CANDIDATES, "web01"),
        (1, DEPENDENCIES, "word"),
        (1, GROUPS, "word"),
        (1, DEBT, "web01"),
        (1, QUALITY, "web01"),
        (1, OVERVIEW, "Shop"),
        (2, GROUPS, "word"),
    ]


def test_a_row_of_a_file_is_traced_forward_through_every_flow(estate: Estate, installation: Installation) -> None:
    steps = traced(installation, estate.scope, estate.id("record", 2))
    assert {table for _, table, _ in seen(steps, "self")} == {IMPORTED, CLEANSED}
    assert {table for _, table, _ in seen(steps, "forward")} == {
        *(INVENTORY, CONFLICTS, CANDIDATES, DEPENDENCIES, GROUPS, DEBT, SCORES, QUALITY, OVERVIEW)
    }
    assert not seen(steps, "back")


@pytest.mark.parametrize("link", links(output_tables()), ids=lambda link: f"{link.table_key}.{link.column}")
def test_every_declared_link_is_followed_both_ways(
    link: Link, treated: Estate, traced_in_treated: Callable[[str], list[Step]], installation: Installation
) -> None:
    table = output_tables()[link.table_key]
    named = f"unnest({link.column})" if link.holds_list else link.column
    with installation.database.in_scope(treated.scope) as connection:
        query = f"SELECT {table.info['key'][0]}::text, ({named})::text FROM {table.fullname}"
        pairs = connection.execute(text(query)).all()
    assert pairs
    for row_id, source_id in pairs:
        forward, back = traced_in_treated(source_id), traced_in_treated(row_id)
        assert (link.table_key, row_id) in {(step.table_key, str(step.entity_id)) for step in forward}
        assert (link.source_key, source_id) in {(step.table_key, str(step.entity_id)) for step in back}


def test_a_trace_back_stays_true_when_an_upstream_table_has_been_run_again(
    changing: Estate, installation: Installation
) -> None:
    changing.imported("run-2", host="renamed")
    changing.cleansed("run-2", host="renamed")
    steps = traced(installation, changing.scope, changing.id("asset", "web01"))
    assert seen(steps, "back")[0] == (1, CLEANSED, "web01, servers.csv, row 1")
    assert {s.snapshot_id for s in steps if s.table_key == CLEANSED} != {changing.current[CLEANSED].snapshot_id}
    cells = {
        cell.raw_value
        for found in decided(installation, changing.scope, steps).cells.values()
        for cell in found
        if cell.source_column == "Host"
    }
    assert cells == {"WEB01"}


def test_a_row_and_the_older_version_of_itself_that_a_later_table_read_are_both_shown(
    changing: Estate, installation: Installation
) -> None:
    changing.inventory("run-2", host="renamed")
    steps = traced(installation, changing.scope, changing.id("finding", 1))
    assert (1, INVENTORY, "web01") in seen(steps, "back")
    current = traced(installation, changing.scope, changing.id("asset", "web01"))
    assert (0, INVENTORY, "renamed") in seen(current, "self")


def test_tables_of_one_phase_belong_together_whatever_was_run_since(
    changing: Estate, installation: Installation
) -> None:
    """A value that lost rests on the asset of its own run, though it does not name that in its manifest."""
    changing.inventory("run-2", host="renamed")
    steps = traced(installation, changing.scope, changing.id("conflict", 1))
    assert (1, INVENTORY, "renamed") in seen(steps, "back")
    assert (1, INVENTORY, "web01") not in seen(steps, "back")


def test_the_decisions_on_the_way_are_told(estate: Estate, installation: Installation) -> None:
    steps = traced(installation, estate.scope, estate.id("asset", "web01"))
    decisions = decided(installation, estate.scope, steps)
    first = next(step for step in steps if step.label == "web01, servers.csv, row 1")
    asset = next(step for step in steps if step.direction == "self")
    cells = {cell.source_column: cell for cell in decisions.cells[first.row]}
    assert (cells["CPUs"].raw_value, cells["CPUs"].attribute, cells["CPUs"].value, cells["CPUs"].rule) == (
        "four",
        "cpu_count",
        "4",
        "integer/1",
    )
    assert (cells["Host"].value, cells["Host"].rule, cells["Host"].mapping_method) == ("web01", None, "alias")
    assert (cells["Note"].attribute, cells["Note"].mapping_status) == (None, "unmapped")
    assert (cells["Note"].mapping_advice, cells["Host"].mapping_advice) == (advice_in_words(ADVICE), None)
    assert [(lost.losing_value, lost.rule) for lost in decisions.lost_values[asset.row]] == [("2", "first comes first")]
    assert decisions.rows[asset.row]["resolution_reason"] == "Same name."


@pytest.mark.parametrize(
    ("made", "shown_at"),
    [
        (("set", INVENTORY, ("asset", "web01")), INVENTORY),
        (("merge", INVENTORY, ("record", 2)), INVENTORY),
        (("set", MAPPINGS, ("mapping", "CPUs")), CLEANSED),
    ],
)
def test_a_persons_edit_is_shown_where_it_decided_something(
    made: tuple[str, str, tuple[str, object]], shown_at: str, changing: Estate, installation: Installation
) -> None:
    kind, table, entity = made
    make_edit(installation, changing, kind, table, changing.id(*entity))
    steps = traced(installation, changing.scope, changing.id("asset", "web01"))
    found = decided(installation, changing.scope, steps).edits
    assert {row[0] for row in found} == {shown_at}
    assert {(edit.actor, edit.reason, edit.new_value) for edits_ in found.values() for edit in edits_} == {
        ("jane", "I asked the owner.", "new")
    }


def test_a_name_finds_the_asset_first_and_other_rows_only_if_no_asset_has_it(
    estate: Estate, installation: Installation
) -> None:
    with installation.database.in_scope(estate.scope) as connection:
        assert [(found.table_key, found.label) for found in entities_named(connection, "WEB01")] == [
            (INVENTORY, "web01")
        ]
        assert {found.table_key for found in entities_named(connection, "cpu_count")} == {CHANGES, CONFLICTS}
        assert entities_named(connection, "servers.csv") == []
        assert entities_named(connection, "%") == []
        assert [found.label for found in entities_like(connection, "EB0")] == ["web01"]


def test_an_unknown_id_traces_to_nothing(installation: Installation, scope: Scope) -> None:
    assert traced(installation, scope, str(uuid4())) == []


def test_another_tenants_row_traces_to_nothing(estate: Estate, installation: Installation) -> None:
    foreign = new_engagement(installation)
    sibling = new_engagement(installation, estate.scope.client)
    for other in (foreign, sibling):
        for entity in (("asset", "web01"), ("record", 1), ("finding", 1)):
            assert traced(installation, other, estate.id(*entity)) == []
        with installation.database.in_scope(other) as connection:
            assert entities_named(connection, "web01") == entities_like(connection, "web") == []
    with installation.database.transaction() as connection:
        assert trace_steps(connection, UUID(estate.id("asset", "web01"))) == []


def test_an_analyst_traces_rows_of_his_own_client_and_no_other(estate: Estate, installation: Installation) -> None:
    foreign = new_engagement(installation)
    asset = estate.id("asset", "web01")
    counts = []
    for scope in (estate.scope, foreign):
        login = add_analyst(installation.database, installation.owner, scope.client, "jane")
        with psycopg.connect(installation.analyst_url(login.role, login.password), autocommit=True) as connection:
            connection.execute(
                "SELECT set_config('flow.client_account_id', %s, false), set_config('flow.engagement_id', %s, false)",
                (str(estate.scope.client_account_id), str(estate.scope.engagement_id)),
            )
            snapshot = estate.current[INVENTORY].snapshot_id
            traced_rows = connection.execute("SELECT * FROM platform.trace(%s)", (asset,)).fetchall()
            versions = connection.execute("SELECT * FROM platform.versions_behind(%s)", (snapshot,)).fetchall()
            counts.append((len(traced_rows), len(versions)))
    assert counts[0][0] == 14
    assert counts[0][1] == 8
    assert counts[1] == (0, 0)
