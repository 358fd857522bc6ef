"""After a process was killed: finding what it left, marking it, and bringing Dagster and the registry to agree.

Belongs here: telling dead runs from live ones, and what is done about them on the next start. Does not: the pointers,
which no crash can leave in between (`resources/snapshots.py`, `resources/rollbacks.py`).
"""

from __future__ import annotations

import time

from dagster import (
    AssetCheckEvaluation,
    AssetMaterialization,
    AssetRecordsFilter,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunsFilter,
)
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_TAG,
    get_input_data_version_tag,
)

from assets_defs.catalog_metadata import asset_key
from assets_defs.phase_assets import GATE, PhasePlan
from assets_defs.rollback_run import WITHDRAWN
from assets_defs.run_coordinator import ENGAGEMENT_TAG, IN_PROCESS_TAG
from flow_pipelines.scope import Scope
from resources.database import Database
from resources.integrity import integrity_problems
from resources.phase_runs import interrupt, unfinished
from resources.rollbacks import executed_and_unchecked, finish, moves_of
from resources.snapshots import Snapshot, SnapshotStore

RUNNING = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
# A run that the daemon launched takes the lock when its process is up, which was measured to take up to 15 s.
GRACE_SECONDS = 60.0


def recover(database: Database, instance: DagsterInstance, scope: Scope, plans: list[PhasePlan]) -> list[str]:
    """Mark what a killed process left of an engagement, and finish what it had begun to report.

    Args:
        database: The database as the pipeline's role.
        instance: Dagster's instance.
        scope: The engagement.
        plans: Every phase that Dagster knows of.

    Returns:
        What was found and done, one sentence each; empty if all was in order.
    """
    with database.lock_run(scope) as is_free:
        return recover_held(database, instance, scope, plans) if is_free else []


def recover_held(database: Database, instance: DagsterInstance, scope: Scope, plans: list[PhasePlan]) -> list[str]:
    """Do what `recover` does; the caller holds the engagement's lock, so nobody else runs anything for it."""
    done = []
    for run in _dead_runs(instance, scope):
        instance.report_run_failed(run, "The process that executed this run has ended without a word.")
        done.append(f"Run {run.run_id} of {scope} had lost its process and is marked as failed.")
    alive = {run.run_id for run in _running(instance, scope)}
    for phase_run in unfinished(database, scope):
        if phase_run.run_id not in alive:
            interrupt(database, scope, phase_run)
            done.append(f"{phase_run.flow_name}, {phase_run.phase_name} of {scope} was interrupted.")
    unchecked = executed_and_unchecked(database, scope)
    if done or unchecked:
        done += _agree(SnapshotStore(database), instance, scope, plans)
    for rollback_id in unchecked:
        moves = moves_of(database, scope, rollback_id)
        finish(database, scope, rollback_id, integrity_problems(database, scope, moves.values()))
        done.append(f"Rollback {rollback_id} of {scope} had moved its pointers and is checked now.")
    return done


def _running(instance: DagsterInstance, scope: Scope) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(statuses=RUNNING, tags={ENGAGEMENT_TAG: scope.partition_key})))


def _dead_runs(instance: DagsterInstance, scope: Scope) -> list[DagsterRun]:
    dead = []
    for run in _running(instance, scope):
        record = instance.get_run_record_by_id(run.run_id)
        age = time.time() - (record.start_time or record.create_timestamp.timestamp()) if record else 0.0
        if IN_PROCESS_TAG in run.tags or (run.status != DagsterRunStatus.NOT_STARTED and age > GRACE_SECONDS):
            dead.append(run)
    return dead


def _agree(store: SnapshotStore, instance: DagsterInstance, scope: Scope, plans: list[PhasePlan]) -> list[str]:
    """Report to Dagster each current version whose publication it has not heard of."""
    current = store.current(scope)
    done = []
    for plan in plans:
        for key in plan.keys:
            known = _known_version(instance, scope, key)
            snapshot = current.get(key)
            if snapshot is None and known in (None, WITHDRAWN):
                continue
            if snapshot is None or known != snapshot.data_version:
                instance.report_runless_asset_event(_materialization(plan, key, snapshot, current, scope))
                instance.report_runless_asset_event(_gate_result(key, scope))
                done.append(f"{key} of {scope} was published, and Dagster is told so now.")
    return done


def _known_version(instance: DagsterInstance, scope: Scope, key: str) -> str | None:
    records = instance.fetch_materializations(
        AssetRecordsFilter(asset_key=asset_key(key), asset_partitions=[scope.partition_key]), limit=1
    ).records
    materialization = records[0].asset_materialization if records else None
    return (materialization.tags or {}).get(DATA_VERSION_TAG) if materialization else None


def _gate_result(key: str, scope: Scope) -> AssetCheckEvaluation:
    return AssetCheckEvaluation(
        asset_key=asset_key(key),
        check_name=GATE,
        passed=True,
        metadata={},
        description="It passed: nothing is published that does not.",
        blocking=True,
        partition=scope.partition_key,
    )


def _materialization(
    plan: PhasePlan, key: str, snapshot: Snapshot | None, current: dict[str, Snapshot], scope: Scope
) -> AssetMaterialization:
    inputs = {
        get_input_data_version_tag(asset_key(upstream)): current[upstream].data_version
        for upstream in plan.upstream
        if upstream in current
    }
    return AssetMaterialization(
        asset_key=asset_key(key),
        partition=scope.partition_key,
        description="Published by a run whose process ended before it could report it.",
        metadata={
            "dagster/row_count": snapshot.row_count if snapshot else 0,
            "snapshot_id": str(snapshot.snapshot_id) if snapshot else WITHDRAWN,
        },
        tags={
            DATA_VERSION_TAG: snapshot.data_version if snapshot else WITHDRAWN,
            CODE_VERSION_TAG: plan.code_version,
            **inputs,
        },
    )
