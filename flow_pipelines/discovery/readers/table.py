"""Tables: the column names of a file or sheet and the records under them.

Belongs here: what every reader hands on, and splitting records into title lines, header and data. Does not: how a
kind of file is parsed (`text.py`, `workbook.py`) and which rows are usable (`rows.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.header import column_names, find_header
from flow_pipelines.discovery.readers.rejections import Rejection

# Enough rows to find the header among and to judge a column by.
HEAD_RECORDS = 200


class Record(NamedTuple):
    """One record of a file.

    Attributes:
        number: The row as a person sees it: the line that it starts at, or the row of the sheet, counting from 1.
        cells: Its cells.
        problem: Why it can't be parsed (`unclosed_quote`, `cell_too_long`), if it can't; its only cell is the line.
    """

    number: int
    cells: list[str]
    problem: str | None = None


@dataclass(frozen=True)
class TableHead:
    """The column names of a table, and its first rows.

    Attributes:
        sheet: Name of the worksheet; None for a text file.
        header_number: Row of the column names.
        header: The cells of the header row, cleaned.
        columns: The name of each column, all different.
        first_rows: The cells of the first rows below, cleaned.
    """

    sheet: str | None
    header_number: int
    header: list[str]
    columns: list[str]
    first_rows: list[list[str]]

    @cached_property
    def width(self) -> int:
        """Number of columns up to the last one with a name of its own."""
        return max((index for index, cell in enumerate(self.header, start=1) if cell), default=0)


def cleaned(records: Iterable[Record], cells: CleanCells) -> Iterator[Record]:
    """Clean the cells of records and leave out blank ones."""
    for number, raw, problem in records:
        row = [cells[cell] for cell in raw]
        if any(row):
            yield Record(number, row, problem)


def read_head(records: Iterable[Record], sheet: str | None, is_known: Callable[[str], bool]) -> TableHead | None:
    """Find the header among the first records of a table.

    Args:
        records: Cleaned records from the table's start.
        sheet: Name of the worksheet; None for a text file.
        is_known: Whether a text is a known column name.

    Returns:
        The head, or None if no record can be the header.
    """
    first = list(islice(records, HEAD_RECORDS))
    index = find_header([record.cells for record in first], is_known)
    if index is None:
        return None
    header = first[index].cells
    below = [record.cells for record in first[index + 1 :]]
    return TableHead(sheet, first[index].number, header, column_names(header), below)


@dataclass
class DecidedRows:
    """The rows of a table after the decision: the records to import, column by column, and the rejections.

    Attributes:
        numbers: The (first) row of each record.
        counts: The number of rows of each record.
        record_types: What each record describes.
        values: The cells of each record by column, empty ones left out.
        observed_from: Earliest observation in microseconds since 1970, UTC; None if there is none.
        observed_to: Latest observation.
        rejections: Everything else.
    """

    numbers: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    record_types: list[str] = field(default_factory=list)
    values: list[dict[str, str]] = field(default_factory=list)
    observed_from: list[int | None] = field(default_factory=list)
    observed_to: list[int | None] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def add(
        self,
        number: int,
        record_type: str,
        values: dict[str, str],
        *,
        count: int = 1,
        observed: tuple[int | None, int | None] = (None, None),
    ) -> None:
        """Add one record to import."""
        self.numbers.append(number)
        self.counts.append(count)
        self.record_types.append(record_type)
        self.values.append(values)
        self.observed_from.append(observed[0])
        self.observed_to.append(observed[1])


class CountedRecords:
    """Data records on their way to a decision, counted as they pass; the count owes nothing to any decision."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records
        self.count = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.count += 1
            yield record
