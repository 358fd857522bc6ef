"""Debt beside products: targets, hardware, use, the graph, protocols, software lists; and the scores of it all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flow_pipelines.discovery import gates
from flow_pipelines.discovery.debt.products_in_use import entries_of
from flow_pipelines.discovery.products import identify_software
from flow_pipelines.discovery.tech_debt import TechDebt, find_tech_debt
from flow_pipelines.reference.extended_support import extended_support
from flow_pipelines.reference.tech_debt_weights import tech_debt_weights
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import cleansed_records as cleansed_table
from flow_pipelines.tables.discovery import dependencies as dependencies_table
from flow_pipelines.tables.discovery import inventory as inventory_table

SCOPE = Scope("acme", "dc-exit")
AS_OF = date(2026, 1, 1)
Row = dict[str, Any]


def asset_id(name: str) -> str:
    return SCOPE.id_of("asset", name)


def record_id(name: str) -> str:
    return SCOPE.id_of("record", name)


def asset(name: str, **facts: Any) -> Row:  # noqa: ANN401  (columns of any type)
    return {
        "asset_id": asset_id(name),
        "asset_type": "server",
        "name": name,
        "application_ids": [],
        "source_entity_ids": [record_id(name)],
        "source_formats": ["csv"],
        "resolution_method": "single",
        "resolution_confidence": 1.0,
        "resolution_reason": "one record",
        "quality_score": 1.0,
        **facts,
    }


def edge(source: str, target: str, port: int | None = None, **facts: Any) -> Row:  # noqa: ANN401
    return {
        "dependency_id": SCOPE.id_of("dependency", source, target, port, facts.get("protocol")),
        "source_id": asset_id(source),
        "source_name": source,
        "source_is_external": False,
        "target_id": asset_id(target),
        "target_name": target,
        "target_is_external": False,
        "kind": "connects_to" if port else "depends_on",
        "origin": "network" if port else "cmdb",
        "port": port,
        "protocol": "tcp" if port else None,
        "service": None,
        "is_noise": False,
        "is_database_link": False,
        "confidence": 1.0,
        "reason": "seen",
        "source_entity_ids": [],
        **facts,
    }


def record(name: str, **facts: Any) -> Row:  # noqa: ANN401
    return {
        "record_id": record_id(name),
        "source_file": "a.csv",
        "row_number": 2,
        "row_count": 1,
        "source_format": "csv",
        "record_type": "server",
        "quality_score": 1.0,
        "quality_issues": [],
        **facts,
    }


def find(
    assets: list[Row], edges: list[Row] | None = None, records: list[Row] | None = None, **settings: object
) -> TechDebt:
    inventory = conform(pd.DataFrame(assets), inventory_table)
    dependencies = conform(pd.DataFrame(edges), dependencies_table) if edges else empty(dependencies_table)
    cleansed = conform(pd.DataFrame(records), cleansed_table) if records else empty(cleansed_table)
    chosen = EngagementSettings.model_validate({"as_of": AS_OF, **settings})
    debt = find_tech_debt(inventory, dependencies, cleansed, scope=SCOPE, settings=chosen)
    assert gates.finding_problems(inventory, debt.findings) == []
    assert gates.score_problems(inventory, debt.findings, debt.scores) == []
    assert debt.findings[["fact", "remedy", "check_name"]].notna().all(axis=None)
    return debt


def of_category(debt: TechDebt, category: str) -> list[Row]:
    found = debt.findings[debt.findings["category"] == category]
    return found.sort_values(["asset_name", "subject"]).to_dict("records")  # type: ignore[return-value]


# --- Targets ---


def test_without_targets_nothing_is_judged_by_them() -> None:
    debt = find([asset("aix01", os_product="aix", os_cycle="7.2", operating_system="AIX 7.2")])
    assert of_category(debt, "target") == []
    assert pd.isna(debt.scores["target_score"]).all()


@pytest.mark.parametrize(
    ("facts", "targets", "status"),
    [
        ({"os_product": "aix"}, ["aws"], "unsupported"),
        ({"architecture": "sparc"}, ["azure"], "unsupported"),
        ({"os_product": "rhel", "os_cycle": "6", "architecture": "x86"}, ["aws"], "unsupported"),
        ({"os_product": "windows-server", "os_cycle": "2008", "architecture": "x86"}, ["aws"], "conditional"),
        ({"os_product": "windows-server", "os_cycle": "2012 R2"}, ["google"], "unsupported"),
        ({"os_product": "windows-server", "os_cycle": "2012 R2"}, ["azure"], "conditional"),
        ({"disk_count": 61}, ["azure"], "unsupported"),
        ({"largest_disk_gib": 40_000.0}, ["azure"], "unsupported"),
    ],
)
def test_what_a_target_does_not_take_as_it_is(facts: Row, targets: list[str], status: str) -> None:
    (finding,) = of_category(find([asset("one", **facts)], targets=targets), "target")
    assert finding["status"] == status
    assert "https://" in finding["fact_source"]
    assert finding["fact_date"] == date(2026, 11, 25)


@pytest.mark.parametrize(
    "facts", [{}, {"os_product": "windows-server", "os_cycle": "2019"}, {"disk_count": 60, "architecture": "x86_64"}]
)
def test_what_a_target_takes_or_a_server_does_not_state_is_no_finding(facts: Row) -> None:
    assert of_category(find([asset("one", **facts)], targets=["aws", "azure", "google"]), "target") == []


def test_what_another_target_takes_is_conditional_there() -> None:
    server = asset("old", os_product="windows-server", os_cycle="2008 R2")
    both = of_category(find([server], targets=["aws", "google"]), "target")
    assert [(one["subject"], one["status"]) for one in both] == [("Google Cloud", "conditional")]
    assert "another of the engagement's targets" in both[0]["remedy"]
    nowhere = of_category(find([asset("aix", os_product="aix")], targets=["aws", "google"]), "target")
    assert {one["status"] for one in nowhere} == {"unsupported"}


# --- Hardware and use ---


def test_old_hardware_and_a_warranty_that_ended() -> None:
    bought = asset("iron", is_virtual=False, purchase_date=date(2018, 1, 1), warranty_end_date=date(2023, 1, 1))
    age, warranty = of_category(find([bought]), "hardware")
    assert (age["status"], warranty["status"]) == ("aged", "out_of_warranty")
    assert age["fact"] == "It was bought on 2018-01-01, 8 years ago; hardware counts as aged after 5 years."
    assert warranty["fact"] == "Its warranty ended on 2023-01-01."


@pytest.mark.parametrize(
    "facts",
    [
        {"is_virtual": True, "purchase_date": date(2010, 1, 1), "warranty_end_date": date(2015, 1, 1)},
        {"installed_date": date(2010, 1, 1)},  # perhaps a virtual machine's creation
        {"is_virtual": False, "purchase_date": date(2023, 1, 1)},
        {"is_virtual": False, "warranty_end_date": AS_OF},  # its last day
    ],
)
def test_what_is_virtual_young_or_under_warranty_is_no_old_hardware(facts: Row) -> None:
    assert of_category(find([asset("one", **facts)]), "hardware") == []


def test_an_idle_machine_is_not_called_oversized_as_well() -> None:
    idle = asset("zombie", cpu_count=8, cpu_usage_percent_average=1.0, cpu_usage_percent_peak=4.0)
    (finding,) = of_category(find([idle]), "utilization")
    assert finding["fact"] == "Its processors are used 1 % on average and 4 % at most."


def test_an_oversized_machine_is_told_what_would_be_enough() -> None:
    large = asset(
        "large",
        cpu_count=16,
        cpu_usage_percent_average=9.0,
        cpu_usage_percent_peak=20.0,
        memory_mib=65536.0,
        memory_used_mib_peak=13107.2,
    )
    memory, processor = of_category(find([large]), "utilization")
    # 16 x 20 / 60 = 5.3 and 65,536 x 20 / 60 = 21,845, rounded up to sizes that there are.
    assert processor["remedy"] == "Give it 6 processors: then 60 % would be used at most."
    assert memory["remedy"] == "Give it 22,528 MiB of memory: then 60 % would be used at most."


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"cpu_usage_percent_average": 1.0, "cpu_usage_percent_peak": 80.0},
        {"cpu_usage_percent_average": 1.0, "cpu_usage_percent_peak": 2.0, "power_state": "off"},
        {"cpu_count": 2, "cpu_usage_percent_average": 9.0, "cpu_usage_percent_peak": 20.0},
    ],
)
def test_a_machine_that_is_used_small_off_or_unmeasured_is_neither_idle_nor_oversized(facts: Row) -> None:
    assert of_category(find([asset("one", **facts)]), "utilization") == []


# --- The graph ---


def test_a_server_that_many_need_and_reach_nowhere_else_is_a_single_point_of_failure() -> None:
    clients = [f"c{number}" for number in range(6)]
    names = [*clients, "db1"]
    edges = [edge(client, "db1", 1521, service="Oracle Database") for client in clients]
    (finding,) = of_category(find([asset(name) for name in names], edges), "dependency")
    assert (finding["asset_name"], finding["status"]) == ("db1", "single_point_of_failure")
    assert finding["fact"] == (
        "6 assets need Oracle Database of it and reach that nowhere else, among them c0, c1, c2."
    )
    names = [*names, "db2"]
    twice = [*edges, *(edge(client, "db2", 1521, service="Oracle Database") for client in clients)]
    assert of_category(find([asset(name) for name in names], twice), "dependency") == []
    noise = [{**one, "is_noise": True} for one in twice]
    assert of_category(find([asset(name) for name in names], noise), "dependency") == []


def test_an_orphan_is_one_only_where_the_others_connections_are_known() -> None:
    names = ["a", "b", "c", "alone"]
    seen = [edge("a", "b", 443), edge("b", "c", 443)]
    orphans = of_category(find([asset(name) for name in names], seen), "dependency")
    assert [one["asset_name"] for one in orphans] == ["alone"]
    assert of_category(find([asset(name) for name in [*names, "d", "e", "f"]], seen), "dependency") == []
    assert of_category(find([asset(name) for name in names]), "dependency") == []


def test_a_port_says_what_is_likely_spoken() -> None:
    edges = [edge("a", "b", 23), edge("c", "b", 23), edge("a", "b", 443), edge("a", "c", 161, protocol="udp")]
    telnet, snmp = of_category(find([asset(name) for name in "abc"], edges), "protocol")
    assert (telnet["asset_name"], telnet["subject"], telnet["evidence"]) == ("b", "Telnet", "port 23/tcp")
    assert telnet["fact"] == (
        "2 nodes reach it on port 23/tcp, likely Telnet: it sends passwords and commands in plain text (RFC 854). "
        "Seen from a, c."
    )
    assert (snmp["asset_name"], snmp["subject"]) == ("c", "SNMP")
    assert telnet["score"] > snmp["score"]


# --- Software that lists and processes name ---


def test_software_is_found_in_lists_and_custom_attributes() -> None:
    listed = record(
        "web", custom_attributes={"Installed Software": "Apache Tomcat 7.0.109; Notepad++ 7.9; PHP 5.6.40", "Rack": "7"}
    )
    versions = record("app", custom_attributes={"Java Version": "1.7.0_80", "Tomcat": "8.5.5"})
    debt = find([asset("web"), asset("app")], records=[listed, versions])
    found = {
        (one["asset_name"], one["product"], one["cycle"], one["status"]) for one in debt.findings.to_dict("records")
    }
    assert found == {
        ("web", "tomcat", "7", "past"),
        ("web", "php", "5.6", "past"),
        ("app", "tomcat", "8.5", "past"),
        ("app", "java", None, "unknown"),
    }
    php = next(one for one in of_category(debt, "runtime") if one["product"] == "php")
    assert php["evidence"] == 'custom attribute Installed Software: "PHP 5.6.40"'
    assert php["remedy"].startswith("Upgrade to PHP ")


def test_two_releases_of_one_runtime_are_two_findings() -> None:
    listed = record("web", custom_attributes={"software": "Python 2.7.18|Python 3.6.8|Python 3.6.8 core"})
    found = of_category(find([asset("web")], records=[listed]), "runtime")
    assert [one["subject"] for one in found] == ["python 2.7", "python 3.6"]
    assert len({one["finding_id"] for one in found}) == 2


def test_a_process_counts_only_if_it_tells_its_release() -> None:
    seen = [
        record("x", record_type="connection", destination_process="java", source_process="/usr/bin/python2.7"),
    ]
    edges = [edge("a", "b", 443, source_entity_ids=[record_id("x")])]
    found = find([asset("a"), asset("b")], edges, seen).findings
    assert list(zip(found["asset_name"], found["product"], found["cycle"], strict=True)) == [("a", "python", "2.7")]


@given(st.text(max_size=80), st.text(max_size=80))
@hypothesis_settings(max_examples=100)
def test_no_cell_of_a_list_breaks_anything(header: str, cell: str) -> None:
    entries = entries_of(header, cell)
    assert all(entry.strip() for entry in entries)
    assert len(identify_software(pd.Series(entries, dtype=object))) == len(entries)


def test_a_hypervisor_is_a_category_of_its_own() -> None:
    host = asset("esx01", asset_type="hypervisor_host", hypervisor="VMware ESXi 6.5.0 build-1")
    (finding,) = of_category(find([host]), "hypervisor")
    assert (finding["product"], finding["cycle"], finding["status"]) == ("esxi", "6.5", "past")


# --- Extended support ---


def test_extended_support_names_its_price_only_where_the_source_does() -> None:
    windows_10 = asset("vdi", os_product="windows", os_cycle="10 22H2", operating_system="Windows 10")
    server = asset("srv", os_product="windows-server", os_cycle="2012 R2", operating_system="Windows Server 2012 R2")
    srv, vdi = of_category(find([windows_10, server]), "operating_system")
    assert srv["extended_support"].startswith("Extended Security Updates: about 100 % of the licence's price a year")
    assert pd.isna(srv["extended_support_price"])
    assert (vdi["extended_support_price"], vdi["extended_support_price_unit"]) == (61.0, "USD per device and year")
    second_year = of_category(find([windows_10], as_of=date(2026, 12, 1)), "operating_system")[0]
    assert second_year["extended_support_price"] == 122.0


def test_every_offer_names_its_source_and_day() -> None:
    assert all("http" in one.source and one.as_of for one in extended_support().offers)


# --- Scores ---


def test_an_asset_is_scored_by_its_parts_and_what_was_not_judged_is_empty() -> None:
    old = asset("old", os_product="centos", os_cycle="7", operating_system="CentOS 7")
    good = asset("good", os_product="windows-server", os_cycle="2025", operating_system="Windows Server 2025")
    scores = find([old, good, asset("silent")]).scores.set_index("asset_name")
    assert scores.loc["old", "score"] == scores.loc["old", "operating_system_score"] > 50
    assert (scores.loc["good", "score"], scores.loc["good", "operating_system_score"]) == (0, 0)
    assert scores.loc["silent", "score"] == 0
    assert pd.isna(scores.loc["silent", "operating_system_score"])
    assert scores.loc["good", "reason"].startswith(
        "Nothing found. Without debt: operating system. Nothing to judge by:"
    )


def test_an_application_follows_from_its_assets() -> None:
    application = asset("shop", asset_type="application", source_entity_ids=[])
    belongs = {"application_ids": [asset_id("shop")]}
    old = asset("old", os_product="centos", os_cycle="7", operating_system="CentOS 7", **belongs)
    good = asset("good", os_product="windows-server", os_cycle="2025", operating_system="Windows 2025", **belongs)
    scores = find([application, old, good]).scores.set_index("asset_name")
    worst = scores.loc["old", "operating_system_score"]
    share = tech_debt_weights().application.worst
    expected = share * worst + (1 - share) * worst / 2
    assert scores.loc["shop", "operating_system_score"] == pytest.approx(expected, abs=0.1)
    assert (scores.loc["shop", "asset_count"], scores.loc["shop", "finding_count"]) == (2, 1)
    assert scores.loc["shop", "reason"].startswith("Of its 2 assets: ")


FACTS = st.fixed_dictionaries(
    {},
    optional={
        "os_product": st.sampled_from(["centos", "windows-server", "aix"]),
        "os_cycle": st.sampled_from(["7", "2012 R2", "7.2"]),
        "purchase_date": st.dates(date(2005, 1, 1), date(2026, 1, 1)),
        "cpu_count": st.integers(1, 64),
        "cpu_usage_percent_average": st.floats(0, 100),
        "cpu_usage_percent_peak": st.floats(0, 100),
        "memory_mib": st.floats(0, 1e6),
        "criticality": st.sampled_from(["critical", "low"]),
        "is_virtual": st.booleans(),
    },
)


@given(st.lists(FACTS, min_size=1, max_size=5), st.data())
@hypothesis_settings(max_examples=8)
def test_scores_stay_in_bounds_and_more_debt_never_lowers_one(facts: list[Row], data: st.DataObject) -> None:
    assets = [asset(f"s{number}", **one) for number, one in enumerate(facts)]
    ports = st.sampled_from([21, 23, 80, 443])
    numbers = st.integers(0, len(assets) - 1)
    drawn = data.draw(st.lists(st.tuples(numbers, numbers, ports), unique=True, max_size=6))
    edges = [edge(f"s{source}", f"s{target}", port) for source, target, port in drawn]
    without = find(assets, targets=["aws"])
    debt = find(assets, edges, targets=["aws"])
    assert debt.findings["score"].between(0, 100).all()
    assert debt.scores["score"].between(0, 100).all()
    if not (debt.findings["category"] == "dependency").any():
        later, earlier = debt.scores.set_index("asset_id")["score"], without.scores.set_index("asset_id")["score"]
        assert (later >= earlier - 1e-9).all()
    turned = find(assets[::-1], edges[::-1] or None, targets=["aws"])
    pd.testing.assert_frame_equal(turned.findings, debt.findings)
    pd.testing.assert_frame_equal(turned.scores, debt.scores)
