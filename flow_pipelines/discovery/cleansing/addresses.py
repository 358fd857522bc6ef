"""Addresses and machine identifiers: IP, MAC, UUID, serial number.

Belongs here: their canonical forms and placeholders. Does not: host names (`host_names.py`).
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from uuid import UUID

from flow_pipelines.discovery.cleansing.cells import Cleansed, quoted, rule
from flow_pipelines.reference.vocabularies import fold, vocabularies

SEPARATORS = re.compile(r"[,;|\s]+")
PORT_OR_MASK = re.compile(r"^(\d+\.\d+\.\d+\.\d+)(?:/\d+|:\d+)$|^\[?([0-9a-fA-F:.]+)\]?(?:/\d+|%\w+|(?<=\]):\d+)?$")
# What was meant as an address, valid or not: a host may be called cafe, but not 10.1.2.
LIKE_AN_ADDRESS = re.compile(r"[\d./]+(?::\d+)?|\[?[0-9a-fA-F.]*:[0-9a-fA-F:.]*\]?(?::\d+)?(?:/\d+)?")
# Pairs or fours of digits with one kind of mark, or twelve without; Solaris leaves leading zeros out.
MAC = re.compile(
    r"[0-9a-f]{12}|[0-9a-f]{1,2}([:.-])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){4}|[0-9a-f]{4}([.:-])[0-9a-f]{4}\2[0-9a-f]{4}"
)
NAME_FOR_ADDRESS = rule("name_for_address")
PLACEHOLDER_UUIDS = frozenset({UUID(int=0), UUID(int=(1 << 128) - 1), UUID("03000200-0400-0500-0006-000700080009")})


def ip_addresses(cell: str) -> Cleansed:
    """Cleanse a list of IP addresses; those that say nothing about a machine (loopback, link-local) are left out."""
    kept: set[str] = set()
    wrong: list[str] = []
    for part in filter(None, SEPARATORS.split(cell)):
        address = _ip(part)
        if address is None:
            if not vocabularies().is_missing(part):
                wrong.append(part)
        elif not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast):
            kept.add(str(address))
    values = sorted(kept)
    issue = f"{', '.join(map(quoted, wrong))} is no IP address" if wrong else None
    changed = ", ".join(values) != cell.strip()
    return Cleansed(values or None, rule("ip_address") if changed else None, issue)


def ip_address(cell: str) -> Cleansed:
    """Cleanse one IP address; any valid one will do."""
    address = _ip(cell.strip())
    if address is None:
        return Cleansed(None, rule("ip_address"), f"{quoted(cell)} is no IP address")
    return Cleansed(str(address), None if str(address) == cell.strip() else rule("ip_address"))


@lru_cache(maxsize=1 << 20)
def is_malformed_address(text: str) -> bool:
    """Tell whether a text is like an IP address, with or without a port or mask, but is none."""
    return bool(LIKE_AN_ADDRESS.fullmatch(text)) and _ip(text) is None


def end_address(cell: str) -> Cleansed:
    """Cleanse the address at an end of a connection.

    Returns:
        The address. Of a name in its place nothing, by a rule of its own and without an issue: `derived.py` moves it
        to where names belong.
    """
    text = cell.strip()
    address = _ip(text)
    if address is not None and address.is_unspecified:
        return Cleansed(None, rule("unspecified_address"), f"{quoted(cell)} is no machine's address")
    if address is None and not is_malformed_address(text) and any(map(str.isalnum, text)):
        return Cleansed(None, NAME_FOR_ADDRESS)
    return ip_address(cell)


def end_name(cell: str) -> Cleansed:
    """Cleanse the name at an end of a connection: any text with a letter or digit that is not every address."""
    value = " ".join(cell.split()).lstrip(".")
    address = _ip(value)
    if not any(map(str.isalnum, value)) or (address is not None and address.is_unspecified):
        return Cleansed(None, rule("end_name"), f"{quoted(cell)} is no name of a machine")
    return Cleansed(value, None if value == cell else rule("white_space"))


def mac_addresses(cell: str) -> Cleansed:
    """Cleanse a list of MAC addresses of any notation."""
    kept: set[str] = set()
    wrong: list[str] = []
    for part in filter(None, SEPARATORS.split(cell)):
        digits = _mac_digits(part.casefold())
        if digits is None:
            if not vocabularies().is_missing(part):
                wrong.append(part)
        elif set(digits) not in ({"0"}, {"f"}):
            kept.add(":".join(digits[at : at + 2] for at in range(0, len(digits), 2)))
    values = sorted(kept)
    issue = f"{', '.join(map(quoted, wrong))} is no MAC address" if wrong else None
    changed = ", ".join(values) != cell.strip()
    return Cleansed(values or None, rule("mac_address") if changed else None, issue)


def uuid(cell: str) -> Cleansed:
    """Cleanse a UUID; those that many machines share because a vendor left them in are dropped."""
    try:
        value = UUID(cell.strip().strip("{}"))
    except ValueError:
        return Cleansed(None, rule("uuid"), f"{quoted(cell)} is no UUID")
    if value in PLACEHOLDER_UUIDS:
        return Cleansed(None, rule("placeholder_uuid"), f"{quoted(cell)} is a placeholder")
    return Cleansed(str(value), None if str(value) == cell.strip() else rule("uuid"))


def serial_number(cell: str) -> Cleansed:
    """Cleanse a serial number or asset tag."""
    if fold(cell) in vocabularies().placeholder_serial:
        return Cleansed(None, rule("placeholder_serial"), f"{quoted(cell)} is a placeholder")
    value = " ".join(cell.split()).upper()
    return Cleansed(value or None, None if value == cell else rule("serial_number"))


def _mac_digits(text: str) -> str | None:
    if not MAC.fullmatch(text):
        return None
    parts = re.split(r"[:.-]", text)
    return "".join(part.zfill(2) for part in parts)


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    matched = PORT_OR_MASK.match(text)
    candidate = (matched.group(1) or matched.group(2)) if matched else text
    try:
        address = ipaddress.ip_address(candidate)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
