"""Whose people are busier, within one client and never beyond."""

from __future__ import annotations

import psycopg
import pytest

from flow_pipelines.scope import Scope
from resources.installation import Installation
from resources.tenancy import add_analyst
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement

RESOURCE_PLAN = "plan/resource_plan"


def plans(installation: Installation, scope: Scope, needed: int, available: int) -> None:
    """Publish a plan in which testers are needed in one week."""
    cells = {"role": "tester", "week": "2026-07-06", "hours_needed": needed, "hours_available": available}
    row = {**cells, "utilization": needed / available}
    engagement = Engagement(installation.database, scope)
    for flow in ("discovery", "assess", "plan"):
        engagement.run_flow(flow, {RESOURCE_PLAN: [row]})


def test_the_load_of_engagements_of_a_client_is_compared_and_of_no_other(
    installation: Installation, scope: Scope
) -> None:
    second, foreign = new_engagement(installation, scope.client), new_engagement(installation)
    plans(installation, scope, 90, 100)
    plans(installation, second, 10, 100)
    plans(installation, foreign, 100, 100)
    login = add_analyst(installation.database, installation.owner, scope.client, "jane")
    url = installation.analyst_url(login.role, login.password)
    query = "SELECT engagement, client_engagements, client_utilization, above_client FROM platform.shared_people"
    with psycopg.connect(url) as connection:
        found = {row[0]: row[1:] for row in connection.execute(query)}
    assert found == {
        scope.engagement: (2, 0.5, pytest.approx(0.4)),
        second.engagement: (2, 0.5, pytest.approx(-0.4)),
    }
