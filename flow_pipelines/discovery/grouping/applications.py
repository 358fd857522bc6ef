"""Applications inferred for servers of which no source names one: from their names and from who talks to whom.

Belongs here: weighing names, connections and stated applications against each other. Does not: what a name tells
(`name_convention.py`), moving servers between groups (`communities.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from flow_pipelines.discovery.grouping.communities import join_communities
from flow_pipelines.discovery.grouping.name_convention import NameKeys, name_keys_of_applications
from flow_pipelines.reference.grouping_model import grouping_model


@dataclass(frozen=True)
class _Estate:
    """The servers by place: asset_id, name, environment, stated (None if none or several), is_stated; their links."""

    servers: pd.DataFrame
    links: pd.DataFrame


def inferred_applications(inventory: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Group servers to applications.

    Servers whose names share the part that tells the application are in one group, in whatever environment. Others
    join the group that they talk with most, within their environment. A group most of whose stated members belong to
    one application is that application; any other one is inferred as a new one.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`; noise says nothing about applications.

    Returns:
        One row per server in a group with a server of which no source names the application: asset_id, group (a
        text that tells groups apart), application_id (missing if inferred as a new one), group_name, evidence
        (stated, name or connections), confidence, says. A server alone is in no group.
    """
    estate = _estate(inventory, dependencies)
    servers = estate.servers
    names = name_keys_of_applications(servers["name"], servers["environment"], _pairs(estate))
    start, fixed = _start(servers, names)
    environments = pd.factorize(servers["environment"])[0].tolist()
    groups = join_communities(start, fixed, environments, estate.links)
    return _rows(servers.assign(start=start, group=groups, key=names.keys), names)


def _estate(inventory: pd.DataFrame, dependencies: pd.DataFrame) -> _Estate:
    chosen = inventory[inventory["asset_type"] == "server"].sort_values("asset_id", ignore_index=True)
    name = chosen["host_name"].fillna(chosen["name"]).astype("str").str.casefold().str.split(".").str[0]
    applications = chosen["application_ids"].map(sorted)
    servers = pd.DataFrame(
        {
            "asset_id": chosen["asset_id"].astype("str"),
            "name": name,
            "environment": chosen["environment"].astype("str").fillna(""),
            # Of a server that several applications share, none is told.
            "stated": applications.map(lambda ids: ids[0] if len(ids) == 1 else None).astype(object),
            "is_stated": applications.map(len) > 0,
        }
    )
    return _Estate(servers, _links(servers, dependencies))


def _links(servers: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of servers that talk, once: source, target, weight."""
    model = grouping_model()
    place = pd.Series(servers.index, index=servers["asset_id"])
    edges = dependencies[(dependencies["origin"] == "network") & ~dependencies["is_noise"].astype(bool)]
    ends = {end: edges[f"{end}_id"].map(place) for end in ("source", "target")}
    links = pd.DataFrame({**ends, "port": edges["port"], "service": edges["service"]}).dropna(
        subset=["source", "target"]
    )
    links = links.astype({"source": int, "target": int})
    environment = servers["environment"]
    one, other = (links[end].map(environment) for end in ("source", "target"))
    links = links[(links["source"] != links["target"]) & ((one == other) | (one == "") | (other == ""))]
    users = links.groupby(["target", "port"], dropna=False)["source"].transform("nunique")
    weight = links["service"].astype("str").map(model.weight).fillna(model.default_weight)
    links = links.assign(weight=weight.astype(float) / np.log2(1 + users.astype(float)))
    pairs = np.sort(links[["source", "target"]].to_numpy(), axis=1)
    links = links.assign(source=pairs[:, 0], target=pairs[:, 1])
    return links.groupby(["source", "target"])["weight"].max().reset_index()


def _pairs(estate: _Estate) -> pd.DataFrame:
    """Return the pairs that a name convention is learnt from: those that talk, and neighbours in one application."""
    stated = estate.servers.dropna(subset=["stated"])
    after = stated.sort_values(["stated", "environment", "name"]).rename_axis("source").reset_index()
    following = after.shift(-1)
    is_pair = (after["stated"] == following["stated"]) & (after["environment"] == following["environment"])
    chained = pd.DataFrame({"source": after["source"], "target": following["source"]})[is_pair].astype(int)
    return pd.concat([estate.links[["source", "target"]], chained], ignore_index=True)


def _start(servers: pd.DataFrame, names: NameKeys) -> tuple[list[int], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return the group of each server to begin with, and whether it stays there."""
    keys = names.keys.astype("str")
    # A group by name takes the application that most of its stated members have; what is stated stays as it is.
    votes = pd.DataFrame({"key": keys, "stated": servers["stated"].astype("str")}).dropna()
    counts = votes.groupby(["key", "stated"]).size().reset_index(name="votes")
    counts = counts.sort_values(["key", "votes", "stated"], ascending=[True, False, True])
    application = counts.drop_duplicates("key").set_index("key")["stated"]
    label = "application " + servers["stated"].astype("str")
    label = label.fillna("application " + keys.map(application).astype("str"))
    is_shared = keys.map(keys.value_counts()) > 1
    label = label.fillna(("name " + keys).where(is_shared)).astype("str")
    alone = "server " + pd.Series(servers.index, index=servers.index).astype("str")
    # Servers of several applications are of none of the groups, and nobody joins them.
    label = label.where(~servers["is_stated"] | servers["stated"].notna(), alone)
    fixed = (label.notna() | servers["is_stated"]).to_numpy(dtype=bool)
    return pd.factorize(label.fillna(alone))[0].tolist(), fixed


def _rows(servers: pd.DataFrame, names: NameKeys) -> pd.DataFrame:
    model = grouping_model()
    sizes = servers.groupby("group")["asset_id"].transform("size")
    has_unstated = ~servers.groupby("group")["is_stated"].transform("all")
    rows = servers[(sizes > 1) & has_unstated].copy()
    stated = rows.dropna(subset=["stated"]).groupby("group")["stated"]
    application, agreement = (stated.agg(fold) for fold in (_most, _share_of_most))
    # Where nothing is stated, or no name decides, a map of nothing would be numbers.
    rows["application_id"] = rows["group"].map(application).astype("str")
    by_name = (rows["group"] == rows["start"]) & rows["key"].notna() & ~rows["is_stated"]
    rows["evidence"] = np.select([rows["is_stated"], by_name], ["stated", "name"], default="connections")
    learnt = names.is_learnt[rows.index].map({True: "learnt_name", False: "plain_name"})
    rests_on = learnt.where(rows["evidence"] == "name", "connections")
    confidence = rests_on.map(model.confidence).astype(float) * rows["group"].map(agreement).fillna(1.0)
    rows["confidence"] = confidence.mask(rows["is_stated"], 1.0).round(3)
    rows["says"] = _says(rows, names)
    keys = rows[rows["evidence"] == "name"].groupby("group")["key"].agg(_most)
    first = rows.groupby("group")["name"].min()
    rows["group_name"] = rows["group"].map(keys).astype("str").fillna(rows["group"].map(first))
    anchor = rows["application_id"].fillna(rows["group"].map(rows.groupby("group")["asset_id"].min()))
    return rows.assign(group=anchor)[
        ["asset_id", "group", "application_id", "group_name", "evidence", "confidence", "says"]
    ]


def _says(rows: pd.DataFrame, names: NameKeys) -> pd.Series[str]:
    part = names.says[rows.index]
    confirmed = names.is_learnt[rows.index].map({True: ", the part by which servers that talk are alike", False: ""})
    by_name = "Its name shares '" + rows["key"].astype("str") + "' with the group (" + part + confirmed.astype("str")
    says = pd.Series("It talks to servers of the group more than to others of its environment.", index=rows.index)
    says = says.mask(rows["evidence"] == "name", by_name + ").")
    return says.mask(rows["is_stated"], "A source names its application.").astype("str")


def _most(values: pd.Series[str]) -> str:
    counts = values.value_counts()
    return str(min(counts.index[counts == counts.max()]))


def _share_of_most(values: pd.Series[str]) -> float:
    return float(values.value_counts().max() / len(values))
