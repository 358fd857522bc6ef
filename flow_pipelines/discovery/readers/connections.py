"""Connections: millions of observed rows folded to one record per pair of ends, out of core.

Belongs here: the fold in DuckDB and the decision which rows and which folded records can be used. Does not: turning
any table into a line file (`line_files.py`), and edges between assets (`dependencies`). See
docs/decisions/0008-folded-connections.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from string import Template
from typing import Any

from flow_pipelines.discovery.cleansing.addresses import is_malformed_address
from flow_pipelines.discovery.readers.columns import Columns
from flow_pipelines.discovery.readers.engine import fetched, literal, open_engine, plain_path
from flow_pipelines.discovery.readers.line_files import CELL_SEPARATOR, STAND_INS, LineFile
from flow_pipelines.discovery.readers.one_way import one_way_cells
from flow_pipelines.discovery.readers.rejections import Rejection, limited
from flow_pipelines.discovery.readers.rows import ADDRESS, FOOTER, LEAST_FOOTER_WIDTH, MOST_FOOTER_CELLS, least_cells
from flow_pipelines.discovery.readers.table import DecidedRows
from flow_pipelines.reference.record_types import normalise_header
from flow_pipelines.settings import EngagementSettings

# One record per distinct combination of these.
KEY = (
    "source_address",
    "source_name",
    "source_process",
    "destination_address",
    "destination_name",
    "destination_process",
    "destination_port",
    "protocol",
)
MEASURES = ("connection_count", "bytes_sent", "bytes_received", "packet_count")
ENDS = {
    "source": ("source_address", "source_name"),
    "destination": ("destination_address", "destination_name"),
}
# An address is at the end of many connections; judged anew for each of them it took half of the fetch.
KNOWN_ADDRESSES = 100_000
NO_DELIMITER = "\x01\x02\x03\x04"
EMPTY_WORDS = {"", "-", "--", "?", "*", "n/a", "na", "null", "none", "nan", "unknown", "any", "nodata"}
DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y")
ANY_ORDER = ("%d.%m.%Y", "%d-%b-%Y", "%d %b %Y", "%Y%m%d")
TIMES = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p")
NEWLINES = {"\n": "\\n", "\r\n": "\\r\\n"}
TWO_NUMBERS = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}")
MOST_MONTHS = 12


def fold_connections(lines: LineFile, columns: Columns, settings: EngagementSettings) -> DecidedRows:
    """Fold the rows of a table of connections.

    Args:
        lines: The table as a line file.
        columns: Its columns.
        settings: The engagement's settings; they say how to read a date or a number that can be read in two ways.

    Returns:
        One record per distinct combination of the key columns. Measures are summed, a measure that is no number
        stays as it is in a record of its own; times become a range; other cells are kept where all rows agree, so
        ports that opened a connection and ids of single rows vanish as soon as a record stands for several rows.
        Rows that can't be read are rejected one by one, records that lack an end as a whole.
    """
    result = DecidedRows()
    with open_engine() as database, plain_path(lines.path) as path:
        database.execute(_fold_statement(lines, path, columns, settings))
        broken = fetched(database, "SELECT * FROM folded WHERE reason IS NOT NULL ORDER BY number")
        result.rejections += limited(_unreadable(row, columns) for row in broken)
        folded = fetched(database, "SELECT * FROM folded WHERE reason IS NULL ORDER BY number")
        result.rejections += limited(_endless(folded, columns, result))
    return result


def _unreadable(row: tuple[Any, ...], columns: Columns) -> Rejection:
    reason, number, count, cells, line, *_ = row
    if reason in _counted(columns):
        return Rejection(reason, row_number=number, row_count=count)
    line = line.removeprefix(f"{number}{CELL_SEPARATOR}").replace(CELL_SEPARATOR, "\t")
    width = len(columns.head.columns) if reason == "too_many_cells" else columns.head.width
    return Rejection(reason, row_number=number, text=line, details={"cells": cells, "columns": width})


def _endless(folded: Iterator[tuple[Any, ...]], columns: Columns, result: DecidedRows) -> Iterator[Rejection]:
    """Add the folded records to the result, and yield a rejection for each of those that lack an end."""
    names = columns.head.columns
    ends = {
        end: [(column, columns.attributes[column] == address) for column in columns.having(address, name)]
        for end, (address, name) in ENDS.items()
    }
    for _, number, count, _, _, observed_from, observed_to, *cells in folded:
        values = {column: cell for column, cell in zip(names, cells, strict=True) if cell is not None}
        missing = next(filter(None, (_missing_end(end, values, held_by) for end, held_by in ends.items())), None)
        if missing:
            yield replace(missing, row_number=number, row_count=count, text="\t".join(values.values()))
        else:
            result.add(number, "connection", values, count=count, observed=(observed_from, observed_to))


def _missing_end(end: str, values: dict[str, str], held_by: list[tuple[str, bool]]) -> Rejection | None:
    malformed: Rejection | None = None
    for column, is_address in held_by:
        value = values.get(column, "")
        if is_address and _is_malformed(value):
            malformed = Rejection("malformed_address", column=column, details={"value": value, "end": end})
        elif value.casefold() not in EMPTY_WORDS:
            return None
    return malformed or Rejection("no_endpoint", details={"end": end})


@lru_cache(maxsize=KNOWN_ADDRESSES)
def _is_malformed(address: str) -> bool:
    return is_malformed_address(address)


def _fold_statement(lines: LineFile, path: str, columns: Columns, settings: EngagementSettings) -> str:
    head = columns.head
    groups, results, times = [], [], []
    for index, attribute in enumerate(columns.attributes.values(), start=1):
        cell = f"c{index}"
        if attribute in KEY:
            groups.append(f"CASE WHEN reason IS NULL THEN {cell} END")
            results.append(f"any_value({cell})")
        elif attribute in MEASURES:
            number = _number(cell, settings)
            groups.append(f"CASE WHEN reason IS NULL AND {number} IS NULL THEN {cell} END")
            total = f"rtrim(rtrim(sum({number})::TEXT, '0'), '.')"  # every sum has the four decimals of its type
            # Rows without a number share their text, so any of them will do.
            results.append(
                f"CASE WHEN count(*) = 1 THEN any_value({cell}) ELSE coalesce({total}, any_value({cell})) END"
            )
        elif attribute == "observed_at":
            # Comparing texts that nearly always differ would take a third of the whole fold.
            results.append(f"CASE WHEN count(*) = 1 THEN any_value({cell}) END")
            times.append(_microseconds(cell, _date_formats(columns, index - 1, settings)))
        else:
            results.append(f"CASE WHEN min({cell}) = max({cell}) THEN min({cell}) END")
    first = next(index for index, cell in enumerate(head.header) if cell)
    shift = int(lines.is_numbered)
    cells, is_answer = one_way_cells(columns, shift)
    return _statement(
        "fold_connections.sql",
        split=_split(lines, path, columns),
        delimiter=literal(lines.delimiter),
        is_numbered=lines.is_numbered,
        shift=shift,
        first=first + 1,
        first_name=_name(head.header[first]),
        header=f"[{', '.join(map(_name, head.header[: head.width]))}]",
        width=head.width,
        columns=len(head.columns),
        least_cells=least_cells(columns),
        least_footer_width=LEAST_FOOTER_WIDTH,
        most_footer_cells=MOST_FOOTER_CELLS,
        footer=literal(FOOTER.pattern),
        address=literal(ADDRESS.pattern),
        left_out=" ".join(_left_out(columns, shift)),
        counted=", ".join(map(literal, _counted(columns) or [""])),
        cells=", ".join(f"{cell} AS c{index}" for index, cell in enumerate(cells, start=1)),
        is_answer=is_answer,
        times=", ".join(f"{time} AS t{place}" for place, time in enumerate(times)) or "NULL AS t",
        observed_from=_span("least", "min", len(times)),
        observed_to=_span("greatest", "max", len(times)),
        results=", ".join(f"{_restored(result, lines)} AS v{index}" for index, result in enumerate(results, start=1)),
        groups=", ".join(groups),
    )


def _split(lines: LineFile, path: str, columns: Columns) -> str:
    """Return the part that reads and splits the lines: by DuckDB's parser if all have a cell for every column."""
    width = len(columns.head.columns)
    names = [f"x{index}" for index in range(1, width + 1)]
    return _statement(
        "split_columns.sql" if lines.cells == width else "split_lines.sql",
        path=path,
        newline=literal(NEWLINES[lines.newline]),
        delimiter=literal(lines.delimiter),
        no_delimiter=literal(NO_DELIMITER),
        is_numbered=lines.is_numbered,
        header_number=columns.head.header_number,
        filled=_filled("cell", lines),
        is_row=f"NOT starts_with(line, {literal(lines.comment)})" if lines.comment else "true",
        named=", ".join(names),
        cells=", ".join(_filled(name, lines) for name in names),
        typed=", ".join(f"'{name}': 'TEXT'" for name in names),
    )


def _statement(file_name: str, **parts: object) -> str:
    return Template(files(__package__).joinpath(file_name).read_text(encoding="utf-8")).substitute(parts)


def _filled(cell: str, lines: LineFile) -> str:
    for word in ("", *lines.unset):
        cell = f"nullif({cell}, {literal(word)})"
    return cell


def _counted(columns: Columns) -> list[str]:
    template = columns.detection.template
    return list(dict.fromkeys(rule.reason for rule in template.left_out)) if template else []


def _left_out(columns: Columns, shift: int) -> Iterator[str]:
    """Yield the conditions under which a rule of the format leaves a row out."""
    template = columns.detection.template
    places = {normalise_header(column): place for place, column in enumerate(columns.head.columns, start=1 + shift)}
    for rule in template.left_out if template else ():
        if rule.where.keys() <= places.keys():
            conditions = [
                f"upper(cells[{places[header]}]) IN ({', '.join(map(literal, sorted(words)))})"
                for header, words in rule.where.items()
            ]
            yield f"WHEN {' AND '.join(conditions)} THEN {literal(rule.reason)}"


def _restored(result: str, lines: LineFile) -> str:
    if not lines.is_numbered:
        return result
    for original, stand_in in STAND_INS.items():
        result = f"replace({result}, chr({ord(stand_in)}), chr({original}))"
    return result


def _span(extreme: str, fold: str, times: int) -> str:
    return f"{extreme}({', '.join(f'{fold}(t{place})' for place in range(times))})" if times else "NULL"


def _name(cell: str) -> str:
    return literal(cell.translate(STAND_INS)) if cell else "NULL"


def _number(cell: str, settings: EngagementSettings) -> str:
    number = f"try_cast({cell} AS DECIMAL(38, 4))"
    # With a decimal comma a point separates thousands, or not: such a cell is left to cleansing.
    return f"CASE WHEN NOT contains({cell}, '.') THEN {number} END" if settings.decimal_mark == "," else number


def _microseconds(cell: str, formats: list[str]) -> str:
    """Microseconds since 1970 of ISO 8601, of seconds or milliseconds since 1970, or of the formats; else NULL."""
    # The plain form first, at a third of the cost: without an offset there is nothing for a time zone to change.
    return (
        f"CASE WHEN strlen({cell}) = 19 AND {cell}[17] = ':' AND try_cast({cell} AS TIMESTAMP) IS NOT NULL "
        f"THEN epoch_us(try_cast({cell} AS TIMESTAMP)) WHEN ascii({cell}) BETWEEN 48 AND 57 THEN coalesce("
        f"epoch_us(try_cast({cell} AS TIMESTAMPTZ)), "
        f"CASE WHEN regexp_full_match({cell}, '\\d{{10}}(\\.\\d+)?') THEN (1e6 * try_cast({cell} AS DOUBLE))::BIGINT "
        f"WHEN regexp_full_match({cell}, '\\d{{13}}') THEN 1000 * try_cast({cell} AS BIGINT) END, "
        f"epoch_us(try_strptime({cell}, [{', '.join(map(literal, formats))}]))) END"
    )


def _date_formats(columns: Columns, position: int, settings: EngagementSettings) -> list[str]:
    """List the formats of a column's times; the column itself tells day from month where one is above twelve."""
    cells = [row[position] for row in columns.head.first_rows if len(row) > position]
    pairs = [(int(found[1]), int(found[2])) for cell in cells if (found := TWO_NUMBERS.match(cell))]
    is_day_first = any(first > MOST_MONTHS for first, _ in pairs)
    is_month_first = any(second > MOST_MONTHS for _, second in pairs)
    if is_day_first == is_month_first:
        is_day_first = settings.date_order == "day first"
    dates = (*(DAY_FIRST if is_day_first else MONTH_FIRST), *ANY_ORDER)
    return [date + time for date in dates for time in TIMES]
