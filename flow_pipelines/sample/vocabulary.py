"""The words and shares that a sample estate is made of, read from `vocabulary.yaml`.

Belongs here: the typed shape of that file and its loader. Does not: what is drawn from it (`layout.py`,
`details.py`) and how it gets spoiled (`mess.py`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flow_pipelines.reference.documents import read_yaml


class Entry(BaseModel):
    """One entry of the vocabulary; a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExportStyle(Entry):
    """How one client's tools write text files."""

    encoding: str
    delimiter: str
    status: Literal["label", "code"]
    date: str
    connection_delimiter: str


class Company(Entry):
    """The client whose estate it is."""

    name: str
    domain: str
    sites: list[str]
    exports: ExportStyle


class Site(Entry):
    """One data centre."""

    city: str
    data_center: str


class PackagedApplication(Entry):
    """A bought application."""

    name: str
    code: str
    shape: str
    family: str
    engine: str
    criticality: int


class Shape(Entry):
    """Which tiers an application has, with servers of each in production at size 1."""

    share: float
    tiers: dict[str, int]
    shared: bool = False


class Environment(Entry):
    """One environment; `criticality` is the least critical class of application that has it."""

    key: str
    letter: str
    label: str
    code: str
    scale: float
    tiers: list[str]
    criticality: int
    spellings: list[str]


class Tier(Entry):
    """How the servers of one tier are sized and named; `process` is what runs on Unix and on Windows."""

    role: str
    host: str
    cpus: list[int]
    cpu_shares: list[float]
    memory_per_cpu: list[int]
    disks: int
    process: list[str]


class Service(Entry):
    """One shared service of the infrastructure and how many servers it needs."""

    key: str
    name: str
    code: str
    family: str
    per_site: int
    per_servers: int
    from_servers: int


class OperatingSystem(Entry):
    """One release of an operating system and what each source calls it."""

    family: str
    share: float
    since: int
    product: str
    cycle: str
    build: str
    hypervisor: str
    inventory: str
    agent: str


class Family(Entry):
    """One family of operating systems."""

    share: float
    letter: str
    server_class: str


class DatabaseRelease(Entry):
    """One release of a database product."""

    engine: str
    share: float
    cycle: str
    version: str
    edition: str


class DatabaseEngine(Entry):
    """One database product."""

    product: str
    table: str
    label: str
    port: int


class Hardware(Entry):
    """One model of physical machine."""

    manufacturer: str
    model: str
    prefix: str


class ExternalService(Entry):
    """A public service that servers call."""

    name: str
    network: str
    port: int


class Vocabulary(Entry):
    """The whole file."""

    version: int
    exported: date
    companies: list[Company]
    sites: dict[str, Site]
    business_units: list[str]
    first_names: list[str]
    last_names: list[str]
    capabilities: list[str]
    kinds: list[str]
    regions: list[str]
    packaged_applications: list[PackagedApplication]
    shapes: dict[str, Shape]
    environments: list[Environment]
    tiers: dict[str, Tier]
    services: list[Service]
    operating_systems: list[OperatingSystem]
    families: dict[str, Family]
    engines: dict[str, dict[str, float]]
    databases: list[DatabaseRelease]
    database_engines: dict[str, DatabaseEngine]
    hardware: dict[str, list[Hardware]]
    templates: list[str]
    external_services: list[ExternalService]
    visitor_networks: list[str]

    @property
    def tier_keys(self) -> list[str]:
        """The tiers in the order in which layouts number them."""
        return list(self.tiers)


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary of the sample estates."""
    text = files(__package__).joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(read_yaml(text))
