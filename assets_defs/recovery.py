"""After a process was killed: finding what it left, marking it, and bringing Dagster and the registry to agree.

Belongs here: telling dead runs from live ones, and what is done about them on the next start. Does not: the pointers,
which no crash can leave in between (`resources/snapshots.py`, `resources/rollbacks.py`).
"""

from __future__ import annotations

import time

from dagster import AssetRecordsFilter, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from assets_defs.catalog_metadata import asset_key
from assets_defs.definitions import ROLLBACK_JOB, phase_plans
from assets_defs.in_process import execute
from assets_defs.rollback_run import WITHDRAWN
from assets_defs.run_coordinator import ENGAGEMENT_TAG, IN_PROCESS_TAG, RECOVERY_TAG, ROLLBACK_TAG
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.integrity import integrity_problems
from resources.phase_runs import interrupt, unfinished
from resources.rollbacks import abandon, executed_and_unchecked, finish, moves_of, pending, steps_of
from resources.snapshots import SnapshotStore

RUNNING = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
# A run that the daemon launched takes the lock when its process is up, which was measured to take up to 15 s.
GRACE_SECONDS = 60.0


def recover(database: Database, instance: DagsterInstance, scope: Scope) -> list[str]:
    """Mark what a killed process left of an engagement, and finish what it had begun to report.

    Returns:
        What was found and done, one sentence each; empty if all was in order, or while something runs.
    """
    with database.lock_run(scope) as is_free:
        done = _mend(database, instance, scope) if is_free else []
        return [*done, *_report(database, instance, scope)] if done else []


def recover_held(database: Database, instance: DagsterInstance, scope: Scope) -> list[str]:
    """Do what `recover` does; the caller holds the engagement's lock, so nobody else runs anything for it.

    It also asks, a query per table, whether Dagster knows every current version: a run that Dagster itself ended, as
    when it is cancelled, leaves nothing else to be found.
    """
    return [*_mend(database, instance, scope), *_report(database, instance, scope)]


def _mend(database: Database, instance: DagsterInstance, scope: Scope) -> list[str]:
    done = []
    for run in _dead_runs(instance, scope):
        instance.report_run_failed(run, "The process that executed this run has ended without a word.")
        done.append(f"Run {run.run_id} of {scope} had lost its process and is marked as failed.")
    alive = {run.run_id for run in _running(instance, scope)}
    for phase_run in unfinished(database, scope):
        if phase_run.run_id not in alive:
            interrupt(database, scope, phase_run)
            done.append(f"{phase_run.flow_name}, {phase_run.phase_name} of {scope} was interrupted.")
    for rollback_id in executed_and_unchecked(database, scope):
        moves = moves_of(database, scope, rollback_id)
        execute(instance, ROLLBACK_JOB, scope, table_keys=steps_of(moves), tags={ROLLBACK_TAG: str(rollback_id)})
        finish(database, scope, rollback_id, integrity_problems(database, scope, moves.values()))
        done.append(f"Rollback {rollback_id} of {scope} had moved its pointers; it is reported and checked now.")
    for rollback_id in pending(database, scope):
        abandon(database, scope, rollback_id)
        done.append(f"Rollback {rollback_id} of {scope} was asked for and never begun; it is given up.")
    return done


def _report(database: Database, instance: DagsterInstance, scope: Scope) -> list[str]:
    unreported = _unreported(database, instance, scope)
    if not unreported:
        return []
    execute(instance, ROLLBACK_JOB, scope, table_keys=steps_of(unreported), tags={RECOVERY_TAG: "true"})
    return [f"{', '.join(unreported)} of {scope} had been published, and Dagster is told so now."]


def _running(instance: DagsterInstance, scope: Scope) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(statuses=RUNNING, tags={ENGAGEMENT_TAG: scope.partition_key})))


def _dead_runs(instance: DagsterInstance, scope: Scope) -> list[DagsterRun]:
    dead = []
    for run in _running(instance, scope):
        record = instance.get_run_record_by_id(run.run_id)
        # A run that waited in the queue was created long before it was launched.
        age = time.time() - record.update_timestamp.timestamp() if record else 0.0
        if run.tags.get(IN_PROCESS_TAG) or (run.status != DagsterRunStatus.NOT_STARTED and age > GRACE_SECONDS):
            dead.append(run)
    return dead


def _unreported(database: Database, instance: DagsterInstance, scope: Scope) -> list[str]:
    """Return the tables whose current version is not the one that Dagster was told of last."""
    current = SnapshotStore(database).current(scope)
    versions = {key: snapshot.data_version for key, snapshot in current.items()}
    keys = [key for plan in phase_plans() for key in plan.keys]
    return [key for key in keys if versions.get(key, WITHDRAWN) != _known_version(instance, scope, key)]


def _known_version(instance: DagsterInstance, scope: Scope, key: str) -> str:
    records = instance.fetch_materializations(
        AssetRecordsFilter(asset_key=asset_key(key), asset_partitions=[scope.partition_key]), limit=1
    ).records
    materialization = records[0].asset_materialization if records else None
    return (materialization.tags or {}).get(DATA_VERSION_TAG, WITHDRAWN) if materialization else WITHDRAWN
