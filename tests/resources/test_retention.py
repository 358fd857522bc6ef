from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from flow_pipelines.errors import InputError
from resources.control_tables import history_tables, snapshot_inputs, snapshots
from resources.event_tables import pinned_snapshots, pins
from resources.installation import Installation
from resources.pins import set_pin, state_at
from resources.pointers import hold_pointers
from resources.retention import VacuumReport, dropped, vacuum
from resources.snapshots import Snapshot, snapshots_by_id
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement

IMPORTED, MAPPED = "discovery/imported_records", "discovery/attribute_mappings"
LATER = datetime.now(UTC) + timedelta(days=1000)
# Everything that was current or written before the tests' present is old.
OLD = {"keep_days": 1, "keep_last": 1, "now": LATER}


@pytest.fixture
def engagement(installation: Installation) -> Engagement:
    return Engagement(installation.database, new_engagement(installation))


def version(number: int) -> dict[str, list[dict[str, object]]]:
    """Return the rows of a version of both tables; equal numbers are equal versions."""
    identifier = f"00000000-0000-4000-8000-{number:012}"
    return {
        IMPORTED: [{"record_id": identifier, "row_number": number}],
        MAPPED: [{"mapping_id": identifier, "source_column": f"column {number}"}],
    }


def run(engagement: Engagement, number: int) -> list[Snapshot]:
    rows = version(number)
    return engagement.run("discovery", "data_import", rows) + engagement.run("discovery", "attribute_mapping", rows)


def go(installation: Installation, engagement: Engagement, **how: object) -> VacuumReport:
    return vacuum(installation.retention, engagement.scope, **{**OLD, **how})  # type: ignore[arg-type]


def numbers(engagement: Engagement, found: list[Snapshot]) -> list[int]:
    frames = [engagement.store.read(engagement.scope, snapshot) for snapshot in found if snapshot.table_key == IMPORTED]
    return sorted(int(number) for frame in frames for number in frame["row_number"])


def test_what_is_neither_current_nor_pinned_nor_recent_is_dropped(
    installation: Installation, engagement: Engagement
) -> None:
    written = [run(engagement, number) for number in range(3)]
    report = go(installation, engagement)
    assert {snapshot.snapshot_id for snapshot in report.dropped} == {
        snapshot.snapshot_id for old in written[:2] for snapshot in old
    }
    assert report.rows_freed == 4
    assert numbers(engagement, written[0] + written[1] + written[2]) == [2]
    with engagement.database.in_scope(engagement.scope) as connection:
        assert {gone.snapshot_id for gone in dropped(connection, written[0] + written[2])} == {
            snapshot.snapshot_id for snapshot in written[0]
        }
    (registered,) = engagement.select("SELECT count(*) AS n FROM platform.snapshots")
    assert registered["n"] == 9, "the registry keeps a row of every snapshot"


def test_a_second_vacuum_drops_nothing(installation: Installation, engagement: Engagement) -> None:
    for number in range(3):
        run(engagement, number)
    assert go(installation, engagement).dropped
    assert go(installation, engagement).dropped == ()


def test_a_dry_run_tells_what_would_go_and_drops_nothing(installation: Installation, engagement: Engagement) -> None:
    written = [run(engagement, number) for number in (0, 1, 0, 2)]
    foretold = go(installation, engagement, dry_run=True)
    assert numbers(engagement, [snapshot for found in written for snapshot in found]) == [0, 0, 1, 2]
    done = go(installation, engagement)
    assert {(gone.snapshot_id, gone.rows_freed) for gone in foretold.dropped} == {
        (gone.snapshot_id, gone.rows_freed) for gone in done.dropped
    }
    assert (foretold.kept, foretold.rows_freed) == (done.kept, done.rows_freed)


def test_the_last_versions_are_kept_however_old_and_a_rerun_without_news_is_no_version(
    installation: Installation, engagement: Engagement
) -> None:
    written = [run(engagement, number) for number in (0, 1, 2, 3, 3, 3)]
    go(installation, engagement, keep_last=2)
    assert numbers(engagement, [snapshot for found in written[:4] for snapshot in found]) == [2, 3]


def test_what_was_current_lately_is_kept_even_if_it_was_written_long_ago(
    installation: Installation, engagement: Engagement
) -> None:
    old = run(engagement, 0)
    with installation.owner.transaction() as connection:
        ids = [snapshot.snapshot_id for snapshot in old]
        connection.execute(
            snapshots.update()
            .where(snapshots.c.snapshot_id.in_(ids))
            .values(created_at=datetime(2020, 1, 1, tzinfo=UTC))
        )
    run(engagement, 1)
    assert go(installation, engagement, now=datetime.now(UTC)).dropped == ()
    assert go(installation, engagement).dropped


def test_a_person_s_pin_protects_for_good_and_the_platform_s_own_for_as_long_as_anything(
    installation: Installation, engagement: Engagement
) -> None:
    by_person = run(engagement, 0)
    engagement.pin("signed off")
    by_platform = run(engagement, 1)
    with engagement.database.in_scope(engagement.scope) as connection:
        set_pin(connection, engagement.scope, kind="edit", reason="edit session", by="platform")
    run(engagement, 2)
    go(installation, engagement)
    assert numbers(engagement, by_person) == [0]
    assert numbers(engagement, by_platform) == []


def test_what_was_handed_over_is_kept_while_the_hand_off_is_current(
    installation: Installation, engagement: Engagement
) -> None:
    engagement.run_flow("discovery", version(0))
    engagement.run_flow("assess", {"handoffs/discovery_to_assess": [{"rule_id": "first"}]})
    package = list(engagement.store.current(engagement.scope).values())
    for number in (1, 2):
        engagement.run_flow("discovery", version(number))
    go(installation, engagement)
    assert numbers(engagement, package) == [0]
    engagement.run_flow("assess", {"handoffs/discovery_to_assess": [{"rule_id": "second"}]})
    go(installation, engagement)
    assert numbers(engagement, package) == []
    rules = engagement.select("SELECT validation_rules FROM platform.flow_handoffs ORDER BY created_at")
    assert [rule["validation_rules"][0]["rule_id"] for rule in rules] == ["first", "second"], "evidence stays"


def test_rejected_and_abandoned_candidates_go_but_not_those_of_a_running_phase(
    installation: Installation, engagement: Engagement
) -> None:
    engagement.refuse("discovery", "data_import", "no rows", version(0), run_id="refused")
    engagement.write("discovery", "data_import", version(1), run_id="dead")
    engagement.start("discovery", "data_import", run_id="alive")
    alive = engagement.write("discovery", "data_import", version(2), run_id="alive")
    assert go(installation, engagement, now=datetime.now(UTC)).dropped == ()
    statuses = {gone.status for gone in go(installation, engagement).dropped}
    assert statuses == {"rejected", "candidate"}
    engagement.store.publish(engagement.scope, alive)
    assert numbers(engagement, alive) == [2]


def test_dropped_rows_are_written_again_when_they_come_back(installation: Installation, engagement: Engagement) -> None:
    for number in (0, 1):
        run(engagement, number)
    go(installation, engagement)
    again = run(engagement, 0)
    assert numbers(engagement, again) == [0]
    assert all(snapshot.rows_snapshot_id == snapshot.snapshot_id for snapshot in again if snapshot.row_count)


def test_rows_that_a_run_is_about_to_refer_to_again_are_not_dropped_under_it(
    installation: Installation, engagement: Engagement
) -> None:
    for number in (0, 1):
        run(engagement, number)
    with ThreadPoolExecutor(1) as pool, engagement.database.in_scope(engagement.scope) as connection:
        # What a run does before it registers a snapshot that refers to stored rows.
        old = connection.execute(
            select(snapshots.c.snapshot_id)
            .where(snapshots.c.table_key == IMPORTED, snapshots.c.status == "published")
            .order_by(snapshots.c.created_at)
            .limit(1)
            .with_for_update(read=True)
        ).scalar_one()
        cleaning = pool.submit(go, installation, engagement)
        _until_somebody_waits(installation)
        found = snapshots_by_id(connection, [old])[old]
        connection.execute(
            text(
                "INSERT INTO platform.snapshots (client_account_id, engagement_id, snapshot_id, rows_snapshot_id, "
                "table_key, status, run_id, code_version, data_version, row_count) SELECT client_account_id, "
                "engagement_id, gen_random_uuid(), rows_snapshot_id, table_key, 'candidate', 'run', '1', "
                "data_version, row_count FROM platform.snapshots WHERE snapshot_id = :old"
            ),
            {"old": old},
        )
        connection.commit()
        cleaning.result(timeout=30)
    assert engagement.store.stored_rows(engagement.scope, found) == 1


def test_pointers_do_not_move_while_a_snapshot_is_dropped(installation: Installation, engagement: Engagement) -> None:
    for number in (0, 1):
        run(engagement, number)
    with ThreadPoolExecutor(1) as pool:
        with engagement.database.in_scope(engagement.scope) as connection:
            hold_pointers(connection, engagement.scope)
            cleaning = pool.submit(go, installation, engagement)
            _until_somebody_waits(installation)
            assert not cleaning.done()
        assert cleaning.result(timeout=30).dropped


def _until_somebody_waits(installation: Installation) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'flow_vacuum'")
    for _ in range(1000):
        with installation.owner.transaction() as connection:
            if connection.execute(waiting).scalar_one():
                return
    raise AssertionError("retention never waited")


@pytest.mark.parametrize("how", [{"keep_days": 0}, {"keep_last": 0}, {"keep_days": -1}])
def test_nothing_at_all_to_keep_is_refused(
    how: dict[str, int], installation: Installation, engagement: Engagement
) -> None:
    with pytest.raises(InputError, match="at least 1"):
        go(installation, engagement, **how)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT raw_values FROM discovery_history.imported_records",
        "UPDATE discovery_history.imported_records SET row_number = 0",
        "UPDATE platform.snapshots SET status = 'published'",
        "DELETE FROM platform.snapshots",
        "DELETE FROM platform.pins",
        "DELETE FROM platform.current_snapshots",
        "SELECT * FROM platform.users",
        "SELECT * FROM discovery.inventory",
        "INSERT INTO platform.pins SELECT * FROM platform.pins",
    ],
)
def test_the_role_of_retention_can_do_nothing_else(
    statement: str, installation: Installation, engagement: Engagement
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        installation.retention.in_scope(engagement.scope) as connection,
    ):
        connection.execute(text(statement))


def test_the_role_of_retention_deletes_nothing_outside_its_scope(
    installation: Installation, engagement: Engagement
) -> None:
    other = Engagement(installation.database, new_engagement(installation))
    kept = run(other, 0)
    with installation.retention.in_scope(engagement.scope) as connection:
        for history in history_tables().values():
            connection.execute(text(f"DELETE FROM {history.fullname}"))
    assert numbers(other, kept) == [0]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(0, 3)),
        st.tuples(st.just("import"), st.integers(0, 3)),
        st.tuples(st.just("refuse"), st.integers(4, 5)),
        st.tuples(st.just("pin"), st.sampled_from(["person", "edit", "handoff"])),
        st.tuples(st.just("back"), st.integers(0, 3)),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, keep_last=st.integers(1, 2))
def test_whatever_happened_all_that_is_needed_reads_back_with_all_it_rests_on(
    steps: list[tuple[str, int | str]], keep_last: int, installation: Installation, engagement: Engagement
) -> None:
    run(engagement, len(steps))
    ours = Engagement(installation.database, new_engagement(installation))
    for step, argument in steps:
        _happen(ours, step, argument)
    before, needed, elsewhere = _content(ours), _needed(ours), _content(engagement)
    go(installation, ours, keep_last=keep_last)
    after = _content(ours)
    assert {snapshot_id: after[snapshot_id] for snapshot_id in needed} == {
        snapshot_id: before[snapshot_id] for snapshot_id in needed
    }
    assert go(installation, ours, keep_last=keep_last).dropped == ()
    assert _not_marked_is_whole(ours)
    assert _content(engagement) == elsewhere


def _happen(engagement: Engagement, step: str, argument: int | str) -> None:
    if step == "run":
        run(engagement, int(argument))
    elif step == "import":
        engagement.run("discovery", "data_import", version(int(argument)))
    elif step == "refuse":
        engagement.refuse("discovery", "data_import", "bad", version(int(argument)))
    elif step == "pin":
        with engagement.database.in_scope(engagement.scope) as connection:
            set_pin(connection, engagement.scope, kind=argument, reason="r", by="b")  # type: ignore[arg-type]
    else:
        with engagement.database.in_scope(engagement.scope) as connection:
            names = connection.execute(select(pins.c.name).order_by(pins.c.name)).scalars().all()
        if names:
            engagement.roll_back("discovery", names[int(argument) % len(names)], "r")


def _content(engagement: Engagement) -> dict[object, str | None]:
    """Return a hash of the rows that each snapshot has."""
    hashes = " UNION ALL ".join(
        f"SELECT snapshot_id, md5(string_agg(h::text, ',' ORDER BY h::text)) FROM {history_tables()[key].fullname} h "
        "GROUP BY snapshot_id"
        for key in (IMPORTED, MAPPED)
    )
    query = (
        f"SELECT s.snapshot_id, c.hash FROM platform.snapshots s LEFT JOIN ({hashes}) AS c (rows_id, hash) "
        "ON c.rows_id = s.rows_snapshot_id"
    )
    return {found["snapshot_id"]: found["hash"] for found in engagement.select(query)}  # type: ignore[misc]


def _needed(engagement: Engagement) -> set[object]:
    """Return what must survive, told in another way than retention does: current, pinned by a person, and below."""
    with engagement.database.in_scope(engagement.scope) as connection:
        reached = {snapshot.snapshot_id for snapshot in state_at(connection, "current").values()}
        reached |= set(
            connection.execute(
                select(pinned_snapshots.c.snapshot_id).join(pins, pins.c.pin_id == pinned_snapshots.c.pin_id)
                .where(pins.c.kind == "person")
            ).scalars()
        )  # fmt: skip
        edges = connection.execute(select(snapshot_inputs.c.snapshot_id, snapshot_inputs.c.input_snapshot_id)).all()
    while more := {below for above, below in edges if above in reached and below} - reached:
        reached |= more
    return reached


def _not_marked_is_whole(engagement: Engagement) -> bool:
    """Return whether nothing that isn't marked as dropped rests on something that is, or misses rows."""
    query = "SELECT snapshot_id, row_count, rows_dropped_at IS NOT NULL AS is_gone FROM platform.snapshots"
    found, content = engagement.select(query), _content(engagement)
    gone = {snapshot["snapshot_id"] for snapshot in found if snapshot["is_gone"]}
    edges = engagement.select("SELECT snapshot_id, input_snapshot_id FROM platform.snapshot_inputs")
    return all(edge["snapshot_id"] in gone or edge["input_snapshot_id"] not in gone for edge in edges) and all(
        snapshot["snapshot_id"] in gone or (content[snapshot["snapshot_id"]] is not None) == (snapshot["row_count"] > 0)
        for snapshot in found
    )
