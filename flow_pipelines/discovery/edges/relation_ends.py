"""Which assets are meant by the names that a configuration database's relations give.

Belongs here: choosing between assets of the same name. Does not: what the relations say (`relations.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.edges.directory import (
    MACHINE_TYPES,
    AssetDirectory,
    asset_nodes,
    best_candidates,
    candidates_by_name,
    external_nodes,
    name_keys,
)
from flow_pipelines.scope import Scope
from flow_pipelines.tables.discovery import ASSET_TYPES

SIDES = ("parent", "child")
# How well what an end is called fits, best first; an id and a name are as good as each other.
FIT = {"external_id": 0, "name": 0, "first_label": 1, "other_domain": 2}
BEST_FIRST = ["fit", "unexpected", "elsewhere", "inactivity"]


@dataclass(frozen=True)
class _Side:
    """One end of all relations: the end's number by record, what each end could be, and the best of it."""

    numbers: pd.Series[int]
    candidates: pd.DataFrame
    best: pd.DataFrame


def relation_ends(
    records: pd.DataFrame, inventory: pd.DataFrame, directory: AssetDirectory, *, scope: Scope
) -> pd.DataFrame:
    """Find the two ends of relations.

    Of several assets that an end could be, these count, one after the other: how well the name fits, the asset types
    that the relation's type lets expect, whether the relation's own source knows the asset under this name, whether
    it is active. Where that leaves several, one that belongs to the other end: a database on the server that it is
    said to run on, a member of the application.

    Args:
        records: One row per relation: parent_key, child_key, parent_text, child_text, parent_types, child_types,
            relation_type, source_format.
        inventory: The rows of `discovery/inventory`.
        directory: The directory of the estate.
        scope: The engagement, for the ids of external nodes.

    Returns:
        For each record, under its index: parent_id, parent_name, parent_is_external, parent_confidence, parent_says,
        and the same of the child.
    """
    sides = {name: _side(records, name, directory) for name in SIDES}
    related = _related_assets(inventory, directory)
    parent, child = sides["parent"], sides["child"]
    chosen = {"parent": _chosen(parent, child, related), "child": _chosen(child, parent, related)}
    return pd.concat([_nodes(records, name, chosen[name], directory, scope) for name in SIDES], axis="columns")


def _side(records: pd.DataFrame, side: str, directory: AssetDirectory) -> _Side:
    asked = pd.DataFrame(
        {
            "key": records[f"{side}_key"],
            "asking_format": records["source_format"],
            "relation_type": records["relation_type"],
        }
    )
    numbers = asked.groupby(list(asked.columns)).ngroup()
    ends = asked.assign(end=numbers).drop_duplicates("end")
    found = candidates_by_name(ends[["end", "key"]], directory).merge(ends.drop(columns="key"), on="end")
    found["elsewhere"] = found["source_format"] != found["asking_format"]
    found["fit"] = found["found"].map(FIT)
    # The best fit is named in the reason; of two as good, the id.
    found = found.sort_values(["end", "asset", "fit", "found"])
    candidates = found.drop_duplicates(["end", "asset"]).set_index(["end", "asset"])
    candidates["elsewhere"] = found.groupby(["end", "asset"])["elsewhere"].all()
    candidates = candidates.reset_index().join(directory.assets, on="asset")
    expected = records.drop_duplicates("relation_type").set_index("relation_type")[f"{side}_types"]
    ranks = {
        (relation_type, asset_type): rank
        for relation_type, types in expected.items()
        for rank, asset_type in enumerate(dict.fromkeys((*types, *ASSET_TYPES)))
    }
    pairs = zip(candidates["relation_type"], candidates["asset_type"], strict=True)
    candidates["unexpected"] = [ranks[pair] for pair in pairs]
    return _Side(numbers, candidates, best_candidates(candidates, by=BEST_FIRST))


def _chosen(side: _Side, other: _Side, related: pd.DataFrame) -> pd.DataFrame:
    """Return the asset at this end of each record that has one: asset, found, is_ambiguous; indexed by the record."""
    columns = ["asset", "found", "is_ambiguous"]
    chosen = side.numbers.to_frame("end").join(side.best[columns], on="end").dropna(subset=["asset"])
    unsure = side.best[side.best["is_ambiguous"]].index
    could_be = side.candidates[side.candidates["end"].isin(unsure)]
    belonging = could_be.astype({"asset": "Int64"}).merge(related, on="asset")
    partner = other.numbers.map(other.best.loc[~other.best["is_ambiguous"], "asset"]).astype("Int64")
    asking = chosen[chosen["is_ambiguous"].astype(bool)].assign(other=partner)[["end", "other"]].dropna()
    asking = asking.rename_axis("record").reset_index()
    answers = asking.merge(belonging, on=["end", "other"]).assign(end=lambda rows: rows["record"])
    if not answers.empty:
        better = best_candidates(answers, by=BEST_FIRST).assign(found="other_end")
        chosen = pd.concat([chosen.drop(better.index), better])
    return chosen[columns].astype({"asset": int, "is_ambiguous": bool}).sort_index()


def _related_assets(inventory: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Return pairs of assets that belong together, both ways: member and application, database and its server."""
    asset_types = directory.assets["asset_type"]
    databases = asset_types.index[asset_types == "database"]
    machines = asset_types.index[asset_types.isin(MACHINE_TYPES)]
    number_of = dict(zip(directory.assets["asset_id"], directory.assets.index, strict=True))
    own_numbers = inventory["asset_id"].map(number_of)
    members = pd.DataFrame({"asset": own_numbers, "other": inventory["application_ids"]}).explode("other")
    members["other"] = members["other"].map(number_of)
    listed = directory.addresses.rename(columns={"address": "key"})
    hosts = pd.DataFrame({"key": name_keys(inventory["host_name"], directory.domains), "asset": own_numbers})
    pairs = [members.dropna()]
    for places, known in ((listed, listed), (hosts.dropna(), directory.names[["key", "asset"]].drop_duplicates())):
        on_databases = places[places["asset"].isin(databases)]
        on_machines = known[known["asset"].isin(machines)].rename(columns={"asset": "other"})
        pairs.append(on_databases.merge(on_machines, on="key")[["asset", "other"]])
    one_way = pd.concat(pairs, ignore_index=True)
    both_ways = [one_way, one_way.rename(columns={"asset": "other", "other": "asset"})]
    return pd.concat(both_ways, ignore_index=True).astype("Int64").drop_duplicates()


def _nodes(
    records: pd.DataFrame, side: str, chosen: pd.DataFrame, directory: AssetDirectory, scope: Scope
) -> pd.DataFrame:
    inner = asset_nodes(chosen, directory, if_retired="retired")
    rest = records[~records.index.isin(chosen.index)]
    keys = rest[f"{side}_key"]
    # Spelt differently here and there, it is one node: under its first spelling in alphabetical order.
    names = keys.map(rest.groupby(f"{side}_key")[f"{side}_text"].min())
    found = pd.Series("unknown_name", index=rest.index)
    return pd.concat([inner, external_nodes(keys, names, found, scope)]).sort_index().add_prefix(f"{side}_")
