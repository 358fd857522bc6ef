"""RVTools workbooks of a sample estate, and their sheets about hosts, clusters and vCenters.

Belongs here: which workbooks there are and what RVTools 4.7 writes about the platform. Does not: the sheets about
machines (`rvtools_machines.py`) and how a workbook is written (`writing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from flow_pipelines.sample.hypervisors import Platform
from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import Cell, Rows, Spoiler
from flow_pipelines.sample.randomness import Stream, generator, pick
from flow_pipelines.sample.rvtools_machines import machine_sheets, moment
from flow_pipelines.sample.writing import Ledger, WorkbookExport

SHEETS = ("vInfo", "vCPU", "vMemory", "vDisk", "vPartition", "vNetwork", "vSource", "vCluster", "vHost")
UNUSED_SHEETS = ("vHealth", "vMetaData")
# Above this, every vCenter has its own workbook, as nobody exports such an estate in one go.
ONE_WORKBOOK_UP_TO = 5_000


class RvtoolsExports:
    """The workbook of an estate, or one for each vCenter of a large one."""

    def __init__(self, folder: Path, layout: Layout, platform: Platform, ledger: Ledger) -> None:
        self._layout, self._platform = layout, platform
        self._stack = ExitStack()
        self.paths: list[Path] = []
        self._books: list[tuple[WorkbookExport, list[int]]] = []
        numbers = list(range(len(platform.centers)))
        split = len(layout.servers) > ONE_WORKBOOK_UP_TO
        for centers in [[number] for number in numbers] if split else [numbers]:
            center = platform.centers[centers[0]].name.split(".")[0]
            path = folder / (f"rvtools-{center}.xlsx" if split else "rvtools.xlsx")
            book = WorkbookExport(path, "rvtools", (*SHEETS, *UNUSED_SHEETS), ledger)
            self._books.append((self._stack.enter_context(book), centers))
            self.paths.append(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, chunk: int, frame: pd.DataFrame, *, template: bool = False) -> None:
        """Append the virtual machines among some servers to the sheets about machines."""
        machines = frame[frame["is_virtual"]]
        center = np.asarray(self._platform.host_centers)[machines["host"].to_numpy()]
        for number, (book, centers) in enumerate(self._books):
            own = machines[np.isin(center, centers)].reset_index(drop=True)
            stream = 2 * chunk + template + 1_000_000 * number
            spoiler = Spoiler("rvtools", generator(self._layout.seed, Stream.RVTOOLS, stream))
            if len(own):
                for sheet, rows in machine_sheets(self._layout, self._platform, own, spoiler, template=template):
                    book.write(sheet, rows)

    def write_platform(self) -> None:
        """Write the sheets about hosts, clusters and vCenters."""
        for book, centers in self._books:
            for sheet, rows in _platform_sheets(self._layout, self._platform, centers):
                book.write(sheet, rows)


def _platform_sheets(layout: Layout, platform: Platform, centers: Sequence[int]) -> list[tuple[str, Rows]]:
    hosts = [number for number, center in enumerate(platform.host_centers) if center in centers]
    clusters = list({platform.cluster_ids[number]: number for number in hosts}.values())
    own = [platform.centers[number] for number in centers]
    day = layout.words.exported
    host_counts = pd.Series([platform.cluster_ids[number] for number in hosts]).value_counts()
    source: dict[str, list[Cell]] = {"Name": [one.name for one in own], "VI SDK Server": [one.name for one in own]}
    source["VI SDK UUID"] = [one.uuid for one in own]
    health: dict[str, list[Cell]] = {
        "Name": [platform.host_names[number] for number in hosts[:20]],
        "Message": ["Path to a datastore is degraded"] * len(hosts[:20]),
        "Message type": ["Configuration"] * len(hosts[:20]),
    }
    metadata: dict[str, list[Cell]] = {"xlsx creation datetime": [moment(day)], "Server": [own[0].name]}
    cluster_ids = [platform.cluster_ids[number] for number in clusters]
    cluster: Mapping[str, list[Cell]] = {
        "Name": [platform.clusters[number] for number in clusters],
        "NumHosts": [int(host_counts[one]) for one in cluster_ids],
        "numEffectiveHosts": [int(host_counts[one]) for one in cluster_ids],
        "NumCpuCores": [int(host_counts[one]) * 40 for one in cluster_ids],
        "TotalMemory": [int(host_counts[one]) * 785_920 for one in cluster_ids],
        "Object ID": [f"domain-c{1_000 + number}" for number in clusters],
        **_center_columns(platform, clusters),
    }
    return [
        ("vSource", _nothing(source)),
        ("vCluster", Rows(dict(cluster), ["cluster"] * len(clusters), cluster_ids)),
        ("vHost", _hosts(layout, platform, hosts)),
        ("vHealth", _nothing(health)),
        ("vMetaData", _nothing(metadata)),
    ]


def _nothing(columns: dict[str, list[Cell]]) -> Rows:
    count = len(next(iter(columns.values())))
    return Rows(columns, [""] * count, [""] * count)


def _center_columns(platform: Platform, hosts: Sequence[int]) -> dict[str, list[Cell]]:
    centers = [platform.centers[platform.host_centers[number]] for number in hosts]
    return {"VI SDK Server": [one.name for one in centers], "VI SDK UUID": [one.uuid for one in centers]}


def _hosts(layout: Layout, platform: Platform, hosts: Sequence[int]) -> Rows:
    rng = generator(layout.seed, Stream.RVTOOLS, 2_000_000_000 + hosts[0])
    machines = np.bincount(layout.servers["host"].to_numpy()[layout.servers["is_virtual"]], minlength=len(layout.hosts))
    sites = [layout.words.sites[layout.sites[site]] for site in layout.hosts["site"].iloc[list(hosts)]]
    tags = pick(rng, "BCDFGHJKLMNPQRSTVWXZ0123456789", 7 * len(hosts))
    columns: dict[str, list[Cell]] = {
        "Host": [platform.host_names[number] for number in hosts],
        "Datacenter": [site.data_center for site in sites],
        "Cluster": [platform.clusters[number] for number in hosts],
        "CPU usage %": rng.integers(10, 70, len(hosts)).tolist(),
        "Memory usage %": rng.integers(30, 90, len(hosts)).tolist(),
        "# VMs total": machines[list(hosts)].tolist(),
        "# VMs": machines[list(hosts)].tolist(),
        "Domain": [layout.company.domain] * len(hosts),
        "Service tag": ["".join(tags[7 * place : 7 * place + 7]) for place in range(len(hosts))],
        "Object ID": [f"host-{1_000 + number}" for number in hosts],
        **_center_columns(platform, hosts),
    }
    return Rows(columns, ["hypervisor_host"] * len(hosts), [platform.host_ids[number] for number in hosts])
