"""Host names and domains.

Belongs here: their canonical form, and which part of a name is the host and which the domain. Does not: whether two
names are one host (`discovery/identity/`).
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from flow_pipelines.discovery.cleansing.cells import Cleansed, quoted, rule
from flow_pipelines.reference.vocabularies import vocabularies

LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
HOST = re.compile(LABEL)
# A top-level domain starts with a letter: neither 10.1.2 nor "app v1.2" names a domain.
FQDN = re.compile(rf"{LABEL}(?:\.{LABEL})*\.(?=[a-z]){LABEL}")


def host_name(cell: str) -> Cleansed:
    """Cleanse a host name; the domain, if it has one, is cut off (`split_fqdn` keeps it)."""
    if is_placeholder(cell):
        return Cleansed(None, rule("placeholder_host"), f"{quoted(cell)} is a placeholder")
    host, _ = split_fqdn(cell)
    if host is None:
        return Cleansed(None, rule("host_name"), f"{quoted(cell)} is no host name")
    return Cleansed(host, None if host == cell else rule("host_name"))


def fqdn(cell: str) -> Cleansed:
    """Cleanse a fully qualified name; a name without a domain is none."""
    value = _canonical(cell)
    if is_placeholder(value):
        return Cleansed(None, rule("placeholder_host"), f"{quoted(cell)} is a placeholder")
    if is_address(value) or not FQDN.fullmatch(value):
        return Cleansed(None, rule("fqdn"), f"{quoted(cell)} is no fully qualified name")
    return Cleansed(value, None if value == cell else rule("fqdn"))


def dns_domain(cell: str) -> Cleansed:
    """Cleanse a DNS domain."""
    value = cell.strip().strip(".").casefold()
    return Cleansed(value or None, None if value == cell else rule("dns_domain"))


def split_fqdn(name: str) -> tuple[str | None, str | None]:
    """Return host and domain of a name that people wrote.

    Returns:
        The host, None if the name can't be one (an address, a placeholder, a sentence); the domain, None if none.
    """
    value = _canonical(name)
    if is_address(value) or is_placeholder(value):
        return None, None
    if FQDN.fullmatch(value):
        host, domain = value.split(".", 1)
        return host, domain
    return (value, None) if HOST.fullmatch(value) else (None, None)


def _canonical(name: str) -> str:
    return name.strip().rstrip(".").casefold()


def is_placeholder(name: str) -> bool:
    """Tell whether a name is one that every machine may have, such as localhost."""
    return _canonical(name) in vocabularies().placeholder_host


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
