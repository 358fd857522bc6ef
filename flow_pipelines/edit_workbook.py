"""The workbook in which people correct a table, written from its rows.

Belongs here: layout, locks, drop-downs, what a value looks like in a cell. Does not: reading it back
(`edit_changes.py`), values as people write them (`edit_values.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pandas as pd
import xlsxwriter
from sqlalchemy import Boolean, Column, Date, Table

from flow_pipelines.edit_values import LIST_SEPARATOR, UNWRITABLE, plain
from flow_pipelines.errors import InputError
from flow_pipelines.tables.advice import ADVICE_COLUMNS, advised_column
from flow_pipelines.tables.declaration import Editing, editable_columns

ABOUT, LISTS = "about this workbook", "lists"
# Before a value of another column of the row: the name of the list that may be chosen from then.
CHOICES = "choices_"
# Two of the limits of a worksheet: rows below the header, and characters of a cell.
MOST_ROWS = 1_048_575
LONGEST_TEXT = 32_767
LONGEST_SHEET_NAME = 31
# What a cell ends with that holds less than the table does.
CUT = " [... cut: a cell holds no more]"
FIRST_SPREADSHEET_DAY = date(1900, 3, 1)  # before it, spreadsheets disagree on the calendar
DIGITS_KEPT = 10**15
LARGEST_NUMBER = 9.99e307
# What a person may still do on a locked sheet.
ALLOWED = {
    "format_columns": True,
    "format_rows": True,
    "autofilter": True,
    "sort": True,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}
# As far to the right as a name may stand to be kept in view.
FROZEN_COLUMNS = 5


@dataclass(frozen=True)
class About:
    """What a workbook is an export of.

    Attributes:
        scope: The engagement, client/engagement.
        table_key: The table, flow/table.
        snapshot_id: The snapshot that its rows rest on.
        last_edit: Number of the last edit that is in them.
    """

    scope: str
    table_key: str
    snapshot_id: str
    last_edit: int


def write_workbook(frame: pd.DataFrame, table: Table, about: About) -> bytes:
    """Return a workbook of a table's rows, in which nothing but the editable cells can be changed.

    Everything is written as text, number, date or yes and no: nothing of it is a formula or a link.

    Args:
        frame: Rows that conform to the table.
        table: The declared table.
        about: What it is an export of; kept on a hidden sheet.

    Raises:
        InputError: There are more rows than a worksheet holds.
    """
    if len(frame) > MOST_ROWS:
        raise InputError(
            f"A worksheet holds {MOST_ROWS:,} rows; {about.table_key} has {len(frame):,}.",
            remedy="Use: flow edit set",
        )
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": True}) as book:
        sheet = book.add_worksheet(table.name[:LONGEST_SHEET_NAME])
        lists = book.add_worksheet(LISTS)
        _write_sheet(book, sheet, frame, table)
        _write_lists(book, sheet, lists, table, len(frame))
        hidden = book.add_worksheet(ABOUT)
        hidden.write_string(0, 0, json.dumps(about.__dict__))
        lists.hide()
        hidden.very_hidden()
    return buffer.getvalue()


def laid_out(table: Table) -> list[Column[Any]]:
    """Return a table's columns in the order of the sheet: what a model advises stands beside the cell it is about."""
    about = advised_column(table)
    rest = [column for column in table.columns if column.name not in ADVICE_COLUMNS]
    if about is None:
        return rest
    place = [column.name for column in rest].index(about) + 1
    return [*rest[:place], *(table.columns[name] for name in ADVICE_COLUMNS), *rest[place:]]


def _write_sheet(book: Any, sheet: Any, frame: pd.DataFrame, table: Table) -> None:  # noqa: ANN401  (untyped library)
    editable, columns = editable_columns(table), laid_out(table)
    advice = set(ADVICE_COLUMNS) if advised_column(table) else set()
    locked = {"bg_color": "#F2F2F2", "font_color": "#595959"}
    day = {"num_format": "yyyy-mm-dd"}
    head = book.add_format({"bold": True, "bg_color": "#D9E1F2", "bottom": 1})
    advised = {"bg_color": "#EADCF4", "font_color": "#595959", "italic": True}
    advised_head = book.add_format({"bold": True, "italic": True, "bg_color": "#D5BCE6", "bottom": 1})
    locked_head = book.add_format({"bold": True, "bg_color": "#D9D9D9", "bottom": 1})
    formats = [
        book.add_format(
            {
                **({"locked": False} if column.name in editable else advised if column.name in advice else locked),
                **(day if isinstance(column.type, Date) else {}),
            }
        )
        for column in columns
    ]
    for number, column in enumerate(columns):
        style = head if column.name in editable else advised_head if column.name in advice else locked_head
        sheet.set_column(number, number, max(12, min(len(column.name) + 4, 40)), formats[number])
        sheet.write_string(0, number, column.name, style)
        can = "Can be edited." if column.name in editable else "Locked."
        sheet.write_comment(0, number, f"{column.comment}\n{can}", {"x_scale": 2})
    shown = frame[[column.name for column in columns]]
    for row, values in enumerate(shown.itertuples(index=False, name=None), start=1):
        for number, value in enumerate(values):
            write_cell(sheet, row, number, cell_of(value), formats[number])
    label = [column.name for column in columns].index(table.info["label"])
    sheet.freeze_panes(1, label + 1 if label < FROZEN_COLUMNS else 1)
    sheet.autofilter(0, 0, max(len(frame), 1), len(table.columns) - 1)
    sheet.protect("", ALLOWED)


def _write_lists(book: Any, sheet: Any, lists: Any, table: Table, rows: int) -> None:  # noqa: ANN401  (untyped library)
    """Give the editable cells of closed lists their drop-downs; longer lists than a drop-down takes need a sheet."""
    chosen = editable_columns(table)
    columns = laid_out(table)
    names = [column.name for column in columns]
    last = max(rows, 1)
    for number, column in enumerate(columns):
        editing = chosen.get(column.name, Editing())
        rule = {"validate": "list", "ignore_blank": column.nullable, "error_title": column.name}
        told = "Choose one from the list" + (", or leave it empty." if column.nullable else ".")
        if editing.values:  # noqa: PD011  (no frame)
            # A row each: the library keeps one row in memory, so there is no way back up.
            source = _write_list(lists, number, editing.values)
            sheet.data_validation(1, number, last, number, {**rule, "source": source, "error_message": told})
        elif editing.chosen_by:
            by = xlsxwriter.utility.xl_rowcol_to_cell(1, names.index(editing.chosen_by), col_abs=True)
            source = f'=INDIRECT("{CHOICES}"&{by})'
            sheet.data_validation(1, number, last, number, {**rule, "source": source, "error_message": told})
        elif column.name in chosen and isinstance(column.type, Boolean):
            sheet.data_validation(1, number, last, number, {**rule, "source": ["TRUE", "FALSE"]})
    choices = [item for editing in chosen.values() for item in editing.choices.items()]
    for number, (value, allowed) in enumerate(choices, start=len(names)):
        book.define_name(f"{CHOICES}{value}", _write_list(lists, number, allowed))


def _write_list(lists: Any, row: int, values: Sequence[str]) -> str:  # noqa: ANN401  (untyped library)
    """Write values into a row, and return the reference to them."""
    lists.write_row(row, 0, values)
    return f"={LISTS}!$A${row + 1}:${xlsxwriter.utility.xl_col_to_name(len(values) - 1)}${row + 1}"


def write_cell(sheet: Any, row: int, column: int, cell: object, style: Any) -> None:  # noqa: ANN401  (untyped library)
    """Write what `cell_of` returned into a worksheet, as what it is: never as a formula or a link."""
    if isinstance(cell, str):
        sheet.write_string(row, column, cell, style)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, style)
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, style)
    elif cell is None:
        sheet.write_blank(row, column, None, style)
    else:
        sheet.write_number(row, column, cell, style)


def cell_of(value: object) -> object:
    """Return what is written into a worksheet for a value: text, a number, a date, yes or no, or None for nothing.

    A text that is longer than a cell can be ends with a mark that says so.
    """
    value = plain(value)
    if isinstance(value, list):
        value = _list_text(value) if value else None
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    elif isinstance(value, datetime) or (isinstance(value, date) and value < FIRST_SPREADSHEET_DAY):
        value = value.isoformat()
    elif isinstance(value, int) and abs(value) >= DIGITS_KEPT:
        value = str(value)
    elif isinstance(value, float) and not abs(value) < LARGEST_NUMBER:
        value = repr(value)
    if not isinstance(value, str):
        return value
    text = UNWRITABLE.sub("", value.replace("\r\n", "\n"))
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - len(CUT)] + CUT
    return text if text.strip() else None


def _list_text(values: Sequence[object]) -> str:
    texts = [str(one) for one in values]
    is_simple = all(text and text == text.strip() and not {";", "\n"} & set(text) for text in texts)
    if is_simple and not texts[0].startswith("["):
        return LIST_SEPARATOR.join(texts)
    return json.dumps(texts, ensure_ascii=False)
