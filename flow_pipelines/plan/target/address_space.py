"""Ranges of addresses: which are in use, and which are free.

Belongs here: the networks that an inventory shows, and taking free blocks from pools. Does not: who gets a block
(`landing_zone.py`), what collides (`address_conflicts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError

import pandas as pd

ADDRESS_BITS = 32
IN_WORDS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}(?!\d)")
# 0.0.0.0/0 in the name of a network is a route, not a range in use.
WIDEST_STATED = 8


class AddressSpace:
    """Pools of addresses, of which blocks are taken.

    Args:
        pools: Ranges that do not overlap, in the order in which blocks are taken from them.
        blocked: Ranges that are in use.
    """

    def __init__(self, pools: Iterable[IPv4Network], blocked: Iterable[IPv4Network]) -> None:
        self._free = [(int(pool.network_address), int(pool.broadcast_address) + 1) for pool in pools]
        for network in blocked:
            self.remove(network)

    def first_free(self, prefix: int) -> IPv4Network | None:
        """Return the first free block of a prefix length, None if there is none."""
        size = 1 << (ADDRESS_BITS - prefix)
        for begin, end in self._free:
            aligned = -(-begin // size) * size
            if aligned + size <= end:
                return IPv4Network((aligned, prefix))
        return None

    def remove(self, network: IPv4Network) -> None:
        """Take a range out, whether or not all of it is free."""
        begin, end = int(network.network_address), int(network.broadcast_address) + 1
        left = []
        for free_from, free_to in self._free:
            parts = ((free_from, min(free_to, begin)), (max(free_from, end), free_to))
            left += [part for part in parts if part[0] < part[1]]
        self._free = left


def observed_networks(inventory: pd.DataFrame, prefix: int) -> pd.DataFrame:
    """Return the networks in which the inventory's assets are.

    Args:
        inventory: The rows of `discovery/inventory`: `asset_id`, `ip_addresses` (lists) and `network_name`, in which a
            range may be stated.
        prefix: Prefix length of the network that an address by itself is taken to be of.

    Returns:
        `network` (an `IPv4Network`, each once) and `asset_ids` (sorted), in order of the networks. Addresses of
        loopback, link-local and multicast ranges, of IPv6, and what is no address are left out.
    """
    found: dict[IPv4Network, set[str]] = {}
    columns = [inventory.get(name, pd.Series(None, index=inventory.index)) for name in ("ip_addresses", "network_name")]
    for asset_id, addresses, words in zip(inventory["asset_id"], *columns, strict=True):
        for network in {*_of_addresses(addresses, prefix), *_stated(words)}:
            found.setdefault(network, set()).add(str(asset_id))
    networks = sorted(found)
    return pd.DataFrame(
        {
            "network": pd.Series(networks, dtype=object),
            "asset_ids": pd.Series([sorted(found[one]) for one in networks], dtype=object),
        }
    )


def _of_addresses(addresses: object, prefix: int) -> Iterator[IPv4Network]:
    if not isinstance(addresses, Iterable) or isinstance(addresses, str):
        return
    for text in addresses:
        try:
            interface = IPv4Interface(str(text))
        except (AddressValueError, NetmaskValueError):
            continue
        stated = interface.network.prefixlen
        if _is_of_a_network(interface.ip):
            yield interface.network if stated < ADDRESS_BITS else IPv4Network((interface.ip, prefix), strict=False)


def _stated(words: object) -> Iterator[IPv4Network]:
    if not isinstance(words, str):
        return
    for text in IN_WORDS.findall(words):
        try:
            network = IPv4Network(text, strict=False)
        except (AddressValueError, NetmaskValueError):
            continue
        if network.prefixlen >= WIDEST_STATED and _is_of_a_network(network.network_address):
            yield network


def _is_of_a_network(address: IPv4Address) -> bool:
    return not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified)
