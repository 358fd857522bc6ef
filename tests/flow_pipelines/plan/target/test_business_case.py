"""The business case compares like with like, and says what it rests on."""

from __future__ import annotations

import pandas as pd
import pytest

from flow_pipelines.plan.target.business_case import build_business_case
from flow_pipelines.scope import Scope
from flow_pipelines.settings_cost import CostSettings

SCOPE = Scope("acme", "dc-exit")
RATES = CostSettings(
    server_now_usd_month=300,
    storage_now_usd_gib_month=1,
    server_after_usd_month=50,
    person_day_usd=1000,
    parallel_months=2,
    egress_gib_server_month=0,
    backup_share=0,
)
# By server: treatment, wave, and what the machine costs in the cloud.
SERVERS = {
    "web01": ("rehost", 1, 100.0),
    "old01": ("retire", 1, None),
    "odd01": ("rehost", 2, None),
    "mail01": ("retain", None, None),
}


def ids(names: list[str]) -> list[str]:
    return [SCOPE.id_of("asset", name) for name in names]


def case(settings: CostSettings = RATES, *, turned: bool = False, sql_server: float | None = None) -> pd.DataFrame:
    assets, (treatments, waves, prices) = ids(list(SERVERS)), zip(*SERVERS.values(), strict=True)
    step = -1 if turned else 1
    inventory = pd.DataFrame({"asset_id": assets, "asset_type": "server", "storage_allocated_gib": [100.0, 0, 0, 0]})
    plan = pd.DataFrame(
        {
            "treatment": treatments,
            "wave_number": pd.array(waves, dtype="Int64"),
            "effort_days": 2.0,
            "source_entity_ids": [[one] for one in assets],
        }
    )
    moving = pd.DataFrame({"asset_id": assets, "price": prices})[[one == "rehost" for one in treatments]]
    targets = pd.DataFrame(
        {
            "asset_id": moving["asset_id"],
            "is_chosen": moving["price"].notna(),
            "on_demand_usd_month": moving["price"],
            "three_year_usd_month": moving["price"] / 2,
            "licence_usd_month": 20.0,
            "sql_server_usd_month": sql_server,
        }
    )
    storage = targets[["asset_id", "is_chosen"]].assign(storage_usd_month=10.0)
    parts = (frame[::step] for frame in (inventory, plan, targets, storage))
    return build_business_case(*parts, scope=SCOPE, settings=settings)


def test_what_moves_counts_on_both_sides_and_what_is_switched_off_is_saved() -> None:
    wave = case().set_index("case_name").loc["Wave 1"]
    assert (wave["server_count"], wave["retired_server_count"]) == (2, 1)
    assert wave["now_usd_month"] == 2 * 300 + 100
    assert wave["after_usd_month"] == 100 + 10 + 50
    assert wave["one_off_usd"] == 4 * 1000 + 2 * 160
    assert wave["payback_months"] == pytest.approx(4320 / 540)


def test_a_server_without_a_price_counts_on_no_side_and_what_costs_no_less_never_pays() -> None:
    wave = case().set_index("case_name").loc["Wave 2"]
    assert (wave["unpriced_server_count"], wave["now_usd_month"], wave["after_usd_month"]) == (1, 0, 0)
    assert pd.isna(wave["payback_months"])
    assert "does not pay" in wave["reason"]


def test_the_programme_is_the_sum_of_its_waves_and_leaves_out_what_is_retained() -> None:
    rows = case().set_index("case_name")
    summed = ["server_count", "now_usd_month", "after_usd_month", "effort_days", "one_off_usd"]
    assert rows.loc["Programme", summed].tolist() == rows.drop("Programme")[summed].sum().tolist()


def test_a_commitment_and_its_assumption_are_in_the_case() -> None:
    rows = case(RATES.model_copy(update={"commitment": "three_year"})).set_index("case_name")
    assert rows.loc["Wave 1", "after_usd_month"] == 50 + 10 + 50
    assert any("three year" in one for one in rows.loc["Programme", "assumptions"])


def test_licences_network_and_backups_are_counted_told_apart_and_said() -> None:
    rates = {"egress_gib_server_month": 100, "egress_usd_gib": 0.1, "backup_share": 0.5, "backup_usd_gib_month": 0.2}
    rows = case(RATES.model_copy(update=rates), sql_server=300.0).set_index("case_name")
    wave = rows.loc["Wave 1"]
    parts = wave[["licence_usd_month", "network_usd_month", "backup_usd_month"]].tolist()
    # Windows is in the price of the machine already.
    assert parts == [20 + 300, 10, 100 * 0.5 * 0.2]
    assert wave["after_usd_month"] == 100 + 300 + 10 + 50 + 10 + 10
    for words in ("100 GiB a month out of the cloud", "0.5 GiB of backups", "SQL Server on machines"):
        assert any(words in one for one in wave["assumptions"])


def test_a_programme_of_which_nothing_moves_costs_nothing() -> None:
    inventory = pd.DataFrame({"asset_id": ids(["mail01"]), "asset_type": "server"})
    plan = pd.DataFrame({"treatment": ["retain"], "wave_number": pd.array([None], dtype="Int64"), "effort_days": 1.0})
    plan["source_entity_ids"] = [ids(["mail01"])]
    prices = ["on_demand_usd_month", "licence_usd_month", "sql_server_usd_month", "storage_usd_month"]
    columns = ["asset_id", "is_chosen", *prices]
    nothing = pd.DataFrame(columns=columns)
    rows = build_business_case(inventory, plan, nothing, nothing, scope=SCOPE, settings=RATES)
    assert rows[["server_count", "one_off_usd"]].to_numpy().tolist() == [[0, 0]]


def test_the_order_of_rows_does_not_matter() -> None:
    assert case(turned=True).equals(case())
