"""`flow sample` and `flow demo`: believable estates to try everything on.

Belongs here: the commands. Does not: how an estate is made up (`flow_pipelines/sample/`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from flow_pipelines.cli.output import console, notices
from flow_pipelines.cli.running import print_summary
from flow_pipelines.cli.summary import summarize
from flow_pipelines.cli.tenants import register_engagement
from flow_pipelines.flows import flow_named
from flow_pipelines.handoffs import approved_tables
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from resources.installation import Installation, landing_root, open_installation
from resources.tenancy import add_client

# Two clients with three engagements: engagement, servers, connections, seed (equal modulo 3 for one client).
DEMO = (
    (Scope("acme", "dc-exit"), 300, 60_000, 1),
    (Scope("acme", "cloud-first"), 80, 10_000, 4),
    (Scope("globex", "hosting-end"), 150, 30_000, 3),
)
DEMO_AS_OF = date(2026, 6, 30)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("sample")(sample)
    app.command("demo")(demo)


def sample(
    out: Annotated[Path, typer.Option(help="Folder for the exports; the truth goes to its subfolder truth/.")],
    servers: Annotated[int, typer.Option(help="20 to 100,000.")] = 300,
    connections: Annotated[int, typer.Option(help="Rows of observed network connections.")] = 60_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files, byte for byte.")] = 1,
) -> None:
    """Write the exports of a made-up enterprise as the real tools would, and the truth beside them."""
    from flow_pipelines.sample import write_sample

    with _spinner() as progress:
        task = progress.add_task("Writing ...")
        report = write_sample(
            out,
            servers=servers,
            connections=connections,
            seed=seed,
            progress=lambda file, rows: progress.update(task, description=f"{file} {rows:,} rows"),
        )
    for name, rows in report.rows.items():
        console().print(f"{rows:>12,} rows  {name}")


def demo() -> None:
    """Run Discovery, Assess and Plan for two clients with three engagements on sample exports, and show the result."""
    from flow_pipelines.cli.run_flow import run_flow

    with open_installation() as installation:
        for scope, servers, connections, seed in DEMO:
            notices().print(f"[bold]{scope}[/]: {servers} servers, {connections:,} connection rows")
            _land_sample(installation, scope, servers=servers, connections=connections, seed=seed)
            for flow in ("discovery", "assess", "plan"):
                _approve(installation, scope, approved_tables(flow_named(flow)))
                run_flow(installation, scope, flow_named(flow))
        for scope, *_ in DEMO:
            print_summary(summarize(installation.database, scope))
    first = DEMO[0][0]
    console().print(
        "\nWhere to look next:\n"
        "  make ui                     the asset graph, runs and checks in Dagster\n"
        f"  .venv/bin/flow sql {first}   the tables in SQL; try: TABLE tech_debt LIMIT 5;\n"
        "  .venv/bin/flow user add acme jane   a login for an analyst, for DBeaver, Excel or a notebook\n"
        f"  {landing_root()}   the files it was made from",
        soft_wrap=True,
    )


def _approve(installation: Installation, scope: Scope, tables: Collection[str]) -> None:
    """Approve some tables as a person would, but for what is approved already."""
    from resources.approvals import ApprovalStore
    from resources.snapshots import SnapshotStore

    store, current = ApprovalStore(installation.database), SnapshotStore(installation.database).current(scope, tables)
    for table in current.keys() - store.of_snapshots(scope, current.values()).keys():
        store.approve(scope, table, by="the demo", reason="so that the demo goes on to Plan; a person would look first")


def _land_sample(installation: Installation, scope: Scope, *, servers: int, connections: int, seed: int) -> None:
    from flow_pipelines.sample import write_sample
    from resources.landing import Landing

    add_client(installation.database, scope.client)
    register_engagement(installation, scope, EngagementSettings(as_of=DEMO_AS_OF))
    with tempfile.TemporaryDirectory(prefix="flow-sample-") as folder, _spinner() as progress:
        progress.add_task("Writing its exports ...")
        report = write_sample(Path(folder) / "exports", servers=servers, connections=connections, seed=seed)
        Landing(landing_root()).land(scope, report.files)


def _spinner() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=notices(), transient=True)
