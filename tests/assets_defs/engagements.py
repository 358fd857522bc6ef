"""Engagements for the tests of flows: opened on a file, and spoken to by the commands that people use.

Belongs here: opening, running, commands, reading rows. Does not: expectations.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from flow_pipelines.cli.main import app
from flow_pipelines.cli.run_flow import run_flow
from flow_pipelines.flows import flow_named
from resources.installation import Installation, landing_root
from resources.landing import Landing
from resources.snapshots import SnapshotStore
from tests.conftest import new_engagement


class Engagement:
    """A new engagement whose people speak to it by `flow`."""

    def __init__(self, installation: Installation, folder: Path, servers: str) -> None:
        """Open an engagement into whose landing folder a file of servers has come."""
        self.scope, self.store = new_engagement(installation), SnapshotStore(installation.database)
        self.installation = installation
        file = folder / "servers.csv"
        file.write_text(servers, encoding="utf-8")
        Landing(landing_root()).land(self.scope, [file])

    def run(self, *flows: str) -> None:
        for flow in flows:
            run_flow(self.installation, self.scope, flow_named(flow))

    def run_to_plan(self) -> None:
        """Run Discovery and Assess, approve what came out, and run Plan."""
        self.run("discovery", "assess")
        self.command("approve", "--by", "Ann", "--reason", "agreed in the board")
        self.run("plan")

    def command(self, name: str, *words: str) -> str:
        finished = CliRunner(env={"COLUMNS": "250"}).invoke(app, [*name.split(), str(self.scope), *words])
        if finished.exception:
            raise finished.exception
        return finished.stdout

    def edit(self, *cell: str) -> None:
        self.command("edit set", *cell, "--by", "Ann", "--reason", "it is agreed")

    def frame(self, table_key: str) -> pd.DataFrame:
        return self.store.read(self.scope, self.store.current(self.scope)[table_key])
