"""Which service listens on which port, and which traffic is infrastructure noise, as data.

Belongs here: the loader of `network_services.yaml`. Does not: applying it (`discovery/edges/`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from flow_pipelines.reference.documents import read_yaml

SERVICES = Path(__file__).with_name("network_services.yaml")
PROTOCOLS = ("tcp", "udp")


@dataclass(frozen=True)
class LoadBalancerSigns:
    """What shows a load balancer; see `intermediaries` in `network_services.yaml`."""

    words: str
    clients: int
    members: int
    other_sources: int


@dataclass(frozen=True)
class AddressTranslationSigns:
    """What shows that addresses are translated; see `intermediaries` in `network_services.yaml`."""

    words: str
    targets: int
    ports: int


@dataclass(frozen=True)
class NetworkServices:
    """All services and thresholds; see the comments of `network_services.yaml`.

    Attributes:
        version: Raised with every change.
        services: One row per port and protocol: port, protocol, service, noise (None if it is no noise).
        databases: The services that applications keep their data in.
        processes: By a pattern of what its program is called, the service that listens.
        load_balancer: What shows one.
        address_translation: What shows it.
        shared_service_share: Share of all servers above which a partner on one port is everybody's.
        shared_service_least: Number of partners below which a share says nothing.
        first_ephemeral_port: Ports from here on are handed out to the opening side.
        reply_ports: Distinct ephemeral ports between two ends from which on they can be answers.
        port_names: Names under which exports write ports, in lower case, to the port.
        noise_protocols: Protocol to why it is noise.
        noise_address_kinds: Kind of address to why traffic to it is noise.
    """

    version: int
    services: pd.DataFrame
    databases: frozenset[str]
    processes: tuple[tuple[re.Pattern[str], str], ...]
    load_balancer: LoadBalancerSigns
    address_translation: AddressTranslationSigns
    shared_service_share: float
    shared_service_least: int
    first_ephemeral_port: int
    reply_ports: int
    port_names: dict[str, int]
    noise_protocols: dict[str, str]
    noise_address_kinds: dict[str, str]


@cache
def network_services() -> NetworkServices:
    """Load the services."""
    data = read_yaml(SERVICES.read_text(encoding="utf-8"))
    rows = [
        (entry["port"], protocol, entry["service"], entry.get("noise"))
        for entry in data["services"]
        for protocol in ([entry["protocol"]] if "protocol" in entry else PROTOCOLS)
    ]
    return NetworkServices(
        version=data["version"],
        services=pd.DataFrame(rows, columns=["port", "protocol", "service", "noise"]),
        databases=frozenset(entry["service"] for entry in data["services"] if entry.get("database")),
        processes=tuple((re.compile(entry["process"]), entry["service"]) for entry in data["processes"]),
        load_balancer=LoadBalancerSigns(**data["intermediaries"]["load_balancer"]),
        address_translation=AddressTranslationSigns(**data["intermediaries"]["address_translation"]),
        shared_service_share=data["shared_service"]["share"],
        shared_service_least=data["shared_service"]["least"],
        first_ephemeral_port=data["ephemeral"]["first_port"],
        reply_ports=data["ephemeral"]["reply_ports"],
        port_names=data["port_names"],
        noise_protocols=data["noise_protocols"],
        noise_address_kinds=data["noise_address_kinds"],
    )
