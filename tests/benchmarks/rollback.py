"""How long a rollback takes at two sizes, and what tracking costs a phase.

Belongs here: made-up rows of every table, a rollback of all flows, the parts of its time. Does not: Discovery itself
(`speed.py`). Run as a process of its own: `python -m tests.benchmarks.rollback SERVERS`, in an empty state folder.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from uuid import uuid4

import pandas as pd

from flow_pipelines.cli.run_rollback import run_rollback
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from resources.database import Database
from resources.event_tables import rollbacks
from resources.installation import open_installation
from resources.phase_runs import tracked
from resources.pins import set_pin
from resources.rollback_impact import impact_of
from resources.rollbacks import Request
from resources.snapshots import SnapshotStore
from resources.tenancy import add_client, add_engagement
from tests.resources.views.happenings import row

SCOPE = Scope("bench", "rollback")
TRACKED_PHASES = 200


@dataclass(frozen=True)
class RollbackReport:
    """What one rollback of all tables took.

    Attributes:
        servers: Rows of each table.
        rows: Rows of all tables.
        impact_seconds: Telling what would change, which reads both versions.
        pointer_seconds: From registering it to the transaction in which all pointers moved.
        run_seconds: The whole Dagster run.
        check_seconds: Hashing every row again and the other checks.
        tracking_milliseconds: Writing down that a phase began and ended, median of 200.
    """

    servers: int
    rows: int
    impact_seconds: float
    pointer_seconds: float
    run_seconds: float
    check_seconds: float
    tracking_milliseconds: float


def measure_rollbacks(sizes: list[int], progress: Callable[[str], None]) -> list[RollbackReport]:
    """Measure each size in a process and an installation of its own."""
    reports = []
    for servers in sizes:
        progress(f"{servers:,} rows in each table: rollback")
        with tempfile.TemporaryDirectory(prefix="flow-benchmark-") as state:
            environment = {**os.environ, "FLOW_STATE": state}
            command = [sys.executable, "-m", "tests.benchmarks.rollback", str(servers)]
            finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if finished.returncode:
                sys.exit(f"The rollback at {servers} failed:\n{finished.stderr}")
            reports.append(RollbackReport(**json.loads(finished.stdout.splitlines()[-1])))
            time.sleep(5)  # the embedded server outlasts its last user by three seconds
    return reports


def measure(servers: int) -> RollbackReport:
    """Publish two versions of every table, return to the first, and tell what took how long."""
    with open_installation() as installation:
        database = installation.database
        add_client(database, SCOPE.client)
        add_engagement(database, SCOPE, EngagementSettings(as_of=date(2026, 6, 30)))
        rows = 0
        for version in ("first", "second"):
            rows = _publish(database, servers, version)
            with database.in_scope(SCOPE) as connection:
                set_pin(connection, SCOPE, kind="person", reason="benchmark", by="benchmark", name=version)
        request = Request("cascade", "discovery", None, (), "first", "benchmark", "benchmark")
        began = time.monotonic()
        impact = impact_of(database, SCOPE, request)
        told = time.monotonic()
        done = run_rollback(installation, SCOPE, request, impact)
        with database.in_scope(SCOPE) as connection:
            executed = connection.execute(rollbacks.select()).one()
        return RollbackReport(
            servers=servers,
            rows=rows,
            impact_seconds=told - began,
            pointer_seconds=(executed.executed_at - executed.created_at).total_seconds(),
            run_seconds=done.seconds,
            check_seconds=done.check_seconds,
            tracking_milliseconds=_tracking_milliseconds(database),
        )


def _publish(database: Database, servers: int, version: str) -> int:
    store = SnapshotStore(database)
    for key, table in output_tables().items():
        keys = table.info["key"]
        template = pd.DataFrame([row(table)])
        frame = template.loc[template.index.repeat(servers)].reset_index(drop=True)
        made_up = [str(uuid4()) for _ in range(servers)]
        frame = conform(frame.assign(**dict.fromkeys(keys, made_up)), table)
        written = store.write(SCOPE, {key: frame}, inputs=[], run_id=version, code_version="1")
        store.publish(SCOPE, written)
    return servers * len(output_tables())


def _tracking_milliseconds(database: Database) -> float:
    taken = []
    for _ in range(TRACKED_PHASES):
        began = time.monotonic()
        with tracked(database, SCOPE, flow="discovery", phase="inventory", run_id="benchmark"):
            pass
        taken.append((time.monotonic() - began) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(measure(int(sys.argv[1])))) + "\n")
