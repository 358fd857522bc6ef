"""What the overview tells of costs is what the business case does, as long as nobody chose otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from assets_defs.phase_assets import PhaseInputs
from assets_defs.plan_overview import OVERVIEW
from assets_defs.plan_target import TARGET
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty

SCOPE = Scope("acme", "dc-exit")
SERVER, DATABASE, WORKLOAD, COMPONENT = (SCOPE.id_of("asset", name) for name in ("db01", "erp", "ERP", "SQL"))
SIZE = {"cpu_count": 16, "memory_mib": 65536.0, "storage_allocated_gib": 100.0}
SERVER_ROW = {"asset_id": SERVER, "asset_type": "server", "name": "db01", "operating_system": "Ubuntu 22.04", **SIZE}
ROWS: dict[str, list[dict[str, Any]]] = {
    "discovery/inventory": [
        SERVER_ROW,
        {"asset_id": DATABASE, "asset_type": "database", "name": "erp", "database_edition": "Enterprise"},
    ],
    "discovery/dependencies": [{"source_id": DATABASE, "target_id": SERVER, "kind": "runs_on"}],
    "assess/plan_of_record": [
        {
            "workload_id": WORKLOAD,
            "workload_name": "ERP",
            "treatment": "rehost",
            "wave_number": 1,
            "effort_days": 5.0,
            "source_entity_ids": [SERVER],
        }
    ],
    "assess/component_treatments": [
        {
            "component_id": COMPONENT,
            "component_name": "erp",
            "product": "mssqlserver",
            "component_treatment": "self_managed",
            "source_entity_ids": [DATABASE],
        }
    ],
}


def frame(table_key: str) -> pd.DataFrame:
    columns = empty(output_tables()[table_key])
    rows = pd.DataFrame(ROWS.get(table_key, []), columns=columns.columns)
    return rows.astype(columns.dtypes.to_dict())


def test_the_overview_counts_licences_of_sql_server_as_the_business_case_does() -> None:
    told = []
    for shell, table_key in ((OVERVIEW, "plan/plan_overview"), (TARGET, "plan/business_case")):
        frames = {name: frame(name) for name in shell.reads}
        settings = EngagementSettings(as_of=date(2026, 6, 30))
        phase = PhaseInputs(SCOPE, settings, frames, {}, {}, edits=[], files=[], progress=print)
        told.append(shell.compute(phase).frames[table_key])
    overview, case = told
    assert case["licence_usd_month"].gt(0).all()
    columns = ["now_usd_month", "after_usd_month", "server_count", "unpriced_server_count"]
    assert overview[columns].to_numpy().tolist() == case[columns].to_numpy().tolist()
