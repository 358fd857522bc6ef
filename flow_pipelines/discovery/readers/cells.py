"""Cells: what the text of one cell is.

Belongs here: turning any cell of any reader into text, or the empty text. Does not: any judgement on that text, but
for secrets, which go no further (`secrets.py`).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flow_pipelines.discovery.readers.secrets import without_secrets

# NUL can't be stored in PostgreSQL; the four information separators are ours (U+001F parts natural keys, the others
# stand for line ends in files on their way to DuckDB). None of them is ever content.
REMOVED = dict.fromkeys((0x00, 0x1C, 0x1D, 0x1E, 0x1F))
NATIVE = str | float | bool | date | datetime | time | timedelta


class CleanCells(dict[str, str]):
    """The cleaned text of every distinct cell met, computed once each.

    In an inventory of 100,000 machines nine of ten cells repeat one seen before; sharing their text takes a tenth
    of the memory.
    """

    def __missing__(self, cell: str) -> str:
        cleaned = cell.translate(REMOVED).strip()
        if not cleaned.isascii():
            # Half a surrogate pair, which JSON can name, is in no encoding.
            cleaned = cleaned.encode("utf-8", errors="replace").decode("utf-8")
        self[cell] = cleaned = without_secrets(cleaned)
        return cleaned


def text_of(value: NATIVE) -> str:
    """Return a workbook's cell as the text that a person would write for it.

    Whole numbers come without decimals, dates and times in ISO 8601, booleans as True or False.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | timedelta):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value.isoformat() if isinstance(value, date | time) else str(value)
