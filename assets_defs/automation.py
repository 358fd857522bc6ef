"""What starts runs by itself: sensors on what lands, is corrected, approved or told, and a nightly schedule.

Belongs here: when a flow starts and for whom. Does not: limits of concurrent runs (`run_coordinator.py`).
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dagster import (
    DefaultScheduleStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    schedule,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets_defs.catalog_metadata import asset_key
from assets_defs.partitions import registered
from assets_defs.run_coordinator import LANDING_TAG, scope_tags
from flow_pipelines.flows import flow_named, flow_of, step_of
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.approved_handoffs import ready
from resources.database import Database
from resources.installation import landing_root, open_installation
from resources.landing import Landing
from resources.received_updates import JUDGED_BY, ReceivedUpdateStore
from resources.rollbacks import last_moved_by_a_rollback
from resources.waiting_analyses import waiting_analyses
from resources.waiting_edits import waiting

SENSOR_SECONDS = 15


def landing_sensor(job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    """Return the sensor that starts a job for each engagement whose landing folder has changed."""

    @sensor(
        name="landing_folder",
        job=job,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Starts Discovery for an engagement when a file arrives in its landing folder or changes there.",
    )
    def landing_folder(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        landing = Landing(landing_root())
        found: dict[str, str] = {}
        for scope in registered(context.instance):
            fingerprint = landing.fingerprint(scope)
            if seen.get(scope.partition_key) == fingerprint or not landing.is_settled(scope):
                continue
            found[scope.partition_key] = fingerprint
            tags = {**scope_tags(scope), LANDING_TAG: fingerprint}
            if not context.instance.get_runs(RunsFilter(tags=tags), limit=1):
                yield RunRequest(run_key=f"{scope}:{fingerprint}", partition_key=scope.partition_key, tags=tags)
        if not found:
            yield SkipReason("No engagement's landing folder has changed.")
        context.update_cursor(json.dumps({**seen, **found}, sort_keys=True))

    return landing_folder


def nightly_schedule(job: UnresolvedAssetJobDefinition) -> ScheduleDefinition:
    """Return the schedule that runs a job every night for each engagement that has landed files."""

    @schedule(
        name="nightly_discovery",
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description="Runs Discovery every night for each engagement with files, so that new code and facts take hold. "
        "One that was rolled back is left as it is until somebody runs it or a file changes.",
    )
    def nightly_discovery(context: ScheduleEvaluationContext) -> Iterator[RunRequest]:
        landing = Landing(landing_root())
        night = context.scheduled_execution_time.date()
        for scope in registered(context.instance):
            if landing.all_files(scope) and not _was_rolled_back(scope):
                yield RunRequest(run_key=f"{scope}:{night}", partition_key=scope.partition_key, tags=scope_tags(scope))

    return nightly_discovery


def _was_rolled_back(scope: Scope) -> bool:
    with open_installation() as installation:
        return last_moved_by_a_rollback(installation.database, scope, flow_named("discovery").tables)


def _from_phases(flow: str, phases: Collection[str]) -> list[str]:
    """Return a flow's tables from the first of some phases on: what is before does not change by a correction after."""
    own = [key for key in output_tables() if flow_of(key).name == flow]
    first = next(place for place, key in enumerate(own) if step_of(key)[1] in phases)
    return own[first:]


@dataclass(frozen=True)
class _Start:
    """A flow that is to run: what tells this start from others, and the phases from which on, all if none is named."""

    flow: str
    cause: str
    phases: Collection[str] = ()


def corrections_sensor(jobs: Sequence[UnresolvedAssetJobDefinition]) -> SensorDefinition:
    """Return the sensor that runs a flow again once a person has corrected something that it decides."""

    def starts(database: Database, scope: Scope) -> Iterator[_Start]:
        for flow, edits in waiting(database, scope).items():
            yield _Start(flow, f"edit-{edits.number}", edits.phases)

    return _sensor_of_starts(
        "corrections",
        jobs,
        starts,
        description="Runs a flow again for an engagement in which a person corrected, merged, split or waived.",
        otherwise="Every correction has been applied.",
    )


def approvals_sensor(jobs: Sequence[UnresolvedAssetJobDefinition]) -> SensorDefinition:
    """Return the sensor that runs a flow once a person has approved what it is to start from."""

    def starts(database: Database, scope: Scope) -> Iterator[_Start]:
        for flow, start in ready(database, scope).items():
            yield _Start(flow, start)

    return _sensor_of_starts(
        "approvals",
        jobs,
        starts,
        description="Runs a flow for an engagement in which a person approved what it is to start from.",
        otherwise="Nothing that is approved waits for its flow.",
    )


def updates_sensor(jobs: Sequence[UnresolvedAssetJobDefinition]) -> SensorDefinition:
    """Return the sensor that runs Execute again once something was told of its tasks, by file or by command."""
    flow, phase = JUDGED_BY

    def starts(database: Database, scope: Scope) -> Iterator[_Start]:
        store = ReceivedUpdateStore(database)
        landed = Landing(landing_root()).updates_to_take_in(scope) if store.are_judged(scope) else ""
        told = store.waiting(scope)
        if landed or told:
            yield _Start(flow, f"updates-{landed}-{told}", (phase,))

    return _sensor_of_starts(
        "updates",
        jobs,
        starts,
        description="Runs Execute again for an engagement in which something was told of a task.",
        otherwise="All that was told of tasks has been judged.",
    )


def analyses_sensor(jobs: Sequence[UnresolvedAssetJobDefinition]) -> SensorDefinition:
    """Return the sensor that runs what reads static analyses once a file of them is new or has changed.

    Both Execute and Modernize: Modernize follows Execute by itself only if Execute's rows change by the file.
    """

    def starts(database: Database, scope: Scope) -> Iterator[_Start]:
        for table_key, landed in waiting_analyses(database, Landing(landing_root()), scope).items():
            flow, phase = step_of(table_key)
            yield _Start(flow, f"analyses-{landed}", (phase,))

    return _sensor_of_starts(
        "analyses",
        jobs,
        starts,
        description="Runs Execute and Modernize again for an engagement with a new or changed file of an analysis.",
        otherwise="All files of analyses have been read.",
    )


def _sensor_of_starts(
    name: str,
    jobs: Sequence[UnresolvedAssetJobDefinition],
    starts: Callable[[Database, Scope], Iterable[_Start]],
    *,
    description: str,
    otherwise: str,
) -> SensorDefinition:
    """Return a sensor that asks of each engagement what is to start, and starts each of it once."""

    @sensor(
        name=name,
        jobs=jobs,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description=description,
    )
    def of_starts(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
        started = False
        with open_installation() as installation:
            for scope in registered(context.instance):
                for start in starts(installation.database, scope):
                    started = True
                    tables = _from_phases(start.flow, start.phases) if start.phases else []
                    yield RunRequest(
                        run_key=f"{scope}:{start.flow}:{start.cause}",
                        job_name=start.flow,
                        partition_key=scope.partition_key,
                        tags=scope_tags(scope),
                        asset_selection=[asset_key(key) for key in tables] or None,
                    )
        if not started:
            yield SkipReason(otherwise)

    return of_starts
