"""Storage is the least price that holds a server's data and its operations, looked for one by one."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.plan.target.gates import storage_problems
from flow_pipelines.plan.target.storage import build_storage_targets, least_storage, storage_needs
from flow_pipelines.reference.block_storage import block_storage
from flow_pipelines.scope import Scope
from flow_pipelines.settings_target import TargetSettings

SCOPE = Scope("acme", "dc-exit")
CLOUDS = ("aws", "azure", "google")
REGIONS = {"aws": "us-east-1", "azure": "eastus", "google": "us-central1"}
ASSETS = {name: SCOPE.id_of("asset", name) for name in ("web01", "db01", "old01")}


def offers(cloud: str) -> pd.DataFrame:
    found = block_storage()
    return found[found["provider"] == cloud].assign(borrowed=None)


def least_of_all(cloud: str, gib: float, iops: float) -> float:
    """Return the least price, offer by offer; infinite if nothing fits."""
    prices = [math.inf]
    rows = offers(cloud)
    for _, one in rows.iterrows():
        is_largest = one["size_gib"] == rows.loc[rows["storage_class"] == one["storage_class"], "size_gib"].max()
        count = math.ceil(gib / one["size_gib"]) if is_largest else 1
        if gib > one["size_gib"] * count:
            continue
        own = min(one["included_iops"] * count + one["iops_per_gib"] * gib, one["most_iops"] * count)
        extra = max(iops - own, 0)
        size = max(gib, iops / one["most_iops_per_gib"]) if extra else gib
        if extra and (math.isnan(one["usd_iops_month"]) or iops > one["most_iops"] * count):
            continue
        base = one["usd_gib_month"] * size if math.isnan(one["usd_month"]) else one["usd_month"] * count
        prices.append(base + (extra * one["usd_iops_month"] if extra else 0))
    return min(prices)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(1, 200_000), st.integers(0, 120_000)), min_size=1, max_size=8),
    st.sampled_from(CLOUDS),
)
def test_the_least_price_is_that_of_looking_at_every_offer(needs: list[tuple[float, int]], cloud: str) -> None:
    found = least_storage(pd.DataFrame(needs, columns=["needed_gib", "needed_iops"]), offers(cloud))
    for (gib, iops), usd in zip(needs, found["storage_usd_month"], strict=True):
        least = least_of_all(cloud, gib, iops)
        assert pd.isna(usd) if math.isinf(least) else usd == pytest.approx(least, abs=0.01)


def inventory() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "asset_id": list(ASSETS.values()),
            "storage_allocated_gib": [100.0, None, None],
            "storage_used_gib": [20.0, 500.0, None],
            "disk_read_operations_per_second_peak": [200.0, 9000.0, None],
            "disk_write_operations_per_second_peak": [100.0, None, None],
        }
    )


def targets() -> pd.DataFrame:
    rows = [
        {
            "target_id": SCOPE.id_of("target", asset, cloud),
            "target_name": f"{name} in {cloud}",
            "asset_id": asset,
            "provider": cloud,
            "region": REGIONS[cloud],
            "is_chosen": cloud == "aws",
            "source_entity_ids": [asset],
        }
        for name, asset in ASSETS.items()
        for cloud in CLOUDS
    ]
    return pd.DataFrame(rows)


def built() -> pd.DataFrame:
    rows = build_storage_targets(inventory(), targets(), scope=SCOPE, settings=TargetSettings())
    assert storage_problems(targets(), rows) == []
    return rows.set_index("target_name")


def test_operations_make_the_class_dearer() -> None:
    rows = built()
    assert rows.loc["web01 in azure", "offer"] == "E10"
    assert rows.loc["web01 in aws", "storage_usd_month"] == pytest.approx(100 * 0.08)
    assert rows.loc["db01 in azure", "offer"] == "P60"
    assert rows.loc["db01 in aws", "storage_usd_month"] == pytest.approx(500 * 0.08 + 6000 * 0.005)
    assert rows.loc["db01 in google", "storage_class"] == "pd-ssd"


@pytest.mark.parametrize(
    ("gib", "iops", "offer", "usd"),
    [(20.0, 15_000.0, "gp3", 30 * 0.08 + 12_000 * 0.005), (5.0, 20_000.0, "io2", 40 * 0.125 + 20_000 * 0.065)],
)
def test_a_volume_is_as_large_as_the_operations_that_are_bought_need(
    gib: float, iops: float, offer: str, usd: float
) -> None:
    found = least_storage(pd.DataFrame({"needed_gib": [gib], "needed_iops": [iops]}), offers("aws")).loc[0]
    assert (found["offer"], found["storage_usd_month"]) == (offer, pytest.approx(usd))


def test_what_is_assumed_and_what_is_not_known_is_said() -> None:
    rows = built()
    assert "taken as what is used" in rows.loc["db01 in aws", "assumptions"]
    assert "no price of eastus is known" in rows.loc["web01 in azure", "assumptions"]
    assert rows.loc["web01 in aws", "assumptions"] is None
    assert rows.loc["old01 in aws", "storage_class"] is None
    assert rows.loc["old01 in aws", "reason"] == "its storage is not known"


def test_operations_are_those_of_the_basis() -> None:
    needs = storage_needs(inventory(), TargetSettings(basis="percentile_95"))
    assert needs["needed_iops"].tolist() == [0, 0, 0]
    assert needs["assumptions"].str.contains("disk operations not known").all()


def test_the_order_of_rows_does_not_matter() -> None:
    turned = build_storage_targets(inventory()[::-1], targets()[::-1], scope=SCOPE, settings=TargetSettings())
    assert turned.set_index("target_name").equals(built())


def test_the_gate_tells_what_is_lost_or_invented() -> None:
    rows = built().reset_index()
    assert storage_problems(targets(), rows[1:])
    assert storage_problems(targets()[1:], rows)
    assert storage_problems(targets(), pd.concat([rows, rows[:1]]))
