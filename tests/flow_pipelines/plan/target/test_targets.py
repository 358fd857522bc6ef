"""Every server that moves has a target in every cloud; what people chose stays, with its price."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from flow_pipelines.edit_values import value_problem
from flow_pipelines.edits import Edit, apply_edits
from flow_pipelines.errors import SettingsError
from flow_pipelines.plan.overview import Assessed, build_plan_overview
from flow_pipelines.plan.target.address_conflicts import find_address_conflicts
from flow_pipelines.plan.target.business_case import build_business_case
from flow_pipelines.plan.target.costs import find_costs
from flow_pipelines.plan.target.databases import build_database_targets
from flow_pipelines.plan.target.gates import target_problems
from flow_pipelines.plan.target.landing_zone import build_landing_zone
from flow_pipelines.plan.target.targets import TARGETS, build_targets
from flow_pipelines.plan.target.terraform import terraform_files
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings, parse_settings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty
from flow_pipelines.tables.declaration import editable_columns
from flow_pipelines.tables.plan.target import targets as table
from tests.flow_pipelines.plan.target.estates import drawn_servers

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=datetime(2026, 6, 30, tzinfo=UTC).date())
ASSESSED = (
    "assess/plan_of_record",
    "assess/assessment_overview",
    "assess/waves",
    "assess/wave_conditions",
    "assess/roadmap",
)
SYSTEMS = {"web01": "Red Hat Enterprise Linux 9", "app01": "Microsoft Windows Server 2019", "db01": "Ubuntu 22.04"}
CPUS = {"web01": 4, "app01": 2, "db01": None}


def asset_id(name: str) -> str:
    return SCOPE.id_of("asset", name)


def inventory() -> pd.DataFrame:
    rows = [
        {
            "asset_id": asset_id(name),
            "asset_type": "server",
            "name": name,
            "host_name": name,
            "fqdn": None,
            "cpu_count": CPUS[name],
            "memory_mib": 8192.0,
            "architecture": "x86_64",
            "operating_system": system,
        }
        for name, system in SYSTEMS.items()
    ]
    return pd.DataFrame(rows).astype({"cpu_count": "Int64", "memory_mib": "Float64"})


def plan(**treatments: str) -> pd.DataFrame:
    """Return a plan with a workload per server, and Portal, which is on web01 and app01."""
    parts = {**{name: [name] for name in SYSTEMS}, "Portal": ["web01", "app01"]}
    rows = [
        {
            "workload_id": SCOPE.id_of("asset", name),
            "workload_name": name,
            "treatment": treatments.get(name, "rehost"),
            "wave_number": number,
            "source_entity_ids": [asset_id(one) for one in servers],
        }
        for number, (name, servers) in enumerate(parts.items(), start=1)
    ]
    return pd.DataFrame(rows).astype({"wave_number": "Int64"})


def chosen_type(server: str, provider: str, instance_type: str | None) -> Edit:
    target = SCOPE.id_of("target", asset_id(server), provider)
    made_at = datetime(2026, 1, 1, tzinfo=UTC)
    words = {"actor": "Ann", "reason": "it is agreed"}
    cell = {"table_key": TARGETS, "entity_id": target, "column": "instance_type", "old_value": None}
    return Edit(
        edit_id=target, number=1, kind="set", **cell, new_value=instance_type, withdraws=None, **words, made_at=made_at
    )


def built(*edits: Edit, settings: EngagementSettings = SETTINGS, **treatments: str) -> pd.DataFrame:
    computed = build_targets(inventory(), plan(**treatments), scope=SCOPE, settings=settings, edits=edits)
    assert target_problems(inventory(), plan(**treatments), computed) == []
    return apply_edits(computed, table, edits)[0].set_index(["server_name", "provider"])


def test_every_server_that_moves_is_compared_in_every_cloud_and_goes_to_one() -> None:
    rows = built(db01="retain")
    assert len(rows) == 2 * 3
    for _, clouds in rows.groupby("server_name"):
        assert clouds["is_chosen"].sum() == 1
    assert rows["instance_type"].equals(rows["computed_instance_type"])
    assert (rows["price_difference_usd_month"] == 0).all()


def test_the_estate_goes_to_the_cloud_of_least_total_whatever_people_choose_for_one_server() -> None:
    servers = drawn_servers(60, seed=1).assign(asset_type="server", name="web", host_name=None, fqdn=None)
    servers["asset_id"] = [asset_id(name) for name in servers["asset_id"]]
    # Such as each cloud has a price for.
    servers = servers.assign(operating_system="Ubuntu 22.04", architecture="x86_64", gpu_count=None)
    one = {"workload_id": asset_id("all"), "workload_name": "all", "treatment": "rehost", "wave_number": 1}
    moving = pd.DataFrame([{**one, "source_entity_ids": servers["asset_id"].tolist()}]).astype({"wave_number": "Int64"})
    rows = build_targets(servers, moving, scope=SCOPE, settings=SETTINGS)
    prices = rows.pivot_table(index="asset_id", columns="provider", values="on_demand_usd_month")
    cheapest = str(prices.sum().idxmin())
    assert set(prices.idxmin(axis="columns")) > {cheapest}, "Each would go there by itself, so this proves nothing."
    chosen = rows[rows["is_chosen"]].set_index("asset_id")["provider"]
    assert set(chosen.loc[prices.index]) == {cheapest}
    server = str(prices.index[0])
    target = rows[(rows["asset_id"] == server) & (rows["provider"] == cheapest)]["target_id"].iloc[0]
    edit = replace(chosen_type("web01", cheapest, "x8i.96xlarge"), entity_id=target)
    again = build_targets(servers, moving, scope=SCOPE, settings=SETTINGS, edits=[edit])
    assert again[again["is_chosen"]].set_index("asset_id")["provider"].drop(server).equals(chosen.drop(server))


def test_what_is_retired_retained_or_repurchased_has_no_target_and_a_shared_server_says_who_stays() -> None:
    rows = built(web01="retire", app01="repurchase", db01="retain")
    assert set(rows.index.get_level_values("server_name")) == {"web01", "app01"}
    assert rows.loc[("web01", "aws"), "workload_ids"] == [SCOPE.id_of("asset", "Portal")]
    assert "web01 (retire)" in rows.loc[("web01", "aws"), "conflict"]
    assert built(**dict.fromkeys([*SYSTEMS, "Portal"], "retain")).empty


@pytest.mark.parametrize("is_empty", [True, False])
def test_an_estate_without_any_server_has_no_targets_and_costs_nothing(*, is_empty: bool) -> None:
    tables = output_tables()
    frames = {name: empty(tables[name]) for name in ("discovery/inventory", "discovery/dependencies", *ASSESSED)}
    frames["assess/component_treatments"] = empty(tables["assess/component_treatments"])
    if not is_empty:
        database = pd.DataFrame([{"asset_id": asset_id("orders"), "asset_type": "database", "name": "orders"}])
        told = plan()[:1].assign(source_entity_ids=[[asset_id("orders")]])
        for name, rows in (("discovery/inventory", database), (ASSESSED[0], told)):
            frames[name] = rows.reindex(columns=frames[name].columns).astype(frames[name].dtypes.to_dict())
    estate, wanted = frames["discovery/inventory"], frames[ASSESSED[0]]
    components, dependencies = frames["assess/component_treatments"], frames["discovery/dependencies"]
    costs = find_costs(estate, dependencies, wanted, components, scope=SCOPE, settings=SETTINGS)
    rows, storage, case = costs.targets, costs.storage, costs.case
    zone = build_landing_zone(estate, rows, scope=SCOPE, settings=SETTINGS.landing_zone)
    databases = build_database_targets(components, estate, dependencies, rows, scope=SCOPE, settings=SETTINGS)
    assert [len(one) for one in (rows, storage, zone, databases)] == [0, 0, 0, 0]
    assert find_address_conflicts(estate, zone, scope=SCOPE, settings=SETTINGS.landing_zone).empty
    assert terraform_files(estate, rows, storage, zone, settings=SETTINGS.sizing) == {}
    assert target_problems(estate, wanted, rows) == []
    assert case[["server_count", "after_usd_month"]].eq(0).all(axis=None)
    assessed = Assessed(*(frames[key] for key in ASSESSED))
    overview = build_plan_overview(estate, assessed, case, scope=SCOPE, bandwidth_mbit=100)
    assert overview["after_usd_month"].eq(0).all()


def test_a_server_of_unknown_size_has_rows_that_say_why_there_is_no_type() -> None:
    row = built().loc[("db01", "aws")]
    assert pd.isna(row["instance_type"])
    assert not row["is_chosen"]
    assert row["reason"] == "its number of processors is not known"


def test_a_type_that_a_person_chose_stays_is_priced_and_decides_the_cloud() -> None:
    cheapest = built()
    rows = built(chosen_type("web01", "aws", "m5n.4xlarge"))
    row = rows.loc[("web01", "aws")]
    assert (row["instance_type"], row["decided_by"], row["is_chosen"]) == ("m5n.4xlarge", "Ann", True)
    assert (row["vcpu"], row["on_demand_usd_month"]) == (16, pytest.approx(0.952 * 730))
    before = cheapest.loc[("web01", "aws")]
    assert row["computed_instance_type"] == before["instance_type"]
    assert row["price_difference_usd_month"] == pytest.approx(694.96 - before["on_demand_usd_month"])
    assert rows.drop("web01", level=0).equals(cheapest.drop("web01", level=0))


def test_a_type_without_a_price_that_a_person_chose_decides_the_cloud_and_counts_as_unpriced() -> None:
    edit = chosen_type("web01", "aws", "m5.xlarge")
    rows = built(edit).loc["web01"]
    assert rows.query("is_chosen").index.tolist() == ["aws"]
    assert pd.isna(rows.loc["aws", "on_demand_usd_month"])
    assert "no price of m5.xlarge" in rows.loc["aws", "conflict"]
    estate, wanted = inventory().assign(storage_allocated_gib=10.0), plan().assign(effort_days=1.0)
    targets = build_targets(inventory(), plan(), scope=SCOPE, settings=SETTINGS, edits=[edit])
    stored = targets[["asset_id", "is_chosen"]].assign(storage_usd_month=1.0)
    case = build_business_case(estate, wanted, targets, stored, scope=SCOPE, settings=SETTINGS.costs)
    # Of db01 no price is known at all.
    assert case.set_index("case_name").loc["Programme", "unpriced_server_count"] == 2


def test_a_type_in_a_cloud_that_is_no_target_of_the_engagement_says_that_the_server_does_not_go_there() -> None:
    only_aws = SETTINGS.model_copy(update={"targets": ("aws",)})
    rows = built(chosen_type("web01", "azure", "Standard_D4s_v5"), settings=only_aws).loc["web01"]
    assert rows.query("is_chosen").index.tolist() == ["aws"]
    assert "azure is not among the targets of the engagement" in rows.loc["azure", "conflict"]
    ruled_out = built(chosen_type("web01", "azure", None), settings=only_aws).loc["web01"]
    assert ruled_out.loc["azure", "conflict"] is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("t3.micro", ["vCPU 2 where 4 is needed", "GiB 1 where 8 is needed"]),
        ("m6g.xlarge", ["it is of architecture arm64, the server of x86_64"]),
        ("m5n.4xlarg", ["the catalogue has no price of m5n.4xlarg in aws us-east-1 for Linux"]),
    ],
)
def test_a_chosen_type_says_what_it_collides_with(name: str, words: list[str]) -> None:
    conflict = built(chosen_type("web01", "aws", name)).loc[("web01", "aws"), "conflict"]
    assert [one for one in words if one not in conflict] == []


def test_a_person_can_rule_out_a_cloud_for_a_server() -> None:
    cheapest = built().loc["web01"].query("is_chosen").index[0]
    rows = built(chosen_type("web01", cheapest, None)).loc["web01"]
    assert pd.isna(rows.loc[cheapest, "on_demand_usd_month"])
    assert rows.query("is_chosen").index[0] != cheapest


def test_only_the_clouds_of_the_engagement_are_chosen_though_all_are_compared() -> None:
    rows = built(settings=SETTINGS.model_copy(update={"targets": ("google",)}))
    assert set(rows.loc[rows["is_chosen"]].index) == {("web01", "google")}
    assert rows.loc[("app01", "azure"), "on_demand_usd_month"] > 0


def test_a_target_cloud_that_is_not_compared_is_refused() -> None:
    text = """
targets: [azure]
sizing: {providers: [{provider: aws, region: us-east-1, one_year_discount: 0.2, three_year_discount: 0.4}]}
"""
    with pytest.raises(SettingsError, match="azure of targets is not among the providers of sizing"):
        parse_settings(text, origin="my.yaml", today=SETTINGS.as_of)


def test_the_order_of_rows_does_not_matter() -> None:
    edits = [chosen_type("web01", "aws", "m5n.4xlarge")]
    turned = build_targets(inventory()[::-1], plan()[::-1], scope=SCOPE, settings=SETTINGS, edits=edits)
    assert turned.equals(build_targets(inventory(), plan(), scope=SCOPE, settings=SETTINGS, edits=edits))


def test_the_gate_tells_what_is_lost_invented_or_sent_to_two_clouds() -> None:
    rows = build_targets(inventory(), plan(db01="retain"), scope=SCOPE, settings=SETTINGS)
    lost = rows[rows["server_name"] != "web01"]
    for wrong, words in (
        (lost, "move and have no target"),
        (rows.assign(is_chosen=True), "go to several clouds"),
        (rows.drop(index=0), "not compared in every cloud"),
        (rows.assign(on_demand_usd_month=None), "go where they have no price"),
    ):
        assert any(words in problem for problem in target_problems(inventory(), plan(db01="retain"), wrong))
    gone = plan(db01="retain", web01="retain", Portal="retain")
    assert any("do not move" in problem for problem in target_problems(inventory(), gone, rows))


def test_a_type_that_there_is_not_is_refused_with_those_that_are_near_and_one_without_a_price_is_not() -> None:
    column, editing = table.columns["instance_type"], editable_columns(table)["instance_type"]
    refused = value_problem("m7i.4xlarg", column, editing, {"provider": "aws"})
    assert refused is not None
    assert "m7i.4xlarge" in refused
    assert len(refused) < 200
    assert value_problem("m7i.4xlarge", column, editing, {"provider": "azure"})
    for known in ("m7i.4xlarge", "m5n.4xlarge", None):
        assert value_problem(known, column, editing, {"provider": "aws"}) is None
