"""Runs that compute nothing: every step re-points to pinned versions, or reports what is current.

Belongs here: what a phase's assets report in such a run. Does not: moving the pointers (`resources/rollbacks.py`), and
when a report is due (`recovery.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from dagster import AssetCheckResult, DataVersion, MaterializeResult

from assets_defs.catalog_metadata import asset_key, column_lineage, column_schema
from assets_defs.phase_assets import GATE, PhaseEvents
from assets_defs.platform_resource import PlatformResource
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.rollbacks import execute
from resources.snapshots import Snapshot

# What Dagster is told of a table that had no version yet at the point that was returned to.
WITHDRAWN = "withdrawn"


def return_to_pinned(
    platform: PlatformResource, scope: Scope, rollback_id: UUID, keys: Sequence[str], *, run_id: str
) -> PhaseEvents:
    """Make pinned versions current again and report them.

    The first step of the run moves the pointers of all of them, in one transaction; the others find it done.
    """
    execute(platform.database, scope, rollback_id, run_id=run_id)
    yield from _reports(platform, scope, keys, f"The rollback {rollback_id} made this version current again.")


def report_current(platform: PlatformResource, scope: Scope, keys: Sequence[str]) -> PhaseEvents:
    """Report what is current, for a run whose process ended after publishing it and before saying so."""
    yield from _reports(platform, scope, keys, "Published by a run whose process ended before it could report it.")


def _reports(platform: PlatformResource, scope: Scope, keys: Sequence[str], why: str) -> PhaseEvents:
    current = platform.snapshots.current(scope, keys)
    for key in keys:
        yield _report(key, current.get(key), why)


def _report(key: str, snapshot: Snapshot | None, why: str) -> MaterializeResult[None]:
    table = output_tables()[key]
    gate = f"It passed when this version was first published. {why}"
    return MaterializeResult(
        asset_key=asset_key(key),
        data_version=DataVersion(snapshot.data_version if snapshot else WITHDRAWN),
        check_results=[AssetCheckResult(asset_key=asset_key(key), check_name=GATE, passed=True, description=gate)],
        metadata={
            "dagster/row_count": snapshot.row_count if snapshot else 0,
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": column_lineage(table),
            "snapshot_id": str(snapshot.snapshot_id) if snapshot else WITHDRAWN,
            "why": why,
        },
    )
