"""Small estates as Plan leaves them, for the tests of exports: servers with their workloads, waves and targets.

Belongs here: frames with the columns that exports read. Does not: expectations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_cleansing import cleanse_records
from flow_pipelines.discovery.data_import import SourceFile, import_files
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings.model_validate({"as_of": "2026-06-30", "landing_zone": {"aws_account": "123456789012"}})
START = datetime(2026, 9, 5, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Server:
    """One server, and the workload for which it moves."""

    name: str
    workload: str = "Orders"
    wave: int | None = 1
    treatment: str = "rehost"
    provider: str = "aws"
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def asset_id(self) -> str:
        return SCOPE.id_of("asset", self.name)


def workload_id(name: str) -> str:
    return SCOPE.id_of("workload", name)


def estate(servers: Sequence[Server], needs: Sequence[tuple[str, str]] = ()) -> dict[str, pd.DataFrame]:
    """Return the tables that exports read; `needs` are pairs of names of servers."""
    workloads = {server.workload: server for server in reversed(servers)}
    return {
        "discovery/inventory": _frame("discovery/inventory", [_asset(server) for server in servers]),
        "assess/plan_of_record": _frame("assess/plan_of_record", [_plan(one, servers) for one in workloads.values()]),
        "plan/targets": _frame("plan/targets", [_target(server) for server in servers]),
        "plan/timeline": _frame("plan/timeline", [task for one in workloads.values() for task in _tasks(one)]),
        "discovery/dependencies": _frame("discovery/dependencies", [_edge(one, other) for one, other in needs]),
    }


def reread(text: str, folder: Path) -> pd.DataFrame:
    """Return the cleansed records of an export that is imported again, in the order of its rows."""
    path = folder / "export.csv"
    path.write_bytes(text.encode())
    imported = import_files([SourceFile(path.name, path)], scope=SCOPE, settings=SETTINGS)
    assert imported.rejected_records.empty
    records = imported.imported_records
    mappings = map_attributes(records, scope=SCOPE, settings=SETTINGS)
    cleansed = cleanse_records(records, mappings, scope=SCOPE, settings=SETTINGS).cleansed_records
    rows = records[["record_id", "row_number"]].merge(cleansed, on="record_id", suffixes=("", "_again"))
    return rows.sort_values("row_number", ignore_index=True)


def _frame(key: str, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    blank = empty(output_tables()[key])
    return pd.DataFrame(list(rows)).reindex(columns=blank.columns).astype(blank.dtypes.to_dict())


def _edge(one: str, other: str) -> dict[str, object]:
    source, target = SCOPE.id_of("asset", one), SCOPE.id_of("asset", other)
    usual = {"kind": "depends_on", "origin": "cmdb", "is_noise": False, "is_database_link": False, "confidence": 1.0}
    return {"source_id": source, "target_id": target, **usual}


def _asset(server: Server) -> dict[str, object]:
    usual = {"operating_system": "Red Hat Enterprise Linux 7", "cpu_count": 4, "memory_mib": 8192.0}
    return {"asset_id": server.asset_id, "asset_type": "server", "name": server.name, **usual, **server.facts}


def _plan(server: Server, servers: Sequence[Server]) -> dict[str, object]:
    return {
        "workload_id": workload_id(server.workload),
        "workload_name": server.workload,
        "treatment": server.treatment,
        "wave_number": server.wave,
        "criticality": "high",
        "environment": "production",
        "source_entity_ids": [one.asset_id for one in servers if one.workload == server.workload],
    }


def _target(server: Server) -> dict[str, object]:
    return {
        "asset_id": server.asset_id,
        "server_name": server.name,
        "provider": server.provider,
        "region": "eu-west-1",
        "is_chosen": True,
        "instance_type": "m5.large",
        "workload_ids": [workload_id(server.workload)],
    }


def _tasks(server: Server) -> list[dict[str, object]]:
    steps = (("prepare", "work", "engineer"), ("cutover", "cutover", "cutover lead"), ("hypercare", "work", "engineer"))
    return [
        {
            "task_id": SCOPE.id_of("task", server.workload, task),
            "task_name": f"{server.workload}: {task}",
            "workload_id": workload_id(server.workload),
            "workload_name": server.workload,
            "treatment": server.treatment,
            "wave_number": server.wave,
            "task": task,
            "kind": kind,
            "role": role,
            "duration_hours": 8,
            "planned_start": START + timedelta(days=day),
            "planned_end": START + timedelta(days=day, hours=8),
            "reason": "The window opens then.",
        }
        for day, (task, kind, role) in enumerate(steps)
    ]
