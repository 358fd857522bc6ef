"""Who may run something for an engagement while others look at it, or run something too."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from assets_defs.instance import open_instance
from assets_defs.run_coordinator import scope_tags
from flow_pipelines.cli import run_flow
from flow_pipelines.cli.run_flow import alone
from flow_pipelines.errors import RunError
from flow_pipelines.scope import Scope
from resources.installation import Installation


@pytest.fixture
def instance(installation: Installation) -> Iterator[DagsterInstance]:
    with open_instance(installation) as opened:
        yield opened


@contextmanager
def lock_held(installation: Installation, scope: Scope, seconds: float) -> Iterator[None]:
    """Hold an engagement's lock in another thread for so long."""
    held = threading.Event()

    def hold() -> None:
        with installation.database.lock_run(scope) as is_free:
            assert is_free
            held.set()
            time.sleep(seconds)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    try:
        yield
    finally:
        holder.join()


def test_the_services_look_for_dead_runs_does_not_refuse_anybody(
    installation: Installation, instance: DagsterInstance, scope: Scope
) -> None:
    with lock_held(installation, scope, 1.0), alone(installation.database, scope, instance):
        pass


def test_a_run_under_way_is_named_at_once(installation: Installation, instance: DagsterInstance, scope: Scope) -> None:
    run = create_run_for_test(instance, job_name="discovery", status=DagsterRunStatus.STARTED, tags=scope_tags(scope))
    asked = time.monotonic()
    with (
        lock_held(installation, scope, 2.0),
        pytest.raises(RunError, match=run.run_id),
        alone(installation.database, scope, instance),
    ):
        pass
    assert time.monotonic() - asked < run_flow.MOMENT_SECONDS


def test_who_holds_on_without_a_run_is_not_waited_for_for_ever(
    installation: Installation, instance: DagsterInstance, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_flow, "MOMENT_SECONDS", 0.5)
    with (
        lock_held(installation, scope, 2.0),
        pytest.raises(RunError, match="under way"),
        alone(installation.database, scope, instance),
    ):
        pass
