"""The story of an engagement, told by its daemon: what starts by itself, what stops it, and the way back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.end_to_end.test_command import Command
from tests.end_to_end.test_services import served

__all__ = ["served"]

PATIENCE = 240.0
SCOPE = "acme/dc-exit"
GOOD = "hostname,ip_address,os,cpus,memory mb\nweb01,10.1.1.1,RHEL 8,4,8192\ndb01,10.1.1.2,RHEL 8,8,\n"
BAD = "hostname,ip_address,os,cpus,memory mb\nweb01,10.1.1.1,Windows 2003,1,64\nghost01,10.9.9.9,RHEL 5,1,64\n"
VERSIONS = "SELECT table_key, snapshot_id FROM platform.current_snapshots ORDER BY table_key"
OVERVIEW = "SELECT workload_name, readiness FROM assess.assessment_overview ORDER BY workload_name"


def rows(command: Command, query: str) -> list[str]:
    return command.ok("sql", SCOPE, "--csv", "-c", query).splitlines()[1:]


def wait_for(command: Command, query: str, expected: Callable[[list[str]], bool]) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    while not expected(found := rows(command, query)):
        log = Path(command.environment["FLOW_STATE"]) / "services.log"
        assert time.monotonic() < deadline, f"{query}: {found}\n{log.read_text(encoding='utf-8')[-6000:]}"
        time.sleep(2)
    return found


def land(command: Command, name: str, text: str) -> None:
    folder = Path(command.environment["FLOW_STATE"]) / "landing" / "acme" / "dc-exit"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    past = time.time() - 60 + len(text) / 100
    os.utime(file, (past, past))


def count_of_runs(command: Command) -> int:
    return int(rows(command, "SELECT count(*) FROM platform.phase_runs")[0])


def test_from_import_to_rollback_and_forward_again(served: tuple[Command, str]) -> None:
    command, _ = served
    analyst = psycopg.connect(command.ok("user", "add", "acme", "jane").split()[-1], autocommit=True)
    handoffs = "SELECT handoff_status FROM platform.flow_handoffs ORDER BY created_at"
    assess = "SELECT status FROM platform.migration_flows WHERE flow_type = 'assess'"

    # A file lands, Discovery starts by itself, the hand-off after it; a rule fails, and Assess does not start.
    land(command, "servers.csv", GOOD)
    wait_for(command, handoffs, lambda found: found == ["failed"])
    [finding] = rows(
        command,
        "SELECT error FROM platform.phase_runs WHERE phase_name = 'handoff' AND status = 'failed'",
    )
    assert "db01" in finding
    assert rows(command, OVERVIEW) == []

    # A person mends it; Discovery runs again by itself, the hand-off passes, Assess starts by itself.
    message = command.ok(
        "edit", "set", SCOPE, "discovery/inventory", "db01", "memory_mib", "16384", "--reason", "asked the owner"
    )
    assert "discovery" in message
    wait_for(command, assess, lambda found: found == ["completed"])
    assert rows(command, handoffs) == ["failed", "completed"]
    assert len(rows(command, OVERVIEW)) == 2
    command.ok("pin", SCOPE, "agreed", "--reason", "the architects agreed")
    agreed = rows(command, VERSIONS)
    seen_by_analyst = analyst.execute(OVERVIEW).fetchall()
    assert len(seen_by_analyst) == 2

    # Equal data starts nothing.
    command.ok("run", SCOPE)
    before = count_of_runs(command)

    # A bad file lands and goes all the way; one rollback takes all of it back, for analysts too.
    land(command, "servers.csv", BAD)
    wait_for(command, OVERVIEW, lambda found: any(row.startswith("ghost01") for row in found))
    assert rows(command, handoffs).count("completed") == 2, "a re-run with equal data was handed over"
    assert count_of_runs(command) > before
    dry = command.json("rollback", SCOPE, "--to", "agreed", "--scope", "cascade", "--dry-run")
    assert rows(command, VERSIONS) != agreed
    done = command.json("rollback", SCOPE, "--to", "agreed", "--scope", "cascade", "--reason", "the export was wrong")
    assert dry["moves"] == done["moves"]
    assert done["rollback"]["integrity_problems"] == []
    assert rows(command, VERSIONS) == agreed
    assert analyst.execute(OVERVIEW).fetchall() == seen_by_analyst

    # Automation leaves it so, over several ticks.
    quiet = count_of_runs(command)
    time.sleep(35)
    assert count_of_runs(command) == quiet
    assert rows(command, VERSIONS) == agreed

    # And forward again, to what was there before the rollback.
    [forward] = rows(command, "SELECT name FROM platform.pins WHERE kind = 'rollback'")
    command.ok("rollback", SCOPE, "--to", forward, "--scope", "cascade", "--reason", "it was right after all")
    assert any(row.startswith("ghost01") for row in rows(command, OVERVIEW))
    analyst.close()
