"""`flow pin` and `flow rollback` refuse what can't be meant, name every problem, and change nothing then."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from flow_pipelines.cli.main import app
from flow_pipelines.errors import FlowError, InputError, ScopeError
from flow_pipelines.scope import Scope
from resources.installation import Installation
from resources.pins import pins_of
from tests.resources.views.happenings import Engagement

WHY = ("--reason", "a test")
# Of nothing; the same in every process, as those that share a run of the tests must name them alike.
AN_ID = "00000000-0000-4000-8000-0000000000aa"


class Command:
    """`flow` on an engagement whose Discovery ran, was pinned as `agreed`, and ran again."""

    def __init__(self, installation: Installation, scope: Scope) -> None:
        self.engagement = Engagement(installation.database, scope)
        self.scope = scope
        self.engagement.run_flow("discovery")
        self("pin", "agreed", *WHY)
        self.engagement.run_flow("discovery")

    def __call__(self, command: str, *arguments: str, scope: Scope | None = None) -> str:
        words = [command, str(scope or self.scope), *arguments]
        finished = CliRunner(env={"COLUMNS": "250"}).invoke(app, words, catch_exceptions=False)
        assert finished.exit_code == 0, finished.output
        return finished.output

    def refuses(self, command: str, *arguments: str, scope: Scope | None = None) -> FlowError:
        before = self.state()
        with pytest.raises(FlowError) as refused:
            self(command, *arguments, scope=scope)
        assert self.state() == before
        assert refused.value.remedy
        return refused.value

    def state(self) -> object:
        """All that a rollback or a pin could have changed."""
        pins = pins_of(self.engagement.database, self.scope)
        return self.engagement.store.current(self.scope), pins, self.engagement.select("TABLE platform.flow_rollbacks")


@pytest.fixture
def flow(installation: Installation, scope: Scope) -> Command:
    return Command(installation, scope)


@pytest.mark.parametrize("point", ["yesterday", "agreeed", AN_ID])
def test_a_point_that_is_no_pin_no_time_and_no_snapshot_is_refused(flow: Command, point: str) -> None:
    refused = flow.refuses("rollback", "--to", point, *WHY)
    assert f"{point!r} is no pin, no time and no published snapshot" in refused.problem
    assert "flow pins" in str(refused.remedy)


def test_a_time_before_anything_was_there_is_refused(flow: Command) -> None:
    assert "Nothing of this engagement was current" in flow.refuses("rollback", "--to", "2001-01-01", *WHY).problem


def test_a_rollback_without_a_reason_is_refused_and_a_dry_run_needs_none(flow: Command) -> None:
    for words in ((), ("--reason", "  ")):
        assert "reason is missing" in flow.refuses("rollback", "--to", "agreed", *words).problem
    before = flow.state()
    assert "tables are only pointed" in flow("rollback", "--to", "agreed", "--dry-run")
    assert flow.state() == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--flow", "sixth"), "there is no flow 'sixth' to roll back; there are discovery, assess, plan"),
        (("--scope", "phase"), "--scope phase needs --phase, one of data_import"),
        (("--scope", "phase", "--phase", "overview"), "--scope phase needs --phase, one of data_import"),
        (("--phase", "inventory"), "--phase goes with --scope phase only"),
        (("--only", "assess/assessment_overview"), "assess/assessment_overview is not in reach of this rollback"),
        (("--only", "discovery/no_such_table"), "discovery/no_such_table is not in reach of this rollback"),
    ],
)
def test_what_does_not_go_together_is_refused(flow: Command, words: tuple[str, ...], problem: str) -> None:
    refused = flow.refuses("rollback", "--to", "agreed", *words, *WHY).problem
    assert problem.lower() in refused.lower()


def test_every_problem_is_named_at_once(flow: Command) -> None:
    refused = flow.refuses("rollback", "--to", "agreed", "--phase", "inventory", "--flow", "discovery").problem
    assert "--phase goes with --scope phase only" in refused
    assert "reason is missing" in refused


def test_where_nothing_has_changed_there_is_nothing_to_do_and_it_says_so(flow: Command) -> None:
    flow("pin", "now", *WHY)
    before = flow.state()
    shown = flow("rollback", "--to", "now", *WHY)
    assert f"Nothing to do: {flow.scope} is as it was at now." in shown
    assert "Rolled back" not in shown
    assert flow.state() == before


def test_an_engagement_that_nobody_registered_has_nothing_to_pin_or_roll_back(flow: Command) -> None:
    nobody = Scope("nobody", "nowhere")
    for words in (("pin", "agreed", *WHY), ("rollback", "--to", "agreed", *WHY), ("pins",)):
        assert isinstance(flow.refuses(*words, scope=nobody), ScopeError)


@pytest.mark.parametrize(
    "name", ["current", "2026-06-30", "2026-06-30T14:00", AN_ID, "before-import-7", "", "-x", "a/b", "x" * 81]
)
def test_a_name_that_could_be_something_else_is_refused_for_a_pin(flow: Command, name: str) -> None:
    refused = flow.refuses("pin", *WHY, "--", name)
    assert isinstance(refused, InputError)
    assert f"{name!r} can't name a pin".lower() in refused.problem.lower()


def test_a_pin_without_a_reason_or_of_a_taken_name_is_refused(flow: Command) -> None:
    assert "reason is missing" in flow.refuses("pin", "later", "--reason", " ").problem
    assert "has a pin 'agreed' already" in flow.refuses("pin", "agreed", *WHY).problem
