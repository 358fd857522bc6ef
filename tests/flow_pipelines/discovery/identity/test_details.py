from __future__ import annotations

import pytest

from tests.flow_pipelines.discovery.identity.sources import OTHER_VM, VM, Sources


@pytest.fixture
def sources() -> Sources:
    return Sources()


def detail(sources: Sources, part: str, name: str | None, **cells: object) -> str:
    return sources.record(
        "rvtools", f"server_{part}", **({"name": name, "virtual_center": "vc01", "sheet": part} | cells)
    )


def vm_of_two(sources: Sources, center: str) -> str:
    """A machine whose name another virtual center uses too."""
    uuid = {"vc1": VM, "vc2": OTHER_VM}[center]
    return sources.vm("web01", virtual_center=center, vm_uuid=uuid, hypervisor_host=f"esx-{center}")


def test_details_fill_what_the_machine_does_not_tell_in_its_units(sources: Sources) -> None:
    vm = sources.vm("web01", vm_uuid=VM, ip_addresses=["10.1.2.3"])
    parts = [
        detail(sources, "disk", "web01", vm_uuid=VM, disk_size_gib=40.0),
        detail(sources, "disk", "web01", vm_uuid=VM, disk_size_gib=100.5),
        detail(sources, "partition", "web01", vm_uuid=VM, partition_size_gib=39.0, partition_used_gib=12.25),
        detail(sources, "partition", "web01", vm_uuid=VM, partition_size_gib=100.0, partition_used_gib=50.0),
        detail(sources, "network", "web01", vm_uuid=VM, mac_addresses=["00:50:56:00:00:01"], ip_addresses=["fd00::1"]),
        detail(sources, "network", "web01", vm_uuid=VM, mac_addresses=["00:50:56:00:00:02"], network_name="dmz"),
        detail(sources, "processor", "web01", vm_uuid=VM, cpu_count=8, cpu_sockets=2, cpu_cores_per_socket=4),
        detail(sources, "memory", "web01", vm_uuid=VM, memory_mib=16384.0),
    ]
    asset = sources.resolve().of(vm)
    assert asset["storage_allocated_gib"] == pytest.approx(140.5)
    assert (asset["disk_count"], asset["network_adapter_count"]) == (2, 2)
    assert asset["storage_used_gib"] == pytest.approx(62.25)
    assert asset["ip_addresses"] == ["10.1.2.3", "fd00::1"]
    assert asset["mac_addresses"] == ["00:50:56:00:00:01", "00:50:56:00:00:02"]
    assert asset["network_name"] == "dmz"
    assert (asset["cpu_count"], asset["cpu_sockets"], asset["cpu_cores_per_socket"]) == (8, 2, 4)
    assert asset["memory_mib"] == 16384
    assert asset["source_entity_ids"] == sorted([vm, *parts])
    assert asset["resolution_method"] == "single"


def test_what_the_machine_tells_itself_stays(sources: Sources) -> None:
    vm = sources.vm("web01", vm_uuid=VM, storage_allocated_gib=60.0, disk_count=3, cpu_count=4)
    detail(sources, "disk", "web01", vm_uuid=VM, disk_size_gib=40.0)
    detail(sources, "processor", "web01", vm_uuid=VM, cpu_count=2)
    asset = sources.resolve().of(vm)
    assert (asset["storage_allocated_gib"], asset["disk_count"], asset["cpu_count"]) == (60.0, 3, 4)


def test_addresses_of_adapters_are_evidence_of_identity(sources: Sources) -> None:
    vm = sources.vm("web01", vm_uuid=VM)
    detail(sources, "network", "web01", vm_uuid=VM, mac_addresses=["00:50:56:00:00:01"])
    item = sources.item("wweb01", mac_addresses=["00:50:56:00:00:01"])
    assert sources.resolve().are_one(vm, item)


def test_without_a_uuid_the_name_and_the_virtual_center_decide(sources: Sources) -> None:
    machines = {center: vm_of_two(sources, center) for center in ("vc1", "vc2")}
    disk = detail(sources, "disk", "web01", virtual_center="vc2", disk_size_gib=40.0)
    outcome = sources.resolve()
    assert outcome.of(machines["vc1"])["source_entity_ids"] == [machines["vc1"]]
    assert outcome.of(machines["vc2"])["source_entity_ids"] == sorted([machines["vc2"], disk])


def test_a_disk_of_a_name_that_two_machines_have_is_neither_ones(sources: Sources) -> None:
    machines = [vm_of_two(sources, center) for center in ("vc1", "vc2")]
    disk = detail(sources, "disk", "web01", virtual_center=None, disk_size_gib=40.0)
    outcome = sources.resolve()
    assert [outcome.of(one)["source_entity_ids"] for one in machines] == [[one] for one in machines]
    assert outcome.of(disk)["source_entity_ids"] == [disk]


def test_a_clone_has_its_own_disks(sources: Sources) -> None:
    original = sources.vm("web01", vm_uuid=VM, ip_addresses=["10.1.2.3"])
    clone = sources.vm("web07", vm_uuid=VM, ip_addresses=["10.1.2.4"])
    detail(sources, "disk", "web01", vm_uuid=VM, disk_size_gib=40.0)
    detail(sources, "disk", "web07", vm_uuid=VM, disk_size_gib=90.0)
    outcome = sources.resolve()
    assert outcome.of(original)["storage_allocated_gib"] == 40
    assert outcome.of(clone)["storage_allocated_gib"] == 90


def test_the_files_of_one_export_belong_together_and_those_of_another_do_not(sources: Sources) -> None:
    for month, size in (("may", 40.0), ("june", 50.0)):
        sources.vm("web01", vm_uuid=VM, source_file=f"{month}_RVTools_tabvInfo.csv")
        detail(sources, "disk", "web01", vm_uuid=VM, disk_size_gib=size, source_file=f"{month}_RVTools_tabvDisk.csv")
    outcome = sources.resolve()
    assert len(outcome.inventory) == 1
    assert outcome.inventory["disk_count"].tolist() == [1]
    assert len(outcome.inventory["source_entity_ids"].iloc[0]) == 4


def test_a_machine_that_only_details_tell_of_is_a_server(sources: Sources) -> None:
    disks = [
        detail(sources, "disk", "web01", vm_uuid=VM, disk_size_gib=size, environment="test") for size in (40.0, 60.0)
    ]
    adapter = detail(sources, "network", "web01", vm_uuid=VM, ip_addresses=["10.1.2.3"])
    item = sources.item("web01", ip_addresses=["10.1.2.3"])
    asset = sources.resolve().of(item)
    assert asset["asset_type"] == "server"
    assert asset["source_entity_ids"] == sorted([*disks, adapter, item])
    assert (asset["storage_allocated_gib"], asset["disk_count"], asset["ip_addresses"]) == (100.0, 2, ["10.1.2.3"])


def test_details_that_name_no_machine_make_none(sources: Sources) -> None:
    detail(sources, "disk", None, disk_size_gib=40.0)
    assert sources.resolve().inventory.empty


def test_details_of_templates_make_no_server(sources: Sources) -> None:
    detail(sources, "disk", "tpl-rhel8", vm_uuid=VM, is_template=True, disk_size_gib=40.0)
    assert sources.resolve().inventory.empty
