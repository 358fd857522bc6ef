"""RVTools sheets about virtual machines: vInfo, vCPU, vMemory, vDisk, vPartition, vNetwork.

Belongs here: what those sheets hold for each machine, custom attributes of vCenter included. Does not: workbooks and
the sheets about hosts (`rvtools.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd

from flow_pipelines.sample.details import MIB_PER_GIB
from flow_pipelines.sample.hypervisors import Platform
from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import Blemish, Cell, Rows, Spoiler
from flow_pipelines.sample.writing import cells, repeat_rows

# Columns of vInfo that the other sheets of a machine repeat.
REPEATED = (
    "VM", "Powerstate", "Template", "Annotation", "Application", "Owner", "Environment", "Cost Center", "Datacenter",
    "Cluster", "Host", "Folder", "OS according to the configuration file", "OS according to the VMware Tools", "VM ID",
    "VM UUID", "VI SDK Server", "VI SDK UUID",
)  # fmt: skip
GUEST_COLUMNS = ("DNS Name", "Primary IP Address", "OS according to the VMware Tools")
# Machines made since then have the firmware and the virtual hardware of today.
FIRST_EFI = date(2019, 1, 1)
# From machines and their spoiled vInfo rows to the machine (its place) and the cells of each part.
PartsOf = Callable[[pd.DataFrame, Rows], tuple[list[int], dict[str, list[Cell]]]]
CUSTOM_ATTRIBUTES = ("Application", "Owner", "Environment", "Cost Center")


def machine_sheets(
    layout: Layout, platform: Platform, frame: pd.DataFrame, spoiler: Spoiler, *, template: bool
) -> list[tuple[str, Rows]]:
    """Return the rows of every sheet about machines; those of one machine carry the same, maybe spoiled, names."""
    clean = _machines(layout, platform, frame, template=template)
    places = list(range(len(frame))) if template else spoiler.repeated(len(frame))
    ids = [str(frame["true_id"].iloc[place]) for place in places]
    info = Rows(repeat_rows(clean, places), ["template" if template else "server"] * len(places), ids)
    if not template:
        _spoil(layout, info, spoiler)
        clones = [position for position, place in enumerate(places) if frame["is_clone"].iloc[place]]
        info.blemishes += [
            Blemish(position, column, "cloned_uuid", None, info.columns[column][position])
            for position in clones
            for column in ("VM UUID", "SMBIOS UUID")
        ]
    first = {place: position for position, place in reversed(list(enumerate(places)))}
    sheets = [("vInfo", info)]
    parts: tuple[tuple[str, str, PartsOf], ...] = (
        ("vCPU", "server_processor", _processors),
        ("vMemory", "server_memory", _memory),
        ("vDisk", "server_disk", _disks),
        ("vPartition", "server_partition", _partitions),
        ("vNetwork", "server_network", _adapters),
    )
    for sheet, entity_type, parts_of in parts:
        owners, columns = parts_of(frame, info)
        positions = [first[owner] for owner in owners]
        common = repeat_rows({name: info.columns[name] for name in REPEATED}, positions)
        sheets.append(
            (sheet, Rows({**common, **columns}, [entity_type] * len(owners), [ids[one] for one in positions]))
        )
    return sheets


def _machines(layout: Layout, platform: Platform, frame: pd.DataFrame, *, template: bool) -> dict[str, list[Cell]]:
    words, hosts = layout.words, frame["host"].tolist()
    applications = layout.applications
    centers = [platform.centers[platform.host_centers[host]] for host in hosts]
    systems = [words.operating_systems[number].hypervisor for number in frame["operating_system"]]
    on = frame["powered_on"].tolist()
    codes = [words.environments[number].code for number in frame["environment"]]
    units = applications["business_unit"].to_numpy()[frame["application"].to_numpy()].tolist()
    networks = [
        f"dvPG-{address.rsplit('.', 1)[0].replace('.', '-')}" if address else "" for address in frame["address"]
    ]
    capacity = frame["storage_gib"].to_numpy() * MIB_PER_GIB
    return {
        "VM": cells(frame, "name"),
        "Powerstate": ["poweredOn" if one else "poweredOff" for one in on],
        "Template": [str(template)] * len(frame),
        "DNS Name": [name if one else "" for name, one in zip(frame["fqdn"], on, strict=True)],
        "Guest state": ["running" if one else "notRunning" for one in on],
        "Heartbeat": ["green" if one else "gray" for one in on],
        "PowerOn": [moment(words.exported - timedelta(days=days % 400)) for days in frame.index],
        "Creation date": [moment(day) for day in frame["installed"]],
        "CPUs": cells(frame, "cpus"),
        "Memory": cells(frame, "memory_mib"),
        "Active Memory": (frame["memory_average"] // 3).tolist(),
        "NICs": [2 if second else 1 for second in frame["second_address"]],
        "Disks": [len(disks) for disks in frame["disks"]],
        "Total disk capacity MiB": capacity.tolist(),
        "Primary IP Address": [address if one else "" for address, one in zip(frame["address"], on, strict=True)],
        "Network #1": list(networks),
        "Resource pool": ["Resources"] * len(frame),
        "Folder": [f"{unit}/{code}" for unit, code in zip(units, codes, strict=True)],
        "Provisioned MiB": (capacity + frame["memory_mib"].to_numpy()).tolist(),
        "In Use MiB": (frame["storage_used_gib"] * MIB_PER_GIB).astype(int).tolist(),
        "Firmware": ["efi" if day >= FIRST_EFI else "bios" for day in frame["installed"]],
        "HW version": [19 if day >= FIRST_EFI else 13 for day in frame["installed"]],
        "Path": [f"[{code.lower()}-ds01] {name}/{name}.vmx" for code, name in zip(codes, frame["name"], strict=True)],
        "Annotation": _annotations(layout, frame),
        "Application": ["" if template else "; ".join(names) for names in application_names(layout, frame)],
        "Owner": applications["owner"].to_numpy()[frame["application"].to_numpy()].tolist(),
        "Environment": list(codes),
        "Cost Center": applications["cost_center"].to_numpy()[frame["application"].to_numpy()].tolist(),
        "Datacenter": [words.sites[layout.sites[center.site]].data_center for center in centers],
        "Cluster": [platform.clusters[host] for host in hosts],
        "Host": [platform.host_names[host] for host in hosts],
        "OS according to the configuration file": list(systems),
        "OS according to the VMware Tools": [name if one else "" for name, one in zip(systems, on, strict=True)],
        "VM ID": cells(frame, "vm_id"),
        "SMBIOS UUID": cells(frame, "bios_uuid"),
        "VM UUID": cells(frame, "vm_uuid"),
        "VI SDK Server": [center.name for center in centers],
        "VI SDK UUID": [center.uuid for center in centers],
    }


def application_names(layout: Layout, frame: pd.DataFrame) -> list[list[str]]:
    """Return the names of the applications of each server, its own one first."""
    names = layout.applications["name"].to_numpy()
    return [
        [names[own], *(names[other] for other in layout.further_applications.get(number, []))]
        for number, own in zip(server_numbers(frame), frame["application"].tolist(), strict=True)
    ]


def server_numbers(frame: pd.DataFrame) -> list[int]:
    """Return the row in the layout of each server; -1 for machines that are no live server."""
    return [int(one[4:]) if one.startswith("SRV") else -1 for one in frame["true_id"]]


def _annotations(layout: Layout, frame: pd.DataFrame) -> list[Cell]:
    tiers = list(layout.words.tiers.values())
    names = layout.applications["name"].to_numpy()[frame["application"].to_numpy()].tolist()
    return [
        f"{tiers[tier].role} for {name}" if number % 3 else ""
        for number, (tier, name) in enumerate(zip(frame["tier"].tolist(), names, strict=True))
    ]


def moment(day: date) -> str:
    """Write a moment as RVTools does."""
    return f"{day:%Y/%m/%d} 08:15:00"


def _spoil(layout: Layout, info: Rows, spoiler: Spoiler) -> None:
    spoiler.log_repeats(info)
    repeats = [one.position for one in info.blemishes]
    for position in repeats:
        info.columns["Powerstate"][position] = "poweredOff"
        info.columns["VM ID"][position] = f"vm-9{str(info.columns['VM ID'][position])[3:]}"
    codes = dict(zip(layout.applications["name"], layout.applications["code"], strict=True))
    owners = layout.applications["owner"].tolist()
    spoiler.change(info, "name_upper_case", "VM", str.upper)
    spoiler.change(
        info, "name_display", "VM", lambda name: f"{name} ({spoiler.one_of(['do not reboot', 'DMZ', 'clone', 'new'])})"
    )
    spoiler.change(info, "name_suffix", "VM", lambda name: name + spoiler.one_of(["-old", "_migrated"]))
    spoiler.change(info, "application_code", "Application", lambda name: codes.get(name, name).upper())
    spoiler.change(info, "application_typo", "Application", spoiler.typo)
    spoiler.replace(info, "conflicting_owner", "Owner", owners)
    spoiler.change(info, "trailing_space", "Application", lambda name: f"{name}  ")
    for attribute in CUSTOM_ATTRIBUTES:
        spoiler.change(info, "missing_attribute", attribute, lambda _: "")
    _forget_guests(info, spoiler)


def _forget_guests(info: Rows, spoiler: Spoiler) -> None:
    running = [place for place, name in enumerate(info.columns["DNS Name"]) if name]
    for position in spoiler.positions("no_tools", running):
        for column in GUEST_COLUMNS:
            was = info.columns[column][position]
            info.columns[column][position] = ""
            info.blemishes.append(Blemish(position, column, "no_tools", was, ""))


def _processors(frame: pd.DataFrame, _: Rows) -> tuple[list[int], dict[str, list[Cell]]]:
    return list(range(len(frame))), {
        "CPUs": cells(frame, "cpus"),
        "Sockets": cells(frame, "sockets"),
        "Cores p/s": (frame["cpus"] // frame["sockets"]).tolist(),
        "Max": (frame["cpus"] * 2_500).tolist(),
        "Overall": (frame["cpus"] * 25 * frame["cpu_average"]).round().astype(int).tolist(),
        "Shares": (frame["cpus"] * 1_000).tolist(),
    }


def _memory(frame: pd.DataFrame, _: Rows) -> tuple[list[int], dict[str, list[Cell]]]:
    return list(range(len(frame))), {
        "Size MiB": cells(frame, "memory_mib"),
        "Consumed": cells(frame, "memory_average"),
        "Active": (frame["memory_average"] // 3).tolist(),
        "Shares": (frame["memory_mib"] * 10).tolist(),
    }


def _disks(frame: pd.DataFrame, _: Rows) -> tuple[list[int], dict[str, list[Cell]]]:
    owners = [owner for owner, disks in enumerate(frame["disks"]) for _ in disks]
    numbers = [number for disks in frame["disks"] for number in range(len(disks))]
    names = frame["name"].tolist()
    return owners, {
        "Disk": [f"Hard disk {number + 1}" for number in numbers],
        "Disk Key": [2_000 + number for number in numbers],
        "Capacity MiB": [size * MIB_PER_GIB for disks in frame["disks"] for size in disks],
        "Label": [f"Hard disk {number + 1}" for number in numbers],
        "SCSI Unit #": list(numbers),
        "Path": [
            f"[ds01] {names[owner]}/{names[owner]}_{number}.vmdk" for owner, number in zip(owners, numbers, strict=True)
        ],
    }


def _partitions(frame: pd.DataFrame, info: Rows) -> tuple[list[int], dict[str, list[Cell]]]:
    known = {one for one, name in zip(info.true_ids, info.columns["DNS Name"], strict=True) if name}
    visible = [true_id in known for true_id in frame["true_id"]]
    owners = [owner for owner, parts in enumerate(frame["partitions"]) if visible[owner] for _ in parts]
    parts = [part for seen, parts in zip(visible, frame["partitions"], strict=True) if seen for part in parts]
    return owners, {
        "Disk Key": [2_000 + part[1] for part in parts],
        "Disk": [part[0] for part in parts],
        "Capacity MiB": [part[2] for part in parts],
        "Consumed MiB": [part[3] for part in parts],
        "Free MiB": [part[2] - part[3] for part in parts],
        "Free %": [round(100 * (part[2] - part[3]) / part[2]) for part in parts],
    }


def _adapters(frame: pd.DataFrame, info: Rows) -> tuple[list[int], dict[str, list[Cell]]]:
    known = {one for one, name in zip(info.true_ids, info.columns["DNS Name"], strict=True) if name}
    adapters = [
        (owner, number, mac, address)
        for owner, (first, second, address, other) in enumerate(
            zip(frame["mac"], frame["second_mac"], frame["address"], frame["second_address"], strict=True)
        )
        for number, mac, address in ((0, first, address), (1, second, other))
        if number == 0 or other
    ]
    ids = frame["true_id"].tolist()
    return [one[0] for one in adapters], {
        "NIC label": [f"Network adapter {one[1] + 1}" for one in adapters],
        "Network": [f"dvPG-{one[3].rsplit('.', 1)[0].replace('.', '-')}" if one[3] else "" for one in adapters],
        "Connected": ["True" if one[3] else "False" for one in adapters],
        "Mac Address": [one[2] for one in adapters],
        "IPv4 Address": [one[3] if ids[one[0]] in known else "" for one in adapters],
    }
