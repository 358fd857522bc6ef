from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pytest

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 3, 2))
NAMES = [f"lonapp{number:03}" for number in range(24)]


def records(
    rows: Sequence[Mapping[str, str]],
    *,
    file: str = "servers.csv",
    sheet: str | None = None,
    source_format: str = "generic",
    record_type: str | Sequence[str] = "server",
    row_counts: Sequence[int] | None = None,
) -> pd.DataFrame:
    types = [record_type] * len(rows) if isinstance(record_type, str) else record_type
    return pd.DataFrame(
        {
            "record_id": SCOPE.ids_of("record", ((file, sheet or "", number) for number in range(len(rows)))),
            "source_file": file,
            "sheet": pd.Series([sheet] * len(rows), dtype=object),
            "row_number": range(2, len(rows) + 2),
            "row_count": row_counts or [1] * len(rows),
            "source_format": source_format,
            "record_type": types,
            "raw_values": [dict(row) for row in rows],
        }
    )


def columns(values: Mapping[str, Sequence[str]], rows: int = 24) -> list[dict[str, str]]:
    return [{header: cells[row % len(cells)] for header, cells in values.items()} for row in range(rows)]


def mapped(values: Mapping[str, Sequence[str]], **of: Any) -> dict[str, Any]:  # noqa: ANN401  (passed on to `records`)
    frame = map_attributes(records(columns(values), **of), scope=SCOPE, settings=SETTINGS)
    return {row.source_column: row for row in frame.itertuples()}


def applied(values: Mapping[str, Sequence[str]], **of: Any) -> dict[str, str]:  # noqa: ANN401  (passed on to `records`)
    return {header: row.attribute for header, row in mapped(values, **of).items() if row.status == "applied"}


IPS = [f"10.1.2.{number}" for number in range(24)]
STREETS = ["12 Station Road, Leeds", "4 Market Street, London", "77 Park Avenue, New York"]
FQDNS = [f"{name}.corp.example" for name in NAMES]


@pytest.mark.parametrize(
    ("header", "values", "attribute"),
    [
        ("Address", IPS, "ip_addresses"),
        ("Address", STREETS, "location"),
        ("Name", NAMES, "name"),
        ("Name", FQDNS, "fqdn"),
        ("Type", ["Linux Server", "Windows Server", "Virtual Machine"], "asset_class"),
        ("Type", ["Virtual", "Physical"], "is_virtual"),
        ("Status", ["Operational", "Retired", "In Maintenance"], "lifecycle_status"),
        ("Status", ["poweredOn", "poweredOff"], "power_state"),
        ("Platform", ["RHEL 7.9", "Windows Server 2016", "AIX 7.2"], "operating_system"),
        ("Tier", ["Web server", "Database server", "Application server"], "application_role"),
        ("Owner", [f"owner{number}@corp.example" for number in range(5)], "owner_email"),
        ("Memory usage", ["12.5", "88.1", "47"], "memory_usage_percent_average"),
        ("Memory usage", ["3012", "15020", "7400"], "memory_used_mib_average"),
    ],
)
def test_values_decide_what_a_header_alone_does_not_tell(header: str, values: list[str], attribute: str) -> None:
    assert applied({header: values}) == {header: attribute}


@pytest.mark.parametrize(
    ("header", "values", "unit"),
    [
        ("Memory", ["4096", "8192", "16384"], "MiB"),
        ("Memory", ["4", "8", "16", "64"], "GiB"),
        ("Memory", ["4194304", "8388608"], "KiB"),
        ("Memory", ["17179869184", "34359738368"], "bytes"),
        ("Memory (MB)", ["4096", "8192"], "MB"),
        ("Memory", ["16 GB", "32 GB", "8 GB"], "GB"),
        ("Disk space", ["100", "250.5", "2000"], "GiB"),
        ("Disk space", ["102400", "512000"], "MiB"),
        ("Disk space", ["107374182400", "536870912000"], "bytes"),
        ("CPU speed", ["2.4", "3.1"], "GHz"),
        ("CPU speed", ["2400", "3100"], "MHz"),
        ("CPU usage", ["0.12", "0.98"], "fraction"),
        ("CPU usage", ["12.5", "98"], "percent"),
        ("CPUs", ["2", "4"], "processors"),
        ("Network in", ["12.5", "98"], None),
        ("Owner", ["Maria Keller", "John Baker"], None),
    ],
)
def test_tells_the_unit_by_header_else_by_cells_else_by_the_numbers(header: str, values: list[str], unit: str) -> None:
    row = mapped({header: values})[header]

    assert row.status == "applied"
    assert row.source_unit == unit


def test_says_in_words_how_numbers_gave_the_unit_away() -> None:
    assert "MiB" in mapped({"Memory": ["4096", "8192", "16384"]})["Memory"].reason


def test_a_known_format_is_mapped_by_its_template_with_the_units_it_states() -> None:
    rows = mapped(
        {"VM": NAMES, "Memory": ["4", "8"], "Powerstate": ["poweredOn"], "HW version": ["13"]},
        source_format="rvtools",
        sheet="vInfo",
    )

    assert {(row.method, row.status) for header, row in rows.items() if header != "HW version"} == {
        ("template", "applied")
    }
    assert (rows["Memory"].attribute, rows["Memory"].source_unit) == ("memory_mib", "MiB")
    assert (rows["HW version"].method, rows["HW version"].status) == ("none", "unmapped")
    assert "rvtools" in rows["HW version"].reason


def test_values_that_cannot_be_the_attribute_veto_even_a_template() -> None:
    row = mapped({"VM": NAMES, "Memory": STREETS}, source_format="rvtools", sheet="vInfo")["Memory"]

    assert row.status != "applied"
    assert row.confidence < SETTINGS.mapping_threshold
    assert "speak against" in row.reason or "no attribute" in row.reason


def test_custom_columns_of_a_known_format_are_mapped_by_alias() -> None:
    rows = mapped(
        {"VM": NAMES, "Application Owner": ["Maria Keller", "John Baker"], "Notes": ["old", "to be checked by owner"]},
        source_format="rvtools",
        sheet="vInfo",
    )

    assert (rows["Application Owner"].attribute, rows["Application Owner"].method) == ("owner", "alias")


def test_of_two_columns_for_one_attribute_only_the_better_is_applied_and_the_other_says_so() -> None:
    people = ["Maria Keller", "John Baker", "Lars Hoffmann"]
    rows = mapped({"Name": NAMES, "Owner": people, "Technical contact": people})

    assert (rows["Owner"].attribute, rows["Owner"].status) == ("owner", "applied")
    assert (rows["Technical contact"].attribute, rows["Technical contact"].status) == ("owner", "proposed")
    assert "'Owner'" in rows["Technical contact"].reason


def test_a_template_column_keeps_its_attribute_from_other_columns() -> None:
    rows = mapped(
        {"VM": NAMES, "Annotation": ["Web server of the portal"], "Remarks": ["Nightly batch of finance"]},
        source_format="rvtools",
        sheet="vInfo",
    )

    assert (rows["Annotation"].attribute, rows["Annotation"].status) == ("description", "applied")
    assert rows["Remarks"].status == "proposed"


def test_several_columns_may_feed_a_list() -> None:
    assert applied({"IP 1": IPS, "IP 2": IPS[::-1], "Production network IPs": IPS}) == {
        "IP 1": "ip_addresses",
        "IP 2": "ip_addresses",
        "Production network IPs": "ip_addresses",
    }


def test_asset_sheets_never_get_connection_columns_nor_connections_asset_columns() -> None:
    of_servers = mapped({"Source IP": IPS, "Protocol": ["tcp"], "Name": NAMES})
    of_connections = mapped({"src ip": IPS, "Operating system": ["RHEL 7"]}, record_type="connection")

    assert of_servers["Source IP"].attribute != "source_address"
    assert of_connections["src ip"].attribute == "source_address"
    assert of_connections["Operating system"].status == "unmapped"


def test_what_is_unsure_is_proposed_and_what_nothing_fits_is_unmapped() -> None:
    rows = mapped({"Name": NAMES, "Belongs to": ["Finance", "Human Resources"], "Colour": ["red", "green"]})

    assert (rows["Colour"].status, rows["Colour"].method, rows["Colour"].confidence) == ("unmapped", "none", 0.0)
    assert rows["Colour"].attribute is None
    assert rows["Belongs to"].status in ("proposed", "unmapped")
    assert rows["Belongs to"].runner_up is not None or rows["Belongs to"].attribute is not None


def test_the_engagement_says_how_sure_a_mapping_must_be() -> None:
    frame = records(columns({"Endpoint": IPS, "Operating system": ["RHEL 7.9", "Ubuntu 20.04"]}))
    strict = SETTINGS.model_copy(update={"mapping_threshold": 1.0})
    lenient = SETTINGS.model_copy(update={"mapping_threshold": 0.5})

    assert set(map_attributes(frame, scope=SCOPE, settings=strict)["status"]) == {"proposed"}
    assert set(map_attributes(frame, scope=SCOPE, settings=lenient)["status"]) == {"applied"}


def test_names_the_next_best_attribute_with_its_confidence() -> None:
    row = mapped({"Where it lives": ["London", "Madrid", "Paris"]})["Where it lives"]

    assert {row.attribute, row.runner_up} == {"location", "data_center"}
    assert 0 < row.runner_up_confidence <= row.confidence


def test_counts_filled_rows_exactly_also_where_a_record_stands_for_many() -> None:
    rows = [{"src_ip": "10.0.0.1", "src_host": "a1"}, {"src_ip": "10.0.0.2"}, {"src_ip": "10.0.0.3", "src_host": "a3"}]
    frame = records(rows, record_type="connection", row_counts=[5, 1, 7])
    mappings = map_attributes(frame, scope=SCOPE, settings=SETTINGS).set_index("source_column")

    assert mappings["filled_rows"].to_dict() == {"src_ip": 13, "src_host": 12}


def test_a_seldom_filled_column_of_a_large_sheet_is_counted_and_mapped() -> None:
    rows: list[dict[str, str]] = [{"Server": f"srv{number}"} for number in range(25_000)]
    for number in range(7):
        rows[number * 3_001]["MAC address"] = f"00:50:56:00:00:0{number}"
    mappings = map_attributes(records(rows), scope=SCOPE, settings=SETTINGS).set_index("source_column")

    assert mappings["filled_rows"].to_dict() == {"Server": 25_000, "MAC address": 7}
    assert mappings["attribute"].to_dict() == {"Server": "name", "MAC address": "mac_addresses"}


def test_the_example_is_a_value_that_means_something() -> None:
    assert mapped({"Owner": ["n/a", "n/a", "n/a", "Maria Keller"]})["Owner"].example == "Maria Keller"


def test_a_column_of_a_mixed_dump_takes_the_type_of_most_of_its_rows() -> None:
    rows = [{"CI name": f"srv{number}", "OS": "RHEL 7"} for number in range(6)]
    rows += [{"CI name": f"DB{number}", "Version": "19.3.0", "Port": "1521"} for number in range(4)]
    frame = records(rows, record_type=["server"] * 6 + ["database"] * 4)
    mappings = map_attributes(frame, scope=SCOPE, settings=SETTINGS).set_index("source_column")

    assert mappings["record_type"].to_dict() == {
        "CI name": "server",
        "OS": "server",
        "Port": "database",
        "Version": "database",
    }
    assert mappings.loc["Version", "attribute"] == "database_version"
    assert mappings.loc["Port", "attribute"] == "database_port"


def test_no_records_give_no_mappings() -> None:
    assert map_attributes(records([]), scope=SCOPE, settings=SETTINGS).empty


def test_each_row_says_why() -> None:
    rows = mapped({"Hostname": NAMES, "Nodes IPv4 nr": IPS, "Colour": ["red"], "sys_mod_count": ["1", "2"]})

    assert rows["Hostname"].reason.startswith("'Hostname' is a known name of host_name.")
    assert all(row.reason.endswith(".") for row in rows.values())
    assert Counter(row.reason for row in rows.values()).most_common(1)[0][1] == 1
