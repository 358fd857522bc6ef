"""A sixth flow, of one declaration and one function, has all that the five have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from resources.local_server import lease
from tests.end_to_end.command import Command, warm

SERVERS = "hostname,ip_address,os,cpus,memory mb\nweb01,10.1.1.1,RHEL 8,4,8192\nweb002,10.1.1.2,RHEL 8,2,4096\n"
SCORES = "SELECT server_name, score FROM review.scores ORDER BY server_name"


@contextmanager
def platform_with_a_sixth_flow(folder: Path, *, follows: str) -> Iterator[Command]:
    """The command of a platform with a sixth flow, on an engagement of two servers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIXTH_FLOW_FOLLOWS", follows)
        opened = warm(Path(__file__).with_name("sixth_flow.py"))
        # The database server need not start and stop for each command.
        with opened as run, lease(folder / "state"):
            command = Command(folder / "state", run)
            command.ok("client", "add", "acme")
            command.ok("engagement", "add", "acme/dc-exit")
            bring(command, folder, SERVERS)
            yield command


@pytest.fixture
def after_discovery(tmp_path: Path) -> Iterator[Command]:
    with platform_with_a_sixth_flow(tmp_path, follows="discovery") as command:
        yield command


@pytest.fixture
def after_assess(tmp_path: Path) -> Iterator[Command]:
    with platform_with_a_sixth_flow(tmp_path, follows="assess") as command:
        yield command


def bring(flow: Command, folder: Path, text: str) -> None:
    file = folder / "servers.csv"
    file.write_text(text, encoding="utf-8")
    flow.ok("import", "acme/dc-exit", file)
    flow.ok("run", "acme/dc-exit")


def rows(flow: Command, query: str) -> list[str]:
    return flow.ok("sql", "acme/dc-exit", "--csv", "-c", query).splitlines()[1:]


def test_a_sixth_flow_has_tracking_a_gate_a_hand_off_edits_trace_and_rollback(after_discovery: Command) -> None:
    flow = after_discovery
    flow.ok("run", "acme/dc-exit", "--flow", "review")
    assert rows(flow, SCORES) == ["web002,6", "web01,5"]

    phases = "SELECT phase_name, status FROM platform.flow_phases WHERE flow_type = 'review' ORDER BY phase_order"
    assert rows(flow, phases) == ["handoff,completed", "scoring,completed"]
    flows = "SELECT status, progress_percentage, source_flow_type FROM platform.migration_flows WHERE flow_type = "
    assert rows(flow, flows + "'review'") == ["completed,100,discovery"]
    handoffs = "SELECT handoff_type, handoff_status FROM platform.flow_handoffs"
    assert rows(flow, handoffs) == ["discovery_to_review,completed"]
    entities = "SELECT count(*) FROM platform.flow_data_entities WHERE entity_type = 'score' AND is_active"
    assert rows(flow, entities) == ["2"]

    flow.ok("pin", "acme/dc-exit", "before", "--reason", "to return to")
    flow.ok("edit", "set", "acme/dc-exit", "review/scores", "web01", "score", "77", "--reason", "it is better")
    flow.ok("run", "acme/dc-exit", "--flow", "review")
    assert rows(flow, SCORES) == ["web002,6", "web01,77"]

    trace = flow.ok("trace", "acme/dc-exit", rows(flow, "SELECT server_id FROM review.scores ORDER BY score")[0])
    assert "servers.csv" in trace

    rollback = flow.json("rollback", "acme/dc-exit", "--flow", "review", "--to", "before", "--reason", "it is not")
    assert [move["table"] for move in rollback["moves"]] == ["handoffs/discovery_to_review", "review/scores"]
    assert rollback["rollback"]["integrity_problems"] == []
    assert rows(flow, SCORES) == ["web002,6", "web01,5"]


def test_a_sixth_flow_that_follows_the_second_reads_the_first_as_it_came_through_both_hand_offs(
    after_assess: Command, tmp_path: Path
) -> None:
    flow = after_assess
    flow.ok("run", "acme/dc-exit", "--flow", "assess")
    flow.ok("run", "acme/dc-exit", "--flow", "review")
    assert rows(flow, SCORES) == ["web002,6", "web01,5"]
    handoffs = "SELECT handoff_type FROM platform.flow_handoffs WHERE handoff_status = 'completed' ORDER BY created_at"
    assert rows(flow, handoffs) == ["discovery_to_assess", "assess_to_review"]
    trace = flow.ok("trace", "acme/dc-exit", rows(flow, "SELECT server_id FROM review.scores ORDER BY score")[0])
    assert "servers.csv" in trace

    # What Discovery finds later does not get past the hand-offs, of which none has been made anew but the last.
    bring(flow, tmp_path, SERVERS + "web00003,10.1.1.3,RHEL 8,2,4096\n")
    flow.ok("run", "acme/dc-exit", "--flow", "review")
    assert rows(flow, SCORES) == ["web002,6", "web01,5"]
