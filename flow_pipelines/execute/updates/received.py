"""Received updates: the frame in which raw rows travel from where they are kept to where they are judged.

Belongs here: its columns and types. Does not: keeping them (`resources/received_updates.py`), what they say
(`told.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

# As the control table `platform.received_updates` has them: its comments say what they mean.
COLUMNS = (
    "update_number", "content_id", "source", "sheet", "row_number", "cells", "problem_code", "problem", "remedy",
    "received_at", "received_by",
)  # fmt: skip


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
