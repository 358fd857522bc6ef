from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from flow_pipelines.cli.output import print_table
from flow_pipelines.cli.running import print_summary
from flow_pipelines.cli.summary import EngagementSummary, TableSummary, summarize
from flow_pipelines.flows import FLOWS, flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation
from tests.resources.views.happenings import Engagement


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_cell_that_does_not_fit_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"cleansed_{'x' * 40}_{number}" for number in range(3)]
    print_table("", ("one", "two", "three"), [words])
    shown = capsys.readouterr().out
    assert "\u2026" not in shown
    assert shown.replace("\n", "").count("x") == 120


def test_every_table_of_a_summary_is_on_one_line_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    discovery = flow_named("discovery")
    since = datetime(2026, 6, 30, 12, tzinfo=UTC)
    tables = tuple(
        TableSummary(phase.title, f"discovery/{table}", 1_234_567, UUID(int=2**127).hex, since)
        for phase in discovery.phases
        for table in phase.tables
    )
    print_summary(EngagementSummary(Scope("acme", "dc-exit"), tables, {}))
    lines = capsys.readouterr().out.splitlines()
    for table in tables:
        name = table.table.split("/")[1]
        assert sum(f" {name} " in line and "2026-06-30 12:00" in line for line in lines) == 1


def test_a_backlog_without_items_is_told_from_one_that_was_never_made(installation: Installation, scope: Scope) -> None:
    engagement = Engagement(installation.database, scope)
    engagement.run_flow("discovery")
    assert summarize(installation.database, scope).figures["refactor backlog"] == "-"
    for flow in FLOWS[1:]:
        engagement.run_flow(flow.name)
    assert summarize(installation.database, scope).figures["refactor backlog"] == "0 items, 0 done"
