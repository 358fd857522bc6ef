"""The servers that Azure Migrate imports to assess them.

Belongs here: what is written into its columns. Does not: their names and rules (`reference/export_formats.yaml`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.exports.draft import Draft, DraftRow, decimal, line, number
from flow_pipelines.exports.servers import SERVERS_READ, moving_servers
from flow_pipelines.reference.export_formats import ExportFormat, export_formats
from flow_pipelines.settings import EngagementSettings

READS = SERVERS_READ
MOST_DISKS = 20
SMALLEST_DISK_GIB = 1e-6  # the last decimal that is written
KIB = 1024
HYPERVISORS = {"vmware": "VMware", "esx": "VMware", "hyper-v": "Hyper-V", "hyperv": "Hyper-V"}
DISKS = ("storage_allocated_gib", "disk_count", "largest_disk_gib")
# What has a unit of its own there, and what is summed over all disks.
RATES = {"network_in_kib_per_second_average": "Network In", "network_out_kib_per_second_average": "Network Out"}
OPERATIONS = {
    "disk_read_operations_per_second_average": "read",
    "disk_write_operations_per_second_average": "write",
}
THROUGHPUT = {"disk_read_kib_per_second_average": "read", "disk_write_kib_per_second_average": "write"}


def azure_migrate_rows(frames: Mapping[str, pd.DataFrame], *, settings: EngagementSettings, wave: int | None) -> Draft:
    """Return a row per server that moves, wherever it goes: an assessment is there to compare.

    Of the disks the inventory keeps the total, their number and the largest, so the others are listed as equal shares
    of the rest, to twenty disks at the most; what they read and write is listed with the first.
    """
    del settings
    layout = export_formats().formats["azure-migrate"]
    servers = moving_servers(frames, wave=wave, provider=None)
    rows = [_row(server, layout) for server in servers.to_dict("records")]
    return Draft(rows, _unknown_systems(rows, layout))


def _row(server: Mapping[Any, Any], layout: ExportFormat) -> DraftRow:
    words = layout.words
    return DraftRow(
        line(server["server_name"]),
        {
            "*Server name": line(server["server_name"]),
            "IP addresses": ";".join(map(line, _list(server["ip_addresses"]))),
            "*Cores": number(server["cpu_count"]),
            "*Memory (In MB)": number(server["memory_mib"]),
            "*OS name": line(server["operating_system"]),
            "OS version": line(server["os_version"]),
            "OS architecture": words["OS architecture"].get(line(server["architecture"]), ""),
            "Server type": words["Server type"].get(line(server["is_virtual"]), ""),
            "Hypervisor": _hypervisor(line(server["hypervisor"])),
            "CPU utilization percentage": number(server["cpu_usage_percent_average"]),
            "Memory utilization percentage": number(server["memory_usage_percent_average"]),
            "Network adapters": number(server["network_adapter_count"]),
            **{f"{way} throughput": _megabytes(server[column]) for column, way in RATES.items()},
            "Boot type": words["Boot type"].get(line(server["firmware"]), ""),
            "Number of disks": number(server["disk_count"]),
            "Storage in use (In GB)": number(server["storage_used_gib"]),
            **_disks(server),
        },
    )


def _disks(server: Mapping[Any, Any]) -> dict[str, str]:
    sizes = disk_sizes(*(decimal(server[name]) for name in DISKS))
    cells = {f"Disk {place} size (In GB)": number(size) for place, size in enumerate(sizes, start=1)}
    for column, way in THROUGHPUT.items():
        cells[f"Disk 1 {way} throughput (MB per second)"] = _megabytes(server[column])
    for column, way in OPERATIONS.items():
        cells[f"Disk 1 {way} ops (operations per second)"] = number(server[column])
    return cells


def disk_sizes(total_gib: float | None, disk_count: float | None, largest_gib: float | None) -> list[float]:
    """Return sizes of disks that come to the total, the largest first; none of them is nothing.

    Args:
        total_gib: What all of them hold; no disk is listed if it is missing.
        disk_count: How many there are; one if not known.
        largest_gib: The largest of them; an equal share if not known.
    """
    if total_gib is None:
        return []
    disks = max(1, min(int(disk_count or 1), MOST_DISKS))
    if disks == 1:
        return [total_gib] if total_gib > 0 else []
    first = total_gib / disks if largest_gib is None else min(largest_gib, total_gib)
    # Rounded down, so that the last is not less than nothing.
    others = [math.floor((total_gib - first) / (disks - 1) * 100) / 100] * (disks - 2)
    sizes = (first, *others, total_gib - first - sum(others))
    return [size for size in sizes if size >= SMALLEST_DISK_GIB]


def _unknown_systems(rows: list[DraftRow], layout: ExportFormat) -> list[str]:
    unknown = sorted(
        {
            str(row.cells["*OS name"])
            for row in rows
            if row.cells["*OS name"]
            and not any(name.casefold() in str(row.cells["*OS name"]).casefold() for name in layout.known_systems)
        }
    )
    return [f"Azure Migrate imports {name!r} and does not assess it: it knows no such system." for name in unknown]


def _hypervisor(told: str) -> str:
    return next((name for word, name in HYPERVISORS.items() if word in told.casefold()), "")


def _megabytes(kib: object) -> str:
    told = decimal(kib)
    return "" if told is None else number(told / KIB)


def _list(values: object) -> list[str]:
    return list(values) if isinstance(values, list) else []
