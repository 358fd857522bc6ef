"""What the graph of dependencies shows: single points of failure, orphans, and protocols that should not be spoken.

Belongs here: judging assets by their edges. Does not: finding edges (`discovery/edges/`), thresholds
(`reference/tech_debt_weights.yaml`) and which protocols are weak (`reference/weak_protocols.yaml`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.discovery.debt.findings import no_findings
from flow_pipelines.reference.tech_debt_weights import tech_debt_weights
from flow_pipelines.reference.weak_protocols import PORTS_SOURCE, weak_protocols

DEPENDENCY, PROTOCOL = "dependency", "protocol"
# Kinds of edges that say that the source needs the target's service; where something runs is another matter.
NEEDS = ("depends_on", "connects_to")
SOURCE = "The dependencies of this engagement (discovery/dependencies)"
# How many dependents a sentence names: enough to start looking, short enough to read.
NAMED = 3


def single_points_of_failure(inventory: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Find servers and databases that many assets need and reach a service of nowhere else.

    An edge to a port is about the port's service, a stated one about what its target is. A dependent that reaches the
    same service at two targets does not hang on either. Noise is left out.

    Returns:
        Findings, see `findings.COLUMNS`: one per asset, about the service on which most depend.
    """
    edges = dependencies[dependencies["kind"].isin(NEEDS) & ~dependencies["is_noise"].astype(bool)]
    edges = edges[~edges["target_is_external"].astype(bool) & (edges["source_id"] != edges["target_id"])]
    assets = pd.DataFrame({"asset_id": inventory["asset_id"], "asset_type": inventory["asset_type"]}, dtype=object)
    edges = edges.merge(assets.rename(columns={"asset_id": "target_id", "asset_type": "target_type"}), on="target_id")
    edges = edges[edges["target_type"].isin(["server", "database"])]
    if edges.empty:
        return no_findings()
    on_port = edges["service"].fillna("port " + edges["port"].astype("str"))
    edges["needed"] = on_port.where(edges["port"].notna(), "what it serves").astype(object)
    # Without a port, every kind of target is a service of its own: a second database is no substitute for a server.
    edges["group"] = edges["needed"].where(edges["port"].notna(), edges["target_type"])
    reached = edges[["source_id", "source_name", "target_id", "group", "needed"]].drop_duplicates(
        ["source_id", "target_id", "group"]
    )
    choices = reached.groupby(["source_id", "group"])["target_id"].transform("nunique")
    sole = reached[choices == 1].sort_values(["target_id", "group", "source_name"])
    service = ["target_id", "group"]
    counted = sole.groupby(service).agg(dependents=("source_id", "nunique"), needed=("needed", "first")).reset_index()
    counted = counted.join(_named(sole, service), on=service)
    least = tech_debt_weights().dependency.sole_dependents
    counted = counted[counted["dependents"] >= least].sort_values(
        ["target_id", "dependents", "group"], ascending=[True, False, True]
    )
    counted = counted.drop_duplicates("target_id")
    if counted.empty:
        return no_findings()
    count = counted["dependents"].map("{:,}".format)
    return pd.DataFrame(
        {
            "asset_id": counted["target_id"],
            "category": DEPENDENCY,
            "subject": "single point of failure",
            "status": "single_point_of_failure",
            "check_name": "single_point_of_failure",
            "fact": count
            + " assets need "
            + counted["needed"]
            + " of it and reach that nowhere else, among them "
            + counted["names"]
            + ".",
            "fact_source": SOURCE,
            "evidence": count + " dependents",
            "remedy": "Plan a second instance or a managed service, and move its dependents in the same wave.",
        },
        dtype=object,
    ).reset_index(drop=True)


def _named(edges: pd.DataFrame, group: list[str]) -> pd.Series[str]:
    """Return the names of the first sources of each group, in the order of the edges, as a series called names."""
    distinct = edges[[*group, "source_name"]].drop_duplicates()
    first = distinct[distinct.groupby(group).cumcount() < NAMED]
    return first.groupby(group)["source_name"].agg(", ".join).rename("names")


def sees_servers(inventory: pd.DataFrame, dependencies: pd.DataFrame) -> bool:
    """Return whether so many servers have an edge that having none says something."""
    servers = inventory.loc[inventory["asset_type"] == "server", "asset_id"]
    seen = servers.isin(_connected(dependencies)).mean() if len(servers) else 0.0
    return bool(len(servers) and seen >= tech_debt_weights().dependency.seen)


def _connected(dependencies: pd.DataFrame) -> set[str]:
    return {*dependencies["source_id"].tolist(), *dependencies["target_id"].tolist()}


def orphans(inventory: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Find servers and databases that nothing is known to be connected to, where the others' connections are known.

    Any edge counts, noise too: a server that asks for the time is there.

    Returns:
        Findings, see `findings.COLUMNS`.
    """
    if not sees_servers(inventory, dependencies):
        return no_findings()
    is_alone = ~inventory["asset_id"].isin(_connected(dependencies)) & (inventory["application_ids"].map(len) == 0)
    alone = inventory[is_alone & inventory["asset_type"].isin(["server", "database"])]
    return pd.DataFrame(
        {
            "asset_id": alone["asset_id"],
            "category": DEPENDENCY,
            "subject": "orphan",
            "status": "orphan",
            "check_name": "orphan",
            "fact": "No connection, relation or application of it is known, though most servers have some.",
            "fact_source": SOURCE,
            "evidence": "no edge",
            "remedy": "Ask its owner what it is for; observe its connections for a month; retire it if nobody knows.",
        },
        dtype=object,
    ).reset_index(drop=True)


def weak_protocol_findings(dependencies: pd.DataFrame) -> pd.DataFrame:
    """Find assets that are seen to be reached on ports of protocols that send passwords or data in plain text.

    A port tells what is likely spoken there, so the finding says likely.

    Returns:
        Findings, see `findings.COLUMNS`: one per asset and protocol.
    """
    seen = dependencies[(dependencies["origin"] == "network") & dependencies["port"].notna()]
    seen = seen[~seen["target_is_external"].astype(bool) & (seen["source_id"] != seen["target_id"])]
    columns = ["target_id", "source_id", "source_name", "port", "last_seen"]
    asked = seen[columns].assign(protocol=seen["protocol"].fillna("tcp").astype(object))
    found = asked.merge(weak_protocols().by_port(), on=["port", "protocol"])
    if found.empty:
        return no_findings()
    found = found.sort_values(["target_id", "name", "source_name"])
    spoken = found.groupby(["target_id", "name"], sort=True).agg(
        sources=("source_id", "nunique"),
        port=("port", "min"),
        protocol=("protocol", "first"),
        base=("base", "first"),
        because=("because", "first"),
        instead=("instead", "first"),
        last_seen=("last_seen", "max"),
    )
    spoken = spoken.reset_index().join(_named(found, ["target_id", "name"]), on=["target_id", "name"])
    count = spoken["sources"].map("{:,}".format) + (spoken["sources"] == 1).map({True: " node", False: " nodes"})
    reach = (spoken["sources"] == 1).map({True: " reaches", False: " reach"})
    place = "port " + spoken["port"].astype("str") + "/" + spoken["protocol"]
    named = spoken["names"] + (spoken["sources"] > NAMED).map({True: " and others", False: ""})
    return pd.DataFrame(
        {
            "asset_id": spoken["target_id"],
            "category": PROTOCOL,
            "subject": spoken["name"],
            "status": "weak_protocol",
            "check_name": "weak_protocol",
            "fact": count
            + reach
            + " it on "
            + place
            + ", likely "
            + spoken["name"]
            + ": "
            + spoken["because"]
            + ". Seen from "
            + named
            + ".",
            "fact_source": f"Observed connections (discovery/dependencies); {PORTS_SOURCE}",
            "fact_date": weak_protocols().as_of,
            "evidence": place,
            "remedy": "Find out whether it is encrypted; if not, use "
            + spoken["instead"]
            + " before or with the move.",
            "base": spoken["base"],
        },
        dtype=object,
    )
