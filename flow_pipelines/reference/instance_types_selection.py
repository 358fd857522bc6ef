"""Selecting the catalogue of instance types, `instance_types.csv`, from the facts that were gathered.

Belongs here: which gathered rows are offered as targets, and our own columns. Does not: reading the catalogue
(`instance_types.py`) and choosing from it (`plan/target/`).

Run as `python -m flow_pipelines.reference.instance_types_selection GATHERED.csv SELECTED.csv OTHERS.csv`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from flow_pipelines.reference.instance_types import COLUMNS

PROVIDERS = {"aws": "aws", "azure": "azure", "gcp": "google"}
DATED = r"(\d{4}-\d{2}(?:-\d{2})?)$"
# What the gathered file calls a derived price is computed from this table, whose prices are of this day.
DERIVED_FROM = ("derived: karpenter value", "2026-06-18")


def select_instance_types(gathered: pd.DataFrame) -> pd.DataFrame:
    """Return the types to offer: current, virtual, with a price for Linux and with what they have fully known.

    Args:
        gathered: The facts as they were gathered, all columns as text; prices in USD an hour.
    """
    offered = gathered[
        gathered["current_generation"].eq("true")
        & gathered["bare_metal"].eq("false")
        & (gathered[["vcpu", "memory_gib", "gpu", "price_usd_hour_linux"]] != "").all(axis="columns")
    ]
    renamed = offered.rename(
        columns={
            "name": "instance_type",
            "arch": "architecture",
            "gpu": "gpu_count",
            "burstable": "is_burstable",
            "price_usd_hour_linux": "linux_usd_hour",
            "price_usd_hour_windows": "windows_usd_hour",
            "linux_price_source": "origin",
            "windows_price_source": "windows_origin",
        }
    )
    table, day = DERIVED_FROM
    as_of = renamed["origin"].str.extract(DATED)[0].mask(renamed["origin"].str.startswith(table), day)
    dated = renamed.assign(provider=renamed["provider"].map(PROVIDERS), as_of=as_of)
    return dated[list(COLUMNS)].sort_values(["provider", "region", "instance_type"], ignore_index=True)


def select_other_types(gathered: pd.DataFrame) -> pd.DataFrame:
    """Return the names, by provider, of types that there are and that are not offered, such as earlier generations."""
    keys = ["provider", "instance_type"]
    named = gathered.rename(columns={"name": "instance_type"}).assign(provider=gathered["provider"].map(PROVIDERS))
    offered = pd.MultiIndex.from_frame(select_instance_types(gathered)[keys])
    others = named.loc[~pd.MultiIndex.from_frame(named[keys]).isin(offered), keys]
    return others.drop_duplicates().sort_values(keys, ignore_index=True)


def main() -> None:
    """Write the selection from the first path to the second, and the names of the others to the third."""
    gathered, selected, others = map(Path, sys.argv[1:])
    rows = pd.read_csv(gathered, dtype=str, keep_default_na=False)
    select_instance_types(rows).to_csv(selected, index=False, lineterminator="\n")
    select_other_types(rows).to_csv(others, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
