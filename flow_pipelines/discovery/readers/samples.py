"""Performance samples: many rows per machine, each what was used at one moment, folded to one record per machine.

Belongs here: average, peak and 95th percentile of each measured column, and which samples can be used. Does not: what
a machine's own record makes of them (`identity/details.py`), and summaries that a source has computed itself.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from flow_pipelines.discovery.cleansing import dates
from flow_pipelines.discovery.cleansing.quantities import comma_is_decimal
from flow_pipelines.discovery.readers.cells import REMOVED
from flow_pipelines.discovery.readers.columns import Columns
from flow_pipelines.discovery.readers.rejections import Rejection, limited
from flow_pipelines.discovery.readers.rows import unidentified, unreadable
from flow_pipelines.discovery.readers.table import DecidedRows, Record
from flow_pipelines.reference.source_formats import statistics_of
from flow_pipelines.reference.vocabularies import vocabularies
from flow_pipelines.settings import EngagementSettings

# Digits behind the point of what is folded; finer than any tool measures.
DECIMALS = 6
Numbers = npt.NDArray[np.float64]


def nearest_rank(ordered: Numbers, share: float) -> float:
    """Return the smallest value that at least a share of the values does not exceed."""
    return float(ordered[max(math.ceil(share * len(ordered)) - 1, 0)])


STATISTICS: dict[str, Callable[[Numbers], float]] = {
    "average": lambda ordered: float(ordered.mean()),
    "peak": lambda ordered: float(ordered[-1]),
    "95th percentile": partial(nearest_rank, share=0.95),
    "lowest": lambda ordered: float(ordered[0]),
    "5th percentile": partial(nearest_rank, share=0.05),
}


@dataclass
class Machine:
    """The samples of one machine so far: 8 bytes for each number measured.

    Attributes:
        number: Its first row.
        count: Its rows.
        cells: By column, the cell that all its rows agree on.
        measured: By column, all numbers.
        observed_from: Time of its first sample in microseconds since 1970, UTC.
        observed_to: Time of its last sample.
    """

    number: int
    cells: dict[str, str]
    count: int = 0
    measured: dict[str, array[float]] = field(default_factory=dict)
    observed_from: int | None = None
    observed_to: int | None = None

    def saw(self, moment: int | None) -> None:
        """Widen its time range."""
        if moment is not None:
            self.observed_from = min(moment, self.observed_from or moment)
            self.observed_to = max(moment, self.observed_to or moment)


def fold_samples(
    records: Iterable[Record], columns: Columns, settings: EngagementSettings, delimiter: str
) -> DecidedRows:
    """Fold samples to one record per machine.

    Args:
        records: The data records, without blank ones; read once, one at a time.
        columns: The table's columns.
        settings: Decide how to read a number or a date that can be read in two ways.
        delimiter: What joins cells to the text of a rejected row.

    Returns:
        One record per machine: a measured column `CPU %` becomes `CPU % (average)`, `CPU % (peak)` and
        `CPU % (95th percentile)` (nearest rank; of free memory the lowest and the 5th), in the column's unit. Times
        become a range; other cells are kept where all rows agree. A sample that names no machine, or has a measure
        that is no number, is rejected.
    """
    result, machines = DecidedRows(), _Machines(columns, settings)
    result.rejections += limited(machines.take(records, delimiter))
    for machine in machines.found.values():
        values = dict(machine.cells)
        for column, numbers in machine.measured.items():
            ordered = np.sort(np.frombuffer(numbers, dtype=np.float64))
            values |= {
                f"{column} ({word})": _written(STATISTICS[word](ordered)) for word in machines.statistics[column]
            }
        observed = (machine.observed_from, machine.observed_to)
        result.add(machine.number, "server_performance", values, count=machine.count, observed=observed)
    return result


def _written(number: float) -> str:
    return f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")


class _Machines:
    """All machines of a table while its samples are being read."""

    def __init__(self, columns: Columns, settings: EngagementSettings) -> None:
        self.found: dict[tuple[str, ...], Machine] = {}
        self.statistics = {
            column: list(statistics.values())
            for column, attribute in columns.attributes.items()
            if (statistics := statistics_of(attribute))
        }
        self._columns = columns
        self._times = set(columns.having("observed_at"))
        head = columns.head
        cells = {
            column: [row[at] for row in head.first_rows if at < len(row)] for at, column in enumerate(head.columns)
        }
        self._decimal_comma = {
            column: comma_is_decimal(cells[column], settings.decimal_mark) for column in self.statistics
        }
        times = [cell for column in self._times for cell in cells[column]]
        # A sheet has few distinct times, each of them in the rows of all machines.
        self._moment = lru_cache(65536)(
            partial(_microseconds, month_first=dates.month_is_first(times, settings.date_order))
        )

    def take(self, records: Iterable[Record], delimiter: str) -> Iterator[Rejection]:
        """Add all samples to their machines, and yield a rejection for each that can't be used."""
        for record in records:
            cells = [cell.translate(REMOVED).strip() for cell in record.cells]
            problem = unreadable(record._replace(cells=cells), None, self._columns) or self._add(record.number, cells)
            if problem:
                yield replace(problem, row_number=record.number, text=delimiter.join(cells))

    def _add(self, number: int, cells: list[str]) -> Rejection | None:
        values = {column: cell for column, cell in zip(self._columns.head.columns, cells, strict=False) if cell}
        problem = unidentified(values, "server_performance", self._columns)
        if problem:
            return problem
        measured: dict[str, float] = {}
        for column in self.statistics.keys() & values.keys():
            cell = values.pop(column)
            sample = _number(cell, decimal_comma=self._decimal_comma[column])
            if sample is not None:
                measured[column] = sample
            elif not vocabularies().is_missing(cell):
                return Rejection("sample_no_number", column=column, details={"value": cell})
        moments = [self._moment(values.pop(column)) for column in self._times & values.keys()]
        machine = self._machine(number, values)
        machine.count += 1
        for moment in moments:
            machine.saw(moment)
        for column, sample in measured.items():
            machine.measured.setdefault(column, array("d")).append(sample)
        return None

    def _machine(self, number: int, values: dict[str, str]) -> Machine:
        key = tuple(values.get(column, "") for column in sorted(self._columns.identity))
        machine = self.found.get(key)
        if machine is None:
            machine = self.found[key] = Machine(number, values)
        elif machine.cells != values:
            machine.cells = {column: cell for column, cell in machine.cells.items() if values.get(column) == cell}
        return machine


def _number(cell: str, *, decimal_comma: bool) -> float | None:
    plain = cell.removesuffix("%").strip()
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".") if decimal_comma else plain.replace(",", "")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _microseconds(cell: str, *, month_first: bool) -> int | None:
    moment = dates.timestamp(cell, month_first=month_first).value
    return int(moment.timestamp()) * 1_000_000 if isinstance(moment, datetime) else None
