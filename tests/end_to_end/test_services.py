"""Web server and daemon as `flow up` starts them: a file that lands is discovered without anybody's command."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from flow_pipelines.tables import output_tables
from tests.end_to_end.test_command import Command

PATIENCE = 150.0
ASSETS = "{ assetNodes { groupName assetKey { path } isPartitioned hasAssetChecks opVersion } }"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Command, str]]:
    """The command on an installation whose services run, and their address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Command(tmp_path / "state")
    command.ok("client", "add", "acme")
    command.ok("engagement", "add", "acme/dc-exit")
    assert f"http://127.0.0.1:{port}" in command.ok("up", "--port", str(port))
    try:
        yield command, f"http://127.0.0.1:{port}"
    finally:
        assert "Stopped" in command.ok("down")


def ask(address: str, query: str) -> dict[str, list[dict[str, object]]]:
    body = json.dumps({"query": query}).encode()
    with urlopen(Request(f"{address}/graphql", body, {"Content-Type": "application/json"}), timeout=60) as answer:
        return json.load(answer)["data"]


def test_a_landed_file_is_discovered_by_the_daemon(served: tuple[Command, str], tmp_path: Path) -> None:
    command, address = served
    assets = ask(address, ASSETS)["assetNodes"]
    assert {"/".join(asset["assetKey"]["path"]) for asset in assets} == set(output_tables())
    assert {asset["groupName"] for asset in assets} == {key.split("/")[0] for key in output_tables()}
    assert all(asset["isPartitioned"] and asset["hasAssetChecks"] and asset["opVersion"] for asset in assets)
    assert address in command.ok("up")

    landing = tmp_path / "state" / "landing" / "acme" / "dc-exit"
    landing.mkdir(parents=True)
    file = landing / "servers.csv"
    file.write_text("hostname,ip_address,os\nweb01,10.1.1.1,RHEL 8\nweb02,10.1.1.2,RHEL 8\n", encoding="utf-8")
    past = time.time() - 60
    os.utime(file, (past, past))

    deadline = time.monotonic() + PATIENCE
    while not (figures := command.json("status", "acme/dc-exit")[0]["figures"]):
        assert time.monotonic() < deadline, (tmp_path / "state" / "services.log").read_text(encoding="utf-8")[-4000:]
        time.sleep(2)
    assert figures["servers"] == 2
    runs = ask(address, "{ runsOrError { ... on Runs { results { jobName status tags { key value } } } } }")
    results = runs["runsOrError"]["results"]  # type: ignore[call-overload]
    # Newest first: what the daemon starts by itself after Discovery comes before it.
    assert results[-1]["jobName"] == "discovery"
    tags = {tag["key"]: tag["value"] for tag in results[-1]["tags"]}
    assert (tags["flow/client"], tags["flow/engagement"]) == ("acme", "acme/dc-exit")
    assert tags["dagster/sensor_name"] == "landing_folder"
