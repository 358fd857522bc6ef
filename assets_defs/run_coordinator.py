"""The run coordinator: says which tenant a run belongs to, and how many runs a tenant may have at once.

Belongs here: tags and limits of queued runs. Does not: what a run does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from dagster import DagsterInstance, DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext
from dagster._core.storage.tags import PARTITION_NAME_TAG

from flow_pipelines.scope import Scope

CLIENT_TAG = "flow/client"
ENGAGEMENT_TAG = "flow/engagement"
# Fingerprint of the landing folder that a run of all of Discovery read; a run with it need not be repeated.
LANDING_TAG = "flow/landing"
# Carried by runs of `flow run`, whose process holds the engagement's lock for longer than the run lasts.
IN_PROCESS_TAG = "flow/in_process"
# The id of the rollback that a run carries out; such runs start nothing by themselves.
ROLLBACK_TAG = "flow/rollback"
# Carried by a run that reports what a killed one had published and not reported.
RECOVERY_TAG = "flow/recovery"
OURS_ALONE = (IN_PROCESS_TAG, ROLLBACK_TAG, RECOVERY_TAG)
RUNS_PER_CLIENT = 2


def scope_tags(scope: Scope) -> dict[str, str]:
    """Return the tags that a run in this scope carries."""
    return {CLIENT_TAG: scope.client, ENGAGEMENT_TAG: scope.partition_key}


class TenantRunCoordinator(QueuedRunCoordinator[DagsterInstance]):
    """Queues runs: one at a time per engagement, two at a time per client.

    The tags come from the partition key here and nowhere else: tags that the caller sent are overwritten. So are those
    that only `flow run` and `flow rollback` may set, which run in a process of their own and never come through here:
    Dagster's UI copies them when such a run is executed again.
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Queue a run under its tenant's tags.

        Raises:
            ScopeError: The partition key does not name an engagement.
        """
        run = context.dagster_run
        key = run.tags.get(PARTITION_NAME_TAG)
        tags = scope_tags(Scope.parse(key)) if key else {}
        forged = {name for name in (CLIENT_TAG, ENGAGEMENT_TAG, *OURS_ALONE) if name in run.tags} - set(tags)
        if tags or forged:
            self._instance.add_run_tags(run.run_id, {**dict.fromkeys(forged, ""), **tags})
        return super().submit_run(context)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> Self:  # noqa: ANN401  (Dagster's)
        """Build it from `dagster.yaml`, with our limits."""
        limits = [
            {"key": ENGAGEMENT_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1},
            {"key": CLIENT_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": RUNS_PER_CLIENT},
        ]
        return cls(inst_data=inst_data, **{**config_value, "tag_concurrency_limits": limits})
