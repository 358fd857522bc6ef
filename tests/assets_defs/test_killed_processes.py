"""Processes killed at random instants of runs and rollbacks: nothing is half done, and the next start mends it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from dagster import AssetRecordsFilter, DagsterInstance, RunsFilter
from sqlalchemy import text

from assets_defs.catalog_metadata import asset_key
from assets_defs.recovery import RUNNING, recover
from assets_defs.rollback_run import WITHDRAWN
from assets_defs.run_coordinator import ENGAGEMENT_TAG
from flow_pipelines.cli.run_flow import run_flow
from flow_pipelines.cli.run_rollback import run_rollback
from flow_pipelines.errors import GateError
from flow_pipelines.flows import flow_named, step_of
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from resources.installation import Installation, landing_root, open_installation
from resources.landing import Landing
from resources.pins import set_pin, state_at
from resources.rollback_impact import impact_of
from resources.rollbacks import Request
from resources.rows import data_version
from resources.snapshots import SnapshotStore
from tests.assets_defs.killed_process import Order, Workshop, workshop

KILLS = 50
HEADER = "hostname,ip_address,os,cpus,memory mb\n"
ESTATES = (
    HEADER + "web01,10.1.1.1,RHEL 8,4,8192\ndb01,10.1.1.2,RHEL 7,8,16384\n",
    HEADER + "web01,10.1.1.1,RHEL 9,4,8192\napp01,10.1.1.3,Windows 2016,2,4096\n",
)
PINS = ("first", "second")
# A statement takes some 5 ms: as long after one begins it, or its commit, is under way.
LONGEST_DELAY = 0.005


def request_to(point: str) -> Request:
    return Request("cascade", "discovery", None, (), point, "a test", "somebody")


def run(scope: Scope, *flows: str) -> None:
    with open_installation() as installation:
        for flow in flows:
            run_flow(installation, scope, flow_named(flow))


def try_to_assess(scope: Scope) -> None:
    with suppress(GateError):  # a hand-off of what a killed Discovery left in between is refused
        run(scope, "assess")


def discover(scope: Scope) -> None:
    run(scope, "discovery")


def roll_back(scope: Scope, point: str) -> None:
    with open_installation() as installation:
        request = request_to(point)
        run_rollback(installation, scope, request, impact_of(installation.database, scope, request))


# A rollback that is mended leaves what can be handed over more often than a killed Discovery does: it comes between.
WORKS: tuple[Callable[..., None], ...] = (discover, roll_back, try_to_assess)


def was_refused(installation: Installation, scope: Scope) -> bool:
    """Tell whether the last phase that began was refused by its gate."""
    query = text("SELECT status FROM platform.phase_runs ORDER BY started_at DESC LIMIT 1")
    with installation.database.in_scope(scope) as connection:
        return connection.execute(query).scalar_one() == "failed"


def land(scope: Scope, folder: Path, estate: str) -> None:
    file = folder / "servers.csv"
    file.write_text(estate, encoding="utf-8")
    Landing(landing_root()).land(scope, [file])


def pin_both_estates(scope: Scope, folder: Path) -> None:
    """Bring two estates through Discovery and Assess, and pin each; the second is current."""
    for name, estate in zip(PINS, ESTATES, strict=True):
        land(scope, folder, estate)
        run(scope, "discovery", "assess")
        with open_installation() as installation, installation.database.in_scope(scope) as connection:
            set_pin(connection, scope, kind="person", reason="a test", by="somebody", name=name)


@pytest.fixture
def doomed(scope: Scope, tmp_path: Path) -> Iterator[Workshop]:
    """Where processes are killed, warmed up by bringing two estates to pins."""
    with workshop(pin_both_estates, scope, tmp_path) as opened:
        yield opened
    for file in Landing(landing_root()).files(scope):
        file.path.unlink()


def wait_for_lock(installation: Installation, scope: Scope) -> None:
    """Wait until the server has noticed that a killed process is gone: a moment, or a while on a busy machine."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with installation.database.lock_run(scope) as is_free:
            if is_free:
                return
        time.sleep(0.05)


def assert_whole(store: SnapshotStore, scope: Scope, read_back: set[UUID]) -> None:
    """Every phase's tables are of one run, and every current version reads back as it was registered.

    Nobody may change a version, so one that was read back already, whose id is in `read_back`, is not read again.
    """
    current = store.current(scope)
    with store.database.in_scope(scope) as connection:
        rows = connection.execute(text("SELECT snapshot_id, run_id FROM platform.snapshots")).all()
        run_of = {row.snapshot_id: row.run_id for row in rows}
    runs_of_step: dict[tuple[str, str], set[str]] = {}
    for key, snapshot in current.items():
        runs_of_step.setdefault(step_of(key), set()).add(run_of[snapshot.snapshot_id])
        if snapshot.snapshot_id not in read_back:
            assert data_version(store.read(scope, snapshot), output_tables()[key]) == snapshot.data_version
            read_back.add(snapshot.snapshot_id)
    assert all(len(runs) == 1 for runs in runs_of_step.values())


def assert_agreed(installation: Installation, instance: DagsterInstance, scope: Scope) -> None:
    """Nothing is left active, and Dagster knows every current version."""
    with installation.database.in_scope(scope) as connection:
        active = connection.execute(text("SELECT count(*) FROM platform.phase_runs WHERE status = 'active'"))
        assert active.scalar_one() == 0
    assert not instance.get_runs(RunsFilter(statuses=RUNNING, tags={ENGAGEMENT_TAG: scope.partition_key}))
    current = SnapshotStore(installation.database).current(scope)
    for key in output_tables():
        records = instance.fetch_materializations(
            AssetRecordsFilter(asset_key(key), asset_partitions=[scope.partition_key]), limit=1
        ).records
        known = records[0].asset_materialization.tags["dagster/data_version"] if records else WITHDRAWN
        assert known == (current[key].data_version if key in current else WITHDRAWN)


def test_killed_at_any_instant_nothing_is_half_done_and_the_next_start_mends_it(
    installation: Installation, instance: DagsterInstance, scope: Scope, doomed: Workshop, tmp_path: Path
) -> None:
    store = SnapshotStore(installation.database)
    dice = random.Random(20261125)  # noqa: S311
    # The longest way of each: with another estate than the current one, so with news.
    land(scope, tmp_path, ESTATES[0])
    lengths = {work: doomed.length(work, scope) for work in (discover, try_to_assess)}
    lengths[roll_back] = doomed.length(roll_back, scope, PINS[1])
    read_back: set[UUID] = set()
    mended: dict[Callable[..., None], int] = dict.fromkeys(lengths, 0)
    ended: dict[Callable[..., None], int] = dict.fromkeys(lengths, 0)
    for turn in range(KILLS):
        before = store.current(scope)
        work = WORKS[turn % 3]
        at, delay = dice.randint(1, lengths[work]), dice.uniform(0, LONGEST_DELAY)
        if work is roll_back:
            point = PINS[turn % 2]
            with installation.database.in_scope(scope) as connection:
                target = state_at(connection, point)
            doomed.kill(Order(work, (scope, point), at, delay))
            assert store.current(scope) in (before, target)
        else:
            land(scope, tmp_path, ESTATES[turn // 3 % 2])
            doomed.kill(Order(work, (scope,), at, delay))
        assert_whole(store, scope, read_back)
        wait_for_lock(installation, scope)
        mended[work] += bool(recover(installation.database, instance, scope))
        ended[work] += work is try_to_assess and was_refused(installation, scope)
        assert_agreed(installation, instance, scope)
    # A refused hand-off ended before it could be killed, which a killed Discovery brings about in 6 of 16 turns. Of the
    # others, a kill before the run is written down, or after its last word, leaves nothing; most are in between.
    killed = {work: turns - ended[work] for work, turns in Counter(WORKS[turn % 3] for turn in range(KILLS)).items()}
    assert min(killed.values()) > KILLS / 3 / 2, ended
    assert all(mended[work] > killed[work] / 2 for work in killed), mended
    land(scope, tmp_path, ESTATES[1])
    run(scope, "discovery", "assess")
    assert_agreed(installation, instance, scope)
    assert_nothing_lost(store, scope)


def assert_nothing_lost(store: SnapshotStore, scope: Scope) -> None:
    """Both rows of every landing that counts are there, and what the last one lists is in the inventory."""
    current = store.current(scope)
    imported = store.read(scope, current["discovery/imported_records"])
    assert imported["row_count"].sum() == 2 * imported["landing_number"].nunique()
    inventory = store.read(scope, current["discovery/inventory"])
    is_there = ~inventory["is_missing_from_latest"].fillna(value=False).astype(bool)
    assert set(inventory.loc[is_there, "host_name"]) == {"web01", "app01"}
    web01 = inventory.set_index("host_name").loc["web01"]
    assert web01["operating_system"] == "RHEL 9"
