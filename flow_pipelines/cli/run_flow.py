"""Running a flow, or some of its phases, in this process, with progress.

Belongs here: starting a Dagster run from the command line and following it. Does not: printing results.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dagster import DagsterInstance, DagsterRunStatus, ExecuteInProcessResult, RunsFilter
from dagster._core.events import DagsterEventType
from dagster._core.utils import make_new_run_id
from dagster_shared.error import SerializableErrorInfo
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from assets_defs.definitions import phase_plans
from assets_defs.in_process import execute
from assets_defs.instance import open_instance
from assets_defs.partitions import register
from assets_defs.phase_assets import PhasePlan
from assets_defs.recovery import recover_held
from assets_defs.run_coordinator import ENGAGEMENT_TAG, LANDING_TAG
from flow_pipelines.cli.output import notices
from flow_pipelines.errors import GateError, RunError
from flow_pipelines.flows import Flow
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.installation import Installation, landing_root
from resources.landing import Landing
from resources.tenancy import engagement_settings

POLL_SECONDS = 0.3
# The services look once a minute for what killed processes left, and hold an engagement's lock while they do.
MOMENT_SECONDS = 30.0
UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
]


@dataclass(frozen=True)
class FinishedRun:
    """A run that succeeded."""

    run_id: str
    scope: Scope
    flow: str


def run_flow(installation: Installation, scope: Scope, flow: Flow) -> FinishedRun:
    """Run all built phases of a flow for one engagement, the hand-off into it first, and wait for the end.

    Raises:
        ScopeError: The engagement is not registered.
        RunError: A phase failed, or another run of the engagement is under way.
        GateError: A phase's gate, or the hand-off, refused its output.
    """
    plans = [plan for plan in phase_plans() if plan.flow.name == flow.name]
    landed = {LANDING_TAG: Landing(landing_root()).fingerprint(scope)}
    return _run(installation, scope, flow, plans, landed if flow.follows is None else {})


def run_phase(installation: Installation, scope: Scope, flow: Flow, phase: str) -> FinishedRun:
    """Run one phase of a flow for one engagement; see `run_flow`."""
    plans = [plan for plan in phase_plans() if (plan.flow.name, plan.shell.phase) == (flow.name, phase)]
    return _run(installation, scope, flow, plans, {})


def _run(
    installation: Installation, scope: Scope, flow: Flow, plans: Sequence[PhasePlan], tags: Mapping[str, str]
) -> FinishedRun:
    engagement_settings(installation.database, scope)
    with open_instance(installation) as instance, alone(installation.database, scope, instance):
        keys = [key for plan in plans for key in plan.keys]
        result = execute_job(instance, flow.name, scope, table_keys=keys, tags=tags, titles=titles_of(plans))
    if not result.success:
        raise failure_of(result, f"{flow.title} for {scope}", f"flow run {scope} --flow {flow.name}")
    return FinishedRun(result.run_id, scope, flow.name)


def execute_job(
    instance: DagsterInstance,
    job_name: str,
    scope: Scope,
    *,
    table_keys: Sequence[str],
    tags: Mapping[str, str],
    titles: Mapping[str, str],
) -> ExecuteInProcessResult:
    """Execute a job on some tables of an engagement in this process, with progress; the caller is `alone`.

    Args:
        instance: Dagster's instance.
        job_name: The job.
        scope: The engagement.
        table_keys: The tables to materialize.
        tags: Tags of the run besides the scope's.
        titles: What a person calls each step, by its name; says how many there are.
    """
    run_id = make_new_run_id()
    with _progress(instance, run_id, scope, titles):
        return execute(instance, job_name, scope, table_keys=table_keys, tags=tags, run_id=run_id)


def titles_of(plans: Sequence[PhasePlan]) -> dict[str, str]:
    """Return what a person calls each step of a run, by the step's name."""
    return {f"{plan.flow.name}_{plan.shell.phase}": plan.title for plan in plans}


@contextmanager
def alone(database: Database, scope: Scope, instance: DagsterInstance) -> Iterator[None]:
    """Keep every other run of an engagement out for as long as the block runs.

    What a killed process left of it is marked and mended first. Who holds the lock and runs nothing that Dagster knows
    of is waited for: a look for killed processes, or a run that begins or ends.

    Raises:
        RunError: Another run of the engagement is under way.
    """
    register(instance, scope)
    deadline = time.monotonic() + MOMENT_SECONDS
    while True:
        with database.lock_run(scope) as taken:
            if taken:
                for sentence in recover_held(database, instance, scope):
                    notices().print(f"[yellow]{escape(sentence)}[/]")
            filters = RunsFilter(statuses=UNFINISHED, tags={ENGAGEMENT_TAG: scope.partition_key})
            unfinished = instance.get_runs(filters, limit=1)
            if taken and not unfinished:
                yield
                return
        if unfinished or time.monotonic() > deadline:
            which = f" ({unfinished[0].run_id})" if unfinished else ""
            raise RunError(
                f"Another run of {scope} is under way{which}.", remedy="Wait for it, or cancel it in the Dagster UI."
            )
        time.sleep(POLL_SECONDS)


def failure_of(result: ExecuteInProcessResult, what: str, command: str) -> RunError | GateError:
    """Return the error of a run that did not succeed.

    Args:
        result: The run.
        what: What it was to do, in words.
        command: The command that does it again.
    """
    failures = result.filter_events(lambda event: event.event_type == DagsterEventType.STEP_FAILURE)
    remedy = f"Mend the cause and run it again: {command}; --debug shows more."
    if not failures:
        # No step is to blame: it failed before the first, between two, or after the last.
        ends = result.filter_events(lambda event: event.event_type == DagsterEventType.RUN_FAILURE)
        cause = "; ".join(_cause_of(event.job_failure_data.error) or event.message or "" for event in ends)
        return RunError(f"The run of {what} did not succeed: {cause or 'no cause is recorded'}.", remedy=remedy)
    failed = failures[0]
    data = failed.step_failure_data
    description = data.user_failure_data.description if data.user_failure_data else None
    if description:
        return GateError(description, remedy=remedy)
    message = _cause_of(data.error) or "unknown error"
    return RunError(f"{failed.step_key} failed in {what}: {message}", remedy=remedy)


def _cause_of(error: SerializableErrorInfo | None) -> str:
    while error and error.cause:
        error = error.cause
    return error.message.strip() if error else ""


@contextmanager
def _progress(instance: DagsterInstance, run_id: str, scope: Scope, titles: Mapping[str, str]) -> Iterator[None]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    done = threading.Event()
    with Progress(*columns, console=notices(), transient=True) as progress:
        task = progress.add_task(str(scope), total=len(titles))

        def follow() -> None:
            while not done.wait(POLL_SECONDS):
                finished, running = _steps(instance, run_id)
                progress.update(task, completed=finished, description=f"{scope}  {titles.get(running, '')}")

        follower = threading.Thread(target=follow)
        follower.start()
        try:
            yield
        finally:
            done.set()
            follower.join()


def _steps(instance: DagsterInstance, run_id: str) -> tuple[int, str]:
    kinds = {DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS}
    records = instance.get_records_for_run(run_id, of_type=kinds).records
    events = [event for record in records if (event := record.event_log_entry.dagster_event)]
    finished = {event.step_key for event in events if event.event_type == DagsterEventType.STEP_SUCCESS}
    running = [event.step_key or "" for event in events if event.step_key not in finished]
    return len(finished), running[-1] if running else ""
