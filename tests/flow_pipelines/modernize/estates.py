"""Small estates as Execute hands them over, for the tests of Modernize.

Belongs here: building what is known. Does not: expectations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from flow_pipelines.assess.overview import assess_workloads
from flow_pipelines.assess.treatment.treatments import treat_workloads
from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.modernize.backlog.known import Known
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty
from tests.flow_pipelines.assess.estates import SCOPE, Row, dependencies, inventory, tech_debt

AS_OF = date(2026, 6, 30)
SETTINGS = EngagementSettings(as_of=AS_OF)


def plan(treatments: Mapping[str, str], overview: pd.DataFrame, waves: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Return a plan of record: the treatment and wave of each workload by its name; rehost and wave 1 if not told."""
    blank = empty(output_tables()["assess/plan_of_record"])
    rows = overview[["workload_id", "workload_name", "source_entity_ids", "criticality", "environment", "owner"]]
    numbers = [(waves or {}).get(name, 1) for name in rows["workload_name"]]
    rows = rows.assign(
        treatment=[treatments.get(name, "rehost") for name in rows["workload_name"]],
        wave_number=numbers,
        end_date=[date(2026, 9, number) for number in numbers],
    )
    return rows.reindex(columns=blank.columns).astype(blank.dtypes.to_dict())


def known(
    assets: Sequence[Row],
    treatments: Mapping[str, str],
    *,
    findings: Sequence[Row] = (),
    edges: Sequence[Row] = (),
    code_findings: pd.DataFrame | None = None,
    waves: Mapping[str, int] | None = None,
    prices: Mapping[str, float] | None = None,
) -> Known:
    """Return what is known of an estate; `prices` are those of servers by name, in USD a month."""
    things, edge_rows, debt = inventory(*assets), dependencies(*edges), tech_debt(*findings)
    overview = assess_workloads(things, edge_rows, debt)
    treated = treat_workloads(overview, things, edge_rows, debt, scope=SCOPE, settings=SETTINGS)
    blank = empty(output_tables()["plan/targets"])
    targets = [
        {"asset_id": SCOPE.id_of("asset", name), "is_chosen": True, "on_demand_usd_month": price}
        for name, price in (prices or {}).items()
    ]
    return Known(
        inventory=things,
        dependencies=edge_rows,
        tech_debt=debt,
        overview=overview,
        answers=treated.questionnaire_answers,
        components=treated.component_treatments,
        plan=plan(treatments, overview, waves),
        targets=pd.DataFrame(targets).reindex(columns=blank.columns).astype(blank.dtypes.to_dict()),
        code_findings=empty(output_tables()["modernize/code_findings"]) if code_findings is None else code_findings,
        as_of=AS_OF,
    )


def landed(folder: Path, files: Mapping[str, object]) -> list[SourceFile]:
    """Write files and return them; what is no text or bytes is written as JSON."""
    found = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        found.append(SourceFile(name, path))
    return found
