"""What the daemon does by itself and what it leaves alone: an engagement's story, beside one that stands still."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from flow_pipelines.tables import output_tables
from tests.end_to_end.command import Run
from tests.end_to_end.daemon import Analyst, Services, analyst, services

TOLD, STILL = "acme/dc-exit", "globex/move"
HEADER = "hostname,ip_address,os,cpus,memory mb\n"
GOOD = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\ndb01,10.1.1.2,RHEL 8,8,\n"
BAD = HEADER + "web01,10.1.1.1,Windows 2003,1,64\nghost01,10.9.9.9,RHEL 5,1,64\n"
COMPLETE = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\nweb02,10.1.1.2,RHEL 8,4,8192\n"
VERSIONS = "SELECT table_key, snapshot_id FROM platform.current_snapshots ORDER BY table_key"
OVERVIEW = "SELECT workload_name, readiness FROM assess.assessment_overview ORDER BY workload_name"
HANDOFFS = "SELECT handoff_status FROM platform.flow_handoffs ORDER BY created_at"
ASSESS = "SELECT status FROM platform.migration_flows WHERE flow_type = 'assess'"
PLAN = "SELECT status FROM platform.migration_flows WHERE flow_type = 'plan'"
ASSETS = "{ assetNodes { groupName assetKey { path } isPartitioned hasAssetChecks opVersion } }"
FIRST_RUN = """{ runsOrError(filter: {tags: [{key: "flow/engagement", value: "%s"}]}) { ... on Runs {
    results { jobName tags { key value } }
} } }"""
# In the first tick the daemon sees what has changed; in the second, what it held back in the first.
SEVERAL = 2


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, warm_flow: Run) -> Iterator[Services]:
    """Services into whose landing folders two engagements' first files have just come."""
    with services(tmp_path_factory.mktemp("installation") / "state", warm_flow, TOLD, STILL) as started:
        started.land(TOLD, GOOD)
        started.land(STILL, COMPLETE)
        yield started


@pytest.fixture(scope="module")
def acme(running: Services) -> Iterator[Analyst]:
    with analyst(running, "acme") as logged_in:
        yield logged_in


@pytest.fixture(scope="module")
def globex(running: Services) -> Iterator[Analyst]:
    with analyst(running, "globex") as logged_in:
        yield logged_in


def holds_workload(rows: list[tuple[object, ...]], name: str) -> bool:
    return any(str(row[0]).startswith(name) for row in rows)


def test_a_landed_file_goes_all_the_way_by_itself(running: Services, globex: Analyst) -> None:
    assets = running.ask(ASSETS)["assetNodes"]
    assert {"/".join(asset["assetKey"]["path"]) for asset in assets} == set(output_tables())
    assert {asset["groupName"] for asset in assets} == {key.split("/")[0] for key in output_tables()}
    assert all(asset["isPartitioned"] and asset["hasAssetChecks"] and asset["opVersion"] for asset in assets)
    assert running.address in running.command.ok("up")

    globex.wait_for(ASSESS, lambda found: found == [("completed",)])
    assert len(globex.rows(OVERVIEW)) == 2
    assert globex.rows(HANDOFFS) == [("completed",)]
    # The newest comes first.
    first = running.ask(FIRST_RUN % STILL)["runsOrError"]["results"][-1]
    tags = {tag["key"]: tag["value"] for tag in first["tags"]}
    assert first["jobName"] == "discovery"
    assert (tags["flow/client"], tags["flow/engagement"]) == ("globex", STILL)
    assert tags["dagster/sensor_name"] == "landing_folder"

    # Only a person lets the plan go on: then the next flow starts by itself.
    assert globex.rows(PLAN) != [("completed",)]
    running.command.ok("approve", STILL, "--by", "Ann", "--reason", "agreed in the board")
    globex.wait_for(PLAN, lambda found: found == [("completed",)])
    # What follows Plan goes on by itself in the meantime.
    assert globex.rows(HANDOFFS)[:2] == [("completed",), ("completed",)]


def test_from_import_to_rollback_and_forward_again(running: Services, acme: Analyst) -> None:
    command = running.command

    # A file lands, Discovery starts by itself, the hand-off after it; a rule fails, and Assess does not start.
    acme.wait_for(HANDOFFS, lambda found: found == [("failed",)])
    failed = "SELECT error FROM platform.phase_runs WHERE phase_name = 'handoff' AND status = 'failed'"
    [[finding]] = acme.wait_for(failed, bool)
    assert "db01" in finding
    assert acme.rows(OVERVIEW) == []

    # A person mends it; Discovery runs again by itself, the hand-off passes, Assess starts by itself.
    mended = ("discovery/inventory", "db01", "memory_mib", "16384")
    assert "discovery" in command.ok("edit", "set", TOLD, *mended, "--reason", "asked the owner")
    acme.wait_for(ASSESS, lambda found: found == [("completed",)])
    assert acme.rows(HANDOFFS) == [("failed",), ("completed",)]
    seen = acme.rows(OVERVIEW)
    assert len(seen) == 2
    command.ok("pin", TOLD, "agreed", "--reason", "the architects agreed")
    agreed = acme.rows(VERSIONS)

    # A bad file lands and goes all the way; one rollback takes all of it back, for analysts too.
    running.land(TOLD, BAD)
    acme.wait_for(OVERVIEW, lambda found: holds_workload(found, "ghost01"))
    running.wait_until_quiet(TOLD)
    assert acme.rows(ASSESS) == [("completed",)]
    assert acme.rows(VERSIONS) != agreed
    dry = command.json("rollback", TOLD, "--to", "agreed", "--scope", "cascade", "--dry-run")
    done = command.json("rollback", TOLD, "--to", "agreed", "--scope", "cascade", "--reason", "the export was wrong")
    rolled_back = time.time()
    assert dry["moves"] == done["moves"]
    assert done["rollback"]["integrity_problems"] == []
    assert acme.rows(VERSIONS) == agreed
    assert acme.rows(OVERVIEW) == seen

    # Automation leaves it so, over several ticks.
    runs = running.count_of_runs(TOLD)
    running.wait_for_ticks(SEVERAL, since=rolled_back)
    assert running.count_of_runs(TOLD) == runs
    assert acme.rows(VERSIONS) == agreed

    # And forward again, to what was there before the rollback.
    [[forward]] = acme.rows("SELECT name FROM platform.pins WHERE kind = 'rollback'")
    command.ok("rollback", TOLD, "--to", forward, "--scope", "cascade", "--reason", "it was right after all")
    assert holds_workload(acme.rows(OVERVIEW), "ghost01")


def test_a_run_that_comes_to_equal_data_starts_nothing(running: Services, globex: Analyst) -> None:
    globex.wait_for(PLAN, lambda found: found == [("completed",)])
    running.wait_until_quiet(STILL)
    before, handed_over = globex.rows(VERSIONS), globex.rows(HANDOFFS)
    running.command.ok("run", STILL)
    run_again, runs = time.time(), running.count_of_runs(STILL)
    assert globex.rows(VERSIONS) != before, "the run published nothing that the daemon could have seen"
    running.wait_for_ticks(SEVERAL, since=run_again)
    assert running.count_of_runs(STILL) == runs
    assert globex.rows(HANDOFFS) == handed_over
