"""`flow demo`: whole programmes on made-up estates, from exports to the last report.

Belongs here: the command, and which story it tells. Does not: how an estate (`flow_pipelines/sample/`) and what its
people tell (`flow_pipelines/sample/progress.py`) are made up.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import typer

from flow_pipelines.cli.output import console, notices
from flow_pipelines.cli.running import print_summary
from flow_pipelines.cli.sampling import spinner
from flow_pipelines.cli.summary import summarize
from flow_pipelines.cli.tenants import register_engagement
from flow_pipelines.flows import FLOWS, flow_named
from flow_pipelines.handoffs import approved_tables
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from resources.installation import Installation, landing_root, open_installation
from resources.tenancy import add_client, change_settings

# Two clients with three engagements: engagement, servers, connections, seed (equal modulo 3 for one client).
ESTATES = (
    (Scope("acme", "dc-exit"), 300, 60_000, 1),
    (Scope("acme", "cloud-first"), 80, 10_000, 4),
    (Scope("globex", "hosting-end"), 150, 30_000, 3),
)
AS_OF = date(2026, 6, 30)
# Of which engagement people tell, from the first wave to the end.
TOLD = ESTATES[0][0]
UNTIL_PLAN = ("discovery", "assess", "plan")
EVER = datetime(2100, 1, 1, tzinfo=UTC)


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the `flow` command."""
    app.command("demo")(demo)


def demo() -> None:
    """Run two clients' three engagements on sample exports; one of them through all five flows, to its last report."""
    from flow_pipelines.cli.run_flow import run_flow

    with open_installation() as installation:
        for scope, servers, connections, seed in ESTATES:
            notices().print(f"[bold]{scope}[/]: {servers} servers, {connections:,} connection rows")
            _land_sample(installation, scope, servers=servers, connections=connections, seed=seed)
            for flow in UNTIL_PLAN:
                _approve(installation, scope, approved_tables(flow_named(flow)))
                run_flow(installation, scope, flow_named(flow))
        for moment, happened in _story(installation):
            notices().print(f"[bold]{TOLD}[/]: until {moment:%Y-%m-%d}, {happened}")
            # What is told of a day after the one as of which an engagement is looked at is still to come.
            change_settings(installation.database, TOLD, EngagementSettings(as_of=moment.date()))
            run_flow(installation, TOLD, flow_named("execute"))
            _print_report(installation)
        run_flow(installation, TOLD, FLOWS[-1])
        for scope, *_ in ESTATES:
            print_summary(summarize(installation.database, scope))
    console().print(
        "\nWhere to look next:\n"
        "  make ui                     the asset graph, runs and checks in Dagster\n"
        f"  .venv/bin/flow dossier {TOLD}   all of it as one page for a browser\n"
        f"  .venv/bin/flow sql {TOLD}   the tables in SQL; try: TABLE execution_report;\n"
        "  .venv/bin/flow user add acme jane   a login for an analyst, for DBeaver, Excel or a notebook\n"
        f"  {landing_root()}   the files it was made from",
        soft_wrap=True,
    )


def _story(installation: Installation) -> Iterator[tuple[datetime, str]]:
    """Land what people have told by each of three days, and yield the day and what happened until then."""
    from flow_pipelines.sample.progress import drawn_updates
    from resources.landing import UPDATES, Landing
    from resources.snapshots import SnapshotStore

    store = SnapshotStore(installation.database)
    current = store.current(TOLD, ["plan/timeline", "plan/timeline_links"])
    timeline, links = (store.read(TOLD, current[key]) for key in ("plan/timeline", "plan/timeline_links"))
    everything = drawn_updates(timeline, links, until=EVER, seed=1)
    cutover = timeline.loc[timeline["kind"] == "cutover", "planned_start"].min()
    backed_out = everything.loc[everything["state"] == "rolled back", "at"].min()
    told: pd.DataFrame = everything.head(0)
    for number, (moment, words) in enumerate(
        (
            (cutover - timedelta(days=2), "the first wave is prepared"),
            (backed_out + timedelta(days=1), "a cutover of the second wave was backed out"),
            (everything["at"].max(), "all that was planned is done"),
        ),
        start=1,
    ):
        told, before = everything[everything["at"] <= moment], told
        with tempfile.TemporaryDirectory(prefix="flow-updates-") as folder:
            file = Path(folder) / f"updates-{number}.csv"
            told.iloc[len(before) :].to_csv(file, index=False)
            Landing(landing_root()).land(TOLD, [file], subfolder=UPDATES)
        yield moment, words


def _print_report(installation: Installation) -> None:
    """Print how far the programme is, in a line."""
    from resources.snapshots import SnapshotStore

    store = SnapshotStore(installation.database)
    rows = store.read(TOLD, store.current(TOLD, ["execute/execution_report"])["execute/execution_report"])
    whole = rows[rows["wave_number"].isna()].iloc[0]
    console().print(
        f"  {whole['share_done']:.0%} of the work is done ({whole['share_due']:.0%} should be); planned end "
        f"{whole['planned_end']:%Y-%m-%d}, forecast {whole['forecast_end']:%Y-%m-%d}, with 80 % by "
        f"{whole['forecast_end_likely']:%Y-%m-%d}; "
        f"{whole['cost_to_date_usd']:,.0f} of {whole['planned_cost_usd']:,.0f} USD",
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
    register_engagement(installation, scope, EngagementSettings(as_of=AS_OF))
    with tempfile.TemporaryDirectory(prefix="flow-sample-") as folder, spinner() as progress:
        progress.add_task("Writing its exports ...")
        report = write_sample(Path(folder) / "exports", servers=servers, connections=connections, seed=seed)
        Landing(landing_root()).land(scope, report.files)
