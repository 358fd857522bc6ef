"""A database that goes to a managed service has a size that fits, and no price that no source names."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.plan.target.databases import build_database_targets
from flow_pipelines.plan.target.gates import database_problems
from flow_pipelines.reference.managed_databases import managed_databases
from flow_pipelines.reference.managed_services import managed_services
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings, parse_settings

SCOPE = Scope("acme", "dc-exit")
MONTH = 730


def asset_id(name: str) -> str:
    return SCOPE.id_of("asset", name)


def wanted(text: str = "") -> EngagementSettings:
    return parse_settings(text, origin="test", today=date(2026, 6, 30))


def component(name: str, product: str | None, treatment: str = "managed_service", kind: str = "database") -> dict:  # type: ignore[type-arg]
    return {
        "component_id": SCOPE.id_of("component", name),
        "component_name": name,
        "component_type": kind,
        "product": product,
        "component_treatment": treatment,
        "workload_ids": [asset_id("Portal")],
        "source_entity_ids": [asset_id(name)],
    }


def built(
    *components: dict[str, object],
    of: EngagementSettings | None = None,
    cpus: float | None = 4,
    goes_to: str = "aws",
    turned: bool = False,
    **facts: object,
) -> pd.DataFrame:
    """Return the targets of databases that are all on server01, with 16 GiB of memory."""
    names = [str(one["component_name"]) for one in components]
    inventory = pd.DataFrame({"asset_id": [asset_id(name) for name in names], "asset_type": "database", **facts})
    server = {"asset_id": asset_id("server01"), "asset_type": "server", "cpu_count": cpus, "memory_mib": 16384.0}
    inventory = pd.concat([inventory, pd.DataFrame([server | {"storage_allocated_gib": 500.0}])], ignore_index=True)
    runs = {"source_id": inventory["asset_id"][: len(names)], "target_id": asset_id("server01"), "kind": "runs_on"}
    targets = pd.DataFrame([{"asset_id": asset_id("server01"), "provider": goes_to, "is_chosen": True}])
    treated = pd.DataFrame(list(components))
    frames = [frame[:: -1 if turned else 1] for frame in (treated, inventory, pd.DataFrame(runs), targets)]
    rows = build_database_targets(*frames, scope=SCOPE, settings=of or wanted())
    assert database_problems(treated, rows) == []
    return rows.set_index("database_target_name")


def test_the_least_known_price_that_fits_is_taken_and_the_next_is_named() -> None:
    row = built(component("erp", "mysql"), database_size_gib=100.0).loc["erp in google"]
    assert (row["service"], row["offer"]) == ("Cloud SQL for MySQL", "db-highmem-4")
    assert row["binding_dimension"] == "vcpu"
    assert row["runner_up_offer"] == "db-custom-8-30720"
    assert row["storage_usd_month"] == pytest.approx(17.0)
    assert row["instance_usd_month"] == pytest.approx(4 * 0.0413 * MONTH + 26 * 5.11, abs=0.01)


def test_what_no_source_prices_has_a_size_and_a_reason_and_no_price() -> None:
    rows = built(component("erp", "postgresql"))
    google, aws = rows.loc["erp in google"], rows.loc["erp in aws"]
    assert (google["service"], google["needed_vcpu"]) == ("Cloud SQL for PostgreSQL", 4)
    assert "no price of Cloud SQL for PostgreSQL is known" in google["reason"]
    assert "no size of Amazon RDS for PostgreSQL with a known price has 4 vCPU and 16 GiB" in aws["reason"]
    assert google["offer"] is aws["offer"] is None
    assert pd.isna(google["instance_usd_month"])
    assert pd.isna(aws["instance_usd_month"])


def test_a_cloud_that_does_not_run_the_product_is_said_to() -> None:
    row = built(component("legacy", "db2")).loc["legacy in google"]
    assert row["service"] is None
    assert "google runs no IBM Db2" in row["reason"]


def test_a_database_goes_where_its_server_goes_unless_nothing_runs_it_there() -> None:
    both = component("erp", "postgresql"), component("legacy", "db2")
    rows = built(*both, goes_to="azure")
    assert set(rows.index[rows["is_chosen"]]) == {"legacy in aws", "erp in azure"}
    only_azure = built(*both, goes_to="azure", of=wanted("targets: [azure]"))
    assert only_azure.index[only_azure["is_chosen"]].tolist() == ["erp in azure"]


def test_the_edition_decides_the_price_and_one_that_is_not_known_is_said() -> None:
    prices = {}
    for edition in ("Enterprise Edition (64-bit)", "Standard", None):
        row = built(component("erp", "mssqlserver"), database_edition=edition).loc["erp in aws"]
        prices[edition] = row["instance_usd_month"]
    assert prices["Enterprise Edition (64-bit)"] == pytest.approx(2.336 * MONTH)
    assert prices[None] == prices["Standard"] == pytest.approx(1.224 * MONTH)
    assert "edition not known" in row["assumptions"]


def test_an_own_licence_is_taken_off_where_it_is_known_apart() -> None:
    erp = component("erp", "mssqlserver")
    included, own = (
        built(erp, of=wanted(f"sizing: {{sql_server_licence: {licence}}}")) for licence in ("included", "own")
    )
    difference = included["instance_usd_month"] - own["instance_usd_month"]
    assert difference["erp in azure"] == pytest.approx(4 * 0.0999658 * MONTH, abs=0.02)
    assert difference["erp in aws"] == 0
    assert "sold with its licence only" in own.loc["erp in aws", "assumptions"]


def test_a_shared_server_an_unknown_size_and_a_borrowed_price_are_said() -> None:
    rows = built(component("erp", "mysql"), component("crm", "mysql"))
    said = rows.loc["erp in azure", "assumptions"]
    for words in ("other databases are on too", "taken as the storage of its server", "priced as in westus"):
        assert words in said
    assert rows.loc["erp in azure", "needed_storage_gib"] == 500


def test_a_database_of_which_the_server_is_not_known_has_no_price() -> None:
    row = built(component("erp", "mysql"), cpus=None).loc["erp in google"]
    assert "not known" in row["reason"]
    assert pd.isna(row["instance_usd_month"])


def test_other_treatments_and_middleware_have_no_row_and_the_gate_tells_what_is_lost_or_invented() -> None:
    treated = [component("erp", "mysql"), component("crm", "mysql", "self_managed")]
    rows = built(*treated, component("queue", "kafka", kind="middleware")).reset_index()
    assert set(rows["component_name"]) == {"erp"}
    frame = pd.DataFrame(treated)
    assert any("have no target" in one for one in database_problems(frame, rows[:0]))
    assert any("go to no managed service" in one for one in database_problems(frame[1:], rows))
    assert any("several clouds" in one for one in database_problems(frame, rows.assign(is_chosen=True)))


def test_where_nothing_goes_to_a_managed_service_there_is_no_row() -> None:
    assert built(component("crm", "mysql", "self_managed")).empty


@settings(max_examples=30)
@given(st.integers(1, 128), st.sampled_from(["mysql", "postgresql", "mssqlserver"]))
def test_no_offer_that_is_cheaper_fits(cpus: int, product: str) -> None:
    known = managed_databases()
    for row in built(component("erp", product), cpus=cpus).to_dict("records"):
        same = known[(known["service"] == row["service"]) & known["edition"].fillna("standard").eq("standard")]
        fits = same[(same["vcpu"] >= cpus) & (same["memory_gib"] >= 16)]
        if fits.empty:
            assert row["offer"] is None
        else:
            assert row["instance_usd_month"] == pytest.approx(fits["usd_hour"].min() * MONTH, abs=0.01)


def test_the_order_of_rows_does_not_matter() -> None:
    both = component("erp", "postgresql"), component("legacy", "db2")
    assert built(*both, turned=True).equals(built(*both))


def test_every_price_is_of_a_service_that_runs_something_and_says_where_it_is_from() -> None:
    services = {service for one in managed_services().products.values() for service in one.clouds.values()}
    known = managed_databases()
    assert set(known["service"]) <= services
    assert (known[["usd_hour", "vcpu", "memory_gib"]] > 0).all(axis=None)
    assert known[["origin", "as_of"]].notna().all(axis=None)
