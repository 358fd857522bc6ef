"""What a newer export of a source does: update, leave alone, mark what vanished, keep ids."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_pipelines.settings import EngagementSettings, SourceStatement
from tests.flow_pipelines.discovery.identity.sources import BIOS, OTHER_BIOS, SETTINGS, VM, Outcome, Sources

FEBRUARY, MARCH = "RVTools_export_2026-02.xlsx", "RVTools_export_2026-03.xlsx"
NAMES = [f"app{number:03}" for number in range(20)]
NEWER = "newer export: RVTools_export_2026-03.xlsx after RVTools_export_2026-02.xlsx of the same source"


def exported(sources: Sources, file: str, landing: int, name: str, **cells: object) -> str:
    return sources.vm(name, source_file=file, landing_number=landing, **cells)


def two_exports(march: list[str], *, february: list[str] = NAMES) -> Sources:
    """Two exports of one virtual center, the second with only some of the machines."""
    sources = Sources()
    for file, landing, names in ((FEBRUARY, 1, february), (MARCH, 2, march)):
        for name in names:
            exported(sources, file, landing, name, external_id=f"vm-{name}")
    return sources


def missing(outcome: Outcome) -> dict[str, str]:
    rows = outcome.inventory[outcome.inventory["is_missing_from_latest"]]
    return dict(zip(rows["name"], rows["missing_reason"], strict=True))


def test_a_newer_value_wins_and_the_older_one_is_kept_as_history() -> None:
    sources = Sources()
    old = exported(sources, FEBRUARY, 1, "web01", external_id="vm-1", cpu_count=4, memory_mib=8192, owner="Ann")
    new = exported(sources, MARCH, 2, "web01", external_id="vm-1", cpu_count=8, memory_mib=8192)
    outcome = sources.resolve()
    asset = outcome.of(new)
    assert outcome.are_one(old, new)
    assert asset["cpu_count"] == 8
    assert asset["owner"] == "Ann", "what the newer export does not mention is left alone"
    assert outcome.conflicts("cpu_count") == [("8", "4")]
    assert outcome.result.inventory_conflicts["rule"].str.startswith(NEWER).all()


def test_of_two_exports_that_landed_at_once_the_one_that_is_dated_later_is_newer() -> None:
    sources = Sources()
    for month, cpus in ((3, 8), (2, 4)):
        sources.vm(
            "web01", source_file=f"export{4 - month}.xlsx", landing_number=1, external_id="vm-1", cpu_count=cpus,
            exported_at=datetime(2026, month, 1, tzinfo=UTC),
        )  # fmt: skip
    assert sources.resolve().named("web01")["cpu_count"] == 8


def test_an_older_export_that_lands_later_changes_nothing_that_is_newer() -> None:
    sources = Sources()
    for landing, month, cpus in ((1, 3, 8), (2, 2, 4)):
        sources.vm(
            "web01", source_file="export.xlsx", landing_number=landing, external_id="vm-1", cpu_count=cpus,
            exported_at=datetime(2026, month, 1, tzinfo=UTC),
        )  # fmt: skip
    assert sources.resolve().named("web01")["cpu_count"] == 8


def test_an_address_that_a_newer_export_no_longer_tells_is_gone_and_kept_as_history() -> None:
    sources = Sources()
    exported(sources, FEBRUARY, 1, "web01", external_id="vm-1", ip_addresses=["10.1.1.1", "10.1.1.2"])
    exported(sources, MARCH, 2, "web01", external_id="vm-1", ip_addresses=["10.1.1.2", "10.1.1.9"])
    sources.item("web01", ip_addresses=["10.1.1.2"])
    outcome = sources.resolve()
    assert outcome.named("web01")["ip_addresses"] == ["10.1.1.2", "10.1.1.9"]
    assert outcome.conflicts("ip_addresses") == [("10.1.1.2, 10.1.1.9", "10.1.1.1")]


def test_what_a_newer_full_export_does_not_mention_has_vanished_and_stays() -> None:
    outcome = two_exports(NAMES[1:]).resolve()
    assert set(outcome.inventory["name"]) == set(NAMES)
    assert missing(outcome) == {
        NAMES[0]: f"seen last in {FEBRUARY}; not in {MARCH}, a full export: it mentions 19 of the 20 known before"
    }
    assert outcome.named(NAMES[0])["last_seen_in"] == [FEBRUARY]
    assert outcome.named(NAMES[1])["last_seen_in"] == [MARCH]


def test_an_export_of_a_few_machines_is_partial_and_nothing_vanishes() -> None:
    assert missing(two_exports(NAMES[:1]).resolve()) == {}


def test_what_comes_back_in_a_later_export_is_not_missing_any_more() -> None:
    sources = two_exports(NAMES[1:])
    exported(sources, "RVTools_export_2026-04.xlsx", 3, NAMES[0], external_id=f"vm-{NAMES[0]}")
    assert missing(sources.resolve()) == {}


def test_a_machine_that_another_source_still_lists_is_marked_all_the_same() -> None:
    sources = two_exports(NAMES[1:])
    sources.item(NAMES[0], landing_number=1)
    found = sources.resolve().named(NAMES[0])
    assert found["is_missing_from_latest"]
    assert found["last_seen_in"] == [FEBRUARY, "cmdb.csv"]


def test_another_virtual_center_is_another_source() -> None:
    sources = two_exports(NAMES)
    for name in ("old01", "old02"):
        exported(sources, "other.xlsx", 1, name, virtual_center="vc02", external_id="vm-9" + name)
    assert missing(sources.resolve()) == {}


def test_one_virtual_center_is_known_by_its_uuid_under_another_name() -> None:
    sources = Sources()
    for landing, file, center, names in ((1, FEBRUARY, "vc01", NAMES), (2, MARCH, "vc01.corp.example", NAMES[1:])):
        for name in names:
            exported(
                sources, file, landing, name, virtual_center=center, custom_attributes={"VI SDK UUID": BIOS},
                vm_uuid=f"5011{name[3:]}1-2233-4455-6677-8899aabbccdd",
            )  # fmt: skip
    assert list(missing(sources.resolve())) == NAMES[:1]


@pytest.mark.parametrize(("statement", "expected"), [("full", set(NAMES[1:])), ("partial", set())])
def test_a_person_says_whether_an_export_is_full(statement: Literal["full", "partial"], expected: set[str]) -> None:
    said = SETTINGS.model_copy(update={"sources": (SourceStatement(files="*2026-03*", coverage=statement),)})
    sources = two_exports(NAMES[:1])
    for name in NAMES:
        exported(sources, "RVTools_export_2026-01.xlsx", 0, name, external_id=f"vm-{name}")
    assert set(missing(sources.resolve(said))) == expected


def lists(columns: tuple[dict[str, object], dict[str, object]], files: tuple[str, str], names: list[str]) -> Sources:
    sources = Sources()
    for landing, (file, cells) in enumerate(zip(files, columns, strict=True), start=1):
        for number, name in enumerate(NAMES if landing == 1 else names):
            sources.record(
                "generic", "server", name=name, ip_addresses=[f"10.0.0.{NAMES.index(name)}"], row_number=number + 2,
                source_file=file, landing_number=landing, **cells,
            )  # fmt: skip
    return sources


def test_lists_with_like_columns_and_machines_are_one_source() -> None:
    same = {"owner": "Ann", "environment": "production"}
    assert list(missing(lists((same, same), ("estate.csv", "estate new.csv"), NAMES[1:]).resolve())) == NAMES[:1]


def test_lists_of_the_same_machines_that_tell_other_things_are_two_sources() -> None:
    told: tuple[dict[str, object], dict[str, object]] = (
        {"owner": "Ann", "environment": "production", "location": "Bonn"},
        {"cpu_usage_percent_average": 4.0, "memory_used_mib_average": 900.0},
    )
    assert missing(lists(told, ("estate.csv", "monitoring.csv"), NAMES[1:]).resolve()) == {}


def test_lists_of_other_machines_are_two_sources_unless_a_person_says_otherwise() -> None:
    sources = Sources()
    for landing, names in ((1, NAMES[:10]), (2, NAMES[10:])):
        for name in names:
            file = f"site{landing}.csv"
            sources.record("generic", "server", name=name, owner="A", source_file=file, landing_number=landing)
    assert missing(sources.resolve()) == {}
    said = (SourceStatement(files="site*.csv", source="sites", coverage="full"),)
    assert len(missing(sources.resolve(SETTINGS.model_copy(update={"sources": said})))) == 10


def test_a_source_that_repeats_itself_is_neither_evidence_nor_doubt() -> None:
    once, twice = Sources(), Sources()
    for landing in (1, 2):
        for name in ("web01", "db01"):
            twice.record("generic", "server", name=name, owner="Ann", landing_number=landing)
    for name in ("web01", "db01"):
        once.record("generic", "server", name=name, owner="Ann", landing_number=1)
    told = ["name", "resolution_method", "resolution_confidence", "resolution_reason"]
    assert twice.resolve().inventory[told].equals(once.resolve().inventory[told])


def test_an_application_that_a_newer_export_no_longer_names_is_no_longer_the_machines() -> None:
    sources = Sources()
    exported(sources, FEBRUARY, 1, "web01", external_id="vm-1", application_names=["Claims"])
    exported(sources, MARCH, 2, "web01", external_id="vm-1", application_names=["Payroll"])
    assert sources.resolve().named("web01")["application_names"] == ["Payroll"]


def test_the_cmdb_may_correct_a_serial_number() -> None:
    sources = Sources()
    old = sources.item("web01", external_id="ab" * 16, serial_number="CZJ1", landing_number=1)
    new = sources.item("web01", external_id="ab" * 16, serial_number="CZJ2", landing_number=2)
    assert sources.resolve().are_one(old, new)


def test_an_id_that_a_new_management_server_gives_to_another_machine_says_nothing() -> None:
    sources = Sources()
    old = exported(sources, FEBRUARY, 1, "web01", external_id="vm-1", bios_uuid=BIOS)
    new = exported(sources, MARCH, 2, "db77", external_id="vm-1", bios_uuid=OTHER_BIOS)
    assert not sources.resolve().are_one(old, new)


def test_a_machine_renamed_and_moved_between_exports_is_the_same_but_a_clone_in_one_export_is_not() -> None:
    sources = Sources()
    old = exported(sources, FEBRUARY, 1, "web01", vm_uuid=VM, bios_uuid=BIOS, ip_addresses=["10.1.1.1"])
    new = exported(sources, MARCH, 2, "shop01", vm_uuid=VM, bios_uuid=BIOS, ip_addresses=["10.9.9.9"])
    assert sources.resolve().are_one(old, new)
    clone = exported(sources, MARCH, 2, "copy01", vm_uuid=VM, bios_uuid=BIOS, ip_addresses=["10.7.7.7"])
    assert not sources.resolve().are_one(new, clone)


def test_forty_exports_of_a_machine_are_still_one_machine() -> None:
    sources = Sources()
    for landing in range(1, 41):
        exported(sources, f"{landing}.xlsx", landing, "web01", bios_uuid=BIOS, ip_addresses=["10.1.1.1"])
    assert len(sources.resolve().inventory) == 1


MACHINE = st.fixed_dictionaries(
    {
        "uuid": st.booleans(),
        "serial": st.booleans(),
        "id": st.booleans(),
        "later_serial": st.booleans(),
        "later_uuid": st.booleans(),
        "renamed": st.booleans(),
        "moved": st.booleans(),
    }
)


def versions(number: int, machine: dict[str, bool]) -> tuple[dict[str, object], dict[str, object]]:
    """A machine in an export and in the next one; something that tells it again always stays."""
    uuid = f"42{number:06x}-2222-4333-8444-555566667777"
    first: dict[str, object] = {"name": f"app{number:03}", "ip_addresses": [f"10.1.1.{number}"]}
    if machine["uuid"]:
        first["bios_uuid"] = uuid
    if machine["serial"]:
        first["serial_number"] = f"CZJ{number:05}"
    if machine["id"]:
        first["external_id"] = f"{number:04x}" * 8
    later = dict(first)
    if machine["later_serial"]:
        later["serial_number"] = f"CZJ{number:05}"
    if machine["later_uuid"]:
        later["bios_uuid"] = uuid
    is_known = machine["uuid"] or machine["serial"] or machine["id"]
    if machine["renamed"] and is_known:
        later["name"] = f"new{number:03}"
    if machine["moved"]:
        later["ip_addresses"] = [f"10.9.9.{number}"]
    return first, later


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(MACHINE, min_size=1, max_size=6),
    st.sampled_from(("servicenow", "generic", "rvtools")),
    st.randoms(use_true_random=False),
)
def test_an_asset_keeps_its_id_whatever_a_newer_export_adds_renames_or_moves(
    machines: list[dict[str, bool]], source_format: str, random: Random
) -> None:
    before, after = Sources(), Sources()
    pairs = [versions(number, machine) for number, machine in enumerate(machines)]
    for first, _ in pairs:
        before.record(source_format, "server", landing_number=1, **first)
        after.record(source_format, "server", landing_number=1, **first)
    ids = dict(zip(before.resolve().inventory["name"], before.resolve().inventory["asset_id"], strict=True))
    random.shuffle(pairs)
    new = [(first["name"], after.record(source_format, "server", landing_number=2, **later)) for first, later in pairs]
    outcome = after.resolve()
    assert len(outcome.inventory) == len(machines)
    assert {name: outcome.of(record_id)["asset_id"] for name, record_id in new} == ids


def test_another_source_with_stronger_keys_leaves_ids_alone() -> None:
    sources = Sources()
    sources.item("web01", ip_addresses=["10.1.1.1"], landing_number=1)
    before = sources.resolve().named("web01")["asset_id"]
    sources.vm("web01", ip_addresses=["10.1.1.1"], bios_uuid=BIOS, serial_number="CZJ1", landing_number=2)
    assert sources.resolve().named("web01")["asset_id"] == before


def test_a_clone_that_lands_later_leaves_the_id_to_the_machine() -> None:
    sources = Sources()
    machine = exported(sources, FEBRUARY, 1, "web01", bios_uuid=BIOS, ip_addresses=["10.1.1.1"])
    before = sources.resolve().of(machine)["asset_id"]
    exported(sources, MARCH, 2, "web01", bios_uuid=BIOS, ip_addresses=["10.1.1.1"])
    exported(sources, MARCH, 2, "copy01", bios_uuid=BIOS, ip_addresses=["10.7.7.7"])
    outcome = sources.resolve()
    assert outcome.of(machine)["asset_id"] == before
    assert outcome.named("copy01")["asset_id"] != before


def test_statements_about_files_are_settings() -> None:
    values = {"as_of": "2026-06-30", "sources": [{"files": "RVTools*", "source": "vc01", "coverage": "partial"}]}
    assert EngagementSettings.model_validate(values).sources[0].source == "vc01"
