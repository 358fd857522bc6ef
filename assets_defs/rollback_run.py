"""A run that returns to pinned versions: every step re-points instead of recomputing.

Belongs here: what a phase's assets report in such a run. Does not: moving the pointers (`resources/rollbacks.py`).
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

# The id of the rollback that a run carries out; such runs start nothing by themselves.
ROLLBACK_TAG = "flow/rollback"
# What Dagster is told of a table that had no version yet at the point that was returned to.
WITHDRAWN = "withdrawn"


def return_to_pinned(
    platform: PlatformResource, scope: Scope, rollback_id: UUID, keys: Sequence[str], *, run_id: str
) -> PhaseEvents:
    """Make pinned versions current again and report them.

    The first step of the run moves the pointers of all of them, in one transaction; the others find it done.
    """
    execute(platform.database, scope, rollback_id, run_id=run_id)
    current = platform.snapshots.current(scope, keys)
    for key in keys:
        yield report_version(key, current.get(key), rollback_id)


def report_version(key: str, snapshot: Snapshot | None, rollback_id: UUID) -> MaterializeResult[None]:
    """Return what Dagster is told of a table that a rollback returned to a version, or withdrew."""
    table = output_tables()[key]
    if snapshot is None:
        version, rows = WITHDRAWN, 0
    else:
        version, rows = snapshot.data_version, snapshot.row_count
    return MaterializeResult(
        asset_key=asset_key(key),
        data_version=DataVersion(version),
        check_results=[
            AssetCheckResult(
                asset_key=asset_key(key),
                check_name=GATE,
                passed=True,
                description="It passed when this version was first published; a rollback made it current again.",
                metadata={"rollback_id": str(rollback_id)},
            )
        ],
        metadata={
            "dagster/row_count": rows,
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": column_lineage(table),
            "rollback_id": str(rollback_id),
            "snapshot_id": str(snapshot.snapshot_id) if snapshot else WITHDRAWN,
        },
    )
