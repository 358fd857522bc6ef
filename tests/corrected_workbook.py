"""A workbook that a person corrected: what `flow edit export` wrote, saved again with other cells.

Belongs here: saving it. Does not: what must become of it.
"""

from __future__ import annotations

from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook


def corrected(path: Path, name: str, **cells: object) -> Path:
    """Save an export again with cells of the rows of one name changed."""
    book = CalamineWorkbook.from_path(str(path))
    again = path.with_name("corrected.xlsx")
    with xlsxwriter.Workbook(str(again), {"strings_to_formulas": False}) as written:
        for sheet_name in book.sheet_names:
            grid = book.get_sheet_by_name(sheet_name).to_python(skip_empty_area=False)
            for row in grid:
                if name in row:
                    for column, value in cells.items():
                        row[grid[0].index(column)] = value
            sheet = written.add_worksheet(sheet_name)
            for number, row in enumerate(grid):
                sheet.write_row(number, 0, row)
    return again
