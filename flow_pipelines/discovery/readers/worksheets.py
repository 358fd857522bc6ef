"""Worksheets: the tables of a workbook.

Belongs here: going through the sheets of a workbook. Does not: opening it (`workbook.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.read_table import ReadTable, read_cleaned, rejected_table
from flow_pipelines.discovery.readers.rejections import Rejection
from flow_pipelines.discovery.readers.table import Record, cleaned
from flow_pipelines.discovery.readers.workbook import UnusableWorkbookError, open_workbook, sheet_names, sheet_rows
from flow_pipelines.settings import EngagementSettings


def read_workbook(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    """Read a workbook: one table for each worksheet, or one that says why there is none."""
    cells = CleanCells()
    try:
        workbook = open_workbook(path)
    except UnusableWorkbookError as error:
        yield rejected_table(None, error.rejection)
        return
    is_empty = True
    with workbook:
        for sheet in sheet_names(workbook):
            try:
                rows = sheet_rows(workbook, sheet)
            except UnusableWorkbookError as error:
                table = rejected_table(sheet, error.rejection)
            else:
                table = read_cleaned(cleaned((Record(*row) for row in rows), cells), sheet, name, settings)
            is_empty = is_empty and not table.rows and not table.decided.rejections
            yield table
    if is_empty:
        yield rejected_table(None, Rejection("empty_file", row_count=0))
