from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from flow_pipelines.errors import RunError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from resources.database import Database
from resources.installation import Installation
from resources.rows import data_version
from resources.snapshots import Input, Snapshot, SnapshotStore
from tests.conftest import new_engagement

IMPORTED = "discovery/imported_records"
REJECTED = "discovery/rejected_records"
DEBT = "discovery/tech_debt"
SLOW = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
raw_rows = st.lists(st.dictionaries(cells, cells, max_size=4), max_size=8)


def imported(scope: Scope, values: list[dict[str, str]], file: str = "servers.csv") -> pd.DataFrame:
    rows = [
        {
            "record_id": scope.id_of("record", file, number),
            "source_file": file,
            "sheet": "sheet\t1" if number % 2 else None,
            "row_number": number,
            "row_count": 1,
            "source_format": "generic",
            "record_type": "server",
            "raw_values": value,
            "observed_from": datetime(2026, 1, 1, 0, 0, 0, number, tzinfo=UTC) if number % 3 else None,
        }
        for number, value in enumerate(values)
    ]
    table = output_tables()[IMPORTED]
    return conform(pd.DataFrame(rows, columns=list(rows[0]) if rows else [c.name for c in table.columns]), table)


def write(store: SnapshotStore, scope: Scope, frame: pd.DataFrame, *inputs: Input, key: str = IMPORTED) -> Snapshot:
    return store.write(scope, {key: frame}, inputs=inputs, run_id="run", code_version="1")[0]


def publish(store: SnapshotStore, scope: Scope, frame: pd.DataFrame) -> Snapshot:
    candidate = write(store, scope, frame)
    store.publish(scope, [candidate])
    return candidate


@SLOW
@given(values=raw_rows)
def test_rows_come_back_as_they_were_written(
    values: list[dict[str, str]], installation: Installation, store: SnapshotStore
) -> None:
    scope = new_engagement(installation)
    frame = imported(scope, values)
    snapshot = publish(store, scope, frame)
    assert snapshot.row_count == len(values)
    pd.testing.assert_frame_equal(store.read(scope, snapshot), frame)


@SLOW
@given(values=raw_rows, order=st.randoms(use_true_random=False))
def test_the_same_rows_in_another_order_have_the_same_data_version(
    values: list[dict[str, str]], order: random.Random
) -> None:
    frame = imported(Scope("acme", "dc-exit"), values)
    shuffled = list(range(len(frame)))
    order.shuffle(shuffled)
    table = output_tables()[IMPORTED]
    assert data_version(frame.iloc[shuffled], table) == data_version(frame, table)


@SLOW
@given(values=raw_rows.filter(bool), position=st.integers(0, 7))
def test_one_changed_missing_or_repeated_row_gives_another_data_version(
    values: list[dict[str, str]], position: int
) -> None:
    table = output_tables()[IMPORTED]
    frame = imported(Scope("acme", "dc-exit"), values)
    row = position % len(frame)
    changed = frame.copy()
    changed["raw_values"] = [
        {**value, "changed": "yes"} if index == row else value for index, value in enumerate(frame["raw_values"])
    ]
    repeated = pd.concat([frame, frame.iloc[[row]]])
    versions = {data_version(other, table) for other in (frame, changed, frame.drop(index=row), repeated)}
    assert len(versions) == 4


def test_every_column_type_survives_the_round_trip(store: SnapshotStore, scope: Scope) -> None:
    finding = {
        "finding_id": scope.id_of("finding", 1),
        "asset_id": scope.id_of("asset", 1),
        "asset_name": 'back\\slash "quote" \t tab \n line \r return, comma ; ü 漢',
        "asset_type": "server",
        "category": "operating_system",
        "product": "\\N",
        "status": "past",
        "severity": "high",
        "score": 0.1 + 0.2,
        "end_of_life": date(2023, 10, 10),
        "days_past_end_of_life": -(2**62),
        "as_of": date(2026, 6, 30),
        "fact": "{}",
        "subject": "os",
        "check_name": "end_of_life",
        "remedy": "r",
    }
    table = output_tables()[DEBT]
    frame = conform(pd.DataFrame([finding]), table)
    snapshot = write(store, scope, frame, key=DEBT)
    back = store.read(scope, snapshot)
    pd.testing.assert_frame_equal(back, frame)
    assert data_version(back, table) == snapshot.data_version


def test_a_candidate_is_seen_by_nobody_until_it_is_published(store: SnapshotStore, scope: Scope) -> None:
    first = publish(store, scope, imported(scope, [{"a": "1"}]))
    candidate = write(store, scope, imported(scope, [{"a": "2"}]))
    assert store.current(scope)[IMPORTED] == first
    store.publish(scope, [candidate])
    assert store.current(scope)[IMPORTED] == candidate


def test_a_rejected_candidate_is_kept_for_inspection_and_the_last_good_version_stays_current(
    store: SnapshotStore, scope: Scope, installation: Installation
) -> None:
    good = publish(store, scope, imported(scope, [{"a": "1"}]))
    bad = write(store, scope, imported(scope, [{"a": "2"}]))
    store.reject(scope, [bad], "a row was lost")
    assert store.current(scope)[IMPORTED] == good
    assert store.read(scope, bad)["raw_values"].tolist() == [{"a": "2"}]
    with installation.database.in_scope(scope) as connection:
        status = connection.execute(
            text("SELECT status, rejection FROM platform.snapshots WHERE snapshot_id = :id"), {"id": bad.snapshot_id}
        ).one()
    assert tuple(status) == ("rejected", "a row was lost")


def test_equal_rows_are_stored_once_and_every_materialization_is_registered(
    store: SnapshotStore, scope: Scope, installation: Installation
) -> None:
    frame = imported(scope, [{"a": "1"}, {"a": "2"}])
    first, second = publish(store, scope, frame), publish(store, scope, frame)
    assert first.snapshot_id != second.snapshot_id
    assert first.data_version == second.data_version
    with installation.database.in_scope(scope) as connection:
        stored = connection.execute(text("SELECT count(*) FROM discovery_history.imported_records")).scalar_one()
        registered = connection.execute(text("SELECT count(*) FROM platform.snapshots")).scalar_one()
        seen = connection.execute(text("SELECT count(*) FROM discovery.imported_records")).scalar_one()
    assert (stored, registered, seen) == (2, 2, 2)
    pd.testing.assert_frame_equal(store.read(scope, second), frame)


def test_the_manifest_names_exactly_what_was_read(store: SnapshotStore, scope: Scope) -> None:
    source = publish(store, scope, imported(scope, [{"a": "1"}]))
    inputs = [Input("file:servers.csv", "abc"), Input.of_snapshot(source)]
    computed = write(store, scope, empty_frame(REJECTED), *inputs, key=REJECTED)
    assert store.inputs_of(scope, computed) == sorted(inputs, key=lambda entry: entry.name)


def test_what_was_computed_from_outdated_data_is_not_published(store: SnapshotStore, scope: Scope) -> None:
    old = publish(store, scope, imported(scope, [{"a": "1"}]))
    computed = write(store, scope, empty_frame(REJECTED), Input.of_snapshot(old), key=REJECTED)
    publish(store, scope, imported(scope, [{"a": "2"}]))
    with pytest.raises(RunError, match="imported_records changed while"):
        store.publish(scope, [computed])
    assert REJECTED not in store.current(scope)


def test_what_was_computed_from_rows_that_were_published_once_more_is_published(
    store: SnapshotStore, scope: Scope
) -> None:
    old = publish(store, scope, imported(scope, [{"a": "1"}]))
    computed = write(store, scope, empty_frame(REJECTED), Input.of_snapshot(old), key=REJECTED)
    assert publish(store, scope, imported(scope, [{"a": "1"}])).snapshot_id != old.snapshot_id
    store.publish(scope, [computed])
    assert REJECTED in store.current(scope)


def test_tables_of_one_phase_become_current_together(store: SnapshotStore, scope: Scope) -> None:
    """A reader polls the pair while a writer publishes ten generations of it; no reader sees a mixed pair."""
    pairs = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            current = store.current(scope, [IMPORTED, REJECTED])
            if current:
                pairs.add(tuple(sorted(snapshot.row_count for snapshot in current.values())))

    reader = threading.Thread(target=look)
    reader.start()
    for generation in range(1, 11):
        frames = {
            IMPORTED: imported(scope, [{"generation": str(generation)}] * generation),
            REJECTED: rejected(scope, generation),
        }
        store.publish(scope, store.write(scope, frames, inputs=[], run_id="run", code_version="1"))
    done.set()
    reader.join()
    assert pairs
    assert all(len(set(pair)) == 1 and len(pair) == 2 for pair in pairs)


class CrashedError(Exception):
    """The process is gone."""


@contextmanager
def told_of_statements(database: Database, statement: Callable[..., None]) -> Iterator[None]:
    """Call a function for each statement and commit of the block; the engine is the whole process's."""
    events = ("before_cursor_execute", "commit")
    for name in events:
        event.listen(database.engine, name, statement)
    try:
        yield
    finally:
        for name in events:
            event.remove(database.engine, name, statement)


def crash_at(database: Database, step: int) -> AbstractContextManager[None]:
    """Let the statement number `step` of the block be its process's last."""
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            raise CrashedError

    return told_of_statements(database, count)


@pytest.mark.parametrize("step", range(1, 20))
def test_a_crash_at_any_statement_leaves_the_old_version_current_and_readable(
    step: int, installation: Installation, scope: Scope
) -> None:
    frames_before = {IMPORTED: imported(scope, [{"a": "old"}]), REJECTED: rejected(scope, 1)}
    frames_after = {IMPORTED: imported(scope, [{"a": "new"}]), REJECTED: rejected(scope, 2)}
    store = SnapshotStore(installation.database)
    store.publish(scope, store.write(scope, frames_before, inputs=[], run_id="run", code_version="1"))
    crashed = True
    with suppress(CrashedError), crash_at(store.database, step):
        store.publish(scope, store.write(scope, frames_after, inputs=[], run_id="run", code_version="1"))
        crashed = False
    expected = frames_before if crashed else frames_after
    current = store.current(scope)
    for key, frame in expected.items():
        pd.testing.assert_frame_equal(store.read(scope, current[key]), frame)
    store.publish(scope, store.write(scope, frames_after, inputs=[], run_id="run", code_version="1"))
    assert store.current(scope)[IMPORTED].data_version == data_version(
        frames_after[IMPORTED], output_tables()[IMPORTED]
    )


def test_the_crash_test_reaches_past_the_last_statement(installation: Installation, scope: Scope) -> None:
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    store = SnapshotStore(installation.database)
    frames = {IMPORTED: imported(scope, [{"a": "new"}]), REJECTED: rejected(scope, 2)}
    with told_of_statements(store.database, count):
        store.publish(scope, store.write(scope, frames, inputs=[], run_id="run", code_version="1"))
    assert 10 < statements < 20


@SLOW
@given(generations=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=2, max_size=6))
def test_concurrent_runs_of_two_engagements_never_meet(
    generations: list[tuple[int, int]], installation: Installation, store: SnapshotStore
) -> None:
    first = new_engagement(installation)
    scopes = (first, new_engagement(installation, first.client))

    def work(which: int) -> None:
        for turn, rows in generations:
            if turn == which:
                publish(store, scopes[which], imported(scopes[which], [{"of": str(scopes[which])}] * rows))

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for which, scope in enumerate(scopes):
        counts = [rows for turn, rows in generations if turn == which]
        current = store.current(scope)
        assert (IMPORTED in current) == bool(counts)
        if counts:
            frame = store.read(scope, current[IMPORTED])
            assert frame["raw_values"].tolist() == [{"of": str(scope)}] * counts[-1]


def empty_frame(key: str) -> pd.DataFrame:
    table = output_tables()[key]
    return conform(pd.DataFrame(columns=[column.name for column in table.columns]), table)


def rejected(scope: Scope, rows: int) -> pd.DataFrame:
    facts = [
        {
            "record_id": scope.id_of("rejected", number),
            "source_file": "servers.csv",
            "row_number": number,
            "row_count": 1,
            "reason_code": "no_identity",
            "reason": "no identity",
            "remedy": "name it",
        }
        for number in range(rows)
    ]
    return conform(pd.DataFrame(facts), output_tables()[REJECTED])
