"""The truth beside a sample estate, as tables that quality can be measured against.

Belongs here: mappings, servers, applications, databases and edges as they really are. Does not: which row is about
what, which is noted while rows are written (`writing.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.sample.details import server_id
from flow_pipelines.sample.edges import PROTOCOLS, Edges, Purpose
from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.randomness import Integers
from flow_pipelines.sample.relations import Relation
from flow_pipelines.sample.rvtools_machines import application_names, server_numbers
from flow_pipelines.sample.servicenow import application_id, database_id, database_names
from flow_pipelines.sample.writing import Ledger, TableWriter, source_columns

SERVERS = (
    "true_server_id", "name", "fqdn", "ip_addresses", "mac_addresses", "bios_uuid", "vm_uuid", "serial_number",
    "is_virtual", "state", "environment", "tier", "os_product", "os_cycle", "cpu_count", "memory_mib", "storage_gib",
    "owner", "applications",
)  # fmt: skip
APPLICATIONS = ("true_application_id", "name", "code", "criticality", "business_unit", "owner", "is_infrastructure")
DATABASES = ("true_database_id", "name", "true_server_id", "true_application_id", "product", "cycle", "version", "port")
EDGES = (
    "source_type", "source_id", "target_type", "target_id", "kind", "port", "protocol", "purpose", "is_noise",
    "in_cmdb", "observed_connections",
)  # fmt: skip
# Edges turned into text at a time.
CHUNK = 50_000


class Truth:
    """The tables of truth of an estate, in one folder; servers and edges grow as they are drawn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._servers = self._table("servers.csv", SERVERS)
        self._memberships = self._table("server_applications.csv", ("true_server_id", "true_application_id"))
        self._edges = self._table("edges.csv", EDGES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _table(self, name: str, header: Iterable[str]) -> TableWriter:
        return self._stack.enter_context(TableWriter(self._folder / name, list(header)))

    def add_servers(self, layout: Layout, frame: pd.DataFrame, state: str) -> None:
        """Add servers, live, retired or templates, with their true values and applications."""
        words = layout.words
        systems = [words.operating_systems[number] for number in frame["operating_system"]]
        own = layout.applications.iloc[frame["application"].to_numpy()]
        names = application_names(layout, frame)
        lists = [
            [" ".join(filter(None, pair)) for pair in zip(frame[first], frame[second], strict=True)]
            for first, second in (("address", "second_address"),)
        ]
        adapters = [
            f"{mac} {other}" if second else mac
            for mac, other, second in zip(frame["mac"], frame["second_mac"], frame["second_address"], strict=True)
        ]
        columns = (
            frame["true_id"], frame["name"], frame["fqdn"], lists[0], adapters, frame["bios_uuid"], frame["vm_uuid"],
            frame["serial_number"], frame["is_virtual"], [state] * len(frame),
            [words.environments[number].key for number in frame["environment"]],
            [words.tier_keys[number] for number in frame["tier"]],
            [one.product for one in systems], [one.cycle for one in systems], frame["cpus"], frame["memory_mib"],
            frame["storage_gib"], own["owner"], ["; ".join(one) for one in names],
        )  # fmt: skip
        self._servers.add(zip(*columns, strict=True))
        for true_id, number, first in zip(frame["true_id"], server_numbers(frame), frame["application"], strict=True):
            further = layout.further_applications.get(number, [])
            self._memberships.add((true_id, application_id(one)) for one in [int(first), *further] if number >= 0)

    def add_relations(self, relations: Iterable[tuple[Relation, bool]]) -> None:
        """Add the structure of the estate, with whether the configuration database states it."""
        self._edges.add(
            (one.parent_type, one.parent, one.child_type, one.child, one.kind, "", "", "structure", False, stated, 0)
            for one, stated in relations
        )

    def add_traffic(self, layout: Layout, edges: Edges, stated: npt.NDArray[np.bool_], observed: Integers) -> None:
        """Add the edges of traffic, with how often each was observed."""
        count = len(layout.servers)
        outside = [
            ("unknown" if ours else "external", address)
            for address, ours in zip(edges.outside_addresses, edges.outside_are_ours, strict=True)
        ]
        purposes = [(one.name.lower(), one.is_noise) for one in Purpose]
        for start in range(0, len(edges), CHUNK):
            part = slice(start, start + CHUNK)
            columns = (edges.source, edges.target, edges.port, edges.protocol, edges.purpose, stated, observed)
            for source, target, port, protocol, purpose, in_cmdb, seen in zip(
                *(column[part].tolist() for column in columns), strict=True
            ):
                ends = [("server", server_id(end)) if end < count else outside[end - count] for end in (source, target)]
                self._edges.add(
                    [(*ends[0], *ends[1], "connects_to", port, PROTOCOLS[protocol], *purposes[purpose], in_cmdb, seen)]
                )

    def write_estate(self, layout: Layout) -> None:
        """Write the applications and the database instances."""
        frame = layout.applications
        columns = [frame[name] for name in ("name", "code", "criticality", "business_unit", "owner", "infrastructure")]
        ids = [application_id(number) for number in frame.index]
        with TableWriter(self._folder / "applications.csv", APPLICATIONS) as table:
            table.add(zip(ids, *columns, strict=True))
        releases = [layout.words.databases[number] for number in layout.databases["release"]]
        engines = [layout.words.database_engines[one.engine] for one in releases]
        keys = layout.databases[["server", "application", "ordinal"]].itertuples(index=False, name=None)
        with TableWriter(self._folder / "databases.csv", DATABASES) as table:
            table.add(
                (database_id(server, ordinal), name, server_id(server), application_id(application), engine.product,
                 release.cycle, release.version, engine.port)
                for (server, application, ordinal), name, release, engine in zip(
                    keys, database_names(layout, layout.databases), releases, engines, strict=True
                )
            )  # fmt: skip


def write_mappings(folder: Path, ledger: Ledger) -> None:
    """Write which attribute each column of each written file holds, and how many data rows each file has."""
    with TableWriter(
        folder / "mappings.csv", ("source_file", "sheet", "source_column", "attribute", "also_right")
    ) as table:
        for (file, sheet), (export, kind) in ledger.columns.items():
            table.add((file, sheet, one.column, one.attribute, one.also_right) for one in source_columns(export, kind))
    with TableWriter(folder / "rows.csv", ("source_file", "sheet", "data_rows")) as table:
        table.add((file, sheet, count) for (file, sheet), count in ledger.counts.items())
