"""Received updates: what is kept of the rows of a file, and the frame in which they travel to where they are judged.

Belongs here: when two rows are one, how their file writes dates, the frame's columns and types. Does not: keeping them
(`resources/received_updates.py`), what they say (`told.py`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from flow_pipelines.execute.updates.times import is_by_order, month_order
from flow_pipelines.execute.updates.told import date_cells
from flow_pipelines.row_files import FileRow
from flow_pipelines.scope import Scope

# As the control table `platform.received_updates` has them: its comments say what they mean.
COLUMNS = (
    "update_number", "content_id", "source", "sheet", "row_number", "cells", "problem_code", "problem", "remedy",
    "month_first", "received_at", "received_by",
)  # fmt: skip


def raw_rows(scope: Scope, rows: Sequence[FileRow]) -> list[dict[str, Any]]:
    """Return what is kept of the rows of a file: the values of `COLUMNS`, but for number, receipt and who brought it.

    A row is told by its cells, wherever it stands; one that can't be read, by its place as well. One with a date that
    is another day by the order in which the whole file writes day and month is told by that order too: so the same
    file says the same, whatever was received before it.

    Args:
        scope: The engagement.
        rows: All rows of one file, or one that was told by command.
    """
    cells: dict[str | None, list[str]] = defaultdict(list)
    for row in rows:
        cells[row.sheet] += [] if row.problem else date_cells(row.cells)
    orders = {sheet: month_order(told) for sheet, told in cells.items()}
    return [_raw(scope, row, orders[row.sheet]) for row in rows]


def _raw(scope: Scope, row: FileRow, order: bool | None) -> dict[str, Any]:
    problem = row.problem
    told = json.dumps({column: cell for column, cell in row.cells.items() if cell}, sort_keys=True, ensure_ascii=False)
    matters = order is not None and not problem and any(map(is_by_order, date_cells(row.cells)))
    month_first = order if matters else None
    where: tuple[object, ...] = (row.source, row.sheet or "", row.row_number or 0, problem.code) if problem else ()
    if month_first is not None:
        where = ("month first" if month_first else "day first",)
    return {
        "content_id": scope.id_of("received_update", told, *where),
        "source": row.source,
        "sheet": row.sheet,
        "row_number": row.row_number,
        "cells": dict(row.cells),
        "problem_code": problem and problem.code,
        "problem": problem and problem.words,
        "remedy": problem and problem.remedy,
        "month_first": month_first,
    }


def received(rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Return the frame of received updates.

    Args:
        rows: The values of `COLUMNS`, in order of receipt.

    Returns:
        One row per received row; ids are text, row numbers Int64, moments in UTC, all else objects.
    """
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS), dtype="object")
    return frame.assign(
        update_number=frame["update_number"].astype("Int64"),
        content_id=frame["content_id"].map(str).astype("object"),
        row_number=frame["row_number"].astype("Int64"),
        received_at=pd.to_datetime(frame["received_at"], utc=True).astype("datetime64[us, UTC]"),
    )
