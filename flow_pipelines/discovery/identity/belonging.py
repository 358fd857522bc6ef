"""Which applications each asset belongs to, and applications that are known only by that.

Belongs here: bringing together what records name and what relations state. Does not: reading names
(`applications.py`) and relations (`memberships.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.identity.applications import name_keys
from flow_pipelines.discovery.identity.memberships import stated_memberships
from flow_pipelines.discovery.identity.names import compact
from flow_pipelines.discovery.identity.resolution import Resolved
from flow_pipelines.reference.identity_model import identity_model
from flow_pipelines.scope import Scope

COLUMNS = [
    "asset_id", "asset_type", "name", "source_entity_ids", "source_formats", "resolution_method",
    "resolution_confidence", "resolution_reason", "quality_score",
]  # fmt: skip


@dataclass(frozen=True)
class Belonging:
    """How assets belong to applications.

    Attributes:
        memberships: asset_id, application_id and name (of the application), without repetitions.
        applications: Rows of `inventory` for applications that have no record of their own.
        conflicts: Rows of `inventory_conflicts`, without their ids: names that were read as another one.
    """

    memberships: pd.DataFrame
    applications: pd.DataFrame
    conflicts: pd.DataFrame


def find_belonging(
    cleansed_records: pd.DataFrame, applications: Resolved, others: Sequence[Resolved], scope: Scope
) -> Belonging:
    """Find the applications that assets belong to.

    Args:
        cleansed_records: Rows of `discovery/cleansed_records`, for the relations.
        applications: The applications that have records.
        others: The assets of the other types.
        scope: The engagement, for the ids of applications that have none.
    """
    stated = stated_memberships(cleansed_records, applications.records, [one.records for one in others])
    named = applications.records[["asset_id", "name"]].dropna().drop_duplicates()
    named = named.rename(columns={"asset_id": "application_id"})
    mentions = _mentions(others)
    keys = name_keys(mentions[["asset_id", "name"]], named, stated)
    mentions = mentions.assign(key=mentions["name"].map(keys)).dropna(subset=["key"])
    bearers = named.assign(key=named["name"].map(compact))[["application_id", "key"]].drop_duplicates()
    mentions = mentions.merge(bearers, how="left", on="key")
    unrecorded = mentions[mentions["application_id"].isna()].drop(columns="application_id")
    ids = {key: scope.id_of("asset", "application", "name", key) for key in sorted(unrecorded["key"].unique())}
    mentions["application_id"] = mentions["application_id"].fillna(mentions["key"].map(ids))
    created = _applications_of(unrecorded.assign(application_id=unrecorded["key"].map(ids)))
    names = pd.concat([applications.assets[["asset_id", "name"]], created[["asset_id", "name"]]])
    names = names.rename(columns={"asset_id": "application_id", "name": "application"})
    together = pd.concat([mentions[["asset_id", "application_id"]], stated]).drop_duplicates()
    return Belonging(
        memberships=together.merge(names, how="left", on="application_id"),
        applications=created,
        conflicts=_other_spellings(mentions.merge(names, on="application_id"), applications, unrecorded),
    )


def _mentions(others: Sequence[Resolved]) -> pd.DataFrame:
    """Return asset_id, record_id, source_format, quality_score and name of every application that a record names."""
    columns = ["asset_id", "record_id", "source_format", "quality_score", "application_names"]
    told = [one.records.loc[one.records["application_names"].notna(), columns] for one in others]
    mentions = pd.concat(told, ignore_index=True).explode("application_names", ignore_index=True)
    return mentions.rename(columns={"application_names": "name"}).dropna(subset=["name"])


def _applications_of(unrecorded: pd.DataFrame) -> pd.DataFrame:
    """Make an application of all that records name alike; the most frequent spelling is its name."""
    rows = []
    confidence = _confidence_in_names()
    for application_id, group in unrecorded.groupby("application_id"):
        literal = group[group["name"].map(compact) == group["key"]]
        records = group.drop_duplicates("record_id")
        formats = sorted(records["source_format"].unique())
        is_single = len(records) == 1
        count = "1 record" if is_single else f"{len(records)} records"
        rows.append(
            {
                "asset_id": application_id,
                "asset_type": "application",
                "name": literal["name"].value_counts().sort_index().idxmax(),
                "source_entity_ids": sorted(records["record_id"]),
                "source_formats": formats,
                "resolution_method": "single" if is_single else "name",
                "resolution_confidence": 1.0 if is_single else confidence,
                "resolution_reason": f"{count} of other assets in {' and '.join(formats)} name it; none is about it",
                "quality_score": float(records["quality_score"].mean()),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _confidence_in_names() -> float:
    model = identity_model()
    return float(1 / (1 + 2 ** -(model.prior_bits + model.comparisons["name"]["equal"].bits)))


def _other_spellings(mentions: pd.DataFrame, applications: Resolved, unrecorded: pd.DataFrame) -> pd.DataFrame:
    """Keep the names that were read as typos or abbreviations of an application's name."""
    read = mentions[mentions["name"].map(compact) != mentions["key"]]
    read = read.sort_values(["record_id", "name"]).drop_duplicates(["application_id", "record_id"])
    bearers = pd.concat(
        [
            applications.records[["record_id", "name"]].dropna(),
            unrecorded[["record_id", "name"]],
        ]
    )
    bearers = bearers.assign(key=bearers["name"].map(compact)).sort_values("record_id").drop_duplicates("key")
    kept = read["key"].map(dict(zip(bearers["key"], bearers["record_id"], strict=True)))
    return pd.DataFrame(
        {
            "asset_id": read["application_id"],
            "attribute": "name",
            "kept_value": read["application"],
            "kept_record_id": kept,
            "losing_value": read["name"],
            "losing_record_id": read["record_id"],
            "rule": f"spelling: read as a typo or an abbreviation (identity model {identity_model().version})",
        }
    )
