"""The overview of workloads: what each is made of, how complex it is, and whether it can move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flow_pipelines.assess.gates import overview_problems
from flow_pipelines.assess.overview import assess_workloads
from tests.flow_pipelines.assess.estates import (
    Row,
    application,
    asset,
    asset_id,
    database,
    dependencies,
    edge,
    finding,
    inventory,
    server,
    tech_debt,
)


def assess(assets: Sequence[Row], edges: Sequence[Row] = (), findings: Sequence[Row] = ()) -> dict[str, dict[str, Any]]:
    overview = assess_workloads(inventory(*assets), dependencies(*edges), tech_debt(*findings))
    assert overview_problems(inventory(*assets), overview) == []
    return {row["workload_name"]: row for row in overview.to_dict("records")}


def assess_one(assets: Sequence[Row], *findings: Row) -> dict[str, Any]:
    (workload,) = assess(assets, findings=findings).values()
    return workload


def test_an_application_is_a_workload_with_all_that_belongs_to_it() -> None:
    billing = assess_one(
        [
            application("billing", owner="Ann", criticality="high"),
            server("web", ["billing"], environment="production", cpu_count=2),
            server("app", ["billing"], environment="production", memory_mib=4096.0, storage_used_gib=50.0),
            database("ledger", ["billing"], criticality="critical"),
        ]
    )
    assert billing["workload_id"] == asset_id("billing")
    assert billing["workload_type"] == "application"
    assert (billing["server_count"], billing["database_count"]) == (2, 1)
    assert (billing["cpu_count"], billing["memory_mib"], billing["storage_gib"]) == (6, 12288.0, 150.0)
    assert (billing["environment"], billing["owner"], billing["criticality"]) == ("production", "Ann", "critical")
    assert billing["source_entity_ids"] == sorted(map(asset_id, ["billing", "web", "app", "ledger"]))
    assert (billing["readiness"], billing["blockers"]) == ("ready", [])


def test_the_parts_of_a_workload_are_listed_alike_whatever_the_order_of_the_inventory() -> None:
    assets = inventory(application("a"), *(server(f"s{number}", ["a"]) for number in range(9)))
    listed = [
        assess_workloads(one, dependencies(), tech_debt())["source_entity_ids"][0]
        for one in (assets, assets.iloc[::-1])
    ]
    assert listed[0] == listed[1] == sorted(listed[0])


def test_what_belongs_to_no_application_is_a_workload_of_its_own() -> None:
    workloads = assess([server("alone"), database("orphan"), asset("esx1", "hypervisor_host"), server("app", ["gone"])])
    assert {name: row["workload_type"] for name, row in workloads.items()} == {
        "alone": "stand_alone",
        "orphan": "stand_alone",
        "app": "stand_alone",
    }


def test_a_shared_server_counts_in_each_application_and_the_reason_says_so() -> None:
    workloads = assess([application("a"), application("b"), server("shared", ["a", "b"])])
    assert [row["server_count"] for row in workloads.values()] == [1, 1]
    assert all("Counted in several workloads: shared." in row["reason"] for row in workloads.values())


def test_environments_and_owners_that_differ_are_left_empty_and_named() -> None:
    shop = assess_one(
        [
            application("shop"),
            server("s1", ["shop"], environment="production", owner="Ann"),
            server("s2", ["shop"], environment="test", owner="Bob"),
        ]
    )
    assert shop["environment"] is None
    assert shop["owner"] is None
    assert "Environment differs between its servers: production, test." in shop["reason"]
    assert "Owner differs between its parts: Ann, Bob." in shop["reason"]


def test_what_no_server_tells_is_empty_and_not_nothing() -> None:
    alone = assess_one([server("s1", cpu_count=None, memory_mib=None, storage_used_gib=None)])
    assert [pd.isna(alone[column]) for column in ("cpu_count", "memory_mib", "storage_gib")] == [True] * 3
    assert "GiB of storage unknown (left out)" in alone["reason"]
    assert "Servers that tell their size, of 1: cpu 0, memory 0, storage 0." in alone["reason"]


def test_allocated_storage_counts_where_the_used_one_is_unknown() -> None:
    alone = assess_one([server("s1", storage_used_gib=None, storage_allocated_gib=40.0)])
    assert alone["storage_gib"] == 40.0


def test_dependencies_count_other_workloads_once_and_leave_noise_out() -> None:
    workloads = assess(
        [application("a"), application("b"), server("a1", ["a"]), server("a2", ["a"]), server("b1", ["b"])],
        [
            edge("a1", "b1"),
            edge("a2", "b1"),
            edge("a1", "a2"),
            edge("b1", "a1", is_noise=True),
            edge("a1", "partner", external="target"),
            edge("partner", "a2", external="source"),
            edge("backup", "a2", external="source", is_noise=True),
        ],
    )
    counts = {
        name: (row["depends_on_count"], row["needed_by_count"], row["external_count"])
        for name, row in workloads.items()
    }
    assert counts == {"a": (1, 0, 1), "b": (0, 1, 0)}


@pytest.mark.parametrize(
    ("status", "readiness"),
    [("past", "blocked"), ("extended", "conditional"), ("unknown", "unknown"), ("near", "ready")],
)
def test_debt_decides_readiness(status: str, readiness: str) -> None:
    alone = assess_one([server("s1")], finding("s1", status, 42.0))
    assert alone["readiness"] == readiness
    assert (alone["debt_finding_count"], alone["debt_score"]) == (1, 42.0)
    assert alone["blockers"] == ([] if readiness == "ready" else [f"Windows Server 2008 is {status}: s1."])


@pytest.mark.parametrize(
    ("facts", "readiness"),
    [
        ({"architecture": "sparc"}, "blocked"),
        ({"architecture": "power"}, "blocked"),
        ({"os_product": "aix"}, "blocked"),
        ({"os_product": "z-os"}, "blocked"),
        ({"lifecycle_status": "retired"}, "conditional"),
        ({"os_product": None, "operating_system": None}, "unknown"),
        ({"memory_mib": None}, "unknown"),
        ({"architecture": "x86_64"}, "ready"),
    ],
)
def test_facts_of_a_server_decide_readiness(facts: Row, readiness: str) -> None:
    alone = assess_one([server("s1", **facts)])
    assert alone["readiness"] == readiness
    assert bool(alone["blockers"]) == (readiness != "ready")


def test_the_gravest_evidence_decides_and_comes_first() -> None:
    facts = {"lifecycle_status": "retired", "memory_mib": None}
    unknown = assess_one([server("s1", **facts)])
    blocked = assess_one([server("s1", **facts)], finding("s1"))
    assert (unknown["readiness"], blocked["readiness"]) == ("unknown", "blocked")
    assert blocked["blockers"] == [
        "Windows Server 2008 is past: s1.",
        "The memory is not told: s1.",
        "It is marked as retired and may need no move: s1.",
    ]


def test_a_sentence_names_five_parts_and_counts_the_others() -> None:
    many = assess_one([application("a"), *(server(f"s{number}", ["a"], architecture="sparc") for number in range(7))])
    assert many["blockers"] == ["Its processors (sparc) are offered by no large cloud: s0, s1, s2, s3, s4 and 2 more."]


def test_an_application_without_servers_is_unknown_and_hardly_relied_upon() -> None:
    billing = assess_one([application("billing")])
    assert billing["readiness"] == "unknown"
    assert billing["blockers"] == ["No server is known to run it: billing."]
    assert billing["data_confidence"] == 0.5


def test_a_database_is_ready_only_if_it_is_known_where_it_runs() -> None:
    assets = [server("s1"), database("ledger")]
    adrift = assess(assets)["ledger"]
    hosted = assess(assets, [edge("ledger", "s1", kind="runs_on")])["ledger"]
    abroad = assess(assets, [edge("ledger", "cloud", kind="runs_on", external="target")])["ledger"]
    assert [row["readiness"] for row in (adrift, hosted, abroad)] == ["unknown", "ready", "unknown"]
    assert adrift["blockers"] == ["No server is known to run it: ledger."]


def test_confidence_falls_with_identity_quality_and_missing_facts() -> None:
    sure = assess_one([server("s1")])["data_confidence"]
    unsure = assess_one([server("s1", resolution_confidence=0.8)])["data_confidence"]
    poor = assess_one([server("s1", quality_score=0.5)])["data_confidence"]
    gappy = assess_one([server("s1", memory_mib=None)])["data_confidence"]
    assert (sure, unsure, poor, gappy) == (1.0, 0.8, 0.5, 0.667)


def test_more_of_anything_makes_a_workload_more_complex() -> None:
    small = assess_one([application("a"), server("s1", ["a"])])
    larger = assess_one([application("a"), server("s1", ["a"]), server("s2", ["a"]), database("d", ["a"])])
    indebted = assess_one([application("a"), server("s1", ["a"])], finding("s1"))
    assert small["complexity"] == "low"
    assert small["complexity_score"] < larger["complexity_score"]
    assert small["complexity_score"] < indebted["complexity_score"]


def test_unknown_storage_does_not_make_a_workload_simpler_than_little_storage() -> None:
    unknown = assess_one([server("s1", storage_used_gib=None)])
    little = assess_one([server("s1", storage_used_gib=0.1)])
    assert unknown["complexity_score"] > little["complexity_score"]


def test_an_estate_of_nothing_has_no_workloads() -> None:
    assert assess([]) == {}


NAMES = [f"x{number}" for number in range(6)]
APPLICATIONS = ["p", "q"]
ASSETS = st.lists(
    st.builds(
        asset,
        st.sampled_from(NAMES),
        st.sampled_from(["server", "database", "hypervisor_host"]),
        st.lists(st.sampled_from([*APPLICATIONS, "unknown"]), max_size=3),
        memory_mib=st.none() | st.floats(0.1, 1e6),
        environment=st.sampled_from([None, "production", "test"]),
        criticality=st.sampled_from([None, "low", "critical"]),
        quality_score=st.floats(0, 1),
    ),
    min_size=2,
    unique_by=lambda row: row["asset_id"],
)
EDGES = st.lists(
    st.builds(edge, st.sampled_from([*NAMES, *APPLICATIONS]), st.sampled_from([*NAMES, *APPLICATIONS])),
    unique_by=lambda row: row["dependency_id"],
)
FINDINGS = st.lists(
    st.builds(finding, st.sampled_from(NAMES), st.sampled_from(["past", "unknown"]), st.floats(0, 100)),
    unique_by=lambda row: row["finding_id"],
)


@given(assets=ASSETS, edges=EDGES, findings=FINDINGS, seed=st.integers(0, 1000))
@hypothesis_settings(max_examples=10)
def test_nothing_is_lost_and_the_order_of_rows_changes_nothing(
    assets: list[Row], edges: list[Row], findings: list[Row], seed: int
) -> None:
    tables = [
        inventory(*assets, *map(application, APPLICATIONS)),
        dependencies(*edges),
        tech_debt(*findings),
    ]
    overview = assess_workloads(*tables)
    assert overview_problems(tables[0], overview) == []
    shuffled = [table.sample(frac=1, random_state=seed) for table in tables]
    pd.testing.assert_frame_equal(assess_workloads(*shuffled), overview)
