"""When an asset is materialized by itself: named conditions, each clause with its reason.

Belongs here: conditions of declarative automation. Does not: what they are set on (`definitions.py`), sensors and
schedules (`automation.py`).
"""

from __future__ import annotations

from dagster import AssetSelection, AutomationCondition, AutomationConditionSensorDefinition, DefaultSensorStatus

from assets_defs.run_coordinator import ROLLBACK_TAG

AUTOMATION_SECONDS = 15


def when_what_it_reads_has_changed(*, also_with_it: bool) -> AutomationCondition:  # type: ignore[type-arg]
    """Return the condition under which a hand-off, or a phase behind one, runs by itself.

    - A dependency's *data version* changed: a re-run that came to equal rows starts nothing.
    - Not by a rollback's run: automation must not undo what a person returned to.
    - Or there is no version at all, as on the daemon's first look after a flow was run without it.
    - Latched until it was handled: what changes while something else is in progress is not forgotten. A refused
      hand-off counts as handled, so it is tried once for each change and not every tick.
    - Nothing it depends on is missing or in progress: a run of Discovery publishes phase by phase, and a hand-off in
      between would package two generations.
    - The gates of what it depends on hold: `eager()` alone would go on over a failed one.
    - A phase runs also with what it reads, in one run from the hand-off on: in runs of their own, each phase would wait
      for the next look and be loaded anew. A hand-off waits for what has come about: it must not package what may yet
      be refused.

    Args:
        also_with_it: Whether to run with what it reads.
    """
    is_news = AutomationCondition.data_version_changed() & ~AutomationCondition.all_new_updates_have_run_tags(
        tag_keys={ROLLBACK_TAG}
    )
    changed = AutomationCondition.any_deps_match(
        is_news | AutomationCondition.will_be_requested() if also_with_it else is_news
    )
    return (
        (changed | AutomationCondition.missing().newly_true()).since_last_handled()
        & ~AutomationCondition.any_deps_missing()
        & ~AutomationCondition.any_deps_in_progress()
        & ~AutomationCondition.in_progress()
        & AutomationCondition.all_deps_blocking_checks_passed()
    ).with_label("what it reads has changed")


def automation_sensor() -> AutomationConditionSensorDefinition:
    """Return the sensor that evaluates the conditions; on from the start."""
    return AutomationConditionSensorDefinition(
        "automation",
        target=AssetSelection.all(),
        default_status=DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=AUTOMATION_SECONDS,
        # A run per engagement, under the run coordinator's limits, and no backfill that would mix tenants.
        emit_backfills=False,
    )
