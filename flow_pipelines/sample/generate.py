"""Writing a whole sample: the exports of one estate and the truth beside them.

Belongs here: the order in which the parts are drawn and written. Does not: any of the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flow_pipelines.errors import InputError
from flow_pipelines.sample.connections import write_connections
from flow_pipelines.sample.details import CHUNK, machine_templates, retired_servers, server_chunks
from flow_pipelines.sample.edges import Edges, draw_edges
from flow_pipelines.sample.hypervisors import Platform, platform_of
from flow_pipelines.sample.layout import Layout, lay_out
from flow_pipelines.sample.migration_hub import write_migration_hub
from flow_pipelines.sample.relations import stated_tiers, true_relations, write_relations, write_tier_relations
from flow_pipelines.sample.rvtools import RvtoolsExports
from flow_pipelines.sample.servicenow import KnownItems, write_applications, write_databases
from flow_pipelines.sample.servicenow_servers import write_hosts, write_servers
from flow_pipelines.sample.truth import Truth, write_mappings
from flow_pipelines.sample.writing import Ledger, TextExport

SERVERS = range(20, 100_001)
CONNECTIONS = range(100_000_001)
SEEDS = range(1 << 32)
TRUTH = "truth"
# Written first and read before anything is overwritten: it says that the folder is a sample.
MARKER = "sample.txt"
OWN_FILES = ("rvtools*.xlsx", "cmdb_*.csv", "aws_migration_hub.csv", "connections.csv", f"{TRUTH}/*.csv")


@dataclass(frozen=True)
class SampleReport:
    """What was written.

    Attributes:
        files: The exports, as a tool would drop them into a landing folder.
        truth: The folder with the truth about them.
        rows: Data rows by file, `file` or `file/sheet`.
        servers: Servers of the estate, without hypervisor hosts, templates and machines that are gone.
        connections: Observed connections.
        applications: Business applications and shared services.
        databases: Database instances.
        edges: True edges of traffic, noise included.
    """

    files: tuple[Path, ...]
    truth: Path
    rows: Mapping[str, int]
    servers: int
    connections: int
    applications: int
    databases: int
    edges: int


def write_sample(
    out: Path,
    *,
    servers: int,
    connections: int,
    seed: int,
    progress: Callable[[str, int], None] = lambda _file, _rows: None,
) -> SampleReport:
    """Write a sample estate: its exports under `out`, the truth under `out/truth`.

    Args:
        out: A folder that is empty, does not exist, or holds an earlier sample, which is replaced.
        servers: 20 to 100,000; physical and virtual, without hypervisor hosts and retired machines.
        connections: 0 to 100,000,000 observed connections.
        seed: 0 to 4,294,967,295; chooses the client and everything else.
        progress: Called with the name of a file and the data rows just written to it.

    Returns:
        What was written. The same arguments write the same bytes.

    Raises:
        InputError: An argument is out of range, or the folder can't be written to or holds something that is no sample.
    """
    _check(servers, connections, seed)
    try:
        _prepare(out, f"servers={servers}\nconnections={connections}\nseed={seed}\n")
    except OSError as error:
        raise InputError(
            f"{out} can't hold a sample: {error.strerror}.", remedy="Name a folder that you can write to."
        ) from error
    layout = lay_out(servers, seed)
    edges = draw_edges(layout)
    with Ledger(out / TRUTH, progress) as ledger, Truth(out / TRUTH) as truth:
        sample = _Sample(out, layout, platform_of(layout), edges, ledger, truth, KnownItems())
        files = (*sample.write_items(), *sample.write_edges(connections))
        truth.write_estate(layout)
        write_mappings(out / TRUTH, ledger)
    return SampleReport(
        files=files,
        truth=out / TRUTH,
        rows={f"{file}/{sheet}" if sheet else file: count for (file, sheet), count in ledger.counts.items()},
        servers=servers,
        connections=connections,
        applications=len(layout.applications),
        databases=len(layout.databases),
        edges=len(edges),
    )


def _check(servers: int, connections: int, seed: int) -> None:
    problems = [
        f"{name} is {value:,}, not between {allowed[0]:,} and {allowed[-1]:,}"
        for name, value, allowed in (
            ("servers", servers, SERVERS),
            ("connections", connections, CONNECTIONS),
            ("seed", seed, SEEDS),
        )
        if value not in allowed
    ]
    if problems:
        raise InputError(
            f"No sample of this size can be written: {'; '.join(problems)}.", remedy="Choose numbers within the range."
        )


def _prepare(out: Path, marker: str) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file.", remedy="Name a folder for the sample.")
    if out.is_dir() and any(out.iterdir()) and not (out / TRUTH / MARKER).is_file():
        raise InputError(
            f"{out} holds files that are no sample.", remedy="Name an empty folder, or one with an earlier sample."
        )
    (out / TRUTH).mkdir(parents=True, exist_ok=True)
    (out / TRUTH / MARKER).write_text(marker, encoding="utf-8")
    for pattern in OWN_FILES:
        for path in out.glob(pattern):
            path.unlink()


@dataclass(frozen=True)
class _Sample:
    """A sample on its way to its folder."""

    out: Path
    layout: Layout
    platform: Platform
    edges: Edges
    ledger: Ledger
    truth: Truth
    known: KnownItems

    def _table(self, name: str, *, preamble: Sequence[str] = ()) -> TextExport:
        """Open a table of the configuration database, in the style of this client."""
        style = self.layout.company.exports
        path = self.out / f"{name}.csv"
        return TextExport(
            path, name, self.ledger, encoding=style.encoding, delimiter=style.delimiter, preamble=preamble
        )

    def write_items(self) -> list[Path]:
        """Write machines, applications and databases, chunk by chunk."""
        with (
            RvtoolsExports(self.out, self.layout, self.platform, self.ledger) as rvtools,
            self._table("cmdb_ci_server") as servers,
            TextExport(self.out / "aws_migration_hub.csv", "aws_migration_hub", self.ledger) as migration_hub,
        ):
            self._write_machines(rvtools, servers, migration_hub)
        # A saved report carries its title above the header; the other tables are plain exports.
        title = [f"Business applications of {self.layout.company.name}", f"As of {self.layout.words.exported}", ""]
        with self._table("cmdb_ci_appl", preamble=title) as applications:
            write_applications(applications, self.layout, self.known)
        with self._table("cmdb_ci_db_instance") as databases:
            for chunk, start in enumerate(range(0, len(self.layout.databases), CHUNK)):
                part = self.layout.databases.iloc[start : start + CHUNK]
                write_databases(databases, self.layout, chunk, part, self.known)
        exports = (servers, applications, databases, migration_hub)
        return [*rvtools.paths, *(export.path for export in exports)]

    def _write_machines(self, rvtools: RvtoolsExports, servers: TextExport, migration_hub: TextExport) -> None:
        templates = machine_templates(self.layout)
        rvtools.write(0, templates, template=True)
        self.truth.add_servers(self.layout, templates, "template")
        for chunk, live in server_chunks(self.layout):
            retired = retired_servers(self.layout, chunk, live)
            rvtools.write(chunk, live)
            write_servers(servers, self.layout, chunk, live, retired=retired, known=self.known)
            write_migration_hub(migration_hub, self.layout, self.platform, chunk, live)
            self.truth.add_servers(self.layout, live, "live")
            self.truth.add_servers(self.layout, retired, "retired")
        rvtools.write_platform()
        write_hosts(servers, self.layout, self.platform, self.known)

    def write_edges(self, connections: int) -> list[Path]:
        """Write relations and connections, and the true edges with what each source says of them."""
        with self._table("cmdb_rel_ci") as export:
            relations = true_relations(self.layout, self.platform, self.edges)
            self.truth.add_relations(write_relations(export, self.layout, relations, self.known))
            stated = stated_tiers(self.layout, self.edges, self.known)
            write_tier_relations(export, self.edges, stated, self.known)
        path = self.out / "connections.csv"
        observed = write_connections(path, self.layout, self.edges, connections, self.ledger)
        self.truth.add_traffic(self.layout, self.edges, stated, observed)
        return [export.path, path]
