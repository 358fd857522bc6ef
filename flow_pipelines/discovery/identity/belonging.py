"""Which applications each asset belongs to, and applications that are known only by that.

Belongs here: bringing together what records name and what relations state. Does not: reading names
(`applications.py`) and relations (`memberships.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.identity.applications import name_keys
from flow_pipelines.discovery.identity.grouping import lists_of
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
    # Ids and names as objects: a frame without rows would call them numbers and could not be joined to one with rows.
    stated = stated_memberships(cleansed_records, applications.records, [one.records for one in others]).astype(object)
    named = applications.records[["asset_id", "name"]].dropna().drop_duplicates().astype(object)
    named = named.rename(columns={"asset_id": "application_id"})
    mentions = _mentions(others)
    keys = name_keys(mentions[["asset_id", "name"]], named, stated)
    mentions = mentions.assign(key=mentions["name"].map(keys).astype("object")).dropna(subset=["key"])
    bearers = named.assign(key=named["name"].map(compact))[["application_id", "key"]].drop_duplicates()
    mentions = mentions.merge(bearers, how="left", on="key")
    unrecorded = mentions[mentions["application_id"].isna()].drop(columns="application_id")
    ids = {key: scope.id_of("asset", "application", "name", key) for key in sorted(unrecorded["key"].unique())}
    mentions["application_id"] = mentions["application_id"].fillna(mentions["key"].map(ids).astype("object"))
    created = _applications_of(unrecorded.assign(application_id=unrecorded["key"].map(ids).astype("object")))
    columns = ["asset_id", "name"]
    names = pd.concat([applications.assets.reindex(columns=columns), created[columns]]).astype(object)
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
    literal = unrecorded[unrecorded["name"].map(compact) == unrecorded["key"]]
    spellings = literal.groupby(["application_id", "name"], as_index=False).size()
    spellings = spellings.sort_values(["application_id", "size", "name"], ascending=[True, False, True])
    names = spellings.drop_duplicates("application_id").set_index("application_id")["name"]
    records = unrecorded.drop_duplicates(["application_id", "record_id"]).sort_values("record_id")
    record_ids = lists_of(records["application_id"], records["record_id"])
    formats = lists_of(records["application_id"], records["source_format"])
    quality = records.groupby("application_id")["quality_score"].mean().to_dict()
    confidence = _confidence_in_names()
    rows = [
        (
            application_id,
            "application",
            name,
            record_ids[application_id],
            sorted(set(formats[application_id])),
            "name" if len(record_ids[application_id]) > 1 else "single",
            confidence if len(record_ids[application_id]) > 1 else 1.0,
            _reason(len(record_ids[application_id]), formats[application_id]),
            quality[application_id],
        )
        for application_id, name in names.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"asset_id": "object"})


def _reason(count: int, formats: Sequence[str]) -> str:
    named_by = "1 record of another asset" if count == 1 else f"{count} records of other assets"
    return f"named by {named_by} in {' and '.join(sorted(set(formats)))}; no record is about it"


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
