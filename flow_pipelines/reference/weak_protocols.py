"""Protocols that send passwords or data in plain text, as data.

Belongs here: the loader of `weak_protocols.yaml`. Does not: finding them in dependencies (`discovery/debt/`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

PROTOCOLS = Path(__file__).with_name("weak_protocols.yaml")
# Where it is written which protocol a port is registered for.
PORTS_SOURCE = "IANA, Service Name and Transport Protocol Port Number Registry"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WeakProtocol(_Data):
    """A protocol, the ports it is registered for, what a finding of it weighs, why, and what to use instead."""

    name: str
    ports: tuple[int, ...] = Field(min_length=1)
    protocol: Literal["tcp", "udp"]
    base: float = Field(ge=0, le=100)
    because: str
    instead: str


class WeakProtocols(_Data):
    """All of them; see the comments of `weak_protocols.yaml`."""

    version: int = Field(ge=1)
    as_of: date
    protocols: tuple[WeakProtocol, ...]

    def by_port(self) -> pd.DataFrame:
        """Return one row per port: port, protocol, name, base, because, instead."""
        return pd.DataFrame(
            [
                (port, one.protocol, one.name, one.base, one.because, one.instead)
                for one in self.protocols
                for port in one.ports
            ],
            columns=["port", "protocol", "name", "base", "because", "instead"],
        ).astype({"port": "Int64"})


@cache
def weak_protocols() -> WeakProtocols:
    """Load them."""
    return WeakProtocols.model_validate(read_yaml(PROTOCOLS.read_text(encoding="utf-8")))
