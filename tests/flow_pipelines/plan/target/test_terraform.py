"""The exported configuration holds every chosen target once, refers to what is declared, and runs nobody's text."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.plan.target.landing_zone import build_landing_zone
from flow_pipelines.plan.target.storage import build_storage_targets
from flow_pipelines.plan.target.targets import build_targets
from flow_pipelines.plan.target.terraform import terraform_files
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings, parse_settings
from tests.flow_pipelines.plan.target.terraform_reader import instances, module, problems, read_literal

SCOPE = Scope("acme", "dc-exit")
HOSTILE = ('${file("/etc/passwd")}', "%{ for x in y }", '"}}', "$${x}", "web01", "WEB01", "web 01", "\x00${a}", "生产")


@cache
def wanted(*clouds: str, licence: str = "own") -> EngagementSettings:
    """Return settings; of Google no price with a licence of Windows is known."""
    text = json.dumps({"targets": clouds, "sizing": {"windows_licence": licence}})
    return parse_settings(text, origin="test", today=date(2026, 6, 30))


SYSTEMS = ("Ubuntu 22.04", "Windows Server 2019") * 4
ASSETS = [SCOPE.id_of("asset", number) for number in range(len(SYSTEMS))]
Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@cache
def sized(of: EngagementSettings, gib: float | None, operations: float | None) -> Frames:
    """Return an inventory of eight servers, every second one with Windows, their targets and their storage."""
    facts: dict[str, object] = {
        "cpu_count": 4,
        "memory_mib": 8192.0,
        "architecture": "x86_64",
        "storage_allocated_gib": gib,
    }
    facts["disk_read_operations_per_second_peak"] = operations
    named = {"name": [f"server{number}" for number in range(len(ASSETS))], "host_name": None, "fqdn": None}
    inventory = pd.DataFrame(
        {"asset_id": ASSETS, "asset_type": "server", "operating_system": SYSTEMS, **facts, **named}
    ).assign(environment="production", ip_addresses=None)
    plan = pd.DataFrame(
        {
            "workload_id": ASSETS,
            "workload_name": "Portal",
            "treatment": "rehost",
            "source_entity_ids": [[one] for one in ASSETS],
        }
    ).assign(wave_number=pd.array([1] * len(ASSETS), dtype="Int64"))
    targets = build_targets(inventory, plan, scope=SCOPE, settings=of)
    return inventory, targets, build_storage_targets(inventory, targets, scope=SCOPE, settings=of.sizing)


def exported(
    names: list[str],
    of: EngagementSettings,
    *,
    gib: float | None = 100.0,
    operations: float | None = None,
    turned: bool = False,
    **columns: object,
) -> dict[str, str]:
    """Return the files for the first servers, called by these names and with these columns."""
    used = dict(zip(ASSETS, names, strict=False))
    frames = [frame[frame["asset_id"].isin(used)][:: -1 if turned else 1] for frame in sized(of, gib, operations)]
    inventory, targets, storage = frames[0].assign(**columns), frames[1], frames[2]
    targets = targets.assign(server_name=targets["asset_id"].map(used))
    zone = build_landing_zone(inventory, targets, scope=SCOPE, settings=of.landing_zone)[:: -1 if turned else 1]
    return terraform_files(inventory, targets, storage, zone, settings=of.sizing)


TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(HOSTILE))


@settings(max_examples=60)
@given(
    st.lists(TEXTS, min_size=1, max_size=8),
    st.sampled_from(["aws", "azure", "google"]),
    TEXTS,
    st.sampled_from([None, 1.0, 900.0, 40_000.0]),
)
def test_whatever_things_are_called_each_target_is_there_once_and_every_reference_holds(
    names: list[str], cloud: str, text: str, gib: float | None
) -> None:
    document = module(exported(names, wanted(cloud), gib=gib, owner=text, environment=text))
    assert problems(document) == []
    ids = [(one.get("tags") or one["labels"])["asset-id"] for one in instances(document)]
    assert sorted(ids) == sorted(ASSETS[: len(names)])


def test_text_that_looks_like_a_template_stays_text() -> None:
    document = module(exported(['${file("/etc/passwd")}'], wanted("aws"), owner="%{ if x }$${y}"))
    (instance,) = instances(document)
    assert instance["tags"]["Name"] == '$${file("/etc/passwd")}'
    assert read_literal(instance["tags"]["owner"]) == "%{ if x }$${y}"


def test_each_cloud_that_is_used_has_a_file_and_all_of_them_make_one_module() -> None:
    one = exported(["web01"], wanted("azure"))
    assert set(one) == {"versions.tf.json", "azure.tf.json"}
    assert list(module(one)["terraform"]["required_providers"]) == ["azurerm"]
    assert exported([], wanted("aws")) == {}


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.parametrize("cloud", ["aws", "azure", "google"])
def test_terraform_itself_loads_the_configuration(tmp_path: Path, cloud: str) -> None:
    for name, content in exported(list(HOSTILE[:8]), wanted(cloud)).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    # What else `terraform validate` would check needs the providers, which are not to be had offline.
    loaded = subprocess.run(
        ["terraform", "providers", "-no-color"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr
    assert "hashicorp/" in loaded.stdout


def test_type_network_storage_and_tags_are_those_of_the_target() -> None:
    document = module(exported(["web01", "app01"], wanted("aws"), owner="Ann"))["resource"]
    instance = document["aws_instance"]["web01"]
    assert instance["root_block_device"]["volume_size"] == 100
    assert (instance["root_block_device"]["volume_type"], instance["root_block_device"]["iops"]) == ("gp3", 3000)
    assert instance["subnet_id"].startswith("${aws_subnet.aws-production-network-subnet-")
    assert instance["tags"] | {"owner": "Ann", "wave": "1", "environment": "production"} == instance["tags"]
    assert document["aws_vpc"]["aws-production-network"]["cidr_block"] == "10.0.0.0/20"


@pytest.mark.parametrize(("operations", "gib"), [(2_000.0, 4), (15_000.0, 30)])
def test_a_volume_is_as_large_as_the_operations_that_are_bought_need(operations: float, gib: int) -> None:
    document = module(exported(["web01"], wanted("aws"), gib=4.0, operations=operations))["resource"]
    root = document["aws_instance"]["web01"]["root_block_device"]
    assert (root["volume_size"], root["iops"]) == (gib, max(operations, 3_000))


def test_what_one_disk_with_the_system_can_not_hold_is_attached() -> None:
    for cloud, disk, attachment in (
        ("aws", "aws_ebs_volume", "aws_volume_attachment"),
        ("azure", "azurerm_managed_disk", "azurerm_virtual_machine_data_disk_attachment"),
        ("google", "google_compute_disk", None),
    ):
        resources = module(exported(["db01"], wanted(cloud), gib=70_000.0))["resource"]
        sizes = [one.get("size", one.get("disk_size_gb")) for one in resources[disk].values()]
        assert sum(sizes) >= 70_000
        assert attachment is None or len(resources[attachment]) == len(sizes)


def test_images_accounts_and_passwords_are_asked_for_and_never_made_up() -> None:
    document = module(exported(["web01", "app01"], wanted("azure")))
    assert all("default" not in variable for variable in document["variable"].values())
    assert document["variable"]["azure_admin_password"]["sensitive"] is True
    assert document["resource"]["azurerm_windows_virtual_machine"]["app01"]["source_image_id"] == (
        '${var.azure_images["app01"]}'
    )


def test_computers_whose_names_are_too_long_for_windows_stay_apart() -> None:
    # Every second server has Windows.
    names = ["a", "prod-erp-appserver-01", "b", "prod-erp-appserver-02", "c", "web01", "d", "prod-erp-appserver-01"]
    machines = module(exported(names, wanted("azure")))["resource"]["azurerm_windows_virtual_machine"].values()
    computers = [one["computer_name"] for one in machines]
    assert len(set(computers)) == 4
    assert "web01" in computers
    assert all(len(one) <= 15 and not one.endswith("-") for one in computers)


def test_environments_that_are_called_like_a_network_keep_their_accounts() -> None:
    environment = ["prod", "prod network"]
    document = module(exported(["web01", "web02"], wanted("azure"), environment=environment))
    assert problems(document) == []
    subnet = document["resource"]["azurerm_subnet"]["azure-prod-network-subnet-1"]
    assert subnet["provider"] == "azurerm.azure-prod"


def test_own_licences_of_windows_are_told_to_azure() -> None:
    for licence, told in (("own", "Windows_Server"), ("included", None)):
        resources = module(exported(["web01", "app01"], wanted("azure", licence=licence)))["resource"]
        assert resources["azurerm_windows_virtual_machine"]["app01"].get("license_type") == told


def test_the_order_of_rows_does_not_matter() -> None:
    names = ["web01", "WEB01", "app01", "db 01"]
    assert exported(names, wanted("aws"), turned=True) == exported(names, wanted("aws"))
