"""Running a job in this process, for one engagement.

Belongs here: that one call. Does not: keeping other runs out, progress and errors (`flow_pipelines/cli/run_flow.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dagster import DagsterInstance, ExecuteInProcessResult
from dagster._core.utils import make_new_run_id

from assets_defs.catalog_metadata import asset_key
from assets_defs.definitions import build_definitions
from assets_defs.run_coordinator import IN_PROCESS_TAG, scope_tags
from flow_pipelines.scope import Scope


def execute(
    instance: DagsterInstance,
    job_name: str,
    scope: Scope,
    *,
    table_keys: Sequence[str],
    tags: Mapping[str, str],
    run_id: str | None = None,
) -> ExecuteInProcessResult:
    """Materialize some of a job's tables for an engagement; the caller holds the engagement's lock.

    Args:
        instance: Dagster's instance.
        job_name: The job.
        scope: The engagement.
        table_keys: The tables, whole steps of them.
        tags: Tags of the run besides the scope's.
        run_id: The run's id; a new one if not given.
    """
    return (
        build_definitions()
        .resolve_job_def(job_name)
        .execute_in_process(
            instance=instance,
            partition_key=scope.partition_key,
            asset_selection=[asset_key(key) for key in table_keys],
            tags={**scope_tags(scope), IN_PROCESS_TAG: "true", **tags},
            run_id=run_id or make_new_run_id(),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
    )
