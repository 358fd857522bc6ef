from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter

from flow_pipelines.discovery.data_import import SourceFile, check_row_sum, import_files
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from tests.flow_pipelines.discovery.readers.importing import (
    SCOPE,
    SETTINGS,
    import_paths,
    import_text,
    rejections,
    rows,
)

PLACE = ["Datacenter", "Cluster", "Host", "OS according to the configuration file", "VM ID", "VM UUID", "VI SDK Server"]
PLACED = ["DC1", "CL1", "esx01", "RHEL 7", "vm-1", "4212", "vc01"]
RVTOOLS: dict[str, tuple[list[str], list[object], str | None]] = {
    "vInfo": (
        [
            "VM",
            "Powerstate",
            "Template",
            "DNS Name",
            "CPUs",
            "Memory",
            "Provisioned MiB",
            "Annotation",
            "application owner",
            *PLACE,
        ],
        ["web01", "poweredOn", "False", "web01.acme.example", 4, 8192, 81920, "", "Ann", *PLACED],
        "server",
    ),
    "vCPU": (
        ["VM", "Powerstate", "CPUs", "Sockets", "Cores p/s", *PLACE],
        ["web01", "poweredOn", 4, 2, 2, *PLACED],
        "server_processor",
    ),
    "vMemory": (
        ["VM", "Powerstate", "Size MiB", "Ballooned", *PLACE],
        ["web01", "poweredOn", 8192, 0, *PLACED],
        "server_memory",
    ),
    "vDisk": (
        ["VM", "Powerstate", "Disk", "Disk Mode", "Capacity MiB", *PLACE],
        ["web01", "poweredOn", "Hard disk 1", "persistent", 81920, *PLACED],
        "server_disk",
    ),
    "vPartition": (
        ["VM", "Powerstate", "Disk", "Capacity MiB", "Consumed MiB", *PLACE],
        ["web01", "poweredOn", "C:\\", 81920, 40960, *PLACED],
        "server_partition",
    ),
    "vNetwork": (
        ["VM", "Powerstate", "NIC label", "Network", "Mac Address", "IPv4 Address", *PLACE],
        ["web01", "poweredOn", "NIC 1", "prod", "00:50:56:00:00:01", "10.0.0.1", *PLACED],
        "server_network",
    ),
    "vHost": (
        ["Host", "Datacenter", "Cluster", "CPU Model", "# CPU", "# Cores", "# Memory", "ESX Version"],
        ["esx01", "DC1", "CL1", "Xeon", 2, 32, 524288, "VMware ESXi 7.0.3"],
        "hypervisor_host",
    ),
    "vCluster": (["Name", "OverallStatus", "NumHosts", "TotalCpu"], ["CL1", "green", 4, 1000], "cluster"),
    "vHealth": (["Name", "Message", "Message type"], ["web01", "VM has an active CD", "CDROM"], None),
    "vSnapshot": (
        ["VM", "Powerstate", "Snapshot", "Size MiB (total)", *PLACE],
        ["web01", "poweredOn", "before patch", 12, *PLACED],
        None,
    ),
    "vMetaData": (["RVTools major version", "RVTools version", "Server"], ["4.6", "4.6.1", "vc01"], None),
}


def test_every_sheet_of_an_rvtools_workbook_is_recognised_and_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "rvtools.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, (header, row, _) in RVTOOLS.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, header)
            sheet.write_row(1, 0, row)
    result = import_paths(path)
    assert {sheet.sheet: (sheet.source_format, sheet.record_type) for sheet in result.sheets} == {
        name: ("rvtools", record_type) for name, (_, _, record_type) in RVTOOLS.items()
    }
    used = {name: record_type for name, (_, _, record_type) in RVTOOLS.items() if record_type}
    imported = result.imported_records
    assert dict(zip(imported["sheet"], imported["record_type"], strict=True)) == used
    assert rejections(result) == [(None, "sheet_not_used")] * 3
    assert set(result.rejected_records["row_count"]) == {1}


@pytest.mark.parametrize("name", RVTOOLS)
def test_a_sheet_of_the_rvtools_csv_set_is_recognised_by_its_columns(tmp_path: Path, name: str) -> None:
    header, row, record_type = RVTOOLS[name]
    text = "\n".join(",".join(map(str, line)) for line in (header, row))
    result = import_text(tmp_path, text, "tab.csv")
    assert (result.sheets[0].source_format, result.sheets[0].record_type) == ("rvtools", record_type)


def test_custom_attributes_of_rvtools_are_kept_and_placeholders_are_not(tmp_path: Path) -> None:
    header, row, _ = RVTOOLS["vInfo"]
    row = ["VM" if cell in {"DC1", "web01.acme.example"} else cell for cell in row]
    text = "\n".join(",".join(map(str, line)) for line in (header, row))
    values = rows(import_text(tmp_path, text, "RVTools_tabvInfo.csv"))[0][1]
    assert values["application owner"] == "Ann"
    assert values["VM"] == "web01"
    assert not {"Datacenter", "DNS Name", "Annotation"} & values.keys()


def test_rvtools_of_an_older_version_is_recognised_by_its_older_headers(tmp_path: Path) -> None:
    header = "VM,Powerstate,CPUs,Memory,Provisioned MB,In Use MB,disk.EnableUUID,vCenter UUID"
    text = header + "\nweb01,poweredOn,4,8192,1,1,True,x\n"
    report = import_text(tmp_path, text, "export.csv").sheets[0]
    assert (report.source_format, report.record_type) == ("rvtools", "server")


@pytest.mark.parametrize(
    ("header", "record_type"),
    [
        ("sys_id,name,sys_class_name,ip_address,os,ram", "server"),
        ("Name,Class,IP Address,Operating System,RAM (MB),Disk space (GB),Most recent discovery", "server"),
        ("sys_id,name,business_criticality,owned_by,version", "application"),
        ("sys_id,name,type,version,edition,tcp_port", "database"),
        ("parent,type,child", "relation"),
        ("parent.name,type.name,child.name,sys_id", "relation"),
    ],
)
def test_tables_of_servicenow_are_told_apart_by_their_columns(tmp_path: Path, header: str, record_type: str) -> None:
    text = header + "\n" + ",".join(f"x{number}" for number in range(header.count(",") + 1)) + "\n"
    report = import_text(tmp_path, text, "export.csv").sheets[0]
    assert (report.source_format, report.record_type) == ("servicenow", record_type)


def test_the_class_of_a_servicenow_row_decides_what_it_describes(tmp_path: Path) -> None:
    text = (
        "sys_id,name,sys_class_name,ip_address,os\n"
        "1,web01,cmdb_ci_win_server,10.0.0.1,Windows\n"
        "2,ORCL,cmdb_ci_db_ora_instance,10.0.0.2,\n"
        "3,shop,cmdb_ci_appl,,\n"
        "4,lp01,cmdb_ci_printer,10.0.0.4,\n"
    )
    result = import_text(tmp_path, text, "cmdb_ci.csv")
    imported = result.imported_records.sort_values("row_number")
    assert imported["record_type"].tolist() == ["server", "database", "application"]
    assert rejections(result) == [(5, "class_not_migrated")]


def test_a_relation_without_its_child_is_rejected(tmp_path: Path) -> None:
    result = import_text(tmp_path, "parent,child,type\nshop,web01,Runs on::Runs\nshop,,Runs on::Runs\n")
    assert rejections(result) == [(3, "incomplete_relation")]
    assert "lacks its child" in result.rejected_records.iloc[0]["reason"]


def test_lists_of_migration_hub_stay_in_their_cells(tmp_path: Path) -> None:
    text = (
        "ExternalId,IPAddress,MACAddress,HostName,CPU.NumberOfProcessors,RAM.TotalSizeInMB,Applications,Tags\n"
        '1,"10.0.0.1, 10.0.0.2",00:1B:44:11:3A:B7,web01,2,4096,"Shop, Web", "zone:1, critical:yes"\n'
    )
    result = import_text(tmp_path, text, "hub.csv")
    assert result.sheets[0].source_format == "aws_migration_hub"
    assert rows(result)[0][1]["IPAddress"] == "10.0.0.1, 10.0.0.2"
    assert rows(result)[0][1]["Tags"] == "zone:1, critical:yes"


def test_the_dependency_export_of_azure_migrate_is_a_table_of_connections(tmp_path: Path) -> None:
    text = (
        "Timeslot,Source server name,Source application,Source process,Destination server name,Destination IP,"
        "Destination application,Destination process,Destination port\n"
        "2025-03-01 00:00:00,web01,,java,db01,10.0.0.2,,sqlservr,1433\n"
    )
    report = import_text(tmp_path, text, "dependencies.csv").sheets[0]
    assert (report.source_format, report.record_type) == ("azure_migrate", "connection")


@pytest.mark.parametrize(
    ("header", "record_type"),
    [
        ("hostname,ip_address,name,operating_system,cpu_cores,ram_gb,storage_gb,location,environment", "server"),
        ("Servername,IP-Adresse,Betriebssystem,Standort", "server"),
        ("Application Name,Owner,Criticality,Business Unit", "application"),
        ("Database Name,Engine,Version,Host,Port,Size (GB)", "database"),
        ("Switch name,IP address,Vendor,Model,Serial number", "network_device"),
        ("Client IP,Server IP,Server port,Hits", "connection"),
        ("parent_ci,child_ci,relation_type", "relation"),
    ],
)
def test_a_hand_made_list_is_told_by_what_its_columns_mean(tmp_path: Path, header: str, record_type: str) -> None:
    cells = ["10.0.0.1" if "ip" in name.casefold().split() else f"x{name}" for name in header.split(",")]
    report = import_text(tmp_path, header + "\n" + ",".join(cells) + "\n", "list.csv").sheets[0]
    assert (report.record_type, report.imported_rows) == (record_type, 1)


def test_the_same_file_gives_the_same_ids_in_one_engagement_and_others_in_another(tmp_path: Path) -> None:
    path = tmp_path / "servers.csv"
    path.write_text("Server name,OS\nweb01,AIX\nweb02\n,AIX\n", encoding="utf-8")
    here, again = import_paths(path), import_paths(path)
    there = import_files([SourceFile(path.name, path)], scope=Scope("other", "dc-exit"), settings=SETTINGS)
    for table in ("imported_records", "rejected_records"):
        ids = set(getattr(here, table)["record_id"])
        assert ids == set(getattr(again, table)["record_id"])
        assert not ids & set(getattr(there, table)["record_id"])


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    files = [SourceFile("a.csv", tmp_path / "1"), SourceFile("a.csv", tmp_path / "2")]
    with pytest.raises(InputError, match=r"a\.csv"):
        import_files(files, scope=SCOPE, settings=SETTINGS)


def test_importing_nothing_gives_empty_tables() -> None:
    result = import_paths()
    assert result.imported_records.empty
    assert result.rejected_records.empty


def test_progress_tells_each_sheet_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "servers.csv"
    path.write_text("Server name,OS\nweb01,AIX\n", encoding="utf-8")
    told: list[str] = []
    import_files([SourceFile(path.name, path)], scope=SCOPE, settings=SETTINGS, progress=told.append)
    assert told == ["servers.csv: 1 rows (generic server)"]


def test_the_row_sum_fails_when_a_row_is_lost_or_counted_twice(tmp_path: Path) -> None:
    result = import_text(tmp_path, "Server name,OS\nweb01,AIX\nweb02,AIX\n")
    lost = replace(result, imported_records=result.imported_records.iloc[1:])
    assert check_row_sum(lost) == ["servers.csv: 2 rows were read, but 1 imported and 0 rejected"]
    unread = replace(result, sheets=())
    assert check_row_sum(unread) == ["servers.csv: 0 rows were read, but 2 imported and 0 rejected"]


def test_a_large_file_is_announced_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flow_pipelines.discovery.data_import.LARGE_BYTES", 30)
    told: list[str] = []
    for name, text in (("large.csv", "name,os\nweb01,RHEL 8\nweb02,RHEL 8\n"), ("small.csv", "name,os\na,b\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [SourceFile(path.name, path) for path in sorted(tmp_path.iterdir())]
    import_files(files, scope=SCOPE, settings=SETTINGS, progress=told.append)
    assert [words.split(":")[0] for words in told] == ["large.csv", "large.csv", "small.csv"]
    assert "reading" in told[0]
