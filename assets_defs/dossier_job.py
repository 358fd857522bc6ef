"""Dossiers by the day: each engagement's page is written anew before people come to work.

Belongs here: the job and its schedule. Does not: what is in a dossier (`dossier/`).
"""

from typing import Any

from dagster import DefaultScheduleStatus, Failure, MetadataValue, OpExecutionContext, ScheduleDefinition, job, op

from assets_defs.dossier.write import write_dossier
from assets_defs.partitions import registered
from resources.installation import open_installation


@op(description="Writes the dossier of every engagement anew.")
def write_dossiers(context: OpExecutionContext) -> None:
    """Write every engagement's dossier, one after the other."""
    written: dict[str, MetadataValue[Any]] = {}
    failed = []
    with open_installation() as installation:
        for scope in registered(context.instance):
            try:
                written[str(scope)] = MetadataValue.path(str(write_dossier(installation, scope)))
            except Exception as error:  # noqa: BLE001  (one engagement's trouble is not the others')
                failed.append(f"{scope}: {type(error).__name__}: {error}")
    context.add_output_metadata(written)
    if failed:
        raise Failure(f"Not every dossier could be written: {'; '.join(failed)}", allow_retries=False)


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
