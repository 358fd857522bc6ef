"""What is decided about workloads, and why: the behaviour that an architect would notice."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flow_pipelines.edits import apply_edits
from flow_pipelines.tables.assess.treatment import treatments as treatments_table
from tests.flow_pipelines.assess.estates import Row, application, asset_id, database, edge, finding, server
from tests.flow_pipelines.assess.treatment.deciding import TREATMENTS, answer, components, decide, treated
from tests.flow_pipelines.editing import edit

VMWARE = {"is_virtual": True, "manufacturer": "VMware, Inc."}


def test_a_plain_supported_server_is_rehosted_and_the_reason_names_what_spoke_for_it() -> None:
    web = treated([server("web", **VMWARE)])["web"]
    assert (web["treatment"], web["runner_up"]) == ("rehost", "relocate")
    assert "it can move as it is (+8)" in web["reason"]
    assert web["score_rehost"] > web["score_relocate"] > web["score_rewrite"]
    assert web["effort_days"] > 0


def test_a_server_that_is_marked_as_retired_and_idle_is_retired() -> None:
    idle = finding("old", "idle", category="utilization", subject="processor")
    old = treated([server("old", lifecycle_status="retired", power_state="off")], findings=[idle])["old"]
    assert old["treatment"] == "retire"
    assert old["confidence"] > 0.9
    assert {"retired_already", "switched_off", "idle"} <= set(old["rules_fired"])


def test_a_workload_is_idle_only_if_all_its_servers_are_known_to_be() -> None:
    assets = [
        application("shop"),
        server("a", ["shop"], cpu_usage_percent_average=1.0),
        server("b", ["shop"]),
    ]
    idle = [finding("a", "idle", category="utilization", subject="processor")]
    assert "idle" in treated(assets, findings=idle)["shop"]["rules_unknown"]
    assets[2]["cpu_usage_percent_average"] = 50.0
    busy = treated(assets, findings=idle)["shop"]
    assert "idle" not in [*busy["rules_unknown"], *busy["rules_fired"]]


def test_a_mainframe_stays_or_is_rearchitected_and_can_not_be_moved() -> None:
    ledger = treated([application("ledger"), server("lpar1", ["ledger"], os_product="z-os")])["ledger"]
    assert {ledger["treatment"], ledger["runner_up"]} == {"retain", "rearchitect"}
    assert pd.isna(ledger["score_rehost"])
    assert "rehost: it runs on a mainframe or on IBM i" in ledger["vetoes"]
    assert "mainframe" in ledger["reason"]


def test_old_debt_makes_a_server_be_replatformed() -> None:
    debt = [finding("web", "past"), finding("web", "unsupported", category="target", subject="Azure")]
    assert treated([server("web", os_cycle="5")], findings=debt)["web"]["treatment"] == "replatform"


def test_one_physical_server_rules_out_relocation() -> None:
    farm = [application("farm"), *(server(f"s{number}", ["farm"], **VMWARE) for number in range(12))]
    assert treated(farm)["farm"]["score_relocate"] > 40
    physical = treated([*farm, server("iron", ["farm"], is_virtual=False)])["farm"]
    assert pd.isna(physical["score_relocate"])
    assert "relocate: one of its servers is no virtual machine" in physical["vetoes"]


def test_bought_software_that_is_offered_as_a_service_is_repurchased_and_never_rewritten() -> None:
    jira = treated([application("Atlassian Jira"), server("j1", ["Atlassian Jira"])])["Atlassian Jira"]
    assert jira["treatment"] == "repurchase"
    assert pd.isna(jira["score_rewrite"])
    assert pd.isna(jira["score_refactor"])


def test_an_unknown_fact_neither_counts_nor_is_taken_for_no() -> None:
    silent = server("box", is_virtual=None)
    told = treated([{**silent, **VMWARE}])["box"]
    unknown = treated([silent])["box"]
    assert "physical_servers" not in [*unknown["rules_fired"], *told["rules_unknown"]]
    assert {"physical_servers", "on_vmware", "other_hypervisor"} <= set(unknown["rules_unknown"])
    assert unknown["score_relocate"] == told["score_relocate"] - 12
    assert unknown["most_wanted_fact"]


def test_knowing_less_lowers_the_confidence() -> None:
    told = treated([server("box", lifecycle_status="operational", architecture="x86_64", **VMWARE)])["box"]
    silent = treated([server("box", os_product=None, cpu_count=None)])["box"]
    assert silent["confidence"] < told["confidence"]


def test_what_would_change_a_decision_changes_it() -> None:
    shop = [application("shop"), server("s", ["shop"], **VMWARE)]
    before = treated(shop)["shop"]
    way = "retain, if it turned out that law or contract keep it on the premises (not known)"
    assert way in before["would_change"], before["would_change"]
    must_stay = treated(shop, edits=[answer(asset_id("shop"), "residency", "must stay")])["shop"]
    assert must_stay["treatment"] == "retain"
    assert must_stay["reason"].count("law or contract") == 2, "for it, and why all else is ruled out"


def test_what_a_person_answers_counts_in_the_same_run() -> None:
    shop = [application("shop"), server("s", ["shop"])]
    ends = decide(shop, edits=[answer(asset_id("shop"), "end_of_use", "before the move")])
    assert list(ends.treatments["treatment"]) == ["retire"]
    assert "end_is_planned" in ends.treatments["rules_fired"][0]


def test_a_treatment_that_a_person_decides_survives_and_takes_its_own_effort() -> None:
    shop = [application("shop"), server("s", ["shop"]), database("d", ["shop"])]
    decision = edit("set", asset_id("shop"), "rewrite", "rehost", column="treatment", table_key=TREATMENTS)
    computed, decided = decide(shop), decide(shop, edits=[decision])
    frame, outcomes = apply_edits(decided.treatments, treatments_table, [decision])
    assert [one.outcome for one in outcomes] == ["applied"]
    row = frame.iloc[0]
    assert (row["treatment"], row["confidence"], row["decided_by"]) == ("rewrite", 1.0, "ann")
    assert row["effort_days"] > 10 * computed.treatments["effort_days"][0]
    assert decided.treatments["treatment"][0] == computed.treatments["treatment"][0], "the cell is the shell's to set"
    reason = decided.component_treatments["reason"][0]
    assert "the code of what uses it is changed anyway" in reason, reason


def test_more_servers_take_more_effort_and_each_one_less() -> None:
    def days(count: int) -> float:
        farm = [application("farm"), *(server(f"s{number}", ["farm"]) for number in range(count))]
        return float(treated(farm)["farm"]["effort_days"])

    assert days(1) < days(10) < 10 * days(1)


def test_a_source_that_states_a_strategy_is_heard() -> None:
    assert treated([server("web", migration_strategy="retain")])["web"]["treatment"] == "retain"


# Databases and middleware


def test_an_open_source_database_is_taken_as_a_service_that_is_named_for_each_chosen_cloud() -> None:
    estate = [application("shop"), server("s", ["shop"]), database("pg", ["shop"])]
    pg = components(estate, targets=["azure"])["pg (PostgreSQL)"]
    assert pg["component_treatment"] == "managed_service"
    assert pg["managed_services"] == ["azure: Azure Database for PostgreSQL"]
    assert pg["workload_ids"] == [asset_id("shop")]


def test_a_database_whose_licence_is_bound_to_hardware_stays_until_that_is_solved() -> None:
    estate = [application("shop"), server("s", ["shop"]), database("ora", ["shop"], database_product="oracle-database")]
    name = "ora (Oracle Database)"
    assert components(estate)[name]["component_treatment"] == "managed_service"
    bound = components(estate, edits=[answer(asset_id("shop"), "licence", "bound to hardware")])[name]
    assert bound["component_treatment"] == "retain"
    assert "its licence is bound to hardware (+26)" in bound["reason"]


def test_what_no_chosen_cloud_runs_can_not_be_taken_as_a_service() -> None:
    estate = [application("shop"), database("h", ["shop"], database_product="sap-hana")]
    hana = components(estate, targets=["aws"])["h (SAP HANA)"]
    assert hana["component_treatment"] == "self_managed"
    assert "managed_service: no chosen cloud runs it as a service" in hana["vetoes"]


def test_a_database_of_an_unknown_product_is_not_said_to_have_no_service() -> None:
    lost = components([database("d", database_product=None)])["d"]
    assert not any(veto.startswith("managed_service") for veto in lost["vetoes"])


def test_a_database_ends_with_all_that_uses_it_and_not_before() -> None:
    both = [
        application("a"),
        application("b"),
        server("sa", ["a"]),
        server("sb", ["b"]),
        database("shared", ["a", "b"]),
    ]
    end_a = answer(asset_id("a"), "end_of_use", "before the move")
    end_b = answer(asset_id("b"), "end_of_use", "before the move")
    name = "shared (PostgreSQL)"
    assert components(both, edits=[end_a])[name]["component_treatment"] == "managed_service"
    assert components(both, edits=[end_a, end_b])[name]["component_treatment"] == "retire"


def test_middleware_is_seen_on_the_server_that_serves_it_and_a_known_database_is_not_seen_twice() -> None:
    estate = [application("shop"), server("web", ["shop"]), server("mq", ["shop"]), server("db", ["shop"])]
    estate += [database("pg", ["shop"])]
    edges = [
        edge("web", "mq", kind="connects_to", service="Apache Kafka", port=9092),
        edge("web", "db", kind="connects_to", service="PostgreSQL", port=5432),
        edge("pg", "db", kind="runs_on"),
    ]
    assert set(components(estate, edges=edges)) == {"mq (Apache Kafka)", "pg (PostgreSQL)"}


# The same estate, told otherwise


@st.composite
def estates(draw: st.DrawFn) -> list[Row]:
    """A few applications with servers and databases of which much is unknown."""
    names = [f"app{number}" for number in range(draw(st.integers(1, 3)))]
    rows = [application(name, criticality=draw(st.sampled_from([None, "low", "critical"]))) for name in names]
    systems = st.sampled_from([None, "rhel", "windows-server", "aix", "z-os"])
    for number in range(draw(st.integers(1, 5))):
        of = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
        rows.append(
            server(
                f"s{number}",
                of,
                os_product=draw(systems),
                is_virtual=draw(st.sampled_from([None, True, False])),
                lifecycle_status=draw(st.sampled_from([None, "operational", "retired"])),
            )
        )
    of = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    rows.append(database("d", of, database_product=draw(st.sampled_from([None, "db2", "mysql"]))))
    return rows


@hypothesis_settings(max_examples=6)
@given(estates(), st.randoms())
def test_the_order_of_the_inventory_changes_nothing(rows: list[Row], random: st.randoms) -> None:  # type: ignore[valid-type]
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = decide(rows), decide(shuffled)
    for name in ("questionnaire_answers", "treatments", "component_treatments"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


@hypothesis_settings(max_examples=6)
@given(estates())
def test_an_unrelated_workload_changes_no_decision_about_the_others(rows: list[Row]) -> None:
    alone, among = decide(rows).treatments, decide([*rows, server("zebra", os_product="hp-ux")]).treatments
    among = among[among["workload_name"] != "zebra"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among)


@hypothesis_settings(max_examples=6)
@given(estates())
def test_other_ids_change_no_decision(rows: list[Row]) -> None:
    renamed = {row["asset_id"]: asset_id(f"other {row['name']}") for row in rows}
    others = [
        {
            **row,
            "asset_id": renamed[row["asset_id"]],
            "application_ids": [renamed[one] for one in row["application_ids"]],
        }
        for row in rows
    ]
    columns = ["workload_name", "treatment", "confidence", "runner_up", "reason", "effort_days"]
    told = [
        decide(estate).treatments[columns].sort_values("workload_name", ignore_index=True) for estate in (rows, others)
    ]
    pd.testing.assert_frame_equal(*told)


@pytest.mark.parametrize("count", [0, 1])
def test_an_estate_without_workloads_or_with_one_is_no_problem(count: int) -> None:
    assert len(treated([server("s")][:count])) == count
