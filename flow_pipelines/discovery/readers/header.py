"""Header rows: which row holds the column names, and what the columns are called.

Belongs here: telling the header from the title lines above it and the data below. Does not: what a name means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from flow_pipelines.discovery.readers.cells import CleanCells

# Rows of a file among which the header is looked for: title blocks of exports have a handful of lines.
SEARCHED_ROWS = 50
# So many cells of a row tell whether it is the header.
TELLING_CELLS = 200
# Column names that make a row the header: one alone may be a value ("Server"), two in one row hardly ever are.
ENOUGH_KNOWN_NAMES = 2
# A header fills most of the table's columns; a title line fills one or two of them.
LEAST_FILLED_SHARE = 0.6
DATA = re.compile(
    r"""[-+]?[\d.,\s]+%?            # a number
      | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T\s].*)?   # a date
      | [0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,}   # an IPv6 or MAC address
      | [0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}   # a UUID or sys_id
      | true | false | yes | no | n/a | -""",
    re.VERBOSE | re.IGNORECASE,
)


def find_header(rows: Sequence[list[str]], is_known: Callable[[str], bool]) -> int | None:
    """Return the index of the row that holds the column names.

    It is the row with the most known column names, if it has two; else the first row that fills most columns of the
    table, names each of them differently, and holds nothing that looks like data.

    Args:
        rows: The first rows of a table, cleaned, without blank ones.
        is_known: Whether a text is a known column name.

    Returns:
        The index, or None if no row can be the header.
    """
    searched = rows[:SEARCHED_ROWS]
    if not searched:
        return None
    known = [sum(1 for cell in row[:TELLING_CELLS] if cell and is_known(cell)) for row in searched]
    if max(known) >= ENOUGH_KNOWN_NAMES:
        return known.index(max(known))
    filled = [sum(map(bool, row)) for row in rows]
    usual, _ = max(Counter(filled).items(), key=lambda item: (item[1], item[0]))
    if usual == 1:
        return 0 if known[0] else None
    return next(
        (index for index, row in enumerate(searched) if filled[index] >= LEAST_FILLED_SHARE * usual and _names(row)),
        None,
    )


def _names(row: list[str]) -> bool:
    cells = [cell.casefold() for cell in row if cell]
    return len(cells) > 1 and len(set(cells)) == len(cells) and not any(DATA.fullmatch(cell) for cell in cells)


def column_names(header: Sequence[str]) -> list[str]:
    """Name every column by its header cell.

    Args:
        header: The cells of the header row.

    Returns:
        One distinct name per cell: line breaks and runs of space become one space, an empty cell becomes `column 3`,
        the second of two equal names gets ` (2)`.
    """
    names: list[str] = []
    taken: set[str] = set()
    times: Counter[str] = Counter()
    clean = CleanCells()
    for position, cell in enumerate(header, start=1):
        wanted = name = " ".join(clean[cell].split()) or f"column {position}"
        times[wanted] += 1
        while name in taken:
            name = f"{wanted} ({max(2, times[wanted])})"
            times[wanted] += name in taken
        taken.add(name)
        names.append(name)
    return names
