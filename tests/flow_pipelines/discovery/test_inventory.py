from __future__ import annotations

from datetime import date

import pytest

from flow_pipelines.discovery.gates import inventory_problems
from flow_pipelines.discovery.inventory import templates_left_out
from flow_pipelines.settings import EngagementSettings
from tests.flow_pipelines.discovery.identity.sources import (
    BIOS,
    BIOS_SWAPPED,
    OTHER_BIOS,
    OTHER_VM,
    VM,
    VMWARE_SERIAL,
    Sources,
    day,
)


@pytest.fixture
def sources() -> Sources:
    return Sources()


def test_no_records_make_an_empty_inventory(sources: Sources) -> None:
    outcome = sources.resolve()
    assert outcome.inventory.empty
    assert outcome.result.inventory_conflicts.empty


# One asset


def test_three_sources_of_one_machine_make_one_asset_that_says_why(sources: Sources) -> None:
    vm = sources.vm("web01", vm_uuid=VM, bios_uuid=BIOS, ip_addresses=["10.1.2.3"])
    agent = sources.agent("web01", bios_uuid=BIOS)
    item = sources.item("WEB01", ip_addresses=["10.1.2.3"], serial_number="SN-1")
    asset = sources.resolve().of(vm)
    assert asset["source_entity_ids"] == sorted([vm, agent, item])
    assert asset["source_formats"] == ["aws_migration_hub", "rvtools", "servicenow"]
    assert asset["resolution_method"] == "host_and_address"
    assert 0.99 < asset["resolution_confidence"] < 1
    assert asset["resolution_reason"] == (
        "3 records: same bios_uuid in aws_migration_hub and rvtools; "
        "same name web01 and address 10.1.2.3 in rvtools and servicenow"
    )


def test_a_single_record_is_an_asset_of_its_own(sources: Sources) -> None:
    item = sources.item("web01")
    asset = sources.resolve().of(item)
    assert (asset["resolution_method"], asset["resolution_confidence"]) == ("single", 1.0)
    assert asset["resolution_reason"] == "1 record: the only one about it, in servicenow"


def test_a_record_that_names_nothing_is_still_an_asset(sources: Sources) -> None:
    nameless = [sources.item(None), sources.item(None, memory_mib=4096.0)]
    outcome = sources.resolve()
    assert len(outcome.inventory) == 2
    assert not outcome.are_one(*nameless)


def test_the_serial_number_of_vmware_spells_the_uuid(sources: Sources) -> None:
    vm = sources.vm("web01", bios_uuid=BIOS)
    item = sources.item("frontend-a", serial_number=VMWARE_SERIAL)
    outcome = sources.resolve()
    assert outcome.are_one(vm, item)
    assert outcome.of(vm)["resolution_method"] == "uuid"


def test_a_uuid_with_swapped_bytes_is_the_same(sources: Sources) -> None:
    vm = sources.vm("web01", bios_uuid=BIOS)
    agent = sources.agent("ip-10-1-2-3", bios_uuid=BIOS_SWAPPED)
    outcome = sources.resolve()
    assert outcome.are_one(vm, agent)
    assert outcome.conflicts("bios_uuid") == []


def test_the_smbios_uuid_of_one_source_may_be_the_vm_uuid_of_another(sources: Sources) -> None:
    vm = sources.vm("web01", vm_uuid=BIOS)
    agent = sources.agent("frontend", bios_uuid=BIOS)
    outcome = sources.resolve()
    assert outcome.are_one(vm, agent)
    assert "bios_uuid of the one is vm_uuid of the other" in outcome.of(vm)["resolution_reason"]


def test_a_renamed_host_is_known_by_its_uuid(sources: Sources) -> None:
    vm = sources.vm("erp-app01", bios_uuid=BIOS, ip_addresses=["10.1.2.3"])
    item = sources.item("lonsap77", serial_number=VMWARE_SERIAL, ip_addresses=["10.1.2.3"])
    assert sources.resolve().are_one(vm, item)


def test_a_serial_number_identifies_whatever_its_spelling(sources: Sources) -> None:
    first = sources.item("db-a", serial_number="CZJ 1234-AB")
    second = sources.item("oracle", serial_number="CZJ1234AB")
    outcome = sources.resolve()
    assert outcome.are_one(first, second)
    assert outcome.of(first)["resolution_method"] == "serial"


def test_an_external_id_of_one_format_identifies(sources: Sources) -> None:
    first = sources.item("web01", external_id="0f3a", ip_addresses=["10.1.2.3"])
    second = sources.item("www", external_id="0F3A", ip_addresses=["10.9.9.9"], source_file="cmdb-may.csv")
    outcome = sources.resolve()
    assert outcome.are_one(first, second)
    assert outcome.of(first)["resolution_method"] == "external_id"


def test_short_external_ids_of_two_formats_are_different_things(sources: Sources) -> None:
    item = sources.item("web01", external_id="4711")
    agent = sources.agent("db07", external_id="4711")
    assert not sources.resolve().are_one(item, agent)


def test_a_sys_id_that_travelled_to_another_tool_identifies(sources: Sources) -> None:
    sys_id = "eb6bb43ca811e4b8836f47e3ffc75513"
    item = sources.item("web01", external_id=sys_id)
    agent = sources.agent("db07", external_id=sys_id.upper())
    assert sources.resolve().are_one(item, agent)


def test_an_external_id_may_be_the_uuid_of_a_machine(sources: Sources) -> None:
    vm = sources.vm("web01", vm_uuid=VM)
    agent = sources.agent("db07", external_id=VM)
    outcome = sources.resolve()
    assert outcome.are_one(vm, agent)


def test_row_numbers_of_two_lists_are_no_identity(sources: Sources) -> None:
    first = sources.record("generic", "server", name="web01", external_id="1")
    second = sources.record("generic", "server", name="db07", external_id="1", source_file="other.csv")
    assert not sources.resolve().are_one(first, second)


def test_host_and_address_join_in_spite_of_case_and_domain(sources: Sources) -> None:
    item = sources.item("WEB01.corp.example", ip_addresses=["10.1.2.3"])
    agent = sources.agent("web01", mac_addresses=["00:50:56:00:00:01"], ip_addresses=["10.1.2.3", "172.16.0.9"])
    outcome = sources.resolve()
    assert outcome.are_one(item, agent)
    assert outcome.of(item)["resolution_method"] == "host_and_address"


def test_a_hardware_address_is_an_address(sources: Sources) -> None:
    item = sources.item("web01", mac_addresses=["00:50:56:00:00:01"])
    agent = sources.agent("web01", mac_addresses=["00:50:56:00:00:01"])
    assert sources.resolve().of(item)["source_entity_ids"] == sorted([item, agent])


@pytest.mark.parametrize(
    "typed", ["lonwpclmap01", "lonwpclmmaap01", "lonwpclamap01", "lonwpclmaap-01", "lonwpclmaap01-old"]
)
def test_a_typo_joins_where_the_address_is_the_same(sources: Sources, typed: str) -> None:
    vm = sources.vm("lonwpclmaap01", bios_uuid=BIOS, ip_addresses=["10.1.2.3"])
    item = sources.item(typed, ip_addresses=["10.1.2.3"])
    outcome = sources.resolve()
    assert outcome.are_one(vm, item)
    assert outcome.of(vm)["resolution_method"] == "close_name"


def test_a_typo_alone_joins_nothing(sources: Sources) -> None:
    vm = sources.vm("lonwpclmaap01", bios_uuid=BIOS, environment="production")
    item = sources.item("lonwpclmap01", environment="production", dns_domain="corp.example")
    assert not sources.resolve().are_one(vm, item)


def test_the_remark_behind_the_name_of_a_vm_is_no_part_of_it(sources: Sources) -> None:
    vm = sources.vm("web01 (do not reboot)", ip_addresses=["10.1.2.3"])
    item = sources.item("web01", ip_addresses=["10.1.2.3"])
    assert sources.resolve().are_one(vm, item)


def test_an_equal_name_joins_where_nothing_contradicts(sources: Sources) -> None:
    vm = sources.vm("web01", bios_uuid=BIOS, ip_addresses=["10.1.2.3"])
    item = sources.item("web01")
    outcome = sources.resolve()
    assert outcome.are_one(vm, item)
    assert outcome.of(vm)["resolution_method"] == "name"
    assert outcome.of(vm)["resolution_confidence"] < 0.99


# Several assets


@pytest.mark.parametrize("pair", [("web01", "web02"), ("srv-1-12", "srv-11-2"), ("db1", "db01")])
def test_names_whose_digits_differ_never_join_for_being_close(sources: Sources, pair: tuple[str, str]) -> None:
    records = [sources.item(name, ip_addresses=["10.1.2.3"], dns_domain="corp.example") for name in pair]
    assert not sources.resolve().are_one(*records)


def test_a_reused_address_joins_nothing(sources: Sources) -> None:
    gone = sources.item("lonsrv00012", ip_addresses=["10.1.2.3"], mac_addresses=["00:50:56:00:00:01"])
    live = sources.vm("web01", ip_addresses=["10.1.2.3"], mac_addresses=["00:50:56:00:00:01"])
    assert not sources.resolve().are_one(gone, live)


def test_a_clone_that_kept_its_uuids_is_another_machine_in_every_source(sources: Sources) -> None:
    original = [
        sources.vm("web01", vm_uuid=VM, bios_uuid=BIOS, fqdn="web01.corp.example", ip_addresses=["10.1.2.3"]),
        sources.item("web01", serial_number=VMWARE_SERIAL, ip_addresses=["10.1.2.3"]),
        sources.agent("web01", bios_uuid=BIOS, ip_addresses=["10.1.2.3"]),
    ]
    clone = [
        sources.vm("web07", vm_uuid=VM, bios_uuid=BIOS),
        sources.item("web07", serial_number=VMWARE_SERIAL, ip_addresses=["10.1.2.99"]),
        sources.agent("web07", bios_uuid=BIOS, ip_addresses=["10.1.2.99"]),
    ]
    outcome = sources.resolve()
    assert outcome.are_one(*original)
    assert outcome.are_one(*clone)
    assert not outcome.are_one(original[0], clone[0])


def test_a_clone_that_no_tool_sees_an_address_of_is_told_by_its_adapter(sources: Sources) -> None:
    original = sources.agent("web01", bios_uuid=BIOS, mac_addresses=["00:50:56:00:00:01"], ip_addresses=["10.1.2.3"])
    clone = sources.vm("web07", bios_uuid=BIOS, mac_addresses=["00:50:56:00:00:02"])
    assert not sources.resolve().are_one(original, clone)


def test_the_leftover_of_a_move_is_the_same_machine(sources: Sources) -> None:
    lines = [
        sources.vm("web01", vm_uuid=VM, bios_uuid=BIOS, hypervisor_host=host, power_state=state)
        for host, state in (("esx1", "on"), ("esx2", "off"))
    ]
    assert sources.resolve().are_one(*lines)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"serial_number": "CZJ1"}, {"serial_number": "CZJ2"}),
        ({"bios_uuid": BIOS}, {"bios_uuid": OTHER_BIOS}),
        ({"vm_uuid": VM, "hypervisor_host": "esx1"}, {"vm_uuid": OTHER_VM, "hypervisor_host": "esx2"}),
    ],
)
def test_equal_name_and_address_do_not_outweigh_a_contradiction(
    sources: Sources, one: dict[str, str], other: dict[str, str]
) -> None:
    records = [
        sources.record("generic", "server", name="web01", ip_addresses=["10.1.2.3"], source_file=file, **cells)
        for file, cells in (("may.csv", one), ("june.csv", other))
    ]
    assert not sources.resolve().are_one(*records)


def test_a_contradiction_forbids_a_join_through_a_third_record(sources: Sources) -> None:
    one = sources.item("web01", serial_number="CZJ1", ip_addresses=["10.1.2.3"])
    other = sources.item("web01", serial_number="CZJ2")
    between = sources.agent("web01", ip_addresses=["10.1.2.3"])
    outcome = sources.resolve()
    assert outcome.are_one(one, between)
    assert not outcome.are_one(one, other)


def test_a_name_that_two_environments_share_names_two_machines(sources: Sources) -> None:
    production = sources.item("web01", environment="production", ip_addresses=["10.1.2.3"])
    test = sources.agent("web01", environment="test", ip_addresses=["10.7.2.3"])
    assert not sources.resolve().are_one(production, test)


def test_a_name_says_nothing_where_two_machines_bear_it(sources: Sources) -> None:
    machines = [sources.item("web01", serial_number=serial) for serial in ("CZJ1", "CZJ2")]
    unsure = sources.agent("web01")
    outcome = sources.resolve()
    assert [outcome.of(one)["source_entity_ids"] for one in (*machines, unsure)] == [
        [one] for one in (*machines, unsure)
    ]


def test_a_name_at_other_addresses_with_other_adapters_is_another_machine(sources: Sources) -> None:
    records = [
        sources.item("web01", ip_addresses=[f"10.1.2.{number}"], mac_addresses=[f"00:50:56:00:00:0{number}"])
        for number in (3, 4)
    ]
    assert not sources.resolve().are_one(*records)


def test_a_name_that_two_domains_share_names_two_machines(sources: Sources) -> None:
    records = [sources.item("dc01", fqdn=f"dc01.{domain}") for domain in ("emea.example", "apac.example")]
    assert not sources.resolve().are_one(*records)


def test_the_domains_of_the_enterprise_tell_no_machines_apart(sources: Sources) -> None:
    records = [sources.item("dc01", fqdn=f"dc01.{domain}") for domain in ("emea.example", "apac.example")]
    settings = EngagementSettings(as_of=date(2026, 6, 30), domains=("emea.example", "apac.example"))
    assert sources.resolve(settings).are_one(*records)


@pytest.mark.parametrize("name", ["localhost", "localhost.localdomain", "New Virtual Machine", "10.1.2.3"])
def test_names_that_everybody_has_are_no_evidence(sources: Sources, name: str) -> None:
    records = [sources.item(name, environment=environment) for environment in ("production", "production")]
    assert not sources.resolve().are_one(*records)


@pytest.mark.parametrize(
    "default", [{"bios_uuid": "03000200-0400-0500-0006-000700080009"}, {"serial_number": "TO BE FILLED BY O.E.M."}]
)
def test_defaults_of_the_firmware_are_no_evidence(sources: Sources, default: dict[str, str]) -> None:
    records = [sources.item(name, **default) for name in ("web01", "db07")]
    assert not sources.resolve().are_one(*records)


def test_a_key_that_very_many_records_share_is_no_evidence(sources: Sources) -> None:
    records = [sources.item(f"pos-till{number:03d}", serial_number="FACTORY9") for number in range(31)]
    assert len(sources.resolve().inventory) == len(records)


# What is no server


def test_templates_are_no_servers_and_are_counted(sources: Sources) -> None:
    sources.vm("tpl-rhel8", is_template=True, vm_uuid=VM)
    sources.record("rvtools", "server_disk", name="tpl-rhel8", vm_uuid=VM, is_template=True, disk_size_gib=40.0)
    vm = sources.vm("web01", is_template=False)
    outcome = sources.resolve()
    assert outcome.inventory["source_entity_ids"].tolist() == [[vm]]
    assert templates_left_out(sources.frame()) == 1


@pytest.mark.parametrize(
    ("of_template", "of_item"),
    [
        ({"vm_uuid": VM}, {"vm_uuid": VM}),
        ({"bios_uuid": BIOS}, {"serial_number": VMWARE_SERIAL}),
        ({"bios_uuid": BIOS}, {"bios_uuid": BIOS_SWAPPED}),
        ({"serial_number": "CZ12345678"}, {"serial_number": "cz-12345678"}),
        ({"external_id": VM}, {"external_id": VM}),
    ],
)
def test_a_template_that_another_source_lists_is_no_server_either(
    sources: Sources, of_template: dict[str, object], of_item: dict[str, object]
) -> None:
    sources.vm("tpl-rhel8", is_template=True, **of_template)
    sources.item("TPL-RHEL8", **of_item)
    vm = sources.vm("web01", is_template=False)
    outcome = sources.resolve()
    assert outcome.inventory["source_entity_ids"].tolist() == [[vm]]
    assert templates_left_out(sources.frame()) == 2
    assert inventory_problems(sources.frame(), outcome.inventory) == []


def test_a_server_that_only_its_name_or_an_id_of_a_clone_ties_to_a_template_stays(sources: Sources) -> None:
    sources.vm("web01", is_template=True, vm_uuid=VM, bios_uuid=BIOS)
    clone = sources.vm("web07", is_template=False, bios_uuid=BIOS)
    items = [sources.item("web01"), sources.item("web07", bios_uuid=BIOS)]
    outcome = sources.resolve()
    assert outcome.are_one(clone, items[1])
    assert outcome.of(items[0])["source_entity_ids"] == [items[0]]


def test_retired_items_stay_in_the_inventory(sources: Sources) -> None:
    item = sources.item("web01", lifecycle_status="retired")
    assert sources.resolve().of(item)["lifecycle_status"] == "retired"


def test_records_of_different_types_are_different_assets(sources: Sources) -> None:
    server = sources.item("esx01.corp.example", ip_addresses=["10.1.2.3"])
    host = sources.record("rvtools", "hypervisor_host", name="esx01.corp.example")
    device = sources.record("servicenow", "network_device", name="esx01", ip_addresses=["10.1.2.3"])
    outcome = sources.resolve()
    assert [outcome.of(one)["asset_type"] for one in (server, host, device)] == [
        "server",
        "hypervisor_host",
        "network_device",
    ]


def test_a_hypervisor_host_of_two_sources_is_one(sources: Sources) -> None:
    host = sources.record("rvtools", "hypervisor_host", name="esx01.corp.example", serial_number="7XK2")
    item = sources.record("servicenow", "hypervisor_host", name="ESX01", ip_addresses=["10.1.2.3"])
    assert sources.resolve().are_one(host, item)


def test_clusters_of_one_name_in_two_virtual_centers_are_two(sources: Sources) -> None:
    first, again, second = (
        sources.record("rvtools", "cluster", name="Production", virtual_center=center)
        for center in ("vc1", "vc1", "vc2")
    )
    outcome = sources.resolve()
    assert outcome.are_one(first, again)
    assert not outcome.are_one(first, second)


# Databases


def test_one_instance_name_on_two_servers_is_two_databases(sources: Sources) -> None:
    databases = [
        sources.database("MSSQLSERVER@db01", ip_addresses=["10.1.2.3"]),
        sources.database("MSSQLSERVER@db02", ip_addresses=["10.1.2.4"]),
        sources.database("MSSQLSERVER", ip_addresses=["10.1.2.4"]),
    ]
    outcome = sources.resolve()
    assert outcome.are_one(databases[1], databases[2])
    assert not outcome.are_one(databases[0], databases[1])
    assert outcome.of(databases[1])["resolution_method"] == "host_and_address"


@pytest.mark.parametrize("name", ["ERPP1 on DB01", "db01.corp.example\\ERPP1", "erpp1@db01"])
def test_tools_write_instance_and_server_in_different_ways(sources: Sources, name: str) -> None:
    first, second = sources.database("ERPP1@db01"), sources.database(name)
    sources.database("ERPP1@db02")
    assert sources.resolve().are_one(first, second)


def test_two_instances_on_one_server_are_two_databases(sources: Sources) -> None:
    databases = [sources.database(f"{name}@db01", ip_addresses=["10.1.2.3"]) for name in ("ORCLA", "ORCLB")]
    assert not sources.resolve().are_one(*databases)


def test_an_instance_name_that_only_one_server_can_have_identifies(sources: Sources) -> None:
    databases = [sources.database("CLPOP1@db01"), sources.database("CLPOP1", environment="production")]
    assert sources.resolve().are_one(*databases)


# Ids


def test_ids_stay_when_another_source_arrives(sources: Sources) -> None:
    vm = sources.vm("web01", vm_uuid=VM, bios_uuid=BIOS, ip_addresses=["10.1.2.3"])
    database = sources.database("ERPP1@db01", ip_addresses=["10.1.2.4"])
    before = {one: sources.resolve().of(one)["asset_id"] for one in (vm, database)}
    sources.item("web01", serial_number=VMWARE_SERIAL, ip_addresses=["10.1.2.3"], external_id="ab" * 16)
    sources.agent("web01", bios_uuid=BIOS_SWAPPED, external_id="MH-1")
    sources.database("ERPP1", ip_addresses=["10.1.2.4"], external_id="cd" * 16)
    after = {one: sources.resolve().of(one)["asset_id"] for one in (vm, database)}
    assert after == before


def test_an_application_keeps_its_id_when_it_gets_a_record(sources: Sources) -> None:
    sources.vm("web01", application_names=["Claims Portal"])
    before = sources.resolve().named("Claims Portal")["asset_id"]
    sources.application("CLAIMS PORTAL", external_id="ab" * 16)
    assert sources.resolve().named("CLAIMS PORTAL")["asset_id"] == before


def test_assets_of_one_natural_key_have_ids_of_their_own(sources: Sources) -> None:
    for name, address in (("web01", "10.1.2.3"), ("web07", "10.1.2.4"), ("web07", "10.1.2.5")):
        sources.vm(name, bios_uuid=BIOS, ip_addresses=[address], environment=address)
    assert sources.resolve().inventory["asset_id"].is_unique


# Values


def test_the_hypervisor_is_believed_about_size_and_the_cmdb_about_the_owner(sources: Sources) -> None:
    vm = sources.vm("web01", bios_uuid=BIOS, memory_mib=8192.0, owner="Ann", power_state="off")
    item = sources.item("web01", serial_number=VMWARE_SERIAL, memory_mib=4096.0, owner="Bob", power_state="on")
    outcome = sources.resolve()
    asset = outcome.of(vm)
    assert (asset["memory_mib"], asset["owner"], asset["power_state"]) == (8192.0, "Bob", "off")
    assert outcome.conflicts("memory_mib") == [("8192", "4096")]
    assert outcome.conflicts("owner") == [("Bob", "Ann")]
    rows = outcome.result.inventory_conflicts
    rows = rows.loc[rows["attribute"] == "owner", ["kept_record_id", "losing_record_id", "rule"]]
    rule = "trust: servicenow before rvtools on business facts (identity model 2)"
    assert rows.to_numpy().tolist() == [[item, vm, rule]]


def test_of_one_format_the_record_discovered_last_is_believed_then_the_better_one(sources: Sources) -> None:
    sources.item("web01", serial_number="CZJ1", owner="Ann", last_discovered=day(1), quality_score=0.9)
    sources.item("web01", serial_number="CZJ1", owner="Bob", last_discovered=day(9), quality_score=0.2)
    sources.item("db07", serial_number="CZJ2", owner="Cem", quality_score=0.9)
    sources.item("db07", serial_number="CZJ2", owner="Dan", quality_score=0.2)
    outcome = sources.resolve()
    assert outcome.conflicts("owner") == [("Bob", "Ann"), ("Cem", "Dan")]
    rules = sorted(outcome.result.inventory_conflicts["rule"])
    assert rules == [
        "freshness: last discovered 2026-05-09 00:00, not 2026-05-01 00:00 (identity model 2)",
        "quality: 0.90, not 0.20 (identity model 2)",
    ]
    assert day(9) in outcome.inventory["last_discovered"].tolist()


def test_lists_are_united(sources: Sources) -> None:
    vm = sources.vm("web01", bios_uuid=BIOS, ip_addresses=["10.1.2.3"], tags=["tier:web"])
    sources.agent("web01", bios_uuid=BIOS, ip_addresses=["10.1.2.3", "172.16.0.9"], tags=["env:prod"])
    outcome = sources.resolve()
    assert outcome.of(vm)["ip_addresses"] == ["10.1.2.3", "172.16.0.9"]
    assert outcome.of(vm)["tags"] == ["env:prod", "tier:web"]
    assert outcome.result.inventory_conflicts.empty


def test_small_differences_are_no_conflict(sources: Sources) -> None:
    sources.vm("web01", bios_uuid=BIOS, memory_mib=8192.0, owner="Ann Lee", external_id="vm-1", is_virtual=True)
    sources.item("WEB01", serial_number=VMWARE_SERIAL, memory_mib=8150.0, owner="ann  lee", external_id="ab" * 16)
    assert sources.resolve().result.inventory_conflicts.empty


def test_a_difference_of_more_than_one_percent_is_a_conflict(sources: Sources) -> None:
    sources.vm("web01", bios_uuid=BIOS, memory_mib=8192.0)
    sources.item("web01", serial_number=VMWARE_SERIAL, memory_mib=8064.0)
    assert sources.resolve().conflicts("memory_mib") == [("8192", "8064")]


def test_an_operating_system_is_taken_from_one_record_as_a_whole(sources: Sources) -> None:
    agent = sources.agent("web01", bios_uuid=BIOS, operating_system="Windows", os_product="windows-server")
    sources.item(
        "web01",
        serial_number=VMWARE_SERIAL,
        operating_system="Windows 2012 R2",
        os_version="6.3.9600",
        os_product="windows-server",
        os_cycle="2012 R2",
    )
    sources.vm(
        "web01",
        bios_uuid=BIOS,
        operating_system="Microsoft Windows Server 2019 (64-bit)",
        os_product="windows-server",
        os_cycle="2019",
        os_edition="Datacenter",
    )
    outcome = sources.resolve()
    asset = outcome.of(agent)
    assert (asset["os_cycle"], asset["os_edition"]) == ("2019", "Datacenter")
    assert asset["operating_system"] == "Microsoft Windows Server 2019 (64-bit)"
    assert asset["os_version"] is None
    assert outcome.conflicts("os_cycle") == [("2019", "2012 R2")]


def test_another_wording_of_the_same_operating_system_is_no_conflict(sources: Sources) -> None:
    wordings = ((sources.vm, "Red Hat Enterprise Linux 8 (64-bit)", "8"), (sources.agent, "RHEL", None))
    for add, wording, cycle in wordings:
        add("web01", bios_uuid=BIOS, operating_system=wording, os_product="rhel", os_cycle=cycle)
    assert sources.resolve().result.inventory_conflicts.empty


@pytest.mark.parametrize(
    ("believed", "other", "kept", "conflicts"),
    [
        ("15", "15.5", "15.5", []),
        ("2008 R2", "2008 R2 SP1", "2008 R2 SP1", []),
        ("15.5", "15", "15.5", []),
        ("2012", "2012 R2", "2012", [("2012", "2012 R2")]),
        ("1", "15", "1", [("1", "15")]),
    ],
)
def test_a_more_precise_release_is_kept_but_another_one_is_a_conflict(
    sources: Sources, believed: str, other: str, kept: str, conflicts: list[tuple[str, str]]
) -> None:
    agent = sources.agent("web01", bios_uuid=BIOS, os_product="sles", os_cycle=believed)
    sources.item("web01", serial_number=VMWARE_SERIAL, os_product="sles", os_cycle=other)
    outcome = sources.resolve()
    assert outcome.of(agent)["os_cycle"] == kept
    assert outcome.conflicts("os_cycle") == conflicts


def test_quality_of_an_asset_is_the_mean_of_its_records(sources: Sources) -> None:
    vm = sources.vm("web01", bios_uuid=BIOS, quality_score=0.6)
    sources.agent("web01", bios_uuid=BIOS, quality_score=0.8)
    assert sources.resolve().of(vm)["quality_score"] == pytest.approx(0.7)


def test_what_is_kept_apart_says_by_which_contradiction() -> None:
    sources = Sources()
    one = sources.item("web01", serial_number="CZJ1", ip_addresses=["10.1.1.1"])
    sources.agent("web01", serial_number="CZJ2", ip_addresses=["10.1.1.1"])
    reason = sources.resolve().of(one)["resolution_reason"]
    assert reason == (
        "1 record: the only one about it, in servicenow; "
        "kept apart from web01 in aws_migration_hub: different serial numbers"
    )


def test_what_runs_and_is_said_to_be_decommissioned_is_a_conflict() -> None:
    sources = Sources()
    sources.vm("web01", power_state="on", ip_addresses=["10.1.1.1"])
    sources.item("web01", lifecycle_status="retired", ip_addresses=["10.1.1.1"])
    outcome = sources.resolve()
    assert outcome.named("web01")["power_state"] == "on"
    assert outcome.conflicts("power_state") == [("on", "retired (lifecycle_status)")]


def test_two_lines_of_one_short_list_are_not_one_because_of_a_placeholder() -> None:
    sources = Sources()
    one = sources.item("web01", serial_number="ASK-BOB", ip_addresses=["10.1.1.1"])
    other = sources.item("db07", serial_number="ASK-BOB", ip_addresses=["10.9.9.9"])
    assert not sources.resolve().are_one(one, other)


@pytest.mark.parametrize("cells", [{}, {"environment": "production"}, {"owner": "Ann"}])
def test_a_list_of_one_line_is_joined_to_nothing_that_it_shares_no_name_with(cells: dict[str, object]) -> None:
    sources = Sources()
    one = sources.record("generic", "server", name="web01", **cells)
    other = sources.record("servicenow", "server", name="web02", **cells)
    assert not sources.resolve().are_one(one, other)
