"""Relations stated by a configuration database: one edge per pair of ends and kind, in the direction of need.

Belongs here: folding `relation` records to edges. Does not: which assets their names mean (`relation_ends.py`), what a
relation type says (`reference/relation_types.yaml`).
"""

from __future__ import annotations

from dataclasses import fields

import pandas as pd

from flow_pipelines.discovery.edges.directory import END_COLUMNS, AssetDirectory, name_keys, record_lists
from flow_pipelines.discovery.edges.relation_ends import SIDES, relation_ends
from flow_pipelines.reference.relation_types import RelationRule, relation_types
from flow_pipelines.scope import Scope

EDGE_KEY = ["source_id", "target_id", "kind"]
# What a column of dependencies says where no other column says it.
DEPENDS_ON = "Depends on::Used by"
RULE_COLUMNS = [field.name for field in fields(RelationRule)]


def relation_edges(
    cleansed_records: pd.DataFrame, inventory: pd.DataFrame, directory: AssetDirectory, *, scope: Scope
) -> pd.DataFrame:
    """Turn stated relations into edges.

    Args:
        cleansed_records: The rows of `discovery/cleansed_records`.
        inventory: The rows of `discovery/inventory`.
        directory: The directory of the estate.
        scope: The engagement, for the ids of external nodes.

    Returns:
        One row per source, target and kind, with all columns of `discovery/dependencies` that come from the records.
        A record of which one end is not told at all is in none of them; one that lists what it depends on may be in
        several.
    """
    records = _read(cleansed_records, directory)
    ends = relation_ends(records, inventory, directory, scope=scope)
    return _edges(_directed(records.join(ends), directory))


def _read(cleansed_records: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Return the relations of which both ends are told, each with the rule of its type."""
    stated = _stated(cleansed_records)
    records = stated[["record_id", "source_format"]].astype("str")
    records["relation_type"] = stated["relation_type"].astype("str").fillna("")
    for side in SIDES:
        records[f"{side}_key"] = name_keys(stated[f"relation_{side}"], directory.domains)
        records[f"{side}_text"] = stated[f"relation_{side}"].astype("str").str.strip()
    texts = records["relation_type"].unique()
    rules = pd.DataFrame([relation_types().rule_of(text) for text in texts], index=texts, columns=RULE_COLUMNS)
    told = records.dropna(subset=["parent_key", "child_key"]).join(rules, on="relation_type")
    return told.sort_values(["record_id", "child_key"], ignore_index=True)


def _stated(cleansed_records: pd.DataFrame) -> pd.DataFrame:
    """Return a row per stated relation: relations as they are, and each thing that a record says it depends on."""
    columns = ["record_id", "source_format", "relation_type", "relation_parent", "relation_child"]
    relations = cleansed_records.loc[cleansed_records["record_type"] == "relation", columns]
    listing = cleansed_records[cleansed_records["depends_on"].notna()]
    # By its own key rather than by its name, which another one may bear too.
    parents = listing["external_id"].fillna(listing["name"]).fillna(listing["host_name"])
    needed = listing.assign(
        relation_parent=parents,
        relation_child=listing["depends_on"],
        relation_type=listing["relation_type"].fillna(DEPENDS_ON),
    )[columns].explode("relation_child")
    both = pd.concat([relations.loc[relations.index.difference(listing.index)], needed], ignore_index=True)
    return both.astype("object")


def _directed(records: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Give each record source and target: as its type's rule says, unless the ends can't be that way round."""
    layers = directory.assets.set_index("asset_id")["asset_type"].map(relation_types().layers)
    rises = records["child_id"].map(layers) - records["parent_id"].map(layers)
    parent_needs = records["source"] == "parent"
    upwards = rises.where(parent_needs, -rises)
    is_backwards = records["kind"].isin(relation_types().layered_kinds) & (upwards > 0)
    parent_is_source = parent_needs != is_backwards
    directed = records.assign(is_backwards=is_backwards, needing=parent_is_source.map({True: "parent", False: "child"}))
    for column in END_COLUMNS:
        parent, child = records[f"parent_{column}"], records[f"child_{column}"]
        directed[f"source_{column}"] = parent.where(parent_is_source, child)
        directed[f"target_{column}"] = child.where(parent_is_source, parent)
    return directed


def _edges(records: pd.DataFrame) -> pd.DataFrame:
    confidence = records["confidence"] * records["source_confidence"] * records["target_confidence"]
    confidence = confidence.mask(records["is_backwards"], confidence * relation_types().entered_backwards)
    # Three digits: more would promise a precision that the weights do not have.
    stated = records.assign(
        edge=records.groupby(EDGE_KEY).ngroup(), confidence=confidence.astype(float).round(3), reason=_reasons(records)
    )
    stated = stated.sort_values(["edge", "record_id"])
    best = stated.sort_values(["edge", "confidence", "reason"], ascending=[True, False, True])
    edges = best.drop_duplicates("edge").set_index("edge")
    return edges.assign(
        source_entity_ids=record_lists(stated["edge"], stated["record_id"]),
        origin="cmdb",
    ).reset_index(drop=True)


def _reasons(records: pd.DataFrame) -> pd.Series[str]:
    other = records["needing"].map({"parent": "child", "child": "parent"})
    said = records["relation_type"].where(records["relation_type"] != "", "a relation without a type")
    reason = "Stated by " + records["source_format"] + " as " + said + ": the " + records["needing"] + " needs the "
    reason += other
    unknown = ", as it is written, for the type is not known"
    backwards = ", turned round, for what carries others does not run on them"
    reason += records["is_known"].astype(bool).map({True: "", False: unknown}).astype("str")
    reason += records["is_backwards"].map({True: backwards, False: ""}).astype("str")
    return reason + ". Parent " + records["parent_says"] + "; child " + records["child_says"] + "."
