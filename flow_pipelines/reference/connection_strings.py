"""Which service a connection string leads to, as data.

Belongs here: the loader of `connection_strings.yaml`. Does not: reading a connection string
(`discovery/edges/connection_strings.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flow_pipelines.reference.documents import read_yaml

STRINGS = Path(__file__).with_name("connection_strings.yaml")


@dataclass(frozen=True)
class Engine:
    """A service that connection strings name, and the port at which it listens if they name none."""

    service: str
    port: int


@dataclass(frozen=True)
class Engines:
    """All engines; see the comments of `connection_strings.yaml`.

    Attributes:
        version: Raised with every change.
        by_scheme: By scheme, in lower case.
        by_driver: By a pattern of what a driver is called; the first that is found counts.
    """

    version: int
    by_scheme: dict[str, Engine]
    by_driver: tuple[tuple[re.Pattern[str], Engine], ...]


@cache
def engines() -> Engines:
    """Load the engines."""
    data = read_yaml(STRINGS.read_text(encoding="utf-8"))
    known = [(Engine(entry["service"], entry["port"]), entry) for entry in data["engines"]]
    return Engines(
        version=data["version"],
        by_scheme={scheme: engine for engine, entry in known for scheme in entry["schemes"]},
        by_driver=tuple(
            (re.compile(entry["drivers"], re.IGNORECASE), engine) for engine, entry in known if "drivers" in entry
        ),
    )
