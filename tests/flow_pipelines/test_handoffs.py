"""Hand-offs: what is wrong with what is handed over is found, named, and said how to mend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flow_pipelines.approvals import Approval
from flow_pipelines.assess.gates import overview_problems
from flow_pipelines.assess.overview import assess_workloads
from flow_pipelines.flows import flow_named
from flow_pipelines.handoffs import MOST_OFFENDERS, handoff_problems, validate_handoff
from flow_pipelines.reference.handoff_rules import HandoffRules, Rule, handoff_rules, parse_rules
from flow_pipelines.sample.generate import write_sample
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform, empty
from tests.benchmarks.discovery_run import run_discovery
from tests.flow_pipelines.assess.estates import (
    Row,
    application,
    asset,
    asset_id,
    dependencies,
    edge,
    inventory,
    server,
)

ASSESS = flow_named("assess")
DISCOVERY = flow_named("discovery")
INVENTORY = "discovery/inventory"
BUILTIN = {"all_tables_are_there", "something_is_handed_over", "tables_fit_together"}
Frames = dict[str, pd.DataFrame]
NO_ROWS = {key: empty(output_tables()[key]) for key in DISCOVERY.tables}
SERVER: Row = {"environment": "production", "storage_allocated_gib": 100.0, "operating_system": "RHEL 9"}


def estate(*assets: Row, **tables: pd.DataFrame) -> Frames:
    """Return all tables of Discovery: these assets, one edge between them, all else empty unless given."""
    edges = dependencies(edge("s1", "s2"))
    frames = {**NO_ROWS, INVENTORY: inventory(*assets), "discovery/dependencies": edges}
    return frames | {f"discovery/{name}": frame for name, frame in tables.items()}


def good_server(name: str, **facts: object) -> Row:
    return server(name, ["shop"], **{**SERVER, **facts})


def good_estate(*more: Row, **tables: pd.DataFrame) -> Frames:
    return estate(application("shop", owner="Ann"), good_server("s1"), good_server("s2"), *more, **tables)


def validate(
    frames: Frames,
    snapshots: Mapping[str, str] | None = None,
    manifests: Mapping[str, Mapping[str, str]] | None = None,
) -> pd.DataFrame:
    handed_over = {key: f"snapshot of {key}" for key in frames} if snapshots is None else snapshots
    return validate_handoff(ASSESS, frames, versions=handed_over, manifests=manifests or {})


def rule(handoff: pd.DataFrame, rule_id: str) -> dict[str, Any]:
    (row,) = handoff[handoff["rule_id"] == rule_id].to_dict("records")
    return dict(row)


def not_passed(handoff: pd.DataFrame) -> dict[str, str]:
    bad = handoff[handoff["status"] != "passed"]
    return dict(zip(bad["rule_id"], bad["status"], strict=True))


def test_a_sound_estate_passes_every_rule() -> None:
    handoff = validate(good_estate())
    assert not_passed(handoff) == {}
    assert handoff_problems(handoff) == []
    assert set(handoff.loc[handoff["rule_is_builtin"].astype(bool), "rule_id"]) == BUILTIN
    assert handoff["remedy"].isna().all()


def test_servers_without_memory_are_named_with_the_command_that_mends_them() -> None:
    handoff = validate(good_estate(good_server("s3", memory_mib=None)))
    memory = rule(handoff, "memory_is_known")
    assert (memory["status"], memory["rows_checked"], memory["rows_failed"]) == ("failed", 3, 1)
    assert (memory["offenders"], memory["offender_names"]) == ([asset_id("s3")], ["s3"])
    assert memory["finding"] == "1 of 3 rows (33.3 %) don't tell memory_mib; at most 20 % may."
    (problem,) = handoff_problems(handoff)
    assert problem == (
        "Rule memory_is_known failed: Servers tell their memory. 1 of 3 rows (33.3 %) don't tell memory_mib; at most "
        f"20 % may. They are s3 ({asset_id('s3')}). Import a source that tells it, or enter it: "
        f"flow edit set <scope> discovery/inventory {asset_id('s3')} memory_mib VALUE"
    )


def test_what_is_within_the_allowed_share_passes_and_is_still_named() -> None:
    servers = [good_server(f"t{number}") for number in range(8)]
    memory = rule(validate(good_estate(*servers, good_server("s3", memory_mib=None))), "memory_is_known")
    assert (memory["status"], memory["rows_failed"], memory["offender_names"]) == ("passed", 1, ["s3"])


def test_a_retired_server_need_not_tell_its_memory() -> None:
    retired = good_server("old", memory_mib=None, lifecycle_status="retired")
    assert not_passed(validate(good_estate(retired))) == {}


def test_only_errors_keep_the_next_flow_from_starting() -> None:
    handoff = validate(estate(server("s1", **{**SERVER, "environment": None})))
    assert not_passed(handoff) == {"environments_are_known": "warned", "applications_are_known": "warned"}
    assert handoff_problems(handoff) == []


def test_an_estate_without_servers_is_not_handed_over() -> None:
    handoff = validate(estate(asset("esx1", "hypervisor_host")))
    assert rule(handoff, "servers_are_known")["status"] == "failed"
    assert [problem.split(" failed")[0] for problem in handoff_problems(handoff)] == ["Rule servers_are_known"]


def test_a_server_that_is_hardly_one_machine_fails_and_a_doubtful_one_warns() -> None:
    assert not_passed(validate(good_estate(good_server("s3", resolution_confidence=0.4)))) == {
        "identities_are_likely": "failed",
        "identities_are_sure": "warned",
    }
    assert not_passed(validate(good_estate(good_server("s3", resolution_confidence=0.7)))) == {
        "identities_are_sure": "warned"
    }


def test_dependencies_that_are_all_noise_warn() -> None:
    noise = dependencies(edge("s1", "s2", is_noise=True))
    assert not_passed(validate(good_estate(dependencies=noise))) == {"dependencies_are_known": "warned"}


def test_a_mapping_that_waits_for_a_decision_warns() -> None:
    table = output_tables()["discovery/attribute_mappings"]
    mapping = {
        "mapping_id": asset_id("mapping"), "source_file": "a.csv", "source_format": "generic",
        "record_type": "server", "source_column": "Mem", "status": "proposed", "method": "likeness",
        "confidence": 0.5, "filled_rows": 1, "reason": "alike",
    }  # fmt: skip
    mappings = conform(pd.DataFrame([mapping]), table)
    handoff = validate(good_estate(attribute_mappings=mappings))
    assert not_passed(handoff) == {"mappings_are_decided": "warned"}
    decided = rule(handoff, "mappings_are_decided")
    assert decided["offender_names"] == ["Mem"]
    assert asset_id("mapping") in decided["remedy"]


def rejected(reason_code: str, row_count: int) -> pd.DataFrame:
    row = {
        "record_id": asset_id(reason_code), "source_file": "a.csv", "row_count": row_count,
        "reason_code": reason_code, "reason": "why", "remedy": "what to do",
    }  # fmt: skip
    return conform(pd.DataFrame([row]), output_tables()["discovery/rejected_records"])


@pytest.mark.parametrize(
    ("reason_code", "rows", "warns"), [("no_identity", 4, False), ("no_identity", 40, True), ("footer", 40, False)]
)
def test_rejected_rows_warn_by_their_share_and_only_if_they_held_data(
    reason_code: str, rows: int, *, warns: bool
) -> None:
    imported = {
        "record_id": asset_id("record"), "source_file": "a.csv", "row_number": 2, "row_count": 100,
        "source_format": "generic", "record_type": "connection", "raw_values": {},
    }  # fmt: skip
    table = output_tables()["discovery/imported_records"]
    handoff = validate(
        good_estate(
            imported_records=conform(pd.DataFrame([imported]), table), rejected_records=rejected(reason_code, rows)
        )
    )
    assert not_passed(handoff) == ({"few_rows_are_rejected": "warned"} if warns else {})


def test_a_table_that_is_not_handed_over_fails_its_rules_too() -> None:
    frames = good_estate()
    del frames[INVENTORY]
    handoff = validate(frames)
    missing = rule(handoff, "all_tables_are_there")
    assert (missing["status"], missing["rows_failed"], missing["offenders"]) == ("failed", 1, [INVENTORY])
    assert rule(handoff, "memory_is_known")["finding"] == "discovery/inventory is not there."
    assert rule(handoff, "memory_is_known")["status"] == "failed"


def test_a_table_without_a_snapshot_is_missing() -> None:
    frames = good_estate()
    handoff = validate(frames, {key: "1" for key in frames if key != INVENTORY})
    assert rule(handoff, "all_tables_are_there")["offenders"] == [INVENTORY]


def test_nothing_to_start_from_fails() -> None:
    substance = rule(validate(NO_ROWS), "something_is_handed_over")
    assert substance["status"] == "failed"
    # What the overview of Assess is computed from, as its columns say.
    assert substance["offenders"] == ["discovery/dependencies", INVENTORY, "discovery/tech_debt"]


def test_a_table_computed_from_another_version_than_the_one_handed_over_fails() -> None:
    frames = good_estate()
    snapshots = dict.fromkeys(frames, "new")
    fitting = {"discovery/tech_debt": {INVENTORY: "new"}}
    outdated = {"discovery/dependencies": {INVENTORY: "old"}, **fitting}
    assert not_passed(validate(frames, snapshots, fitting)) == {}
    closure = rule(validate(frames, snapshots, outdated), "tables_fit_together")
    assert (closure["status"], closure["rows_failed"]) == ("failed", 1)
    assert closure["offenders"] == ["discovery/dependencies"]
    assert closure["finding"] == "discovery/dependencies was computed from another version of discovery/inventory."
    assert closure["remedy"] == "Run Discovery again: flow run <scope> --flow discovery"


def test_tables_that_read_different_versions_of_an_earlier_flows_table_do_not_fit_together() -> None:
    earlier = "handoffs/some_earlier_flow"
    manifests = {"discovery/dependencies": {earlier: "1"}, "discovery/tech_debt": {earlier: "2"}}
    assert not_passed(validate(good_estate(), manifests=manifests)) == {"tables_fit_together": "failed"}
    agreeing = {key: {earlier: "1"} for key in manifests}
    assert not_passed(validate(good_estate(), manifests=agreeing)) == {}


def test_a_hand_off_without_rules_of_its_own_has_the_built_in_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flow_pipelines.handoffs.handoff_rules", lambda: parse_rules("{version: 1, handoffs: {}}"))
    assert set(validate(good_estate())["rule_id"]) == BUILTIN


def test_no_more_offenders_are_kept_than_a_person_reads() -> None:
    servers = [good_server(f"t{number}", memory_mib=None) for number in range(50)]
    frames = good_estate(*servers)
    backwards = frames | {INVENTORY: frames[INVENTORY].iloc[::-1]}
    memory = rule(validate(backwards), "memory_is_known")
    assert memory["rows_failed"] == 50
    assert memory["offenders"] == sorted(asset_id(f"t{number}") for number in range(50))[:MOST_OFFENDERS]


def test_sample_estates_pass_without_a_failed_rule(tmp_path: Path) -> None:
    write_sample(tmp_path, servers=20, connections=200, seed=7)
    frames = {f"discovery/{name}": frame for name, frame in run_discovery(tmp_path).items()}
    assert handoff_problems(validate(frames)) == []
    overview = assess_workloads(frames[INVENTORY], frames["discovery/dependencies"], frames["discovery/tech_debt"])
    assert overview_problems(frames[INVENTORY], overview) == []


SERVERS = st.lists(
    st.builds(
        good_server,
        st.sampled_from([f"x{number}" for number in range(30)]),
        memory_mib=st.none() | st.floats(1, 1e6),
        cpu_count=st.none() | st.integers(1, 64),
        environment=st.sampled_from([None, "production"]),
        lifecycle_status=st.sampled_from([None, "operational", "retired"]),
        resolution_confidence=st.floats(0, 1),
    ),
    unique_by=lambda row: row["asset_id"],
)


def breaks(one: Rule, row: dict[str, Any]) -> bool:
    """Tell, row by row and by the words of the vocabulary, whether a row of the inventory breaks a rule."""
    if any(row[column] not in values for column, values in one.where.items()):
        return False
    if any(row[column] in values for column, values in one.unless.items()):
        return False
    if one.kind == "filled":
        cell = row[one.column]
        return cell == [] or (not isinstance(cell, list) and bool(pd.isna(cell)))
    return one.kind == "at_least" and not row[one.column] >= one.value


@given(servers=SERVERS, seed=st.integers(0, 1000))
@hypothesis_settings(max_examples=5)
def test_counts_add_up_offenders_are_real_and_the_order_of_rows_changes_nothing(servers: list[Row], seed: int) -> None:
    frames = estate(application("shop"), *servers)
    handoff = validate(frames)
    rows = frames[INVENTORY].to_dict("records")
    for one in handoff_rules().handoffs["discovery_to_assess"]:
        result = rule(handoff, one.rule_id)
        assert 0 <= result["rows_failed"] <= result["rows_checked"]
        assert len(result["offender_names"]) == len(result["offenders"])
        if one.table == INVENTORY:
            broken = sorted(row["asset_id"] for row in rows if breaks(one, row))
            assert result["rows_failed"] == len(broken)
            assert result["offenders"] == broken[:MOST_OFFENDERS]
        if one.kind in {"filled", "at_least"} and result["rows_checked"]:
            passing = result["rows_checked"] - result["rows_failed"]
            assert (result["status"] == "passed") == (passing / result["rows_checked"] >= one.share)
    shuffled = {key: frame.sample(frac=1, random_state=seed) for key, frame in frames.items()}
    pd.testing.assert_frame_equal(validate(shuffled), handoff)


def test_a_table_that_must_be_approved_fails_until_a_person_approved_this_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = handoff_rules().handoffs["assess_to_plan"]
    (approved,) = [one for one in installed if one.kind == "approved"]
    assert (approved.table, approved.severity) == ("assess/plan_of_record", "error")
    here = approved.model_copy(update={"table": INVENTORY})
    rules = HandoffRules(version=1, handoffs={"discovery_to_assess": (here,)})
    monkeypatch.setattr("flow_pipelines.handoffs.handoff_rules", lambda: rules)
    frames = good_estate()
    snapshots = {key: f"snapshot of {key}" for key in frames}

    waiting = rule(validate(frames), "plan_is_approved")
    assert (waiting["status"], waiting["finding"]) == ("failed", "Nobody has approved this version.")
    assert "flow approve <scope>" in handoff_problems(validate(frames))[0]
    approval = Approval(1, INVENTORY, "hash", "Ann", "agreed in the board", datetime(2026, 7, 1, tzinfo=UTC))
    handoff = validate_handoff(ASSESS, frames, versions=snapshots, manifests={}, approvals={INVENTORY: approval})
    passed = rule(handoff, "plan_is_approved")
    assert (passed["status"], passed["finding"]) == ("passed", "Ann approved it: agreed in the board")
