"""What was told of tasks, as it is kept: row by row, once, for ever, and by nobody else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from flow_pipelines.row_files import FileRow
from flow_pipelines.scope import Scope
from resources.installation import Installation
from resources.landing import RECEIVED, UPDATES, Landing
from resources.phase_runs import tracked
from resources.received_updates import ReceivedUpdateStore, version_of
from tests.conftest import new_engagement

DONE = FileRow("flow task", {"task": "web01: cutover", "state": "done", "at": "2026-03-04T22:00Z"})
SHEET = "Task;Status;Datum\nweb01: cutover;erledigt;04.03.2026\nweb02: cutover;läuft;04.03.2026\n"


@pytest.fixture
def store(installation: Installation) -> ReceivedUpdateStore:
    return ReceivedUpdateStore(installation.database)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def land(landing: Landing, scope: Scope, name: str, content: bytes) -> None:
    folder = landing.folder(scope) / UPDATES
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    os.utime(folder / name, (1_700_000_000, 1_700_000_000))


def test_the_same_row_told_twice_is_one_wherever_it_stood(store: ReceivedUpdateStore, scope: Scope) -> None:
    assert store.add(scope, [DONE, DONE], by="Ann").new == 1
    again = store.add(scope, [FileRow("other.csv", dict(reversed(DONE.cells.items())), None, 7)], by="Bob")
    assert (again.new, again.repeated) == (0, 1)
    (row,) = store.rows(scope).to_dict("records")
    assert (row["source"], row["received_by"], row["cells"]) == ("flow task", "Ann", DONE.cells)


def test_what_landed_is_kept_and_moved_so_that_its_name_can_land_again(
    store: ReceivedUpdateStore, scope: Scope, landing: Landing
) -> None:
    land(landing, scope, "week.csv", SHEET.encode("cp1252"))
    assert store.take_in(landing, scope)["week.csv"].new == 2
    assert landing.update_files(scope) == []
    land(landing, scope, "week.csv", (SHEET + "web03: cutover;offen;05.03.2026\n").encode("utf-16"))
    assert (store.take_in(landing, scope)["week.csv"].new, len(store.rows(scope))) == (1, 3)
    kept = landing.folder(scope) / RECEIVED / UPDATES
    assert [path.relative_to(kept).as_posix() for path in sorted(kept.rglob("*.csv"))] == [
        "0001/week.csv",
        "0002/week.csv",
    ]
    assert landing.all_files(scope) == []


def test_a_file_that_still_arrives_waits_for_the_next_run(
    store: ReceivedUpdateStore, scope: Scope, landing: Landing
) -> None:
    land(landing, scope, "a.csv", SHEET.encode())
    land(landing, scope, "b.csv", SHEET[:40].encode())
    arriving = landing.folder(scope) / UPDATES / "b.csv"
    os.utime(arriving)
    assert list(store.take_in(landing, scope)) == ["a.csv"]
    assert [file.name for file in landing.update_files(scope)] == ["b.csv"]
    os.utime(arriving, (1_700_000_000, 1_700_000_000))
    assert list(store.take_in(landing, scope)) == ["b.csv"]


def test_how_a_file_writes_its_dates_is_kept_with_its_rows(store: ReceivedUpdateStore, scope: Scope) -> None:
    told = [FileRow("w.csv", {"task": "a", "state": "done", "at": at}) for at in ("04/05/2026", "25/03/2026")]
    store.add(scope, told[:1], by="Ann")
    assert store.add(scope, told, by="Ann").new == 2, "the first row says another day beside the second"
    assert store.add(scope, told, by="Ann").new == 0
    assert store.rows(scope)["month_first"].tolist() == [None, False, None]


def test_a_file_that_cannot_be_read_is_a_row_with_its_reason_and_the_rest_goes_on(
    store: ReceivedUpdateStore, scope: Scope, landing: Landing
) -> None:
    land(landing, scope, "a.pdf", b"%PDF-1.7 ...")
    land(landing, scope, "b.csv", SHEET.encode())
    land(landing, scope, "c.csv", b"")
    store.take_in(landing, scope)
    rows = store.rows(scope)
    refused = rows[rows["problem"].notna()]
    assert refused["source"].tolist() == ["a.pdf", "c.csv"]
    assert "a.pdf: the file is a PDF document" in refused["problem"].iloc[0]
    assert refused["remedy"].notna().all()
    assert rows["problem"].isna().sum() == 2


def test_only_what_came_after_the_phase_began_waits(
    store: ReceivedUpdateStore, scope: Scope, installation: Installation
) -> None:
    store.add(scope, [DONE], by="Ann")
    assert not store.waiting(scope)
    with tracked(installation.database, scope, flow="execute", phase="overview", run_id="run"):
        assert not store.waiting(scope)
    store.add(scope, [DONE], by="Ann")
    assert not store.waiting(scope)
    before = version_of(store.rows(scope))
    store.add(scope, [FileRow("flow task", {"task": "web02: cutover", "state": "done"})], by="Ann")
    assert store.waiting(scope)
    assert version_of(store.rows(scope)) != before


def test_no_other_engagement_sees_what_was_told(
    store: ReceivedUpdateStore, scope: Scope, installation: Installation
) -> None:
    store.add(scope, [DONE], by="Ann")
    other = new_engagement(installation, scope.client)
    assert store.rows(other).empty
    assert store.add(other, [DONE], by="Bob").new == 1
    assert len(store.rows(scope)) == 1


@pytest.mark.parametrize(
    "change", ["UPDATE platform.received_updates SET cells = '{}'", "DELETE FROM platform.received_updates"]
)
def test_what_was_told_is_never_changed(
    store: ReceivedUpdateStore, scope: Scope, installation: Installation, change: str
) -> None:
    store.add(scope, [DONE], by="Ann")
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        installation.database.in_scope(scope) as connection,
    ):
        connection.execute(text(change))
