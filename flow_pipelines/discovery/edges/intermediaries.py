"""Nodes in between: load balancers and translated addresses, which hide who really needs whom.

Belongs here: telling them by what they are called and by their traffic, and noting it on their edges. Does not: which
signs count (`reference/network_services.yaml`). Nothing is rewired: which member answered whom is not known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.reference.network_services import network_services

LOAD_BALANCER, ADDRESS_TRANSLATION = "load_balancer", "address_translation"
DESCRIBING = ("name", "host_name", "asset_class", "model", "description", "operating_system")
NEVER_BETWEEN = ("application", "database")
PORT = ["port", "protocol"]
SAYS = {
    LOAD_BALANCER: " {} is a load balancer: who reaches it needs what is behind it.",
    ADDRESS_TRANSLATION: " {} stands for several machines, whose addresses are translated to its own.",
}


def tell_intermediaries(edges: pd.DataFrame, inventory: pd.DataFrame) -> pd.DataFrame:
    """Return edges with `intermediary` and `intermediary_id`, and a sentence about it in their reasons.

    Args:
        edges: Edges with their ends, origin, port, protocol, reason and whether they are noise.
        inventory: The rows of `discovery/inventory`.

    Returns:
        The edges; both columns are missing where neither end is a node in between. Of two, the target counts.
    """
    observed = edges[(edges["origin"] == "network") & ~edges["is_noise"].astype(bool)]
    servers = inventory.loc[inventory["asset_type"] == "server", "asset_id"]
    called = {name: _called(inventory, words) for name, words in _words().items()}
    balancers = called[LOAD_BALANCER] | _balancing(observed)
    translators = (called[ADDRESS_TRANSLATION] | _translating(observed, set(servers))) - balancers
    kinds = {**dict.fromkeys(translators, ADDRESS_TRANSLATION), **dict.fromkeys(balancers, LOAD_BALANCER)}
    target, source = edges["target_id"].map(kinds), edges["source_id"].map(kinds)
    is_source = target.isna() & source.notna()
    kind = target.fillna(source).astype("object").where(edges["origin"] == "network")
    kind = kind.where(kind.notna(), None)
    name = edges["target_name"].mask(is_source, edges["source_name"])
    said = [SAYS[what].format(who) if what else "" for what, who in zip(kind, name, strict=True)]
    return edges.assign(
        intermediary=kind,
        intermediary_id=edges["target_id"].mask(is_source, edges["source_id"]).where(kind.notna(), None),
        reason=edges["reason"].astype("object") + pd.Series(said, index=edges.index, dtype="object"),
    )


def _words() -> dict[str, str]:
    rules = network_services()
    return {LOAD_BALANCER: rules.load_balancer.words, ADDRESS_TRANSLATION: rules.address_translation.words}


def _called(inventory: pd.DataFrame, words: str) -> set[str]:
    """Return the machines that are called so, in any of the columns that say what they are."""
    machines = inventory[~inventory["asset_type"].isin(NEVER_BETWEEN)]
    is_called = np.zeros(len(machines), dtype=bool)
    for column in DESCRIBING:
        if column in machines:
            # Parts of a host name are words: lb-vip-01.
            texts = machines[column].astype("str").str.replace(r"[_\W]+|(?<=[a-z])(?=\d)", " ", regex=True)
            is_called |= texts.str.contains(words, case=False, regex=True).fillna(value=False).to_numpy(dtype=bool)
    return set(machines.loc[is_called, "asset_id"])


def _balancing(observed: pd.DataFrame) -> set[str]:
    """Return the nodes that pass on what reaches them, on the same port, to members of its own."""
    signs = network_services().load_balancer
    clients = _partners(observed, of="target", by="source").rename("clients")
    passed = observed[["source_id", "target_id", *PORT]].merge(
        clients.reset_index().rename(columns={"target_id": "source_id"}), on=["source_id", *PORT]
    )
    sources = clients.rename("sources").reset_index()
    passed = passed[passed["clients"] >= signs.clients].merge(sources, on=["target_id", *PORT])
    members = passed[(passed["sources"] <= 1 + signs.other_sources) & (passed["source_id"] != passed["target_id"])]
    counts = members.groupby(["source_id", *PORT])["target_id"].nunique()
    return set(counts[counts >= signs.members].index.get_level_values("source_id"))


def _translating(observed: pd.DataFrame, servers: set[str]) -> set[str]:
    """Return the sources, no known servers, that use so much and serve nobody that several machines stand behind."""
    signs = network_services().address_translation
    outgoing = observed[~observed["source_id"].isin(servers) & ~observed["source_id"].isin(observed["target_id"])]
    spread = outgoing.groupby("source_id").agg(targets=("target_id", "nunique"), ports=("port", "nunique"))
    return set(spread.index[(spread["targets"] >= signs.targets) & (spread["ports"] >= signs.ports)])


def _partners(observed: pd.DataFrame, *, of: str, by: str) -> pd.Series[Any]:
    return observed.groupby([f"{of}_id", *PORT])[f"{by}_id"].nunique()
