"""Which applications an asset belongs to, as the relations of the configuration database state it.

Belongs here: finding the assets at both ends of relations, and reading membership from them. Does not: dependencies
(`discovery/dependencies.py`) and applications that records name (`applications.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from flow_pipelines.reference.identity_model import identity_model

NAMES = ("external_id", "name", "host_name", "fqdn")


def stated_memberships(
    cleansed_records: pd.DataFrame, applications: pd.DataFrame, others: Sequence[pd.DataFrame]
) -> pd.DataFrame:
    """Read from relations which machines and databases are parts of which applications.

    An end of a relation is found by external id or by a name that just one asset bears (one application and one
    other asset may share it); relations with an end that is not found state nothing.

    Args:
        cleansed_records: Rows of `discovery/cleansed_records`.
        applications: Records of applications, with their asset_id.
        others: Records of assets of other types, with their asset_id.

    Returns:
        asset_id and application_id, without repetitions.
    """
    relations = cleansed_records.loc[
        cleansed_records["record_type"] == "relation", ["relation_parent", "relation_child", "relation_type"]
    ].dropna()
    relations = relations[relations["relation_type"].map(_states_membership).astype(bool)]
    application_of, other_of = _bearers([applications]), _bearers(others)
    parents, children = (relations[f"relation_{end}"].map(_comparable) for end in ("parent", "child"))
    found = [
        pd.DataFrame({"asset_id": part.map(other_of), "application_id": whole.map(application_of)}, dtype="object")
        for whole, part in ((parents, children), (children, parents))
    ]
    return pd.concat(found).dropna().drop_duplicates(ignore_index=True)


def _states_membership(relation_type: str) -> bool:
    descriptors = {_comparable(descriptor) for descriptor in relation_type.split("::")}
    return not descriptors.isdisjoint(identity_model().membership_relations)


def _bearers(records: Sequence[pd.DataFrame]) -> dict[str, str]:
    """Return the only asset that bears a name, by name."""
    borne = pd.concat([one[["asset_id", *NAMES]].melt("asset_id", value_name="text") for one in records])
    borne = borne[["asset_id", "text"]].dropna()
    borne = borne.assign(text=borne["text"].map(_comparable)).drop_duplicates()
    only = borne[~borne["text"].duplicated(keep=False)]
    return dict(zip(only["text"], only["asset_id"], strict=True))


def _comparable(text: str) -> str:
    return " ".join(text.casefold().split())
