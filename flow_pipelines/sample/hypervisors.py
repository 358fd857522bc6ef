"""The virtualization platform of a sample estate: vCenters, clusters and hosts, and what each is called.

Belongs here: names and ids that several exports share. Does not: how a tool writes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.randomness import Stream, generator, hexadecimal


@dataclass(frozen=True)
class VirtualCenter:
    """One vCenter: its host name, instance UUID and the number of its site."""

    name: str
    uuid: str
    site: int


@dataclass(frozen=True)
class Platform:
    """Names of everything under the virtual machines, by the numbers of the layout.

    Attributes:
        centers: The vCenters.
        host_names: Fully qualified name of each host.
        host_ids: True id of each host.
        clusters: Name of the cluster of each host.
        cluster_ids: True id of the cluster of each host.
        host_centers: Number of the vCenter of each host.
    """

    centers: tuple[VirtualCenter, ...]
    host_names: list[str]
    host_ids: list[str]
    clusters: list[str]
    cluster_ids: list[str]
    host_centers: list[int]


def platform_of(layout: Layout) -> Platform:
    """Name the virtualization platform of an estate."""
    hosts = layout.hosts
    sites = hosts.groupby("virtual_center")["site"].first()
    uuids = hexadecimal(generator(layout.seed, Stream.TEMPLATES, 1), len(sites), 32)
    names = [f"vc{layout.sites[site]}{number + 1:02d}.{layout.company.domain}" for number, site in enumerate(sites)]
    centers = tuple(
        VirtualCenter(name, f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}", int(site))
        for name, one, site in zip(names, uuids, sites, strict=True)
    )
    places = list(hosts[["virtual_center", "cluster", "site"]].itertuples(index=False, name=None))
    return Platform(
        centers=centers,
        host_names=[f"{name}.{layout.company.domain}" for name in hosts["name"]],
        host_ids=[f"HST-{number:05d}" for number in range(len(hosts))],
        clusters=[
            f"CL-{layout.sites[site].upper()}{center + 1:02d}-{cluster + 1:02d}" for center, cluster, site in places
        ],
        cluster_ids=[f"CLU-{center:02d}-{cluster:03d}" for center, cluster, _ in places],
        host_centers=hosts["virtual_center"].tolist(),
    )
