"""Where the servers of a sample estate run and what they are called there.

Belongs here: physical or virtual, hypervisor hosts, host names, addresses. Does not: which servers there are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from flow_pipelines.sample.randomness import Integers
from flow_pipelines.sample.vocabulary import Vocabulary

PHYSICAL_SHARE = 0.15
MACHINES_PER_HOST = 25
HOSTS_PER_CLUSTER = 8
# Azure Migrate refuses RVTools files of 20,000 servers and more, so no vCenter comes near that.
MACHINES_PER_VIRTUAL_CENTER = 15_000
# How much likelier than others these are physical.
PHYSICAL_WEIGHTS = {"db": 5.0, "service": 3.0}
# Site and environment choose the second octet, 8 environments to a site; a subnet takes 250 servers.
ENVIRONMENTS_PER_SITE = 8
SERVERS_PER_SUBNET = 250
FIRST_HOST_OCTET = 4


def place_machines(
    servers: pd.DataFrame, words: Vocabulary, sites: Sequence[str], rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decide which servers are virtual and which host runs each of them.

    Args:
        servers: One row per server, with application, environment, tier, site and family.
        words: The vocabulary.
        sites: Keys of the sites.
        rng: Source of the choices.

    Returns:
        The servers with `is_virtual` and `host` (-1 if physical), and one row per hypervisor host: virtual_center
        (number), cluster (number within its vCenter), number (within its site), site (number), name.
    """
    virtual = _virtual(servers, words, rng)
    host = np.full(len(servers), -1, dtype=np.int32)
    hosts: list[tuple[int, int, int, int, str]] = []
    centers = 0
    for site in range(len(sites)):
        rows = np.flatnonzero(virtual & (servers["site"].to_numpy() == site))
        # Production sorts first: clusters are then mostly for production or mostly not, as in real life.
        order = rows[np.lexsort((rng.random(len(rows)), servers["environment"].to_numpy()[rows] > 0))]
        number = np.arange(len(order)) // MACHINES_PER_HOST
        host[order] = number + len(hosts)
        per_center = MACHINES_PER_VIRTUAL_CENTER // MACHINES_PER_HOST
        for one in range(int(number[-1]) + 1 if len(order) else 0):
            cluster = one % per_center // HOSTS_PER_CLUSTER
            hosts.append((centers + one // per_center, cluster, one, site, f"esx{sites[site]}{one + 1:03d}"))
        centers = hosts[-1][0] + 1 if hosts else centers
    frame = servers.assign(is_virtual=virtual, host=host)
    return frame, pd.DataFrame(hosts, columns=["virtual_center", "cluster", "number", "site", "name"])


def _virtual(
    servers: pd.DataFrame, words: Vocabulary, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    tiers = servers["tier"].map(lambda tier: PHYSICAL_WEIGHTS.get(words.tier_keys[tier], 1.0)).to_numpy()
    weight = np.where(servers["environment"].to_numpy() == 0, 2.0, 1.0) * tiers
    # AIX and Solaris run on no x86 hypervisor; an infinite weight sorts them first.
    weight = np.where(servers["family"].isin(["aix", "solaris"]).to_numpy(), np.inf, weight)
    chances = rng.random(len(servers)) ** (1 / weight)
    unix = int(np.isinf(weight).sum())
    physical = np.argsort(-chances, kind="stable")[: max(unix, round(PHYSICAL_SHARE * len(servers)))]
    virtual = np.ones(len(servers), dtype=np.bool_)
    virtual[physical] = False
    return virtual


def host_names(servers: pd.DataFrame, words: Vocabulary, sites: Sequence[str], codes: Sequence[str]) -> list[str]:
    """Name servers by the convention site, system, environment, application, tier, number: `lonwpclmaap01`.

    Returns:
        Names of 13 or 14 characters (Windows allows 15), unique, lower case.
    """
    letters = {family: entry.letter for family, entry in words.families.items()}
    tiers = [tier.host for tier in words.tiers.values()]
    columns = ["site", "family", "environment", "application", "tier", "ordinal"]
    return [
        f"{sites[site]}{letters[family]}{words.environments[environment].letter}{codes[application]}{tiers[tier]}{ordinal:02d}"
        for site, family, environment, application, tier, ordinal in zip(
            *(servers[column].tolist() for column in columns), strict=True
        )
    ]


def addresses(servers: pd.DataFrame) -> list[str]:
    """Number servers through the subnets of their site and environment; every address is unique."""
    networks = servers.groupby(["site", "environment"], observed=True)
    place = np.asarray(networks.cumcount(), dtype=np.int64)
    return address_text(network_octets(servers), place)


def network_octets(servers: pd.DataFrame) -> Integers:
    """Return the second octet of the network of each server: one network to a site and environment."""
    sites, environments = (np.asarray(servers[name], dtype=np.int64) for name in ("site", "environment"))
    return sites * ENVIRONMENTS_PER_SITE + environments


def address_text(second: Integers, place: Integers) -> list[str]:
    """Write addresses `10.second.x.y` of the n-th places in their network."""
    third, fourth = place // SERVERS_PER_SUBNET, place % SERVERS_PER_SUBNET + FIRST_HOST_OCTET
    return [f"10.{b}.{c}.{d}" for b, c, d in zip(second.tolist(), third.tolist(), fourth.tolist(), strict=True)]
