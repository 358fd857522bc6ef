"""The platform as a Dagster resource: what an asset shell may use of the outside world.

Belongs here: opening the installation for as long as a run needs it. Does not: anything about how it works
(`resources/`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dagster import ConfigurableResource, DagsterRun, InitResourceContext
from dagster._core.storage.tags import PARTITION_NAME_TAG
from pydantic import PrivateAttr

from assets_defs.instance import keep_connections
from assets_defs.run_coordinator import IN_PROCESS_TAG, RECOVERY_TAG, ROLLBACK_TAG
from flow_pipelines.errors import RunError
from flow_pipelines.reference.end_of_life import EndOfLifeFacts
from flow_pipelines.scope import Scope
from resources.advisor import Advisor
from resources.advisor_endpoint import configured_endpoint
from resources.approvals import ApprovalStore
from resources.artefacts import FOLDER, Artefacts
from resources.database import Database
from resources.edits import EditStore
from resources.installation import Installation, landing_root, open_installation
from resources.landing import Landing
from resources.phase_runs import interrupt, unfinished
from resources.received_updates import ReceivedUpdateStore
from resources.reference_facts import reference_facts
from resources.snapshots import SnapshotStore
from resources.tenancy import engagement_settings

# A rollback is checked, or a killed run mended, for a while after Dagster has let the next run start.
PATIENCE_SECONDS, POLL_SECONDS = 600.0, 2.0


class PlatformResource(ConfigurableResource["PlatformResource"]):
    """The installation that the environment names, held open for the run."""

    _installation: Installation = PrivateAttr()
    _database: Database = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[PlatformResource]:
        """Hold the installation open, and its engagement's lock, for as long as the run lasts."""
        if context.instance and context.run and not context.run.tags.get(IN_PROCESS_TAG):
            keep_connections(context.instance)  # this process is the run's own, and Dagster opened it
        with (
            open_installation() as installation,
            _lock_held(installation.database, context.run),
            installation.database.kept() as database,
        ):
            _check_advisor(database, context.run)
            self._installation, self._database = installation, database
            yield self

    @property
    def database(self) -> Database:
        """The database as the pipeline's role."""
        return self._database

    @property
    def snapshots(self) -> SnapshotStore:
        """The snapshot store."""
        return SnapshotStore(self.database)

    @property
    def edits(self) -> EditStore:
        """People's corrections."""
        return EditStore(self.database)

    @property
    def approvals(self) -> ApprovalStore:
        """People's approvals."""
        return ApprovalStore(self.database)

    @property
    def updates(self) -> ReceivedUpdateStore:
        """What was told of tasks."""
        return ReceivedUpdateStore(self.database)

    @property
    def advisor(self) -> Advisor:
        """Who is asked for a second opinion; answers nothing where no language model is configured."""
        return Advisor(self.database, configured_endpoint(os.environ))

    @property
    def facts(self) -> EndOfLifeFacts:
        """The end-of-life facts that runs use."""
        return reference_facts().current()

    @property
    def artefacts(self) -> Artefacts:
        """The files beside tables."""
        return Artefacts(self._installation.state / FOLDER)

    @property
    def landing(self) -> Landing:
        """The landing folder."""
        return Landing(landing_root())


def _check_advisor(database: Database, run: DagsterRun | None) -> None:
    """Raise before any work, not after it, if the run may ask a language model and the environment names none rightly.

    Raises:
        AdvisorError: What the environment says can't work.
    """
    key = run.tags.get(PARTITION_NAME_TAG) if run else None
    if run is None or key is None or {ROLLBACK_TAG, RECOVERY_TAG} & run.tags.keys():
        return
    if engagement_settings(database, Scope.parse(key)).advice.mode != "off":
        configured_endpoint(os.environ)


@contextmanager
def _lock_held(database: Database, run: DagsterRun | None) -> Iterator[None]:
    """Hold the lock by which others tell that the run's process lives; `flow run` holds it itself."""
    key = run.tags.get(PARTITION_NAME_TAG) if run else None
    if run is None or key is None or run.tags.get(IN_PROCESS_TAG):
        yield
        return
    scope = Scope.parse(key)
    engagement_settings(database, scope)  # an engagement that nobody registered has nothing to lock
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with database.lock_run(scope) as is_free:
            if is_free:
                for attempt in unfinished(database, scope):
                    if attempt.run_id != run.run_id:
                        interrupt(database, scope, attempt)
                yield
                return
        if time.monotonic() > deadline:
            raise RunError(f"Another run of {scope} is under way.", remedy="Wait for it, then run this again.")
        time.sleep(POLL_SECONDS)
