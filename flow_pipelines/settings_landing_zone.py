"""What a person decides about the networks in the clouds: which addresses they may have, and how much room.

Belongs here: the validated model, its defaults and their meaning. Does not: the networks themselves
(`plan/target/landing_zone.py`) and the limits of the clouds (`reference/landing_zone_model.yaml`).
"""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# What the three clouds take alike as the key of a tag: Google's are the strictest.
Tag = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}:[^\x00-\x1f]{1,200}$")]
PRIVATE_RANGES = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))


class LandingZoneSettings(BaseModel):
    """Which addresses networks in the clouds may have, how large they are, and how they are tagged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address_pools: tuple[IPv4Network, ...] = Field(
        default=(), description="Ranges to take networks from, in order; the three private ones of RFC 1918 if empty."
    )
    reserved_ranges: tuple[IPv4Network, ...] = Field(
        default=(), description="Ranges in use that no file shows, such as other sites; never taken."
    )
    observed_prefix: int = Field(
        default=24,
        ge=8,
        le=32,
        description="Prefix length of the network that an address of the inventory is taken to be of.",
    )
    network_prefix: int = Field(
        default=20, ge=16, le=24, description="Prefix length of a network; it is larger where its servers need more."
    )
    zones: int = Field(
        default=2, ge=1, le=3, description="How many availability zones a network has a subnet in, each with its share."
    )
    headroom: float = Field(
        default=2.0, ge=1, le=10, description="By how much the addresses of a subnet exceed its servers, at least."
    )
    aws_account: str | None = Field(
        default=None, pattern="^[0-9]{12}$", description="Number of the AWS account that servers go to, for exports."
    )
    tags: tuple[Tag, ...] = Field(
        default=(), description="Tags of everything, key:value, which count before the usual ones."
    )

    @model_validator(mode="after")
    def _pools_are_apart_and_large_enough(self) -> Self:
        for one, other in combinations(self.address_pools, 2):
            if one.overlaps(other):
                raise ValueError(f"the address pools {one} and {other} overlap")
        for pool in self.address_pools:
            if pool.is_loopback or pool.is_multicast or pool.is_link_local or not pool.prefixlen:
                raise ValueError(f"the address pool {pool} is no range that a network can have")
            if pool.prefixlen > self.network_prefix:
                raise ValueError(f"the address pool {pool} is smaller than a network, which is /{self.network_prefix}")
        return self

    @property
    def pools(self) -> tuple[IPv4Network, ...]:
        """The ranges to take networks from."""
        return self.address_pools or PRIVATE_RANGES
