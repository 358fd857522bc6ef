"""Which connections a server or database needs, as rules of firewalls and as checks.

Belongs here: rules and checks as texts, from the dependencies. Does not: which task lists them (`build.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.plan.target.database_needs import HOSTING, hosts_of
from flow_pipelines.reference.managed_services import managed_services

# What an asset is made of or runs on is no traffic.
NO_TRAFFIC = (*HOSTING, "contains")
EDGE = ["source_id", "source_name", "target_id", "target_name", "port", "protocol", "service", "is_database_link"]
COLUMNS = ["asset_id", "partner_id", "is_source", "rule", "check"]
DATABASE, SUBNET = "database", "subnet"


def needed_connections(
    inventory: pd.DataFrame, dependencies: pd.DataFrame, landing_zone: pd.DataFrame
) -> pd.DataFrame:  # fmt: skip
    """Return what each asset needs to be let through, in both directions; noise is left out.

    A connection of a database is one of the servers that it is on, and what reaches a server as a database of its
    product reaches the database. A dependency that is stated is told as one to find out if no connection was observed
    between its ends, or between the servers that they are on.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        landing_zone: The rows of `plan/landing_zone`.

    Returns:
        One row per end and connection, sorted: asset_id, partner_id, is_source (whether the asset opens it), rule
        ("allow tcp/1433 from app01 (10.1.2.3) to db01 (10.1.2.4)") and check ("app01 → db01 tcp/1433").
    """
    edges = dependencies[~dependencies["is_noise"].astype(bool) & ~dependencies["kind"].isin(NO_TRAFFIC)]
    edges = edges[EDGE].astype(object)
    edges = edges[edges["source_id"] != edges["target_id"]].drop_duplicates(ignore_index=True)
    ends = pd.concat([edges["source_id"], edges["target_id"], inventory["asset_id"]]).drop_duplicates()
    hosts = hosts_of(ends, inventory, dependencies)
    edges = edges[edges["port"].notna() | ~_is_observed(edges, hosts)].reset_index(drop=True)
    databases = inventory[inventory["asset_type"] == DATABASE]
    hosts = hosts[hosts["asset_id"].isin(databases["asset_id"])]
    told = edges.assign(rule=_rules(edges, _addresses(inventory, landing_zone), hosts), check=_checks(edges))
    sides = [
        told.rename(columns={f"{one}_id": "asset_id", f"{other}_id": "partner_id"}).assign(is_source=one == "source")
        for one, other in (("source", "target"), ("target", "source"))
    ]
    own = pd.concat(sides, ignore_index=True)
    lifted = own.merge(hosts, on="asset_id").drop(columns="asset_id").rename(columns={"server_id": "asset_id"})
    found = pd.concat([own, lifted, _reaching(own, databases, hosts)], ignore_index=True)[COLUMNS].drop_duplicates()
    found = found[found["asset_id"] != found["partner_id"]]
    return found.sort_values(["asset_id", "rule", "partner_id"], ignore_index=True)


def listed_by_asset(connections: pd.DataFrame, column: str) -> dict[str, list[str]]:
    """Return the distinct texts of a column for each asset, in order."""
    distinct = connections[["asset_id", column]].drop_duplicates()
    assets, texts = (distinct[name].to_numpy(dtype=object) for name in ("asset_id", column))
    # Cut where the next asset begins: grouping made a frame for each of them, half of the time of all tasks.
    starts = np.flatnonzero(np.append(True, assets[1:] != assets[:-1])) if len(assets) else np.array([], dtype=int)
    return {
        str(assets[begin]): texts[begin:end].tolist()
        for begin, end in zip(starts, [*starts[1:], len(assets)], strict=False)
    }


def _addresses(inventory: pd.DataFrame, landing_zone: pd.DataFrame) -> pd.Series[Any]:
    """Return by asset where it is: its addresses, and the range that it gets in the cloud."""
    known = [", ".join(one) if isinstance(one, (list, np.ndarray)) else "" for one in inventory["ip_addresses"]]
    now = pd.Series(known, index=inventory["asset_id"], dtype="string")
    now = now.mask(now.eq(""))
    subnets = landing_zone.loc[
        (landing_zone["kind"] == SUBNET) & landing_zone["address_range"].notna(), ["address_range", "source_entity_ids"]
    ].explode("source_entity_ids")
    then = subnets.dropna().drop_duplicates("source_entity_ids").set_index("source_entity_ids")["address_range"]
    later = "in the cloud " + then.reindex(now.index).astype("string")
    both: pd.Series[Any] = (now + "; " + later).fillna(now).fillna(later)
    return both


def _is_observed(edges: pd.DataFrame, hosts: pd.DataFrame) -> pd.Series[bool]:
    """Tell of each edge whether a connection is known between its ends, or between the servers that they are on."""
    known = edges.loc[edges["port"].notna(), ["source_id", "target_id"]].drop_duplicates()
    stated = edges.loc[edges["port"].isna(), ["source_id", "target_id"]].reset_index(names="edge")
    for side in ("source_id", "target_id"):
        on_servers = stated.merge(hosts, left_on=side, right_on="asset_id").assign(
            **{side: lambda one: one["server_id"]}
        )
        stated = pd.concat([stated, on_servers[stated.columns]], ignore_index=True).drop_duplicates()
    found = stated.merge(known, on=["source_id", "target_id"])["edge"]
    return pd.Series(edges.index.isin(found), index=edges.index)


def _reaching(own: pd.DataFrame, databases: pd.DataFrame, hosts: pd.DataFrame) -> pd.DataFrame:
    """Return what reaches the servers of databases by a service of the database's product, as connections of these."""
    links = own[own["is_database_link"].astype(bool) & ~own["is_source"]]
    links = links.assign(product=links["service"].map(managed_services().seen_by))
    products = databases.set_index("asset_id")["database_product"]
    on = hosts.rename(columns={"asset_id": "database_id", "server_id": "asset_id"})
    found = links.merge(on.assign(of=on["database_id"].map(products).to_numpy()), on="asset_id")
    fits = found["product"].isna() | found["of"].isna() | (found["product"] == found["of"])
    return found[fits].drop(columns="asset_id").rename(columns={"database_id": "asset_id"})


def _end(edges: pd.DataFrame, side: str, addresses: pd.Series[Any], hosts: pd.DataFrame) -> pd.Series[Any]:
    """Return the name of one end with its addresses, of a database those of the server that it is on."""
    own = edges[f"{side}_id"].map(addresses)
    first = hosts.drop_duplicates("asset_id").set_index("asset_id")["server_id"]
    where = own.fillna(edges[f"{side}_id"].map(first.map(addresses))).astype("string")
    name = edges[f"{side}_name"].astype("string")
    return (name + " (" + where + ")").fillna(name)


def _service(edges: pd.DataFrame) -> pd.Series[Any]:
    return edges["protocol"].astype("string").fillna("tcp") + "/" + edges["port"].astype("Int64").astype("string")


def _rules(edges: pd.DataFrame, addresses: pd.Series[Any], hosts: pd.DataFrame) -> pd.Series[Any]:
    ends = " from " + _end(edges, "source", addresses, hosts) + " to " + _end(edges, "target", addresses, hosts)
    unknown = "find out the port" + ends + ", which is stated; no connection was observed"
    return ("allow " + _service(edges) + ends).fillna(unknown).astype(object)


def _checks(edges: pd.DataFrame) -> pd.Series[Any]:
    ends = edges["source_name"].astype("string") + " → " + edges["target_name"].astype("string")
    return (ends + " " + _service(edges)).fillna(ends + " (port not known)").astype(object)
