from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.gates import inventory_problems
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.edits import Edit
from tests.flow_pipelines.discovery.identity.sources import BIOS, OTHER_BIOS, SCOPE, SETTINGS, Outcome, Sources
from tests.flow_pipelines.editing import merge, split, withdraw


@pytest.fixture
def sources() -> Sources:
    return Sources()


def resolve(sources: Sources, *edits: Edit) -> Outcome:
    return Outcome(resolve_inventory(sources.frame(), scope=SCOPE, settings=SETTINGS, edits=edits))


def outcomes(outcome: Outcome) -> list[str]:
    return [one.outcome for one in outcome.result.edit_outcomes]


def test_a_person_merges_what_the_model_keeps_apart_even_against_contradictions(sources: Sources) -> None:
    vm = sources.vm("web01", bios_uuid=BIOS, serial_number="CZJ1", ip_addresses=["10.1.2.3"])
    agent = sources.agent("web01", bios_uuid=BIOS)
    item = sources.item("frontend", bios_uuid=OTHER_BIOS, serial_number="CZJ2")
    assert not resolve(sources).are_one(vm, item)
    merged = resolve(sources, merge(agent, item))
    assert merged.are_one(vm, agent, item)
    asset = merged.of(vm)
    assert asset["resolution_method"] == "person"
    assert asset["resolution_reason"] == (
        "3 records: same bios_uuid in aws_migration_hub and rvtools; merged by ann (seen in the rack)"
    )
    assert outcomes(merged) == ["applied"]
    assert ("CZJ2", "CZJ1") in merged.conflicts("serial_number")


def test_a_merge_keeps_the_id_of_one_of_the_two_assets(sources: Sources) -> None:
    vm, item = sources.vm("web01", bios_uuid=BIOS), sources.item("frontend", bios_uuid=OTHER_BIOS)
    before = resolve(sources)
    ids = {before.of(vm)["asset_id"], before.of(item)["asset_id"]}
    assert resolve(sources, merge(vm, item)).of(vm)["asset_id"] in ids
    assert resolve(sources, merge(item, vm)).of(vm)["asset_id"] == resolve(sources, merge(vm, item)).of(vm)["asset_id"]


def test_a_person_splits_what_the_model_joins_and_the_rest_keeps_its_id(sources: Sources) -> None:
    vm, agent = sources.vm("web01", bios_uuid=BIOS), sources.agent("web01", bios_uuid=BIOS)
    clone = sources.item("web01", bios_uuid=BIOS)
    before = resolve(sources)
    assert before.are_one(vm, agent, clone)
    after = resolve(sources, split(clone))
    assert after.are_one(vm, agent)
    assert not after.are_one(vm, clone)
    assert after.of(vm)["asset_id"] == before.of(vm)["asset_id"]
    assert after.of(clone)["resolution_method"] == "person"
    assert after.of(clone)["resolution_reason"] == "1 record: split off by ann (seen in the rack)"
    assert after.of(vm)["resolution_method"] == "uuid"
    assert after.of(vm)["resolution_reason"].endswith("another record split off by ann (seen in the rack)")
    assert outcomes(after) == ["applied"]


def test_records_split_off_and_merged_are_one_asset_apart_from_the_rest(sources: Sources) -> None:
    first, second = sources.vm("web01", bios_uuid=BIOS), sources.agent("web01", bios_uuid=BIOS)
    third, fourth = sources.item("web01", bios_uuid=BIOS), sources.item("WEB01", bios_uuid=BIOS)
    before = resolve(sources)
    after = resolve(sources, split(third), split(fourth), merge(third, fourth))
    assert after.are_one(first, second)
    assert after.are_one(third, fourth)
    assert not after.are_one(first, third)
    assert after.of(first)["asset_id"] == before.of(first)["asset_id"]


def test_the_later_of_two_decisions_holds(sources: Sources) -> None:
    vm, item = sources.vm("web01", bios_uuid=BIOS), sources.item("frontend")
    joined, parted = merge(vm, item), split(item)
    assert not resolve(sources, joined, parted).are_one(vm, item)
    assert resolve(sources, joined, parted, merge(item, vm)).are_one(vm, item)


def test_a_withdrawn_decision_leaves_the_model_s_own(sources: Sources) -> None:
    vm, item = sources.vm("web01", bios_uuid=BIOS), sources.item("frontend")
    joined = merge(vm, item)
    after = resolve(sources, joined, withdraw(joined))
    assert not after.are_one(vm, item)
    assert outcomes(after) == []
    assert after.inventory.equals(resolve(sources).inventory)


def test_what_the_model_does_anyway_is_agreed(sources: Sources) -> None:
    vm, agent = sources.vm("web01", bios_uuid=BIOS), sources.agent("web01", bios_uuid=BIOS)
    alone = sources.item("frontend")
    after = resolve(sources, merge(vm, agent), split(alone))
    assert outcomes(after) == ["agreed", "agreed"]
    assert after.of(vm)["resolution_method"] == "uuid"
    assert after.of(alone)["resolution_method"] == "single"


def test_a_decision_about_a_record_that_is_gone_or_another_by_now_does_nothing(sources: Sources) -> None:
    vm, item = sources.vm("web01"), sources.item("frontend")
    gone = SCOPE.id_of("record", 77)
    after = resolve(
        sources, merge(vm, gone), split(gone), merge(vm, item, names=["web01", "mail07"]), split(vm, name="mail07")
    )
    assert outcomes(after) == ["not_found"] * 4
    assert not after.are_one(vm, item)
    assert outcomes(resolve(sources, merge(vm, item, names=["WEB01", "frontend"]))) == ["applied"]


def test_records_of_two_types_are_never_merged(sources: Sources) -> None:
    vm, database = sources.vm("web01"), sources.database("ERPP1@db01")
    after = resolve(sources, merge(vm, database))
    assert outcomes(after) == ["not_found"]
    assert after.of(vm)["asset_type"] == "server"
    assert after.of(database)["asset_type"] == "database"


def test_a_detail_stands_for_its_machine(sources: Sources) -> None:
    vm, item = sources.vm("web01"), sources.item("frontend")
    disk = sources.record("rvtools", "server_disk", name="web01", virtual_center="vc01")
    after = resolve(sources, merge(disk, item))
    assert after.are_one(vm, disk, item)


def test_applications_are_merged_like_machines(sources: Sources) -> None:
    portal, short = sources.application("Claims Portal"), sources.application("Schadenportal")
    vm = sources.vm("web01", application_names=["Schadenportal"])
    after = resolve(sources, merge(portal, short))
    assert after.are_one(portal, short)
    assert list(after.of(vm)["application_ids"]) == [after.of(portal)["asset_id"]]


# Whatever people decide, in whatever order.

NAMES = st.sampled_from(("web01", "web02", "db01"))
MACHINE = st.fixed_dictionaries(
    {
        "name": NAMES,
        "bios_uuid": st.sampled_from((BIOS, OTHER_BIOS, None)),
        "ip_addresses": st.sampled_from((["10.1.2.3"], ["10.1.2.4"], None)),
        "virtual_center": st.just("vc01"),
    }
)
KINDS = st.sampled_from(("server", "server", "server", "server_disk", "application"))
FORMATS = st.sampled_from(("rvtools", "servicenow", "aws_migration_hub"))
PLACE = st.integers(0, 8)
DECISIONS = st.lists(st.tuples(st.booleans(), PLACE, PLACE), max_size=8)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(FORMATS, KINDS, MACHINE), min_size=1, max_size=8), DECISIONS)
def test_merges_and_splits_in_any_order_lose_no_record_and_put_none_into_two_assets(
    rows: list[tuple[str, str, dict[str, object]]], decisions: list[tuple[bool, int, int]]
) -> None:
    sources = Sources()
    ids = [sources.record(source_format, kind, **cells) for source_format, kind, cells in rows]
    # A record that does not exist is among them.
    ids.append(SCOPE.id_of("record", 77))
    edits = [
        merge(ids[one % len(ids)], ids[other % len(ids)]) if is_merge else split(ids[one % len(ids)])
        for is_merge, one, other in decisions
    ]
    outcome = resolve(sources, *edits)
    assert inventory_problems(sources.frame(), outcome.inventory) == []
    used = Counter(record_id for found in outcome.inventory["source_entity_ids"] for record_id in found)
    unedited = Counter(record_id for found in resolve(sources).inventory["source_entity_ids"] for record_id in found)
    assert used == unedited
    assert [one.edit_id for one in outcome.result.edit_outcomes] == [edit.edit_id for edit in edits]
    # The last decision of all holds, if its records are there.
    if edits and outcome.result.edit_outcomes[-1].outcome != "not_found":
        last = edits[-1]
        assets = [found for found in outcome.inventory["source_entity_ids"] if last.entity_id in found]
        assert len(assets) == 1
        if last.kind == "merge":
            assert last.new_value in assets[0]
    assert outcome.inventory.equals(resolve(sources, *edits).inventory)
