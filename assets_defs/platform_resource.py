"""The platform as a Dagster resource: what an asset shell may use of the outside world.

Belongs here: opening the installation for as long as a run needs it. Does not: anything about how it works
(`resources/`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import ConfigurableResource, InitResourceContext
from pydantic import PrivateAttr

from resources.database import Database
from resources.installation import Installation, landing_root, open_installation
from resources.landing import Landing
from resources.snapshots import SnapshotStore


class PlatformResource(ConfigurableResource["PlatformResource"]):
    """The installation that the environment names, held open for the run."""

    _installation: Installation = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[PlatformResource]:  # noqa: ARG002
        """Hold the installation open for as long as the run lasts."""
        with open_installation() as installation:
            self._installation = installation
            yield self

    @property
    def database(self) -> Database:
        """The database as the pipeline's role."""
        return self._installation.database

    @property
    def snapshots(self) -> SnapshotStore:
        """The snapshot store."""
        return SnapshotStore(self.database)

    @property
    def landing(self) -> Landing:
        """The landing folder."""
        return Landing(landing_root())
