from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    Definitions,
    RepositoryDefinition,
    RunRequest,
    ScheduleDefinition,
    SensorDefinition,
    asset,
    build_schedule_context,
    build_sensor_context,
    define_asset_job,
)
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.test_utils import create_run_for_test

from assets_defs.automation import landing_sensor, nightly_schedule
from assets_defs.catalog_metadata import asset_key
from assets_defs.definitions import build_definitions
from assets_defs.partitions import ENGAGEMENTS, register
from assets_defs.run_coordinator import CLIENT_TAG, ENGAGEMENT_TAG, LANDING_TAG, scope_tags
from flow_pipelines.edits import SetDraft
from flow_pipelines.scope import Scope
from resources.edits import EditStore
from resources.installation import Installation, landing_root
from resources.landing import Landing
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement


@asset(partitions_def=ENGAGEMENTS)
def nothing() -> None:
    """Stand for a flow's assets."""


INVENTORY = "discovery/inventory"
JOB = define_asset_job("discovery", selection="*")
REPOSITORY = Definitions(assets=[nothing], jobs=[JOB]).get_repository_def()


@pytest.fixture
def landing() -> Iterator[Landing]:
    """The landing folder of the session's installation, with what a test put there left over for none."""
    landing = Landing(landing_root())
    yield landing
    for path in sorted(landing.root.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def land(landing: Landing, scope: Scope, tmp_path: Path, text: str, *, settled: bool = True) -> None:
    file = tmp_path / "servers.csv"
    file.write_text(text, encoding="utf-8")
    landed = landing.land(scope, [file])[0]
    if settled:
        past = time.time() - 60 + len(text)
        os.utime(landed.path, (past, past))


def tick(
    sensor: SensorDefinition,
    instance: DagsterInstance,
    cursor: str | None,
    repository: RepositoryDefinition = REPOSITORY,
) -> tuple[list[RunRequest], str | None]:
    context = build_sensor_context(instance, cursor=cursor, repository_def=repository)
    with partition_loading_context(dynamic_partitions_store=instance):
        data = sensor.evaluate_tick(context)
    return list(data.run_requests or []), data.cursor


def test_a_new_file_starts_discovery_for_its_engagement_once(
    instance: DagsterInstance, scope: Scope, landing: Landing, tmp_path: Path
) -> None:
    register(instance, scope)
    sensor = landing_sensor(JOB)
    assert tick(sensor, instance, None)[0] == []
    land(landing, scope, tmp_path, "name\nweb01\n")
    requests, cursor = tick(sensor, instance, None)
    assert [request.partition_key for request in requests] == [scope.partition_key]
    assert requests[0].tags[CLIENT_TAG] == scope.client
    assert requests[0].tags[ENGAGEMENT_TAG] == scope.partition_key
    assert tick(sensor, instance, cursor)[0] == []


def test_files_that_a_run_has_read_already_start_nothing(
    instance: DagsterInstance, scope: Scope, landing: Landing, tmp_path: Path
) -> None:
    register(instance, scope)
    land(landing, scope, tmp_path, "name\nweb01\n")
    tags = {**scope_tags(scope), LANDING_TAG: landing.fingerprint(scope)}
    create_run_for_test(instance, job_name="discovery", tags=tags)
    assert tick(landing_sensor(JOB), instance, None)[0] == []


def test_a_changed_file_starts_it_again(
    instance: DagsterInstance, scope: Scope, landing: Landing, tmp_path: Path
) -> None:
    register(instance, scope)
    sensor = landing_sensor(JOB)
    land(landing, scope, tmp_path, "name\nweb01\n")
    first, cursor = tick(sensor, instance, None)
    land(landing, scope, tmp_path, "name\nweb01\nweb02\n")
    second, _ = tick(sensor, instance, cursor)
    assert len(second) == 1
    assert second[0].run_key != first[0].run_key


def test_a_file_that_is_still_arriving_is_waited_for(
    instance: DagsterInstance, scope: Scope, landing: Landing, tmp_path: Path
) -> None:
    register(instance, scope)
    land(landing, scope, tmp_path, "name\nweb01\n", settled=False)
    assert tick(landing_sensor(JOB), instance, None)[0] == []


def test_files_of_an_engagement_that_nobody_registered_start_nothing(
    instance: DagsterInstance, landing: Landing, tmp_path: Path
) -> None:
    land(landing, Scope("nobody", "unregistered"), tmp_path, "name\nweb01\n")
    assert tick(landing_sensor(JOB), instance, None)[0] == []


class Corrections:
    """Ticks of the sensor on corrections, looked at through an engagement whose Discovery has run."""

    def __init__(self, instance: DagsterInstance, engagement: Engagement) -> None:
        self.instance, self.engagement = instance, engagement
        self.repository = build_definitions().get_repository_def()
        register(instance, engagement.scope)
        engagement.run_flow("discovery", {INVENTORY: [{"name": "web01", "asset_type": "server"}]})

    def correct(self, owner: str) -> None:
        draft = SetDraft(INVENTORY, "web01", "owner", owner)
        EditStore(self.engagement.database).add(self.engagement.scope, [draft], actor="ann", reason="asked")

    def tick(self) -> list[RunRequest]:
        sensor = self.repository.get_sensor_def("corrections")
        requests, _ = tick(sensor, self.instance, None, self.repository)
        return [one for one in requests if one.partition_key == self.engagement.scope.partition_key]


@pytest.fixture
def corrections(instance: DagsterInstance, installation: Installation, scope: Scope) -> Corrections:
    return Corrections(instance, Engagement(installation.database, scope))


def test_a_correction_runs_its_flow_again_from_its_phase_on(corrections: Corrections) -> None:
    assert corrections.tick() == []
    corrections.correct("Ann")
    [request] = corrections.tick()
    assert request.job_name == "discovery"
    assert request.tags[ENGAGEMENT_TAG] == corrections.engagement.scope.partition_key
    assert request.asset_selection is not None
    assert {asset_key(key) for key in (INVENTORY, "discovery/tech_debt")} <= set(request.asset_selection)
    assert asset_key("discovery/cleansed_records") not in request.asset_selection
    assert [again.run_key for again in corrections.tick()] == [request.run_key], "Dagster would run it twice"
    corrections.correct("Bob")
    assert corrections.tick()[0].run_key != request.run_key


def test_a_correction_is_waited_for_until_its_phase_has_begun_whether_or_not_it_ends_well(
    corrections: Corrections,
) -> None:
    corrections.correct("Ann")
    corrections.engagement.run("discovery", "attribute_mapping")
    assert len(corrections.tick()) == 1
    corrections.engagement.refuse("discovery", "inventory", "the gate of a test")
    assert corrections.tick() == []
    corrections.correct("Bob")
    assert len(corrections.tick()) == 1


def test_a_correction_starts_nothing_for_another_engagement(
    corrections: Corrections, instance: DagsterInstance, installation: Installation
) -> None:
    other = Corrections(
        instance, Engagement(installation.database, new_engagement(installation, corrections.engagement.scope.client))
    )
    corrections.correct("Ann")
    assert other.tick() == []


def test_one_that_was_rolled_back_is_left_as_it_is_by_night(
    instance: DagsterInstance, installation: Installation, scope: Scope, landing: Landing, tmp_path: Path
) -> None:
    register(instance, scope)
    engagement = Engagement(installation.database, scope)
    engagement.run_flow("discovery")
    engagement.pin("before")
    engagement.run_flow("discovery")
    land(landing, scope, tmp_path, "name\nweb01\n")
    assert scope.partition_key in by_night(instance)
    engagement.roll_back("discovery", "before", "a test")
    assert scope.partition_key not in by_night(instance)
    engagement.run_flow("discovery")
    assert scope.partition_key in by_night(instance)


def by_night(instance: DagsterInstance) -> list[str | None]:
    """The engagements that a night's schedule runs."""
    schedule: ScheduleDefinition = nightly_schedule(JOB)
    night = datetime(2026, 6, 30, 2, tzinfo=UTC)
    context = build_schedule_context(instance, scheduled_execution_time=night, repository_def=REPOSITORY)
    with partition_loading_context(dynamic_partitions_store=instance):
        return [request.partition_key for request in schedule.evaluate_tick(context).run_requests or []]


def test_every_night_each_engagement_with_files_is_run(
    instance: DagsterInstance, scope: Scope, landing: Landing, tmp_path: Path
) -> None:
    register(instance, scope)
    assert scope.partition_key not in by_night(instance)
    land(landing, scope, tmp_path, "name\nweb01\n")
    assert scope.partition_key in by_night(instance)
