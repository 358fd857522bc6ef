"""Imported records taken apart into the columns of each sheet.

Belongs here: turning row-wise raw values into columns at size. Does not: what the columns mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd


@dataclass
class SheetColumn:
    """One column of one sheet: its filled cells by the type of their records."""

    header: str
    cells: dict[str, list[str]] = field(default_factory=dict)
    filled_rows: int = 0

    @property
    def record_type(self) -> str:
        """What most of its filled rows describe; of several the first in order of the alphabet."""
        return min(self.cells, key=lambda record_type: (-len(self.cells[record_type]), record_type))

    @property
    def values(self) -> list[str]:
        """All filled cells."""
        return [value for cells in self.cells.values() for value in cells]


@dataclass(frozen=True)
class Sheet:
    """One worksheet or text file with its columns in order of their headers."""

    source_file: str
    name: str | None
    source_format: str
    columns: tuple[SheetColumn, ...]


def sheets_of(imported_records: pd.DataFrame) -> Iterator[Sheet]:
    """Yield the sheets of imported records in order of file and sheet, one at a time to bound memory.

    Args:
        imported_records: Conforms to `discovery/imported_records`; rows in any order.
    """
    names = imported_records["sheet"].where(imported_records["sheet"].notna(), "").astype(str)
    for key, rows in imported_records.groupby([imported_records["source_file"].astype(str), names], sort=True):
        source_file, name = map(str, key)
        formats = Counter(rows["source_format"].tolist())
        yield Sheet(
            source_file=source_file,
            name=name or None,
            source_format=min(formats, key=lambda one: (-formats[one], one)),
            columns=_columns(rows),
        )


def _columns(rows: pd.DataFrame) -> tuple[SheetColumn, ...]:
    columns: dict[str, SheetColumn] = {}
    for record_type, group in rows.groupby(rows["record_type"].astype(str), sort=True):
        cells: dict[str, list[str]] = {}
        filled: Counter[str] = Counter()
        for raw, count in zip(group["raw_values"].tolist(), group["row_count"].tolist(), strict=True):
            for header, value in raw.items():
                if header in cells:
                    cells[header].append(value)
                else:
                    cells[header] = [value]
            if count > 1:
                filled.update(dict.fromkeys(raw, count - 1))
        for header, values in cells.items():
            column = columns.setdefault(header, SheetColumn(header))
            column.cells[str(record_type)] = values
            column.filled_rows += len(values) + filled[header]
    return tuple(columns[header] for header in sorted(columns))
