"""Small exports, put together by hand, for the tests of identity.

Belongs here: building cleansed records that conform to their table, and looking into what becomes of them. Does not:
expectations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from flow_pipelines.discovery.inventory import InventoryResult, resolve_inventory
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import cleansed_records

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))
BIOS = "421c830f-5e2b-9d04-7a61-c88e15f033b2"
BIOS_SWAPPED = "0f831c42-2b5e-049d-7a61-c88e15f033b2"
VMWARE_SERIAL = "VMWARE-42 1C 83 0F 5E 2B 9D 04-7A 61 C8 8E 15 F0 33 B2"
OTHER_BIOS = "42aa0011-2233-4455-6677-8899aabbccdd"
VM = "50112233-4455-6677-8899-aabbccddeeff"
OTHER_VM = "50998877-6655-4433-2211-00ffeeddccbb"
FILES = {
    "rvtools": ("rvtools.xlsx", "vInfo"),
    "servicenow": ("cmdb.csv", None),
    "aws_migration_hub": ("aws.csv", None),
    "generic": ("list.csv", None),
}


def day(number: int) -> datetime:
    """A day of May 2026."""
    return datetime(2026, 5, number, tzinfo=UTC)


@dataclass
class Outcome:
    """What the phase made of some records."""

    result: InventoryResult

    @property
    def inventory(self) -> pd.DataFrame:
        return self.result.inventory

    def of(self, record_id: str) -> pd.Series[Any]:
        """The only asset that rests on a record, applications that it merely names aside."""
        rests = self.inventory["source_entity_ids"].map(lambda ids: record_id in ids)
        named = self.inventory["resolution_reason"].str.startswith("named by")
        assets = self.inventory[rests & ~named]
        assert len(assets) == 1
        return assets.iloc[0]

    def are_one(self, *record_ids: str) -> bool:
        return len({self.of(record_id)["asset_id"] for record_id in record_ids}) == 1

    def named(self, name: str) -> pd.Series[Any]:
        """The only asset of a name."""
        assets = self.inventory[self.inventory["name"] == name]
        assert len(assets) == 1
        return assets.iloc[0]

    def conflicts(self, attribute: str) -> list[tuple[str, str]]:
        """Kept and losing values of an attribute."""
        rows = self.result.inventory_conflicts
        rows = rows[rows["attribute"] == attribute]
        return sorted(zip(rows["kept_value"], rows["losing_value"], strict=True))


@dataclass
class Sources:
    """Exports that grow record by record."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def record(self, source_format: str, record_type: str, **cells: object) -> str:
        """Add a cleansed record and return its id."""
        file, sheet = FILES[source_format]
        number = len(self.rows)
        row: dict[str, Any] = {
            "record_id": SCOPE.id_of("record", number),
            "source_file": file,
            "sheet": sheet,
            "row_number": number + 2,
            "row_count": 1,
            "source_format": source_format,
            "record_type": record_type,
            "quality_score": 0.8,
            "quality_issues": [],
        }
        self.rows.append(row | cells)
        return str(self.rows[-1]["record_id"])

    def vm(self, name: str, **cells: object) -> str:
        """A line of vInfo."""
        return self.record("rvtools", "server", **({"name": name, "virtual_center": "vc01"} | cells))

    def item(self, name: str | None, **cells: object) -> str:
        """A server of the configuration database."""
        return self.record("servicenow", "server", **({"name": name} | cells))

    def agent(self, host_name: str | None, **cells: object) -> str:
        """A server that an agent saw."""
        return self.record("aws_migration_hub", "server", **({"host_name": host_name} | cells))

    def application(self, name: str, **cells: object) -> str:
        return self.record("servicenow", "application", **({"name": name} | cells))

    def database(self, name: str, **cells: object) -> str:
        return self.record("servicenow", "database", **({"name": name} | cells))

    def relation(self, parent: str, kind: str, child: str) -> str:
        return self.record("servicenow", "relation", relation_parent=parent, relation_type=kind, relation_child=child)

    def frame(self) -> pd.DataFrame:
        return conform(pd.DataFrame(self.rows, columns=_columns(self.rows)), cleansed_records)

    def resolve(self, settings: EngagementSettings = SETTINGS) -> Outcome:
        return Outcome(resolve_inventory(self.frame(), scope=SCOPE, settings=settings))


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    required = [column.name for column in cleansed_records.columns if not column.nullable]
    return list(dict.fromkeys([*required, *(name for row in rows for name in row)]))
