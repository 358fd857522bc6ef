"""What somebody meets on the first day: nothing there yet, slips of the pen, ports that are taken."""

from __future__ import annotations

import socket
from pathlib import Path

import psycopg
import pytest

from resources.local_server import lease
from tests.end_to_end.command import Command, cold


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command on an installation with one engagement without files."""
    command = Command(tmp_path_factory.mktemp("installation") / "state", cold)
    assert "flow client add acme && flow engagement add acme/dc-exit\n" in command.ok("status", columns=60)
    assert command.ok("client", "add", "acme") == "Client account acme added.\n"
    assert "added" in command.ok("engagement", "add", "acme/dc-exit")
    return command


def test_what_is_there_already_is_left_alone_and_said_so(flow: Command, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("as_of: 2026-03-31\n", encoding="utf-8")
    assert "was there already" in flow.ok("client", "add", "acme")
    assert "new settings, as of 2026-03-31" in flow.ok("engagement", "add", "acme/dc-exit", "--settings", settings)
    settings.write_text("noise_ports: [8089]\n", encoding="utf-8")
    assert "new settings, as of 2026-03-31" in flow.ok("engagement", "add", "acme/dc-exit", "--settings", settings)
    assert "was there already, as of 2026-03-31" in flow.ok("engagement", "add", "acme/dc-exit")
    assert flow.json("client", "list") == ["acme"]
    assert flow.ok("engagement", "list") == "acme/dc-exit\n"


def test_a_run_without_files_says_how_to_bring_some(flow: Command) -> None:
    message = flow.fails("run", "acme/dc-exit", code=7)
    assert "no files have landed yet" in message
    assert "flow import" in message


def test_slips_are_one_line(flow: Command) -> None:
    for arguments, code, words in (
        (("sample", "--out", "/etc/passwd/x"), 5, "/etc/passwd/x"),
        (("client", "add", "Acme"), 3, "not a valid client name"),
        (("engagement", "add", "acme/Exit"), 3, "not a valid engagement name"),
    ):
        message = flow.fails(*arguments, code=code)
        assert len(message.strip().splitlines()) == 1
        assert words in message
    assert "flow-pipelines 0." in flow.ok("--version")
    assert "modernize" in flow.ok("run", "--help")


def test_services_refuse_a_port_that_they_cannot_have(flow: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        message = flow.fails("up", "--port", str(taken.getsockname()[1]), code=9)
    assert "in use" in message
    assert len(message.strip().splitlines()) == 1
    flow.fails("up", "--port", "99999", code=2)
    assert "Nothing is running" in flow.ok("down")


def test_services_refuse_a_database_newer_than_the_code(tmp_path: Path) -> None:
    command = Command(tmp_path / "state", cold)
    command.ok("client", "add", "acme")
    with lease(tmp_path / "state") as address, psycopg.connect(address.url("flow_owner", driver="postgresql")) as owner:
        owner.execute("UPDATE platform.alembic_version SET version_num = '9999'")
    message = command.fails("up", code=8)
    assert "newer version" in message
    assert len(message.strip().splitlines()) == 1
