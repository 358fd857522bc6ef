"""The exports of a sample look like the real tools' and the truth beside them is true."""

from __future__ import annotations

import csv
import ipaddress
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import yaml
from python_calamine import CalamineWorkbook

from flow_pipelines.reference.attributes import attribute_named
from flow_pipelines.sample import SampleReport, write_sample
from flow_pipelines.sample import vocabulary as vocabulary_module
from flow_pipelines.tables.discovery import RECORD_TYPES

SEED = 1  # the client whose ServiceNow writes Windows-1252
AWS_HEADER = (
    "ExternalId,SMBiosId,IPAddress,MACAddress,HostName,VMware.MoRefId,VMware.VCenterId,CPU.NumberOfProcessors,"
    "CPU.NumberOfCores,CPU.NumberOfLogicalCores,OS.Name,OS.Version,VMware.VMName,RAM.TotalSizeInMB,"
    "RAM.UsedSizeInMB.Avg,RAM.UsedSizeInMB.Max,CPU.UsagePct.Avg,CPU.UsagePct.Max,DiskReadsPerSecondInKB.Avg,"
    "DiskWritesPerSecondInKB.Avg,DiskReadsPerSecondInKB.Max,DiskWritesPerSecondInKB.Max,DiskReadsOpsPerSecond.Avg,"
    "DiskWritesOpsPerSecond.Avg,DiskReadsOpsPerSecond.Max,DiskWritesOpsPerSecond.Max,NetworkReadsPerSecondInKB.Avg,"
    "NetworkWritesPerSecondInKB.Avg,NetworkReadsPerSecondInKB.Max,NetworkWritesPerSecondInKB.Max,Applications,"
    "ApplicationWave,Tags,ServerId"
)
RVTOOLS_SHEETS = [
    *("vInfo", "vCPU", "vMemory", "vDisk", "vPartition", "vNetwork"),
    *("vSource", "vCluster", "vHost", "vHealth", "vMetaData"),
]
# The end of every RVTools sheet about machines: custom attributes stand between Annotation and Datacenter.
MACHINE_TAIL = [
    *("Annotation", "Application", "Owner", "Environment", "Cost Center", "Datacenter", "Cluster", "Host", "Folder"),
    *("OS according to the configuration file", "OS according to the VMware Tools", "VM ID", "VM UUID"),
    *("VI SDK Server", "VI SDK UUID"),
]
VCPU_HEADER = [
    *("VM", "Powerstate", "Template", "SRM Placeholder", "CPUs", "Sockets", "Cores p/s", "Max", "Overall", "Level"),
    *("Shares", "Reservation", "Entitlement", "DRS Entitlement", "Limit", "Hot Add", "Hot Remove"),
    *("Numa Hotadd Exposed", *MACHINE_TAIL),
]
Table = list[dict[str, str]]


@dataclass(frozen=True)
class Sample:
    """A written sample and its files as read back."""

    folder: Path
    report: SampleReport

    @cached_property
    def style(self) -> vocabulary_module.ExportStyle:
        return vocabulary_module.vocabulary().companies[SEED].exports

    def truth(self, name: str) -> Table:
        with (self.report.truth / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @cached_property
    def grids(self) -> dict[tuple[str, str], list[list[str]]]:
        """Every file and sheet as rows of cells; row n of a file stands at n - 1."""
        grids: dict[tuple[str, str], list[list[str]]] = {}
        for path in self.report.files:
            if path.suffix == ".xlsx":
                book = CalamineWorkbook.from_path(path)
                for sheet in book.sheet_names:
                    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
                    grids[path.name, sheet] = [[str(cell) for cell in row] for row in rows]
            else:
                is_table = path.name.startswith("cmdb")
                lines = path.read_text(encoding=self.style.encoding if is_table else "utf-8").splitlines()
                plain = path.name == "aws_migration_hub.csv"
                delimiter = "," if plain else self.style.delimiter if is_table else self.style.connection_delimiter
                grids[path.name, ""] = list(csv.reader(lines, delimiter=delimiter))
        return grids

    def header(self, file: str, sheet: str = "") -> list[str]:
        """The header row: the first one with more than one cell."""
        return next(row for row in self.grids[file, sheet] if len(row) > 1)

    def rows(self, file: str, sheet: str = "") -> Table:
        """The data rows that fit the header."""
        header = self.header(file, sheet)
        grid = self.grids[file, sheet]
        below = grid[grid.index(header) + 1 :]
        return [dict(zip(header, row, strict=True)) for row in below if len(row) == len(header)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    return Sample(folder, write_sample(folder, servers=600, connections=20_000, seed=SEED))


def test_rvtools_workbooks_have_the_sheets_and_headers_of_rvtools(sample: Sample) -> None:
    assert [sheet for file, sheet in sample.grids if file == "rvtools.xlsx"] == RVTOOLS_SHEETS
    assert sample.header("rvtools.xlsx", "vCPU") == VCPU_HEADER
    for sheet in ("vMemory", "vDisk", "vPartition", "vNetwork"):
        assert sample.header("rvtools.xlsx", sheet)[-len(MACHINE_TAIL) :] == MACHINE_TAIL
    info = sample.header("rvtools.xlsx", "vInfo")
    assert info[:6] == ["VM", "Powerstate", "Template", "SRM Placeholder", "Config status", "DNS Name"]
    assert info[info.index("Annotation") : info.index("Host")] == MACHINE_TAIL[: MACHINE_TAIL.index("Host")]
    assert {"Network #1", "Cluster rule(s)", "FT Sec. Latency", "SMBIOS UUID", "In Use MiB"} <= set(info)
    assert {"# CPU", "# Memory", "CPU usage %"} <= set(sample.header("rvtools.xlsx", "vHost"))


def test_text_exports_have_the_headers_encoding_and_delimiter_of_their_tool(sample: Sample) -> None:
    assert ",".join(sample.header("aws_migration_hub.csv")) == AWS_HEADER
    assert sample.header("cmdb_rel_ci.csv") == ["parent", "child", "type"]
    assert {"sys_id", "sys_class_name", "operational_status", "ram"} <= set(sample.header("cmdb_ci_server.csv"))
    raw = (sample.folder / "cmdb_ci_server.csv").read_bytes()
    assert raw.startswith(b"sys_id;name;host_name;")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    preamble = (sample.folder / "cmdb_ci_appl.csv").read_text(encoding="cp1252").splitlines()[:4]
    assert preamble[0].startswith("Business applications of ")
    assert preamble[2] == ""
    assert preamble[3].startswith("sys_id;name;")


def test_clients_differ_in_encoding_dates_and_status(tmp_path: Path) -> None:
    starts = []
    for seed in range(3):
        write_sample(tmp_path / str(seed), servers=20, connections=10, seed=seed)
        starts.append((tmp_path / str(seed) / "cmdb_ci_server.csv").read_bytes()[:20])
    assert starts[0].startswith(b"\xef\xbb\xbfsys_id,")
    assert starts[1].startswith(b"sys_id;")
    assert b"Operational" in (tmp_path / "0" / "cmdb_ci_server.csv").read_bytes()
    assert b"Operational" not in (tmp_path / "2" / "cmdb_ci_server.csv").read_bytes()


def test_every_record_of_the_truth_stands_in_its_row_under_its_name(sample: Sample) -> None:
    names = {one["true_server_id"]: one["name"] for one in sample.truth("servers")}
    names |= {one["true_application_id"]: one["name"] for one in sample.truth("applications")}
    names |= {one["true_database_id"]: one["name"] for one in sample.truth("databases")}
    spoiled = defaultdict(set)
    for one in sample.truth("mess"):
        spoiled[one["source_file"], one["sheet"], one["row_number"], one["source_column"]].add(one["written"])
    checked = Counter[str]()
    for one in sample.truth("records"):
        file, sheet, number = one["source_file"], one["sheet"], one["row_number"]
        column = "VM" if file.startswith("rvtools") else "HostName" if file.startswith("aws") else "name"
        if one["true_id"] not in names or (sheet and sheet != "vInfo"):
            continue
        cell = sample.grids[file, sheet][int(number) - 1][sample.header(file, sheet).index(column)]
        name = names[one["true_id"]]
        right = {name, *spoiled[file, sheet, number, column]}
        assert cell in right or cell.split(".")[0] == name, (one, cell, right)
        checked[one["entity_type"]] += 1
    assert checked["server"] > 1_400
    assert checked["template"] > 0
    assert checked["application"] > 40
    assert checked["database"] > 100


def test_the_truth_counts_every_data_row(sample: Sample) -> None:
    counts = {(one["source_file"], one["sheet"]): int(one["data_rows"]) for one in sample.truth("rows")}
    assert set(counts) == set(sample.grids)
    for (file, sheet), grid in sample.grids.items():
        below = grid[grid.index(sample.header(file, sheet)) + 1 :]
        assert counts[file, sheet] == sum(bool(row) for row in below), (file, sheet)
    assert counts["connections.csv", ""] == 20_000
    assert sample.report.rows["rvtools.xlsx/vInfo"] == counts["rvtools.xlsx", "vInfo"]


def test_the_truth_maps_every_column_of_every_file_to_the_catalogue(sample: Sample) -> None:
    columns = defaultdict(list)
    for one in sample.truth("mappings"):
        columns[one["source_file"], one["sheet"]].append(one["source_column"])
        for attribute in filter(None, [one["attribute"], *one["also_right"].split("|")]):
            assert attribute == "none" or attribute_named(attribute)
    assert columns == {key: sample.header(*key) for key in sample.grids}
    assert {one["entity_type"] for one in sample.truth("records")} <= {*RECORD_TYPES, "template"}


def test_sources_overlap_as_stated(sample: Sample) -> None:
    seen = defaultdict(set)
    for one in sample.truth("records"):
        if one["entity_type"] == "server" and one["true_id"].startswith("SRV"):
            seen[one["source_file"]].add(one["true_id"])
    servers = [one for one in sample.truth("servers") if one["state"] == "live"]
    virtual = {one["true_server_id"] for one in servers if one["is_virtual"] == "True"}
    assert len(servers) == 600
    assert seen["rvtools.xlsx"] == virtual
    assert 0.80 < len(seen["cmdb_ci_server.csv"]) / 600 < 0.90
    assert 0.64 < len(seen["aws_migration_hub.csv"]) / 600 < 0.76


def test_some_servers_belong_to_several_applications(sample: Sample) -> None:
    applications = Counter(one["true_server_id"] for one in sample.truth("server_applications"))
    assert 5 < sum(count > 1 for count in applications.values()) < 100
    assert len(applications) == 600


def test_every_kind_of_mess_happens_about_as_often_as_stated(sample: Sample) -> None:
    stated = yaml.safe_load((Path(vocabulary_module.__file__).parent / "mess.yaml").read_text(encoding="utf-8"))
    found = Counter((re.sub(r"\.\w+$", "", one["source_file"]), one["kind"]) for one in sample.truth("mess"))
    for source in set(stated) - {"version"}:
        expected = set(stated[source]) - {"missing_host"}  # too many to log
        if sample.report.rows.get(f"{source}.csv", 1_000) >= 100:
            assert {kind for file, kind in found if file == source} == expected, source
    servers = sample.report.rows["cmdb_ci_server.csv"]
    for kind in ("name_upper_case", "name_as_fqdn", "conflicting_memory", "conflicting_owner", "environment_spelling"):
        rate = found["cmdb_ci_server", kind] / servers
        assert stated["cmdb_ci_server"][kind]["rate"] * 0.5 < rate < stated["cmdb_ci_server"][kind]["rate"] * 1.5, kind
    hosts = [row["source_host"] == "" for row in sample.rows("connections.csv")]
    assert 0.08 < sum(hosts) / len(hosts) < 0.18


def test_every_logged_blemish_is_in_its_cell_unless_spoiled_again(sample: Sample) -> None:
    written = defaultdict(set)
    for one in sample.truth("mess"):
        if one["source_column"] and one["source_file"] != "cmdb_rel_ci.csv":
            place = (one["source_file"], one["sheet"], int(one["row_number"]), one["source_column"])
            written[place].add(one["written"])
    reshaped = {
        int(one["row_number"]) for one in sample.truth("mess") if one["kind"] in ("too_few_cells", "too_many_cells")
    }
    for (file, sheet, number, column), values in written.items():
        if file == "cmdb_ci_server.csv" and number in reshaped:
            continue
        cell = sample.grids[file, sheet][number - 1][sample.header(file, sheet).index(column)]
        assert cell in values, (file, sheet, number, column, cell, values)


def test_relations_run_from_the_one_that_needs_to_the_one_that_is_needed(sample: Sample) -> None:
    names: dict[str, str] = {}
    for one in sample.truth("records"):
        if one["source_file"].startswith("cmdb") and one["true_id"][:3] != "RET":
            row = sample.grids[one["source_file"], ""][int(one["row_number"]) - 1]
            names.setdefault(row[1], one["true_id"])
    stated = {
        (names.get(row["parent"]), names.get(row["child"]))
        for row in sample.rows("cmdb_rel_ci.csv")
        if row["parent"] in names and row["child"] in names
    }
    edges = [one for one in sample.truth("edges") if one["in_cmdb"] == "True"]
    assert stated == {(one["source_id"], one["target_id"]) for one in edges}
    assert {one["kind"] for one in edges} == {"depends_on", "runs_on", "contains", "hosted_on", "connects_to"}
    assert all(one["source_type"] == "application" for one in edges if one["kind"] in ("contains", "depends_on"))


def test_connections_are_observations_of_true_edges(sample: Sample) -> None:
    addresses = {
        one["ip_addresses"].split(" ")[0]: one["true_server_id"]
        for one in sample.truth("servers")
        if one["state"] == "live"
    }
    traffic = [one for one in sample.truth("edges") if one["kind"] == "connects_to"]
    observed = {
        (one["source_id"], one["target_id"], one["port"], one["protocol"]): int(one["observed_connections"])
        for one in traffic
    }
    assert len(observed) == len(traffic)
    found = Counter[tuple[str, str, str, str]]()
    for row in sample.rows("connections.csv"):
        try:
            ipaddress.ip_address(row["destination_ip"])
        except ValueError:
            continue
        ends = [addresses.get(row[name], row[name]) for name in ("source_ip", "destination_ip")]
        found[ends[0], ends[1], row["destination_port"], row["protocol"]] += 1
        assert row["source_port"] != row["destination_port"]
    assert found == {key: count for key, count in observed.items() if count}
    heaviest = sum(count for _, count in found.most_common(len(found) // 10))
    assert heaviest > 0.5 * found.total(), "a tenth of the edges carries most of the traffic"
    noise = {one["purpose"] for one in traffic if one["is_noise"] == "True"}
    assert noise == {"directory", "time", "backup", "monitoring"}
    assert {one["target_type"] for one in traffic} | {one["source_type"] for one in traffic} == {
        "server",
        "external",
        "unknown",
    }


def test_some_machines_that_are_gone_have_an_address_of_a_live_one(sample: Sample) -> None:
    servers = sample.truth("servers")
    live = {one["ip_addresses"].split(" ")[0] for one in servers if one["state"] == "live"}
    gone = [one["ip_addresses"] in live for one in servers if one["state"] == "retired"]
    assert 0.15 < sum(gone) / len(gone) < 0.65
