"""Hand-offs that are refused and waived, and rollbacks as Dagster sees them, on a real instance."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.loader import LoadingContextForTest
from sqlalchemy import text

from assets_defs.catalog_metadata import asset_key
from assets_defs.definitions import build_definitions
from flow_pipelines.cli.run_flow import run_flow, run_phase
from flow_pipelines.cli.run_rollback import run_rollback
from flow_pipelines.edits import SetDraft
from flow_pipelines.errors import GateError, RunError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.edits import EditStore
from resources.installation import Installation, landing_root
from resources.landing import Landing
from resources.pins import set_pin
from resources.rollback_impact import impact_of
from resources.rollbacks import Request, execute, planned_moves, register
from resources.snapshots import SnapshotStore
from resources.waiting_edits import waiting

HANDOFF = "handoffs/discovery_to_assess"
OVERVIEW = "assess/assessment_overview"
HEADER = "hostname,ip_address,os,cpus,memory mb\n"
ONE = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\n"
TWO = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\nweb02,10.1.1.2,RHEL 8,4,8192\n"
UNSIZED = HEADER + "web01,10.1.1.1,RHEL 8,4,\n"


def run(installation: Installation, scope: Scope, *flows: str) -> None:
    for flow in flows:
        run_flow(installation, scope, flow_named(flow))


def land(scope: Scope, folder: Path, estate: str) -> None:
    file = folder / "servers.csv"
    file.write_text(estate, encoding="utf-8")
    Landing(landing_root()).land(scope, [file])


def pin(installation: Installation, scope: Scope, name: str) -> None:
    with installation.database.in_scope(scope) as connection:
        set_pin(connection, scope, kind="person", reason="a test", by="somebody", name=name)


def request(to: str, scope: str = "cascade", phase: str | None = None) -> Request:
    return Request(scope, "discovery", phase, (), to, "a test", "somebody")  # type: ignore[arg-type]


def roll_back(installation: Installation, scope: Scope, asked: Request) -> None:
    run_rollback(installation, scope, asked, impact_of(installation.database, scope, asked))


def stale(instance: DagsterInstance, scope: Scope) -> set[str]:
    """The tables that Dagster calls stale for an engagement."""
    graph = build_definitions().resolve_asset_graph()
    with partition_loading_context(dynamic_partitions_store=instance):
        resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
        return {
            key
            for key in output_tables()
            if resolver.get_status(AssetKey(key.split("/")), scope.partition_key) == StaleStatus.STALE
        }


def known_versions(instance: DagsterInstance, scope: Scope, keys: Iterable[str]) -> dict[str, str]:
    found = {}
    for key in keys:
        event = instance.get_latest_data_version_record(asset_key(key), partition_key=scope.partition_key)
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.tags is not None
        found[key] = event.asset_materialization.tags["dagster/data_version"]
    return found


@pytest.fixture
def two_versions(installation: Installation, scope: Scope, tmp_path: Path) -> dict[str, str]:
    """The data versions of an engagement that went through both flows twice; the first time is pinned."""
    land(scope, tmp_path, ONE)
    run(installation, scope, "discovery", "assess")
    pin(installation, scope, "first")
    first = {key: one.data_version for key, one in SnapshotStore(installation.database).current(scope).items()}
    land(scope, tmp_path, TWO)
    run(installation, scope, "discovery", "assess")
    return first


def test_a_named_person_may_let_a_failed_rule_pass(installation: Installation, scope: Scope, tmp_path: Path) -> None:
    land(scope, tmp_path, UNSIZED)
    run(installation, scope, "discovery")
    with pytest.raises(GateError, match=r"web01.*flow edit set"):
        run(installation, scope, "assess")
    waiver = SetDraft(HANDOFF, "memory_is_known", "status", "waived")
    EditStore(installation.database).add(scope, [waiver], actor="jane", reason="it is a router")
    assert set(waiting(installation.database, scope)) == {"assess"}
    run(installation, scope, "assess")
    assert waiting(installation.database, scope) == {}
    with installation.database.in_scope(scope) as connection:
        query = text(f"SELECT decided_by, decision_reason FROM {HANDOFF.replace('/', '.')} WHERE status = 'waived'")
        assert [tuple(row) for row in connection.execute(query)] == [("jane", "it is a router")]
        pinned = connection.execute(text("SELECT count(*) FROM platform.pins WHERE kind = 'handoff'")).scalar_one()
    assert pinned == 1


def test_a_phase_run_once_more_alone_with_equal_rows_does_not_keep_the_next_flow_from_starting(
    installation: Installation, store: SnapshotStore, scope: Scope, tmp_path: Path
) -> None:
    land(scope, tmp_path, ONE)
    run(installation, scope, "discovery")
    before = store.current(scope)["discovery/cleansed_records"]
    run_phase(installation, scope, flow_named("discovery"), "data_cleansing")
    after = store.current(scope)["discovery/cleansed_records"]
    assert (after.snapshot_id != before.snapshot_id, after.data_version == before.data_version) == (True, True)
    run(installation, scope, "assess")
    assert OVERVIEW in store.current(scope)


def test_assess_stays_on_what_it_was_given_until_the_next_hand_off_passes(
    installation: Installation, store: SnapshotStore, scope: Scope, tmp_path: Path
) -> None:
    land(scope, tmp_path, ONE)
    run(installation, scope, "discovery", "assess")
    given = store.current(scope)
    # What a newer export does not mention, such as the memory of web01, stays; so a machine arrives that has none.
    land(scope, tmp_path, UNSIZED + "web09,10.1.1.9,RHEL 8,4,\n")
    run(installation, scope, "discovery")
    with pytest.raises(GateError):
        run(installation, scope, "assess")
    package = store.handed_over(scope, store.current(scope)[HANDOFF])
    assert package["discovery/inventory"] == given["discovery/inventory"]
    assert store.current(scope)[OVERVIEW] == given[OVERVIEW]


def test_after_a_cascade_dagster_shows_the_pinned_versions_and_nothing_stale(
    installation: Installation, instance: DagsterInstance, scope: Scope, two_versions: dict[str, str]
) -> None:
    roll_back(installation, scope, request("first"))
    assert known_versions(instance, scope, two_versions) == two_versions
    assert stale(instance, scope) == set()


def test_after_a_flow_alone_only_what_reads_it_is_stale(
    installation: Installation, instance: DagsterInstance, scope: Scope, two_versions: dict[str, str]
) -> None:
    roll_back(installation, scope, request("first", "flow"))
    versions = known_versions(instance, scope, two_versions)
    assert {key for key in versions if versions[key] == two_versions[key]} >= set(flow_named("discovery").tables)
    assert stale(instance, scope) == {HANDOFF}


def test_a_rollback_is_refused_if_a_table_moved_after_it_was_asked_for(
    installation: Installation, store: SnapshotStore, scope: Scope, two_versions: dict[str, str]
) -> None:
    assert two_versions
    with installation.database.in_scope(scope) as connection:
        moves = planned_moves(connection, request("first"))
    rollback_id = register(installation.database, scope, request("first"), moves)
    changes = store.current(scope, ["discovery/inventory_conflicts"])
    frames = {key: store.read(scope, snapshot) for key, snapshot in changes.items()}
    store.publish(scope, store.write(scope, frames, inputs=[], run_id="another", code_version="1"))
    before = store.current(scope)
    with pytest.raises(RunError, match="changed since"):
        execute(installation.database, scope, rollback_id, run_id="run")
    assert store.current(scope) == before
