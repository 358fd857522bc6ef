"""Who may run something for an engagement while others look at it, or run something too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

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
def lock_held(installation: Installation, scope: Scope) -> Iterator[threading.Event]:
    """Hold an engagement's lock in another thread until it is let go of, at the latest when the block ends."""
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with installation.database.lock_run(scope) as is_free:
            assert is_free
            held.set()
            let_go.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    try:
        yield let_go
    finally:
        let_go.set()
        holder.join()


def instead_of_sleep(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let something happen whenever a command that wants to run something waits."""

    def sleep(_: float) -> None:
        happens()

    monkeypatch.setattr(run_flow, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))


def test_a_look_of_the_services_for_dead_runs_is_waited_for(
    installation: Installation, instance: DagsterInstance, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock_held(installation, scope) as let_go:
        instead_of_sleep(monkeypatch, let_go.set)
        with alone(installation.database, scope, instance), installation.database.lock_run(scope) as is_free:
            assert not is_free


def test_a_run_under_way_is_named_and_not_waited_for(
    installation: Installation, instance: DagsterInstance, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run_for_test(instance, job_name="discovery", status=DagsterRunStatus.STARTED, tags=scope_tags(scope))
    instead_of_sleep(monkeypatch, lambda: pytest.fail("it waits"))
    with (
        lock_held(installation, scope),
        pytest.raises(RunError, match=run.run_id),
        alone(installation.database, scope, instance),
    ):
        pass


def test_who_holds_on_without_a_run_is_not_waited_for_for_ever(
    installation: Installation, instance: DagsterInstance, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_flow, "MOMENT_SECONDS", 0.5)
    with (
        lock_held(installation, scope),
        pytest.raises(RunError, match="under way"),
        alone(installation.database, scope, instance),
    ):
        pass
