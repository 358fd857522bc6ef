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
from assets_defs.partitions import ENGAGEMENTS, register
from assets_defs.run_coordinator import CLIENT_TAG, ENGAGEMENT_TAG, LANDING_TAG, scope_tags
from flow_pipelines.scope import Scope
from resources.installation import landing_root
from resources.landing import Landing


@asset(partitions_def=ENGAGEMENTS)
def nothing() -> None:
    """Stand for a flow's assets."""


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
    sensor: SensorDefinition, instance: DagsterInstance, cursor: str | None
) -> tuple[list[RunRequest], str | None]:
    context = build_sensor_context(instance, cursor=cursor, repository_def=REPOSITORY)
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


def test_every_night_each_engagement_with_files_is_run(
    instance: DagsterInstance, scope: Scope, landing: Landing, tmp_path: Path
) -> None:
    register(instance, scope)
    schedule: ScheduleDefinition = nightly_schedule(JOB)
    night = datetime(2026, 6, 30, 2, tzinfo=UTC)

    def requested() -> list[str | None]:
        context = build_schedule_context(instance, scheduled_execution_time=night, repository_def=REPOSITORY)
        with partition_loading_context(dynamic_partitions_store=instance):
            return [request.partition_key for request in schedule.evaluate_tick(context).run_requests or []]

    assert scope.partition_key not in requested()
    land(landing, scope, tmp_path, "name\nweb01\n")
    assert scope.partition_key in requested()
