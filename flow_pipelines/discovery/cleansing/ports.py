"""Ports with their protocol or by name: `443/tcp`, `https`, as firewalls and scanners write them.

Belongs here: taking such a cell apart. Does not: plain numbers (`quantities.py`), names of protocols (`words.py`).
"""

from __future__ import annotations

import re

from flow_pipelines.discovery.cleansing.cells import Cleansed, rule
from flow_pipelines.discovery.cleansing.words import known_word
from flow_pipelines.reference.network_services import network_services

PORT_AND_PROTOCOL = re.compile(r"\s*(?:(\d{1,5})\s*/\s*([a-z]+)|([a-z]+)\s*[/:]\s*(\d{1,5}))\s*", re.IGNORECASE)
MOST = 65_535


def port_with_protocol(cell: str) -> Cleansed | None:
    """Cleanse a port that is written with its protocol; None if the cell is not of that form."""
    port, protocol = _parts(cell)
    if protocol is None or port is None or int(port) > MOST:
        return None
    return Cleansed(int(port), rule("port_of_protocol"))


def port_of_name(cell: str) -> Cleansed | None:
    """Cleanse a port that is written as the name of its service: `https`, `ms-sql-s`; None if the name is not known."""
    name, _, protocol = cell.strip().casefold().partition("/")
    port = network_services().port_names.get(name) if protocol in {"", "tcp", "udp"} else None
    return Cleansed(port, rule("port_of_name")) if port is not None else None


def protocol_of_port(cell: str) -> str | None:
    """Return the protocol that is written with a port, None if there is none."""
    return _parts(cell)[1]


def _parts(cell: str) -> tuple[str | None, str | None]:
    matched = PORT_AND_PROTOCOL.fullmatch(cell)
    if matched is None:
        return None, None
    protocol = known_word(matched[2] or matched[3], vocabulary="protocol").value
    return matched[1] or matched[4], str(protocol) if protocol is not None else None
