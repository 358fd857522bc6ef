"""What starts by itself, decided by real evaluations of the conditions on a real instance after real runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance

from assets_defs.definitions import build_definitions
from assets_defs.partitions import register
from assets_defs.recovery import recover, recover_held
from flow_pipelines.cli.run_flow import run_flow
from flow_pipelines.cli.run_rollback import run_rollback
from flow_pipelines.errors import GateError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation, landing_root
from resources.landing import Landing
from resources.pins import set_pin
from resources.rollback_impact import impact_of
from resources.rollbacks import Request, execute, planned_moves
from resources.rollbacks import register as ask_for
from tests.assets_defs.looks import Looks
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement

HANDOFF = AssetKey(["handoffs", "discovery_to_assess"])
# All in one run: the hand-off, and behind it each phase of the flow that it gates.
ASSESS = {HANDOFF, *(AssetKey(key.split("/")) for key in flow_named("assess").tables)}
HEADER = "hostname,ip_address,os,cpus,memory mb\n"
ONE = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\n"
TWO = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\nweb02,10.1.1.2,RHEL 8,4,8192\n"
UNSIZED = HEADER + "web01,10.1.1.1,RHEL 8,,\n"


@pytest.fixture
def daemon(instance: DagsterInstance, scope: Scope) -> Looks:
    """A daemon that has looked at the engagement before anything was run for it."""
    register(instance, scope)
    daemon = Looks(instance, build_definitions())
    assert daemon.look(scope) == set()
    return daemon


def discover(installation: Installation, scope: Scope, folder: Path, text: str) -> None:
    file = folder / "servers.csv"
    file.write_text(text, encoding="utf-8")
    Landing(landing_root()).land(scope, [file])
    run_flow(installation, scope, flow_named("discovery"))


def test_news_is_handed_over_once_and_equal_data_not_at_all(
    daemon: Looks, installation: Installation, scope: Scope, tmp_path: Path
) -> None:
    discover(installation, scope, tmp_path, ONE)
    assert daemon.look(scope) == ASSESS
    assert daemon.look(scope) == set()
    run_flow(installation, scope, flow_named("assess"))
    assert daemon.look(scope) == set()
    discover(installation, scope, tmp_path, ONE)
    assert daemon.look(scope) == set()
    discover(installation, scope, tmp_path, TWO)
    assert daemon.look(scope) == ASSESS


def test_a_rollback_starts_nothing(daemon: Looks, installation: Installation, scope: Scope, tmp_path: Path) -> None:
    discover(installation, scope, tmp_path, ONE)
    run_flow(installation, scope, flow_named("assess"))
    with installation.database.in_scope(scope) as connection:
        set_pin(connection, scope, kind="person", reason="a test", by="somebody", name="one")
    discover(installation, scope, tmp_path, TWO)
    run_flow(installation, scope, flow_named("assess"))
    daemon.look(scope)
    request = Request("flow", "discovery", None, (), "one", "a test", "somebody")
    run_rollback(installation, scope, request, impact_of(installation.database, scope, request))
    assert daemon.look(scope) == set()
    assert daemon.look(scope) == set()


def test_a_refused_hand_off_is_tried_once_for_each_change_and_holds_up_nobody_else(
    daemon: Looks, instance: DagsterInstance, installation: Installation, scope: Scope, tmp_path: Path
) -> None:
    other = new_engagement(installation, scope.client)
    register(instance, other)
    discover(installation, scope, tmp_path, UNSIZED)
    discover(installation, other, tmp_path, ONE)
    assert daemon.look(scope) == ASSESS
    with pytest.raises(GateError, match="web01"):
        run_flow(installation, scope, flow_named("assess"))
    run_flow(installation, other, flow_named("assess"))
    assert daemon.look(scope) == set()
    assert daemon.look(scope) == set()
    discover(installation, scope, tmp_path, ONE)
    assert daemon.look(scope) == ASSESS


def test_what_a_killed_run_published_is_handed_over_once_it_is_reported(
    daemon: Looks, instance: DagsterInstance, installation: Installation, scope: Scope
) -> None:
    Engagement(installation.database, scope).run_flow("discovery")
    assert daemon.look(scope) == set()
    recover_held(installation.database, instance, scope)
    assert daemon.look(scope) == ASSESS
    assert daemon.look(scope) == set()


def test_a_rollback_that_was_killed_and_reported_later_starts_nothing(
    daemon: Looks, instance: DagsterInstance, installation: Installation, scope: Scope
) -> None:
    engagement = Engagement(installation.database, scope)
    for records in ([], [{"source_file": "servers.csv"}]):
        engagement.run_flow("discovery", {"discovery/imported_records": records})
        engagement.run_flow("assess")
        recover_held(installation.database, instance, scope)
        daemon.look(scope)
        if not records:
            engagement.pin("empty")
    request = Request("flow", "discovery", None, (), "empty", "a test", "somebody")
    with installation.database.in_scope(scope) as connection:
        moves = planned_moves(connection, request)
    rollback_id = ask_for(installation.database, scope, request, moves)
    execute(installation.database, scope, rollback_id, run_id="killed")
    assert daemon.look(scope) == set()
    assert str(rollback_id) in recover(installation.database, instance, scope)[0]
    assert daemon.look(scope) == set()
    assert daemon.look(scope) == set()
