"""The table `cmdb_ci_server` of a sample estate: servers, machines that are gone, hypervisor hosts.

Belongs here: what ServiceNow holds about each of them and what is wrong with it. Does not: other tables
(`servicenow.py`).
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from flow_pipelines.sample.details import MIB_PER_GIB
from flow_pipelines.sample.hypervisors import Platform
from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import BAD_DATES, BAD_NUMBERS, PLACEHOLDERS, Blemish, Cell, Rows, Spoiler
from flow_pipelines.sample.randomness import Stream, generator, hexadecimal, pick
from flow_pipelines.sample.rvtools_machines import server_numbers
from flow_pipelines.sample.servicenow import (
    KnownItems,
    day_text,
    earlier_release,
    moment_text,
    moment_texts,
    renew_ids,
    spoil_environment,
    status_text,
)
from flow_pipelines.sample.writing import TextExport, cells, repeat_rows

COVERED_SERVERS = 0.85
GIGABYTES_SHOWN_AS_TERABYTES = 500
PLATFORM_GROUPS = {
    "windows": "Windows Platform",
    "linux": "Linux Platform",
    "aix": "Unix Platform",
    "solaris": "Unix Platform",
}
OPTIONAL_SERVER_CELLS = (
    "host_name", "fqdn", "dns_domain", "mac_address", "serial_number", "asset_tag", "os_version", "cpu_core_count",
    "cpu_speed", "disk_space", "location", "department", "cost_center", "owned_by", "managed_by", "support_group",
    "short_description", "install_date", "purchase_date", "warranty_expiration", "last_discovered",
)  # fmt: skip
HOST_CELLS: dict[str, Cell] = {
    "sys_class_name": "cmdb_ci_esx_server",
    "os": "VMware ESXi",
    "os_version": "7.0.3",
    "virtual": "false",
    "cpu_count": 2,
    "cpu_core_count": 20,
    "cpu_name": "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz",
    "cpu_speed": 2500,
    "ram": 785_920,
    "manufacturer": "Dell Inc.",
    "model_id": "PowerEdge R740",
    "support_group": "Virtualization Platform",
    "discovery_source": "ServiceNow",
}


def write_servers(
    export: TextExport, layout: Layout, chunk: int, live: pd.DataFrame, *, retired: pd.DataFrame, known: KnownItems
) -> None:
    """Append one chunk of servers, in random order: most of the live ones, and all that are gone."""
    rng = generator(layout.seed, Stream.SERVERS, chunk)
    covered = live[rng.random(len(live)) < COVERED_SERVERS]
    frame = pd.concat([covered, retired], ignore_index=False)
    spoiler = Spoiler("cmdb_ci_server", rng)
    places = spoiler.repeated(len(frame))
    ids = frame["true_id"].tolist()
    rows = Rows(
        repeat_rows(_server_cells(layout, frame, rng), places),
        ["server"] * len(places),
        [ids[place] for place in places],
    )
    renew_ids(rows, spoiler)
    _log_gone(rows, set(retired["true_id"][retired["has_reused_address"]]))
    _spoil_servers(layout, rows, spoiler)
    export.write(rows)
    known.add(rows)


def write_hosts(export: TextExport, layout: Layout, platform: Platform, known: KnownItems) -> None:
    """Append the hypervisor hosts: the configuration database keeps them in the same table as servers."""
    rng = generator(layout.seed, Stream.SERVERS, 1_000_000)
    covered = np.flatnonzero(rng.random(len(layout.hosts)) < COVERED_SERVERS).tolist()
    sites = layout.hosts["site"].tolist()
    columns: dict[str, list[Cell]] = {name: [value] * len(covered) for name, value in HOST_CELLS.items()}
    columns |= {
        "sys_id": list(hexadecimal(rng, len(covered), 32)),
        "name": [platform.host_names[number] for number in covered],
        "ip_address": [f"10.{200 + sites[number]}.{number // 250}.{number % 250 + 4}" for number in covered],
        "operational_status": [status_text(layout, 1)] * len(covered),
        "environment": ["Production"] * len(covered),
        "location": [layout.words.sites[layout.sites[sites[number]]].city for number in covered],
    }
    rows = Rows(columns, ["hypervisor_host"] * len(covered), [platform.host_ids[number] for number in covered])
    export.write(rows)
    known.add(rows)


def _server_cells(layout: Layout, frame: pd.DataFrame, rng: np.random.Generator) -> dict[str, list[Cell]]:
    words, company, count = layout.words, layout.company, len(frame)
    systems = [words.operating_systems[number] for number in frame["operating_system"]]
    own = layout.applications.iloc[frame["application"].to_numpy()]
    gone = [number < 0 for number in server_numbers(frame)]
    standby = len(words.environments) - 1
    states = [
        6 if retired else 4 if environment == standby else 1 if on else 2
        for retired, environment, on in zip(gone, frame["environment"], frame["powered_on"], strict=True)
    ]
    ages = np.where(gone, rng.integers(200, 1_500, size=count), rng.integers(0, 14, size=count)).tolist()
    tiers = list(words.tiers.values())
    return {
        "sys_id": list(hexadecimal(rng, count, 32)),
        "name": cells(frame, "name"),
        "host_name": cells(frame, "name"),
        "fqdn": cells(frame, "fqdn"),
        "dns_domain": [company.domain] * count,
        "ip_address": cells(frame, "address"),
        "mac_address": [mac.upper() for mac in frame["mac"]],
        "serial_number": cells(frame, "serial_number"),
        "asset_tag": cells(frame, "asset_tag"),
        "sys_class_name": [words.families[one.family].server_class for one in systems],
        "operational_status": [status_text(layout, state) for state in states],
        "install_status": ["7" if retired else "1" for retired in gone],
        "environment": [words.environments[number].label for number in frame["environment"]],
        "os": [one.inventory for one in systems],
        "os_version": [one.build for one in systems],
        "os_service_pack": ["Service Pack 1" if one.cycle.endswith("SP1") else "" for one in systems],
        "cpu_count": cells(frame, "sockets"),
        "cpu_core_count": (frame["cpus"] // frame["sockets"]).tolist(),
        "cpu_name": [_processor(one.family) for one in systems],
        "cpu_speed": [2_500] * count,
        "ram": cells(frame, "memory_mib"),
        "disk_space": cells(frame, "storage_gib"),
        "virtual": ["true" if virtual else "false" for virtual in frame["is_virtual"]],
        "manufacturer": cells(frame, "manufacturer"),
        "model_id": cells(frame, "model"),
        "location": [words.sites[layout.sites[site]].city for site in frame["site"]],
        "department": cells(own, "business_unit"),
        "cost_center": cells(own, "cost_center"),
        "owned_by": cells(own, "owner"),
        "managed_by": cells(own, "owner"),
        "support_group": [PLATFORM_GROUPS[one.family] for one in systems],
        "short_description": [
            f"{name} {tiers[tier].role.lower()}" for name, tier in zip(own["name"], frame["tier"], strict=True)
        ],
        "internet_facing": [
            "true" if facing and tier == 0 else "false"
            for facing, tier in zip(own["internet_facing"], frame["tier"], strict=True)
        ],
        "default_gateway": [f"{address.rsplit('.', 1)[0]}.1" for address in frame["address"]],
        "discovery_source": pick(rng, ["ServiceNow", "SCCM", "Manual Entry"], count),
        "first_discovered": [moment_text(layout, day) for day in frame["installed"]],
        "last_discovered": [moment_text(layout, words.exported - timedelta(days=age)) for age in ages],
        "install_date": [day_text(layout, day) for day in frame["installed"]],
        "purchase_date": [
            "" if virtual else day_text(layout, day)
            for virtual, day in zip(frame["is_virtual"], frame["purchased"], strict=True)
        ],
        "warranty_expiration": [
            "" if virtual else day_text(layout, day)
            for virtual, day in zip(frame["is_virtual"], frame["warranty_end"], strict=True)
        ],
        "sys_updated_on": moment_texts(layout, rng, count, 300),
    }


def _processor(family: str) -> str:
    return {"aix": "POWER9", "solaris": "SPARC M7"}.get(family, "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz")


def _spoil_servers(layout: Layout, rows: Rows, spoiler: Spoiler) -> None:
    gone = [true_id.startswith("RET-") for true_id in rows.true_ids]
    operational = status_text(layout, 1)
    spoiler.change(rows, "stale_status", "operational_status", lambda _: operational, among=lambda place: gone[place])
    _spoil_names(layout, rows, spoiler)
    spoiler.change(rows, "conflicting_memory", "ram", lambda ram: int(ram) // 2)
    earlier = earlier_release([(one.product, one.build) for one in layout.words.operating_systems])
    spoiler.change(rows, "conflicting_os_version", "os_version", earlier)
    spoiler.replace(rows, "conflicting_environment", "environment", [one.label for one in layout.words.environments])
    spoiler.replace(rows, "conflicting_owner", "owned_by", layout.applications["owner"].tolist())
    spoil_environment(layout, rows, spoiler)
    spoiler.change(rows, "unit_in_cell", "ram", lambda ram: _with_unit(spoiler, int(ram)))
    spoiler.change(rows, "unit_in_cell", "disk_space", _disk_with_unit)
    for column in OPTIONAL_SERVER_CELLS:
        spoiler.change(rows, "missing_cell", column, lambda _: "")
    for column in ("os_version", "owned_by", "ram", "serial_number"):
        spoiler.replace(rows, "placeholder_cell", column, PLACEHOLDERS)
    spoiler.replace(rows, "bad_number", "cpu_count", BAD_NUMBERS)
    for column in ("install_date", "warranty_expiration", "last_discovered"):
        spoiler.replace(rows, "bad_date", column, BAD_DATES)
    spoiler.change(rows, "bad_address", "ip_address", spoiler.bad_address)
    for column in ("owned_by", "os", "location"):
        spoiler.change(rows, "trailing_space", column, lambda text: f"{text}  ")
    spoiler.reshape(rows)


def _log_gone(rows: Rows, reused: set[str]) -> None:
    """Log the machines that are gone, and those of them whose address a live server has today."""
    for position, true_id in enumerate(rows.true_ids):
        if true_id.startswith("RET-"):
            rows.blemishes.append(Blemish(position, "", "gone_machine", None, None))
        if true_id in reused:
            address = rows.columns["ip_address"][position]
            rows.blemishes.append(Blemish(position, "ip_address", "reused_address", address, address))


def _spoil_names(layout: Layout, rows: Rows, spoiler: Spoiler) -> None:
    spoiler.change(rows, "name_as_fqdn", "name", lambda name: f"{name}.{layout.company.domain}")
    spoiler.change(rows, "name_typo", "name", spoiler.typo)
    spoiler.change(rows, "name_suffix", "name", lambda name: name + spoiler.one_of(["-old", "-new"]))
    spoiler.change(rows, "name_upper_case", "name", str.upper)
    by_hand = {one.position for one in rows.blemishes if one.kind in ("name_typo", "name_suffix")}
    for column in ("host_name", "fqdn", "mac_address", "serial_number"):
        spoiler.change(rows, "typed_by_hand", column, lambda _: "", among=by_hand.__contains__)


def _with_unit(spoiler: Spoiler, memory: int) -> str:
    gibibytes = f"{memory / MIB_PER_GIB:g}"
    return spoiler.one_of([f"{gibibytes} GB", f"{gibibytes}GB", f"{memory} MB"])


def _disk_with_unit(size: str) -> str:
    return f"{int(size) / 1_000:g} TB" if int(size) > GIGABYTES_SHOWN_AS_TERABYTES else f"{size} GB"
