"""The quality of an estate's data: how complete, how sure, and what to collect next to raise it most.

Belongs here: holding assets to what is expected of them. Does not: what is expected
(`reference/asset_expectations.yaml`), and the quality of single records (`cleansing/quality.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.discovery.debt.findings import labels
from flow_pipelines.reference.asset_expectations import AssetExpectation, asset_expectations
from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.scope import SEPARATOR, Scope
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import collection_gaps as gaps_table
from flow_pipelines.tables.discovery import data_quality as quality_table

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
ESTATE, ASSET_TYPE, ASSET = "estate", "asset_type", "asset"
# What a share is rounded to: one in ten thousand.
DIGITS = 4
CONFIDENCES = ("identity_confidence", "mapping_confidence", "agreement")


@dataclass(frozen=True)
class DataQuality:
    """What is known of the data's quality.

    Attributes:
        quality: The rows of `discovery/data_quality`.
        gaps: The rows of `discovery/collection_gaps`.
    """

    quality: pd.DataFrame
    gaps: pd.DataFrame


@dataclass(frozen=True)
class Held:
    """One expectation held to the assets of its type: which of them lack it, and by how much that lowers each."""

    asset_type: str
    expectation: AssetExpectation
    lacking: Flags
    share: float


def judge_data_quality(
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    cleansed_records: pd.DataFrame,
    attribute_mappings: pd.DataFrame,
    inventory_conflicts: pd.DataFrame,
    *,
    scope: Scope,
) -> DataQuality:
    """Judge the data about every asset, every type of asset and the estate.

    Completeness is the share of what is expected that is known, by weight. Confidence is how likely that what is known
    is right: the probability that the asset's records are one asset, times the confidence with which their columns
    were mapped, times the share of its attributes on which its sources do not contradict each other. The quality score
    is their product. Types and the estate have the means of their assets. Nothing but imported files is needed.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        cleansed_records: The rows of `discovery/cleansed_records`, for the files that assets come from.
        attribute_mappings: The rows of `discovery/attribute_mappings`.
        inventory_conflicts: The rows of `discovery/inventory_conflicts`.
        scope: The engagement, for the ids.

    Returns:
        One row per asset, per type of asset and for the estate; and the gaps, ranked by how much the completeness of
        the estate rises when they are closed.
    """
    if inventory.empty:
        return DataQuality(empty(quality_table), empty(gaps_table))
    assets = _with_links(inventory.reset_index(drop=True), dependencies)
    held = _held(assets)
    quality = _assets(assets, held)
    quality["identity_confidence"] = assets["resolution_confidence"].astype("float64")
    quality["mapping_confidence"] = _mapping_confidence(assets, cleansed_records, attribute_mappings)
    quality["agreement"] = _agreement(assets, inventory_conflicts)
    quality["confidence"] = quality[list(CONFIDENCES)].prod(axis="columns")
    quality["quality_score"] = quality["completeness"] * quality["confidence"]
    rows = pd.concat([quality, _means(quality)], ignore_index=True)
    shares = ["completeness", "confidence", "quality_score", *CONFIDENCES]
    rows[shares] = rows[shares].astype("float64").round(DIGITS)
    rows["reason"] = _reasons(rows)
    keys = zip(rows["level"], rows["asset_id"].fillna(rows["asset_type"]).fillna(""), strict=True)
    rows["quality_id"] = scope.ids_of("quality", keys)
    return DataQuality(conform(rows, quality_table), conform(_gaps(assets, held, scope), gaps_table))


def _with_links(inventory: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Add the two columns that other tables tell: whether edges and belonging assets are known, missing if not."""
    connected = pd.concat([dependencies["source_id"], dependencies["target_id"]]).unique()
    members = inventory["application_ids"].explode().dropna().unique()
    known = pd.Series(data=True, index=inventory.index, dtype=object)
    return inventory.assign(
        known_edges=known.where(inventory["asset_id"].isin(connected), None),
        known_assets=known.where(inventory["asset_id"].isin(members), None),
    )


def _held(assets: pd.DataFrame) -> list[Held]:
    found = []
    for asset_type, expected in asset_expectations().expectations.items():
        of_type = (assets["asset_type"] == asset_type).to_numpy(dtype=bool)
        total = sum(one.weight for one in expected)
        for one in expected:
            told = assets.reindex(columns=list(one.attributes)).notna().any(axis="columns").to_numpy(dtype=bool)
            found.append(Held(asset_type, one, of_type & ~told, one.weight / total))
    return found


def _assets(assets: pd.DataFrame, held: list[Held]) -> pd.DataFrame:
    """Return each asset's completeness and what it lacks; assets that lack the same share one list."""
    lost = np.zeros(len(assets))
    for one in held:
        lost[one.lacking] += one.share
    patterns = np.array([one.lacking for one in held], dtype=bool)
    distinct, codes = np.unique(patterns, axis=1, return_inverse=True)
    words = [
        [one.expectation.word for one, is_lacking in zip(held, row, strict=True) if is_lacking] for row in distinct.T
    ]
    return pd.DataFrame(
        {
            "level": ASSET,
            "asset_id": assets["asset_id"].astype(object),
            "asset_name": labels(assets),
            "asset_type": assets["asset_type"].astype(object),
            "asset_count": 1,
            "source_count": assets["source_formats"].map(len),
            "completeness": (1 - lost).clip(min=0),
            "missing": pd.Series([words[code] for code in codes.ravel().tolist()], index=assets.index, dtype=object),
        }
    )


def _mapping_confidence(
    assets: pd.DataFrame, cleansed_records: pd.DataFrame, attribute_mappings: pd.DataFrame
) -> pd.Series[float]:
    """Return the mean confidence of the mappings of the sheets that each asset comes from, by filled cells."""
    applied = attribute_mappings[attribute_mappings["status"] == "applied"]
    weight = applied["filled_rows"].astype("float64").clip(lower=1)
    by_sheet = (
        pd.DataFrame(
            {"sheet": _sheets(applied), "sum": applied["confidence"].astype("float64") * weight, "weight": weight}
        )
        .groupby("sheet")[["sum", "weight"]]
        .sum()
    )
    of_sheet = by_sheet["sum"] / by_sheet["weight"]
    records = pd.Series(_sheets(cleansed_records).map(of_sheet).to_numpy(), index=cleansed_records["record_id"])
    exploded = assets["source_entity_ids"].explode().dropna()
    told = exploded.map(records).astype("float64")
    # An asset without records of its own, entered by a person, has nothing that could have been mapped wrongly.
    return told.groupby(level=0).mean().reindex(assets.index).fillna(1.0)


def _sheets(frame: pd.DataFrame) -> pd.Series[str]:
    return (frame["source_file"] + SEPARATOR + frame["sheet"].fillna("")).astype(object)


def _agreement(assets: pd.DataFrame, inventory_conflicts: pd.DataFrame) -> pd.Series[float]:
    """Return the share of each asset's filled attributes on which its sources do not contradict each other."""
    attributes = [one.name for one in ATTRIBUTES if one.name in assets]
    filled = assets[attributes].notna().sum(axis="columns")
    disputed = inventory_conflicts[["asset_id", "attribute"]].drop_duplicates()["asset_id"].value_counts()
    count = assets["asset_id"].map(disputed).fillna(0).astype("float64")
    return (1 - count / filled.clip(lower=1)).clip(lower=0)


def _means(quality: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the types and of the estate; types of which nothing is expected are left out."""
    judged = quality[quality["asset_type"].isin(list(asset_expectations().expectations))]
    shares = ["completeness", *CONFIDENCES, "confidence", "quality_score"]
    types = judged.groupby("asset_type")[shares].mean()
    types["asset_count"] = judged.groupby("asset_type").size()
    types = types.reset_index().assign(level=ASSET_TYPE)
    estate = pd.DataFrame([judged[shares].mean()]).assign(level=ESTATE, asset_count=len(judged))
    rows = pd.concat([types, estate] if len(judged) else [types], ignore_index=True)
    rows["missing"] = pd.Series([[] for _ in range(len(rows))], index=rows.index, dtype=object)
    return rows.astype({"asset_type": object})


def _reasons(rows: pd.DataFrame) -> pd.Series[str]:
    percent = {name: (100 * rows[name]).round(1).map("{:g} %".format) for name in ("completeness", *CONFIDENCES)}
    told = percent["completeness"] + " of what is expected is known"
    lacking = rows["missing"].map(lambda words: "; it lacks " + ", ".join(words) if words else "")
    sure = (
        ". One asset by "
        + percent["identity_confidence"]
        + ", mapped by "
        + percent["mapping_confidence"]
        + ", undisputed by "
        + percent["agreement"]
        + "."
    )
    mean = "Mean of " + rows["asset_count"].map("{:,}".format) + " assets: "
    return mean.where(rows["level"] != ASSET, "") + told + lacking + sure


def _gaps(assets: pd.DataFrame, held: list[Held], scope: Scope) -> pd.DataFrame:
    expected = assets["asset_type"].isin(list(asset_expectations().expectations)).sum()
    sizes = assets["asset_type"].value_counts()
    open_gaps = [one for one in held if one.lacking.any()]
    by_attribute = [
        {
            "kind": "attribute",
            "subject": one.expectation.word,
            "asset_type": one.asset_type,
            "attributes": list(one.expectation.attributes),
            "sources": [asset_expectations().sources[name] for name in one.expectation.sources],
            "assets_lacking": int(one.lacking.sum()),
            "assets_expected": int(sizes[one.asset_type]),
            "gain": one.share * float(one.lacking.sum()) / expected,
        }
        for one in open_gaps
    ]
    by_source = [
        _of_source(name, [one for one in open_gaps if name in one.expectation.sources], sizes, int(expected))
        for name in asset_expectations().sources
    ]
    rows = pd.DataFrame([*by_attribute, *(one for one in by_source if one["assets_lacking"])], columns=GAP_COLUMNS)
    rows["gain"] = rows["gain"].astype("float64")
    rows = rows.sort_values(["kind", "gain", "asset_type", "subject"], ascending=[True, False, True, True])
    rows["gain"] = rows["gain"].round(DIGITS)
    rows["rank"] = rows.groupby("kind").cumcount() + 1
    rows["reason"] = _gap_reasons(rows)
    keys = rows[["kind", "asset_type", "subject"]].fillna("").itertuples(index=False, name=None)
    return rows.assign(gap_id=scope.ids_of("gap", keys))


GAP_COLUMNS = ["kind", "subject", "asset_type", "attributes", "sources", "assets_lacking", "assets_expected", "gain"]


def _of_source(name: str, gaps: list[Held], sizes: pd.Series[int], expected: int) -> dict[str, Any]:
    lacking = np.logical_or.reduce([one.lacking for one in gaps]) if gaps else np.zeros(1, dtype=bool)
    types = {one.asset_type for one in gaps}
    return {
        "kind": "source",
        "subject": asset_expectations().sources[name],
        "asset_type": None,
        "attributes": sorted({attribute for one in gaps for attribute in one.expectation.attributes}),
        "sources": [asset_expectations().sources[name]],
        "assets_lacking": int(lacking.sum()),
        "assets_expected": int(sum(sizes[one] for one in types)),
        "gain": sum(one.share * float(one.lacking.sum()) for one in gaps) / expected if gaps else 0.0,
    }


def _gap_reasons(rows: pd.DataFrame) -> list[str]:
    columns = ["kind", "subject", "asset_type", "sources", "assets_lacking", "assets_expected", "gain"]
    reasons = []
    for kind, subject, asset_type, sources, lacking, expected, gain in rows[columns].to_numpy().tolist():
        raises = f"raises the estate's completeness by {100 * gain:.2g} points at most"
        count = f"{lacking:,} of {expected:,}"
        if kind == "source":
            reasons.append(f"It can tell something that {count} assets lack: that {raises}.")
            continue
        assets = asset_type.replace("_", " ")
        reasons.append(f"{count} {assets} assets lack {subject}; collecting it {raises}. {' Or: '.join(sources)}.")
    return reasons
