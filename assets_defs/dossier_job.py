"""Dossiers by the day: each engagement's page is written anew before people come to work.

Belongs here: the job and its schedule. Does not: what is in a dossier (`dossier/`).
"""

from dagster import DefaultScheduleStatus, MetadataValue, OpExecutionContext, ScheduleDefinition, job, op

from assets_defs.dossier.write import write_dossier
from assets_defs.partitions import registered
from resources.installation import open_installation


@op(description="Writes the dossier of every engagement anew.")
def write_dossiers(context: OpExecutionContext) -> None:
    """Write every engagement's dossier, one after the other."""
    with open_installation() as installation:
        paths = {str(scope): write_dossier(installation, scope) for scope in registered(context.instance)}
    context.add_output_metadata({scope: MetadataValue.path(str(path)) for scope, path in paths.items()})


@job(name="dossiers", description="What `flow dossier` does, for every engagement.")
def dossier_job() -> None:
    """Hold the one op."""
    write_dossiers()


def dossier_schedule() -> ScheduleDefinition:
    """Return the daily schedule, after the night's runs."""
    return ScheduleDefinition(
        name="daily_dossiers",
        job=dossier_job,
        cron_schedule="0 5 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
    )
