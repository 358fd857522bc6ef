from __future__ import annotations

from typing import Any, cast

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.test_utils import create_run_for_test
from dagster._utils.tags import TagConcurrencyLimitsCounter

from assets_defs.run_coordinator import CLIENT_TAG, ENGAGEMENT_TAG, OURS_ALONE, RUNS_PER_CLIENT, TenantRunCoordinator
from flow_pipelines.errors import ScopeError

ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "repository"), "idle")


def submit(instance: DagsterInstance, key: str | None, **tags: str) -> DagsterRun:
    partition = {"dagster/partition": key} if key else {}
    run = create_run_for_test(instance, job_name="idle", tags={**partition, **tags}, remote_job_origin=ORIGIN)
    return coordinator(instance).submit_run(SubmitRunContext(run, cast("Any", None)))


def coordinator(instance: DagsterInstance) -> TenantRunCoordinator:
    chosen = instance.run_coordinator
    assert isinstance(chosen, TenantRunCoordinator)
    return chosen


def test_a_run_is_queued_under_its_tenants_tags(instance: DagsterInstance) -> None:
    run = submit(instance, "acme/dc-exit")
    assert run.status == DagsterRunStatus.QUEUED
    assert (run.tags[CLIENT_TAG], run.tags[ENGAGEMENT_TAG]) == ("acme", "acme/dc-exit")


def test_tags_that_a_caller_forged_are_overwritten(instance: DagsterInstance) -> None:
    run = submit(instance, "acme/dc-exit", **{CLIENT_TAG: "globex", ENGAGEMENT_TAG: "globex/move"})
    assert (run.tags[CLIENT_TAG], run.tags[ENGAGEMENT_TAG]) == ("acme", "acme/dc-exit")
    assert submit(instance, None, **{CLIENT_TAG: "globex"}).tags[CLIENT_TAG] == ""


def test_a_run_that_is_executed_again_from_the_ui_is_none_of_the_command_s_any_more(instance: DagsterInstance) -> None:
    again = submit(instance, "acme/dc-exit", **dict.fromkeys(OURS_ALONE, "true"))
    stored = instance.get_run_by_id(again.run_id)
    assert stored is not None
    assert not any(stored.tags[name] for name in OURS_ALONE), "it would take no lock, or compute nothing"
    assert stored.tags[ENGAGEMENT_TAG] == "acme/dc-exit"


@pytest.mark.parametrize("key", ["acme", "acme/../globex", "ACME/dc-exit", "acme/dc-exit/x"])
def test_a_forged_partition_key_is_not_queued(key: str, instance: DagsterInstance) -> None:
    with pytest.raises(ScopeError):
        submit(instance, key)


def test_runs_are_serial_per_engagement_and_limited_per_client(instance: DagsterInstance) -> None:
    limits = coordinator(instance).get_run_queue_config().tag_concurrency_limits
    running = [submit(instance, "acme/a")]
    counter = TagConcurrencyLimitsCounter(limits, running)
    assert counter.is_blocked(submit(instance, "acme/a"))
    assert not counter.is_blocked(submit(instance, "acme/b"))
    assert not counter.is_blocked(submit(instance, "globex/a"))
    running += [submit(instance, f"acme/{number}") for number in range(RUNS_PER_CLIENT - 1)]
    counter = TagConcurrencyLimitsCounter(limits, running)
    assert counter.is_blocked(submit(instance, "acme/b"))
    assert not counter.is_blocked(submit(instance, "globex/a"))
