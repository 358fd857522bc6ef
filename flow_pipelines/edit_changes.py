"""What a person changed in an exported workbook, whatever a spreadsheet made of the rest.

Belongs here: reading the workbook back, and telling changed cells from cells that a spreadsheet wrote otherwise. Does
not: writing it (`edit_workbook.py`), whether a change may be made (`resources/edits.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy import Column, Table

from flow_pipelines.discovery.readers.workbook import UnusableWorkbookError, open_workbook
from flow_pipelines.edit_values import plain, read_value, same
from flow_pipelines.edit_workbook import ABOUT, CUT, LISTS, LONGEST_SHEET_NAME, About, cell_of
from flow_pipelines.edits import SetDraft, entity_ids
from flow_pipelines.errors import InputError
from flow_pipelines.tables.declaration import editable_columns

SPREADSHEET_ERRORS = frozenset(("#N/A", "#DIV/0!", "#REF!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!"))


@dataclass(frozen=True)
class Content:
    """A workbook as read: what it says it is, and its cells by row number as a person sees it."""

    about: About
    header: tuple[str, ...]
    rows: Mapping[int, Sequence[object]]


@dataclass(frozen=True)
class Changes:
    """What a person changed.

    Attributes:
        drafts: A draft for each changed cell, in the order of the rows.
        problems: What can't be taken over, in words.
        notices: What is passed over, in words.
    """

    drafts: list[SetDraft]
    problems: list[str]
    notices: list[str]


def read_workbook(path: Path) -> Content:
    """Read a workbook that was exported before, whatever spreadsheet saved it since.

    Raises:
        InputError: It can't be read, or is no export.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a file.", remedy="Name a workbook that flow edit export wrote.")
    try:
        book = open_workbook(path)
        about = _about(book, path)
        name = about.table_key.split("/")[-1][:LONGEST_SHEET_NAME]
        sheets = [one for one in book.sheet_names if one not in (LISTS, ABOUT)]
        lines = book.get_sheet_by_name(name if name in sheets else sheets[0]).iter_rows()
        header, *rows = [[None if cell == "" else cell for cell in line] for line in lines] or [[]]
    except UnusableWorkbookError as error:
        raise InputError(error.rejection.reason(path.name, None), remedy=error.rejection.remedy) from error
    except (CalamineError, IndexError) as error:
        raise InputError(f"{path.name} can't be read: {error}.", remedy="Export the table again.") from error
    names = tuple("" if cell is None else str(cell).strip() for cell in header)
    filled = {number: row for number, row in enumerate(rows, start=2) if any(cell is not None for cell in row)}
    return Content(about, names, filled)


def _about(book: CalamineWorkbook, path: Path) -> About:
    foreign = InputError(
        f"{path.name} is no workbook that flow edit export wrote.", remedy="Export the table and correct that workbook."
    )
    if ABOUT not in book.sheet_names:
        raise foreign
    try:
        told = json.loads(str(next(iter(book.get_sheet_by_name(ABOUT).iter_rows()))[0]))
        return About(str(told["scope"]), str(told["table_key"]), str(told["snapshot_id"]), int(told["last_edit"]))
    except (StopIteration, IndexError, KeyError, TypeError, ValueError) as error:
        raise foreign from error


def changes_in(content: Content, frame: pd.DataFrame, table: Table) -> Changes:
    """Find the cells that a person changed.

    Args:
        content: The workbook as read.
        frame: The rows as they were exported.
        table: The declared table.
    """
    changes = Changes([], [], [])
    columns = {
        column.name: content.header.index(column.name) for column in table.columns if column.name in content.header
    }
    _judge_header(content.header, columns, table, changes)
    if changes.problems:
        return changes
    places = {entity_id: place for place, entity_id in enumerate(entity_ids(frame, table))}
    numbers = _rows_by_entity(content, columns, table, places, changes)
    if gone := len(places) - len(numbers):
        changes.notices.append(f"{gone:,} rows are not in the workbook and stay as they are")
    values = {name: frame[name].tolist() for name in columns}
    for entity_id, number in numbers.items():
        row = content.rows[number]
        for name, position in columns.items():
            before, cell = values[name][places[entity_id]], row[position] if position < len(row) else None
            if (written := cell_of(before)) != cell:
                _judge_cell((number, entity_id), table.columns[name], (before, written, cell), changes)
    return changes


def _judge_header(header: Sequence[str], columns: Mapping[str, int], table: Table, changes: Changes) -> None:
    counts = Counter(header)
    changes.problems.extend(f"column {name} is there twice" for name in columns if counts[name] > 1)
    missing = [name for name in table.info["key"] if name not in columns]
    changes.problems.extend(f"column {name}, which tells the rows apart, is missing" for name in missing)
    unknown = [name for name in counts if name and name not in columns]
    absent = [name for name in editable_columns(table) if name not in columns]
    if unknown:
        changes.notices.append(f"columns {', '.join(unknown)} are none of the table's and are passed over")
    if absent:
        changes.notices.append(f"columns {', '.join(absent)} are not in the workbook and stay as they are")


def _rows_by_entity(
    content: Content, columns: Mapping[str, int], table: Table, places: Mapping[str, int], changes: Changes
) -> dict[str, int]:
    """Return the number of the row of each entity; rows that were added, and rows of one entity, are problems."""
    keys = pd.DataFrame(
        [
            [_key_text(row, columns[name], table.columns[name]) for name in table.info["key"]]
            for row in content.rows.values()
        ],
        columns=list(table.info["key"]),
        dtype="object",
    )
    numbers: dict[str, int] = {}
    for number, entity_id in zip(content.rows, entity_ids(keys, table), strict=True):
        if entity_id not in places:
            changes.problems.append(f"row {number} was not exported: rows can be corrected, not added")
        elif entity_id in numbers:
            changes.problems.append(f"rows {numbers[entity_id]} and {number} are both {entity_id}")
        else:
            numbers[entity_id] = number
    return numbers


def _key_text(row: Sequence[object], position: int, column: Column[Any]) -> str:
    try:
        value = read_value(row[position] if position < len(row) else None, column)
    except ValueError:
        value = None
    return "" if value is None else str(value)


def _judge_cell(
    where: tuple[int, str], column: Column[Any], values: tuple[object, object, object], changes: Changes
) -> None:
    (number, entity_id), (before, written, cell) = where, values
    place = f"row {number}, column {column.name}"
    is_editable = "editing" in column.info
    try:
        if same(read_value(cell, column), read_value(written, column)):
            return
    except ValueError as problem:
        changes.problems.append(f"{place}: {problem}" if is_editable else f"{place} is locked and was changed")
        return
    if not is_editable:
        changes.problems.append(f"{place} is locked and was changed")
    elif isinstance(cell, str) and cell in SPREADSHEET_ERRORS:
        changes.problems.append(f"{place} holds {cell}, an error of the spreadsheet")
    elif isinstance(cell, str) and cell.rstrip().endswith(CUT.strip()):
        changes.problems.append(f"{place} holds a text that was cut to fit: change it by flow edit set, or leave it")
    else:
        table = column.table
        changes.drafts.append(SetDraft(f"{table.schema}/{table.name}", entity_id, column.name, cell, plain(before)))
