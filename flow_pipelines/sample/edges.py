"""Who needs whom in a sample estate: the true edges between servers, applications and the world outside.

Belongs here: the edges and their ports. Does not: how often each is seen (`connections.py`) and which of them the
configuration database knows (`relations.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.randomness import Decimals, Integers, Stream, generator

TCP, UDP = 0, 1
PROTOCOLS = ("tcp", "udp")
APPLICATION_PORTS = (443, 8443, 9092, 1414, 22)
INNER_PORTS = (8080, 8443, 9080)
CACHE_PORT, WEB_PORT, MAIL_PORT, FILE_PORT, PRINTER_PORT = 6379, 443, 25, 445, 9100
# How many other applications one needs on average, and how many servers at either end take part.
NEEDED_APPLICATIONS = 1.5
SERVERS_PER_END = 2
PARTNERS_PER_SERVER = 3
# Shares of all servers, of Windows servers, and twice of the applications in production.
SENDS_MAIL, USES_FILE_SHARES, CALLS_PUBLIC_SERVICE, PRINTS = 0.10, 0.15, 0.20, 0.10


class Purpose(IntEnum):
    """Why two ends talk."""

    TIER = 0
    APPLICATION = 1
    REPLICATION = 2
    SHARED_SERVICE = 3
    DIRECTORY = 4
    TIME = 5
    BACKUP = 6
    MONITORING = 7
    EXTERNAL = 8
    UNKNOWN = 9

    @property
    def is_noise(self) -> bool:
        """Whether it says nothing about applications."""
        return self in (Purpose.DIRECTORY, Purpose.TIME, Purpose.BACKUP, Purpose.MONITORING)


@dataclass(frozen=True)
class Edges:
    """The true edges of an estate, about 15 bytes each.

    Attributes:
        source: Number of the end that opens connections: a server's row, or from there on an outside end.
        target: Number of the end that is connected to.
        port: Port of the target.
        protocol: Index of `PROTOCOLS`.
        purpose: `Purpose` of the edge.
        outside_names: Host name of each end that is no server; may be empty.
        outside_addresses: Address of each end that is no server.
        outside_are_ours: Whether the end lies in the enterprise's own networks.
        applications: One row per pair of applications that need each other: source, target, port.
    """

    source: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    port: npt.NDArray[np.int32]
    protocol: npt.NDArray[np.int8]
    purpose: npt.NDArray[np.int8]
    outside_names: list[str]
    outside_addresses: list[str]
    outside_are_ours: list[bool]
    applications: pd.DataFrame

    def __len__(self) -> int:
        return len(self.source)


def draw_edges(layout: Layout) -> Edges:
    """Draw who needs whom; the same layout gives the same edges, every one once."""
    rng = generator(layout.seed, Stream.EDGES)
    builder = _Builder(layout, rng)
    builder.add_tiers()
    applications = builder.add_applications()
    builder.add_shared_services()
    builder.add_noise()
    builder.add_outside()
    return builder.edges(applications)


@dataclass
class _Builder:
    """Collects edges group by group (a few rows each) and, where every server has them, as whole arrays."""

    layout: Layout
    rng: np.random.Generator
    rows: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    arrays: list[Integers] = field(default_factory=list)
    outside: dict[str, tuple[int, str, bool]] = field(default_factory=dict)

    @cached_property
    def tiers_of(self) -> dict[tuple[int, int], dict[str, range]]:
        """The servers of each (application, environment), by tier."""
        names = self.layout.words.tier_keys
        tiers: dict[tuple[int, int], dict[str, range]] = {}
        columns = ["application", "environment", "tier", "start", "count"]
        for application, environment, tier, start, count in self.layout.groups[columns].itertuples(
            index=False, name=None
        ):
            tiers.setdefault((application, environment), {})[names[tier]] = range(start, start + count)
        return tiers

    @cached_property
    def engine_ports(self) -> list[int]:
        """The database port of each application; 0 if it has no database."""
        engines = self.layout.words.database_engines
        return [engines[engine].port if engine else 0 for engine in self.layout.applications["engine"]]

    def add_tiers(self) -> None:
        """Connect the tiers of every application, and its production database with the one it fails over to."""
        tenants: dict[tuple[int, int], list[tuple[int, int]]] = {}
        environments = self.layout.servers["environment"].to_numpy()
        owners = self.layout.servers["application"].to_numpy()
        foreign = self.layout.databases[self.layout.databases["ordinal"] > 1]
        for server, application in foreign[["server", "application"]].itertuples(index=False, name=None):
            key = (application, int(environments[server]))
            tenants.setdefault(key, []).append((server, self.engine_ports[owners[server]]))
        for (application, environment), tiers in self.tiers_of.items():
            inner = INNER_PORTS[application % len(INNER_PORTS)]
            port = self.engine_ports[application]
            web, app, batch = (list(tiers.get(tier, ())) for tier in ("web", "app", "batch"))
            self._connect(web, app, inner)
            self._connect(app or web, list(tiers.get("db", ())), port)
            self._connect(app, list(tiers.get("cache", ())), CACHE_PORT)
            self._connect(batch, list(tiers.get("db", ())), port)
            self._connect(batch, app, inner)
            for server, tenant_port in tenants.get((application, environment), []):
                self._connect(app or web, [server], tenant_port)
            recovery = self.tiers_of.get((application, len(self.layout.words.environments) - 1), {})
            if environment == 0 and "db" in tiers and "db" in recovery:
                self._connect(list(tiers["db"]), list(recovery["db"]), port, Purpose.REPLICATION)

    def _connect(
        self, sources: Sequence[int], targets: Sequence[int], port: int, purpose: Purpose = Purpose.TIER
    ) -> None:
        for place, source in enumerate(sources):
            for step in range(min(PARTNERS_PER_SERVER, len(targets))):
                self.rows.append((source, targets[(place + step) % len(targets)], port, TCP, purpose))

    def add_applications(self) -> pd.DataFrame:
        """Let applications need each other; a few are needed by many."""
        business = np.flatnonzero(~self.layout.applications["infrastructure"].to_numpy())
        popularity = (1 + self.rng.permutation(len(business))) ** -0.8
        needed = self.rng.poisson(NEEDED_APPLICATIONS, len(business))
        choices = business[
            np.searchsorted(np.cumsum(popularity / popularity.sum()), self.rng.random(int(needed.sum())) * 0.999_999)
        ]
        pairs = pd.DataFrame({"source": np.repeat(business, needed), "target": choices})
        pairs = pairs[pairs["source"] != pairs["target"]].drop_duplicates(ignore_index=True)
        ports = np.asarray(APPLICATION_PORTS)
        pairs["port"] = ports[np.minimum(self.rng.geometric(0.45, len(pairs)) - 1, len(ports) - 1)]
        for source, target, port in pairs.itertuples(index=False, name=None):
            for environment in range(len(self.layout.words.environments)):
                sources, targets = (self._front(one, environment) for one in (source, target))
                for one in sources[:SERVERS_PER_END]:
                    self.rows += [(one, other, port, TCP, Purpose.APPLICATION) for other in targets[:SERVERS_PER_END]]
        return pairs

    def _front(self, application: int, environment: int) -> list[int]:
        tiers = self.tiers_of.get((application, environment), {})
        return list(tiers.get("app", tiers.get("web", ())))

    def _servers_of(self, service: str) -> Integers:
        found = np.flatnonzero((self.layout.applications["service"] == service).to_numpy())
        return np.flatnonzero(np.isin(self.layout.servers["application"].to_numpy(), found))

    def _add(self, sources: Integers, targets: Integers, port: int, protocol: int, purpose: Purpose) -> None:
        apart = sources != targets
        rest = [np.full(int(apart.sum()), value, dtype=np.int64) for value in (port, protocol, purpose)]
        self.arrays.append(np.stack([sources[apart], targets[apart], *rest], axis=1))

    def add_shared_services(self) -> None:
        """Let some servers send mail and some use file shares."""
        servers = np.arange(len(self.layout.servers))
        windows = (self.layout.servers["family"] == "windows").to_numpy()
        mail, files = self._servers_of("mail"), self._servers_of("files")
        if len(mail):
            senders = servers[self.rng.random(len(servers)) < SENDS_MAIL]
            self._add(senders, mail[senders % len(mail)], MAIL_PORT, TCP, Purpose.SHARED_SERVICE)
        if len(files):
            users = servers[windows & (self.rng.random(len(servers)) < USES_FILE_SHARES)]
            self._add(users, files[users % len(files)], FILE_PORT, TCP, Purpose.SHARED_SERVICE)

    def add_noise(self) -> None:
        """Connect every server with the infrastructure that serves all of them."""
        servers = np.arange(len(self.layout.servers))
        site = self.layout.servers["site"].to_numpy()
        windows = servers[(self.layout.servers["family"] == "windows").to_numpy()]
        directory = self._servers_of("directory")
        nearest = np.empty(len(servers), dtype=np.int64)
        for number in range(len(self.layout.sites)):
            local = directory[site[directory] == number]
            local = local if len(local) else directory
            here = site == number
            nearest[here] = local[servers[here] % len(local)]
        self._add(servers, nearest, 53, UDP, Purpose.DIRECTORY)
        self._add(servers, nearest, 389, TCP, Purpose.DIRECTORY)
        self._add(windows, nearest[windows], 88, TCP, Purpose.DIRECTORY)
        clock = self._servers_of("time")
        self._add(servers, clock[servers % len(clock)] if len(clock) else nearest, 123, UDP, Purpose.TIME)
        backup, monitoring = self._servers_of("backup"), self._servers_of("monitoring")
        self._add(backup[servers % len(backup)], servers, 1556, TCP, Purpose.BACKUP)
        self._add(monitoring[servers % len(monitoring)], servers, 161, UDP, Purpose.MONITORING)
        self._add(servers, monitoring[servers % len(monitoring)], 514, UDP, Purpose.MONITORING)

    def add_outside(self) -> None:
        """Connect servers with the internet, and with ends that no source of the estate knows."""
        words, first = self.layout.words, len(self.layout.servers)
        facing = self.layout.applications["internet_facing"].to_numpy()
        for (application, environment), tiers in self.tiers_of.items():
            entrance = list(tiers.get("web", tiers.get("app", ())))[:SERVERS_PER_END]
            if environment:
                continue
            for server in entrance:
                if facing[application]:
                    for _ in range(1 + int(self.rng.integers(3))):
                        network = words.visitor_networks[int(self.rng.integers(len(words.visitor_networks)))]
                        end = first + self._outside("", self._address(network), ours=False)
                        self.rows.append((end, server, WEB_PORT, TCP, Purpose.EXTERNAL))
                end = first + self._outside("", self._address("10.250"), ours=True)
                self.rows.append((end, server, WEB_PORT, TCP, Purpose.UNKNOWN))
            if entrance and self.rng.random() < CALLS_PUBLIC_SERVICE:
                service = words.external_services[int(self.rng.integers(len(words.external_services)))]
                end = first + self._outside(service.name, self._address(service.network), ours=False)
                self.rows.append((entrance[-1], end, service.port, TCP, Purpose.EXTERNAL))
            if entrance and self.rng.random() < PRINTS:
                end = first + self._outside("", self._address("10.240"), ours=True)
                self.rows.append((entrance[0], end, PRINTER_PORT, TCP, Purpose.UNKNOWN))

    def _outside(self, name: str, address: str, *, ours: bool) -> int:
        return self.outside.setdefault(address, (len(self.outside), name, ours))[0]

    def _address(self, network: str) -> str:
        third, fourth = self.rng.integers(1, 254, size=2).tolist()
        return f"{network}.{third}.{fourth}"

    def edges(self, applications: pd.DataFrame) -> Edges:
        """Return all edges, sorted, every one once."""
        few = np.asarray(self.rows, dtype=np.int64).reshape(-1, 5)
        table = np.unique(np.concatenate([few, *self.arrays]), axis=0)
        _, kept = np.unique(table[:, :4], axis=0, return_index=True)
        table = table[np.sort(kept)]
        return Edges(
            source=table[:, 0].astype(np.int32),
            target=table[:, 1].astype(np.int32),
            port=table[:, 2].astype(np.int32),
            protocol=table[:, 3].astype(np.int8),
            purpose=table[:, 4].astype(np.int8),
            outside_names=[name for _, name, _ in self.outside.values()],
            outside_addresses=list(self.outside),
            outside_are_ours=[ours for _, _, ours in self.outside.values()],
            applications=applications,
        )


def traffic_weights(edges: Edges, rng: np.random.Generator) -> Decimals:
    """Draw how much of all traffic each edge carries: few carry most, noise is frequent but even."""
    base = np.asarray([30.0, 10.0, 8.0, 3.0, 6.0, 2.0, 1.0, 4.0, 5.0, 1.0])
    weights = base[edges.purpose] * rng.lognormal(0.0, 1.8, len(edges))
    return np.asarray(weights / weights.sum(), dtype=np.float64)
