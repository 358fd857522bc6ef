"""The values that people edit: read from a cell or the command line, as JSON, and compared.

Belongs here: what a value of each column type looks like when a person or a spreadsheet writes it. Does not: which
columns may be edited (`tables/`), what an edit does (`edits.py`), workbooks (`edit_workbook.py`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, DateTime, Double, Text, Uuid
from sqlalchemy.types import TypeEngine

from flow_pipelines.tables.declaration import Editing

# Spreadsheets keep 15 digits of a number.
PRECISION = 1e-12
INTEGERS = (-(2**63), 2**63 - 1)
SPREADSHEET_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
# Days of a spreadsheet from 1920 to 2119: a number outside of it is no date that lost its format.
SPREADSHEET_DAYS = (7_306, 80_354)
BOOLEANS = {
    **dict.fromkeys(("true", "yes", "y", "1", "wahr", "ja", "vrai", "oui"), True),
    **dict.fromkeys(("false", "no", "n", "0", "falsch", "nein", "faux", "non"), False),
}
# What neither PostgreSQL (NUL) nor a workbook can hold, and what no spreadsheet leaves as it is.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LIST_SEPARATOR = "; "
# As many values as a message names one by one.
MOST_LISTED = 30


def plain(value: object) -> object:
    """Return a cell of a frame or of a database row as a plain Python value; None if it is missing."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, np.generic):
        return value.item()
    return None if value == "" else value


def same(one: object, other: object) -> bool:
    """Tell whether two values are equal, but for the digits of a number that a spreadsheet does not keep."""
    one, other = plain(one), plain(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=PRECISION)
    return one == other


def shown(value: object) -> str:
    """Return a value as a person reads it in one line; (empty) if it is missing."""
    value = plain(value)
    if value is None or value == []:
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return LIST_SEPARATOR.join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value)


def to_json(value: object) -> str | None:
    """Return a value as the JSON text under which it is stored; None if it is missing."""
    value = plain(value)
    if value is None:
        return None
    return json.dumps(value.isoformat() if isinstance(value, date) else value, ensure_ascii=False)


def from_json(text: str | None, column: Column[Any] | None) -> object:
    """Return the value that a JSON text stands for.

    Args:
        text: As `to_json` made it.
        column: The column that holds it; without one (merges, splits) it is what JSON says.
    """
    value = None if text is None else json.loads(text)
    if value is None or column is None:
        return value
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value


def read_value(cell: object, column: Column[Any]) -> object:
    """Read what a person wrote for a column: on the command line, or in a cell that a spreadsheet may have changed.

    Numbers may come as text or as 4.0, text as a number or a date, dates as days since 1900, lists as `one; two` or as
    JSON. Nothing but blanks means that the cell is empty.

    Raises:
        ValueError: It is no value of the column's type; says what would be one.
    """
    if isinstance(cell, str):
        cell = UNWRITABLE.sub("", cell.replace("\r\n", "\n"))
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    read = next((read for kind, read in READERS if isinstance(column.type, kind)), None)
    if read is None:
        raise ValueError("no person can write values of this type")
    return read(cell)


def value_problem(value: object, column: Column[Any], editing: Editing, row: Mapping[str, object]) -> str | None:
    """Say why a person may not set a column of a row to a value; None if it may be set."""
    if value is None:
        return None if column.nullable else "can't be empty"
    allowed = editing.allowed(row)
    if allowed and value not in allowed:
        return _not_allowed(value, allowed)
    if isinstance(column.type, BigInteger):
        is_one = isinstance(value, int) and not isinstance(value, bool) and INTEGERS[0] <= value <= INTEGERS[1]
        return None if is_one else f"must be a whole number of at most 64 bits; not {shown(value)}"
    return None


def _not_allowed(value: object, allowed: Sequence[str]) -> str:
    """Say which values may be set instead: all of them, or of many those that are near."""
    if len(allowed) <= MOST_LISTED:
        return f"must be one of {', '.join(allowed)}; not {shown(value)!r}"
    near = get_close_matches(str(value), allowed)
    return f"can't be {shown(value)!r}, which is not known" + (f"; near are {', '.join(near)}" if near else "")


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004  (beyond, digits are lost)
        return str(int(cell))
    if isinstance(cell, datetime) and (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _number(cell: object) -> float:
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        raise ValueError(f"{shown(cell)!r} is no number")  # noqa: TRY004  (a person's mistake, not a program's)
    try:
        number = float(cell)
    except ValueError as error:
        raise ValueError(f"{shown(cell)!r} is no number") from error
    if not math.isfinite(number):
        raise ValueError(f"{shown(cell)!r} is no number")
    return number


def _integer(cell: object) -> int:
    if isinstance(cell, str) and re.fullmatch(r"\s*[+-]?\d{1,19}\s*", cell):
        return int(cell)
    number = _number(cell)
    if not number.is_integer():
        raise ValueError(f"{shown(cell)!r} is no whole number")
    return int(number)


def _boolean(cell: object) -> bool:
    found = BOOLEANS.get(_text(cell).strip().casefold())
    if found is None:
        raise ValueError(f"{shown(cell)!r} is neither yes nor no")
    return found


def _moment(cell: object) -> datetime:
    if isinstance(cell, str):
        try:
            moment = datetime.fromisoformat(cell.strip())
        except ValueError as error:
            raise ValueError(f"{cell!r} is no date such as 2026-06-30") from error
    elif isinstance(cell, datetime):
        moment = cell
    elif isinstance(cell, date):
        moment = datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
    else:
        days = _number(cell)
        if not SPREADSHEET_DAYS[0] <= days <= SPREADSHEET_DAYS[1]:
            raise ValueError(f"{shown(cell)} is no date such as 2026-06-30")
        moment = SPREADSHEET_EPOCH + timedelta(seconds=round(days * 86_400))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(cell: object) -> date:
    moment = _moment(cell)
    if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise ValueError(f"{shown(cell)!r} is a date with a time; only a date fits")
    return moment.date()


def _identifier(cell: object) -> str:
    return _text(cell).strip().casefold()


def _list(cell: object) -> list[str]:
    if isinstance(cell, list):
        return [str(one) for one in cell]
    text = _text(cell).strip()
    if text.startswith("["):
        try:
            found = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{text!r} begins like a JSON list and is none") from error
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise ValueError(f"{text!r} is no list of texts")
        return found
    return [part for part in (one.strip() for one in re.split(r"[;\n]", text)) if part]


READERS: tuple[tuple[type[TypeEngine[Any]], Callable[[object], object]], ...] = (
    (Text, _text),
    (Uuid, _identifier),
    (BigInteger, _integer),
    (Double, _number),
    (Boolean, _boolean),
    (DateTime, _moment),
    (Date, _day),
    (ARRAY, _list),
)
