"""Whole records: precedence of columns, derived cells, the log of changes, quality."""

from __future__ import annotations

import random
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.data_cleansing import CleansingResult, cleanse_records
from flow_pipelines.reference.end_of_life import EndOfLifeFacts, end_of_life_facts
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))
MAPPINGS = {
    "Name": ("name", None, 0.99),
    "Host": ("host_name", None, 0.99),
    "RAM": ("memory_mib", "MB", 0.99),
    "Memory GB": ("memory_mib", "GB", 0.8),
    "IP": ("ip_addresses", None, 0.99),
    "Second IP": ("ip_addresses", None, 0.9),
    "OS": ("operating_system", None, 0.99),
    "OS version": ("os_version", None, 0.99),
    "Env": ("environment", None, 0.99),
    "Owner": ("owner", None, 0.99),
    "Mail": ("owner_email", None, 0.99),
    "DNS": ("fqdn", None, 0.99),
    "Virtual": ("is_virtual", None, 0.99),
    "From": ("source_address", None, 0.99),
    "From host": ("source_name", None, 0.99),
}
DERIVED = ("os_vendor", "os_product", "os_cycle", "os_edition", "dns_domain")


def imported(
    *rows: dict[str, str], source_format: str = "generic", record_type: str = "server", sheet: str | None = None
) -> pd.DataFrame:
    records = [
        {
            "record_id": SCOPE.id_of("record", "a.csv", sheet or "", number),
            "source_file": "a.csv",
            "sheet": sheet,
            "row_number": number,
            "row_count": 1,
            "source_format": source_format,
            "record_type": record_type,
            "raw_values": row,
        }
        for number, row in enumerate(rows, start=2)
    ]
    return conform(pd.DataFrame(records), output_tables()["discovery/imported_records"])


def mapped(status: str = "applied", sheet: str | None = None) -> pd.DataFrame:
    rows = [
        {
            "mapping_id": SCOPE.id_of("mapping", "a.csv", sheet or "", column),
            "source_file": "a.csv",
            "sheet": sheet,
            "source_format": "generic",
            "record_type": "server",
            "source_column": column,
            "attribute": attribute,
            "status": status,
            "method": "alias",
            "confidence": confidence,
            "source_unit": unit,
            "filled_rows": 1,
            "reason": "made up",
        }
        for column, (attribute, unit, confidence) in MAPPINGS.items()
    ]
    return conform(pd.DataFrame(rows), output_tables()["discovery/attribute_mappings"])


def cleanse(*rows: dict[str, str], source_format: str = "generic") -> CleansingResult:
    return cleanse_records(imported(*rows, source_format=source_format), mapped(), scope=SCOPE, settings=SETTINGS)


def record(result: CleansingResult) -> dict[str, object]:
    return result.cleansed_records.iloc[0].to_dict()


def rules(result: CleansingResult) -> dict[str, str]:
    return dict(zip(result.cleansing_changes["attribute"], result.cleansing_changes["rule"], strict=True))


def test_every_changed_cell_names_its_rule_and_an_unchanged_one_has_none() -> None:
    result = cleanse({"Name": "web01", "RAM": "16 GB", "Env": "PROD", "Host": "web01"})
    changes = result.cleansing_changes.set_index("attribute")
    assert set(changes.index) == {"memory_mib", "environment"}
    ram = changes.loc["memory_mib"]
    assert (ram["source_column"], ram["value_before"], ram["value_after"]) == ("RAM", "16 GB", "16384")
    assert ram["rule"] == "unit_to_mib@1"


def test_the_more_certain_column_wins_the_other_fills_gaps_and_what_is_left_is_kept() -> None:
    both = record(cleanse({"Name": "a", "RAM": "4096", "Memory GB": "8"}))
    assert both["memory_mib"] == 4096
    assert both["custom_attributes"] == {"Memory GB": "8"}
    assert record(cleanse({"Name": "a", "Memory GB": "8"}))["memory_mib"] == 8192
    unusable = record(cleanse({"Name": "a", "RAM": "plenty", "Memory GB": "8"}))
    assert unusable["memory_mib"] == 8192
    assert unusable["custom_attributes"] == {"RAM": "plenty"}


def test_a_list_takes_all_its_columns() -> None:
    result = cleanse({"Name": "a", "IP": "10.0.0.2", "Second IP": "10.0.0.1"})
    assert record(result)["ip_addresses"] == ["10.0.0.1", "10.0.0.2"]
    assert "united_columns@1" in rules(result)["ip_addresses"]


def test_cells_without_an_applied_mapping_become_custom_attributes() -> None:
    assert record(cleanse({"Name": "a", "Rack": "R7"}))["custom_attributes"] == {"Rack": "R7"}
    proposed = cleanse_records(imported({"Name": "a"}), mapped("proposed"), scope=SCOPE, settings=SETTINGS)
    assert record(proposed)["custom_attributes"] == {"Name": "a"}
    assert record(proposed)["name"] is None


def test_what_follows_from_other_cells_is_filled_with_its_rule() -> None:
    result = cleanse(
        {"Name": "WEB01.corp.example", "OS": "Red Hat Enterprise Linux 7 (64-bit)", "Owner": "Jo <jo@x.example>"},
        source_format="rvtools",
    )
    found = record(result)
    assert (found["host_name"], found["fqdn"], found["dns_domain"]) == ("web01", "web01.corp.example", "corp.example")
    assert found["name"] == "WEB01.corp.example"
    assert (found["os_product"], found["os_cycle"]) == ("rhel", "7")
    assert (found["owner"], found["owner_email"]) == ("Jo", "jo@x.example")
    assert found["is_virtual"] is True
    assert {"host_name", "os_product", "owner_email", "is_virtual"} <= set(rules(result))


def test_quality_says_what_is_wrong_and_what_is_missing() -> None:
    found = record(cleanse({"Name": "web01", "IP": "10.0.0.999", "Env": "Dev/Test"}))
    issues = " ".join(found["quality_issues"])  # type: ignore[arg-type]
    assert "Column IP: '10.0.0.999' is no IP address." in issues
    assert "Column Env: 'Dev/Test'" in issues
    assert "It lacks an IP address." in issues
    full = {"Name": "web01", "IP": "10.0.0.9", "Env": "prod", "RAM": "1024", "OS": "RHEL 8", "Owner": "Jo"}
    assert float(found["quality_score"]) < float(record(cleanse(full))["quality_score"])  # type: ignore[arg-type]


def test_a_name_in_place_of_an_address_is_moved_to_the_name_by_a_rule_of_its_own() -> None:
    result = cleanse({"From": " Web01 ", "From host": "-"})
    found = record(result)
    assert (found["source_address"], found["source_name"]) == (None, "Web01")
    assert rules(result) == {
        "source_address": "name_for_address@1",
        "source_name": "missing_word@1 + name_from_source_address@1",
    }
    assert "Column From" not in " ".join(found["quality_issues"])  # type: ignore[arg-type]


def test_a_name_in_place_of_an_address_is_an_issue_where_another_column_names_the_end() -> None:
    found = record(cleanse({"From": "web01", "From host": "web02"}))
    assert (found["source_address"], found["source_name"]) == (None, "web02")
    assert "Column From: 'web01' is no IP address, and another column names the source." in str(found["quality_issues"])
    assert "Column From" not in str(record(cleanse({"From": "web01", "From host": "WEB01"}))["quality_issues"])


@pytest.mark.parametrize("cell", ["10.0.0.999", "0.0.0.0", "1.2.3", "10.0.0.300/24"])  # noqa: S104
def test_what_is_neither_an_address_of_a_machine_nor_a_name_is_an_issue(cell: str) -> None:
    for column in ("From", "From host")[: 1 + (cell == "0.0.0.0")]:  # noqa: S104
        found = record(cleanse({column: cell}))
        assert (found["source_address"], found["source_name"]) == (None, None)
        assert f"Column {column}: {cell!r} is no" in str(found["quality_issues"])


def test_a_word_for_nothing_names_no_host() -> None:
    found = record(cleanse({"Host": "unknown", "DNS": "none", "Name": "Web portal (old)"}))
    assert (found["host_name"], found["fqdn"]) == (None, None)


@pytest.mark.parametrize("cell", ["clu 01 (a)", "srv\N{GRINNING FACE}x", "srv.01..corp"])
@pytest.mark.parametrize("column", ["Host", "DNS"])
def test_a_name_that_no_host_can_have_is_still_what_the_server_is_called(column: str, cell: str) -> None:
    result = cleanse({column: cell})
    found = record(result)
    assert (found["host_name"], found["fqdn"], found["name"]) == (None, None, cell)
    assert rules(result)["name"] == "name_as_written@1"
    assert f"Column {column}: {cell!r} is no" in str(found["quality_issues"])
    assert "It lacks a name." not in str(found["quality_issues"])


@pytest.mark.parametrize("cell", ["unknown", "#REF!", "10.0.0.1", "10.0.0.1, 10.0.0.2", "localhost"])
def test_what_says_nothing_or_is_an_address_is_no_name(cell: str) -> None:
    assert record(cleanse({"Host": cell}))["name"] is None


def test_a_dns_name_without_a_domain_still_names_the_host() -> None:
    result = cleanse({"DNS": "WEB01", "Name": "Portal"})
    found = record(result)
    assert (found["host_name"], found["fqdn"], found["name"]) == ("web01", None, "Portal")
    assert rules(result)["host_name"] == "host_from_fqdn@1"
    assert "'WEB01' is no fully qualified name" in str(found["quality_issues"])


def test_a_machine_that_calls_itself_localhost_keeps_its_name() -> None:
    found = record(cleanse({"DNS": "localhost.localdomain", "Name": "WEB01"}))
    assert (found["name"], found["host_name"], found["fqdn"]) == ("WEB01", "web01", None)


def test_what_a_source_says_is_never_overwritten_by_what_follows() -> None:
    result = cleanse({"Name": "other.corp.example", "Host": "web01", "Virtual": "Physical"}, source_format="rvtools")
    found = record(result)
    assert (found["host_name"], found["fqdn"], found["is_virtual"]) == ("web01", "other.corp.example", False)


def test_a_derived_cell_that_replaces_an_unusable_one_names_both_rules() -> None:
    changes = cleanse({"Name": "a", "Mail": "n/a", "Owner": "Jo <jo@x.example>"}).cleansing_changes
    mail = changes.set_index("attribute").loc["owner_email"]
    assert (mail["source_column"], mail["value_before"], mail["value_after"]) == ("Mail", "n/a", "jo@x.example")
    assert mail["rule"] == "missing_word@1 + e_mail_from_owner@1"


def test_each_sheet_tells_its_own_decimal_mark() -> None:
    german = imported({"Name": "a", "Memory GB": "1.500"}, {"Name": "b", "Memory GB": "7,25"}, sheet="Blatt")
    english = imported({"Name": "c", "Memory GB": "1.500"}, {"Name": "d", "Memory GB": "7.25"}, sheet="Sheet")
    mappings = pd.concat([mapped(sheet="Blatt"), mapped(sheet="Sheet")])
    result = cleanse_records(pd.concat([german, english]), mappings, scope=SCOPE, settings=SETTINGS)
    memory = result.cleansed_records.set_index("name")["memory_mib"]
    assert memory.to_dict() == {"a": 1500 * 1024, "b": 7.25 * 1024, "c": 1.5 * 1024, "d": 7.25 * 1024}


def test_records_of_several_types_are_judged_by_what_is_expected_of_each() -> None:
    frame = pd.concat([imported({"Name": "srv"}), imported({"Name": "CL1"}, record_type="cluster", sheet="clusters")])
    mappings = pd.concat([mapped(), mapped(sheet="clusters")])
    found = cleanse_records(frame, mappings, scope=SCOPE, settings=SETTINGS).cleansed_records.set_index("name")
    assert found.loc["CL1", "quality_score"] == 1
    assert found.loc["CL1", "quality_issues"] == []
    assert found.loc["srv", "quality_score"] < 0.5
    assert "It lacks an operating system." in found.loc["srv", "quality_issues"]


CELLS = st.one_of(
    st.sampled_from(
        [
            "web01",
            "web02.corp.example",
            "16 GB",
            "1024",
            "1,5",
            "10.0.0.1",
            "N/A",
            "prod",
            "x;y",
            "10.0.0.300",
            "Jo j@x.de",
        ]
    ),
    st.text(min_size=1, max_size=12),
)
TABLES = st.lists(st.dictionaries(st.sampled_from([*MAPPINGS, "Rack"]), CELLS, max_size=6), min_size=1, max_size=6)


@settings(max_examples=20)
@given(table=TABLES, order=st.randoms(use_true_random=False))
def test_nothing_is_lost_and_the_order_of_rows_does_not_matter(
    table: list[dict[str, str]], order: random.Random
) -> None:
    records, mappings = imported(*table), mapped()
    result = cleanse_records(records, mappings, scope=SCOPE, settings=SETTINGS)
    assert sorted(result.cleansed_records["record_id"]) == sorted(records["record_id"])
    shuffled = records.iloc[order.sample(range(len(records)), len(records))]
    turned = mappings.iloc[order.sample(range(len(mappings)), len(mappings))]
    again = cleanse_records(shuffled, turned, scope=SCOPE, settings=SETTINGS)
    pd.testing.assert_frame_equal(again.cleansed_records, result.cleansed_records)
    pd.testing.assert_frame_equal(again.cleansing_changes, result.cleansing_changes)


@settings(max_examples=25)
@given(table=TABLES)
def test_every_cell_ends_in_its_attribute_or_is_kept_and_every_change_is_logged_once(
    table: list[dict[str, str]],
) -> None:
    records = imported(*table)
    result = cleanse_records(records, mapped(), scope=SCOPE, settings=SETTINGS)
    found = result.cleansed_records.set_index("record_id")
    assert not result.cleansing_changes.duplicated(["record_id", "attribute"]).any()
    logged = result.cleansing_changes.set_index(["record_id", "attribute"])["value_before"].to_dict()
    for raw in records.itertuples():
        kept = found.loc[raw.record_id, "custom_attributes"] or {}
        used: dict[str, list[str]] = {}
        for column, cell in raw.raw_values.items():
            if kept.get(column) != cell:
                used.setdefault(MAPPINGS[column][0], []).append(cell)
        for attribute in {name for name, _, _ in MAPPINGS.values()} | set(DERIVED):
            value, cells = found.loc[raw.record_id, attribute], used.get(attribute, [])
            before = logged.get((raw.record_id, attribute), "unchanged")
            if before == "unchanged":
                assert [rendered(value)] == [cell.strip() for cell in cells] or (
                    pd.api.types.is_scalar(value) and pd.isna(value) and not cells
                )
            else:
                assert before is None or set(before.split(", ")) == set(", ".join(cells).split(", "))


def rendered(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def test_an_empty_import_gives_empty_tables() -> None:
    nothing = imported({"Name": "a"}).iloc[:0]
    result = cleanse_records(nothing, mapped(), scope=SCOPE, settings=SETTINGS)
    assert result.cleansed_records.empty
    assert result.cleansing_changes.empty


@pytest.mark.parametrize("word", ["N/A", "-", "unbekannt", "#REF!"])
def test_a_word_for_nothing_is_emptied_and_logged(word: str) -> None:
    result = cleanse({"Name": "a", "Owner": word})
    assert record(result)["owner"] is None
    assert rules(result)["owner"] == "missing_word@1"


def test_a_release_that_only_newer_facts_know_is_told_by_them() -> None:
    records = imported({"Name": "a", "OS": "Red Hat Enterprise Linux 11"})
    newest = end_of_life_facts().query("product == 'rhel'").iloc[[-1]].assign(cycle="11")
    newer = EndOfLifeFacts(pd.concat([end_of_life_facts(), newest], ignore_index=True))
    cycles = [
        cleanse_records(records, mapped(), scope=SCOPE, settings=SETTINGS, facts=facts).cleansed_records["os_cycle"][0]
        for facts in (None, newer)
    ]
    assert cycles == [None, "11"]
