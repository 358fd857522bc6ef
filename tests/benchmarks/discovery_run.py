"""The pure phases of Discovery, one after the other, for the benchmarks.

Belongs here: which phase reads which frames. Does not: measuring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from flow_pipelines.discovery.asset_groups import group_assets
from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_cleansing import cleanse_records
from flow_pipelines.discovery.data_import import SourceFile, import_files
from flow_pipelines.discovery.data_quality import judge_data_quality
from flow_pipelines.discovery.dependencies import find_dependencies
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.discovery.tech_debt import find_tech_debt
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))
Frames = dict[str, pd.DataFrame]


def exports(sample: Path) -> list[Path]:
    """Return the export files of a sample folder."""
    return sorted(path for path in sample.iterdir() if path.is_file())


def _import(sample: Path, _: Mapping[str, pd.DataFrame]) -> Frames:
    files = [SourceFile(path.name, path) for path in exports(sample)]
    result = import_files(files, scope=SCOPE, settings=SETTINGS)
    return {"imported_records": result.imported_records, "rejected_records": result.rejected_records}


def _mapping(_: Path, frames: Mapping[str, pd.DataFrame]) -> Frames:
    return {"attribute_mappings": map_attributes(frames["imported_records"], scope=SCOPE, settings=SETTINGS)}


def _cleansing(_: Path, frames: Mapping[str, pd.DataFrame]) -> Frames:
    records, mappings = frames["imported_records"], frames["attribute_mappings"]
    result = cleanse_records(records, mappings, scope=SCOPE, settings=SETTINGS)
    return {"cleansed_records": result.cleansed_records, "cleansing_changes": result.cleansing_changes}


def _inventory(_: Path, frames: Mapping[str, pd.DataFrame]) -> Frames:
    result = resolve_inventory(frames["cleansed_records"], scope=SCOPE, settings=SETTINGS)
    return {
        "inventory": result.inventory,
        "inventory_conflicts": result.inventory_conflicts,
        "identity_candidates": result.identity_candidates,
    }


def _dependencies(_: Path, frames: Mapping[str, pd.DataFrame]) -> Frames:
    records, inventory = frames["cleansed_records"], frames["inventory"]
    edges = find_dependencies(records, inventory, scope=SCOPE, settings=SETTINGS)
    return {"dependencies": edges, "asset_groups": group_assets(inventory, edges, scope=SCOPE)}


def _tech_debt(_: Path, frames: Mapping[str, pd.DataFrame]) -> Frames:
    assets, edges, records = frames["inventory"], frames["dependencies"], frames["cleansed_records"]
    debt = find_tech_debt(assets, edges, records, scope=SCOPE, settings=SETTINGS)
    judged = judge_data_quality(
        assets, edges, records, frames["attribute_mappings"], frames["inventory_conflicts"], scope=SCOPE
    )
    return {
        "tech_debt": debt.findings,
        "debt_scores": debt.scores,
        "data_quality": judged.quality,
        "collection_gaps": judged.gaps,
    }


# The phases in order: the tables that each reads, and the function that computes it.
PHASES: dict[str, tuple[tuple[str, ...], Callable[[Path, Mapping[str, pd.DataFrame]], Frames]]] = {
    "data import": ((), _import),
    "attribute mapping": (("imported_records",), _mapping),
    "data cleansing": (("imported_records", "attribute_mappings"), _cleansing),
    "inventory": (("cleansed_records",), _inventory),
    "dependencies": (("cleansed_records", "inventory"), _dependencies),
    "tech debt": (
        ("inventory", "dependencies", "cleansed_records", "attribute_mappings", "inventory_conflicts"),
        _tech_debt,
    ),
}


def run_discovery(sample: Path) -> Frames:
    """Run all phases in memory and return all tables."""
    frames: Frames = {}
    for _, compute in PHASES.values():
        frames |= compute(sample, frames)
    return frames
