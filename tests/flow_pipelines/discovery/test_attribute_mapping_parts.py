"""One column that feeds several attributes, and two columns that feed one."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_cleansing import cleanse_records
from flow_pipelines.reference.cell_parts import cell_parts, take_apart
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 3, 2))


def records(rows: list[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": SCOPE.ids_of("record", (("servers.csv", "", number) for number in range(len(rows)))),
            "source_file": "servers.csv",
            "sheet": pd.Series([None] * len(rows), dtype=object),
            "row_number": range(2, len(rows) + 2),
            "row_count": 1,
            "source_format": "generic",
            "record_type": "server",
            "raw_values": rows,
            "landing_number": 1,
            "exported_at": pd.Series([None] * len(rows), dtype="datetime64[us, UTC]"),
            "observed_from": pd.Series([None] * len(rows), dtype="datetime64[us, UTC]"),
            "observed_to": pd.Series([None] * len(rows), dtype="datetime64[us, UTC]"),
        }
    )


def mapped(imported: pd.DataFrame) -> pd.DataFrame:
    return map_attributes(imported, scope=SCOPE, settings=SETTINGS)


def applied(mappings: pd.DataFrame) -> set[tuple[str, str, str | None]]:
    rows = mappings[mappings["status"] == "applied"]
    parts = [part if isinstance(part, str) else None for part in rows["part"]]
    return set(zip(rows["source_column"], rows["attribute"], parts, strict=True))


def cleansed(imported: pd.DataFrame, mappings: pd.DataFrame) -> pd.DataFrame:
    result = cleanse_records(imported, mappings, scope=SCOPE, settings=SETTINGS).cleansed_records
    return result.set_index("row_number").sort_index()


def test_a_cell_of_a_name_and_an_address_feeds_both_and_is_kept_whole() -> None:
    imported = records([{"Host (IP)": f"web{number}.corp.example / 10.1.1.{number}"} for number in range(1, 7)])
    mappings = mapped(imported)
    first = cleansed(imported, mappings).iloc[0]

    assert applied(mappings) == {("Host (IP)", "fqdn", "name"), ("Host (IP)", "ip_addresses", "address")}
    assert mappings["mapping_id"].is_unique
    assert (first["fqdn"], first["name"], list(first["ip_addresses"])) == ("web1.corp.example", "web1", ["10.1.1.1"])
    assert first["custom_attributes"] == {"Host (IP)": "web1.corp.example / 10.1.1.1"}


def test_a_cell_of_a_size_feeds_processors_and_memory_and_one_without_feeds_neither() -> None:
    cells = ["8 vCPU / 32 GB", "4 vCPU / 16 GB", "2 vCPU / 8 GB", "by request"]
    imported = records([{"VM": f"vm{number}", "Config": cells[number]} for number in range(4)])
    found = cleansed(imported, mapped(imported))

    assert found["cpu_count"].fillna(0).tolist() == [8, 4, 2, 0]
    assert found["memory_mib"].fillna(0).tolist() == [32_768, 16_384, 8_192, 0]
    assert not any("Config" in issue for issue in found["quality_issues"].iloc[3])


def test_a_column_of_its_own_feeds_the_attribute_rather_than_a_part_of_another_column() -> None:
    imported = records(
        [{"Hostname": f"vm{number}", "Config": "8 vCPU / 32 GB", "vCPU": "8", "RAM (GB)": "32"} for number in range(4)]
    )

    assert not [row for row in applied(mapped(imported)) if row[0] == "Config"]


def test_an_operating_system_tells_the_architecture_beside_the_whole_cell() -> None:
    cells = ["Windows Server 2019 Standard 64-bit", "Windows Server 2016 Datacenter 64-bit"]
    imported = records([{"Hostname": f"vm{number}", "OS": cells[number % 2]} for number in range(6)])
    found = cleansed(imported, mapped(imported)).iloc[0]

    assert (found["os_product"], found["os_cycle"], found["architecture"]) == ("windows-server", "2019", "x86_64")
    assert found["operating_system"] == cells[0]


def test_first_and_last_name_make_one_owner_unless_another_column_names_the_owner() -> None:
    rows = [{"Host": f"vm{number}", "Ansprechpartner Nachname": "Berg"} for number in range(4)]
    imported = records([{**row, "Ansprechpartner Vorname": "Anna"} for row in rows])
    with_owner = records([{**row, "Ansprechpartner Vorname": "Anna", "Owner": "Jane Doe"} for row in rows])

    assert cleansed(imported, mapped(imported))["owner"].tolist() == ["Anna Berg"] * 4
    assert cleansed(with_owner, mapped(with_owner))["owner"].tolist() == ["Jane Doe"] * 4


def test_prose_that_mentions_an_address_is_not_taken_apart() -> None:
    notes = "Was moved from 10.1.1.1 to the new rack by the network team in spring"
    imported = records([{"Hostname": f"vm{number}", "Notes": notes} for number in range(4)])

    assert not [row for row in applied(mapped(imported)) if row[0] == "Notes" and row[2]]


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("16C/128GB", {"processors": "16", "memory": "128GB"}),
        ("4 cores, 16 GB RAM, 200 GB SSD", {"processors": "4", "memory": "16 GB", "storage": "200 GB"}),
        ("db01 (10.0.0.7)", {"name": "db01", "address": "10.0.0.7"}),
        ("Jane Doe <jane@corp.example>", {"e-mail": "jane@corp.example", "person": "Jane Doe"}),
        ("Oracle 19c on RHEL 8", {"database": "Oracle 19c", "operating system": "RHEL 8"}),
        ("Oracle Linux 7", None),
        ("10.0.0.7", None),
    ],
)
def test_takes_cells_apart(cell: str, parts: dict[str, str] | None) -> None:
    found = (take_apart(cell, combination) for combination in cell_parts().combinations)

    assert next((one for one in found if one), None) == parts
