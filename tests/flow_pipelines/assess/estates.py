"""Small estates for the tests of Assess.

Belongs here: building frames that keep Discovery's contracts. Does not: expectations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from flow_pipelines.scope import Scope
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import dependencies as dependencies_table
from flow_pipelines.tables.discovery import inventory as inventory_table
from flow_pipelines.tables.discovery import tech_debt as tech_debt_table

SCOPE = Scope("acme", "dc-exit")
Row = dict[str, Any]


def asset_id(name: str) -> str:
    return SCOPE.id_of("asset", name)


def asset(name: str, asset_type: str = "server", of: Sequence[str] = (), **facts: object) -> Row:
    return {
        "asset_id": asset_id(name),
        "asset_type": asset_type,
        "name": name,
        "application_ids": [asset_id(one) for one in of],
        "source_entity_ids": [SCOPE.id_of("record", name)],
        "source_formats": ["generic"],
        "resolution_method": "single",
        "resolution_confidence": 1.0,
        "resolution_reason": "one record",
        "quality_score": 1.0,
        **facts,
    }


def server(name: str, of: Sequence[str] = (), **facts: object) -> Row:
    told = {"os_product": "rhel", "os_cycle": "9", "cpu_count": 4, "memory_mib": 8192.0, "storage_used_gib": 100.0}
    return asset(name, "server", of, **{**told, **facts})


def database(name: str, of: Sequence[str] = (), **facts: object) -> Row:
    return asset(name, "database", of, **{"database_product": "postgresql", **facts})


def application(name: str, **facts: object) -> Row:
    return asset(name, "application", **facts)


def inventory(*assets: Row) -> pd.DataFrame:
    return conform(pd.DataFrame(list(assets)), inventory_table) if assets else empty(inventory_table)


def edge(source: str, target: str, *, external: str = "", **facts: object) -> Row:
    return {
        "dependency_id": SCOPE.id_of("dependency", source, target),
        "source_id": asset_id(source),
        "source_name": source,
        "source_is_external": external == "source",
        "target_id": asset_id(target),
        "target_name": target,
        "target_is_external": external == "target",
        "kind": "depends_on",
        "origin": "cmdb",
        "is_noise": False,
        "is_database_link": False,
        "confidence": 1.0,
        "reason": "stated",
        "source_entity_ids": [],
        **facts,
    }


def dependencies(*edges: Row) -> pd.DataFrame:
    return conform(pd.DataFrame(list(edges)), dependencies_table) if edges else empty(dependencies_table)


def finding(name: str, status: str = "past", score: float = 60.0, **facts: object) -> Row:
    return {
        "finding_id": SCOPE.id_of("finding", name, status),
        "asset_id": asset_id(name),
        "asset_name": name,
        "asset_type": "server",
        "category": "operating_system",
        "product": "windows-server",
        "subject": "windows-server",
        "check_name": "end_of_life",
        "remedy": "Upgrade it.",
        "status": status,
        "severity": "high",
        "score": score,
        "as_of": pd.Timestamp("2026-06-30").date(),
        "fact": f"Windows Server 2008 is {status}.",
        **facts,
    }


def tech_debt(*findings: Row) -> pd.DataFrame:
    return conform(pd.DataFrame(list(findings)), tech_debt_table) if findings else empty(tech_debt_table)
