"""When an asset is materialized by itself: named conditions, each clause with its reason.

Belongs here: conditions of declarative automation. Does not: what they are set on (`definitions.py`), conditions that
Dagster lacks (`own_conditions.py`), sensors and schedules (`automation.py`).
"""

from __future__ import annotations

import warnings

from dagster import AssetSelection, AutomationCondition, AutomationConditionSensorDefinition, DefaultSensorStatus
from dagster_shared.utils.warnings import BetaWarning

from assets_defs.own_conditions import Handled, NewVersion, NothingWentOnMeanwhile

AUTOMATION_SECONDS = 15


def when_what_it_reads_has_changed(*, also_with_it: bool) -> AutomationCondition:  # type: ignore[type-arg]
    """Return the condition under which a hand-off, or a phase behind one, runs by itself.

    - A dependency's *data version* changed: a re-run that came to equal rows starts nothing. Not by a rollback's run:
      automation must not undo what a person returned to.
    - Or there is no version at all when the daemon sees the engagement for the first time, or no longer.
    - Latched until it was handled: what changes while something else is in progress is not forgotten. A refused
      hand-off counts as handled, so it is tried once for each change and not every tick; so does a cancelled one.
    - Nothing it depends on is missing.
    - The gates of what it depends on hold: `eager()` alone would go on over a failed one.
    - Nothing of the engagement is in progress, or was when the look began: a run of Discovery publishes phase by phase,
      and a hand-off in between would package two generations. The last clause, as it judges what the others have read.
    - A phase runs also with what it reads, in one run from the hand-off on: in runs of their own, each phase would wait
      for the next look and be loaded anew. A hand-off waits for what has come about: it must not package what may yet
      be refused.

    Args:
        also_with_it: Whether to run with what it reads.
    """
    # A latch each: Dagster forgets the times of what is put together by "or".
    has_news = AutomationCondition.any_deps_match(NewVersion()).since(Handled())
    is_lacking = AutomationCondition.missing().newly_true().since(Handled())
    reason = has_news | is_lacking
    if also_with_it:
        reason |= AutomationCondition.any_deps_match(AutomationCondition.will_be_requested())
    return (
        reason
        & ~AutomationCondition.any_deps_missing()
        & AutomationCondition.all_deps_blocking_checks_passed()
        & NothingWentOnMeanwhile()
    ).with_label("what it reads has changed")


def automation_sensor() -> AutomationConditionSensorDefinition:
    """Return the sensor that evaluates the conditions; on from the start."""
    with warnings.catch_warnings():
        # A condition of our own is known only to our code, not to the daemon; that our code is asked is beta in 1.13.
        warnings.simplefilter("ignore", BetaWarning)
        return AutomationConditionSensorDefinition(
            "automation",
            target=AssetSelection.all(),
            default_status=DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=AUTOMATION_SECONDS,
            # A run per engagement, under the run coordinator's limits, and no backfill that would mix tenants.
            emit_backfills=False,
            use_user_code_server=True,
        )
