"""The automation's looks, one after the other, by real evaluations of the conditions on a real instance.

Belongs here: looking, and letting something happen during a look. Does not: what a look must come to (`test_*.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from unittest.mock import patch

from dagster import AssetKey, DagsterInstance, Definitions, evaluate_automation_conditions
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor
from dagster._time import get_current_datetime
from dagster._utils.caching_instance_queryer import CachingInstanceQueryer

from flow_pipelines.scope import Scope


def nothing() -> None:
    """Let nothing happen."""


class Looks:
    """What a daemon would do that has not looked at anything yet."""

    def __init__(self, instance: DagsterInstance, definitions: Definitions) -> None:
        self.instance = instance
        self.definitions = definitions
        self.cursor: AssetDaemonCursor | None = None

    def look(
        self,
        scope: Scope,
        *,
        before_reading: Callable[[], object] = nothing,
        while_reading: Callable[[], object] = nothing,
    ) -> set[AssetKey]:
        """Return the assets that a look requests for an engagement.

        Args:
            scope: The engagement.
            before_reading: What happens once the look has noted the newest event, and before it reads what there is.
            while_reading: What happens once it has read what is materialized, and before it reads the rest.
        """
        # As in the daemon, a look asks once for the engagements: Dagster's evaluation for tests did so 5,800 times.
        asked_once = cache(self.instance.get_dynamic_partitions)
        read = CachingInstanceQueryer.prefetch_asset_records

        def read_between(queryer: CachingInstanceQueryer, keys: list[AssetKey]) -> None:
            # In a thread of its own: what happens may run an event loop, as the look does.
            with ThreadPoolExecutor(1) as other:
                other.submit(before_reading).result()
                read(queryer, keys)
                other.submit(while_reading).result()

        with (
            patch.object(self.instance, "get_dynamic_partitions", asked_once),
            patch.object(CachingInstanceQueryer, "prefetch_asset_records", read_between),
        ):
            result = evaluate_automation_conditions(
                self.definitions, instance=self.instance, cursor=self.cursor, evaluation_time=get_current_datetime()
            )
        self.cursor = result.cursor
        return {
            key
            for key in self.definitions.resolve_all_asset_keys()
            if scope.partition_key in result.get_requested_partitions(key)
        }
