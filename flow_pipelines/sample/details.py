"""Everything that is true about each server of a sample estate: identity, size, disks, use, dates.

Belongs here: true values, drawn for one chunk of servers at a time. Does not: how a tool writes them
(`rvtools.py`, `servicenow.py`, `migration_hub.py`) and what goes wrong on the way (`mess.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import Spoiler, rates
from flow_pipelines.sample.placement import address_text, network_octets
from flow_pipelines.sample.randomness import Decimals, Integers, Stream, by_share, generator, hexadecimal

# Servers drawn and written at a time; memory depends on this, not on the size of the estate.
CHUNK = 5_000
SYSTEM_DISKS = (40, 60, 80, 100)
DATA_DISKS = (50, 100, 200, 500, 1_000, 2_000)
DATA_DISK_SHARES = (0.2, 0.3, 0.25, 0.15, 0.08, 0.02)
MIB_PER_GIB = 1_024
# Networks so much further on hold no live server: they were given up.
RETIRED_NETWORKS = 100
# Addresses, serial numbers and VM ids derive from a machine's number: these kinds have numbers of their own.
FIRST_RETIRED = 200_000
FIRST_TEMPLATE = 400_000
TEMPLATES_PER_VIRTUAL_CENTER = 3
# Shares of servers: with a second adapter (virtual, physical), with a data disk more than usual, powered on.
SECOND_ADAPTERS = (0.03, 0.30)
EXTRA_DISK = 0.2
POWERED_ON = 0.96
UNIX_MOUNTS = ("/", "/opt", "/data", "/backup", "/data2", "/data3")
WINDOWS_DRIVES = ("C:\\", "D:\\", "E:\\", "F:\\", "G:\\", "H:\\")


def server_chunks(layout: Layout) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the estate's servers, chunk by chunk, with all that is true about them; see `describe`."""
    for chunk, start in enumerate(range(0, len(layout.servers), CHUNK)):
        rows = layout.servers.iloc[start : start + CHUNK]
        frame = describe(layout, rows, generator(layout.seed, Stream.DETAILS, chunk))
        frame.insert(0, "true_id", [server_id(number) for number in rows.index])
        yield chunk, frame


def retired_servers(layout: Layout, chunk: int, live: pd.DataFrame) -> pd.DataFrame:
    """Return the servers that are gone but still in the configuration database, as `describe` does.

    They carry names of an older convention, and some an address that a live server of the chunk has today.
    """
    rng = generator(layout.seed, Stream.RETIRED, chunk)
    shares = rates("cmdb_ci_server")
    count = int(len(live) * shares["gone_machine"] + rng.random())
    models = layout.servers.loc[live.index[np.sort(rng.permutation(len(live))[:count])]]
    numbers = np.arange(count) + chunk * CHUNK
    models = models.set_index(numbers + FIRST_RETIRED)
    frame = describe(layout, models, rng)
    site = [layout.sites[one] for one in models["site"].tolist()]
    frame["name"] = [f"{place}srv{number:05d}" for place, number in zip(site, numbers.tolist(), strict=True)]
    frame["fqdn"] = [f"{name}.{layout.company.domain}" for name in frame["name"]]
    unused = address_text(network_octets(models) + RETIRED_NETWORKS, numbers)
    reused = rng.random(count) < shares["reused_address"]
    others = live["address"].to_numpy()[rng.integers(len(live), size=count)].tolist()
    frame["address"] = [
        other if again else own for own, other, again in zip(unused, others, reused.tolist(), strict=True)
    ]
    frame["has_reused_address"] = reused
    frame["second_address"] = ""
    frame.insert(0, "true_id", [f"RET-{number:06d}" for number in numbers.tolist()])
    return frame


def machine_templates(layout: Layout) -> pd.DataFrame:
    """Return the templates of every vCenter, as `describe` does; they are machines that never run."""
    rng = generator(layout.seed, Stream.TEMPLATES)
    virtual = layout.servers.index[layout.servers["is_virtual"]]
    center = layout.hosts["virtual_center"].to_numpy()[layout.servers["host"].loc[virtual].to_numpy()]
    models: list[int] = []
    for number in range(int(layout.hosts["virtual_center"].max()) + 1):
        models += virtual[center == number][:TEMPLATES_PER_VIRTUAL_CENTER].tolist()
    rows = layout.servers.loc[models].set_index(np.arange(len(models)) + FIRST_TEMPLATE)
    frame = describe(layout, rows, rng)
    words = layout.words.templates
    frame["name"] = [words[number % len(words)] for number in range(len(frame))]
    frame["address"], frame["fqdn"], frame["powered_on"] = "", "", False
    frame.insert(0, "true_id", [f"TPL-{number:03d}" for number in range(len(frame))])
    return frame


def server_id(number: int) -> str:
    """Return the true id of a server by its row in the layout."""
    return f"SRV-{number:06d}"


def describe(layout: Layout, rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw all that is true about some servers.

    Args:
        layout: The estate.
        rows: Rows of `layout.servers`.
        rng: Source of the choices.

    Returns:
        The rows, with fqdn, second_address (may be empty), mac, second_mac, bios_uuid, vm_uuid (empty if physical),
        is_clone (shares UUIDs and serial number with the machine before it), serial_number, asset_tag, manufacturer,
        model, vm_id, cpus, sockets, memory_mib, disks (GiB of each), partitions ((label, disk, MiB, MiB used) of
        each), storage_gib, storage_used_gib, the use of processor, memory, disk and network, powered_on, installed,
        purchased and warranty_end (dates).
    """
    frame = rows.copy()
    frame["fqdn"] = [f"{name}.{layout.company.domain}" for name in rows["name"]]
    _identify(layout, frame, rng)
    _size(layout, frame, rng)
    _use(frame, rng)
    _date(layout, frame, rng)
    return frame


def _identify(layout: Layout, frame: pd.DataFrame, rng: np.random.Generator) -> None:
    count, virtual = len(frame), frame["is_virtual"].tolist()
    numbers = frame.index.to_numpy()
    hardware = [layout.words.hardware[family] for family in frame["family"]]
    chosen = [
        kinds[draw % len(kinds)] for kinds, draw in zip(hardware, rng.integers(12, size=count).tolist(), strict=True)
    ]
    tags = hexadecimal(rng, count, 6)
    _give_uuids(frame, rng)
    frame["serial_number"] = [
        _virtual_serial(one) if vm else f"{site[:2].upper()}{tag.upper()}{number % 1000:03d}"
        for one, vm, tag, number, site in zip(
            frame["bios_uuid"], virtual, tags, numbers.tolist(), [one.model for one in chosen], strict=True
        )
    ]
    frame["asset_tag"] = [
        "" if vm else f"P{100_000 + number}" for vm, number in zip(virtual, numbers.tolist(), strict=True)
    ]
    frame["manufacturer"] = [
        "VMware, Inc." if vm else one.manufacturer for vm, one in zip(virtual, chosen, strict=True)
    ]
    frame["model"] = ["VMware Virtual Platform" if vm else one.model for vm, one in zip(virtual, chosen, strict=True)]
    prefixes = ["00:50:56" if vm else one.prefix for vm, one in zip(virtual, chosen, strict=True)]
    frame["mac"] = _hardware_addresses(prefixes, numbers * 2)
    frame["second_mac"] = _hardware_addresses(prefixes, numbers * 2 + 1)
    second = rng.random(count) < np.where(frame["is_virtual"], *SECOND_ADAPTERS)
    frame["second_address"] = [
        f"172.{16 + number // 62_500}.{number // 250 % 250}.{number % 250 + 4}" if has else ""
        for has, number in zip(second.tolist(), numbers.tolist(), strict=True)
    ]
    frame["vm_id"] = [
        f"vm-{1_000 + number}" if vm else "" for vm, number in zip(virtual, numbers.tolist(), strict=True)
    ]


def _give_uuids(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Give machines their UUIDs; a rare clone keeps those of the machine before it, whatever source looks at it."""
    virtual = frame["is_virtual"].tolist()
    bios = [f"42{one}" if vm else f"4c{one}" for one, vm in zip(hexadecimal(rng, len(frame), 30), virtual, strict=True)]
    instances = [f"50{one}" if vm else "" for one, vm in zip(hexadecimal(rng, len(frame), 30), virtual, strict=True)]
    pairs = [place for place in range(1, len(frame)) if virtual[place] and virtual[place - 1]]
    clones = set(Spoiler("rvtools", rng).positions("cloned_uuid", pairs))
    for place in sorted(clones):
        bios[place], instances[place] = bios[place - 1], instances[place - 1]
    frame["bios_uuid"] = [_uuid(one) for one in bios]
    frame["vm_uuid"] = [_uuid(one) if one else "" for one in instances]
    frame["is_clone"] = [place in clones for place in range(len(frame))]


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _virtual_serial(bios_uuid: str) -> str:
    """Write a VM's UUID as its BIOS reports it: `VMware-42 1c a0 .. 8f-9a ..`."""
    digits = bios_uuid.replace("-", "")
    pairs = [digits[place : place + 2] for place in range(0, 32, 2)]
    return f"VMware-{' '.join(pairs[:8])}-{' '.join(pairs[8:])}"


def _hardware_addresses(prefixes: Sequence[str], numbers: Integers) -> list[str]:
    # An odd factor modulo a power of two never gives two numbers the same address.
    scattered = (numbers * 2_654_435) % (1 << 22)
    return [
        f"{prefix}:{value >> 16:02x}:{value >> 8 & 255:02x}:{value & 255:02x}"
        for prefix, value in zip(prefixes, scattered.tolist(), strict=True)
    ]


def _size(layout: Layout, frame: pd.DataFrame, rng: np.random.Generator) -> None:
    cpus, memory, data_disks = (np.zeros(len(frame), dtype=np.int64) for _ in range(3))
    for number, tier in enumerate(layout.words.tiers.values()):
        rows = np.flatnonzero(frame["tier"].to_numpy() == number)
        cpus[rows] = np.asarray(tier.cpus)[by_share(tier.cpu_shares, rng.random(len(rows)))]
        memory[rows] = (
            cpus[rows] * np.asarray(tier.memory_per_cpu)[rng.integers(len(tier.memory_per_cpu), size=len(rows))]
        )
        data_disks[rows] = tier.disks + (rng.random(len(rows)) < EXTRA_DISK)
    physical = ~frame["is_virtual"].to_numpy()
    cpus[physical] = np.maximum(cpus[physical] * 2, 8)
    memory[physical] = np.maximum(memory[physical] * 2, 32)
    frame["cpus"], frame["memory_mib"] = cpus, memory * MIB_PER_GIB
    cores = rng.integers(1, 3, size=len(frame))
    frame["sockets"] = np.where(physical, 2, np.maximum(1, cpus // cores))
    system = np.asarray(SYSTEM_DISKS)[rng.integers(len(SYSTEM_DISKS), size=len(frame))].tolist()
    ends = np.concatenate([[0], np.cumsum(data_disks)]).tolist()
    sizes = np.asarray(DATA_DISKS)[by_share(DATA_DISK_SHARES, rng.random(ends[-1]))].tolist()
    frame["disks"] = pd.Series(
        [[first, *sizes[start:end]] for first, (start, end) in zip(system, pairwise(ends), strict=True)],
        index=frame.index,
        dtype=object,
    )
    _partition(frame, rng)


def _partition(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    counts = np.asarray([len(disks) for disks in frame["disks"]])
    filled = iter(rng.beta(2.5, 2.5, int(counts.sum())).tolist())
    partitions, totals, used = [], [], []
    for family, disks in zip(frame["family"], frame["disks"], strict=True):
        labels = WINDOWS_DRIVES if family == "windows" else UNIX_MOUNTS
        parts = [
            (labels[number], number, size * MIB_PER_GIB, int(size * MIB_PER_GIB * next(filled)))
            for number, size in enumerate(disks)
        ]
        if family != "windows":
            parts.insert(1, ("/boot", 0, 1_014, 263))
            parts[0] = (parts[0][0], 0, parts[0][2] - 1_014, min(parts[0][3], parts[0][2] - 2_028))
        partitions.append(parts)
        totals.append(sum(disks))
        used.append(sum(part[3] for part in parts) / MIB_PER_GIB)
    frame["partitions"] = pd.Series(partitions, index=frame.index, dtype=object)
    frame["storage_gib"], frame["storage_used_gib"] = totals, used


def _use(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    count = len(frame)
    frame["powered_on"] = rng.random(count) < POWERED_ON
    average = rng.beta(1.6, 9.0, count) * 100
    frame["cpu_average"] = average.round(2)
    frame["cpu_peak"] = np.minimum(average * rng.uniform(1.5, 6.0, count), 100).round(2)
    share = rng.beta(4.0, 3.0, count)
    frame["memory_average"] = (frame["memory_mib"] * share).round().astype(int)
    frame["memory_peak"] = (
        (frame["memory_mib"] * np.minimum(share * rng.uniform(1.05, 1.6, count), 1.0)).round().astype(int)
    )
    for name, typical in (("disk_read", 300), ("disk_write", 180), ("network_in", 120), ("network_out", 140)):
        rate: Decimals = rng.lognormal(np.log(typical), 1.2, count)
        frame[f"{name}_average"], frame[f"{name}_peak"] = rate.round(2), (rate * rng.uniform(3, 40, count)).round(2)
    for name in ("disk_read", "disk_write"):
        frame[f"{name}_operations_average"] = (frame[f"{name}_average"] / 16).round(2)
        frame[f"{name}_operations_peak"] = (frame[f"{name}_peak"] / 24).round(2)


def _date(layout: Layout, frame: pd.DataFrame, rng: np.random.Generator) -> None:
    since = np.asarray([one.since for one in layout.words.operating_systems])[frame["operating_system"].to_numpy()]
    exported = layout.words.exported
    latest = (np.asarray([exported - date(year, 1, 1) for year in range(2000, exported.year + 1)])).tolist()
    span = np.asarray([latest[year - 2000].days for year in since.tolist()])
    age = np.maximum((span * (1 - rng.random(len(frame)) ** 2)).astype(int), 30).tolist()
    frame["installed"] = [exported - timedelta(days=days) for days in age]
    frame["purchased"] = [exported - timedelta(days=days + 45) for days in age]
    frame["warranty_end"] = [exported - timedelta(days=days + 45 - 5 * 365) for days in age]
