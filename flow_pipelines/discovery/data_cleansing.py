"""The data cleansing phase: every mapped cell to its canonical unit, name and type, every change with its rule.

Belongs here: whole records. Does not: single cells (`cleansing/`), which column holds what
(`attribute_mapping.py`), which records are one asset (`inventory.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from flow_pipelines.discovery.cleansing.columns import cleanse_column
from flow_pipelines.discovery.cleansing.derived import derive
from flow_pipelines.discovery.cleansing.draft import Draft, Objects, objects
from flow_pipelines.discovery.cleansing.quality import score
from flow_pipelines.discovery.products import KnownCycle
from flow_pipelines.reference.cell_parts import cell_parts
from flow_pipelines.reference.end_of_life import EndOfLifeFacts, installed_facts
from flow_pipelines.reference.source_formats import template_for
from flow_pipelines.scope import SEPARATOR, Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform, dtype_of

KEPT = (
    "record_id",
    "source_file",
    "sheet",
    "row_number",
    "landing_number",
    "exported_at",
    "row_count",
    "source_format",
    "record_type",
    "observed_from",
    "observed_to",
)
CHANGED = ("record_id", "attribute", "source_column", "value_before", "value_after", "rule")


@dataclass(frozen=True)
class CleansingResult:
    """The two tables of the phase."""

    cleansed_records: pd.DataFrame
    cleansing_changes: pd.DataFrame


@dataclass(frozen=True)
class CleansedSheet:
    """One sheet's records: where they stand among all, their columns, and their changes."""

    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    columns: dict[str, Objects]
    changes: list[pd.DataFrame]


@dataclass(frozen=True)
class FeedingColumn:
    """What feeds an attribute: one source column, a part of its cells, or several columns joined in this order."""

    attribute: str
    sources: tuple[str, ...]
    part: str | None
    unit: str | None


def cleanse_records(
    imported_records: pd.DataFrame,
    attribute_mappings: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    facts: EndOfLifeFacts | None = None,
) -> CleansingResult:
    """Cleanse every cell of every imported record.

    Only mappings with status `applied` are used; the cells of other columns become custom attributes. Where several
    columns feed one attribute, a list takes all of them; otherwise the one with the highest confidence wins, the
    others fill its gaps, and what is left over becomes a custom attribute. Of a mapping with a part of a cell only that
    part is used; the cell as a whole is a custom attribute, too.

    Args:
        imported_records: One row per imported record, as table `imported_records`.
        attribute_mappings: One row per source column and attribute that it feeds, as table `attribute_mappings`.
        scope: The engagement.
        settings: Its settings; decide where a column itself does not tell.
        facts: The end-of-life facts, whose release cycles products are told by; the installed ones if not given.

    Returns:
        One cleansed record per imported one, and one change per cell that was changed or derived.
    """
    imported = imported_records.reset_index(drop=True)
    applied = attribute_mappings[attribute_mappings["status"] == "applied"].sort_values(
        ["confidence", "source_column"], ascending=[False, True], kind="stable"
    )
    known_cycle = (facts or installed_facts()).known_cycle
    sheets = _sheet_keys(imported)
    mapped = _sheet_keys(applied)
    cleansed = [
        _cleanse_sheet(imported.iloc[rows], applied[mapped == sheet], settings, known_cycle)
        for sheet, rows in imported.groupby(sheets).indices.items()
    ]
    tables = output_tables()
    return CleansingResult(
        conform(_records(imported, cleansed), tables["discovery/cleansed_records"]),
        conform(_changes(cleansed, scope), tables["discovery/cleansing_changes"]),
    )


def _sheet_keys(frame: pd.DataFrame) -> pd.Series[str]:
    return frame["source_file"] + SEPARATOR + frame["sheet"].fillna("")


def _cleanse_sheet(
    imported: pd.DataFrame, mappings: pd.DataFrame, settings: EngagementSettings, known_cycle: KnownCycle
) -> CleansedSheet:
    draft = Draft(imported["raw_values"].tolist())
    # A cell that is taken apart is kept whole besides: its parts need not be all that it says.
    taken_apart = mappings["part"].isin(cell_parts().parts)
    whole = mappings.loc[~taken_apart, "source_column"]
    draft.keep_unmapped(whole)
    for column in _feeding_columns(mappings):
        codes, cells = draft.cells(column.sources, column.part)
        results = cleanse_column(cells, column.attribute, column.unit, settings)
        draft.fill(column.attribute, ", ".join(column.sources), codes, cells, results)
    derive(draft, imported["record_type"], _listed_as_virtual(imported, draft.headers), settings, known_cycle)
    found = {attribute: column.found for attribute, column in draft.attributes.items()}
    scores, issues = score(imported["record_type"], found, draft.issues)
    values = {
        **found,
        "custom_attributes": objects((draft.custom.get(row) for row in range(len(imported))), len(imported)),
        "quality_score": scores.astype(object),
        "quality_issues": issues,
    }
    return CleansedSheet(imported.index.to_numpy(), values, _sheet_changes(draft, imported["record_id"].to_numpy()))


def _feeding_columns(mappings: pd.DataFrame) -> list[FeedingColumn]:
    """Return what feeds attributes, the surest first; columns that hold one value together come as one."""
    feeding: list[FeedingColumn] = []
    joined: dict[str, dict[str, str]] = {}
    for mapping in mappings.itertuples():
        attribute, source = str(mapping.attribute), str(mapping.source_column)
        part = mapping.part if isinstance(mapping.part, str) else None
        unit = mapping.source_unit if isinstance(mapping.source_unit, str) else None
        if part is not None and part in cell_parts().joined:
            joined.setdefault(attribute, {})[part] = source
        else:
            feeding.append(FeedingColumn(attribute, (source,), part, unit))
    for attribute, sources in joined.items():
        in_order = tuple(sources[part] for part in cell_parts().joined if part in sources)
        feeding.append(FeedingColumn(attribute, in_order, None, None))
    return feeding


def _listed_as_virtual(imported: pd.DataFrame, headers: Iterable[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which records of a sheet its format lists among virtual machines only."""
    kinds = imported["record_type"].where(imported["record_type"] == "server")
    sheet = next(iter(imported["sheet"].dropna()), None)
    templates = {
        source_format: template_for(source_format, sheet, "server", headers)
        for source_format in imported.loc[kinds.notna(), "source_format"].unique()
    }
    virtual = [name for name, template in templates.items() if template and template.describes_virtual_machines]
    return (kinds.notna() & imported["source_format"].isin(virtual)).to_numpy(dtype=np.bool_)


def _sheet_changes(draft: Draft, record_ids: Objects) -> list[pd.DataFrame]:
    changes = []
    for attribute, column in draft.attributes.items():
        changed = pd.notna(column.rules)
        if changed.any():
            after = column.found[changed].tolist()
            values = {
                "record_id": record_ids[changed],
                "attribute": objects([attribute] * len(after), len(after)),
                "source_column": column.sources[changed],
                "value_before": column.cells[changed],
                "value_after": objects(map(_as_text, after), len(after)),
                "rule": column.rules[changed],
            }
            changes.append(pd.DataFrame(values, dtype="object"))
    return changes


def _records(imported: pd.DataFrame, cleansed: Sequence[CleansedSheet]) -> pd.DataFrame:
    # Column by column, so that no more than one of them is held twice.
    columns = {name: imported[name] for name in KEPT}
    for column in output_tables()["discovery/cleansed_records"].columns:
        if column.name in KEPT:
            continue
        values = np.full(len(imported), None, dtype=object)
        for sheet in cleansed:
            if column.name in sheet.columns:
                values[sheet.rows] = sheet.columns.pop(column.name)
        columns[column.name] = pd.Series(values, dtype=dtype_of(column))
    return pd.DataFrame(columns)


def _changes(cleansed: Sequence[CleansedSheet], scope: Scope) -> pd.DataFrame:
    nothing = pd.DataFrame(columns=list(CHANGED), dtype="object")
    changes = pd.concat([nothing, *(change for sheet in cleansed for change in sheet.changes)], ignore_index=True)
    changes["change_id"] = scope.ids_of("change", zip(changes["record_id"], changes["attribute"], strict=True))
    return changes


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:.15g}" if isinstance(value, float) else str(value).casefold()
