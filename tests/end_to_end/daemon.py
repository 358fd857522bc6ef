"""The services as `flow up` starts them, seen through the `flow` command, Dagster's own API and an analyst's login.

Belongs here: starting them, landing files, waiting for what they do. Does not: what they must do (`test_daemon.py`).
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg

from tests.end_to_end.command import Command, Run

# How long nothing at all may happen to any run: between two things that do, a sensor's 15 s pass and a process starts.
PATIENCE, POLL_SECONDS = 240.0, 1.0
PROGRESS = "{ runsOrError { ... on Runs { results { runId status updateTime } } } }"
ACTIVE = "[QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]"
ACTIVE_RUNS = (
    '{ runsOrError(filter: {statuses: %s, tags: [{key: "flow/engagement", value: "%s"}]}) { ... on Runs { count } } }'
)
RUNS = '{ runsOrError(filter: {tags: [{key: "flow/engagement", value: "%s"}]}) { ... on Runs { count } } }'
TICKS = """{ repositoriesOrError { ... on RepositoryConnection { nodes { sensors {
    name sensorState { ticks(limit: 100, statuses: [SUCCESS, SKIPPED]) { timestamp } }
} } } } }"""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Services:
    """Running services and their address."""

    command: Command
    state: Path
    address: str

    def land(self, scope: str, text: str) -> None:
        """Put a file where the daemon finds it, settled already."""
        folder = self.state / "landing" / scope
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "servers.csv"
        file.write_text(text, encoding="utf-8")
        past = time.time() - 60 + len(text) / 100
        os.utime(file, (past, past))

    def ask(self, query: str) -> Any:  # noqa: ANN401  (whatever was asked for)
        """Ask Dagster's web server."""
        body = json.dumps({"query": query}).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{self.address}/graphql", body, headers), timeout=60) as answer:
            return json.load(answer)["data"]

    def count_of_runs(self, scope: str) -> int:
        """Count an engagement's runs, those that wait in the queue included."""
        return int(self.ask(RUNS % scope)["runsOrError"]["count"])

    def wait_until_quiet(self, scope: str) -> None:
        """Wait until no run of an engagement waits or goes on, and the daemon has looked since and started none."""
        active = ACTIVE_RUNS % (ACTIVE, scope)

        def idle() -> bool:
            return bool(self.ask(active)["runsOrError"]["count"] == 0)

        while True:
            self.wait_until(idle, f"runs of {scope}")
            self.wait_for_ticks(1, since=time.time())
            if idle():
                return

    def wait_for_ticks(self, number: int, *, since: float) -> None:
        """Wait until each of the daemon's sensors has begun and ended some ticks since a time."""

        def fewest() -> int:
            sensors = self.ask(TICKS)["repositoriesOrError"]["nodes"][0]["sensors"]
            return min(sum(tick["timestamp"] > since for tick in one["sensorState"]["ticks"]) for one in sensors)

        self.wait_until(lambda: fewest() >= number, f"{number} ticks")

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds, for as long as runs get on; the services' log says why they do not."""
        happened, since = None, time.monotonic()
        while not holds():
            if (now := self.ask(PROGRESS)) != happened:
                happened, since = now, time.monotonic()
            log = (self.state / "services.log").read_text(encoding="utf-8")
            assert time.monotonic() - since < PATIENCE, f"{what}\n{log[-6000:]}"
            time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Analyst:
    """Somebody who reads a client's tables while the services work on them."""

    services: Services
    connection: psycopg.Connection

    def rows(self, query: str) -> Rows:
        return self.connection.execute(query.encode()).fetchall()

    def wait_for(self, query: str, expected: Callable[[Rows], bool]) -> Rows:
        """Wait until a query finds what is expected, and return it."""
        found: Rows = []

        def holds() -> bool:
            found[:] = self.rows(query)
            return expected(found)

        self.services.wait_until(holds, query)
        return found


@contextmanager
def services(state: Path, run: Run, *scopes: str) -> Iterator[Services]:
    """Start the services of an installation with some engagements."""
    command = Command(state, run)
    for scope in scopes:
        command.ok("client", "add", scope.split("/")[0])
        command.ok("engagement", "add", scope)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    assert address in command.ok("up", "--port", str(port))
    try:
        yield Services(command, state, address)
    finally:
        assert "Stopped" in command.ok("down")


@contextmanager
def analyst(of: Services, client: str) -> Iterator[Analyst]:
    """Log in as an analyst of a client."""
    url = of.command.ok("user", "add", client, "jane").split()[-1]
    with psycopg.connect(url, autocommit=True) as connection:
        yield Analyst(of, connection)
