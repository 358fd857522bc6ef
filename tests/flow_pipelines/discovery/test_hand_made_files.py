"""Files that people put together by hand, through all phases: what the estate looks like in the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flow_pipelines.discovery import gates
from tests.benchmarks.discovery_run import Frames, run_discovery

SERVERS = "Hostname,IP Address,OS\npay01,10.60.0.1,RHEL 8\npay02,10.60.0.2,RHEL 8\n"


def discover(folder: Path, **files: str) -> Frames:
    """The tables that come of some files, by their names without ending."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return run_discovery(folder)


def edges(frames: Frames) -> set[tuple[str, str, int]]:
    found = frames["dependencies"]
    return set(zip(found["source_name"], found["target_name"], found["port"], strict=True))


@pytest.mark.parametrize("header", ["src_ip,dst_ip,dst_port,protocol", "Source,Destination,Port,Protocol"])
def test_connections_name_their_ends_by_address_or_by_name_in_each_cell(header: str, tmp_path: Path) -> None:
    connections = (
        f"{header}\n10.60.0.1,10.60.0.2,1433,tcp\npay02,PAY01.corp.example,1521,tcp\n10.60.0.2,dns.google,443,tcp\n"
    )
    frames = discover(tmp_path, servers=SERVERS, connections=connections)
    assert edges(frames) == {("pay01", "pay02", 1433), ("pay02", "pay01", 1521), ("pay02", "dns.google", 443)}
    assert gates.connection_problems(frames["cleansed_records"], frames["dependencies"]) == []


@pytest.mark.parametrize(
    "header",
    [
        "src_ip,dst_ip,dst_port,protocol",
        "Source IP Address,Destination IP Address,Port,Protocol",
        "Source,Destination,Port,Protocol",
    ],
)
def test_connections_between_names_alone_are_all_used(header: str, tmp_path: Path) -> None:
    rows = [f"web{number:02},db{number % 7:02},1521,tcp" for number in range(30)]
    frames = discover(tmp_path, connections="\n".join([header, *rows]))
    assert edges(frames) == {(f"web{number:02}", f"db{number % 7:02}", 1521) for number in range(30)}


def test_an_address_with_a_port_ends_a_connection(tmp_path: Path) -> None:
    connections = "src_ip,dst_ip,dst_port,protocol\n10.60.0.1:51000,[2001:db8::5]:1521,1521,tcp\n"
    frames = discover(tmp_path, servers=SERVERS, connections=connections)
    assert edges(frames) == {("pay01", "2001:db8::5", 1521)}


@pytest.mark.parametrize("protocol", ["", "TCP"])
def test_a_port_that_is_written_with_its_protocol_tells_both(protocol: str, tmp_path: Path) -> None:
    rows = f"10.60.0.1,10.60.0.2,443/tcp,{protocol}\n10.60.0.2,10.60.0.1,udp/161,\n10.60.0.1,10.60.0.2,99999/tcp,\n"
    frames = discover(tmp_path, servers=SERVERS, connections=f"Source,Destination,Port,Protocol\n{rows}")
    found = frames["dependencies"][["source_name", "port", "protocol"]].astype(object).fillna("").to_numpy().tolist()
    assert sorted(found, key=str) == [["pay01", "", "tcp"], ["pay01", 443, "tcp"], ["pay02", 161, "udp"]]


def test_a_connection_of_which_no_edge_can_be_made_says_why(tmp_path: Path) -> None:
    connections = "source_ip,source_host,destination_ip,destination_port\n0.0.0.0,,10.60.0.1,67\n10.60.0.1,,???,443\n"
    frames = discover(tmp_path, servers=SERVERS, connections=connections)
    assert edges(frames) == set()
    records = frames["cleansed_records"]
    issues = records.loc[records["record_type"] == "connection", "quality_issues"].explode()
    assert {"It lacks a source.", "It lacks a destination."} <= set(issues)
    assert gates.connection_problems(records, frames["dependencies"]) == []


def test_disks_and_adapters_listed_within_servers_are_folded_into_them(tmp_path: Path) -> None:
    disks = [{"name": "sda", "size_gb": 50}, {"name": "sdb", "size_gb": 100}]
    adapters = [{"name": "eth0", "mac": "00:50:56:00:00:01"}]
    servers = [
        {"hostname": "web01", "ip": "10.0.0.1", "os": "RHEL 8", "disks": disks, "nics": adapters},
        {"hostname": "web02", "ip": "10.0.0.2", "os": "RHEL 8", "disks": disks[:1]},
    ]
    inventory = discover(tmp_path, estate=json.dumps(servers))["inventory"].set_index("name")
    assert inventory["storage_allocated_gib"].to_dict() == {"web01": 150, "web02": 50}
    assert inventory["mac_addresses"]["web01"] == ["00:50:56:00:00:01"]


def memberships(frames: Frames) -> dict[str, list[str]]:
    servers = frames["inventory"][frames["inventory"]["asset_type"] == "server"]
    return {name: list(names) for name, names in zip(servers["name"], servers["application_names"], strict=True)}


@pytest.mark.parametrize(
    "rows",
    [
        "Application,Server\nPayroll,pay01\nPayroll,pay02\nCRM,pay02\n",
        "Application Name,Server Name,Environment\nPayroll,pay01,Prod\nPayroll,pay02,Prod\nCRM,pay02,Prod\n",
        "Server,Application\npay01,Payroll\npay02,Payroll\npay02,CRM\n",
        "App,Hostname,Owner\nPayroll,pay01,Ann\nPayroll,pay02,Ann\nCRM,pay02,Bob\n",
    ],
)
def test_a_list_of_applications_with_their_servers_says_which_server_serves_what(rows: str, tmp_path: Path) -> None:
    frames = discover(tmp_path, applications=rows)
    assert memberships(frames) == {"pay01": ["Payroll"], "pay02": ["CRM", "Payroll"]}
    assert sorted(frames["inventory"]["name"]) == ["CRM", "Payroll", "pay01", "pay02"]


def test_such_a_list_joins_the_servers_that_another_file_lists(tmp_path: Path) -> None:
    rows = "Application,Server\nPayroll,pay01\nPayroll,PAY02.corp.example\nCRM,pay02\n"
    frames = discover(tmp_path, servers=SERVERS, applications=rows)
    assert memberships(frames) == {"pay01": ["Payroll"], "pay02": ["CRM", "Payroll"]}


def test_a_list_of_applications_that_counts_or_lists_their_servers_stays_one_of_applications(tmp_path: Path) -> None:
    rows = "Application,Servers,Criticality\nPayroll,pay01; pay02,high\nCRM,pay02,low\n"
    frames = discover(tmp_path, applications=rows)
    assert set(frames["inventory"]["asset_type"]) == {"application"}


@pytest.mark.parametrize("count", [3, 30])
def test_the_name_of_a_database_is_not_its_engine(count: int, tmp_path: Path) -> None:
    names = ["PAYDB", "CRMDB", "HR_PROD", "LEDGER", "WAREHOUSE1"]
    rows = [f"Payroll,pay{number:02},{names[number % 5]},19c" for number in range(count)]
    frames = discover(tmp_path, applications="\n".join(["Application,Server,Database,DB Version", *rows]))
    mappings = frames["attribute_mappings"].set_index("source_column")
    assert (mappings.loc["Database", "attribute"], mappings.loc["Database", "status"]) != ("database_engine", "applied")
    assert mappings.loc["Server", "attribute"] == "name"


def test_a_column_called_database_that_names_engines_is_the_engine(tmp_path: Path) -> None:
    rows = "Application,Server,Database,DB Version\nPayroll,pay01,Oracle,19c\nCRM,pay02,SQL Server,2016\n"
    mappings = discover(tmp_path, applications=rows)["attribute_mappings"].set_index("source_column")
    assert (mappings.loc["Database", "attribute"], mappings.loc["Database", "status"]) == ("database_engine", "applied")
