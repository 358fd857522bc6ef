"""What follows from other cells: host from name, domain from host, product from operating system, and so on.

Belongs here: filling what the source left open, each with a rule. Does not: overwriting anything a source says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flow_pipelines.discovery.cleansing import parts, tags
from flow_pipelines.discovery.cleansing.addresses import NAME_FOR_ADDRESS, end_name, ip_addresses
from flow_pipelines.discovery.cleansing.cells import quoted
from flow_pipelines.discovery.cleansing.draft import Draft, Objects, factorize, spread
from flow_pipelines.discovery.cleansing.host_names import is_placeholder, split_fqdn
from flow_pipelines.discovery.cleansing.ports import protocol_of_port
from flow_pipelines.discovery.cleansing.words import MAIL
from flow_pipelines.discovery.products import KnownCycle, identify_databases, identify_operating_systems
from flow_pipelines.reference.vocabularies import vocabularies
from flow_pipelines.settings import EngagementSettings

HOSTS = frozenset({"server", "hypervisor_host", "network_device"})
Identify = Callable[["pd.Series[str]", "pd.Series[str]", KnownCycle], pd.DataFrame]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Product:
    """A kind of product that records name: where they do, who identifies it, and what follows."""

    name: str
    version: str
    identify: Identify
    parts: Mapping[str, str]


PRODUCTS = (
    Product(
        "operating_system",
        "os_version",
        identify_operating_systems,
        {"vendor": "os_vendor", "product": "os_product", "cycle": "os_cycle", "edition": "os_edition"},
    ),
    Product(
        "database_engine",
        "database_version",
        identify_databases,
        {"product": "database_product", "cycle": "database_cycle", "edition": "database_edition"},
    ),
)


def derive(
    draft: Draft, record_types: pd.Series[str], listed: Mask, settings: EngagementSettings, known_cycle: KnownCycle
) -> None:
    """Fill what follows from other cells.

    Args:
        draft: The records of a sheet; only empty cells are filled.
        record_types: What each of them describes.
        listed: Which of them are on a sheet that lists virtual machines only.
        settings: The engagement's settings; they say how to read a value in a tag that can be read in two ways.
        known_cycle: Finds the release cycle of a product by its release.
    """
    parts.derive_wholes(draft, (record_types == "server").to_numpy(dtype=np.bool_))
    parts.derive_from_pairs(draft)
    parts.derive_power(draft)
    parts.derive_virtual(draft)
    tags.derive_tags(draft)
    tags.derive_from_tags(draft, settings)
    _names(draft, record_types.isin(HOSTS).to_numpy(dtype=np.bool_))
    _ends(draft)
    if "destination_port" in draft.attributes:
        codes, cells = factorize(draft.attributes["destination_port"].cells)
        draft.derive("protocol", spread([protocol_of_port(cell) for cell in cells], codes), "protocol_from_port")
    _owners(draft)
    virtual = _where(listed, np.full(len(listed), fill_value=True, dtype=object))
    draft.derive("is_virtual", virtual, "listed_by_hypervisor")
    for product in PRODUCTS:
        if product.name in draft.attributes:
            _identify(draft, product, known_cycle)


def _names(draft: Draft, is_host: Mask) -> None:
    for attribute in ("fqdn", "host_name", "name"):
        if attribute not in draft.attributes:
            continue
        # The cells: a host name has lost its domain by now, and a name without a domain is none for an FQDN.
        codes, names = factorize(_where(is_host, draft.attributes[attribute].cells))
        known = [(None, None) if vocabularies().is_missing(name) else split_fqdn(name) for name in names]
        whole = [f"{host}.{domain}" if domain else None for host, domain in known]
        draft.derive("host_name", spread([host for host, _ in known], codes), f"host_from_{attribute}")
        draft.derive("fqdn", spread(whole, codes), f"fqdn_from_{attribute}")
        draft.derive("dns_domain", spread([domain for _, domain in known], codes), f"domain_from_{attribute}")
    if "host_name" in draft.attributes:
        draft.derive("name", _where(is_host, draft.attributes["host_name"].found), "name_from_host")
    for attribute in ("host_name", "fqdn"):
        if attribute in draft.attributes:
            # No host can be called so, but people do call it so.
            codes, cells = factorize(_where(is_host, draft.attributes[attribute].cells))
            draft.derive("name", spread([_as_written(cell) for cell in cells], codes), "name_as_written")


def _as_written(cell: str) -> str | None:
    """Return a name that people gave a host; None for what says nothing or is an address."""
    is_empty = vocabularies().is_missing(cell) or is_placeholder(cell)
    return None if is_empty or ip_addresses(cell).issue is None else " ".join(cell.split())


def _ends(draft: Draft) -> None:
    """Move names in place of the addresses at the ends of connections to where names belong."""
    for end in ("source", "destination"):
        address = draft.attributes.get(f"{end}_address")
        if address is None:
            continue
        is_name = np.array([rule == NAME_FOR_ADDRESS for rule in address.rules], dtype=np.bool_)
        codes, cells = factorize(_where(is_name, address.cells))
        names = spread([end_name(cell).value for cell in cells], codes)
        draft.derive(f"{end}_name", names, f"name_from_{end}_address")
        for row in is_name.nonzero()[0].tolist():
            if str(draft.attributes[f"{end}_name"].found[row]).casefold() != str(names[row]).casefold():
                cell = f"Column {address.sources[row]}: {quoted(address.cells[row])}"
                draft.issues[row].append(f"{cell} is no IP address, and another column names the {end}.")


def _owners(draft: Draft) -> None:
    if "owner" not in draft.attributes:
        return
    codes, owners = factorize(draft.attributes["owner"].cells)
    matched = [MAIL.search(owner) for owner in owners]
    draft.derive(
        "owner_email",
        spread([found.group().casefold() if found else None for found in matched], codes),
        "e_mail_from_owner",
    )


def _identify(draft: Draft, product: Product, known_cycle: KnownCycle) -> None:
    names = draft.attributes[product.name].found
    versions = draft.attributes[product.version].found if product.version in draft.attributes else names[:0]
    named = pd.Series(names, dtype="object").dropna()
    identified = product.identify(named, pd.Series(versions, dtype="object").reindex(named.index), known_cycle)
    for part, attribute in product.parts.items():
        follows = np.full(len(names), None, dtype=object)
        follows[named.index] = identified[part].to_numpy()
        draft.derive(attribute, follows, f"{product.name}_identified")


def _where(mask: Mask, values: Objects) -> Objects:
    kept = values.copy()
    kept[~mask] = None
    return kept
