"""Rows: which rows of a table can be used, and what each describes.

Belongs here: the decision about every single row of an inventory or of a list of relations. Does not: rows of
connections, which are decided on in DuckDB (`connections.py`).
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import replace

from flow_pipelines.discovery.readers.columns import Columns, record_type_of_class
from flow_pipelines.discovery.readers.rejections import Rejection
from flow_pipelines.discovery.readers.table import DecidedRows, Record

# A total or a note below the data: it fills one or two cells of a table of three columns or more.
FOOTER = re.compile(
    r"(?:grand |sub)?-?totals?(?:$|[\s:=(].*)|(?:sum|count|number of \w+|page)(?:$|[\s:=(].*)"
    r"|\(?\d+ (?:rows?|records?).*"
    r"|-{2,}.*|={2,}.*|\*{2,}.*|#+(?:$|[\s:=(].*)|end of .*"
    r"|(?:generated|exported|created|printed|reported) (?:by|on|at|from|with) .*"
    r"|(?:note|source|copyright|confidential)(?:$|[\s:=(].*)",
    re.IGNORECASE | re.DOTALL,
)
# A row with an address is about a machine, whatever it is called. Times such as 12:30:45 are no addresses.
ADDRESS = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|[0-9a-f:]*::[0-9a-f:]*", re.IGNORECASE | re.DOTALL
)
MOST_FOOTER_CELLS = 2
LEAST_FOOTER_WIDTH = 3
# Hand-made files leave out empty cells at a row's end. A row that lacks more than half of its cells is more likely
# one piece of a row that a line break split in two.
LEAST_SHARE_OF_CELLS = 0.5
# Kinds of rows whose class column, if there is one, is about something else.
WITHOUT_CLASSES = {
    "relation",
    "server_disk",
    "server_partition",
    "server_network",
    "server_processor",
    "server_memory",
    "server_tag",
}
# A list of applications with rows about their dependencies calls the parent by the applications' own name.
RELATION_ENDS = {"parent": ("relation_parent", "name"), "child": ("relation_child", "depends_on")}
# What a value of the class column must do to make it one: half of the distinct values have a known meaning.
LEAST_SHARE_OF_CLASSES = 0.5


def least_cells(columns: Columns) -> int:
    """Return the number of cells below which a row is broken.

    Tools that write every cell of every row never write a short one; elsewhere half of the columns must be there.
    """
    width = columns.head.width
    template = columns.detection.template
    if template and template.least_cells:
        return min(template.least_cells.values())
    return width if template and template.complete_rows else math.ceil(width * LEAST_SHARE_OF_CELLS)


def decide_rows(records: list[Record], columns: Columns, delimiter: str) -> DecidedRows:
    """Decide on every row of a table.

    Args:
        records: The data records, cleaned, without blank ones.
        columns: The table's columns.
        delimiter: What joins cells to the text of a rejected row.

    Returns:
        Every record, either among the rows to be imported or as one rejection.
    """
    result = DecidedRows()
    readable: list[tuple[Record, dict[str, str]]] = []
    torn = _torn_rows(records, columns.head.width)
    for index, record in enumerate(records):
        rejection = unreadable(record, torn.get(index), columns)
        if rejection:
            result.rejections.append(_placed(rejection, record, delimiter))
        else:
            readable.append((record, _values(record.cells, columns)))
    classes = _Classes(columns, [values for _, values in readable])
    for record, values in readable:
        verdict = classes.record_type_of(values)
        if isinstance(verdict, str):
            verdict = _too_short(record, verdict, columns) or unidentified(values, verdict, columns) or verdict
        if isinstance(verdict, Rejection):
            result.rejections.append(_placed(verdict, record, delimiter))
        else:
            result.add(record.number, verdict, values)
    return result


def _placed(rejection: Rejection, record: Record, delimiter: str) -> Rejection:
    return replace(rejection, row_number=record.number, text=delimiter.join(record.cells))


def _torn_rows(records: list[Record], width: int) -> dict[int, int]:
    """Return the rows that are one piece of a row torn in two, each with the number of cells of the other piece.

    Two short rows that together have one cell more than there are columns, between rows that are not short.
    """
    lengths = [width, *(len(record.cells) for record in records), width, width]
    torn: dict[int, int] = {}
    for index in range(len(records) - 1):
        before, first, second, after = lengths[index : index + 4]
        if first < width > second and first + second == width + 1 and before >= width <= after:
            torn |= {index: second, index + 1: first}
    return torn


def unreadable(record: Record, other_piece: int | None, columns: Columns) -> Rejection | None:
    """Return why a row can't be read, None if it can; `other_piece` is the number of cells of what was torn off it."""
    if record.problem:
        return Rejection(record.problem, details={"limit": csv.field_size_limit()})
    head, cells = columns.head, record.cells
    if cells[: head.width] == head.header[: head.width]:
        return Rejection("repeated_header")
    if head.width >= LEAST_FOOTER_WIDTH and _is_footer([cell for cell in cells if cell]):
        return Rejection("footer")
    code = None
    if any(cells[len(head.columns) :]):
        code = "too_many_cells"
    elif other_piece:
        code = "broken_line"
    elif len(cells) < least_cells(columns):
        code = "too_few_cells"
    details = {"cells": len(cells), "neighbour": other_piece, "columns": head.width}
    return Rejection(code, details=dict(details)) if code else None


def _is_footer(filled: list[str]) -> bool:
    if len(filled) > MOST_FOOTER_CELLS or not FOOTER.fullmatch(filled[0]):
        return False
    return not any(map(ADDRESS.fullmatch, filled))


def _values(cells: list[str], columns: Columns) -> dict[str, str]:
    values = {column: cell for column, cell in zip(columns.head.columns, cells, strict=False) if cell}
    template = columns.detection.template
    if template and not template.placeholders.isdisjoint(values.values()):
        return {
            column: cell
            for column, cell in values.items()
            if cell not in template.placeholders or columns.attributes[column] == "name"
        }
    return values


def _too_short(record: Record, record_type: str, columns: Columns) -> Rejection | None:
    """Reject a row that has enough cells for some of the format's kinds of rows, but not for its own kind."""
    template = columns.detection.template
    cells = len(record.cells)
    if not template or cells >= template.least_cells.get(record_type, 0):
        return None
    return Rejection("too_few_cells", details={"cells": cells, "columns": columns.head.width})


def unidentified(values: dict[str, str], record_type: str, columns: Columns) -> Rejection | None:
    """Return why the filled cells of a row do not tell what it is about, None if they do."""
    if record_type == "relation":
        missing = [end for end, told in RELATION_ENDS.items() if values.keys().isdisjoint(columns.having(*told))]
        return Rejection("incomplete_relation", details={"missing": " and ".join(missing)}) if missing else None
    if not columns.identity or not columns.identity.isdisjoint(values):
        return None
    listed = ", ".join(column for column in columns.head.columns if column in columns.identity)
    return Rejection("no_identity", details={"columns": listed})


class _Classes:
    """What the class column of a table, if it has one, says about its rows."""

    def __init__(self, columns: Columns, rows: list[dict[str, str]]) -> None:
        self._of_table = columns.detection.record_type
        self._column = columns.class_column if self._of_table not in WITHOUT_CLASSES else None
        found = {values[self._column] for values in rows if self._column in values} if self._column else set()
        template = columns.detection.template
        self._of_format = template.classes if template else {}
        meanings = {value: self._meaning(value) for value in found}
        known = set(meanings.values()) - {None}
        if sum(meaning is not None for meaning in meanings.values()) < LEAST_SHARE_OF_CLASSES * len(meanings):
            self._column = None
        # An unknown class among known ones of one kind is one more of that kind; in a mixture it could be anything.
        self._of_unknown = self._of_table if known <= {self._of_table} else None

    def record_type_of(self, values: dict[str, str]) -> str | Rejection:
        value = values.get(self._column) if self._column else None
        if value is None:
            return self._of_table or Rejection("class_unknown", details={"value": "(empty)"})
        meaning = self._meaning(value)
        if meaning == "":
            return Rejection("class_not_migrated", column=self._column, details={"value": value})
        return meaning or self._of_unknown or Rejection("class_unknown", column=self._column, details={"value": value})

    def _meaning(self, value: str) -> str | None:
        return self._of_format.get(value) if self._of_format else record_type_of_class(value)
