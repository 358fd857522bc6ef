from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, combinations

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.gates import conflict_problems, inventory_problems
from flow_pipelines.discovery.identity.contradictions import contradict
from flow_pipelines.discovery.identity.details import fold_details
from flow_pipelines.discovery.identity.evidence import gather
from flow_pipelines.discovery.identity.pairs import likely_pairs
from flow_pipelines.discovery.inventory import InventoryResult, resolve_inventory
from flow_pipelines.reference.identity_model import identity_model
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import cleansed_records
from tests.flow_pipelines.discovery.identity.sources import (
    BIOS,
    BIOS_SWAPPED,
    OTHER_BIOS,
    OTHER_VM,
    SCOPE,
    SETTINGS,
    VM,
    VMWARE_SERIAL,
    Sources,
)

# Few values, so that records share keys and contradict each other all the time.
NAMES = ("web01", "web02", "wweb01", "web01-old", "WEB01.corp.example", "localhost", "db01", None)
MACHINE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "bios_uuid": st.sampled_from((BIOS, BIOS_SWAPPED, OTHER_BIOS, None, None)),
        "vm_uuid": st.sampled_from((VM, OTHER_VM, BIOS, None, None)),
        "serial_number": st.sampled_from(("CZJ1", "CZJ2", VMWARE_SERIAL, None, None)),
        "external_id": st.sampled_from(("1", "2", "ab" * 16, BIOS, None)),
        "ip_addresses": st.sampled_from((["10.1.2.3"], ["10.1.2.4"], ["10.1.2.3", "10.1.2.4"], None)),
        "mac_addresses": st.sampled_from((["00:50:56:00:00:01"], ["00:50:56:00:00:02"], None)),
        "environment": st.sampled_from(("production", "test", None)),
        "hypervisor_host": st.sampled_from(("esx1", "esx2", None)),
        "virtual_center": st.sampled_from(("vc1", "vc2", None)),
        "application_names": st.sampled_from((["Claims Portal"], ["claims-portal", "CLPO"], ["Clams Portal"], None)),
        "is_template": st.sampled_from((True, False, None, None)),
        "owner": st.sampled_from(("Ann", "Bob", None)),
    }
)
FORMATS = st.sampled_from(("rvtools", "servicenow", "aws_migration_hub", "generic"))
KINDS = st.sampled_from(
    ("server", "server", "server", "server_disk", "server_network", "hypervisor_host", "database", "application")
)
ROWS = st.lists(st.tuples(FORMATS, KINDS, MACHINE), min_size=1, max_size=9)
MODERATE = settings(max_examples=7, suppress_health_check=[HealthCheck.too_slow])


def frame_of(rows: Sequence[tuple[str, str, dict[str, object]]]) -> pd.DataFrame:
    sources = Sources()
    for source_format, record_type, cells in rows:
        sources.record(source_format, record_type, **cells)
    return sources.frame()


def resolve(records: pd.DataFrame) -> InventoryResult:
    return resolve_inventory(records, scope=SCOPE, settings=SETTINGS)


@MODERATE
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[str, str, dict[str, object]]], random: object) -> None:
    records = frame_of(rows)
    order = list(records.index)
    random.shuffle(order)  # type: ignore[attr-defined]
    expected, found = resolve(records), resolve(records.loc[order])
    pd.testing.assert_frame_equal(found.inventory, expected.inventory)
    pd.testing.assert_frame_equal(found.inventory_conflicts, expected.inventory_conflicts)


@MODERATE
@given(ROWS)
def test_nothing_is_lost_or_counted_twice(rows: list[tuple[str, str, dict[str, object]]]) -> None:
    records = frame_of(rows)
    result = resolve(records)
    assert inventory_problems(records, result.inventory) == []
    assert conflict_problems(result.inventory, result.inventory_conflicts) == []


@MODERATE
@given(ROWS)
def test_no_asset_holds_a_contradiction(rows: list[tuple[str, str, dict[str, object]]]) -> None:
    records = frame_of(rows)
    machines = fold_details(records).records
    facts = dict(zip(machines["record_id"], gather(machines, "server", ()).facts, strict=True))
    inventory = resolve(records).inventory
    for ids in inventory.loc[inventory["asset_type"] == "server", "source_entity_ids"]:
        for one, other in combinations([record_id for record_id in ids if record_id in facts], 2):
            assert not contradict(facts[one], facts[other])


@MODERATE
@given(ROWS)
def test_a_record_that_has_nothing_to_do_with_them_changes_no_asset(
    rows: list[tuple[str, str, dict[str, object]]],
) -> None:
    stranger: dict[str, object] = {
        "name": "lonely77",
        "bios_uuid": "00f1c0de-0000-4000-8000-0000000000aa",
        "ip_addresses": ["192.0.2.77"],
        "application_names": ["Weather Station"],
    }
    before = resolve(frame_of(rows)).inventory
    after = resolve(frame_of([*rows, ("servicenow", "server", stranger)])).inventory
    kept = after[after["asset_id"].isin(before["asset_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before)
    assert len(after) == len(before) + 2


# Size: 21,000 records, compared by structure and not by the clock.


def large_estate(servers: int) -> pd.DataFrame:
    """Three records of each server, which share with all others whatever says nothing."""
    numbers = np.repeat(np.arange(servers), 3)
    formats = np.tile(["rvtools", "servicenow", "aws_migration_hub"], servers)
    uuids = [f"42{number:06x}-2222-4333-8444-555566667777" for number in numbers]
    frame = pd.DataFrame(
        {
            "record_id": SCOPE.ids_of("record", ((place,) for place in range(len(numbers)))),
            "source_file": [f"{source_format}.csv" for source_format in formats],
            "row_number": np.arange(len(numbers)) + 2,
            "row_count": 1,
            "source_format": formats,
            "record_type": "server",
            "quality_score": 0.8,
            "quality_issues": [[] for _ in numbers],
            "name": [f"srv{number:05d}" for number in numbers],
            "host_name": "localhost",
            "bios_uuid": [
                None if source_format == "servicenow" else uuid
                for source_format, uuid in zip(formats, uuids, strict=True)
            ],
            "serial_number": "VIRTUAL MACHINE 1",
            "ip_addresses": [["10.0.0.1", f"10.{number >> 8}.{number & 255}.7"] for number in numbers],
            "mac_addresses": [["0a:00:27:00:00:00"] for _ in numbers],
        }
    )
    return conform(frame, cleansed_records)


def test_large_estates_are_resolved_without_comparing_everything_with_everything() -> None:
    servers = 7_000
    records = large_estate(servers)
    evidence = gather(records.sort_values("record_id", ignore_index=True), "server", ())
    for kind in ("name", "serial", "ip", "mac"):
        counts = Counter(chain.from_iterable(evidence.keys[kind]))
        assert max(counts.values(), default=0) <= identity_model().most_records_per_key
    assert len(likely_pairs(evidence)) == 3 * servers
    inventory = resolve(records).inventory
    assert len(inventory) == servers
    assert (inventory["source_entity_ids"].map(len) == 3).all()
