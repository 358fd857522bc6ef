"""The AWS Migration Hub import file of a sample estate.

Belongs here: what its columns hold for each server. Does not: how the file is written (`writing.py`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from flow_pipelines.sample.hypervisors import Platform
from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import BAD_NUMBERS, PLACEHOLDERS, Cell, Rows, Spoiler
from flow_pipelines.sample.randomness import Stream, generator, hexadecimal
from flow_pipelines.sample.rvtools_machines import application_names
from flow_pipelines.sample.writing import TextExport, cells, repeat_rows

COVERED_SERVERS = 0.70
# Rates per second: column of the file and column of the truth.
RATES = {
    f"{header}.{ending}": f"{name}_{moment}"
    for header, name in (
        ("DiskReadsPerSecondInKB", "disk_read"),
        ("DiskWritesPerSecondInKB", "disk_write"),
        ("DiskReadsOpsPerSecond", "disk_read_operations"),
        ("DiskWritesOpsPerSecond", "disk_write_operations"),
        ("NetworkReadsPerSecondInKB", "network_in"),
        ("NetworkWritesPerSecondInKB", "network_out"),
    )
    for ending, moment in (("Avg", "average"), ("Max", "peak"))
}


def write_migration_hub(export: TextExport, layout: Layout, platform: Platform, chunk: int, live: pd.DataFrame) -> None:
    """Append one chunk of servers, in random order: those that the agents reached."""
    rng = generator(layout.seed, Stream.MIGRATION_HUB, chunk)
    frame = live[rng.random(len(live)) < COVERED_SERVERS]
    spoiler = Spoiler("aws_migration_hub", rng)
    places = spoiler.repeated(len(frame))
    ids = frame["true_id"].tolist()
    columns = repeat_rows(_cells(layout, platform, frame, rng), places)
    rows = Rows(columns, ["server"] * len(places), [ids[place] for place in places])
    _spoil(rows, spoiler)
    export.write(rows)


def _cells(layout: Layout, platform: Platform, frame: pd.DataFrame, rng: np.random.Generator) -> dict[str, list[Cell]]:
    words = layout.words
    systems = [words.operating_systems[number] for number in frame["operating_system"]]
    environments = [words.environments[number].key for number in frame["environment"]]
    tiers = [layout.words.tier_keys[number] for number in frame["tier"]]
    virtual = frame["is_virtual"].tolist()
    centers = [
        platform.centers[platform.host_centers[host]].uuid if host >= 0 else "" for host in frame["host"].tolist()
    ]
    return {
        "ExternalId": [f"MH-{number:07d}" for number in frame.index],
        "SMBiosId": cells(frame, "bios_uuid"),
        "IPAddress": _lists(frame, "address", "second_address"),
        "MACAddress": _lists(frame, "mac", "second_mac"),
        "HostName": cells(frame, "fqdn"),
        "VMware.MoRefId": cells(frame, "vm_id"),
        "VMware.VCenterId": list(centers),
        "CPU.NumberOfProcessors": cells(frame, "sockets"),
        "CPU.NumberOfCores": (frame["cpus"] // frame["sockets"]).tolist(),
        "CPU.NumberOfLogicalCores": cells(frame, "cpus"),
        "OS.Name": [one.agent for one in systems],
        "OS.Version": [one.build for one in systems],
        "VMware.VMName": [name if vm else "" for name, vm in zip(frame["name"], virtual, strict=True)],
        "RAM.TotalSizeInMB": cells(frame, "memory_mib"),
        "RAM.UsedSizeInMB.Avg": cells(frame, "memory_average"),
        "RAM.UsedSizeInMB.Max": cells(frame, "memory_peak"),
        "CPU.UsagePct.Avg": cells(frame, "cpu_average"),
        "CPU.UsagePct.Max": cells(frame, "cpu_peak"),
        **{header: cells(frame, name) for header, name in RATES.items()},
        "Applications": [", ".join(names) for names in application_names(layout, frame)],
        "Tags": [f"env:{environment}, tier:{tier}" for environment, tier in zip(environments, tiers, strict=True)],
        "ServerId": [f"d-server-{one}" for one in hexadecimal(rng, len(frame), 14)],
    }


def _lists(frame: pd.DataFrame, first: str, second: str) -> list[Cell]:
    return [
        f"{one}, {other}" if address else one
        for one, other, address in zip(frame[first], frame[second], frame["second_address"], strict=True)
    ]


def _spoil(rows: Rows, spoiler: Spoiler) -> None:
    spoiler.log_repeats(rows)
    for blemish in list(rows.blemishes):
        rows.columns["ExternalId"][blemish.position] = f"{rows.columns['ExternalId'][blemish.position]}-2"
    spoiler.change(rows, "short_name", "HostName", lambda name: name.split(".")[0])
    spoiler.change(rows, "name_typo", "HostName", lambda name: spoiler.typo(name.split(".")[0]))
    spoiler.change(rows, "name_upper_case", "HostName", str.upper)
    # The guest does not see what the firmware keeps for itself.
    spoiler.change(rows, "conflicting_memory", "RAM.TotalSizeInMB", lambda size: int(size) - 128)
    for column in (
        "SMBiosId",
        "MACAddress",
        "OS.Version",
        "CPU.UsagePct.Avg",
        "CPU.UsagePct.Max",
        "Applications",
        "Tags",
    ):
        spoiler.change(rows, "missing_cell", column, lambda _: "")
    for column in ("OS.Version", "CPU.UsagePct.Avg", "SMBiosId"):
        spoiler.replace(rows, "placeholder_cell", column, PLACEHOLDERS)
    spoiler.replace(rows, "bad_number", "RAM.TotalSizeInMB", BAD_NUMBERS)
    spoiler.change(rows, "bad_address", "IPAddress", spoiler.bad_address)
