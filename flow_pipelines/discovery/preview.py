"""What an import would do: the phases up to the inventory, computed in memory and compared with what is there.

Belongs here: putting the pure phases together and comparing two inventories. Does not: writing anything.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_cleansing import cleanse_records
from flow_pipelines.discovery.data_import import ImportResult, SheetReport, SourceFile, import_files
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

# Ids need a scope; none of these are kept or shown.
NO_ENGAGEMENT = Scope("preview", "preview")


# Columns of the inventory that are about its sources, not about the asset.
HOW_IT_IS_KNOWN = (
    "source_entity_ids",
    "last_seen_in",
    "is_missing_from_latest",
    "missing_reason",
    "resolution_method",
    "resolution_confidence",
    "resolution_reason",
    "quality_score",
)


@dataclass(frozen=True)
class InventoryChange:
    """What an import would do to the inventory: the names of assets, sorted.

    Attributes:
        created: Assets that are new.
        updated: Assets that something else is said of.
        unchanged: Assets that the files mention and say nothing new of.
        not_mentioned: Assets that the files say nothing of, and that stay as they are.
        vanished: Assets that are marked as missing, since a full export of their source does not mention them.
        joined: Assets that turn out to be one with another.
    """

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    not_mentioned: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()


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
        landed: The files that count for the engagement already.
        arriving: The files to be imported; one of the same name is a newer version.
        current_inventory: The engagement's current inventory; without rows if there is none.
        scope: The engagement.
        settings: Its settings.
    """
    names = {file.name for file in arriving}
    landing = 1 + max((file.landing_number for file in landed), default=0)
    files = [*landed, *(replace(file, landing_number=landing) for file in arriving)]
    imported = import_files(files, scope=scope, settings=settings)
    mappings = map_attributes(imported.imported_records, scope=scope, settings=settings)
    cleansed = cleanse_records(imported.imported_records, mappings, scope=scope, settings=settings).cleansed_records
    inventory = resolve_inventory(cleansed, scope=scope, settings=settings).inventory
    return ImportPreview(
        sheets=tuple(sheet for sheet in imported.sheets if sheet.landing_number == landing),
        rejected_records=imported.rejected_records[imported.rejected_records["landing_number"] == landing],
        attribute_mappings=_as_in_the_files(mappings[mappings["source_file"].isin(names)], imported.imported_records),
        change=compare_inventories(current_inventory, inventory, _records_of(imported, landing)),
    )


def compare_inventories(before: pd.DataFrame, after: pd.DataFrame, arriving: frozenset[str]) -> InventoryChange:
    """Say which assets of two inventories are new, differ, are equal, have vanished; told apart by asset id.

    Args:
        before: The inventory as it is.
        after: As it would be.
        arriving: Ids of the records that would be new.
    """
    old, new = _contents(before), _contents(after)
    names = _names(before) | _names(after)
    mentioned = {
        asset
        for asset, ids in zip(after["asset_id"], after["source_entity_ids"], strict=True)
        if not arriving.isdisjoint(ids)
    }
    vanished = (_missing(after) - _missing(before)) & old.keys()
    changed = {asset for asset in old.keys() & new.keys() if old[asset] != new[asset]} - vanished
    equal = (old.keys() & new.keys()) - changed - vanished

    def named(assets: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names[asset] for asset in assets))

    return InventoryChange(
        created=named(new.keys() - old.keys()),
        updated=named(changed),
        unchanged=named(equal & mentioned),
        not_mentioned=named(equal - mentioned),
        vanished=named(vanished),
        joined=named(old.keys() - new.keys()),
    )


def _contents(inventory: pd.DataFrame) -> dict[str, str]:
    # Which records an asset rests on is told by file, sheet and row: rows in another order say nothing new about it.
    rows = inventory.drop(columns=["asset_id", *HOW_IT_IS_KNOWN]).to_dict("records")
    return dict(zip(inventory["asset_id"], (json.dumps(row, default=str, sort_keys=True) for row in rows), strict=True))


def _names(inventory: pd.DataFrame) -> dict[str, str]:
    named = inventory["name"].fillna(inventory["host_name"]).fillna(inventory["asset_id"])
    return dict(zip(inventory["asset_id"], named, strict=True))


def _missing(inventory: pd.DataFrame) -> set[str]:
    return set(inventory.loc[inventory["is_missing_from_latest"].fillna(value=False).astype(bool), "asset_id"])


def _records_of(imported: ImportResult, landing: int) -> frozenset[str]:
    records = imported.imported_records
    return frozenset(records.loc[records["landing_number"] == landing, "record_id"])


def _as_in_the_files(mappings: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    positions: dict[tuple[Hashable, Hashable, str], int] = {}
    sheets = records["sheet"].fillna("")
    for (file, sheet), rows in records.groupby(["source_file", sheets]):
        headers = _headers_in_order(rows["raw_values"])
        positions |= {(file, sheet, header): number for number, header in enumerate(headers)}
    # Of several mappings of one column that of the whole cell comes first, then the surest.
    ranks = zip(mappings["part"].notna(), -mappings["confidence"], mappings["attribute"].fillna(""), strict=True)
    places = zip(mappings["source_file"], mappings["sheet"].fillna(""), mappings["source_column"], ranks, strict=True)
    order = [(file, sheet, positions[file, sheet, header], *rank) for file, sheet, header, rank in places]
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
