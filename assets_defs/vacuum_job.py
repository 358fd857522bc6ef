"""Retention by the week: old versions that nothing needs are dropped without anybody's command.

Belongs here: the job and its schedule. Does not: what is kept (`resources/retention.py`).
"""

from dagster import DefaultScheduleStatus, OpExecutionContext, ScheduleDefinition, job, op

from assets_defs.partitions import registered
from resources.installation import open_installation
from resources.retention import vacuum


@op(description="Drops, in every engagement, the rows of versions that are old and that nothing needs.")
def drop_old_versions(context: OpExecutionContext) -> None:
    """Vacuum every engagement, one after the other."""
    with open_installation() as installation:
        for scope in registered(context.instance):
            report = vacuum(installation.retention, scope)
            context.log.info("%s: %d versions dropped, %d rows freed", scope, len(report.dropped), report.rows_freed)


@job(name="vacuum", description="Retention: what `flow vacuum` does, for every engagement.")
def vacuum_job() -> None:
    """Hold the one op."""
    drop_old_versions()


def vacuum_schedule() -> ScheduleDefinition:
    """Return the weekly schedule, early on Sunday, when nothing else is scheduled."""
    return ScheduleDefinition(
        name="weekly_vacuum",
        job=vacuum_job,
        cron_schedule="0 4 * * 0",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
    )
