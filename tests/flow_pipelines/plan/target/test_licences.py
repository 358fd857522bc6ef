"""SQL Server that stays on machines is paid for by the processors of the machine, once, by its dearest edition."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from flow_pipelines.plan.target.licences import with_sql_server
from flow_pipelines.plan.target.targets import build_targets
from flow_pipelines.scope import Scope
from flow_pipelines.settings import parse_settings

SCOPE = Scope("acme", "dc-exit")
SERVER = SCOPE.id_of("asset", "db01")


def priced(
    *editions: str | None, treatment: str = "self_managed", licence: str = "included", cpus: int = 8
) -> pd.Series:  # type: ignore[type-arg]
    """Return the target in AWS of a server with a SQL Server of each of these editions."""
    databases = [SCOPE.id_of("asset", "database", number) for number in range(len(editions))]
    inventory = pd.DataFrame(
        {"asset_id": [SERVER, *databases], "asset_type": ["server", *["database"] * len(databases)]}
    ).assign(name="db01", host_name=None, fqdn=None, cpu_count=cpus, memory_mib=8192.0, architecture="x86_64")
    inventory = inventory.assign(operating_system="Windows Server 2019", database_edition=[None, *editions])
    settings = parse_settings(f"sizing: {{sql_server_licence: {licence}}}", origin="test", today=date(2026, 6, 30))
    workload = {"workload_id": SERVER, "workload_name": "Portal", "treatment": "rehost", "wave_number": 1}
    plan = pd.DataFrame([workload | {"source_entity_ids": [SERVER]}])
    components = pd.DataFrame(
        {"product": "mssqlserver", "component_treatment": treatment, "source_entity_ids": [[one] for one in databases]}
    )
    runs = pd.DataFrame({"source_id": databases, "target_id": SERVER, "kind": "runs_on"})
    targets = build_targets(inventory, plan, scope=SCOPE, settings=settings)
    found = with_sql_server(targets, components, inventory, runs, settings)
    assert len(found) == len(targets)
    return found.set_index("provider").loc["aws"]


@pytest.mark.parametrize(
    ("editions", "rate"),
    [
        (["Standard Edition"], 73.0),
        (["Enterprise", "Standard"], 273.75),
        (["Express Edition"], 0.0),
        (["Developer Edition (64-bit)"], 0.0),
        ([None], 73.0),
    ],
)
def test_the_dearest_edition_counts_once_for_each_processor(editions: list[str | None], rate: float) -> None:
    row = priced(*editions)
    assert row["sql_server_usd_month"] == pytest.approx(row["vcpu"] * rate)


def test_an_edition_that_is_not_known_or_has_no_price_is_said() -> None:
    assert "edition of SQL Server not known, taken as standard" in priced(None)["assumptions"]
    web = priced("Web Edition")
    assert "no price of SQL Server web is known" in web["assumptions"]
    assert pd.isna(web["sql_server_usd_month"])


def test_a_small_machine_is_licensed_for_four_processors() -> None:
    assert priced("Standard", cpus=1)["sql_server_usd_month"] == pytest.approx(4 * 73.0)


def test_what_is_brought_along_or_becomes_a_service_costs_nothing_on_the_machine() -> None:
    assert priced("Enterprise", licence="own")["sql_server_usd_month"] == 0
    assert pd.isna(priced("Enterprise", treatment="managed_service")["sql_server_usd_month"])
    assert priced("Enterprise", treatment="managed_service")["sql_server_edition"] is None
    assert pd.isna(priced()["sql_server_usd_month"])
