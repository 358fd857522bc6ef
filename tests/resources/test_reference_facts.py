"""Newer end-of-life facts over HTTP, from a real server on the loopback interface."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flow_pipelines.errors import InputError
from flow_pipelines.reference.end_of_life import EndOfLifeFacts, installed_facts
from flow_pipelines.reference.end_of_life_refresh import SOURCE, refresh_facts
from resources import reference_facts
from resources.reference_facts import Patience, ReferenceFacts

TODAY = date(2027, 3, 1)
HASTY = Patience(silence=0.5, altogether=1.0)


def api_answer(**changed: dict[str, Any]) -> dict[str, Any]:
    """Return all that the installed facts took from endoflife.date as its API would answer, some cycles changed."""
    products: dict[str, dict[str, Any]] = {}
    rows = installed_facts().rows
    is_combined = rows["source"].str.endswith(")")  # those have the dates of another row, and a release of their own
    for row in pd.concat([rows[~is_combined], rows[is_combined]]).to_dict("records"):
        found = SOURCE.fullmatch(row["source"])
        if found:
            release = {
                "name": found["cycle"],
                "releaseDate": row["release_date"],
                "eoasFrom": row["end_of_support"],
                "isEol": False,
                "eolFrom": row["end_of_life"],
                "eoesFrom": row["end_of_extended_support"],
                "latest": {"name": "9.9", "date": None, "link": None},
            }
            products.setdefault(found["product"], {}).setdefault(found["cycle"], release)
    for name, releases in changed.items():
        for cycle, dates in releases.items():
            known = products[name].get(cycle, {"name": cycle, "isEol": False, "eolFrom": None})
            products[name][cycle] = known | dates
    listed = [{"name": name, "releases": list(cycles.values())} for name, cycles in products.items()]
    return {"schema_version": "1.1.0", "generated_at": "2027-03-01", "total": len(listed), "result": listed}


def body(**changed: dict[str, Any]) -> bytes:
    return json.dumps(api_answer(**changed), default=str).encode()


@contextmanager
def serving(answer: bytes = b"", *, status: int = 200, manner: str = "whole") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if manner == "silent":
                time.sleep(1.5)
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if manner == "cut off":
                self.send_header("Content-Length", str(len(answer) + 10))
            self.end_headers()
            try:
                for piece in [answer] if manner != "trickling" else [b" "] * 12:
                    self.wfile.write(piece)
                    self.wfile.flush()
                    if manner == "trickling":
                        time.sleep(0.2)
            except OSError:
                return  # the client has had enough

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1"
    finally:
        server.shutdown()
        server.server_close()


def dates(facts: EndOfLifeFacts, product: str, cycle: str) -> dict[str, Any]:
    rows = facts.rows
    return dict(rows[(rows["product"] == product) & (rows["cycle"] == cycle)].iloc[0])


@pytest.fixture
def store(tmp_path: Path) -> ReferenceFacts:
    return ReferenceFacts(tmp_path / "reference")


def test_newer_facts_become_a_dated_version_that_runs_use(store: ReferenceFacts) -> None:
    before = installed_facts()
    answer = body(
        centos={"7": {"eolFrom": "2024-07-31"}},
        postgresql={"19": {"releaseDate": "2026-10-01", "eolFrom": "2031-11-08"}},
    )
    with serving(answer) as url:
        refreshed = store.refresh(url, on=TODAY)
        assert refreshed.changed == ("centos 7",)
        assert refreshed.added == ("postgresql 19",)
    current = store.current()
    assert current.version == refreshed.facts.version != before.version
    assert current.version.startswith("2027-03-01-")
    changed = dates(current, "centos", "7")
    assert (changed["end_of_life"], changed["as_of"]) == (date(2024, 7, 31), TODAY)
    assert changed["source"] == f"endoflife.date, {url}/products/full, MIT: centos 7"
    assert current.known_cycle("postgresql", "19.1") == "19"
    assert dates(current, "rhel", "7") == dates(before, "rhel", "7")
    listed = store.versions()
    assert [(one.is_current, one.is_installed) for one in listed] == [(True, False), (False, True)]


def test_an_answer_without_news_changes_nothing(store: ReferenceFacts) -> None:
    with serving(body()) as url:
        refreshed = store.refresh(url, on=TODAY)
    assert (refreshed.changed, refreshed.added) == ((), ())
    assert store.current() is installed_facts()
    assert not store.folder.exists()


def test_one_goes_back_to_an_earlier_version_and_forth(store: ReferenceFacts) -> None:
    with serving(body(centos={"7": {"eolFrom": "2024-07-31"}})) as url:
        newer = store.refresh(url, on=TODAY).facts.version
    assert store.use("installed").version == installed_facts().version == store.current().version
    assert store.use(newer).version == newer == store.current().version
    with pytest.raises(InputError, match=r"no version '\.\./x'"):
        store.use("../x")


@pytest.mark.parametrize(
    ("answer", "options", "says"),
    [
        (b"", {"status": 404}, "answers 404"),
        (b"", {"status": 500}, "answers 500"),
        (b"", {"manner": "silent"}, "did not answer within 0.5 seconds|broke off"),
        (b"", {"manner": "trickling"}, "too slow"),
        (b"{}", {"manner": "cut off"}, "broke off|not a list"),
        (b"<html>a portal wants your password</html>", {}, "not a list of end-of-life facts"),
        (b'{"result": [{"name": "centos"}]}', {}, "result.0.releases"),
        (b'{"result": []}', {}, "it has 0 of the"),
        (b'{"result": [{"name": "centos", "releases": [{"name": "7", "eolFrom": "soon"}]}]}', {}, "eolFrom"),
    ],
)
def test_what_can_not_be_had_leaves_the_stored_facts_serving(
    store: ReferenceFacts, answer: bytes, options: dict[str, Any], says: str
) -> None:
    with serving(answer, **options) as url, pytest.raises(InputError, match=says):
        store.refresh(url, on=TODAY, patience=HASTY)
    assert store.current() is installed_facts()
    assert not store.folder.exists()


def test_a_huge_answer_is_not_read_to_its_end(store: ReferenceFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_facts, "LARGEST_ANSWER", 1024 * 1024)
    with serving(b" " * (8 * 1024 * 1024)) as url, pytest.raises(InputError, match="more than 1 MiB"):
        store.refresh(url, on=TODAY)


@pytest.mark.parametrize("url", ["file:///etc", "ftp://example.com", "http://127.0.0.1:9/api"])
def test_what_is_no_reachable_http_address_is_refused(store: ReferenceFacts, url: str) -> None:
    with pytest.raises(InputError, match=r"HTTP address|reached"):
        store.refresh(url, on=TODAY, patience=HASTY)


def test_no_password_of_an_address_is_shown(store: ReferenceFacts) -> None:
    with pytest.raises(InputError) as raised:
        store.refresh("ftp://me:secret@example.com", on=TODAY)
    assert "secret" not in str(raised.value)


def test_rows_entered_by_hand_and_contradictory_dates_stay_as_they_are() -> None:
    stored = installed_facts()
    wrong = {"debian": {"12": {"eolFrom": "1999-01-01"}}}
    refreshed = refresh_facts(stored, body(**wrong), origin="http://mirror", on=TODAY)
    assert (refreshed.changed, refreshed.added) == ((), ())
    assert any(sentence.startswith("debian: the dates of line") for sentence in refreshed.left_out)
    pd.testing.assert_frame_equal(
        refreshed.facts.rows.sort_values(["product", "cycle"], ignore_index=True),
        stored.rows.sort_values(["product", "cycle"], ignore_index=True),
    )
    assert refreshed.facts.version == stored.version


def test_a_cycle_that_our_table_spells_otherwise_waits_for_a_person() -> None:
    refreshed = refresh_facts(
        installed_facts(), body(**{"windows-server": {"2028-r2": {}}}), origin="http://mirror", on=TODAY
    )
    assert refreshed.added == ()
    assert any("windows-server 2028-r2" in sentence for sentence in refreshed.left_out)


def test_what_has_ended_without_a_date_keeps_the_date_that_was_known() -> None:
    answer = body(centos={"7": {"isEol": True, "eolFrom": None}})
    refreshed = refresh_facts(installed_facts(), answer, origin="http://mirror", on=TODAY)
    assert dates(refreshed.facts, "centos", "7")["end_of_life"] == date(2024, 6, 30)
