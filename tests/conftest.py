"""What tests of every room share: one real PostgreSQL per worker, fresh tenants per test, and the order of files."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import settings

from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from resources.installation import Installation, open_installation
from resources.snapshots import SnapshotStore
from resources.tenancy import add_client, add_engagement

SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))
# How long an example takes says how busy the machine is.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")
NUMBERS = itertools.count(1)
# Files of a minute and more: begun last, as pytest-xdist does with files of few tests, they end long after the others.
LONGEST = (
    "test_daemon.py",
    "test_killed_processes.py",
    "test_command.py",
    "test_automation_policies.py",
    "test_handoffs_and_rollback.py",
    "test_sixth_flow.py",
    "test_inventory_properties.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: the one that tests the daemon mostly waits for it."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation on an embedded PostgreSQL of its own."""
    before = dict(os.environ)
    os.environ["FLOW_STATE"] = str(tmp_path_factory.mktemp("state"))
    os.environ.pop("FLOW_DATABASE_URL", None)
    try:
        with open_installation() as opened:
            yield opened
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def scope(installation: Installation) -> Scope:
    """An engagement that no other test uses."""
    return new_engagement(installation)


@pytest.fixture
def store(installation: Installation) -> SnapshotStore:
    """The snapshot store, as the pipeline's role."""
    return SnapshotStore(installation.database)


def new_engagement(installation: Installation, client: str | None = None) -> Scope:
    """Register a fresh engagement, of a fresh client unless one is named."""
    number = next(NUMBERS)
    scope = Scope(client or f"client-{number}", f"engagement-{number}")
    add_client(installation.database, scope.client)
    add_engagement(installation.database, scope, SETTINGS)
    return scope
