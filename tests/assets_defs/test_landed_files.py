"""Exports that land one after the other, and an import that is undone: as a story, on a real instance."""

from __future__ import annotations

from pathlib import Path

from flow_pipelines.cli.run_flow import run_flow, run_phase
from flow_pipelines.cli.run_rollback import run_rollback
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation, landing_root
from resources.landed_files import landed, would_count
from resources.landing import Landing
from resources.pins import pins_of
from resources.rollback_impact import impact_of
from resources.rollbacks import Request
from resources.snapshots import SnapshotStore

HEADER = "hostname,ip_address,os,cpus,memory mb\n"
FEBRUARY = HEADER + "web01,10.1.1.1,RHEL 8,4,8192\nweb02,10.1.1.2,RHEL 8,4,8192\nweb03,10.1.1.3,RHEL 8,4,8192\n"
MARCH = HEADER + "web01,10.1.1.1,RHEL 8,8,8192\nweb02,10.1.1.2,RHEL 8,4,8192\nweb04,10.1.1.4,RHEL 8,4,8192\n"
INVENTORY = "discovery/inventory"


def land(scope: Scope, folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    Landing(landing_root()).land(scope, [file])


def estate(installation: Installation, scope: Scope) -> dict[str, tuple[int, bool]]:
    """CPUs of each server, and whether it is missing from the latest export."""
    run_flow(installation, scope, flow_named("discovery"))
    store = SnapshotStore(installation.database)
    frame = store.read(scope, store.current(scope, [INVENTORY])[INVENTORY])
    return {
        name: (int(cpus), bool(missing))
        for name, cpus, missing in zip(frame["name"], frame["cpu_count"], frame["is_missing_from_latest"], strict=True)
    }


def counting(installation: Installation, scope: Scope) -> list[tuple[str, int]]:
    files = would_count(installation.database, Landing(landing_root()), scope)
    return [(file.name, file.landing_number) for file in files]


def roll_back(installation: Installation, scope: Scope, to: str, reason: str) -> tuple[str, ...]:
    asked = Request("flow", "discovery", None, (), to, reason, "somebody")
    impact = impact_of(installation.database, scope, asked)
    run_rollback(installation, scope, asked, impact)
    return impact.remarks


def test_an_import_that_is_undone_stays_undone_until_it_lands_again(
    installation: Installation, scope: Scope, tmp_path: Path
) -> None:
    before = {"web01": (4, False), "web02": (4, False), "web03": (4, False)}
    after = {"web01": (8, False), "web02": (4, False), "web03": (4, True), "web04": (4, False)}
    land(scope, tmp_path, "estate.csv", FEBRUARY)
    assert estate(installation, scope) == before

    # A newer export under the same name: what it says wins, what it lacks is marked.
    land(scope, tmp_path, "estate.csv", MARCH)
    assert estate(installation, scope) == after
    assert counting(installation, scope) == [("estate.csv", 1), ("estate.csv", 2)]
    assert {pin.name for pin in pins_of(installation.database, scope)} == {"before-import-1", "before-import-2"}

    # Undone, told in words; the next run does not read it.
    remarks = roll_back(installation, scope, "before-import-2", "the wrong data centre")
    assert remarks == ("Set aside until they land again, so that no run reads them: estate.csv (landing 2).",)
    assert estate(installation, scope) == before
    ledger = landed(installation.database, Landing(landing_root()), scope)
    assert [file.set_aside for file in ledger] == [
        "",
        "undone by the rollback to before-import-2: the wrong data centre",
    ]

    # The same bytes land again, and count.
    land(scope, tmp_path, "estate.csv", MARCH)
    assert estate(installation, scope) == after
    assert counting(installation, scope) == [("estate.csv", 1), ("estate.csv", 3)]


def test_bytes_that_land_again_after_others_are_undone_like_any_landing(
    installation: Installation, scope: Scope, tmp_path: Path
) -> None:
    discovery = flow_named("discovery")
    for text in (FEBRUARY, MARCH, FEBRUARY):
        land(scope, tmp_path, "estate.csv", text)
        run_phase(installation, scope, discovery, "data_import")
    assert counting(installation, scope) == [("estate.csv", 1), ("estate.csv", 2), ("estate.csv", 3)]
    remarks = roll_back(installation, scope, "before-import-3", "the export was last month's")
    assert remarks == ("Set aside until they land again, so that no run reads them: estate.csv (landing 3).",)
    assert counting(installation, scope) == [("estate.csv", 1), ("estate.csv", 2)]


def test_rolling_forward_brings_an_undone_file_back(installation: Installation, scope: Scope, tmp_path: Path) -> None:
    discovery = flow_named("discovery")
    for name, text in (("a.csv", FEBRUARY), ("b.csv", MARCH)):
        land(scope, tmp_path, name, text)
        run_phase(installation, scope, discovery, "data_import")
    roll_back(installation, scope, "before-import-1", "all of it was wrong")
    assert counting(installation, scope) == []
    [forward] = [pin.name for pin in pins_of(installation.database, scope) if pin.kind == "rollback"]
    roll_back(installation, scope, forward, "it was right after all")
    assert counting(installation, scope) == [("a.csv", 1), ("b.csv", 2)]


def test_what_has_landed_already_is_no_landing_and_what_changed_where_it_lay_is_one(
    installation: Installation, scope: Scope, tmp_path: Path
) -> None:
    discovery, landing = flow_named("discovery"), Landing(landing_root())
    for _ in range(2):
        land(scope, tmp_path, "estate.csv", FEBRUARY)
        run_phase(installation, scope, discovery, "data_import")
    assert counting(installation, scope) == [("estate.csv", 1)]
    assert landing.files(scope) == []
    landing.received(scope, 1, "estate.csv").write_text(MARCH, encoding="utf-8")
    run_phase(installation, scope, discovery, "data_import")
    assert counting(installation, scope) == [("estate.csv", 2)]
    landing.received(scope, 2, "estate.csv").unlink()
    assert counting(installation, scope) == []
    assert {file.set_aside for file in landed(installation.database, landing, scope)} == {
        "removed from the landing folder"
    }


def test_two_tenants_ledgers_are_apart(installation: Installation, scope: Scope, tmp_path: Path) -> None:
    land(scope, tmp_path, "estate.csv", FEBRUARY)
    run_phase(installation, scope, flow_named("discovery"), "data_import")
    other = Scope(scope.client, "another")
    assert landed(installation.database, Landing(landing_root()), other) == []
