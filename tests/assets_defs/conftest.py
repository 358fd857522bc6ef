"""Dagster's instance for the tests of this room, on the session's PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dagster import DagsterInstance

from assets_defs.instance import open_instance
from resources.installation import Installation


@pytest.fixture(scope="session")
def instance(installation: Installation) -> Iterator[DagsterInstance]:
    """Dagster's instance on the installation's PostgreSQL."""
    with open_instance(installation) as opened:
        yield opened
