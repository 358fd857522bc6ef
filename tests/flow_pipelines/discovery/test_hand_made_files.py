"""Files that people put together by hand, through all phases: what the estate looks like in the end."""

from __future__ import annotations

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


def test_a_connection_of_which_no_edge_can_be_made_says_why(tmp_path: Path) -> None:
    connections = "source_ip,source_host,destination_ip,destination_port\n0.0.0.0,,10.60.0.1,67\n10.60.0.1,,???,443\n"
    frames = discover(tmp_path, servers=SERVERS, connections=connections)
    assert edges(frames) == set()
    records = frames["cleansed_records"]
    issues = records.loc[records["record_type"] == "connection", "quality_issues"].explode()
    assert {"It lacks a source.", "It lacks a destination."} <= set(issues)
    assert gates.connection_problems(records, frames["dependencies"]) == []
