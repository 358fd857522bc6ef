"""The next start after a killed process: dead runs are told from living ones, and what was published is reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from dagster import AssetRecordsFilter, DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from assets_defs import recovery
from assets_defs.catalog_metadata import asset_key
from assets_defs.partitions import register
from assets_defs.recovery import GRACE_SECONDS, recover, recover_held
from assets_defs.rollback_run import WITHDRAWN
from assets_defs.run_coordinator import IN_PROCESS_TAG, ROLLBACK_TAG, scope_tags
from flow_pipelines.scope import Scope
from resources.installation import Installation
from resources.phase_runs import unfinished
from resources.rollbacks import Request, execute, planned_moves
from resources.rollbacks import register as ask_for
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement

IMPORTED = "discovery/imported_records"
MAPPINGS = "discovery/attribute_mappings"
ONE_RECORD = {IMPORTED: [{"source_file": "servers.csv"}]}


@pytest.fixture
def engagement(installation: Installation, instance: DagsterInstance, scope: Scope) -> Engagement:
    register(instance, scope)
    return Engagement(installation.database, scope)


def a_run(instance: DagsterInstance, scope: Scope, status: DagsterRunStatus, **tags: str) -> DagsterRun:
    return create_run_for_test(instance, job_name="discovery", status=status, tags={**scope_tags(scope), **tags})


def status_of(instance: DagsterInstance, run: DagsterRun) -> DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def known_version(instance: DagsterInstance, scope: Scope, key: str) -> str | None:
    partitions = [scope.partition_key]
    records = instance.fetch_materializations(AssetRecordsFilter(asset_key(key), asset_partitions=partitions), limit=1)
    materialization = records.records[0].asset_materialization if records.records else None
    return (materialization.tags or {})["dagster/data_version"] if materialization else None


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    monkeypatch.setattr(recovery.time, "time", moment.timestamp)


def test_a_run_of_the_command_whose_lock_is_free_is_dead_at_once(
    instance: DagsterInstance, engagement: Engagement
) -> None:
    run = a_run(instance, engagement.scope, DagsterRunStatus.STARTED, **{IN_PROCESS_TAG: "true"})
    engagement.start("discovery", "data_import", run_id=run.run_id)
    done = recover(engagement.database, instance, engagement.scope)
    assert status_of(instance, run) == DagsterRunStatus.FAILURE
    assert unfinished(engagement.database, engagement.scope) == []
    assert [run.run_id in done[0], "data_import" in done[1]] == [True, True]
    assert engagement.statuses("discovery")["data_import"] == "interrupted"
    assert recover(engagement.database, instance, engagement.scope) == []


def test_while_a_process_holds_the_lock_nothing_of_its_engagement_is_touched(
    instance: DagsterInstance, engagement: Engagement
) -> None:
    run = a_run(instance, engagement.scope, DagsterRunStatus.STARTED, **{IN_PROCESS_TAG: "true"})
    engagement.start("discovery", "data_import", run_id=run.run_id)
    with engagement.database.lock_run(engagement.scope) as is_free:
        assert is_free
        assert recover(engagement.database, instance, engagement.scope) == []
    assert status_of(instance, run) == DagsterRunStatus.STARTED
    assert len(unfinished(engagement.database, engagement.scope)) == 1


def test_a_run_that_the_daemon_launches_has_time_until_its_process_is_up(
    instance: DagsterInstance, engagement: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(instance, engagement.scope, DagsterRunStatus.STARTING)
    engagement.start("discovery", "data_import", run_id=run.run_id)
    assert recover(engagement.database, instance, engagement.scope) == []
    assert status_of(instance, run) == DagsterRunStatus.STARTING
    later(monkeypatch, GRACE_SECONDS + 1)
    assert len(recover(engagement.database, instance, engagement.scope)) == 2
    assert status_of(instance, run) == DagsterRunStatus.FAILURE
    assert unfinished(engagement.database, engagement.scope) == []


def test_a_run_that_waits_to_be_launched_is_not_dead_however_long_it_waits(
    instance: DagsterInstance, engagement: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(instance, engagement.scope, DagsterRunStatus.NOT_STARTED)
    later(monkeypatch, 100 * GRACE_SECONDS)
    assert recover(engagement.database, instance, engagement.scope) == []
    assert status_of(instance, run) == DagsterRunStatus.NOT_STARTED


def test_another_engagement_s_runs_are_left_alone(
    instance: DagsterInstance, engagement: Engagement, installation: Installation
) -> None:
    other = new_engagement(installation, engagement.scope.client)
    run = a_run(instance, other, DagsterRunStatus.STARTED, **{IN_PROCESS_TAG: "true"})
    assert recover(engagement.database, instance, engagement.scope) == []
    assert status_of(instance, run) == DagsterRunStatus.STARTED


def test_what_a_killed_run_published_and_did_not_report_is_reported(
    instance: DagsterInstance, engagement: Engagement
) -> None:
    engagement.run("discovery", "data_import", ONE_RECORD)
    version = engagement.store.current(engagement.scope)[IMPORTED].data_version
    assert known_version(instance, engagement.scope, IMPORTED) is None
    [sentence] = recover_held(engagement.database, instance, engagement.scope)
    assert IMPORTED in sentence
    assert known_version(instance, engagement.scope, IMPORTED) == version
    assert known_version(instance, engagement.scope, MAPPINGS) is None
    assert recover_held(engagement.database, instance, engagement.scope) == []


def test_a_rollback_killed_after_its_pointers_moved_is_reported_and_checked(
    instance: DagsterInstance, engagement: Engagement
) -> None:
    scope, database = engagement.scope, engagement.database
    engagement.run("discovery", "data_import", ONE_RECORD)
    engagement.pin("imported")
    engagement.run("discovery", "attribute_mapping")
    recover_held(database, instance, scope)
    assert known_version(instance, scope, MAPPINGS) not in (None, WITHDRAWN)
    request = Request("flow", "discovery", None, (), "imported", "a test", "somebody")
    with database.in_scope(scope) as connection:
        moves = planned_moves(connection, request)
    rollback_id = ask_for(database, scope, request, moves)
    execute(database, scope, rollback_id, run_id="killed")
    [sentence] = recover(database, instance, scope)
    assert str(rollback_id) in sentence
    assert known_version(instance, scope, MAPPINGS) == WITHDRAWN
    [stored] = engagement.select("SELECT status, integrity_problems FROM platform.rollbacks")
    assert stored == {"status": "completed", "integrity_problems": []}
    assert recover_held(database, instance, scope) == []


def test_a_rollback_killed_before_its_pointers_moved_is_given_up(
    instance: DagsterInstance, engagement: Engagement
) -> None:
    scope, database = engagement.scope, engagement.database
    engagement.run("discovery", "data_import", ONE_RECORD)
    engagement.pin("imported")
    engagement.run("discovery", "data_import")
    recover_held(database, instance, scope)
    request = Request("flow", "discovery", None, (), "imported", "a test", "somebody")
    with database.in_scope(scope) as connection:
        moves = planned_moves(connection, request)
    rollback_id = ask_for(database, scope, request, moves)
    run = a_run(instance, scope, DagsterRunStatus.STARTED, **{IN_PROCESS_TAG: "true", ROLLBACK_TAG: str(rollback_id)})
    before = engagement.store.current(scope)
    assert any("given up" in sentence for sentence in recover(database, instance, scope))
    assert status_of(instance, run) == DagsterRunStatus.FAILURE
    assert engagement.store.current(scope) == before
    assert engagement.select("SELECT status FROM platform.rollbacks") == [{"status": "abandoned"}]
