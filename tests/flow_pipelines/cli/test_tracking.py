from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from flow_pipelines.cli.main import app
from flow_pipelines.errors import ScopeError
from flow_pipelines.scope import Scope
from resources.installation import Installation
from tests.resources.views.happenings import Engagement


@pytest.fixture
def engagement(installation: Installation, scope: Scope) -> Engagement:
    return Engagement(installation.database, scope)


def flow(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def test_flows_shows_where_each_phase_stands_and_why_it_failed(engagement: Engagement) -> None:
    engagement.run("discovery", "data_import")
    engagement.refuse("discovery", "attribute_mapping", "no column is mapped")
    shown = flow("flows", engagement.scope).output
    assert "Discovery: failed, 17%" in shown
    assert "no column is mapped" in shown
    (discovery,) = json.loads(flow("flows", engagement.scope, "--json").output)
    assert [(phase["phase_name"], phase["status"]) for phase in discovery["phases"][:3]] == [
        ("data_import", "completed"),
        ("attribute_mapping", "failed"),
        ("data_cleansing", "pending"),
    ]


def test_flows_says_what_to_do_before_anything_ran(engagement: Engagement) -> None:
    assert f"flow import {engagement.scope}" in flow("flows", engagement.scope).output


def test_flows_of_an_unknown_engagement_are_refused(engagement: Engagement) -> None:
    assert engagement.scope
    assert isinstance(flow("flows", "nobody/nowhere").exception, ScopeError)


def test_vacuum_tells_what_is_needed_and_drops_nothing_recent(engagement: Engagement) -> None:
    for _ in range(2):
        engagement.run("discovery", "data_import", {"discovery/imported_records": [{}]})
    assert "nothing to drop" in flow("vacuum", engagement.scope).output
    (report,) = json.loads(flow("vacuum", engagement.scope, "--dry-run", "--json").output)
    assert (report["engagement"], report["dropped"], report["kept"]) == (str(engagement.scope), [], 4)


def test_vacuum_shows_what_it_dropped(installation: Installation, engagement: Engagement) -> None:
    for _ in range(3):
        engagement.run("discovery", "data_import", {"discovery/imported_records": [{}]})
    _make_older(installation, engagement)
    command = ("vacuum", engagement.scope, "--keep-days", 30, "--keep-last", 1)
    assert "would be dropped" in words(flow(*command, "--dry-run").output)
    assert "4 versions dropped" in words(flow(*command).output)
    assert "nothing to drop" in words(flow(*command).output)


def words(shown: str) -> str:
    return " ".join(shown.split())  # whatever was folded


def _make_older(installation: Installation, engagement: Engagement) -> None:
    with installation.owner.transaction() as connection:
        for statement in (
            "UPDATE platform.snapshots SET created_at = created_at - interval '1 year' WHERE engagement_id = :e",
            "UPDATE platform.pointer_moves SET moved_at = moved_at - interval '1 year' WHERE engagement_id = :e",
        ):
            connection.execute(text(statement), {"e": engagement.scope.engagement_id})
