"""Host names and domains.

Belongs here: their canonical form, and which part of a name is the host and which the domain. Does not: whether two
names are one host (`discovery/identity/`).
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from flow_pipelines.discovery.cleansing.cells import Cleansed, rule

LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
HOST = re.compile(LABEL)
FQDN = re.compile(rf"{LABEL}(?:\.{LABEL})+")


def host_name(cell: str) -> Cleansed:
    """Cleanse a host name; the domain, if it has one, is cut off (`split_fqdn` keeps it)."""
    value = cell.strip().rstrip(".").casefold()
    short = value if is_address(value) else value.split(".", 1)[0]
    if not HOST.fullmatch(short):
        return Cleansed(None, rule("host_name"), f"{cell!r} is no host name")
    return Cleansed(short, None if short == cell else rule("host_name"))


def fqdn(cell: str) -> Cleansed:
    """Cleanse a fully qualified name; a name without a domain is none."""
    value = cell.strip().rstrip(".").casefold()
    if is_address(value) or not FQDN.fullmatch(value):
        return Cleansed(None, rule("fqdn"), f"{cell!r} is no fully qualified name")
    return Cleansed(value, None if value == cell else rule("fqdn"))


def dns_domain(cell: str) -> Cleansed:
    """Cleanse a DNS domain."""
    value = cell.strip().strip(".").casefold()
    return Cleansed(value or None, None if value == cell else rule("dns_domain"))


def split_fqdn(name: str) -> tuple[str | None, str | None]:
    """Return host and domain of a name that people wrote: host None if it can't be a host name, domain None if none."""
    value = name.strip().rstrip(".").casefold()
    if is_address(value):
        return None, None
    if FQDN.fullmatch(value):
        host, domain = value.split(".", 1)
        return host, domain
    return (value, None) if HOST.fullmatch(value) else (None, None)


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
