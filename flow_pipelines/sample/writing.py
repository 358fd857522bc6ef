"""Writing the files of a sample estate, in chunks, and noting which row of which file is about what.

Belongs here: text files, workbooks, row numbers as a person sees them, the truth about records and mess.
Does not: what stands in the rows.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple, Self, TextIO

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from flow_pipelines.sample.mess import Cell, Rows
from flow_pipelines.sample.vocabulary import vocabulary

Progress = Callable[[str, int], None]


class SourceColumn(NamedTuple):
    """One column of an export: its header, the attribute it holds, other right answers, a cell that never varies."""

    column: str
    attribute: str
    also_right: str
    constant: str


@cache
def source_columns(export: str, sheet: str = "") -> tuple[SourceColumn, ...]:
    """Return the columns of one export and sheet, in the order in which the real tool writes them."""
    text = files(__package__).joinpath("columns.csv").read_text(encoding="utf-8")
    entries = csv.DictReader(text.splitlines())
    return tuple(
        SourceColumn(entry["column"], entry["attribute"], entry["also_right"], entry["constant"])
        for entry in entries
        if entry["export"] == export and entry["sheet"] == sheet
    )


class TableWriter:
    """A plain comma-separated file that grows row by row; used for the truth."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        self._writer.writerows(rows)


class Ledger:
    """The truth about rows: which row of which file is about what (`records.csv`), what was spoiled (`mess.csv`).

    Attributes:
        counts: Data rows written so far, by file and sheet.
        columns: Export and sheet of `columns.csv` behind each file and sheet.
    """

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.counts: dict[tuple[str, str], int] = {}
        self.columns: dict[tuple[str, str], tuple[str, str]] = {}
        self.progress = progress
        self._stack = ExitStack()
        where = ["source_file", "sheet", "row_number"]
        self._records = self._stack.enter_context(
            TableWriter(folder / "records.csv", [*where, "entity_type", "true_id"])
        )
        self._mess = self._stack.enter_context(
            TableWriter(folder / "mess.csv", [*where, "source_column", "kind", "was", "written"])
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def note(self, file: str, sheet: str, numbers: Sequence[int], rows: Rows) -> None:
        """Note rows that were written under these row numbers; rows about nothing (no true id) are only counted."""
        self.counts[file, sheet] = self.counts.get((file, sheet), 0) + len(rows)
        self._records.add(
            (file, sheet, number, entity_type, true_id)
            for number, entity_type, true_id in zip(numbers, rows.entity_types, rows.true_ids, strict=True)
            if true_id
        )
        self._mess.add(
            (file, sheet, numbers[one.position], one.column, one.kind, one.was, one.written)
            for one in sorted(rows.blemishes, key=lambda one: (one.position, one.column, one.kind))
        )
        self.progress(file, len(rows))


class TextExport:
    """A delimited text file as a tool exports it."""

    def __init__(
        self,
        path: Path,
        export: str,
        ledger: Ledger,
        *,
        encoding: str = "utf-8",
        delimiter: str = ",",
        preamble: Sequence[str] = (),
    ) -> None:
        self.path = path
        self._name, self._ledger = path.name, ledger
        self._columns = [one.column for one in source_columns(export)]
        self._file: TextIO = path.open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._file, delimiter=delimiter)
        for line in preamble:
            self._writer.writerow([line] if line else [])
        self._writer.writerow(self._columns)
        self._lines = len(preamble) + 1
        ledger.columns[path.name, ""] = (export, "")
        ledger.counts[path.name, ""] = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: Rows) -> None:
        """Append rows; columns that they don't have stay empty."""
        empty: list[Cell] = [""] * len(rows)
        lines = list(zip(*(rows.columns.get(name, empty) for name in self._columns), strict=True))
        numbers = []
        for position, line in enumerate(lines):
            if position in rows.blank_before:
                self._writer.writerow([])
                self._lines += 1
            self._writer.writerow(rows.reshaped.get(position, line))
            self._lines += 1
            numbers.append(self._lines)
        self._ledger.note(self._name, "", numbers, rows)


class WorkbookExport:
    """A workbook as a tool exports it, one row in memory at a time."""

    def __init__(self, path: Path, export: str, sheets: Sequence[str], ledger: Ledger) -> None:
        self._name, self._export, self._ledger = path.name, export, ledger
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        # The day of the export, never the clock: equal arguments must give equal bytes.
        self._book.set_properties({"created": datetime.combine(vocabulary().exported, time(6), tzinfo=UTC)})
        self._sheets: dict[str, Worksheet] = {}
        self._next: dict[str, int] = {}
        for sheet in sheets:
            self._sheets[sheet] = self._book.add_worksheet(sheet)
            self._sheets[sheet].write_row(0, 0, [one.column for one in source_columns(export, sheet)])
            self._next[sheet] = 1
            ledger.columns[path.name, sheet] = (export, sheet)
            ledger.counts[path.name, sheet] = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def write(self, sheet: str, rows: Rows) -> None:
        """Append rows to a sheet; columns that they don't have hold the constant of the column, or nothing."""
        worksheet, first = self._sheets[sheet], self._next[sheet]
        columns: list[tuple[int, Sequence[Cell]]] = []
        for place, one in enumerate(source_columns(self._export, sheet)):
            if one.column in rows.columns:
                columns.append((place, rows.columns[one.column]))
            elif one.constant:
                columns.append((place, [_constant(one.constant)] * len(rows)))
        for position in range(len(rows)):
            for place, cells in columns:
                cell = cells[position]
                if isinstance(cell, str):
                    if cell:
                        worksheet.write_string(first + position, place, cell)
                elif cell is not None:
                    worksheet.write_number(first + position, place, cell)
        self._next[sheet] = first + len(rows)
        self._ledger.note(self._name, sheet, range(first + 1, first + 1 + len(rows)), rows)


def _constant(text: str) -> Cell:
    return int(text) if text.lstrip("-").isdigit() else text


def cells(frame: pd.DataFrame, column: str) -> list[Cell]:
    """Return a column of a frame as cells of an export."""
    values: list[Cell] = frame[column].tolist()
    return values


def repeat_rows(rows: Mapping[str, Sequence[Cell]], places: Sequence[int]) -> dict[str, list[Cell]]:
    """Return the rows at these places, in this order; a place may come up again."""
    return {name: [values[place] for place in places] for name, values in rows.items()}
