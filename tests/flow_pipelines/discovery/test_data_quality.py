"""How complete and how sure the data about an estate is, and what to collect next."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from flow_pipelines.discovery import gates
from flow_pipelines.discovery.data_quality import DataQuality, judge_data_quality
from flow_pipelines.reference.asset_expectations import asset_expectations
from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import attribute_mappings as mappings_table
from flow_pipelines.tables.discovery import cleansed_records as cleansed_table
from flow_pipelines.tables.discovery import dependencies as dependencies_table
from flow_pipelines.tables.discovery import inventory as inventory_table
from flow_pipelines.tables.discovery import inventory_conflicts as conflicts_table
from tests.flow_pipelines.discovery.test_debt_kinds import SCOPE, Row, asset, edge, record

FULL_SERVER = {
    "host_name": "web01",
    "ip_addresses": ["10.0.0.1"],
    "vm_uuid": "42",
    "operating_system": "CentOS 7",
    "os_cycle": "7",
    "cpu_count": 2,
    "memory_mib": 4096.0,
    "storage_used_gib": 50.0,
    "cpu_usage_percent_average": 10.0,
    "memory_usage_percent_average": 10.0,
    "application_names": ["Shop"],
    "environment": "production",
    "owner": "Jane",
    "location": "Paris",
}


def judge(
    assets: list[Row], edges: list[Row] | None = None, records: list[Row] | None = None,
    mappings: list[Row] | None = None, conflicts: list[Row] | None = None,
) -> DataQuality:  # fmt: skip
    inventory = conform(pd.DataFrame(assets), inventory_table) if assets else empty(inventory_table)
    given = zip(
        (edges, records, mappings, conflicts),
        (dependencies_table, cleansed_table, mappings_table, conflicts_table),
        strict=True,
    )
    frames = [conform(pd.DataFrame(rows), table) if rows else empty(table) for rows, table in given]
    judged = judge_data_quality(inventory, *frames, scope=SCOPE)
    assert gates.quality_problems(inventory, judged.quality) == []
    assert gates.gap_problems(judged.quality, judged.gaps) == []
    return judged


def row(judged: DataQuality, name: str) -> dict[str, Any]:
    return dict(judged.quality[judged.quality["asset_name"] == name].iloc[0])


def level(judged: DataQuality, name: str) -> dict[str, Any]:
    return dict(judged.quality[judged.quality["level"] == name].iloc[0])


def test_a_server_of_which_all_is_known_is_complete_and_one_of_which_only_its_name_is_known_says_what_lacks() -> None:
    judged = judge([asset("full", **FULL_SERVER), asset("bare")], [edge("full", "full")])
    assert (row(judged, "full")["completeness"], row(judged, "full")["missing"]) == (1.0, [])
    bare = row(judged, "bare")
    assert bare["completeness"] == pytest.approx(4 / 36, abs=1e-4)
    assert bare["missing"][0] == "an IP address"
    assert "connections or relations" in bare["missing"]
    assert level(judged, "estate")["completeness"] == pytest.approx((1 + 4 / 36) / 2, abs=1e-4)
    assert level(judged, "asset_type")["asset_count"] == 2


def test_confidence_falls_with_identity_mapping_and_contradictions() -> None:
    sure = asset("sure", **FULL_SERVER)
    unsure = asset("unsure", **FULL_SERVER, resolution_confidence=0.5)
    mapping = {
        "mapping_id": SCOPE.id_of("mapping", 1), "source_file": "a.csv", "source_format": "csv",
        "record_type": "server", "source_column": "c", "attribute": "name", "status": "applied",
        "method": "likeness", "confidence": 0.8, "filled_rows": 3, "reason": "alike",
    }  # fmt: skip
    records = [record("sure"), record("unsure")]
    conflict = {
        "conflict_id": SCOPE.id_of("conflict", 1), "asset_id": unsure["asset_id"], "attribute": "cpu_count",
        "kept_value": "2", "kept_record_id": SCOPE.id_of("record", 1), "losing_value": "4",
        "losing_record_id": SCOPE.id_of("record", 2), "rule": "trust",
    }  # fmt: skip
    judged = judge([sure, unsure], records=records, mappings=[mapping], conflicts=[conflict])
    assert row(judged, "sure")["confidence"] == pytest.approx(0.8)
    filled = len(FULL_SERVER) + 1  # and its name
    assert row(judged, "unsure")["confidence"] == pytest.approx(0.8 * 0.5 * (1 - 1 / filled), abs=1e-4)


def test_what_raises_the_estate_most_comes_first_and_closing_it_raises_it_by_that_much() -> None:
    lacking = {**FULL_SERVER, "owner": None, "environment": None}
    assets = [asset("a", **FULL_SERVER), asset("b", **lacking), asset("c", **{**lacking, "environment": "test"})]
    edges = [edge("a", "b"), edge("b", "c")]
    judged = judge(assets, edges)
    by_attribute = judged.gaps[judged.gaps["kind"] == "attribute"].sort_values("rank")
    assert list(by_attribute["subject"]) == ["an owner", "an environment"]
    first = by_attribute.iloc[0]
    assert (first["assets_lacking"], first["assets_expected"]) == (2, 3)
    closed = judge([{**one, "owner": "Jane"} for one in assets], edges)
    gained = level(closed, "estate")["completeness"] - level(judged, "estate")["completeness"]
    assert gained == pytest.approx(first["gain"], abs=2e-4)
    sources = judged.gaps[judged.gaps["kind"] == "source"]
    assert set(sources["subject"]) == {
        asset_expectations().sources["cmdb"],
        asset_expectations().sources["applications"],
    }


def test_an_estate_of_nothing_has_no_quality_and_no_gaps() -> None:
    judged = judge([])
    assert judged.quality.empty
    assert judged.gaps.empty


def test_every_expected_attribute_exists() -> None:
    known = {one.name for one in ATTRIBUTES} | {"known_edges", "known_assets"}
    # Measures that another source may add; until then the others of the same expectation count.
    later = {"cpu_usage_percent_percentile_95", "memory_usage_percent_peak"}
    later |= {"memory_usage_percent_percentile_95", "memory_used_mib_percentile_95"}
    named = {name for listed in asset_expectations().expectations.values() for one in listed for name in one.attributes}
    assert named <= known | later


def test_quality_does_not_depend_on_the_order_of_rows() -> None:
    assets = [asset("a", **FULL_SERVER), asset("b"), asset("c", asset_type="application")]
    there, back = judge(assets), judge(assets[::-1])
    pd.testing.assert_frame_equal(there.quality, back.quality)
    pd.testing.assert_frame_equal(there.gaps, back.gaps)
