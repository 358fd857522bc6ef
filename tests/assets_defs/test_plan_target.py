"""Targets from files to Dagster, with people's word in them, by the commands that people use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flow_pipelines.errors import FlowError
from resources.artefacts import FOLDER
from resources.installation import Installation
from tests.assets_defs.engagements import Engagement
from tests.flow_pipelines.plan.target.terraform_reader import instances, module, problems

TARGETS = "plan/targets"
ESTATE = """hostname,ip_address,os,cpus,memory mb,disk gb,environment,criticality
web01,10.1.1.1,RHEL 9,4,8192,100,production,critical
web02,10.1.1.2,RHEL 9,4,8192,100,test,low
"""
CLOUDS = {"aws", "azure", "google"}


class Targeted(Engagement):
    """An engagement whose targets are looked at."""

    def targets(self, table_key: str = TARGETS) -> dict[str, dict[Any, Any]]:
        return {row["target_name"]: row for row in self.frame(table_key).to_dict("records")}


@pytest.fixture(scope="module")
def engagement(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Targeted:
    """An engagement with an approved plan, and targets of it."""
    opened = Targeted(installation, tmp_path_factory.mktemp("estate"), ESTATE)
    opened.run_to_plan()
    return opened


def test_every_server_that_moves_has_a_target_in_every_cloud_and_goes_to_one(engagement: Targeted) -> None:
    rows = engagement.targets()
    assert set(rows) == {f"{s} in {c}" for s in ("web01", "web02") for c in CLOUDS}
    assert sorted(row["server_name"] for row in rows.values() if row["is_chosen"]) == ["web01", "web02"]


def test_every_target_has_storage_for_what_the_files_tell(engagement: Targeted) -> None:
    storage = engagement.targets("plan/storage_targets")
    assert storage.keys() == engagement.targets().keys()
    assert {row["storage_class"] for row in storage.values() if row["provider"] == "aws"} == {"gp3"}


def test_the_business_case_is_there_for_the_programme_and_its_waves(engagement: Targeted) -> None:
    rows = engagement.frame("plan/business_case").set_index("case_name")
    assert rows.loc["Programme", "server_count"] == rows.drop("Programme")["server_count"].sum() == 2
    assert rows.loc["Programme", "after_usd_month"] > 0


def test_every_server_that_moves_has_a_subnet_apart_from_what_the_files_show(engagement: Targeted) -> None:
    rows = engagement.frame("plan/landing_zone")
    subnets = rows[rows["kind"] == "subnet"]
    chosen = [row["asset_id"] for row in engagement.targets().values() if row["is_chosen"]]
    assert sorted(subnets["source_entity_ids"].explode().dropna()) == sorted(chosen)
    assert not rows["address_range"].dropna().str.startswith("10.1.").any()
    assert engagement.frame("plan/address_conflicts").empty


def test_the_targets_are_there_as_terraform_configuration(engagement: Targeted) -> None:
    scope = engagement.scope
    folder = engagement.installation.state / FOLDER / scope.client / scope.engagement / TARGETS
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    clouds = {row["provider"] for row in engagement.targets().values() if row["is_chosen"]}
    assert set(files) == {"versions.tf.json", *(f"{cloud}.tf.json" for cloud in clouds)}
    document = module(files)
    assert problems(document) == []
    assert sum("web0" in json.dumps(one) for one in instances(document)) == 2


def test_a_type_that_a_person_chose_stays_with_its_price_in_the_next_run(engagement: Targeted) -> None:
    before = engagement.targets()["web01 in aws"]
    words = ("--by", "Ann", "--reason", "the vendor asks for it")
    engagement.command("edit set", "targets", "web01 in aws", "instance_type", "m7i.4xlarge", *words)
    engagement.run("plan")
    row = engagement.targets()["web01 in aws"]
    assert (row["instance_type"], row["is_chosen"], row["decided_by"]) == ("m7i.4xlarge", True, "Ann")
    assert row["on_demand_usd_month"] - row["price_difference_usd_month"] == pytest.approx(
        before["on_demand_usd_month"]
    )
    assert row["computed_instance_type"] == before["instance_type"]


def test_a_type_that_there_is_not_is_refused_where_it_is_entered(engagement: Targeted, tmp_path: Path) -> None:
    words = ("--by", "Ann", "--reason", "the vendor asks for it")
    with pytest.raises(FlowError, match=r"near are .*m7i\.4xlarge"):
        engagement.command("edit set", "targets", "web02 in aws", "instance_type", "m7i.4xlarg", *words)
    engagement.command("edit export", "targets", str(tmp_path / "targets.xlsx"))
    assert (tmp_path / "targets.xlsx").stat().st_size


def test_a_target_can_be_traced_to_the_files(engagement: Targeted) -> None:
    target = engagement.targets()["web01 in aws"]["target_id"]
    assert "servers.csv" in json.dumps(json.loads(engagement.command("trace", target, "--json")))
