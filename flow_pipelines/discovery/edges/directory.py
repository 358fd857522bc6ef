"""Under which addresses, names and ids each asset is known, and the nodes at the ends of edges.

Belongs here: the directory of an estate, choosing the best of several assets that an end could be, and what is said
about an end. Does not: what makes one asset fit better than another (`relation_ends.py`, `connection_ends.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.reference.edge_evidence import edge_evidence
from flow_pipelines.scope import Scope

NAME_COLUMNS = ("name", "host_name", "fqdn")
KEY_COLUMNS = (*NAME_COLUMNS, "external_id")
DISPLAY_COLUMNS = (*NAME_COLUMNS, "external_id", "asset_id")
# What opens and accepts connections, likeliest first. A database at an address listens through its server.
MACHINE_TYPES = ("server", "hypervisor_host", "network_device", "cluster")
DOTTED_NAME = re.compile(r"[^\s.@]+\.[^\s@]+\.?")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]*")
# What is known of one end of an edge.
END_COLUMNS = ("id", "name", "is_external", "confidence", "says")
# Kinds of addresses that belong to no single machine.
SHARED_KINDS = ("unspecified", "loopback", "group_address")


@dataclass(frozen=True)
class AssetDirectory:
    """The assets of an estate by number, and what leads to each.

    Attributes:
        assets: Indexed by asset number (0 to n-1, in order of asset ids): asset_id, asset_type, label, is_retired,
            inactivity (0 active, 1 off, planned or in standby, 2 retired), source_count.
        addresses: One row per address and asset: address, asset.
        names: One row per key, asset and source: key, asset, found (external_id, name or first_label),
            source_format (empty if the inventory itself says so).
        domains: DNS domains of the enterprise, which count as no part of a name.
    """

    assets: pd.DataFrame
    addresses: pd.DataFrame
    names: pd.DataFrame
    domains: tuple[str, ...]


def build_directory(
    cleansed_records: pd.DataFrame, inventory: pd.DataFrame, *, domains: Sequence[str]
) -> AssetDirectory:
    """Return the directory of an estate.

    Args:
        cleansed_records: The rows of `discovery/cleansed_records`; an asset also goes by what its records call it.
        inventory: The rows of `discovery/inventory`.
        domains: DNS domains of the enterprise.
    """
    ordered = inventory.sort_values("asset_id", ignore_index=True)
    plain_domains = tuple(
        sorted((domain.strip(".").casefold() for domain in domains), key=lambda one: (-len(one), one))
    )
    return AssetDirectory(
        assets=_assets(ordered),
        addresses=_addresses(ordered),
        names=_names(cleansed_records, ordered, plain_domains),
        domains=plain_domains,
    )


def name_keys(names: pd.Series[Any], domains: Sequence[str]) -> pd.Series[str]:
    """Return names as they are compared: without case, outer spaces, a final dot and the enterprise's own domains."""
    own_domain = re.compile(rf"\.(?:{'|'.join(map(re.escape, domains))})$") if domains else None

    def key(name: str) -> str | None:
        plain = name.strip().casefold().rstrip(".")
        return (own_domain.sub("", plain) if own_domain else plain) or None

    return map_distinct(names, key)


def address_kinds(addresses: pd.Series[Any]) -> pd.Series[str]:
    """Return the kind of each address, such as private_address; missing where there is no address."""
    kinds = edge_evidence().address_kinds
    return map_distinct(addresses, lambda address: next(kind for kind, pattern in kinds if pattern.match(address)))


def first_labels(keys: pd.Series[Any]) -> pd.Series[str]:
    """Return the part before the first dot of each key that is a dotted host name; missing where it is none."""

    def label(key: str) -> str | None:
        return key.split(".", 1)[0] if DOTTED_NAME.fullmatch(key) and not ADDRESS.fullmatch(key) else None

    return map_distinct(keys, label)


def map_distinct(values: pd.Series[Any], function: Callable[[str], str | None]) -> pd.Series[str]:
    """Apply a function to each distinct text once: an estate has far fewer names than records."""
    distinct = {value: function(value) for value in values.dropna().unique()}
    return values.map(distinct, na_action="ignore").astype("str")


def best_candidates(candidates: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """Choose one asset for each end.

    Args:
        candidates: One row per end and asset that it could be: end, asset, source_count, and the columns of `by`.
        by: Columns in which less is better, most important first.

    Returns:
        One row per end, indexed by it, with `is_ambiguous`: another asset is as good in all columns of `by`. Of
        equals, the asset with the most records counts, then the one with the least number.
    """
    ranked = candidates.assign(fewest=-candidates["source_count"])
    ranked = ranked.sort_values(["end", *by, "fewest", "asset"], ignore_index=True)
    best = ranked.drop_duplicates("end").set_index("end")
    as_good = ranked.merge(best.reset_index()[["end", *by]], on=["end", *by])
    return best.assign(is_ambiguous=as_good.groupby("end").size().reindex(best.index) > 1)


def candidates_by_name(ends: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Return the assets that ends could be by what they are called.

    Args:
        ends: One row per end: end, key (see `name_keys`; may be missing).
        directory: The directory of the estate.

    Returns:
        One row per end, asset and source that knows it so: end, asset, found, source_format. A name in another domain
        than any that the asset is known under is found as other_domain.
    """
    whole = ends.dropna(subset=["key"]).merge(directory.names, on="key")
    labels = ends.assign(key=first_labels(ends["key"])).dropna(subset=["key"])
    by_label = labels.merge(directory.names, on="key")
    in_a_domain = directory.names.loc[directory.names["found"] == "first_label", ["key", "asset"]].drop_duplicates()
    by_label = by_label.merge(in_a_domain, on=["key", "asset"], how="left", indicator="domain")
    by_label["found"] = (by_label["domain"] == "both").map({True: "other_domain", False: "first_label"}).astype("str")
    return pd.concat([whole, by_label], ignore_index=True)[["end", "asset", "found", "source_format"]]


def asset_nodes(best: pd.DataFrame, directory: AssetDirectory, *, if_retired: str) -> pd.DataFrame:
    """Return the nodes of ends that are known assets.

    Args:
        best: One row per end: asset, found (how, as in `edge_evidence.yaml`) and is_ambiguous.
        directory: The directory of the estate.
        if_retired: The factor of `edge_evidence.yaml` for an asset that counts as retired.

    Returns:
        Under the index of `best`: id, name, is_external, confidence, says (how it was found, in words).
    """
    evidence = edge_evidence()
    assets = directory.assets.loc[best["asset"]].set_index(best.index)
    confidence = best["found"].map(evidence.confidence).astype(float)
    says = best["found"].map(evidence.says).astype("str")
    for name, applies in (("ambiguous", best["is_ambiguous"]), (if_retired, assets["is_retired"])):
        factor, words = evidence.factors[name]
        confidence = confidence.where(~applies, confidence * factor)
        says = says.where(~applies, says + ", " + words)
    return pd.DataFrame(
        {
            "id": assets["asset_id"],
            "name": assets["label"],
            "is_external": False,
            "confidence": confidence,
            "says": says,
        }
    )


def external_nodes(keys: pd.Series[str], names: pd.Series[str], found: pd.Series[str], scope: Scope) -> pd.DataFrame:
    """Return the nodes of ends that are no known asset; see `asset_nodes`.

    Args:
        keys: The address or name that tells each node apart.
        names: What to call it.
        found: What it is, as in `edge_evidence.yaml`.
        scope: The engagement, for the ids.
    """
    evidence = edge_evidence()
    distinct = keys.unique().tolist()
    ids = dict(zip(distinct, scope.ids_of("external", ((key,) for key in distinct)), strict=True))
    return pd.DataFrame(
        {
            "id": keys.map(ids).astype("str"),
            "name": names,
            "is_external": True,
            "confidence": found.map(evidence.confidence).astype(float),
            "says": found.map(evidence.says).astype("str"),
        }
    )


def record_lists(edges: pd.Series[int], record_ids: pd.Series[str]) -> pd.Series[list[str]]:
    """Return the record ids of each edge as a sorted list, by edge; both series are sorted by edge and record id."""
    numbers, starts = np.unique(edges.to_numpy(), return_index=True)
    lists = [part.tolist() for part in np.split(record_ids.to_numpy(dtype=object), starts[1:])] if len(numbers) else []
    return pd.Series(lists, index=pd.Index(numbers, name="edge"), dtype=object)


def _assets(inventory: pd.DataFrame) -> pd.DataFrame:
    lifecycle = inventory["lifecycle_status"].astype("str")
    is_idle = lifecycle.isin(["planned", "standby"]) | inventory["power_state"].astype("str").isin(["off", "suspended"])
    is_retired = lifecycle == "retired"
    return pd.DataFrame(
        {
            "asset_id": inventory["asset_id"].astype("str"),
            "asset_type": inventory["asset_type"].astype("str"),
            "label": inventory[list(DISPLAY_COLUMNS)].bfill(axis="columns").iloc[:, 0].astype("str"),
            "is_retired": is_retired,
            "inactivity": is_idle.astype(int).mask(is_retired, 2),
            "source_count": inventory["source_entity_ids"].map(len).astype(int),
        }
    )


def _addresses(inventory: pd.DataFrame) -> pd.DataFrame:
    stated = inventory["ip_addresses"].explode().dropna().astype("str")
    addresses = pd.DataFrame({"address": stated, "asset": stated.index}).drop_duplicates(ignore_index=True)
    return addresses[~address_kinds(addresses["address"]).isin(SHARED_KINDS)]


def _names(cleansed_records: pd.DataFrame, inventory: pd.DataFrame, domains: Sequence[str]) -> pd.DataFrame:
    members = inventory[["asset_type", "source_entity_ids"]].explode("source_entity_ids").rename_axis("asset")
    # An application that only servers name rests on the servers' records, whose names are not its own.
    records = cleansed_records[["record_id", "record_type", "source_format", *KEY_COLUMNS]].merge(
        members.reset_index(),
        left_on=["record_id", "record_type"],
        right_on=["source_entity_ids", "asset_type"],
    )
    resolved = inventory[["asset_type", *KEY_COLUMNS]].assign(asset=inventory.index, source_format="")
    columns = ["asset", "asset_type", "source_format", *KEY_COLUMNS]
    stated = pd.concat([resolved[columns], records[columns]], ignore_index=True)
    names = [_known_by(stated, column, domains) for column in KEY_COLUMNS]
    labels = [_labels_of(one) for one, column in zip(names, KEY_COLUMNS, strict=True) if column in NAME_COLUMNS]
    every = pd.concat([*names, *labels], ignore_index=True)
    return every[["key", "asset", "found", "source_format"]].drop_duplicates(ignore_index=True)


def _known_by(stated: pd.DataFrame, column: str, domains: Sequence[str]) -> pd.DataFrame:
    keys = name_keys(stated[column], domains)
    found = "external_id" if column == "external_id" else "name"
    return stated[["asset", "asset_type", "source_format"]].assign(key=keys, found=found).dropna(subset=["key"])


def _labels_of(names: pd.DataFrame) -> pd.DataFrame:
    machines = names[names["asset_type"].isin(MACHINE_TYPES)]
    return machines.assign(key=first_labels(machines["key"]), found="first_label").dropna(subset=["key"])
