"""The tables `cmdb_ci_appl` and `cmdb_ci_db_instance` of a sample estate, and how its ServiceNow writes cells.

Belongs here: applications, database instances, and the names under which relations refer to items. Does not: servers
(`servicenow_servers.py`) and relations (`relations.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import BAD_DATES, PLACEHOLDERS, Cell, Rows, Spoiler
from flow_pipelines.sample.randomness import Stream, generator, hexadecimal
from flow_pipelines.sample.writing import TextExport, cells, repeat_rows

COVERED_APPLICATIONS = 0.95
COVERED_DATABASES = 0.80
STATUS_LABELS = {1: "Operational", 2: "Non-Operational", 3: "Repair in Progress", 4: "DR Standby", 6: "Retired"}
CRITICALITY_LABELS = ("1 - most critical", "2 - somewhat critical", "3 - less critical", "4 - not critical")


@dataclass
class KnownItems:
    """What the configuration database knows and calls it: true id to name, and the names of gone machines."""

    names: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def add(self, rows: Rows) -> None:
        """Remember the names of rows; of two rows about one thing, the first counts."""
        for true_id, name in zip(rows.true_ids, rows.columns["name"], strict=True):
            self.names.setdefault(true_id, str(name))
            if true_id.startswith("RET-"):
                self.gone.append(str(name))


def write_applications(export: TextExport, layout: Layout, known: KnownItems) -> None:
    """Write the business applications and shared services."""
    rng = generator(layout.seed, Stream.APPLICATION_ITEMS)
    frame = layout.applications[rng.random(len(layout.applications)) < COVERED_APPLICATIONS]
    spoiler = Spoiler("cmdb_ci_appl", rng)
    places = spoiler.repeated(len(frame))
    days = [
        date(year, 1, 1) + timedelta(days=extra)
        for year, extra in zip(frame["since"], rng.integers(365, size=len(frame)).tolist(), strict=True)
    ]
    columns: dict[str, list[Cell]] = {
        "sys_id": list(hexadecimal(rng, len(frame), 32)),
        "name": cells(frame, "name"),
        "sys_class_name": ["cmdb_ci_appl"] * len(frame),
        "u_application_code": [code.upper() for code in frame["code"]],
        "short_description": [
            f"{name} for {unit}" for name, unit in zip(frame["name"], frame["business_unit"], strict=True)
        ],
        "operational_status": [status_text(layout, 1)] * len(frame),
        "business_criticality": [CRITICALITY_LABELS[number - 1] for number in frame["criticality"]],
        "environment": ["Production"] * len(frame),
        "owned_by": cells(frame, "owner"),
        "managed_by": cells(frame, "owner"),
        "support_group": cells(frame, "support_group"),
        "department": cells(frame, "business_unit"),
        "cost_center": cells(frame, "cost_center"),
        "install_date": [day_text(layout, one) for one in days],
        "sys_updated_on": moment_texts(layout, rng, len(frame), 400),
    }
    ids = [application_id(number) for number in frame.index]
    rows = Rows(repeat_rows(columns, places), ["application"] * len(places), [ids[place] for place in places])
    renew_ids(rows, spoiler)
    spoiler.change(rows, "name_typo", "name", spoiler.typo)
    spoiler.change(rows, "name_upper_case", "name", str.upper)
    spoiler.change(rows, "trailing_space", "name", lambda name: f"{name} ")
    spoiler.replace(rows, "conflicting_owner", "owned_by", layout.applications["owner"].tolist())
    for column in ("short_description", "managed_by", "support_group", "cost_center", "install_date"):
        spoiler.change(rows, "missing_cell", column, lambda _: "")
    spoiler.replace(rows, "placeholder_cell", "business_criticality", PLACEHOLDERS)
    spoiler.replace(rows, "bad_date", "install_date", BAD_DATES)
    export.write(rows)
    known.add(rows)


def write_databases(export: TextExport, layout: Layout, chunk: int, frame: pd.DataFrame, known: KnownItems) -> None:
    """Append one chunk of database instances; `frame` holds rows of `layout.databases`."""
    rng = generator(layout.seed, Stream.DATABASE_ITEMS, chunk)
    frame = frame[rng.random(len(frame)) < COVERED_DATABASES]
    spoiler = Spoiler("cmdb_ci_db_instance", rng)
    places = spoiler.repeated(len(frame))
    ids = [database_id(*pair) for pair in frame[["server", "ordinal"]].itertuples(index=False, name=None)]
    rows = Rows(
        repeat_rows(_database_cells(layout, frame, rng), places),
        ["database"] * len(places),
        [ids[place] for place in places],
    )
    renew_ids(rows, spoiler)
    spoil_environment(layout, rows, spoiler)
    earlier = earlier_release([(one.engine, one.version) for one in layout.words.databases])
    # The default instance of SQL Server has the same name everywhere: nobody lists it without its server.
    named = [not str(name).startswith("MSSQLSERVER") for name in rows.columns["name"]]
    spoiler.change(rows, "short_name", "name", lambda name: name.split("@")[0], among=named.__getitem__)
    spoiler.change(rows, "conflicting_version", "version", earlier)
    spoiler.change(rows, "unit_in_cell", "u_size_gb", lambda size: f"{size} GB")
    for column in ("edition", "port", "support_group", "u_size_gb", "install_date"):
        spoiler.change(rows, "missing_cell", column, lambda _: "")
    spoiler.replace(rows, "placeholder_cell", "version", PLACEHOLDERS)
    spoiler.change(rows, "bad_address", "ip_address", spoiler.bad_address)
    export.write(rows)
    known.add(rows)


def application_id(number: int) -> str:
    """Return the true id of an application by its row in the layout."""
    return f"APP-{number:05d}"


def database_id(server: int, ordinal: int) -> str:
    """Return the true id of a database instance."""
    return f"DB-{server:06d}-{ordinal}"


def database_names(layout: Layout, frame: pd.DataFrame) -> list[str]:
    """Name database instances as discovery does: instance@server."""
    servers = layout.servers.iloc[frame["server"].to_numpy()]
    engines = [layout.words.databases[number].engine for number in frame["release"]]
    codes = layout.applications["code"].to_numpy()[frame["application"].to_numpy()].tolist()
    letters = [layout.words.environments[number].letter for number in servers["environment"]]
    instances = [
        "MSSQLSERVER" if engine == "SQL Server" and own else f"{code}{letter}{number}".upper()
        for engine, own, code, letter, number in zip(
            engines, frame["ordinal"] == 1, codes, letters, servers["ordinal"], strict=True
        )
    ]
    return [f"{instance}@{server}" for instance, server in zip(instances, servers["name"], strict=True)]


def _database_cells(layout: Layout, frame: pd.DataFrame, rng: np.random.Generator) -> dict[str, list[Cell]]:
    servers = layout.servers.iloc[frame["server"].to_numpy()]
    releases = [layout.words.databases[number] for number in frame["release"]]
    engines = [layout.words.database_engines[one.engine] for one in releases]
    days = rng.integers(60, 4_000, size=len(frame)).tolist()
    return {
        "sys_id": list(hexadecimal(rng, len(frame), 32)),
        "name": list(database_names(layout, frame)),
        "sys_class_name": [one.table for one in engines],
        "type": [one.label for one in engines],
        "version": [one.version for one in releases],
        "edition": [one.edition for one in releases],
        "port": [one.port for one in engines],
        "ip_address": cells(servers, "address"),
        "operational_status": [status_text(layout, 1)] * len(frame),
        "environment": [layout.words.environments[number].label for number in servers["environment"]],
        "support_group": ["Database Administration"] * len(frame),
        "u_size_gb": rng.lognormal(4.0, 1.2, len(frame)).astype(int).tolist(),
        "short_description": [
            f"Database of {name}" for name in layout.applications["name"].to_numpy()[frame["application"].to_numpy()]
        ],
        "install_date": [day_text(layout, layout.words.exported - timedelta(days=one)) for one in days],
        "sys_updated_on": moment_texts(layout, rng, len(frame), 400),
    }


def spoil_environment(layout: Layout, rows: Rows, spoiler: Spoiler) -> None:
    """Write some environments as somebody would say it."""
    spellings = {one.label: one.spellings for one in layout.words.environments}
    spoiler.change(rows, "environment_spelling", "environment", lambda label: spoiler.one_of(spellings[label]))


def earlier_release(releases: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    """Return what tells the version of a product before another one, or that version if it is the first.

    Args:
        releases: Product and version, the releases of one product in order.
    """
    earlier = {version: before for (one, before), (other, version) in pairwise(releases) if one == other}
    return lambda version: earlier.get(version, version)


def renew_ids(rows: Rows, spoiler: Spoiler) -> None:
    """Log repeated rows; the second row about one thing has a sys_id of its own."""
    spoiler.log_repeats(rows)
    for blemish, fresh in zip(rows.blemishes, hexadecimal(spoiler.rng, len(rows.blemishes), 32), strict=True):
        rows.columns["sys_id"][blemish.position] = fresh


def status_text(layout: Layout, code: int) -> str:
    """Write an operational status as this client's exports do: as its label or its code."""
    return STATUS_LABELS[code] if layout.company.exports.status == "label" else str(code)


def day_text(layout: Layout, day: date) -> str:
    """Write a date as this client's exports do."""
    return day.strftime(layout.company.exports.date)


def moment_text(layout: Layout, day: date) -> str:
    """Write the moment at which the nightly discovery of a day runs."""
    return f"{day_text(layout, day)} 04:30:00"


def moment_texts(layout: Layout, rng: np.random.Generator, count: int, days: int) -> list[Cell]:
    """Draw moments of the last days before the export."""
    ages = rng.integers(days, size=count).tolist()
    return [moment_text(layout, layout.words.exported - timedelta(days=age)) for age in ages]
