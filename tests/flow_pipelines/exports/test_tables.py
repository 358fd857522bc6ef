"""Any table as a file: nothing is lost, and no spreadsheet computes what a table holds."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from flow_pipelines.edit_workbook import CUT, LONGEST_TEXT
from flow_pipelines.errors import InputError
from flow_pipelines.exports import tables
from flow_pipelines.exports.csv_text import csv_text, guarded, is_computed, unguarded
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform, empty
from tests.flow_pipelines.exports.estates import SCOPE

TABLE = output_tables()["assess/plan_of_record"]
HOSTILE = "=cmd|' /C calc'!A0"


def plan() -> pd.DataFrame:
    rows = [
        {
            "workload_id": SCOPE.id_of("workload", name),
            "workload_name": name,
            "treatment": "rehost",
            "status": "proposed",
            "wave_number": 3,
            "start_date": date(2026, 9, 1),
            "server_count": 2,
            "effort_days": 2.5,
            "treatment_decided_by": "rule",
            "wave_decided_by": "rule",
            "decision_makers": ["Ann; Lee", "Bo"],
            "computed_treatment": "rehost",
            "changes": [],
            "decision_price": -1.5,
            "reason": 'line\nbreak, "quoted"',
            "source_entity_ids": [SCOPE.id_of("asset", name)],
        }
        for name in (HOSTILE, "'tis", "plain")
    ]
    return conform(pd.DataFrame(rows), TABLE)


def test_a_table_as_csv_is_guarded_and_can_be_read_back() -> None:
    frame = plan()
    content = tables.table_csv(frame, TABLE)
    assert content.startswith(b"\xef\xbb\xbf"), "what a spreadsheet knows UTF-8 by"
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert list(rows[0]) == [column.name for column in TABLE.columns]
    assert [unguarded(row["workload_name"]) for row in rows] == frame["workload_name"].tolist()
    assert f"'{HOSTILE}" in [row["workload_name"] for row in rows]
    assert {row["decision_price"] for row in rows} == {"-1.5"}, "a number is no formula"
    assert json.loads(rows[0]["decision_makers"]) == ["Ann; Lee", "Bo"]
    assert (rows[0]["start_date"], rows[0]["reason"]) == ("2026-09-01", 'line\nbreak, "quoted"')
    assert rows[0]["wave_number"] == "3"


def test_a_table_as_a_workbook_has_no_formula() -> None:
    content = tables.table_workbook(plan(), TABLE)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert sheet[0] == [column.name for column in TABLE.columns]
    assert HOSTILE in [row[1] for row in sheet[1:]]
    with ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_cell_that_holds_less_than_the_table_says_so() -> None:
    frame = plan()
    frame["reason"] = ["x" * LONGEST_TEXT, "x" * (LONGEST_TEXT + 1), "short"]
    frame["decision_makers"] = [[], [], [f"Ann {number}; and" for number in range(5_000)]]
    content = tables.table_workbook(frame, TABLE)
    head, *sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    reasons = [row[head.index("reason")] for row in sheet]
    makers = sheet[2][head.index("decision_makers")]
    assert [reason.endswith(CUT) for reason in reasons] == [False, True, False]
    assert [len(reason) for reason in reasons] == [LONGEST_TEXT, LONGEST_TEXT, 5]
    assert (makers.endswith(CUT), len(makers)) == (True, LONGEST_TEXT)


def test_a_table_as_parquet_keeps_types(tmp_path: Path) -> None:
    path = tmp_path / "plan.parquet"
    path.write_bytes(tables.table_parquet(plan(), TABLE, tmp_path))
    with duckdb.connect() as database:
        found = database.execute(f"SELECT * FROM '{path}' WHERE workload_name = ?", [HOSTILE]).fetchall()[0]
        types = dict(
            database.execute(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '{path}')").fetchall()
        )
    row = dict(zip(types, found, strict=True))
    assert (row["decision_makers"], row["changes"], row["start_date"]) == (["Ann; Lee", "Bo"], [], date(2026, 9, 1))
    assert (row["wave_number"], row["effort_days"], row["owner"]) == (3, 2.5, None)
    assert (types["source_entity_ids"], types["wave_number"], types["start_date"]) == ("VARCHAR[]", "BIGINT", "DATE")


@pytest.mark.parametrize("key", sorted(output_tables()))
def test_every_table_without_rows_is_a_file_of_each_type(key: str, tmp_path: Path) -> None:
    table = output_tables()[key]
    for write in tables.TABLE_FILES.values():
        assert write(empty(table), table, tmp_path)


def test_times_are_in_utc(tmp_path: Path) -> None:
    table = output_tables()["execute/task_updates"]
    frame = empty(table).reindex([0]).assign(happened_at=pd.Series([datetime(2026, 9, 1, 8, tzinfo=UTC)]))
    assert b"2026-09-01T08:00:00+00:00" in tables.table_csv(frame, table)
    path = tmp_path / "updates.parquet"
    path.write_bytes(tables.table_parquet(frame, table, tmp_path))
    with duckdb.connect() as database:
        assert database.execute(f"SELECT epoch(happened_at) FROM '{path}'").fetchall() == [(1788249600.0,)]


def test_more_rows_than_a_worksheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    with pytest.raises(InputError, match="--as parquet"):
        tables.table_workbook(plan(), TABLE)


@given(st.text(alphabet="=+-@'\t\r\n\",;a1 ", max_size=8))
def test_the_guard_can_be_undone_and_nothing_guarded_is_computed(text: str) -> None:
    assert unguarded(guarded(text)) == text if guarded(text) != text else not is_computed(text)
    assert not is_computed(guarded(text))
    row = next(csv.reader(io.StringIO(csv_text([text, "end"], []), newline="")))
    assert row == [text, "end"]
