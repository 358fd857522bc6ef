"""Rollbacks in the database: whose move was the last, and what moves a table."""

from __future__ import annotations

from uuid import uuid4

import pytest

from flow_pipelines.errors import RunError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation
from resources.rollbacks import Request, abandon, execute, last_moved_by_a_rollback, pending, planned_moves, register
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement

TABLES = flow_named("discovery").tables
IMPORTED, INVENTORY = "discovery/imported_records", "discovery/inventory"


@pytest.fixture
def engagement(installation: Installation, scope: Scope) -> Engagement:
    """An engagement whose Discovery ran twice; the first time is pinned."""
    engagement = Engagement(installation.database, scope)
    engagement.run_flow("discovery", run_id="one")
    engagement.pin("one")
    engagement.run_flow("discovery", run_id="two")
    return engagement


def request(to: str = "one", *only: str) -> Request:
    return Request("flow", "discovery", None, only, to, "a test", "somebody")


def roll_back(engagement: Engagement, *only: str) -> None:
    asked = request("one", *only)
    with engagement.database.in_scope(engagement.scope) as connection:
        moves = planned_moves(connection, asked)
    execute(
        engagement.database, engagement.scope, register(engagement.database, engagement.scope, asked, moves), run_id="r"
    )


def was_rolled_back(engagement: Engagement, *tables: str) -> bool:
    return last_moved_by_a_rollback(engagement.database, engagement.scope, tables or TABLES)


def test_after_a_rollback_the_last_move_was_one_until_the_next_run(engagement: Engagement) -> None:
    assert not was_rolled_back(engagement)
    roll_back(engagement)
    assert was_rolled_back(engagement)
    engagement.run("discovery", "data_import")
    assert not was_rolled_back(engagement)


def test_a_rollback_of_some_tables_is_none_of_the_others(engagement: Engagement) -> None:
    roll_back(engagement, INVENTORY)
    assert was_rolled_back(engagement, INVENTORY)
    assert not was_rolled_back(engagement, IMPORTED)


def test_a_rollback_that_was_only_asked_for_moved_nothing(engagement: Engagement) -> None:
    with engagement.database.in_scope(engagement.scope) as connection:
        moves = planned_moves(connection, request())
    rollback_id = register(engagement.database, engagement.scope, request(), moves)
    assert not was_rolled_back(engagement)
    assert pending(engagement.database, engagement.scope) == [rollback_id]
    abandon(engagement.database, engagement.scope, rollback_id)
    with pytest.raises(RunError, match="no rollback"):
        execute(engagement.database, engagement.scope, rollback_id, run_id="r")
    assert not was_rolled_back(engagement)


def test_one_engagement_s_rollback_is_none_of_another_s(engagement: Engagement, installation: Installation) -> None:
    other = Engagement(installation.database, new_engagement(installation, engagement.scope.client))
    other.run_flow("discovery")
    roll_back(engagement)
    assert not was_rolled_back(other)
    with pytest.raises(RunError, match="no rollback"):
        execute(other.database, other.scope, uuid4(), run_id="r")
