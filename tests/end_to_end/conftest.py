"""What the tests of this room share: one warm process per worker, of which commands are forks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.command import Run, warm


@pytest.fixture(scope="session")
def warm_flow() -> Iterator[Run]:
    """Runs the `flow` command in forks of a warm process."""
    with warm() as run:
        yield run
