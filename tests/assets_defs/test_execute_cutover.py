"""The runbook as page and workbook: whole, safe whatever the names, the same for the same rows; and the phases."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pandas as pd
import pytest
import python_calamine
from dagster import MarkdownMetadataValue

from assets_defs.execute_cutover import CUTOVER, runbook_files
from assets_defs.execute_tasks import REHOST, REPLATFORM
from assets_defs.phase_assets import ExportedFile, PhaseInputs, PhaseShell
from assets_defs.runbook_page import runbook_page
from flow_pipelines.execute.cutover.runbook import build_runbook
from flow_pipelines.execute.cutover.workbook import runbook_workbook
from flow_pipelines.flows import flow_named
from flow_pipelines.tables.contract import empty
from flow_pipelines.tables.execute.cutover import RUNBOOK
from flow_pipelines.tables.execute.updates import task_updates
from tests.flow_pipelines.execute.programmes import SCOPE, Link, Workload, programme, settings_of

RIGHT_TO_LEFT = "\u202e"
HOSTILE = f'<script>alert("1")</script> =HYPERLINK("http://x") {RIGHT_TO_LEFT}10bew \x00\'&'
LINKS = (Link("web01", "db01", 1433, is_database_link=True), Link("bat01", "db01", 1433))
FRAMES = programme(
    Workload("shop", ["web01", "db01"], {"orders": "db01"}),
    Workload("batch", ["bat01"], treatment="replatform", wave=2),
    links=LINKS,
)


def hostile() -> pd.DataFrame:
    frames = programme(
        Workload(HOSTILE, ["web01", "db01"], {"orders": "db01"}),
        links=LINKS,
        facts={name: {"name": f"{HOSTILE} {name}"} for name in ("web01", "orders")},
    )
    links = frames["discovery/dependencies"]
    frames["discovery/dependencies"] = links.assign(source_name=HOSTILE + links["source_name"])
    return build_runbook(frames, scope=SCOPE, settings=settings_of())


class Tags(HTMLParser):
    """What of a page a browser would act on."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.handlers: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses |= {str(value) for name, value in attrs if name in {"href", "src", "xlink:href"}}
        self.handlers |= {name for name, _ in attrs if name.startswith("on")}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_hostile_name_is_shown_as_text_and_nothing_leaves_the_page() -> None:
    page = runbook_page(hostile(), title=HOSTILE, zone="Europe/Zurich")
    tags = Tags(page)
    assert not tags.names & {"script", "img", "iframe", "object", "form", "link", "base"}
    assert not tags.handlers
    assert all(address.startswith("#") for address in tags.addresses)
    assert 'alert("1")' in "".join(tags.texts)
    assert RIGHT_TO_LEFT not in page
    assert "\x00" not in page
    assert "default-src 'none'" in page
    assert not re.findall(r"url\(|@import", page)
    pictures = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert [ET.fromstring(one).tag for one in pictures] == ["{http://www.w3.org/2000/svg}svg"]  # noqa: S314  (ours)


def test_the_page_has_every_step_the_point_of_no_return_and_the_criteria() -> None:
    runbook = build_runbook(FRAMES, scope=SCOPE, settings=settings_of())
    rows = runbook[runbook["wave_number"] == 1]
    page = runbook_page(rows, title="acme/dc-exit", zone="Europe/Zurich")
    texts = " ".join(Tags(page).texts)
    assert page.count("<td class=number>") == 2 * len(rows)
    assert "point of no return T+" in page
    assert "web01 → db01 tcp/1433" in texts
    assert "Every workload is accepted by its owner" in texts
    numbers = dict(zip(rows["task_id"], rows["step_number"], strict=True))
    launch = rows.set_index("task_name").loc["Wave 1: web01: launch"]
    assert f"After {numbers[launch['predecessor_ids'][0]]}." in texts
    # T-0 at 08:00 UTC is told by the clocks of Zurich.
    assert "Sat 01 Aug 2026 10:00" in texts


def test_a_cutover_that_does_not_fit_is_red() -> None:
    runbook = build_runbook(FRAMES, scope=SCOPE, settings=settings_of())
    rows = runbook[runbook["wave_number"] == 1]
    late = rows.assign(margin_minutes=rows["margin_minutes"] - 10_000)
    assert 'class="fact bad"' not in runbook_page(rows, title="", zone="UTC")
    assert runbook_page(late, title="", zone="UTC").count('class="fact bad"') == 2


def test_no_cell_of_the_workbook_is_a_formula_and_every_step_is_in_it() -> None:
    rows = hostile()
    made = runbook_workbook(rows, title=HOSTILE, zone="UTC")
    assert made == runbook_workbook(rows.iloc[::-1], title=HOSTILE, zone="UTC")
    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(made))
    assert book.sheet_names == ["summary", "Wave 1"]
    cells = book.get_sheet_by_name("Wave 1").to_python()
    assert len(cells) == len(rows) + 1
    assert cells[0][-4:] == ["Begun", "Done", "By", "Note"]
    tasks = pd.read_excel(BytesIO(made), sheet_name="Wave 1", engine="calamine")["Task"]
    assert set(tasks) == {one.replace("\x00", "") for one in rows["task_name"]}
    assert b"<f>" not in _sheets(made)


def _sheets(workbook: bytes) -> bytes:
    with ZipFile(BytesIO(workbook)) as packed:
        return b"".join(packed.read(name) for name in packed.namelist() if "worksheets" in name)


def inputs(shell: PhaseShell) -> PhaseInputs:
    frames = {**FRAMES, "execute/task_updates": _told()}
    return PhaseInputs(
        scope=SCOPE,
        settings=settings_of(),
        frames={key: frames[key] for key in shell.reads},
        snapshots={},
        manifests={},
        edits=(),
        files=(),
        progress=print,
    )


def _told() -> pd.DataFrame:
    runbook = build_runbook(FRAMES, scope=SCOPE, settings=settings_of()).set_index("task_name")
    moment = pd.Timestamp("2026-07-20 20:00", tz="UTC")
    rows = [
        {
            "update_id": str(number),
            "task_id": runbook.loc["Wave 1: web01: launch", "task_id"],
            "state": state,
            "happened_at": moment + pd.Timedelta(minutes=minute),
            "received_at": moment,
            "is_rehearsal": is_rehearsal,
            "told_by": "Ann",
            "note": None,
        }
        for number, (state, minute, is_rehearsal) in enumerate(
            [("in progress", 0, True), ("done", 25, True), ("in progress", 90, False)]
        )
    ]
    return pd.concat([empty(task_updates), pd.DataFrame(rows)], ignore_index=True)


@pytest.mark.parametrize("shell", [REHOST, REPLATFORM, CUTOVER], ids=lambda shell: shell.phase)
def test_a_phase_fills_its_tables_without_a_problem(shell: PhaseShell) -> None:
    phase = inputs(shell)
    outputs = shell.compute(phase)
    tables = next(one.tables for one in flow_named("execute").phases if one.name == shell.phase)
    assert set(outputs.frames) == {f"execute/{table}" for table in tables}
    assert not any(outputs.problems.values())
    assert all(len(frame) for frame in outputs.frames.values())
    assert shell.describe
    assert set(shell.describe(phase, outputs.frames)) == {f"execute/{tables[0]}"}


def test_a_name_is_no_picture_in_what_dagster_shows() -> None:
    runbook = build_runbook(FRAMES, scope=SCOPE, settings=settings_of())
    name = "![x](http://evil.example/a.png) | <b>\n# head"
    phase = inputs(CUTOVER)
    described = runbook_files(phase, {RUNBOOK: runbook.assign(task_name=name)})[RUNBOOK]
    told = described["fits"]
    assert isinstance(told, MarkdownMetadataValue)
    assert "evil" in str(told.md_str)
    assert not re.search(r"!\[|\]\(|<b>|^#", str(told.md_str), flags=re.MULTILINE)
    assert all(line.count("|") == 6 for line in str(told.md_str).splitlines())


def test_the_files_of_every_wave_are_written_and_what_was_told_is_in_the_runbook() -> None:
    phase = inputs(CUTOVER)
    outputs = CUTOVER.compute(phase)
    assert CUTOVER.describe
    described = CUTOVER.describe(phase, outputs.frames)["execute/cutover_runbook"]
    files = {one.name: one.content for one in described.values() if isinstance(one, ExportedFile)}
    assert set(files) == {"wave-1.html", "wave-1.xlsx", "wave-2.html", "wave-2.xlsx"}
    assert isinstance(files["wave-1.xlsx"], bytes)
    rows = outputs.frames["execute/cutover_runbook"].set_index("task_name")
    assert rows.loc["Wave 1: web01: launch", "state"] == "in progress"
    timings = outputs.frames["execute/runbook_timings"].set_index("run_name")
    assert timings.loc["dry run 1", "difference_minutes"] == 5
