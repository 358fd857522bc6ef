"""Which assets are at the two ends of observed connections.

Belongs here: weighing an end's address against its name. Does not: folding connections to edges (`connections.py`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from flow_pipelines.discovery.edges.directory import (
    ADDRESS,
    MACHINE_TYPES,
    AssetDirectory,
    address_kinds,
    asset_nodes,
    best_candidates,
    candidates_by_name,
    external_nodes,
    name_keys,
)
from flow_pipelines.reference.edge_evidence import edge_evidence
from flow_pipelines.scope import SEPARATOR, Scope

SIDES = ("source", "destination")
# How well a name fits, best first.
NAME_FITS = ("name", "first_label", "other_domain")
NO_NAME_FITS = len(NAME_FITS)
# At one address there may be a server and the databases on it: the connection is the server's.
OTHER_TYPES = ("database", "application")
# What leads to an asset, best first. An address was observed, a name was looked up and may be outdated; a hint is the
# name that other connections give the address, and decides between assets that share it.
BOTH, ADDRESS_AND_HINT, BY_ADDRESS, BY_NAME, BY_HINT, RETIRED_ADDRESS, RETIRED_NAME, RETIRED_HINT = range(8)
FOUND_BY_ADDRESS = (ADDRESS_AND_HINT, BY_ADDRESS, RETIRED_ADDRESS)
FOUND_BY_NAME = (BY_NAME, RETIRED_NAME)


def connection_ends(records: pd.DataFrame, directory: AssetDirectory, *, scope: Scope) -> pd.DataFrame:
    """Find the two ends of connections.

    Args:
        records: Cleansed records of connections.
        directory: The directory of the estate.
        scope: The engagement, for the ids of external nodes.

    Returns:
        For each record, under its index: source_id, source_name, source_is_external, source_confidence, source_says,
        and the same of the target; an end that is not told has no id.
    """
    stated = pd.concat(
        [records[[f"{side}_address", f"{side}_name"]].set_axis(["address", "name"], axis="columns") for side in SIDES]
    )
    numbers = pd.factorize(stated["address"].fillna("") + SEPARATOR + stated["name"].fillna(""))[0]
    distinct = _told(stated.assign(end=numbers).drop_duplicates("end", ignore_index=True), directory)
    nodes = _nodes(distinct, directory, scope)
    source, target = (nodes.iloc[part].set_index(records.index) for part in np.split(numbers, 2))
    return pd.concat(
        [
            _or_the_other(source, target, scope).add_prefix("source_"),
            _or_the_other(target, source, scope).add_prefix("target_"),
        ],
        axis="columns",
    )


def _told(stated: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Return what is told of each end: end, address, key (its name), and whether it is the machine itself."""
    address = stated["address"].astype("str")
    kind = address_kinds(address)
    key = name_keys(stated["name"], directory.domains)
    is_address = key.str.fullmatch(ADDRESS)
    named_address = key.where(is_address & (address.isna() | (kind == "unspecified")))
    kind = address_kinds(named_address).fillna(kind)
    address = named_address.fillna(address).mask(kind.isin(["loopback", "unspecified"]))
    is_own_name = key.isin(edge_evidence().own_names)
    return pd.DataFrame(
        {
            "end": stated["end"],
            "address": address,
            "key": key.mask(is_address | is_own_name),
            "is_own": (kind == "loopback") | (is_own_name & address.isna()),
        }
    )


def _nodes(ends: pd.DataFrame, directory: AssetDirectory, scope: Scope) -> pd.DataFrame:
    """Return the node of each end, by its number: id, name, is_external, confidence, says, is_own."""
    best = _best_assets(ends, directory)
    inner = asset_nodes(best, directory, if_retired="retired_but_seen")
    is_told = ends["address"].notna() | ends["key"].notna()
    rest = ends[is_told & ~ends["end"].isin(best.index)].set_index("end")
    kind = address_kinds(rest["address"]).fillna("unknown_name")
    # Some connections name an address, others don't: it is one node, by its first name in alphabetical order.
    first_names = rest.groupby("address")["key"].min()
    name = rest["address"].map(first_names).astype("str").fillna(rest["address"]).fillna(rest["key"])
    outer = external_nodes(rest["address"].fillna(rest["key"]), name, kind, scope)
    nodes = pd.concat([inner, outer]).reindex(ends["end"])
    return nodes.assign(is_own=ends["is_own"].to_numpy() & nodes["id"].isna().to_numpy())


def _or_the_other(nodes: pd.DataFrame, others: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Put the other end where an end says that it is the machine itself; both may say so."""
    evidence = edge_evidence()
    own = nodes["is_own"]
    unknown = own & others["is_own"]
    loopback = pd.Series("127.0.0.1", index=nodes.index)
    kind = pd.Series("loopback", index=nodes.index)
    nowhere = external_nodes(loopback[unknown], loopback[unknown], kind[unknown], scope)
    itself = others.assign(
        confidence=others["confidence"] * evidence.confidence["itself"], says=evidence.says["itself"]
    )
    whole = nodes.drop(columns="is_own").mask(own & ~unknown, itself.drop(columns="is_own"))
    return whole.mask(unknown, nowhere.reindex(nodes.index))


def _best_assets(ends: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Choose the asset at each end that has one: asset, found, is_ambiguous, indexed by the end."""
    by_name = _by_name(ends, directory)
    by_address = ends[["end", "address"]].dropna().merge(directory.addresses, on="address")[["end", "asset"]]
    candidates = pd.concat(
        [
            by_name.assign(is_by_name=True),
            by_address.assign(is_by_address=True),
            _hints(ends, by_name, directory).assign(is_by_hint=True),
        ]
    )
    flags = ["is_by_name", "is_by_address", "is_by_hint"]
    candidates[flags] = candidates[flags].notna()
    candidates["fit"] = candidates["fit"].fillna(NO_NAME_FITS)
    folded = candidates.groupby(["end", "asset"]).agg({**dict.fromkeys(flags, "any"), "fit": "min"}).reset_index()
    folded = folded.join(directory.assets, on="asset")
    folded["way"] = _ways(folded)
    folded["other_type"] = _other_type(folded["asset_type"])
    folded["type_rank"] = folded["asset_type"].map({name: rank for rank, name in enumerate(MACHINE_TYPES)}).fillna(0)
    best = best_candidates(folded, by=["other_type", "way", "fit", "type_rank", "inactivity"])
    names_another = best.index.isin(by_name["end"]) & ~best["is_by_name"].to_numpy()
    best["found"] = np.select(
        [
            best["way"] == BOTH,
            best["way"].isin(FOUND_BY_ADDRESS) & names_another,
            best["way"].isin(FOUND_BY_ADDRESS),
            best["way"].isin(FOUND_BY_NAME),
        ],
        ["address_and_name", "address_against_name", "address", best["fit"].map(dict(enumerate(NAME_FITS)))],
        default="named_elsewhere",
    )
    return best


def _by_name(ends: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Return the machines that ends could be by name: end, asset, fit."""
    candidates = candidates_by_name(ends[["end", "key"]], directory)
    machines = directory.assets.index[directory.assets["asset_type"].isin(MACHINE_TYPES)]
    candidates = candidates[candidates["asset"].isin(machines) & candidates["found"].isin(NAME_FITS)]
    fit = candidates["found"].map({name: rank for rank, name in enumerate(NAME_FITS)}).astype(int)
    return candidates[["end", "asset"]].assign(fit=fit).groupby(["end", "asset"])["fit"].min().reset_index()


def _hints(ends: pd.DataFrame, by_name: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Return the assets that the names given elsewhere for an address lead to, if they all lead to one: end, asset."""
    named = by_name.join(directory.assets, on="asset").merge(ends[["end", "address"]].dropna(), on="end")
    best = best_candidates(named, by=["fit", "inactivity"])
    sure = best.loc[~best["is_ambiguous"], ["address", "asset"]].drop_duplicates()
    sure = sure[~sure["address"].duplicated(keep=False)]
    return ends[["end", "address"]].merge(sure, on="address")[["end", "asset"]]


def _ways(candidates: pd.DataFrame) -> np.ndarray:
    by_address, by_name = candidates["is_by_address"], candidates["is_by_name"]
    by_hint, is_active = candidates["is_by_hint"], ~candidates["is_retired"]
    return np.select(
        [
            by_address & by_name,
            by_address & by_hint & is_active,
            by_address & is_active,
            by_name & is_active,
            by_hint & is_active,
            by_address,
            by_name,
        ],
        [BOTH, ADDRESS_AND_HINT, BY_ADDRESS, BY_NAME, BY_HINT, RETIRED_ADDRESS, RETIRED_NAME],
        default=RETIRED_HINT,
    )


def _other_type(asset_types: pd.Series[str]) -> pd.Series[int]:
    return asset_types.map({name: rank for rank, name in enumerate(OTHER_TYPES, start=1)}).fillna(0).astype(int)
