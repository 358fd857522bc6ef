"""What an edge's port says: its service, and whether the edge is infrastructure noise.

Belongs here: looking ports up, and flagging noise by port, protocol, partner and number of partners. Does not: which
ports are what (`reference/network_services.yaml`).
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from flow_pipelines.discovery.edges.directory import address_kinds, map_distinct
from flow_pipelines.reference.network_services import network_services
from flow_pipelines.settings import EngagementSettings

# What stands around a program's name: /usr/sbin/mysqld --user=x, C:\SQL\sqlservr.exe -sX, postgres: writer.
ARGUMENTS = re.compile(r"\.exe\b.*$|\s-.*$")
PROGRAM = re.compile(r"(?:^|.*[/\\])(?P<program>[^/\\:\s]+)[^/\\]*")
# Kinds of edges by which an asset uses another one, rather than being part of it or carried by it.
USING = ("depends_on", "connects_to")


def services_of(edges: pd.DataFrame) -> pd.DataFrame:
    """Return the service of each edge's port and why it is noise.

    Args:
        edges: At least port and protocol; a port without protocol is looked up as tcp.

    Returns:
        Columns service and noise, both missing where the port is not known; the index is that of `edges`.
    """
    asked = edges[["port", "protocol"]].assign(protocol=edges["protocol"].fillna("tcp"))
    found = asked.merge(network_services().services, on=["port", "protocol"], how="left")
    return found[["service", "noise"]].set_axis(edges.index)


def services_of_processes(processes: pd.Series[Any]) -> pd.Series[str]:
    """Return the service that listens by the name of its program; missing where it is not known.

    Args:
        processes: Names of programs as sources write them: with their folder, their ending, their arguments, or not.
    """

    def service(process: str) -> str | None:
        matched = PROGRAM.fullmatch(ARGUMENTS.sub("", process.strip().casefold()))
        program = matched["program"] if matched else ""
        return next((name for pattern, name in network_services().processes if pattern.fullmatch(program)), None)

    return map_distinct(processes, service)


def tell_database_links(edges: pd.DataFrame, inventory: pd.DataFrame) -> pd.DataFrame:
    """Return edges with `is_database_link`: the target is a database, or what listens there is one.

    Args:
        edges: Edges with their target, service and whether they are noise.
        inventory: The rows of `discovery/inventory`.
    """
    databases = inventory.loc[inventory["asset_type"] == "database", "asset_id"]
    is_link = edges["target_id"].isin(databases) & edges["kind"].isin(USING)
    is_link |= edges["service"].isin(network_services().databases) & ~edges["is_noise"].astype(bool)
    return edges.assign(is_database_link=is_link)


def flag_noise(edges: pd.DataFrame, *, settings: EngagementSettings) -> pd.DataFrame:
    """Return edges with `is_noise` and `noise_reason`; none is dropped, and of several reasons the first counts.

    Args:
        edges: Edges with their ends, origin, port, protocol and service.
        settings: The engagement's own noise ports.
    """
    rules = network_services()
    port = "Port " + edges["port"].astype("str")
    to_itself = pd.Series("It connects to itself.", index=edges.index)
    reasons = (
        to_itself.where(edges["source_id"] == edges["target_id"]),
        _sentence(edges["protocol"].map(rules.noise_protocols)),
        (port + " counts as noise in the engagement's settings.").where(edges["port"].isin(settings.noise_ports)),
        _sentence(address_kinds(edges["target_name"]).map(rules.noise_address_kinds)),
        port + " is " + edges["service"] + ": " + services_of(edges)["noise"] + ".",
        _shared_services(edges, served="target", by="source", saying="reach its target on this port"),
        _shared_services(edges, served="source", by="target", saying="are reached by its source on this port"),
    )
    reason = reasons[0]
    for further in reasons[1:]:
        reason = reason.fillna(further)
    return edges.assign(is_noise=reason.notna(), noise_reason=reason)


def tell_shared_services(edges: pd.DataFrame) -> pd.DataFrame:
    """Return edges with what noise serves: shared_service, shared_service_provider_id, shared_service_clients.

    A service is provided by the end of which one port has more partners: a name server is reached by its clients, a
    backup server reaches them. Noise that is no service (an asset's own, ICMP, multicast) has no provider.

    Args:
        edges: Edges with `is_noise`, as `flag_noise` returns them.
    """
    is_apart = edges["source_id"] != edges["target_id"]
    is_service = edges["is_noise"] & is_apart & edges["port"].notna() & (edges["origin"] == "network")
    is_service &= address_kinds(edges["target_name"]).fillna("") != "group_address"
    served = edges[is_service]
    of_port = ["port", "protocol"]
    clients = {
        end: served.groupby([f"{end}_id", *of_port], dropna=False)[f"{other}_id"].transform("nunique")
        for end, other in (("source", "target"), ("target", "source"))
    }
    serves_from_source = clients["source"] > clients["target"]
    port = "port " + served["port"].astype("str")
    told = pd.DataFrame(
        {
            "shared_service": services_of(served)["noise"].fillna(served["service"]).fillna(port),
            "shared_service_provider_id": served["target_id"].mask(serves_from_source, served["source_id"]),
            "shared_service_clients": clients["target"].mask(serves_from_source, clients["source"]).astype("Int64"),
        }
    )
    return edges.join(told)


def _sentence(texts: pd.Series[str]) -> pd.Series[str]:
    as_text = texts.astype("str")
    return as_text.str[:1].str.upper() + as_text.str[1:] + "."


def _shared_services(edges: pd.DataFrame, *, served: str, by: str, saying: str) -> pd.Series[str]:
    """Tell the edges of which one end has most of all servers as partners on one port."""
    rules = network_services()
    observed = edges[(edges["origin"] == "network") & edges["port"].notna()]
    known = [observed.loc[~observed[f"{end}_is_external"], f"{end}_id"] for end in ("source", "target")]
    everybody = pd.concat(known).nunique()
    group = [f"{served}_id", "port", "protocol"]
    inner = observed[~observed[f"{by}_is_external"]]
    partners = inner.groupby(group, dropna=False)[f"{by}_id"].nunique().rename("partners").reset_index()
    least = max(rules.shared_service_least, rules.shared_service_share * everybody)
    shared = partners[partners["partners"] >= least]
    counts = shared["partners"].map(f"{{:,}} of {everybody:,}".format).astype("str")
    shared = shared.assign(reason="Shared service: " + counts + " servers seen " + saying + ".")
    found = observed[group].merge(shared, on=group, how="left").set_axis(observed.index)
    return found["reason"].reindex(edges.index).astype("str")
