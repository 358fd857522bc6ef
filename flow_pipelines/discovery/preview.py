"""What an import would do: the phases up to the inventory, computed in memory and compared with what is there.

Belongs here: putting the pure phases together and comparing two inventories. Does not: writing anything.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_cleansing import cleanse_records
from flow_pipelines.discovery.data_import import ImportResult, SheetReport, SourceFile, import_files
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

# Ids need a scope; none of these are kept or shown.
NO_ENGAGEMENT = Scope("preview", "preview")


@dataclass(frozen=True)
class InventoryChange:
    """How many assets an import would create, update, leave as they are, and no longer find."""

    created: int
    updated: int
    unchanged: int
    vanished: int


@dataclass(frozen=True)
class ImportPreview:
    """What an import would do, or what files hold by themselves; nothing was written.

    Attributes:
        sheets: What became of each sheet.
        rejected_records: Rows of `discovery/rejected_records`.
        attribute_mappings: Rows of `discovery/attribute_mappings`, in the order of the files' columns.
        change: What the inventory would become; None where files are looked at by themselves.
    """

    sheets: tuple[SheetReport, ...]
    rejected_records: pd.DataFrame
    attribute_mappings: pd.DataFrame
    change: InventoryChange | None = None


def preview_files(files: Sequence[SourceFile], *, settings: EngagementSettings) -> ImportPreview:
    """Compute what files hold, whatever engagement they may be for."""
    imported = import_files(files, scope=NO_ENGAGEMENT, settings=settings)
    mappings = map_attributes(imported.imported_records, scope=NO_ENGAGEMENT, settings=settings)
    return ImportPreview(
        sheets=imported.sheets,
        rejected_records=imported.rejected_records,
        attribute_mappings=_as_in_the_files(mappings, imported.imported_records),
    )


def preview_import(
    landed: Sequence[SourceFile],
    arriving: Sequence[SourceFile],
    current_inventory: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
) -> ImportPreview:
    """Compute what importing files would do, without writing anything.

    Args:
        landed: The files that the engagement has already.
        arriving: The files to be imported; one of the same name replaces a landed one.
        current_inventory: The engagement's current inventory; without rows if there is none.
        scope: The engagement.
        settings: Its settings.
    """
    names = {file.name for file in arriving}
    files = [*(file for file in landed if file.name not in names), *arriving]
    imported = import_files(files, scope=scope, settings=settings)
    mappings = map_attributes(imported.imported_records, scope=scope, settings=settings)
    cleansed = cleanse_records(imported.imported_records, mappings, scope=scope, settings=settings).cleansed_records
    inventory = resolve_inventory(cleansed, scope=scope, settings=settings).inventory
    return ImportPreview(
        sheets=tuple(sheet for sheet in imported.sheets if sheet.source_file in names),
        rejected_records=_of_files(imported, names),
        attribute_mappings=_as_in_the_files(mappings[mappings["source_file"].isin(names)], imported.imported_records),
        change=compare_inventories(current_inventory, inventory),
    )


def compare_inventories(before: pd.DataFrame, after: pd.DataFrame) -> InventoryChange:
    """Count the assets of two inventories that are new, differ, are equal, or are gone; told apart by asset id."""
    old, new = _contents(before), _contents(after)
    common = old.keys() & new.keys()
    unchanged = sum(old[asset] == new[asset] for asset in common)
    return InventoryChange(
        created=len(new.keys() - old.keys()),
        updated=len(common) - unchanged,
        unchanged=unchanged,
        vanished=len(old.keys() - new.keys()),
    )


def _contents(inventory: pd.DataFrame) -> dict[str, str]:
    # Which records an asset rests on is told by file, sheet and row: rows in another order say nothing new about it.
    rows = inventory.drop(columns=["asset_id", "source_entity_ids"]).to_dict("records")
    return dict(zip(inventory["asset_id"], (json.dumps(row, default=str, sort_keys=True) for row in rows), strict=True))


def _of_files(imported: ImportResult, names: set[str]) -> pd.DataFrame:
    return imported.rejected_records.loc[imported.rejected_records["source_file"].isin(names)]


def _as_in_the_files(mappings: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    positions: dict[tuple[Hashable, Hashable, str], int] = {}
    sheets = records["sheet"].fillna("")
    for (file, sheet), rows in records.groupby(["source_file", sheets]):
        headers = _headers_in_order(rows["raw_values"])
        positions |= {(file, sheet, header): number for number, header in enumerate(headers)}
    places = zip(mappings["source_file"], mappings["sheet"].fillna(""), mappings["source_column"], strict=True)
    order = [(file, sheet, positions[file, sheet, header]) for file, sheet, header in places]
    return mappings.iloc[sorted(range(len(order)), key=order.__getitem__)]


def _headers_in_order(records: Iterable[Mapping[str, str]]) -> list[str]:
    """Put headers in the order of their sheet, of whose rows each names only those with a value, in that order."""
    headers: list[str] = []
    known: set[str] = set()
    for record in sorted(records, key=len, reverse=True):
        for place, header in enumerate(record):
            if header not in known:
                before = list(record)[place - 1] if place else None
                headers.insert(headers.index(before) + 1 if before is not None else 0, header)
                known.add(header)
    return headers
