"""The sensor on approvals, after real runs: Plan starts when a person has approved what it starts from."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import DagsterInstance, RunRequest, build_sensor_context
from dagster._core.definitions.partitions.context import partition_loading_context

from assets_defs.definitions import build_definitions
from assets_defs.partitions import register
from assets_defs.run_coordinator import ENGAGEMENT_TAG
from flow_pipelines.cli.run_flow import run_flow
from flow_pipelines.cli.run_rollback import run_rollback
from flow_pipelines.errors import GateError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.approvals import ApprovalStore
from resources.installation import Installation, landing_root
from resources.landing import Landing
from resources.pins import set_pin
from resources.rollback_impact import impact_of
from resources.rollbacks import Request

PLAN_OF_RECORD = "assess/plan_of_record"
HEADER = "hostname,ip_address,os,cpus,memory mb\n"
ONE = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\n"
TWO = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\nweb02,10.1.1.2,RHEL 8,4,8192\n"


class Programme:
    """An engagement that gets as far as Plan, and the sensor's look at it."""

    def __init__(self, installation: Installation, instance: DagsterInstance, scope: Scope, folder: Path) -> None:
        self.installation, self.instance, self.scope, self.folder = installation, instance, scope, folder
        self.repository = build_definitions().get_repository_def()
        register(instance, scope)

    def assess(self, text: str) -> None:
        file = self.folder / "servers.csv"
        file.write_text(text, encoding="utf-8")
        Landing(landing_root()).land(self.scope, [file])
        self.run("discovery", "assess")

    def run(self, *flows: str) -> None:
        for flow in flows:
            run_flow(self.installation, self.scope, flow_named(flow))

    def approve(self) -> None:
        ApprovalStore(self.installation.database).approve(self.scope, PLAN_OF_RECORD, by="Ann", reason="agreed")

    def look(self) -> list[RunRequest]:
        context = build_sensor_context(self.instance, repository_def=self.repository)
        with partition_loading_context(dynamic_partitions_store=self.instance):
            requests = self.repository.get_sensor_def("approvals").evaluate_tick(context).run_requests or []
        return [one for one in requests if one.partition_key == self.scope.partition_key]


@pytest.fixture
def programme(installation: Installation, instance: DagsterInstance, scope: Scope, tmp_path: Path) -> Programme:
    return Programme(installation, instance, scope, tmp_path)


def test_plan_starts_once_for_each_approved_version_and_never_without(programme: Programme) -> None:
    programme.assess(ONE)
    assert programme.look() == []
    with pytest.raises(GateError, match="Nobody has approved"):
        programme.run("plan")
    programme.approve()
    [request] = programme.look()
    assert (request.job_name, request.tags[ENGAGEMENT_TAG]) == ("plan", programme.scope.partition_key)
    assert [again.run_key for again in programme.look()] == [request.run_key], "Dagster would run it twice"
    programme.run("plan")
    assert programme.look() == []

    programme.assess(TWO)
    assert programme.look() == [], "the new version is not approved"
    programme.approve()
    assert [one.run_key for one in programme.look()] != [request.run_key]


def test_what_a_rollback_returned_to_starts_nothing(programme: Programme) -> None:
    programme.assess(ONE)
    programme.approve()
    programme.run("plan")
    database, scope = programme.installation.database, programme.scope
    with database.in_scope(scope) as connection:
        set_pin(connection, scope, kind="person", reason="a test", by="somebody", name="one")
    programme.assess(TWO)
    programme.approve()
    programme.run("plan")
    request = Request("flow", "assess", None, (), "one", "a test", "somebody")
    run_rollback(programme.installation, scope, request, impact_of(database, scope, request))
    assert programme.look() == []
