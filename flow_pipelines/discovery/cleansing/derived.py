"""What follows from other cells: host from name, domain from host, product from operating system, and so on.

Belongs here: filling what the source left open, each with a rule. Does not: overwriting anything a source says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.cleansing.draft import Draft
from flow_pipelines.discovery.cleansing.host_names import split_fqdn
from flow_pipelines.discovery.cleansing.words import MAIL
from flow_pipelines.discovery.products import identify_databases, identify_operating_systems

HOSTS = frozenset({"server", "hypervisor_host", "network_device"})
VIRTUAL_MACHINE_FORMATS = frozenset({"rvtools"})
Identify = Callable[["pd.Series[str]", "pd.Series[str]"], pd.DataFrame]


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


def derive(draft: Draft, records: pd.DataFrame) -> None:
    """Fill what follows from other cells.

    Args:
        draft: The records; only empty cells are filled.
        records: The same records as a frame, with `record_type` and `source_format`.
    """
    _names(draft, records)
    _owners(draft)
    _virtual(draft, records)
    for product in PRODUCTS:
        if product.name in records:
            _identify(draft, records, product)


def _names(draft: Draft, records: pd.DataFrame) -> None:
    is_host = records["record_type"].isin(HOSTS).to_numpy()
    for attribute in ("fqdn", "host_name", "name"):
        if attribute not in draft.attributes:
            continue
        column = draft.attributes[attribute]
        for position in is_host.nonzero()[0].tolist():
            # The cell, where there is one: a host name's own column has lost its domain by now.
            name = column.cells[position] if attribute == "host_name" else column.found[position]
            if not isinstance(name, str):
                continue
            host, domain = split_fqdn(name)
            draft.derive("host_name", position, host, f"host_from_{attribute}")
            if host and domain:
                draft.derive("fqdn", position, f"{host}.{domain}", f"fqdn_from_{attribute}")
                draft.derive("dns_domain", position, domain, f"domain_from_{attribute}")
    if "host_name" in draft.attributes:
        hosts = draft.attributes["host_name"].found
        for position in is_host.nonzero()[0].tolist():
            draft.derive("name", position, hosts[position], "name_from_host")


def _owners(draft: Draft) -> None:
    if "owner" not in draft.attributes:
        return
    cells = draft.attributes["owner"].cells
    for position, cell in enumerate(cells):
        found = MAIL.search(cell) if isinstance(cell, str) else None
        if found:
            draft.derive("owner_email", position, found.group().casefold(), "e_mail_from_owner")


def _virtual(draft: Draft, records: pd.DataFrame) -> None:
    listed = (records["record_type"] == "server") & records["source_format"].isin(VIRTUAL_MACHINE_FORMATS)
    for position in listed.to_numpy().nonzero()[0].tolist():
        draft.derive("is_virtual", position, value=True, name="listed_by_hypervisor")


def _identify(draft: Draft, records: pd.DataFrame, product: Product) -> None:
    nothing = pd.Series([None] * len(records), dtype="object")
    named = records[product.name].notna()
    identified = product.identify(records.loc[named, product.name], records.get(product.version, nothing)[named])
    positions = named.to_numpy().nonzero()[0].tolist()
    for part, attribute in product.parts.items():
        for position, value in zip(positions, identified[part].tolist(), strict=True):
            if isinstance(value, str):
                draft.derive(attribute, position, value, f"{product.name}_identified")
