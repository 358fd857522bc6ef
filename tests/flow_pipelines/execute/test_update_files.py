"""Files that tell of tasks as tools write them: percents of workbooks, JSON of the AWS command line."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from flow_pipelines.discovery.readers.percents import percent_cells
from flow_pipelines.execute.updates.judge import judge_updates
from flow_pipelines.execute.updates.received import raw_rows
from flow_pipelines.reference.update_formats import is_update_header
from flow_pipelines.row_files import FileRow, read_rows
from tests.flow_pipelines.execute.telling import (
    SCOPE,
    UTC_SETTINGS,
    changes,
    inventory,
    judged,
    programme,
    reasons,
    rows_of,
)

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"


def write_ods(path: Path, rows: Sequence[Sequence[str | float]]) -> None:
    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="percentage" office:value="{value}"/>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/></manifest:manifest>',
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{OFFICE}" xmlns:table="{TABLE}" xmlns:text="{TEXT}">'
            f'<office:body><office:spreadsheet><table:table table:name="Week 10">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )


def test_a_cell_that_a_workbook_shows_as_100_percent_is_all_of_it(tmp_path: Path) -> None:
    with Workbook(str(tmp_path / "book.xlsx")) as book:
        sheet = book.add_worksheet("Week 10")
        sheet.write_row(2, 1, ["Task", "% complete"])
        formats = [{"num_format": "0%"}, {"num_format": "0.00 %;[Red]-0 %"}, {"num_format": '0 "%"'}, {}]
        for place, (task, share) in enumerate((("prepare", 1), ("test", 0.5), ("cutover", 1), ("validate", 100))):
            sheet.write(3 + place, 1, f"crm: {task}")
            sheet.write_number(3 + place, 2, share, book.add_format(formats[place]))
        book.add_worksheet("Notes").write(0, 0, "Task")
    told = [row for row in read_rows(tmp_path / "book.xlsx", "book.xlsx", is_update_header) if not row.problem]
    assert [row.cells["% complete"] for row in told] == ["100 %", "50 %", "1", "100"]
    assert {name: state for name, state, _ in changes(judged(told))} == {
        "crm: prepare": "done",
        "crm: test": "in progress",
        "crm: cutover": "in progress",
        "crm: validate": "done",
    }


def shares_of(path: Path) -> list[str]:
    told = [row for row in read_rows(path, path.name, is_update_header) if not row.problem]
    return [row.cells["% complete"] for row in told]


def test_only_numbers_that_cells_themselves_show_as_percents_are_shares(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Task", "% complete"])
        percent, days, later = (book.add_format({"num_format": one}) for one in ("0.00%", '0 "days"', "0.0%"))
        cells: list[str | float] = ["1", 0.1234567, 12_345.67, 1]
        for number, cell in enumerate(cells, start=1):
            sheet.write(number, 0, f"crm: task {number}")
            write = sheet.write_string if isinstance(cell, str) else sheet.write_number
            write(number, 1, cell, days if number == len(cells) else percent)
        sheet.write_blank(100, 1, None, percent)
        sheet.conditional_format(0, 2, 9, 2, {"type": "no_blanks", "format": later})
    replace_in(path, "xl/styles.xml", b'<dxf><numFmt numFmtId="166"', b'<dxf><numFmt numFmtId="165"')
    assert shares_of(path) == ["1", "12.3457 %", "1234567 %", "1"]
    assert percent_cells(path, "Sheet1") == frozenset({(3, 2), (4, 2)})


def test_a_workbook_in_an_encoding_that_nobody_knows_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Task", "% complete"])
        sheet.write_row(1, 0, ["crm: test", 50])
    replace_in(path, "xl/styles.xml", b'encoding="UTF-8"', b'encoding="x-nobody"')
    assert percent_cells(path, "Sheet1") is None
    assert shares_of(path) == ["50"]


def replace_in(path: Path, part: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert old in content[part], content[part]
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text.replace(old, new) if name == part else text)


def test_a_share_of_a_workbook_that_does_not_tell_percents_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.ods"
    write_ods(path, [["Task", "% complete"], ["crm: test", 1], ["crm: prepare", 100]])
    result = judged(list(read_rows(path, "book.ods", is_update_header)))
    assert {name for name, _, _ in changes(result)} == {"crm: prepare"}
    ((code, reason),) = reasons(result)
    assert (code, "book.ods, sheet Week 10, row 2: '% complete' is 1" in reason) == ("share_unclear", True)


SOURCE_SERVERS = {
    "items": [
        {
            "sourceServerID": "s-1111111111111111a",
            "arn": "arn:aws:mgn:eu-central-1:123456789012:source-server/s-1111111111111111a",
            "isArchived": False,
            "tags": {},
            "sourceProperties": {
                "identificationHints": {"hostname": "web01", "fqdn": "web01.corp.example"},
                "disks": [{"deviceName": "/dev/sda", "bytes": 107374182400}],
            },
            "dataReplicationInfo": {"dataReplicationState": "DISCONNECTED"},
            "lifeCycle": {
                "state": "CUTOVER",
                "lastSeenByServiceDateTime": "2026-03-20T00:00:00Z",
                "lastTest": {"initiated": {"apiCallDateTime": "2026-03-03T08:00:00Z", "jobID": "mgnjob-1"}},
                "lastCutover": {
                    "initiated": {"apiCallDateTime": "2026-03-07T20:00:00Z", "jobID": "mgnjob-2"},
                    "finalized": {"apiCallDateTime": "2026-03-07T23:30:00Z"},
                },
            },
        },
        {
            "sourceServerID": "s-2222222222222222b",
            "sourceProperties": {"identificationHints": {"hostname": "web02"}},
            "dataReplicationInfo": {"dataReplicationState": "CONTINUOUS"},
            "lifeCycle": {"state": "READY_FOR_TEST", "lastSeenByServiceDateTime": "2026-03-04T06:00:00Z"},
        },
        "not an object",
    ]
}
JOBS = {
    "items": [
        {
            "jobID": "mgnjob-3",
            "type": "LAUNCH",
            "initiatedBy": "START_TEST",
            "creationDateTime": "2026-03-05T08:00:00Z",
            "endDateTime": "2026-03-05T09:00:00Z",
            "status": "COMPLETED",
            "participatingServers": [
                {"sourceServerID": "s-2222222222222222b", "launchStatus": "LAUNCHED"},
                {"sourceServerID": "s-1111111111111111a", "launchStatus": "FAILED"},
                {"sourceServerID": "s-9999999999999999c", "launchStatus": "LAUNCHED"},
            ],
        }
    ]
}


@pytest.mark.parametrize("servers_first", [True, False])
def test_what_the_aws_command_line_writes_is_read(servers_first: bool, tmp_path: Path) -> None:
    documents = {"servers.json": SOURCE_SERVERS, "jobs.json": JOBS}
    files = []
    for name in documents if servers_first else reversed(documents):
        (tmp_path / name).write_text(json.dumps(documents[name], indent=4), encoding="utf-8")
        files.append(list(read_rows(tmp_path / name, name, is_update_header)))
    raw = rows_of(*files)
    result = judge_updates(raw, programme(), inventory(), scope=SCOPE, settings=UTC_SETTINGS)
    assert changes(result) == [
        ("web02: first copy", "done", "2026-03-04 06:00"),
        ("web01: test boot", "in progress", "2026-03-05 08:00"),
        ("web02: test boot", "in progress", "2026-03-05 08:00"),
        ("web01: test boot", "failed", "2026-03-05 09:00"),
        ("web02: test boot", "done", "2026-03-05 09:00"),
        ("web01: cut over", "in progress", "2026-03-07 20:00"),
        ("web01: cut over", "done", "2026-03-07 23:30"),
    ]
    told = dict(reasons(result))
    assert told.keys() == {"not_an_object", "server_id_unknown"}
    assert told["not_an_object"].startswith("servers.json, row 3: ")
    assert "jobs.json, row 1: no list of servers" in told["server_id_unknown"]


@pytest.mark.parametrize(
    ("content", "code"),
    [('{"items": [', "broken_json"), ('{"message": "denied"}', "no_objects"),
     ('{"a": [{"b": 1}], "c": [{"d": 1}]}', "no_objects"), ('{"items": [{"name": "web01"}]}', "kind_unknown")],
)  # fmt: skip
def test_a_document_of_another_shape_is_rejected_by_its_name(content: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(content, encoding="utf-8")
    result = judged(list(read_rows(tmp_path / "odd.json", "odd.json", is_update_header)))
    assert [(one, reason.startswith("odd.json")) for one, reason in reasons(result)] == [(code, True)]


def read_json(path: Path, content: object) -> list[FileRow]:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return list(read_rows(path, path.name, is_update_header))


def codes(rows: Sequence[FileRow]) -> list[str]:
    return [row.problem.code for row in rows if row.problem]


@pytest.mark.parametrize("content", ['{"items": []}', "[]", '{"items": [], "nextToken": null}'])
def test_a_list_without_objects_says_nothing_and_is_no_mistake(content: str, tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json", content) == []


def test_an_export_of_the_first_page_only_is_told_as_such(tmp_path: Path) -> None:
    rows = read_json(tmp_path / "jobs.json", JOBS | {"nextToken": "AAAB"})
    assert codes(rows) == ["more_pages"]
    assert len(rows) == 4


def test_what_an_object_says_is_repeated_within_bounds_only(tmp_path: Path) -> None:
    """1 MB of it would take 10 GB."""
    servers = [{"sourceServerID": f"s-{number}", "launchStatus": "LAUNCHED"} for number in range(9_000)]
    job = {f"fact {number}": "x" * 100 for number in range(60)}
    small = {"jobID": "mgnjob-3", "participatingServers": servers[:3]}
    rows = read_json(tmp_path / "jobs.json", [job | {"participatingServers": servers}, small])
    assert codes(rows) == ["too_much_repeated"]
    assert [row.row_number for row in rows] == [1, 2, 2, 2]
    again = read_json(tmp_path / "jobs.json", [job | {"participatingServers": servers[:2_000]} for _ in range(3)])
    assert (len(again), codes(again)) == (4_001, ["too_much_repeated"]), "all objects of a document share the bound"


def test_each_object_has_its_own_columns_only_and_a_document_not_too_many(tmp_path: Path) -> None:
    rows = read_json(tmp_path / "wide.json", [{"hostname": "web", f"fact {number}": "x"} for number in range(5_000)])
    assert {len(row.cells) for row in rows if not row.problem} == {2}
    assert codes(rows) == ["too_many_columns"] * (5_000 - 4_095)


def test_names_are_repeated_within_bounds_only(tmp_path: Path) -> None:
    facts = {f"fact {number}": "x" for number in range(9)}
    long = {"hostname": "web01", "n" * 300: facts}
    inner = {"hostname": "web01", "participatingServers": [{"sourceServerID": "s-1", "n" * 300: facts}]}
    rows = read_json(tmp_path / "names.json", [long, inner, {"hostname": "web01", "n" * 200: facts}])
    assert codes(rows) == ["name_too_long"] * 2
    assert len(rows) == 3


def test_objects_that_say_nothing_are_told(tmp_path: Path) -> None:
    rows = read_json(tmp_path / "odd.json", [{}, {"hostname": None}, {"hostname": "web01"}])
    assert [(row.row_number, row.problem and row.problem.code) for row in rows] == [
        (1, "no_values"),
        (2, "no_values"),
        (3, None),
    ]


def test_another_broken_object_at_the_same_place_is_another_row(tmp_path: Path) -> None:
    ids = {
        row["content_id"]
        for text in ('"a"', '"b"', "{", "{{")
        for row in raw_rows(SCOPE, read_json(tmp_path / "odd.json", f"[{text}"))
    }
    assert len(ids) == 4
    [row] = read_json(tmp_path / "odd.json", '[{"password": "hunter2", ')
    assert codes([row]) == ["broken_json"]
    assert "hunter2" not in str(row)
