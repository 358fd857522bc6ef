"""Which products assets carry, and what says so: attributes, lists of software, names of processes.

Belongs here: gathering what sources say of an asset's products, and recognizing what cleansing left open. Does not:
the rules of recognition (`reference/product_patterns.yaml`), judging a product (`end_of_life.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.products import (
    KnownCycle,
    identify_databases,
    identify_operating_systems,
    identify_software,
)
from flow_pipelines.reference.products import product_rules

OPERATING_SYSTEM, HYPERVISOR, DATABASE = "operating_system", "hypervisor", "database"
COLUMNS = ["asset_id", "category", "product", "cycle", "text", "version", "evidence"]
IDENTIFY = {"os_product": identify_operating_systems, "database_product": identify_databases}
# What is longer than this is no entry of a list but a text.
LONGEST_ENTRY = 200


@dataclass(frozen=True)
class Stated:
    """One kind of product that assets carry, and the columns of the inventory that tell it."""

    category: str
    asset_types: tuple[str, ...]
    product: str
    cycle: str
    text: str
    version: str


STATED = (
    Stated(OPERATING_SYSTEM, ("server", "hypervisor_host"), "os_product", "os_cycle", "operating_system", "os_version"),
    Stated(
        DATABASE,
        ("database", "server"),
        "database_product",
        "database_cycle",
        "database_engine",
        "database_version",
    ),
)


def products_in_use(
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    cleansed_records: pd.DataFrame,
    *,
    known: KnownCycle,
    categories: dict[str, str],
) -> pd.DataFrame:
    """Return what is said of each asset's products.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`, which tell whose process a connection names.
        cleansed_records: The rows of `discovery/cleansed_records`: their custom attributes and processes.
        known: Finds the release cycle of a product's release.
        categories: The category of each product that there are facts of.

    Returns:
        One row per asset, category, product and cycle: asset_id, category, product (missing if not recognized),
        cycle (missing if not told), text (as the source writes it), version, evidence (where it says so). An
        operating system or database that is not recognized has a row of its own; entries of lists have none. A
        process that does not tell its release is left out: that `java` runs is no debt.
    """
    stated = pd.concat([_stated(inventory, one, known) for one in STATED], ignore_index=True)
    stated["category"] = stated["product"].map(categories).fillna(stated["category"])
    listed = [*_listed(inventory), *_custom(inventory, cleansed_records), *_processes(dependencies, cleansed_records)]
    entries = pd.DataFrame(listed, columns=["asset_id", "text", "evidence"], dtype=object)
    software = _recognized(entries, known)
    return _distinct(pd.concat([stated, software], ignore_index=True)) if len(software) else stated


def _stated(inventory: pd.DataFrame, stated: Stated, known: KnownCycle) -> pd.DataFrame:
    is_stated = inventory[stated.product].notna() | inventory[stated.text].notna()
    assets = inventory[inventory["asset_type"].isin(stated.asset_types) & is_stated]
    hosts = inventory[(inventory["asset_type"] == "hypervisor_host") & ~is_stated & inventory["hypervisor"].notna()]
    if stated.category == OPERATING_SYSTEM and len(hosts):
        # A host of which only its hypervisor is told runs that.
        assets = pd.concat([assets, hosts.assign(operating_system=hosts["hypervisor"])])
    found = pd.DataFrame(
        {
            "asset_id": assets["asset_id"],
            "category": stated.category,
            "product": assets[stated.product],
            "cycle": assets[stated.cycle],
            "text": assets[stated.text].fillna(assets[stated.product]),
            "version": assets[stated.version],
            "evidence": f"attribute {stated.text}",
        },
        dtype=object,
    )
    # Newer facts than those that cleansing knew may date a release, and a person may have corrected a text.
    is_open = found["cycle"].isna()
    if is_open.any():
        read = IDENTIFY[stated.product](found.loc[is_open, "text"], found.loc[is_open, "version"], known)
        agrees = found.loc[is_open, "product"].isna() | (found.loc[is_open, "product"] == read["product"])
        found.loc[is_open, "cycle"] = read["cycle"].where(agrees)
        found.loc[is_open, "product"] = found.loc[is_open, "product"].fillna(read["product"])
    return found[COLUMNS].reset_index(drop=True)


def _listed(inventory: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    for attribute in product_rules().software_lists.attributes:
        if attribute not in inventory:
            continue
        for asset_id, told in inventory[["asset_id", attribute]].dropna().itertuples(index=False):
            for cell in told if isinstance(told, list) else [told]:
                for entry in entries_of("", str(cell)):
                    yield str(asset_id), entry, f"attribute {attribute}"


def _custom(inventory: pd.DataFrame, cleansed_records: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Yield what custom attributes with a telling header list."""
    if cleansed_records.empty:
        return
    owners = _owners(inventory)
    told = cleansed_records.loc[cleansed_records["custom_attributes"].notna(), ["record_id", "custom_attributes"]]
    cells = told["custom_attributes"].tolist()
    telling = {header for header in set().union(*cells) if _tells_software(header)}
    if not telling:
        return
    for record_id, attributes in zip(told["record_id"].tolist(), cells, strict=True):
        if record_id in owners:
            for header in sorted(telling & attributes.keys()):
                for entry in entries_of(header, str(attributes[header])):
                    yield owners[record_id], entry, f"custom attribute {header}"


def _processes(dependencies: pd.DataFrame, cleansed_records: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Yield the processes that observed connections name, each with the asset that it runs on."""
    columns = {"source": "source_process", "target": "destination_process"}
    if cleansed_records.empty or dependencies.empty:
        return
    for end, column in columns.items():
        named = cleansed_records.loc[cleansed_records[column].notna(), ["record_id", column]]
        if named.empty:
            continue
        inner = dependencies.loc[~dependencies[f"{end}_is_external"].astype(bool), [f"{end}_id", "source_entity_ids"]]
        edges = inner.explode("source_entity_ids").rename(columns={"source_entity_ids": "record_id"})
        seen = edges.merge(named, on="record_id")[[f"{end}_id", column]].drop_duplicates()
        for asset_id, process in zip(*(seen[name].tolist() for name in seen), strict=True):
            yield asset_id, process, f"process {process}"


def _owners(inventory: pd.DataFrame) -> dict[str, str]:
    """Return the asset of each record; applications rest on the records of others and own none of them."""
    assets = inventory.loc[inventory["asset_type"] != "application", ["asset_id", "source_entity_ids"]]
    exploded = assets.explode("source_entity_ids").dropna()
    return dict(zip(exploded["source_entity_ids"].tolist(), exploded["asset_id"].tolist(), strict=True))


def _tells_software(header: str) -> bool:
    plain = header.replace("_", " ").replace("-", " ").replace(".", " ").casefold()
    return product_rules().software_lists.headers.search(plain) is not None


def entries_of(header: str, cell: str) -> list[str]:
    """Return the entries of one cell of a list of software; a bare version together with what the header names."""
    entries = [entry.strip() for entry in product_rules().software_lists.separators.split(cell)]
    return [
        f"{header} {entry}" if entry[:1].isdigit() else entry for entry in entries if 0 < len(entry) < LONGEST_ENTRY
    ]


def _recognized(entries: pd.DataFrame, known: KnownCycle) -> pd.DataFrame:
    """Keep the entries that are a product, one row for each that an asset carries."""
    if entries.empty:
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    distinct = pd.Series(entries["text"].unique(), dtype=object)
    identified = identify_software(distinct, known).assign(text=distinct)
    found = entries.merge(identified[identified["product"].notna()], on="text")
    tells_release = found["cycle"].notna() | ~found["evidence"].str.startswith("process ")
    return found.loc[tells_release, COLUMNS]


def _distinct(products: pd.DataFrame) -> pd.DataFrame:
    """Keep each product of an asset once per cycle, and without a cycle only if no cycle of it is told."""
    key = ["asset_id", "category", "product"]
    is_known = products["product"].notna()
    ordered = products[is_known].assign(order=range(int(is_known.sum())))
    ordered["told_first"] = ordered["evidence"].str.startswith("attribute ").map({True: 0, False: 1})
    ordered = ordered.sort_values([*key, "cycle", "told_first", "evidence", "text"], na_position="last")
    ordered = ordered.drop_duplicates([*key, "cycle"])
    has_cycle = ordered.groupby(key)["cycle"].transform("count") > 0
    kept = ordered[ordered["cycle"].notna() | ~has_cycle].sort_values("order")
    return pd.concat([kept[COLUMNS], products[~is_known]], ignore_index=True)
