"""The dossier shows what there is, works alone, and runs nothing that was imported."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from typing import Any

import pandas as pd

from assets_defs.dossier import build_dossier
from assets_defs.dossier.parts import TOPICS
from flow_pipelines.flows import FLOWS
from flow_pipelines.scope import Scope
from flow_pipelines.settings import parse_settings
from flow_pipelines.tables import output_tables
from tests.flow_pipelines.plan.timeline.programmes import programme, timeline_of

SCOPE = Scope("acme", "dc-exit")
SETTINGS = parse_settings("", origin="test", today=date(2026, 6, 30))
HOSTILE = '"><script>fetch("http://evil.example")</script><img src=x onerror=alert(1)>\u202e\x00'
TIMELINE = timeline_of(programme(1, 2)).tasks


class Reader(HTMLParser):
    """What a browser would make of a page: its elements, links and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def dossier(trail: dict[str, pd.DataFrame] | None = None, **changed: Any) -> str:  # noqa: ANN401
    frames = {"plan/timeline": TIMELINE.assign(**changed)}
    return build_dossier(SCOPE, frames, trail or {}, SETTINGS)


def test_every_flow_has_its_parts_and_those_of_flows_that_have_not_run_say_so() -> None:
    page = Reader(dossier())
    links = [told["href"] for tag, told in page.tags if tag == "a"]
    anchors = {f"#{told['id']}" for tag, told in page.tags if tag == "section"}
    assert set(links) == anchors
    assert len(links) == len(anchors) == sum(len(topics) for topics in TOPICS.values())
    assert {flow.title for flow in FLOWS} <= set(page.texts)
    assert page.texts.count("Nothing yet.") == len(links) - 1
    assert "w2: decommission" in page.texts


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    for tag, told in Reader(dossier(workload_name=HOSTILE, task_name=HOSTILE, reason=HOSTILE)).tags:
        assert tag not in {"script", "link", "iframe", "img", "object", "embed", "form", "base"}
        assert not [name for name in told if name.startswith("on") or name in {"src", "srcset", "action", "xlink:href"}]
        assert (told.get("href") or "#").startswith("#")


def test_hostile_text_is_shown_as_text() -> None:
    page = Reader(dossier(task_name=HOSTILE))
    assert any("<script>fetch" in text for text in page.texts)
    policy = next(told["content"] for tag, told in page.tags if told.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'")


def test_what_people_did_is_told_with_their_reasons() -> None:
    edits = pd.DataFrame({"number": [1], "actor": ["Ann"], "reason": ["the board wants it"]})
    assert {"Edits", "Ann", "the board wants it"} <= set(Reader(dossier({"Edits": edits})).texts)


def test_row_order_changes_nothing() -> None:
    turned = build_dossier(SCOPE, {"plan/timeline": TIMELINE.iloc[::-1]}, {}, SETTINGS)
    assert turned == dossier()


def test_every_table_and_column_that_the_dossier_shows_is_declared() -> None:
    tables = output_tables()
    for topic in (topic for topics in TOPICS.values() for topic in topics):
        for view in topic.views:
            named = {*view.columns, *(name.removeprefix("-") for name in view.order)}
            assert named <= set(tables[view.key].columns.keys()), view.key
        assert all(key in tables for picture in topic.pictures for key in picture.needs)
