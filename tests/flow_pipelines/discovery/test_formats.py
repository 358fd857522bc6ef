"""Exports of every known format, put together from the real headers with the mess of real files, through all phases.

The files are in `formats/`, a folder for each export; what is asserted is what an analyst would look at.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flow_pipelines.discovery.data_import import ImportResult, SourceFile, check_row_sum, import_files
from tests.benchmarks.discovery_run import SCOPE, SETTINGS, Frames, run_discovery

FORMATS = Path(__file__).parent / "formats"
LEAST_CONFIDENCE = 0.85


@cache
def imported(export: str) -> ImportResult:
    files = [SourceFile(path.name, path) for path in sorted((FORMATS / export).iterdir())]
    return import_files(files, scope=SCOPE, settings=SETTINGS)


@cache
def discovered(export: str) -> Frames:
    return run_discovery(FORMATS / export)


def asset(export: str, name: str) -> dict[str, Any]:
    inventory = discovered(export)["inventory"]
    found = inventory[(inventory["name"] == name) | (inventory["host_name"] == name)]
    assert len(found) == 1
    return {str(column): value for column, value in found.iloc[0].items()}


def mapped(export: str, file: str) -> dict[str, str]:
    mappings = discovered(export)["attribute_mappings"]
    rows = mappings[(mappings["source_file"] == file) & (mappings["status"] == "applied")]
    return dict(zip(rows["source_column"], rows["attribute"], strict=True))


def needs(export: str) -> set[tuple[str, str]]:
    edges = discovered(export)["dependencies"]
    return set(zip(edges["source_name"], edges["target_name"], strict=True))


def reasons(export: str) -> list[str]:
    return sorted(imported(export).rejected_records["reason_code"])


@pytest.mark.parametrize(
    ("export", "source_format", "record_types"),
    [
        ("rvtools_semicolon", "rvtools", ["server", "server_disk", "server_memory", "server_network"]),
        ("rvtools_3_8", "rvtools", ["server", "server_disk"]),
        ("aws_migration_hub", "aws_migration_hub", ["server"]),
        ("aws_recommendations", "aws_migration_hub", ["server"]),
        ("aws_mgn", "aws_application_migration_service", ["server"]),
        ("azure_migrate", "azure_migrate", ["server"]),
        ("azure_migrate_old", "azure_migrate", ["server"]),
        ("azure_dependencies", "azure_migrate", ["connection"]),
        ("azure_inventory", "azure_migrate", ["server"]),
        ("google", "google_migration_center", ["server", "server_disk", "server_performance", "server_tag"]),
        ("konveyor", "konveyor", ["application"]),
        ("konveyor_old", "konveyor", ["application"]),
        ("konveyor_translated", "konveyor", ["application"]),
        ("cloud_migration_factory", "cloud_migration_factory", ["server"]),
        ("cloud_migration_factory_qualified", "cloud_migration_factory", ["server"]),
        ("netbox", "netbox", ["hypervisor_host", "server", "server_disk", "server_network"]),
        ("nutanix", "nutanix_prism", ["server"]),
        ("servicenow_labels", "servicenow", ["hypervisor_host"]),
        ("servicenow_names", "servicenow", ["application", "relation"]),
    ],
)
def test_an_export_is_recognised_by_what_it_holds(
    export: str, source_format: str, record_types: list[str], tmp_path: Path
) -> None:
    files = sorted((FORMATS / export).iterdir())
    for number, file in enumerate(files):
        (tmp_path / f"export{number}.csv").write_bytes(file.read_bytes())
    renamed = [SourceFile(path.name, path) for path in sorted(tmp_path.iterdir())]
    result = import_files(renamed, scope=SCOPE, settings=SETTINGS)
    assert check_row_sum(result) == []
    assert {sheet.source_format for sheet in result.sheets} == {source_format}
    assert sorted(str(sheet.record_type) for sheet in result.sheets) == record_types
    assert min(sheet.confidence for sheet in result.sheets) > LEAST_CONFIDENCE


@pytest.mark.parametrize(
    "header",
    [
        "Name,Site,Cluster,Platform,Tenant,Status",
        "Server,Application,Wave,Environment,Owner",
        "Hostname,Key contact,Value,IP",
        "Machine,Manufacturer,Rack,Serial,Size",
    ],
)
def test_ordinary_headers_make_no_known_format(header: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{header}\n{','.join('abcdef'[: header.count(',') + 1])}\n", encoding="utf-8")
    result = import_files([SourceFile(path.name, path)], scope=SCOPE, settings=SETTINGS)
    assert result.sheets[0].source_format == "generic"


def test_rvtools_sheets_as_text_are_one_export() -> None:
    vm = asset("rvtools_semicolon", "erp-app01")
    assert (vm["memory_mib"], vm["storage_allocated_gib"], vm["storage_used_gib"]) == (16384, 140, 80)
    assert vm["ip_addresses"] == ["10.20.1.1", "10.99.1.1", "10.99.1.2", "2001:db8::1"]
    assert (vm["application_names"], vm["owner"], vm["environment"]) == (["SAP ERP"], "Jane Roe", "production")
    assert (vm["migration_wave"], vm["data_center"], vm["is_virtual"]) == ("Wave 2", "Zürich", True)
    assert asset("rvtools_semicolon", "erp-app02")["application_names"] is None, "the cell held the placeholder VM"
    assert "erp-app03" not in set(discovered("rvtools_semicolon")["inventory"]["name"]), "it is a template"


def test_rvtools_before_4_counts_in_mib_what_it_calls_mb() -> None:
    vm = asset("rvtools_3_8", "legacy01")
    assert (vm["storage_allocated_gib"], vm["storage_used_gib"], vm["disk_count"]) == (44, 20, 1)
    assert (vm["application_names"], vm["owner_email"]) == (["Payroll"], "john.smith@corp.example")


def test_migration_hub_tags_tell_what_no_column_does() -> None:
    pay01, pay02 = asset("aws_migration_hub", "pay01"), asset("aws_migration_hub", "pay02")
    assert (pay01["cpu_count"], pay01["memory_used_mib_peak"]) == (8, 20000)
    assert (pay01["environment"], pay01["cost_center"]) == ("production", "99")
    assert (pay02["environment"], pay02["owner"]) == ("staging", "Ann Lee")
    assert pay01["application_names"] == ["Billing", "Payments"]


def test_what_is_recommended_is_not_what_there_is() -> None:
    server = asset("aws_recommendations", "hr01")
    assert (server["cpu_count"], server["memory_mib"], server["model"]) == (4, 16384, None)
    assert (server["cpu_usage_percent_peak"], server["memory_usage_percent_peak"]) == (80, 70)


def test_the_migration_service_tells_application_and_wave() -> None:
    server = asset("aws_mgn", "crm-web-01")
    assert (server["application_names"], server["migration_wave"], server["owner"]) == (["CRM"], "Wave 1", "Jo Doe")
    assert server["location"] is None, "mgn:region is where it goes to"


def test_twenty_disks_of_azure_are_summed() -> None:
    server, web = asset("azure_migrate", "fin-sql01"), asset("azure_migrate", "fin-web01")
    assert (server["storage_allocated_gib"], server["disk_count"], server["storage_used_gib"]) == (1000, 20, 700)
    rates = [server[f"disk_{way}_kib_per_second_average"] for way in ("read", "write")]
    operations = [server[f"disk_{way}_operations_per_second_average"] for way in ("read", "write")]
    assert (rates, operations) == ([10240, 5120], [200, 100])
    assert server["ip_addresses"] == ["10.5.0.4", "10.5.0.5"]
    assert (web["storage_allocated_gib"], web["disk_count"], web["is_virtual"]) == (140, 2, False)
    assert reasons("azure_migrate") == ["no_identity"]


def test_older_templates_and_the_grouping_file_of_azure() -> None:
    old = asset("azure_migrate_old", "old01")
    assert (old["disk_read_operations_per_second_average"], old["disk_write_kib_per_second_average"]) == (120, 1536)
    grouped = asset("azure_inventory", "fin-sql01")
    assert (grouped["application_names"], grouped["storage_allocated_gib"]) == (["Finance", "Ledger"], 1000)
    assert needs("azure_dependencies") == {("fin-web01", "fin-sql01")}


def test_disks_samples_and_tags_of_google_are_folded_into_their_machine() -> None:
    web, database = asset("google", "shop-web"), asset("google", "shop-db")
    assert (web["storage_allocated_gib"], web["storage_used_gib"], web["disk_count"]) == (108, 46.5, 2)
    # CPU was 1 to 100 %, free memory 8 GiB less 50 to 5,000 MiB, sent were 1 to 100 KiB/s.
    statistics = ("average", "peak", "percentile_95")
    assert [web[f"cpu_usage_percent_{statistic}"] for statistic in statistics] == [50.5, 100, 95]
    assert [web[f"memory_used_mib_{statistic}"] for statistic in statistics] == [2525, 5000, 4800]
    assert web["memory_usage_percent_peak"] == pytest.approx(100 * 5000 / 8192)
    assert [web[f"network_out_kib_per_second_{statistic}"] for statistic in statistics] == [50.5, 100, 95]
    assert [web[f"disk_read_operations_per_second_{statistic}"] for statistic in statistics] == [101, 200, 190]
    assert (web["application_names"], web["environment"], web["owner"]) == (["Web Shop"], "production", "Mia Chen")
    assert (web["is_virtual"], database["is_virtual"]) == (True, False)
    assert (database["environment"], database["cost_center"]) == ("staging", "8800")
    assert database["cpu_usage_percent_average"] == 50.5, "empty and n/a samples count as none"
    assert reasons("google") == ["no_identity", "no_identity", "sample_no_number"]


def test_samples_are_the_same_whatever_the_order_of_rows(tmp_path: Path) -> None:
    header, *samples = (FORMATS / "google" / "perfInfo.csv").read_text(encoding="utf-8").splitlines()
    tables = []
    for number, rows in enumerate((samples, sorted(samples))):
        path = tmp_path / str(number) / "perfInfo.csv"
        path.parent.mkdir()
        path.write_text("\n".join([header, *rows]), encoding="utf-8")
        result = import_files([SourceFile(path.name, path)], scope=SCOPE, settings=SETTINGS)
        folded = result.imported_records.sort_values("row_count")[["raw_values", "row_count", "observed_from"]]
        tables.append(folded.reset_index(drop=True))
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["row_count"].tolist() == [2, 100]
    assert sorted(tables[0]["raw_values"][1])[:1] == ["AvailableMemoryBytes (5th percentile)"]


def test_konveyor_dependencies_point_to_what_is_needed() -> None:
    assert needs("konveyor") == {
        ("Orders", "Payments"),
        ("Inventory", "Orders"),  # southbound, on a row of type 1
        ("Orders", "Gateway"),  # Gateway is northbound of Orders: Orders needs Gateway
        ("Gateway", "Inventory"),
    }
    assert reasons("konveyor") == ["class_unknown", "incomplete_relation", "too_few_cells"]
    orders = asset("konveyor", "Orders")
    assert (orders["owner"], orders["owner_email"]) == ("John Smith", "jsmith@example.com")
    assert orders["tags"] == ["Java", "Spring Boot"]


@pytest.mark.parametrize("export", ["konveyor_old", "konveyor_translated"])
def test_konveyor_columns_go_by_position_when_their_headers_are_strange(export: str) -> None:
    assert needs(export) == {("Orders", "Payments")}
    assert asset(export, "Orders")["business_unit"] == "Retail"


def test_one_intake_row_is_a_wave_an_application_and_a_server() -> None:
    server = asset("cloud_migration_factory", "ord-app1")
    assert (server["application_names"], server["migration_wave"]) == (["Ordering"], "Wave 1")
    assert (server["migration_strategy"], server["environment"]) == ("rehost", "production")
    assert (server["owner"], server["cost_center"]) == ("Ann Lee", "12")
    assert asset("cloud_migration_factory", "ord-db1")["migration_strategy"] is None, "TBC is no strategy"
    assert asset("cloud_migration_factory", "leg1")["migration_strategy"] == "refactor"
    assert asset("cloud_migration_factory_qualified", "ord-app1")["migration_strategy"] == "retire"


def test_netbox_files_of_any_name_are_one_export() -> None:
    web, database = asset("netbox", "nb-web1"), asset("netbox", "nb-db1")
    assert (web["mac_addresses"], web["cpu_count"], web["storage_allocated_gib"]) == (["52:54:00:12:34:56"], 4, 40)
    assert (database["storage_allocated_gib"], database["disk_count"]) == (140, 2)
    assert (database["power_state"], database["is_virtual"]) == ("off", True)
    assert asset("netbox", "sw01")["asset_type"] == "network_device"
    host, server = asset("netbox", "hv07"), asset("netbox", "phys01")
    assert (host["asset_type"], host["model"], host["data_center"]) == (
        "hypervisor_host",
        "PowerEdge R740",
        "Berlin DC1",
    )
    assert pd.isna(server["is_virtual"]), "a device may be either"
    assert server["lifecycle_status"] == "planned"


def test_cells_of_prism_tell_used_and_total() -> None:
    app, database = asset("nutanix", "ntx-app"), asset("nutanix", "ntx-db")
    assert (app["memory_mib"], app["storage_allocated_gib"], app["storage_used_gib"]) == (16384, 127, 61.2)
    assert (database["storage_allocated_gib"], database["storage_used_gib"]) == (2048, 1536)
    assert (app["cpu_usage_percent_average"], app["environment"]) == (12.5, "production")


def test_servicenow_with_labels_or_names() -> None:
    server = asset("servicenow_labels", "snow-app1")
    assert (server["memory_mib"], server["storage_allocated_gib"], server["cpu_sockets"]) == (32768, 250, 2)
    assert asset("servicenow_labels", "snow-esx1")["asset_type"] == "hypervisor_host"
    assert asset("servicenow_labels", "snow-lb1")["lifecycle_status"] == "retired"
    assert asset("servicenow_names", "iis-site")["asset_type"] == "application"
    assert needs("servicenow_names") == {("Treasury", "TREASDB"), ("Treasury", "snow-win1")}
    assert reasons("servicenow_labels") + reasons("servicenow_names") == ["class_not_migrated"] * 2


def test_lists_of_the_platform_that_is_replaced() -> None:
    assert needs("origin_assets") == {
        ("web-prod-01", "app-prod-01"),
        ("web-prod-01", "db-prod-01"),
        ("app-prod-01", "db-prod-01"),
        ("Customer Portal", "web-prod-01"),
    }
    assert asset("origin_servers", "Alpha")["memory_mib"] == 16384
    assert asset("origin_cmdb", "cm-a")["owner"] == "Ann"
    assert mapped("origin_cmdb", "cmdb.csv")["Memory_GB"] == "memory_mib"
