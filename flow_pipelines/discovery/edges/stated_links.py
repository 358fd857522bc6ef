"""Links that connection strings state: from the asset that holds one to the database, cache or queue that it names.

Belongs here: finding the strings in what sources tell of an asset, and folding them to edges. Does not: their grammar
(`connection_strings.py`), whose names and addresses their hosts are (`connection_ends.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from flow_pipelines.discovery.edges.connection_ends import connection_ends
from flow_pipelines.discovery.edges.connection_strings import stated_services
from flow_pipelines.discovery.edges.directory import AssetDirectory, asset_nodes, name_keys, record_lists
from flow_pipelines.reference.edge_evidence import edge_evidence
from flow_pipelines.scope import Scope

ORIGIN = "connection_string"
HOLDERS = ("application", "server", "database")
EDGE_KEY = ["source_id", "target_id", "port"]
STATED = ["record_id", "column", "host", "port", "service", "database"]
ENDS = ["source_address", "source_name", "destination_address", "destination_name"]


def stated_links(
    cleansed_records: pd.DataFrame, inventory: pd.DataFrame, directory: AssetDirectory, *, scope: Scope
) -> pd.DataFrame:
    """Turn the connection strings in custom attributes, descriptions and tags into edges.

    Args:
        cleansed_records: The rows of `discovery/cleansed_records`.
        inventory: The rows of `discovery/inventory`.
        directory: The directory of the estate.
        scope: The engagement, for the ids of external nodes.

    Returns:
        One row per source, target and port, with all columns of `discovery/dependencies` that come from the records.
        Where the host's inventory knows the database by name, it is the target, else the host is.
    """
    holders = cleansed_records[cleansed_records["record_type"].isin(HOLDERS)]
    stated = pd.DataFrame(list(_stated(holders)), columns=STATED).astype({"port": "Int64"})
    sources = stated.merge(_assets_of(holders, inventory, directory), on="record_id")
    hosts = pd.DataFrame(index=sources.index, columns=ENDS, dtype=object)
    hosts["destination_name"] = sources["host"]
    ends = connection_ends(hosts, directory, scope=scope)
    # A string that names the machine itself says nothing about another one.
    told = sources.join(ends.filter(like="target_")).dropna(subset=["target_id"])
    told = _at_databases(told, inventory, directory)
    return _edges(told[told["source_id"] != told["target_id"]])


def _stated(records: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    columns = ["record_id", "custom_attributes", "description", "tags"]
    for record_id, custom, description, tags in records[columns].itertuples(index=False, name=None):
        texts = list(custom.items()) if isinstance(custom, dict) else []
        texts += [("description", description)] if isinstance(description, str) else []
        texts += [("tags", tag) for tag in tags] if isinstance(tags, list) else []
        for column, text in texts:
            for one in stated_services(str(text)):
                yield record_id, column, one.host, one.port, one.service, one.database


def _assets_of(records: pd.DataFrame, inventory: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Return the asset that each record is about: record_id, source_id, source_name."""
    members = inventory[["asset_id", "asset_type", "source_entity_ids"]].explode("source_entity_ids")
    # A server's record names applications, too, which is not what it is about.
    own = records[["record_id", "record_type"]].merge(
        members, left_on=["record_id", "record_type"], right_on=["source_entity_ids", "asset_type"]
    )
    own["source_name"] = own["asset_id"].map(directory.assets.set_index("asset_id")["label"])
    return own.rename(columns={"asset_id": "source_id"})[["record_id", "source_id", "source_name"]].astype("object")


def _at_databases(told: pd.DataFrame, inventory: pd.DataFrame, directory: AssetDirectory) -> pd.DataFrame:
    """Lead from a host to the database on it that the string names, where the inventory knows it."""
    databases = inventory[inventory["asset_type"] == "database"]
    placed = pd.DataFrame(
        {
            "number": databases["asset_id"].map(
                dict(zip(directory.assets["asset_id"], directory.assets.index, strict=True))
            ),
            "database_key": name_keys(databases["name"], directory.domains),
            "host_key": name_keys(databases["host_name"], directory.domains),
        }
    ).dropna()
    asked = pd.DataFrame(
        {
            "row": told.index,
            "database_key": name_keys(told["database"], directory.domains),
            "host_key": name_keys(told["target_name"], directory.domains).str.split(".").str[0],
        }
    ).dropna()
    found = asked.merge(placed, on=["database_key", "host_key"]).drop_duplicates("row", keep=False).set_index("row")
    best = pd.DataFrame({"asset": found["number"].astype(int), "found": "name", "is_ambiguous": False})
    nodes = asset_nodes(best, directory, if_retired="retired").add_prefix("target_")
    told = told.copy()
    told.loc[nodes.index, list(nodes.columns)] = nodes
    return told


def _edges(told: pd.DataFrame) -> pd.DataFrame:
    confidence = edge_evidence().stated[ORIGIN] * told["target_confidence"].astype(float)
    what = told["service"].fillna("database").astype("str") + (" " + told["database"]).fillna("").astype("str")
    column = told["column"].astype("str")
    reason = "A connection string under " + column + " names the " + what + " on " + told["host"] + "."
    reason += " Target " + told["target_says"].astype("str") + "."
    stated = told.assign(
        edge=told.groupby(EDGE_KEY, dropna=False, sort=True).ngroup(),
        # Three digits: more would promise a precision that the weights do not have.
        confidence=confidence.round(3),
        reason=reason,
    ).sort_values(["edge", "record_id"])
    pairs = stated.drop_duplicates(["edge", "record_id"])
    best = stated.sort_values(["edge", "confidence", "reason"], ascending=[True, False, True])
    return (
        best.drop_duplicates("edge")
        .set_index("edge")
        .assign(
            source_entity_ids=record_lists(pairs["edge"], pairs["record_id"]),
            kind="depends_on",
            origin=ORIGIN,
            protocol="tcp",
            source_is_external=False,
        )
        .reset_index(drop=True)
    )
