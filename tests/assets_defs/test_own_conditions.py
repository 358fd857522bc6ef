"""The automation's condition beside runs that go on, on a real instance, with four assets made up for the test."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from unittest.mock import patch
from uuid import uuid4

import pytest
from dagster import (
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    DagsterRunStatus,
    DataVersion,
    Definitions,
    MaterializeResult,
    asset,
    materialize,
)
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.test_utils import create_run_for_test

from assets_defs.automation_policies import when_what_it_reads_has_changed
from assets_defs.partitions import ENGAGEMENTS, register
from assets_defs.run_coordinator import ROLLBACK_TAG, scope_tags
from flow_pipelines.scope import Scope
from resources.installation import Installation
from tests.assets_defs.looks import Looks, nothing
from tests.conftest import new_engagement

MOMENTS = pytest.mark.parametrize("moment", ["before_reading", "while_reading"])


class Programme:
    """Two phases of Discovery, the hand-off that reads both, and a phase behind that, run as a test says."""

    def __init__(self, instance: DagsterInstance, scope: Scope) -> None:
        self.instance, self.scope = instance, scope
        self.version, self.meanwhile = "", nothing
        # Of this test alone: assets of one name share what the instance knows of them.
        prefix = f"made_{uuid4().hex}"
        self.inventory = self._asset(AssetKey([prefix, "inventory"]))
        self.dependencies = self._asset(AssetKey([prefix, "dependencies"]), self.inventory)
        both = (self.inventory, self.dependencies)
        self.handoff = self._asset(AssetKey([prefix, "handoff"]), *both, also_with_it=False)
        self.phase = self._asset(AssetKey([prefix, "phase"]), self.handoff, also_with_it=True)
        self.started = {self.handoff.key, self.phase.key}
        self.looks = Looks(instance, Definitions([*both, self.handoff, self.phase]))
        register(instance, scope)

    def _asset(self, key: AssetKey, *deps: AssetsDefinition, also_with_it: bool | None = None) -> AssetsDefinition:
        condition = None if also_with_it is None else when_what_it_reads_has_changed(also_with_it=also_with_it)

        @asset(key=key, deps=deps, partitions_def=ENGAGEMENTS, automation_condition=condition)
        def made() -> MaterializeResult[None]:
            # In the middle of a run: before the last of its phases.
            if key.path[-1] in {"dependencies", "phase"}:
                self.meanwhile()
            return MaterializeResult(data_version=DataVersion(self.version))

        return made

    def run(self, version: str, *assets: AssetsDefinition, **tags: str) -> None:
        """Run some assets, which come to a version."""
        self.version = version
        tags = {**scope_tags(self.scope), **tags}
        # Nobody reads what they print, and to follow it takes four processes a step.
        with patch.object(DagsterInstance, "compute_log_manager", NoOpComputeLogManager()):
            materialize(assets, partition_key=self.scope.partition_key, tags=tags, instance=self.instance)

    def discover(self, version: str) -> None:
        self.run(version, self.inventory, self.dependencies)

    def assess(self, version: str) -> None:
        self.run(version, self.handoff, self.phase)

    def roll_back(self, version: str, *also: AssetsDefinition) -> None:
        self.run(version, self.inventory, self.dependencies, *also, **{ROLLBACK_TAG: "an id"})

    def look(self, **meanwhile: Callable[[], object]) -> set[AssetKey]:
        return self.looks.look(self.scope, **meanwhile)


@pytest.fixture
def programme(instance: DagsterInstance, scope: Scope) -> Programme:
    """A programme that the daemon has seen from the beginning, assessed from the version `one`."""
    programme = Programme(instance, scope)
    assert programme.look() == set()
    programme.discover("one")
    assert programme.look() == programme.started
    programme.assess("one")
    assert programme.look() == set()
    return programme


def test_on_its_first_look_ever_the_daemon_hands_over_what_nobody_did(instance: DagsterInstance, scope: Scope) -> None:
    programme = Programme(instance, scope)
    programme.discover("one")
    assert programme.look() == programme.started
    programme.assess("one")
    assert programme.look() == set()


def test_on_its_first_look_ever_it_leaves_alone_what_is_there(instance: DagsterInstance, scope: Scope) -> None:
    programme = Programme(instance, scope)
    programme.discover("one")
    programme.assess("one")
    assert programme.look() == set()


def test_after_a_first_look_at_nothing_at_all_what_was_run_is_left_alone(
    instance: DagsterInstance, scope: Scope
) -> None:
    programme = Programme(instance, scope)
    with patch.object(type(instance.event_log_storage), "get_maximum_record_id", return_value=None):
        assert programme.look() == set()
    programme.discover("one")
    programme.assess("one")
    assert programme.look() == set()


def test_what_was_requested_is_not_requested_again(programme: Programme) -> None:
    programme.discover("two")
    assert programme.look() == programme.started
    assert programme.look() == set()


def test_news_after_a_hand_off_is_handed_over_even_if_both_are_between_two_looks(programme: Programme) -> None:
    programme.discover("two")
    programme.assess("two")
    programme.discover("three")
    assert programme.look() == programme.started


def test_a_hand_off_after_the_news_has_taken_it_in(programme: Programme) -> None:
    programme.discover("two")
    programme.assess("two")
    assert programme.look() == set()


def test_a_hand_off_that_a_command_ran_first_is_not_run_again_for_the_news_that_it_took_in(
    programme: Programme,
) -> None:
    programme.discover("two")
    assert programme.look() == programme.started
    programme.assess("two")
    assert programme.look() == set()
    assert programme.look() == set()


@pytest.mark.parametrize("whole", [False, True])
@MOMENTS
def test_a_rollback_during_a_look_starts_nothing(programme: Programme, moment: str, *, whole: bool) -> None:
    also = [programme.handoff, programme.phase] if whole else []
    programme.discover("two")
    programme.assess("two")
    programme.look()
    assert programme.look(**{moment: partial(programme.roll_back, "one", *also)}) == set()
    assert programme.look() == set()
    assert programme.look() == set()


@MOMENTS
def test_news_that_a_rollback_takes_back_during_the_look_starts_nothing(programme: Programme, moment: str) -> None:
    programme.discover("two")
    assert programme.look(**{moment: partial(programme.roll_back, "none")}) == set()


def test_a_rollback_soon_after_a_run_starts_nothing(programme: Programme) -> None:
    programme.discover("two")
    programme.roll_back("none")
    assert programme.look() == set()
    assert programme.look() == set()


def test_a_run_soon_after_a_rollback_is_news(programme: Programme) -> None:
    programme.roll_back("none")
    programme.discover("two")
    assert programme.look() == programme.started


def run_during_a_look(programme: Programme, run: Callable[[], None]) -> set[AssetKey]:
    """Let a run end during a look that begins in the middle of it, and return what the look requests."""
    begun, ended = Event(), Event()
    looks: list[Future[set[AssetKey]]] = []

    def until_the_run_has_ended() -> None:
        begun.set()
        ended.wait()

    with ThreadPoolExecutor(1) as other:

        def begin_a_look() -> None:
            looks.append(other.submit(programme.look, while_reading=until_the_run_has_ended))
            looks[0].add_done_callback(lambda _: begun.set())
            begun.wait()

        programme.meanwhile = begin_a_look
        try:
            run()
        finally:
            ended.set()
    programme.meanwhile = nothing
    return looks[0].result()


def test_a_flow_whose_run_ends_during_a_look_is_not_run_again(programme: Programme) -> None:
    assert run_during_a_look(programme, partial(programme.assess, "two")) == set()
    assert programme.look() == set()


def test_news_of_a_run_that_ends_during_a_look_is_handed_over_once(programme: Programme) -> None:
    assert run_during_a_look(programme, partial(programme.discover, "two")) == set()
    assert programme.look() == programme.started
    assert programme.look() == set()


@MOMENTS
def test_news_that_comes_during_a_look_is_handed_over_at_the_next(programme: Programme, moment: str) -> None:
    assert programme.look(**{moment: partial(programme.discover, "two")}) == set()
    assert programme.look() == programme.started


def test_a_look_in_the_middle_of_a_run_waits_for_its_end(programme: Programme) -> None:
    seen: list[set[AssetKey]] = []

    def look() -> None:
        with ThreadPoolExecutor(1) as other:
            seen.append(other.submit(programme.look).result())

    programme.discover("two")
    programme.meanwhile = look
    programme.discover("three")
    assert seen == [set()]
    assert programme.look() == programme.started


@pytest.mark.parametrize(
    ("status", "is_waited_for"),
    [
        (DagsterRunStatus.QUEUED, True),
        (DagsterRunStatus.STARTED, True),
        (DagsterRunStatus.CANCELING, True),
        (DagsterRunStatus.NOT_STARTED, False),
        (DagsterRunStatus.FAILURE, False),
    ],
)
def test_a_run_is_waited_for_if_somebody_will_end_it(
    programme: Programme, status: DagsterRunStatus, *, is_waited_for: bool
) -> None:
    origin = RemoteJobOrigin(
        RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("a location"), "a repository"), "other"
    )
    tags = scope_tags(programme.scope)
    create_run_for_test(
        programme.instance, job_name="other", status=status, tags=tags, remote_job_origin=origin, job_code_origin=None
    )
    programme.discover("two")
    assert programme.look() == (set() if is_waited_for else programme.started)


def test_another_engagement_s_runs_hold_up_nobody(programme: Programme, installation: Installation) -> None:
    other = Programme(programme.instance, new_engagement(installation, programme.scope.client))
    programme.discover("two")
    assert programme.look(while_reading=partial(other.discover, "one")) == programme.started
