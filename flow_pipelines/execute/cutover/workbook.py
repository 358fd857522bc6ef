"""The runbook of a wave as a workbook: for those who fill in times as they go.

Belongs here: sheets, columns and formats. Does not: which steps there are (`runbook.py`), what a value looks like in a
cell (`edit_workbook.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import xlsxwriter

from flow_pipelines.edit_workbook import LONGEST_SHEET_NAME, cell_of
from flow_pipelines.some_of import some_of

# Column of the table, what it is called here, width.
COLUMNS = (
    ("step_number", "#", 6),
    ("phase", "Phase", 10),
    ("planned_start", "Begins", 17),
    ("planned_end", "Ends", 17),
    ("start_minute", "T", 8),
    ("duration_minutes", "Minutes", 9),
    ("lane", "Who", 24),
    ("subject", "Subject", 30),
    ("step", "Step", 28),
    ("kind", "Kind", 14),
    ("details", "Details", 50),
    ("evidence", "What shows it", 40),
    ("is_critical", "No float", 9),
    ("float_minutes", "Float", 8),
    ("waits", "Waits for steps", 18),
    ("reason", "Why", 50),
    ("state", "State", 12),
    ("task_name", "Task", 44),
    ("task_id", "Task id", 38),
)
FOR_PEOPLE = ("Begun", "Done", "By", "Note")
SUMMARY = "summary"
MILESTONE, LATE = "milestone", "late"
# As many numbers of steps as are readable in a cell.
MOST_WAITS = 12


def runbook_workbook(runbook: pd.DataFrame, *, title: str, zone: str) -> bytes:
    """Return a workbook of a wave's runbook: a summary, and a sheet for each of its change windows.

    Everything is written as text, number or yes and no: nothing of it is a formula or a link.

    Args:
        runbook: The rows of `execute/cutover_runbook` of one wave.
        title: What stands above the summary, such as the engagement.
        zone: By whose clocks times are told.
    """
    buffer = BytesIO()
    clock = ZoneInfo(zone)
    rows = runbook.assign(
        waits=_waits(runbook),
        **{name: [_local(one, clock) for one in runbook[name]] for name in ("planned_start", "planned_end")},
    )
    # A fixed date: the same rows make the same bytes.
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001  (a workbook knows no zone)
        _write_summary(book, rows, title, zone)
        for _, own in rows.groupby("section_number", sort=True):
            _write_section(book, str(own["section_name"].iloc[0]), own.sort_values("step_number"))
    return buffer.getvalue()


def _local(moment: pd.Timestamp, clock: ZoneInfo) -> str:
    return f"{moment.tz_convert(clock):%Y-%m-%d %H:%M}"


def _waits(runbook: pd.DataFrame) -> list[str]:
    numbers = dict(zip(runbook["task_id"], runbook["step_number"].tolist(), strict=True))
    found = []
    for before in runbook["predecessor_ids"]:
        told = sorted(numbers[one] for one in before)
        found.append(some_of(told, MOST_WAITS))
    return found


def _write_summary(book: Any, rows: pd.DataFrame, title: str, zone: str) -> None:  # noqa: ANN401  (untyped library)
    sheet = book.add_worksheet(SUMMARY)
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 18)
    sheet.set_column(3, 3, 110)
    _write(sheet, 0, 0, f"Cutover runbook of {title}; times are those of {zone}", bold)
    for column, name in enumerate(("Milestone", "When", "Minutes left", "What that rests on")):
        _write(sheet, 2, column, name, bold)
    milestones = rows[rows["kind"] == MILESTONE].sort_values(["section_number", "start_minute"])
    for place, row in enumerate(milestones.to_dict("records"), start=3):
        for column, name in enumerate(("task_name", "planned_start", "margin_minutes", "reason")):
            _write(sheet, place, column, row[name], wrapped)


def _write_section(book: Any, name: str, rows: pd.DataFrame) -> None:  # noqa: ANN401  (untyped library)
    sheet = book.add_worksheet(name[:LONGEST_SHEET_NAME])
    formats = {
        "head": book.add_format({"bold": True, "bg_color": "#D9E1F2", "bottom": 1}),
        "": book.add_format({"text_wrap": True, "valign": "top"}),
        "critical": book.add_format({"text_wrap": True, "valign": "top", "font_color": "#B3261E"}),
        "gate": book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF6DD"}),
        MILESTONE: book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#EEF2F8", "bold": True}),
    }
    heads = [*((head, width) for _, head, width in COLUMNS), *((head, 16) for head in FOR_PEOPLE)]
    for column, (head, width) in enumerate(heads):
        sheet.set_column(column, column, width)
        _write(sheet, 0, column, head, formats["head"])
    for place, row in enumerate(rows.to_dict("records"), start=1):
        for column, (key, _, _) in enumerate(COLUMNS):
            value = "\n".join(row[key]) if key == "details" else row[key]
            _write(sheet, place, column, value, formats[_format(row)])
    sheet.freeze_panes(1, 3)
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _format(row: Mapping[Any, Any]) -> str:
    if row["kind"] in {MILESTONE, "gate"}:
        return str(row["kind"])
    return "critical" if row["is_critical"] else ""


def _write(sheet: Any, row: int, column: int, value: object, look: Any) -> None:  # noqa: ANN401  (untyped library)
    cell = cell_of(value)
    if isinstance(cell, bool):
        sheet.write_string(row, column, "yes" if cell else "", look)
    elif isinstance(cell, (int, float)):
        sheet.write_number(row, column, cell, look)
    elif cell is None:
        sheet.write_blank(row, column, None, look)
    else:
        sheet.write_string(row, column, str(cell), look)
