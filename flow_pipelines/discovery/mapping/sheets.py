"""Imported records taken apart into the columns of each sheet.

Belongs here: turning row-wise raw values into columns at size. Does not: what the columns mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

# Of larger sheets so many rows are looked at: reading the cells of all takes 1 second per 500,000 cells.
MOST_ROWS = 10_000
# A column that has fewer cells in those rows is looked for in all.
FEWEST_CELLS = 100


@dataclass(frozen=True)
class SheetColumn:
    """One column of one sheet.

    Attributes:
        header: Its header.
        record_type: What most of its filled rows describe; of several the first in order of the alphabet.
        filled_rows: Source rows in which it holds something, exactly.
        cells: Filled cells; of a large sheet those of a sample of its rows.
    """

    header: str
    record_type: str
    filled_rows: int
    cells: tuple[str, ...]


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
        yield Sheet(source_file, name or None, _commonest(Counter(rows["source_format"].tolist())), _columns(rows))


def _columns(rows: pd.DataFrame) -> tuple[SheetColumn, ...]:
    types: dict[str, Counter[str]] = {}
    for record_type, group in rows.groupby(rows["record_type"].astype(str), sort=True):
        for header, count in Counter(chain.from_iterable(group["raw_values"].tolist())).items():
            types.setdefault(header, Counter())[str(record_type)] = count
    filled = _filled_rows(rows)
    cells = _cells(_sampled(rows)["raw_values"].tolist())
    seldom = {
        header for header, counts in types.items() if len(cells.get(header, ())) < min(FEWEST_CELLS, counts.total())
    }
    if seldom:
        cells |= _cells({header: raw[header] for header in seldom & raw.keys()} for raw in rows["raw_values"].tolist())
    return tuple(
        SheetColumn(header, _commonest(types[header]), filled[header], tuple(cells[header])) for header in sorted(types)
    )


def _commonest(counts: Counter[str]) -> str:
    return min(counts, key=lambda one: (-counts[one], one))


def _filled_rows(rows: pd.DataFrame) -> Counter[str]:
    """Count the source rows in which each column holds something; a folded record stands for many."""
    by_count: dict[int, list[Mapping[str, str]]] = {}
    for count, raw in zip(rows["row_count"].tolist(), rows["raw_values"].tolist(), strict=True):
        by_count.setdefault(count, []).append(raw)
    filled: Counter[str] = Counter()
    for count, records in by_count.items():
        for header, times in Counter(chain.from_iterable(records)).items():
            filled[header] += count * times
    return filled


def _sampled(rows: pd.DataFrame) -> pd.DataFrame:
    """Choose rows by the hash of their number, which neither the order of records nor the file's name changes."""
    if len(rows) <= MOST_ROWS:
        return rows
    hashes = pd.util.hash_array(rows["row_number"].to_numpy(dtype=np.int64))
    return rows.iloc[np.argsort(hashes, kind="stable")[:MOST_ROWS]]


def _cells(records: Iterable[Mapping[str, str]]) -> dict[str, Sequence[str]]:
    cells: dict[str, list[str]] = {}
    for raw in records:
        for header, value in raw.items():
            if header in cells:
                cells[header].append(value)
            else:
                cells[header] = [value]
    return dict(cells)
