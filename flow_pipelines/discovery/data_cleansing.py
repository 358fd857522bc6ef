"""The data cleansing phase: every mapped cell to its canonical unit, name and type, every change with its rule.

Belongs here: whole records. Does not: single cells (`cleansing/`), which column holds what
(`attribute_mapping.py`), which records are one asset (`inventory.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd

from flow_pipelines.discovery.cleansing.columns import cleanse_column
from flow_pipelines.discovery.cleansing.derived import derive
from flow_pipelines.discovery.cleansing.draft import Draft, Objects, Positions
from flow_pipelines.discovery.cleansing.quality import score
from flow_pipelines.scope import SEPARATOR, Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform

KEPT = (
    "record_id",
    "source_file",
    "sheet",
    "row_number",
    "row_count",
    "source_format",
    "record_type",
    "observed_from",
    "observed_to",
)


@dataclass(frozen=True)
class CleansingResult:
    """The two tables of the phase."""

    cleansed_records: pd.DataFrame
    cleansing_changes: pd.DataFrame


def cleanse_records(
    imported_records: pd.DataFrame,
    attribute_mappings: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
) -> CleansingResult:
    """Cleanse every cell of every imported record.

    Only mappings with status `applied` are used; the cells of other columns become custom attributes. Where several
    columns feed one attribute, a list takes all of them; otherwise the one with the highest confidence wins, the
    others fill its gaps, and what is left over becomes a custom attribute.

    Args:
        imported_records: One row per imported record, as table `imported_records`.
        attribute_mappings: One row per source column, as table `attribute_mappings`.
        scope: The engagement.
        settings: Its settings; decide where a column itself does not tell.

    Returns:
        One cleansed record per imported one, and one change per cell that was changed or derived.
    """
    imported = imported_records.reset_index(drop=True)
    draft = Draft(len(imported))
    applied = attribute_mappings[attribute_mappings["status"] == "applied"].sort_values(
        ["confidence", "source_column"], ascending=[False, True], kind="stable"
    )
    sheets = imported["source_file"] + SEPARATOR + imported["sheet"].fillna("")
    mapped = applied["source_file"] + SEPARATOR + applied["sheet"].fillna("")
    for sheet, rows in imported.groupby(sheets).indices.items():
        raw = imported["raw_values"].to_numpy()[rows]
        _cleanse_sheet(draft, np.asarray(rows, dtype=np.int64), raw, applied[mapped == sheet], settings)
    records = imported[list(KEPT)].assign(**draft.columns())
    derive(draft, records)
    records = imported[list(KEPT)].assign(**draft.columns())
    scores, issues = score(records, draft.issues)
    records["custom_attributes"] = pd.Series(draft.custom, dtype="object")
    records["quality_issues"] = pd.Series(issues, dtype="object")
    records["quality_score"] = scores
    tables = output_tables()
    return CleansingResult(
        conform(records, tables["discovery/cleansed_records"]),
        conform(_changes(draft, imported["record_id"], scope), tables["discovery/cleansing_changes"]),
    )


def _cleanse_sheet(
    draft: Draft,
    rows: Positions,
    raw: Objects,
    mappings: pd.DataFrame,
    settings: EngagementSettings,
) -> None:
    names = set(mappings["source_column"])
    for position, values in zip(rows, raw, strict=True):
        if rest := {column: cell for column, cell in values.items() if column not in names}:
            draft.custom[position] = rest
    for mapping in mappings.itertuples():
        column = str(mapping.source_column)
        cells = [values.get(column) for values in raw]
        unit = mapping.source_unit if isinstance(mapping.source_unit, str) else None
        distinct = sorted({cell for cell in cells if cell is not None})
        cleansed = cleanse_column(distinct, str(mapping.attribute), unit, settings)
        draft.fill(str(mapping.attribute), column, rows, cells, cleansed)


def _changes(draft: Draft, record_ids: pd.Series[str], scope: Scope) -> pd.DataFrame:
    identifiers = record_ids.to_numpy()
    rows = [
        (identifiers[position], attribute, column, before, _as_text(after), rule)
        for attribute, position, column, before, after, rule in draft.changes()
    ]
    frame = pd.DataFrame(
        rows, columns=["record_id", "attribute", "source_column", "value_before", "value_after", "rule"]
    )
    frame["change_id"] = scope.ids_of("change", zip(frame["record_id"], frame["attribute"], strict=True))
    return frame


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)
