"""CSV, as tools read it and as spreadsheets may safely open it.

Belongs here: writing rows, and the guard against cells that a spreadsheet would compute. Does not: what is in them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# What a cell begins with that a spreadsheet computes. The apostrophe stands here too, so that the guard can be undone.
COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  (full-width is computed too)
GUARD = "'"


def csv_text(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV by RFC 4180: commas, quotes where needed, each row ended by CR and LF."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(headers)
    writer.writerows(rows)
    return stream.getvalue()


def is_computed(cell: str) -> bool:
    """Tell whether a spreadsheet that opens the file would take the cell for a formula."""
    return cell.startswith(COMPUTED) and not _is_number(cell)


def guarded(cell: str) -> str:
    """Return a text as no spreadsheet computes it: behind an apostrophe if need be; `unguarded` undoes it."""
    return GUARD + cell if cell.startswith(GUARD) or is_computed(cell) else cell


def unguarded(cell: str) -> str:
    """Return the text that was guarded."""
    return cell.removeprefix(GUARD)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
