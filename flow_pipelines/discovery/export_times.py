"""When an export was made, as the export itself says.

Belongs here: reading the sheet in which a tool says so, else the date in a file's name. Does not: what follows from it
(`identity/exports.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from flow_pipelines.discovery.cleansing.dates import timestamp
from flow_pipelines.discovery.readers.workbook import UnusableWorkbookError, open_workbook, sheet_names, sheet_rows
from flow_pipelines.reference.identity_model import identity_model
from flow_pipelines.reference.record_types import normalise_header
from flow_pipelines.reference.source_formats import Detection
from flow_pipelines.settings import EngagementSettings

# `RVTools_export_all_2026-03-01_10.11.12.xlsx`, `cmdb_20260301.csv`, `servers 2026-03.csv`.
DATE_IN_NAME = re.compile(r"(?<!\d)(20\d{2})([-_.]?)(0[1-9]|1[0-2])(?:\2(0[1-9]|[12]\d|3[01]))?(?!\d)")
SEARCHED_ROWS = 10


def stated_export_time(
    path: Path, name: str, detections: Sequence[Detection], settings: EngagementSettings
) -> datetime | None:
    """Return when an export was made, if it says so.

    Args:
        path: The file.
        name: Its name.
        detections: What each of its sheets was recognised as.
        settings: The engagement's settings; decide between day and month first.

    Returns:
        What a sheet of a known format states (`export_times` in `identity_model.yaml`), else the date in the name.
    """
    month_first = settings.date_order == "month first"
    for source_format, (sheet, header) in identity_model().export_times.items():
        is_there = any(
            one.source_format == source_format and one.template and one.template.sheet == sheet for one in detections
        )
        cell = _cell(path, sheet, header) if is_there else None
        stated = timestamp(cell, month_first=month_first).value if cell else None
        if isinstance(stated, datetime):
            return stated
    if found := DATE_IN_NAME.search(name):
        year, _, month, day = found.groups(default="1")
        dated = timestamp(f"{year}-{month}-{day}", month_first=month_first).value
        return dated if isinstance(dated, datetime) else None
    return None


def _cell(path: Path, sheet: str, header: str) -> str | None:
    """Return the first cell below a header of a workbook's sheet."""
    try:
        with open_workbook(path) as workbook:
            own = next(
                (name for name in sheet_names(workbook) if normalise_header(name) == normalise_header(sheet)), None
            )
            rows = [cells for _, cells in islice(sheet_rows(workbook, own), SEARCHED_ROWS)] if own else []
    except UnusableWorkbookError:
        return None  # Its reader has rejected it, and says why.
    for place, cells in enumerate(rows[:-1]):
        named = [normalise_header(cell) for cell in cells]
        if normalise_header(header) in named:
            return rows[place + 1][named.index(normalise_header(header))].strip() or None
    return None
