"""The instance types that a server may move to: our own dated table.

Belongs here: the loader of `instance_types.csv` and its columns, the names of all other types that there are. Does
not: selecting its rows from what was gathered (`instance_types_selection.py`), choosing for a server (`plan/target/`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

TABLE = Path(__file__).with_name("instance_types.csv")
OTHERS = Path(__file__).with_name("other_instance_types.csv")
COLUMNS = (
    "provider",
    "region",
    "instance_type",
    "family",
    "vcpu",
    "memory_gib",
    "architecture",
    "gpu_count",
    "is_burstable",
    "linux_usd_hour",
    "windows_usd_hour",
    "origin",
    "windows_origin",
    "as_of",
)


@cache
def instance_types() -> pd.DataFrame:
    """Load the catalogue; not to be changed.

    Returns:
        One row per provider, region and type. Prices are on demand, in USD an hour; `windows_usd_hour` includes the
        Windows licence and is missing where no source names a price. `architecture` is x86_64 or arm64.
    """
    text = ("provider", "region", "instance_type", "family", "architecture", "origin", "windows_origin", "as_of")
    return pd.read_csv(TABLE, dtype=dict.fromkeys(text, "string"))


@cache
def known_types() -> dict[str, tuple[str, ...]]:
    """Return the names of all types that there are, by provider and sorted, those without a price included."""
    named = pd.concat([instance_types(), pd.read_csv(OTHERS, dtype="string")])[["provider", "instance_type"]]
    of_provider = named.drop_duplicates().groupby("provider")["instance_type"]
    return {str(provider): tuple(sorted(names)) for provider, names in of_provider}
