"""Conditions of automation that Dagster lacks: what is news, what was handled, and who was at work during the look.

Belongs here: such conditions. Does not: the condition of an asset, which is put together of them and Dagster's
(`automation_policies.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from dagster import AssetKey, AutomationCondition, AutomationContext, AutomationResult, DagsterRunStatus, RunsFilter
from dagster._core.asset_graph_view.entity_subset import EntitySubset
from dagster._core.asset_graph_view.timing_metadata import TimingMetadata
from dagster._core.storage.event_log.base import AssetEventSummaryRecord

from assets_defs.run_coordinator import ENGAGEMENT_TAG, ROLLBACK_TAG

# Not one that is only created, NOT_STARTED: it has published nothing, and if nobody launches it, nobody ends it.
AT_WORK = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]

Context = AutomationContext[AssetKey]
Result = AutomationResult[AssetKey]


class _OwnCondition(AutomationCondition[AssetKey]):
    """A condition that judges by what it reads, and remembers nothing from look to look."""

    @property
    def requires_cursor(self) -> bool:
        """Whether Dagster keeps what it was asked and what it said, per table and engagement."""
        return False


class NewVersion(_OwnCondition):
    """True where the data version is not the one of the last look, unless a rollback returned to it; tells its time.

    `data_version_changed` and `all_new_updates_have_run_tags` together would not do: the one judges the newest version
    there is, the other all since the last look, and those of the look itself not. So a rollback soon after a run, or
    during the look, would be taken for news, and automation would undo it.
    """

    @property
    def description(self) -> str:
        """What the UI says of it."""
        return "Its data version has changed, not by a rollback"

    async def evaluate(self, context: Context) -> Result:  # type: ignore[override]  # as Dagster's own do
        """Keep the engagements with news."""
        before = context.previous_temporal_context
        if before is None:
            return AutomationResult(context, context.get_empty_subset())
        changed = await context.asset_graph_view.compute_data_version_changed_since_temporal_context_subset(
            key=context.key, temporal_context=before
        )
        asked = context.candidate_subset.compute_intersection(changed)
        newest = _newest(context, asked)
        run_ids = sorted({one.run_id for one in newest.values() if one.run_id})
        runs = context.asset_graph_view.instance.get_runs(RunsFilter(run_ids=run_ids)) if run_ids else []
        rollbacks = {run.run_id for run in runs if run.tags.get(ROLLBACK_TAG)}
        times = [(engagement, one.timestamp) for engagement, one in newest.items() if one.run_id not in rollbacks]
        return _with_times(context, times)


class Handled(_OwnCondition):
    """True where it was requested by the last look or has a version since; tells when.

    By the times, what became news after it was handled is not forgotten, even if both were between two looks: Dagster's
    `since_last_handled` loses it.
    """

    @property
    def description(self) -> str:
        """What the UI says of it."""
        return "It was requested or run since the last look"

    def evaluate(self, context: Context) -> Result:
        """Keep the engagements in which it was."""
        times = [(engagement, one.timestamp) for engagement, one in _newest(context, context.candidate_subset).items()]
        requested = context.get_previous_requested_subset(context.key)
        if requested and context.previous_evaluation_time:
            asked_at = context.previous_evaluation_time.timestamp()
            times += [(engagement, asked_at) for engagement in requested.expensively_compute_partition_keys()]
        return _with_times(context, times)


class NothingWentOnMeanwhile(_OwnCondition):
    """True where no run went on since the look began, so that all that it has read until now fits together.

    A look reads what is materialized and, up to some seconds later, what is in progress. Of a run that ended in between
    it sees a part, and nothing by which to know that there is more. Evaluated last, this finds every such run: one that
    went on when the look began has ended since or goes on still.
    """

    @property
    def description(self) -> str:
        """What the UI says of it."""
        return "No run of the engagement went on since the look began"

    def evaluate(self, context: Context) -> Result:
        """Keep the engagements that were left alone."""
        asked = context.candidate_subset
        if asked.is_empty:
            return AutomationResult(context, asked)
        engagements = asked.expensively_compute_partition_keys()
        instance, tags = context.asset_graph_view.instance, {ENGAGEMENT_TAG: sorted(engagements)}
        at_work = instance.get_runs(RunsFilter(tags=tags, statuses=AT_WORK))
        ended_since = instance.get_runs(RunsFilter(tags=tags, updated_after=context.evaluation_time))
        disturbed = {run.tags[ENGAGEMENT_TAG] for run in (*at_work, *ended_since)}
        return AutomationResult(context, asked.compute_intersection_with_partition_keys(engagements - disturbed))


def _newest(context: Context, asked: EntitySubset[AssetKey]) -> Mapping[str, AssetEventSummaryRecord]:
    """Return what was published last since the last look, by engagement."""
    before = context.previous_temporal_context
    if asked.is_empty or before is None:
        return {}
    # Kept by Dagster for the length of the look.
    published = (
        context.asset_graph_view.get_inner_queryer_for_back_compat().get_asset_materializations_updated_after_cursor(
            asset_key=context.key, after_cursor=before.last_event_id or 0
        )
    )
    engagements = asked.expensively_compute_partition_keys() if published else set()
    # In order, so that the last one of each engagement stays.
    return {one.partition: one for one in published if one.partition and one.partition in engagements}


def _with_times(context: Context, times: Iterable[tuple[str, float]]) -> Result:
    by_time: dict[float, set[str]] = defaultdict(set)
    for engagement, moment in times:
        by_time[moment].add(engagement)
    everybody = context.asset_graph_view.get_full_subset(key=context.key)
    subsets = {moment: everybody.compute_intersection_with_partition_keys(found) for moment, found in by_time.items()}
    true = context.get_empty_subset()
    for subset in subsets.values():
        true = true.compute_union(subset)
    return AutomationResult(context, true, timing_metadata=TimingMetadata(timestamps=subsets) if subsets else None)
