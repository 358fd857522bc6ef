"""Small estates, put together by hand, for the tests of dependencies.

Belongs here: building cleansed records and an inventory that conform to their tables. Does not: expectations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from flow_pipelines.discovery.dependencies import find_dependencies
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import cleansed_records, inventory

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))


def moment(day: int) -> datetime:
    """A day of June 2026."""
    return datetime(2026, 6, day, tzinfo=UTC)


@dataclass
class Estate:
    """An estate that grows record by record."""

    records: list[dict[str, Any]] = field(default_factory=list)
    assets: list[dict[str, Any]] = field(default_factory=list)

    def record(self, record_type: str, **cells: object) -> str:
        """Add a cleansed record and return its id."""
        number = len(self.records)
        self.records.append(
            {
                "record_id": SCOPE.id_of("record", number),
                "source_file": f"{record_type}.csv",
                "row_number": number + 1,
                "row_count": 1,
                "source_format": "servicenow",
                "record_type": record_type,
                "quality_score": 1.0,
                "quality_issues": [],
            }
            | cells
        )
        return str(self.records[-1]["record_id"])

    def asset(self, asset_type: str, name: str, *addresses: str, **cells: object) -> str:
        """Add an asset with one record of the same cells and return its id."""
        record_cells = {
            key: cells[key] for key in ("host_name", "fqdn", "external_id", "source_format") if key in cells
        }
        record_id = self.record(asset_type, name=name, **record_cells)
        self.assets.append(
            {
                "asset_id": SCOPE.id_of("asset", asset_type, name, record_id),
                "asset_type": asset_type,
                "name": name,
                "ip_addresses": list(addresses),
                "application_ids": [],
                "source_entity_ids": [record_id],
                "source_formats": ["servicenow"],
                "resolution_method": "single",
                "resolution_confidence": 1.0,
                "resolution_reason": "There is one record.",
                "quality_score": 1.0,
            }
            | {key: cell for key, cell in cells.items() if key != "source_format"}
        )
        return str(self.assets[-1]["asset_id"])

    def relation(self, parent: str | None, child: str | None, relation_type: str | None, **cells: object) -> str:
        """Add a stated relation and return its record's id."""
        ends = {"relation_parent": parent, "relation_child": child, "relation_type": relation_type}
        return self.record("relation", **ends, **cells)

    def connection(
        self, source: str | None, target: str | None, port: int | None, protocol: str | None = "tcp", **cells: object
    ) -> str:
        """Add an observed connection between two addresses and return its record's id."""
        ends = {"source_address": source, "destination_address": target}
        return self.record("connection", **ends, destination_port=port, protocol=protocol, **cells)

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return cleansed records and inventory."""
        return conform(_frame(self.records, "record_id"), cleansed_records), conform(
            _frame(self.assets, "asset_id"), inventory
        )

    def edges(self, settings: EngagementSettings = SETTINGS) -> pd.DataFrame:
        """Return the dependencies that are found."""
        records, assets = self.frames()
        return find_dependencies(records, assets, scope=SCOPE, settings=settings)

    def edges_by(self, column: str, settings: EngagementSettings = SETTINGS) -> dict[Any, dict[str, Any]]:
        """Return the dependencies that are found, by a column that tells them apart."""
        rows = [{str(name): cell for name, cell in row.items()} for row in self.edges(settings).to_dict("records")]
        assert len({row[column] for row in rows}) == len(rows)
        return {row[column]: row for row in rows}

    def edge(self, settings: EngagementSettings = SETTINGS) -> dict[str, Any]:
        """Return the only dependency that is found."""
        (edge,) = self.edges_by("dependency_id", settings).values()
        return edge


def _frame(rows: list[dict[str, Any]], key: str) -> pd.DataFrame:
    table = cleansed_records if key == "record_id" else inventory
    required = [column.name for column in table.columns if not column.nullable]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=required)
