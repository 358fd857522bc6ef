"""Files for other tools: our own importers read them again without loss, and what the tool refuses is told before."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from flow_pipelines.circles import circles
from flow_pipelines.exports.azure_migrate import disk_sizes
from flow_pipelines.exports.csv_text import is_computed
from flow_pipelines.exports.formats import Export, FormatName, export
from flow_pipelines.reference.export_formats import export_formats
from tests.flow_pipelines.exports.estates import SCOPE, SETTINGS, Server, estate, reread

FORMATS = Path(__file__).parents[1] / "discovery" / "formats"
TREATMENTS = {"rehost": "rehost", "replatform": "replatform", "relocate": "relocate", "refactor": "refactor"}
# What spreadsheets, shells, templates and CSV readers stumble over; none of it at the end, where it is cut off.
HOSTILE = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "=", "+", "-", "@", "'", '"', "=cmd|' /C calc'!A0 ", "<script>", "${x}", "%0A", "#"]).map(
        lambda text: text.replace("|", "!")
    ),
    st.text(alphabet="aB9 é漢😀=+-@'\"<>&#%{}[]()!~^*\\/", max_size=12).map(lambda text: " ".join(text.split())),
    st.uuids().map(lambda one: f"x{one.hex[:8]}"),
)
SIZES = st.fixed_dictionaries(
    {
        "cpu_count": st.integers(1, 448),
        "memory_mib": st.integers(1, 4_194_304).map(float),
        "storage_allocated_gib": st.integers(1, 60_000).map(float),
        "storage_used_gib": st.integers(1, 60_000).map(float),
        "disk_count": st.integers(1, 30),
        "cpu_usage_percent_average": st.integers(1, 1000).map(lambda tenths: tenths / 10),
    }
)
SERVERS = st.lists(
    st.builds(
        Server,
        name=HOSTILE,
        workload=HOSTILE,
        wave=st.integers(1, 99),
        treatment=st.sampled_from(sorted(TREATMENTS)),
        facts=SIZES,
    ),
    min_size=1,
    max_size=15,
    unique_by=(lambda one: one.name.casefold(), lambda one: one.workload.casefold()),
)
# Each example is imported anew, 0.2 s of it: no shrinking, which would take minutes.
EXAMPLES = settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def made(
    name: str, servers: Sequence[Server], wave: int | None = None, needs: Sequence[tuple[str, str]] = ()
) -> Export:
    return export(FormatName(name), estate(servers, needs), scope=SCOPE, settings=SETTINGS, wave=wave)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def in_order(servers: Sequence[Server]) -> list[Server]:
    return sorted(servers, key=lambda one: (one.wave or 0, one.name))


def back(exported: Export) -> pd.DataFrame:
    assert exported.problems == []
    with tempfile.TemporaryDirectory() as folder:
        return reread(exported.text, Path(folder))


@EXAMPLES
@given(SERVERS)
def test_mgn_comes_back_with_names_waves_and_applications(servers: list[Server]) -> None:
    expected = [one for one in in_order(servers) if one.treatment == "rehost"]
    exported = made("mgn", servers)
    assert bool(exported.problems) == (not expected)
    assume(expected)
    records = back(exported)
    assert records["name"].tolist() == [one.name for one in expected]
    assert records["external_id"].tolist() == [one.asset_id for one in expected]
    assert records["application_names"].tolist() == [[one.workload] for one in expected]
    assert records["migration_wave"].tolist() == [f"Wave {one.wave}" for one in expected]


@EXAMPLES
@given(SERVERS)
def test_the_intake_form_comes_back_with_names_waves_applications_and_treatments(servers: list[Server]) -> None:
    records, expected = back(made("cmf", servers)), in_order(servers)
    assert records["name"].tolist() == [one.name for one in expected]
    assert records["application_names"].tolist() == [[one.workload] for one in expected]
    assert records["migration_wave"].tolist() == [f"Wave {one.wave}" for one in expected]
    assert records["migration_strategy"].tolist() == [TREATMENTS[one.treatment] for one in expected]


@EXAMPLES
@given(SERVERS)
def test_azure_migrate_comes_back_with_names_and_sizes(servers: list[Server]) -> None:
    records, expected = back(made("azure-migrate", servers)), in_order(servers)
    assert records["name"].tolist() == [one.name for one in expected]
    for size in ("cpu_count", "memory_mib", "storage_used_gib", "disk_count", "cpu_usage_percent_average"):
        assert records[size].tolist() == [one.facts[size] for one in expected], size
    totals = [one.facts["storage_allocated_gib"] for one in expected]
    assert records["storage_allocated_gib"].tolist() == pytest.approx(totals, rel=1e-9)


@EXAMPLES
@given(SERVERS, st.data())
def test_konveyor_comes_back_with_applications_tags_and_what_they_need(
    servers: list[Server], data: st.DataObject
) -> None:
    names = st.sampled_from([one.name for one in servers])
    needs = data.draw(st.lists(st.tuples(names, names), max_size=5))
    records = back(made("konveyor", servers, needs=needs))
    applications = records[records["record_type"] == "application"]
    expected = sorted(servers, key=lambda one: one.workload)
    assert applications["name"].tolist() == [one.workload for one in expected]
    assert [set(tags) for tags in applications["tags"]] == [
        {one.treatment, f"Wave {one.wave}", "production"} for one in expected
    ]
    of = {one.name: one.workload for one in servers}
    told = records[records["record_type"] != "application"]
    assert set(told["relation_type"]) <= {"southbound"}
    found = {(name, needed) for name, listed in zip(told["name"], told["depends_on"], strict=True) for needed in listed}
    wanted = {(of[one], of[other]) for one, other in needs if of[one] != of[other]}
    assert found <= wanted
    circular = circles((one, other) for one, other in wanted)
    assert all(circular[one] == circular[other] for one, other in wanted - found), "nothing else is left out"
    assert not circles(found), "Konveyor refuses circles"


def needed_of(text: str) -> set[tuple[str, str]]:
    told = [row for row in rows(text) if row["Record Type"] == "2"]
    return {(row["Application Name"], row["Dependency"]) for row in told}


def test_konveyor_is_told_no_noise_and_no_circle_and_a_person_what_is_left_out() -> None:
    servers = [Server(f"s{number}", f"W{number}", 1 + number // 3) for number in range(1, 5)]
    frames = estate(servers, [("s1", "s2"), ("s2", "s1"), ("s1", "s3"), ("s4", "s1")])
    edges = frames["discovery/dependencies"]
    edges.loc[3, "is_noise"] = True
    edges.loc[0, ["kind", "origin", "confidence"]] = ["connects_to", "network", 0.1]  # no more than traffic
    exported = export(FormatName.KONVEYOR, frames, scope=SCOPE, settings=SETTINGS)
    assert (needed_of(exported.text), exported.problems) == ({("W2", "W1"), ("W1", "W3")}, [])
    assert any("1 dependencies would close a circle" in one and "W1 needs W2" in one for one in exported.notices)
    first = export(FormatName.KONVEYOR, frames, scope=SCOPE, settings=SETTINGS, wave=1)
    assert needed_of(first.text) == {("W2", "W1")}
    assert any("wave 1 and other applications" in one and "W1 needs W3" in one for one in first.notices)


def test_two_applications_of_one_name_are_refused_by_konveyor_and_their_dependencies_are_not() -> None:
    frames = estate([Server("a", "Shop"), Server("b", "SHOP"), Server("c", "Crm")], [("c", "a"), ("c", "b")])
    problems = export(FormatName.KONVEYOR, frames, scope=SCOPE, settings=SETTINGS).problems
    assert [(one.row, one.column) for one in problems] == [(4, "Application Name")]
    assert "row 3 has the same value" in problems[0].reason


def test_only_servers_that_are_copied_as_they_are_are_told_to_mgn() -> None:
    treatments = ("rehost", "relocate", "replatform", "refactor")
    servers = [Server(one, one.upper(), treatment=one) for one in treatments]
    exported = made("mgn", servers)
    assert [row["mgn:server:tag:Name"] for row in rows(exported.text)] == ["rehost"]
    assert any("3 servers are left out" in one and "relocate (relocate)" in one for one in exported.notices)


def test_small_numbers_are_written_without_an_exponent() -> None:
    facts = {"network_in_kib_per_second_average": 0.01, "memory_usage_percent_average": 33.25}
    row = rows(made("azure-migrate", [Server("w1", facts=facts)]).text)[0]
    assert (row["Network In throughput"], row["Memory utilization percentage"]) == ("0.00001", "33.25")


def test_a_disk_of_nothing_is_no_disk() -> None:
    facts = {"storage_allocated_gib": 100.0, "disk_count": 25, "largest_disk_gib": 100.0}
    row = rows(made("azure-migrate", [Server("w1", facts=facts)]).text)[0]
    assert [row[f"Disk {place} size (In GB)"] for place in (1, 2, 20)] == ["100", "", ""]
    assert row["Number of disks"] == "25"


def test_headers_are_those_of_the_tools_own_files() -> None:
    for name, sample in (
        ("azure-migrate", "azure_migrate/AzureMigrateimporttemplate.csv"),
        ("konveyor", "konveyor/applications.csv"),
    ):
        header = next(csv.reader((FORMATS / sample).read_text(encoding="utf-8-sig").splitlines()))
        assert list(export_formats().formats[name].columns) == header


def test_a_wave_is_exported_by_itself() -> None:
    servers = [Server("web1", "Shop", 1), Server("web2", "Crm", 2)]
    assert [row["server_name"] for row in rows(made("cmf", servers, wave=2).text)] == ["web2"]
    assert [row["cmdb_ci"] for row in rows(made("servicenow", servers, wave=2).text)] == ["Crm"]
    assert "Shop" not in made("konveyor", servers, wave=2).text


def test_everything_that_a_tool_refuses_is_told_at_once_with_row_and_remedy() -> None:
    servers = [
        Server("aix1", facts={"operating_system": "AIX 7.2"}),
        Server("new1", wave=None, treatment="rehost", workload="Later"),
        Server("odd1", workload="Odd", facts={"operating_system": None}),
    ]
    refused = {(one.row, one.name, one.column): one for one in made("cmf", servers).problems}
    assert set(refused) == {
        (2, "aix1", "server_os_family"),
        (3, "odd1", "server_os_family"),
        (3, "odd1", "server_os_version"),
        (4, "new1", "wave_name"),
    }
    first = refused[2, "aix1", "server_os_family"]
    assert "'AIX 7.2' is none of linux, windows" in first.reason
    assert "flow edit set acme/dc-exit discovery/inventory aix1 operating_system" in first.remedy


def test_a_server_without_processors_or_memory_can_not_be_assessed_by_azure() -> None:
    exported = made("azure-migrate", [Server("bare", facts={"cpu_count": None, "memory_mib": None})])
    assert [one.column for one in exported.problems] == ["*Cores", "*Memory (In MB)"]


def test_servers_of_one_name_would_overwrite_each_other() -> None:
    frames = estate([Server("web1"), Server("WEB1", facts={})])
    problems = export(FormatName.AZURE_MIGRATE, frames, scope=SCOPE, settings=SETTINGS).problems
    assert [(one.row, one.column) for one in problems] == [(3, "*Server name")]
    assert "row 2" in problems[0].reason


def test_what_goes_to_another_cloud_is_no_server_of_aws() -> None:
    exported = made("mgn", [Server("a1"), Server("z1", "Billing", provider="aws")])
    assert exported.row_count == 2
    frames = estate([Server("a1"), Server("z1", "Billing")])
    frames["plan/targets"].loc[frames["plan/targets"]["server_name"] == "z1", "is_chosen"] = False
    exported = export(FormatName.MGN, frames, scope=SCOPE, settings=SETTINGS)
    assert [row["mgn:server:tag:Name"] for row in rows(exported.text)] == ["a1"]
    assert any("1 servers are left out" in notice and "z1" in notice for notice in exported.notices)


def test_a_plan_for_another_cloud_can_be_seen_as_one_for_aws_and_says_so() -> None:
    frames = estate([Server("a1"), Server("z1", "Billing")])
    frames["plan/targets"]["is_chosen"] = False
    exported = export(FormatName.MGN, frames, scope=SCOPE, settings=SETTINGS)
    assert (exported.row_count, exported.problems) == (2, [])
    assert any("no server goes to aws" in notice for notice in exported.notices)


def test_an_export_without_rows_is_refused() -> None:
    assert "nothing of wave 7" in made("mgn", [Server("web1")], wave=7).problems[0].reason


def test_names_that_would_be_read_as_several_are_told() -> None:
    exported = made("mgn", [Server("web1", "Sales, EMEA")])
    assert exported.problems == []
    assert any("'Sales, EMEA'" in notice for notice in exported.notices)


def test_systems_that_an_assessment_does_not_know_are_told() -> None:
    exported = made("azure-migrate", [Server("w1", facts={"operating_system": "Windows Server 2025"})])
    assert exported.problems == []
    assert any("Windows Server 2025" in notice for notice in exported.notices)


def test_files_for_tools_are_exact_and_say_what_a_spreadsheet_would_compute() -> None:
    name = '=HYPERLINK("http://evil.example"!A1)'
    exported = made("mgn", [Server(name)])
    assert rows(exported.text)[0]["mgn:server:tag:Name"] == name
    assert any("spreadsheet would compute" in notice for notice in exported.notices)


def test_no_cell_of_issues_and_changes_is_computed_whatever_things_are_called() -> None:
    servers = [Server("=1+1", "=cmd()", facts={})]
    for name in ("jira", "servicenow"):
        found = {column for row in rows(made(name, servers).text) for column, cell in row.items() if is_computed(cell)}
        assert found == ({"cmdb_ci"} if name == "servicenow" else set()), "cmdb_ci is a key, hence exact"


def test_tasks_become_issues_of_jira() -> None:
    exported = made("jira", [Server("web1", "Shop {code}", 2)])
    header, *issues = list(csv.reader(io.StringIO(exported.text, newline="")))
    assert header[:5] == ["Summary", "Issue Type", "Description", "Due date", "Original estimate"]
    assert header[5:] == ["Labels"] * 5
    assert issues[0][:2] == ["[Wave 2] Shop {code}: prepare", "Task"]
    assert issues[0][3:8] == ["2026-09-05", "28800", "plan", "wave-2", "rehost"]
    assert r"Shop \{code}" in issues[0][2], "no macro of Jira"
    assert "\n" in issues[0][2]
    assert exported.problems == []


def test_long_names_fit_into_jira_and_servicenow() -> None:
    servers = [Server("web1", "n" * 300)]
    assert [one.problems for one in (made("jira", servers), made("servicenow", servers))] == [[], []]
    assert len(rows(made("jira", servers).text)[0]["Summary"]) == 255


def test_cutovers_become_changes_of_servicenow() -> None:
    exported = made("servicenow", [Server("web1", "Shop")])
    change = rows(exported.text)[0]
    assert exported.row_count == 1
    assert (change["short_description"], change["cmdb_ci"]) == ("Wave 1: Shop: cutover", "Shop")
    assert (change["start_date"], change["end_date"]) == ("2026-09-06 08:00:00", "2026-09-06 16:00:00")
    assert change["correlation_id"] == SCOPE.id_of("task", "Shop", "cutover")
    assert (change["type"], change["impact"]) == ("normal", "1")
    assert "prepare (engineer)" in change["implementation_plan"]
    assert "hypercare (engineer)" in change["test_plan"]


@given(st.integers(1, 100_000), st.integers(1, 40), st.integers(1, 100_000))
def test_disks_come_to_their_total(total: int, count: int, largest: int) -> None:
    sizes = disk_sizes(float(total), float(count), float(largest))
    assert sum(sizes) == pytest.approx(total)
    assert (len(sizes) <= min(count, 20), min(sizes) > 0) == (True, True)
    assert largest >= total or len(sizes) == min(count, 20)
