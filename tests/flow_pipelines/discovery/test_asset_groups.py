"""Applications that no source names, and cycles, from names and connections."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.asset_groups import group_assets
from tests.flow_pipelines.discovery.dependency_estates import SCOPE, Estate

# Two shops of three tiers; each talks within itself.
SHOPS = ("orders", "billing")
TIERS = ("web", "app", "db")


def estate_of_shops(*, stated: str | None = None) -> tuple[Estate, dict[str, str]]:
    estate = Estate()
    ids: dict[str, str] = {}
    for number, shop in enumerate(SHOPS):
        for place, tier in enumerate(TIERS):
            name = f"{shop}-{tier}-01"
            application = [SCOPE.id_of("asset", "application", shop)] if stated == name else []
            ids[name] = estate.asset(
                "server",
                name,
                f"10.0.{number}.{place}",
                host_name=name,
                environment="production",
                application_ids=application,
            )
        estate.connection(f"10.0.{number}.0", f"10.0.{number}.1", 8080)
        estate.connection(f"10.0.{number}.1", f"10.0.{number}.2", 5432)
    return estate, ids


def groups_of(estate: Estate, *, order: list[int] | None = None) -> pd.DataFrame:
    _, inventory = estate.frames()
    edges = estate.edges()
    if order is not None:
        inventory = inventory.iloc[order].reset_index(drop=True)
        edges = edges.iloc[::-1].reset_index(drop=True)
    return group_assets(inventory, edges, scope=SCOPE)


def members(groups: pd.DataFrame, kind: str) -> set[frozenset[str]]:
    chosen = groups[groups["group_kind"] == kind]
    return {frozenset(rows["asset_name"]) for _, rows in chosen.groupby("group_id")}


def test_servers_that_share_a_name_and_talk_are_an_application() -> None:
    estate, _ = estate_of_shops()
    groups = groups_of(estate)
    expected = {frozenset(f"{shop}-{tier}-01" for tier in TIERS) for shop in SHOPS}
    assert members(groups, "application") == expected
    assert set(groups["group_name"]) == set(SHOPS)
    assert groups["application_id"].isna().all()
    assert groups["confidence"].between(0.5, 0.95).all()
    assert groups["reason"].str.contains("shares").all()


def test_a_group_with_a_stated_member_is_that_application_and_says_who_is_stated() -> None:
    estate, ids = estate_of_shops(stated="orders-db-01")
    groups = groups_of(estate).set_index("asset_id")
    application = SCOPE.id_of("asset", "application", "orders")
    orders = groups.loc[[ids[f"orders-{tier}-01"] for tier in TIERS]]
    assert set(orders["application_id"]) == {application}
    assert orders["evidence"].tolist() == ["name", "name", "stated"]
    assert groups.loc[[ids["billing-db-01"]], "application_id"].isna().all()


def test_a_server_that_everybody_uses_and_nobody_names_is_in_no_application() -> None:
    estate, _ = estate_of_shops()
    estate.asset("server", "dc01", "10.9.0.1", host_name="dc01", environment="production")
    for number in range(len(SHOPS)):
        for place in range(len(TIERS)):
            estate.connection(f"10.0.{number}.{place}", "10.9.0.1", 389)
    assert "dc01" not in set(groups_of(estate)["asset_name"])


def test_assets_that_need_each_other_are_a_cycle_with_its_edges() -> None:
    estate = Estate()
    names = ("alpha", "beta", "gamma", "delta")
    for name in names:
        estate.asset("application", name, external_id=name)
    for parent, child in (("alpha", "beta"), ("beta", "gamma"), ("gamma", "alpha"), ("delta", "alpha")):
        estate.relation(parent, child, "Depends on::Used by")
    cycles = groups_of(estate)
    assert members(cycles, "cycle") == {frozenset(("alpha", "beta", "gamma"))}
    assert cycles["member_count"].tolist() == [3, 3, 3]
    edges = estate.edges()
    inner = edges[edges["source_name"] != "delta"]
    assert sorted(one for ids in cycles["dependency_ids"] for one in ids) == sorted(inner["dependency_id"])


@given(st.permutations(range(len(SHOPS) * len(TIERS))))
@settings(max_examples=6)
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    estate, _ = estate_of_shops(stated="orders-db-01")
    pd.testing.assert_frame_equal(_sorted(groups_of(estate)), _sorted(groups_of(estate, order=order)))


def _sorted(groups: pd.DataFrame) -> pd.DataFrame:
    return groups.sort_values("membership_id", ignore_index=True)


def test_an_estate_without_assets_has_no_groups() -> None:
    assert groups_of(Estate()).empty
