"""The layout of a sample estate: which servers there are, for which application, where, on what.

Belongs here: the whole estate as small numbers, about 200 bytes a server, so that 100,000 servers fit easily.
Does not: what is written about a server (`details.py`), which is drawn chunk by chunk.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.sample.applications import infrastructure_applications, invent_applications
from flow_pipelines.sample.placement import addresses, host_names, place_machines
from flow_pipelines.sample.randomness import Integers, Stream, by_share, generator
from flow_pipelines.sample.vocabulary import Company, Vocabulary, vocabulary

# The smallest estates with so many sites.
SITES_FROM_SERVERS = ((0, 2), (200, 3), (2_000, 4), (20_000, 6))
# Of all application servers, so many are used by a second application.
SHARED_APPLICATION_SERVERS = 0.02
AGE_SPREAD = 0.12


@dataclass(frozen=True)
class Layout:
    """A whole estate in compact form.

    Attributes:
        seed: The seed it was drawn from.
        company: The client.
        sites: Keys of the sites in use, main site first.
        applications: One row per application; see `invent_applications`. Shared services come first.
        groups: One row per (application, environment, tier): the servers `start` to `start + count - 1`.
        servers: One row per server: application, environment, tier, ordinal, site, family, operating_system,
            is_virtual, host (number, -1 if physical), name, address.
        memberships: One row per further application of a server: server, application.
        databases: One row per database instance: server, application, ordinal, release.
        hosts: One row per hypervisor host: virtual_center, cluster, number, site, name.
    """

    seed: int
    company: Company
    sites: tuple[str, ...]
    applications: pd.DataFrame
    groups: pd.DataFrame
    servers: pd.DataFrame
    memberships: pd.DataFrame
    databases: pd.DataFrame
    hosts: pd.DataFrame

    @property
    def words(self) -> Vocabulary:
        """The vocabulary it was drawn from."""
        return vocabulary()

    @cached_property
    def further_applications(self) -> dict[int, list[int]]:
        """Applications of a server besides its own one, for the few servers that have some."""
        further: dict[int, list[int]] = {}
        for server, application in self.memberships[["server", "application"]].itertuples(index=False):
            further.setdefault(int(server), []).append(int(application))
        return further


def lay_out(servers: int, seed: int) -> Layout:
    """Lay out an estate.

    Args:
        servers: How many servers it has, physical and virtual, without hypervisor hosts and templates.
        seed: Any number from 0; it also chooses the client.

    Returns:
        The layout, the same for the same arguments.
    """
    words = vocabulary()
    company = words.companies[seed % len(words.companies)]
    sites = tuple(company.sites[: max(count for smallest, count in SITES_FROM_SERVERS if servers >= smallest)])
    rng = generator(seed, Stream.APPLICATIONS)
    infrastructure = infrastructure_applications(words, servers, rng)
    business = invent_applications(words, servers // 4 + 20, len(sites), rng)
    applications = pd.concat([infrastructure, business], ignore_index=True)
    rng = generator(seed, Stream.LAYOUT)
    groups = _groups(words, applications, servers, len(sites))
    applications = applications.head(int(groups["application"].max()) + 1)
    groups["operating_system"] = _operating_systems(words, applications, groups, rng)
    frame = _servers(groups)
    memberships, databases = _sharing(words, applications, groups, rng)
    frame, hosts = place_machines(frame, words, sites, rng)
    frame["name"] = host_names(frame, words, sites, applications["code"].tolist())
    frame["address"] = addresses(frame)
    return Layout(seed, company, sites, applications, groups, frame, memberships, databases, hosts)


def _groups(words: Vocabulary, applications: pd.DataFrame, servers: int, sites: int) -> pd.DataFrame:
    """Cut the number of servers into groups, application after application, until none are left."""
    tiers = {tier: number for number, tier in enumerate(words.tiers)}
    rows: list[tuple[int, int, int, int, int, str]] = []
    left = servers
    columns = ["infrastructure", "service", "criticality", "site", "size", "family", "engine", "shape"]
    for number, application in enumerate(applications[columns].to_dict("records")):
        wanted = (
            _service_groups(words, application, servers, sites)
            if application["infrastructure"]
            else _application_groups(words, application, sites)
        )
        for environment, tier, site, family, count in wanted:
            rows.append((number, environment, tiers[tier], site, min(count, left), family))
            left -= min(count, left)
            if not left:
                break
        if not left:
            break
    frame = pd.DataFrame(rows, columns=["application", "environment", "tier", "site", "count", "family"])
    frame["start"] = frame["count"].cumsum() - frame["count"]
    return frame


def _service_groups(
    words: Vocabulary, application: Mapping[Hashable, Any], servers: int, sites: int
) -> list[tuple[int, str, int, str, int]]:
    service = next(one for one in words.services if one.key == application["service"])
    central = servers // service.per_servers + (1 if not service.per_site else 0)
    counts = [service.per_site + (central if site == 0 else 0) for site in range(sites)]
    return [(0, "service", site, service.family, count) for site, count in enumerate(counts) if count]


def _application_groups(
    words: Vocabulary, application: Mapping[Hashable, Any], sites: int
) -> list[tuple[int, str, int, str, int]]:
    groups = []
    for number, environment in enumerate(words.environments):
        site = (application["site"] + 1) % sites if environment.key == "dr" else application["site"]
        for tier, base in words.shapes[application["shape"]].tiers.items():
            if application["criticality"] <= environment.criticality and tier in environment.tiers:
                count = max(1, round(base * environment.scale * application["size"]))
                family = _family_of(tier, application["family"], application["engine"])
                groups.append((number, tier, site, family, count))
    return groups


def _family_of(tier: str, family: str, engine: str) -> str:
    """Return the operating-system family of one tier: databases follow their product, only cores run on Unix."""
    if tier == "db":
        return "windows" if engine == "SQL Server" else "linux" if family == "windows" else family
    return "linux" if family in ("aix", "solaris") and tier != "app" else family


def _operating_systems(
    words: Vocabulary, applications: pd.DataFrame, groups: pd.DataFrame, rng: np.random.Generator
) -> Integers:
    """Choose each group's release: old applications sit on old systems, give or take."""
    age = applications["age"].to_numpy()[groups["application"].to_numpy()] + rng.normal(0, AGE_SPREAD, len(groups))
    age = np.where(age < 0, -age, np.where(age > 1, 2 - age, age))
    chosen = np.zeros(len(groups), dtype=np.int64)
    for family in words.families:
        releases = [number for number, one in enumerate(words.operating_systems) if one.family == family]
        releases.sort(key=lambda number: (words.operating_systems[number].since, number))
        rows = np.flatnonzero((groups["family"] == family).to_numpy())
        shares = [words.operating_systems[number].share for number in releases]
        chosen[rows] = np.asarray(releases)[by_share(shares, age[rows])]
    return chosen


def _servers(groups: pd.DataFrame) -> pd.DataFrame:
    counts = groups["count"].to_numpy()
    columns = ["application", "environment", "tier", "site", "family", "operating_system"]
    frame = groups.loc[groups.index.repeat(counts), columns].reset_index(drop=True)
    frame["family"] = frame["family"].astype("category")
    for name, dtype in (("application", np.int32), ("environment", np.int8), ("tier", np.int8), ("site", np.int8)):
        frame[name] = frame[name].to_numpy(dtype)
    frame["operating_system"] = frame["operating_system"].to_numpy(np.int16)
    frame["ordinal"] = (np.arange(len(frame)) - np.repeat(groups["start"].to_numpy(), counts) + 1).astype("int16")
    return frame


def _sharing(
    words: Vocabulary, applications: pd.DataFrame, groups: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put databases on servers; applications without a database server of their own use another's."""
    database_groups = groups[groups["tier"] == words.tier_keys.index("db")]
    owners = dict(zip(*_server_owners(database_groups), strict=True))
    instances = [(server, application, 1) for server, application in owners.items()]
    members: list[tuple[int, int]] = []
    used: dict[int, int] = {}
    starts = {key: part["start"].tolist() for key, part in database_groups.groupby("environment")}
    borrowing = [shape for shape, entry in words.shapes.items() if entry.shared]
    shared = np.flatnonzero(applications["shape"].isin(borrowing).to_numpy())
    own = groups[groups["application"].isin(shared)].drop_duplicates(["application", "environment"])
    for application, environment in own[["application", "environment"]].itertuples(index=False):
        if environment in starts:
            server = starts[environment][int(rng.integers(len(starts[environment])))]
            used[server] = used.get(server, 1) + 1
            members.append((server, int(application)))
            instances.append((server, int(application), used[server]))
    members += _second_users(words, applications, groups, rng)
    databases = pd.DataFrame(instances, columns=["server", "application", "ordinal"])
    hosts = np.asarray([owners[server] for server in databases["server"].tolist()], dtype=np.int64)
    databases["release"] = _releases(words, applications, hosts, rng)
    return pd.DataFrame(members, columns=["server", "application"]).drop_duplicates(ignore_index=True), databases


def _server_owners(groups: pd.DataFrame) -> tuple[list[int], list[int]]:
    counts = groups["count"].to_numpy()
    owners = np.repeat(groups["application"].to_numpy(), counts)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return (np.repeat(groups["start"].to_numpy(), counts) + within).tolist(), owners.tolist()


def _second_users(
    words: Vocabulary, applications: pd.DataFrame, groups: pd.DataFrame, rng: np.random.Generator
) -> list[tuple[int, int]]:
    servers, owners = _server_owners(groups[groups["tier"] == words.tier_keys.index("app")])
    business = np.flatnonzero(~applications["infrastructure"].to_numpy())
    count = max(1, round(len(servers) * SHARED_APPLICATION_SERVERS)) if servers and len(business) > 1 else 0
    chosen = np.sort(rng.permutation(len(servers))[:count]).tolist()
    seconds = business[rng.integers(len(business), size=count)].tolist()
    return [(servers[place], second) for place, second in zip(chosen, seconds, strict=True) if owners[place] != second]


def _releases(words: Vocabulary, applications: pd.DataFrame, owner: Integers, rng: np.random.Generator) -> Integers:
    age = applications["age"].to_numpy()[owner] + rng.normal(0, AGE_SPREAD, len(owner))
    age = np.where(age < 0, -age, np.where(age > 1, 2 - age, age))
    engines = applications["engine"].to_numpy()[owner]
    chosen = np.zeros(len(owner), dtype=np.int64)
    for engine in words.database_engines:
        releases = [number for number, one in enumerate(words.databases) if one.engine == engine]
        rows = np.flatnonzero(engines == engine)
        chosen[rows] = np.asarray(releases)[by_share([words.databases[one].share for one in releases], age[rows])]
    return chosen
